//! Sessions of programs that speak to Octane: a cookie with a session.

use http::{HeaderMap, HeaderValue, header};

use super::problem::OctaneProblem;
use crate::door::shared::{Door, secure_attribute};
use crate::token::{TokenEntry, TokenId};

/// The name of the cookie, which all clients of Octane know.
const COOKIE: &str = "LWSSO_COOKIE_KEY";

/// The cookie that opens a session.
pub(super) fn opened(door: &Door, headers: &HeaderMap, token: &TokenId) -> Option<HeaderValue> {
    let session = door.settings.session_key.issue(token, (door.clock)());
    // A semicolon has to follow the value, because a client of the vendor's expects it.
    let cookie = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{}",
        session.expose(),
        secure_attribute(headers, door.settings.is_encrypted)
    );
    let mut value = HeaderValue::try_from(cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What deletes the cookie.
pub(super) fn closed() -> HeaderValue {
    HeaderValue::from_static("LWSSO_COOKIE_KEY=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// The session that a request shows, valid or not. The last one counts if a client sends old ones, too.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut sessions = pairs.filter(|(name, _)| *name == COOKIE);
    let session = sessions.next_back()?.1.trim().trim_matches('"');
    (!session.is_empty()).then_some(session)
}

/// The token of a session.
pub(super) async fn check(door: &Door, session: &str) -> Result<TokenEntry, OctaneProblem> {
    let key = &door.settings.session_key;
    let invalid = || OctaneProblem::unauthorized("the session is not valid; sign in again");
    let (id, is_alive) = key.verify(session, (door.clock)()).ok_or_else(invalid)?;
    if !is_alive {
        return Err(OctaneProblem::session_expired());
    }
    door.store.token(&id).await?.ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cookie_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(cookie(&headers), None);
        headers.append(header::COOKIE, "a=b; LWSSO_COOKIE_KEY=old".parse().unwrap());
        headers.append(header::COOKIE, "LWSSO_COOKIE_KEY=\"new\"".parse().unwrap());
        assert_eq!(cookie(&headers), Some("new"));
        headers.append(header::COOKIE, "LWSSO_COOKIE_KEY=".parse().unwrap());
        assert_eq!(cookie(&headers), None);
    }
}
