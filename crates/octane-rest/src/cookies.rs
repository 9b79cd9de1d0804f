//! The cookies of one session.
//!
//! All cookies of the server are sent back to it with their latest values, regardless of their path and
//! domain (ALM Octane help, "Authenticate"): there is only one server here.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretSlice};

use crate::date;
use crate::secret::Secret;

/// The name of the cookie of the session.
pub const SESSION_COOKIE: &str = "LWSSO_COOKIE_KEY";
/// The name of the cookie of an access token, which stands for a session.
pub const ACCESS_TOKEN_COOKIE: &str = "access_token";
/// A cookie of servers up to about 12.53, which has to be sent back as the header [`CSRF_HEADER`].
const CSRF: &str = "HPSSO_COOKIE_CSRF";
/// See [`CSRF`].
pub(crate) const CSRF_HEADER: &str = "hpsso-header-csrf";

/// Names and values. Deliberately without `Debug`; values are wiped from memory when they are dropped.
#[derive(Clone, Default)]
pub(crate) struct CookieJar(BTreeMap<String, SecretSlice<u8>>);

impl CookieJar {
    /// The cookies of a `Cookie` header.
    pub(crate) fn from_header(header: &Secret) -> Self {
        let pairs = header
            .expose()
            .split(';')
            .filter_map(|pair| split(pair.as_bytes()));
        let cookies = pairs.filter_map(|(name, value)| {
            let name = str::from_utf8(name).ok()?;
            Some((name.to_owned(), value.to_vec().into()))
        });
        Self(cookies.collect())
    }

    /// Stores an access token.
    pub(crate) fn set_access_token(&mut self, token: &Secret) {
        let value = token.expose().as_bytes().to_vec();
        self.0.insert(ACCESS_TOKEN_COOKIE.to_owned(), value.into());
    }

    /// Stores every `Set-Cookie` of a response. Returns whether there was any.
    pub(crate) fn update_from(&mut self, headers: &HeaderMap) -> bool {
        let now = headers
            .get(header::DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(date::parse);
        let mut is_changed = false;
        for value in headers.get_all(header::SET_COOKIE) {
            let bytes = value.as_bytes();
            let mut parts = bytes.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let Some((name, value)) = parts.next().and_then(|pair| split(pair)) else {
                continue;
            };
            let Ok(name) = str::from_utf8(name) else {
                continue;
            };
            if parts.any(|attribute| is_past(attribute, now)) {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_vec().into());
            }
            is_changed = true;
        }
        is_changed
    }

    /// Whether the session, or a token that stands for one, is among them.
    pub(crate) fn has_session(&self) -> bool {
        [SESSION_COOKIE, ACCESS_TOKEN_COOKIE]
            .iter()
            .any(|name| self.value(name).is_some())
    }

    /// The value of a cookie that is not empty.
    fn value(&self, name: &str) -> Option<&[u8]> {
        let value = self.0.get(name)?.expose_secret();
        (!value.is_empty()).then_some(value)
    }

    /// The values that grant access. Some cookies only hold a user's name, which is no secret; those have short values.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> {
        const LENGTH_MIN: usize = 16;
        let cookies = self.0.iter().filter_map(|(name, value)| {
            let value = value.expose_secret();
            let grants_access = [SESSION_COOKIE, ACCESS_TOKEN_COOKIE, CSRF]
                .contains(&name.as_str())
                || value.len() >= LENGTH_MIN;
            grants_access.then(|| str::from_utf8(value).ok()).flatten()
        });
        cookies.map(str::to_owned)
    }

    /// The header with all cookies; marked as sensitive so that it is never printed.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut line = Vec::new();
        for (name, value) in &self.0 {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(name.as_bytes());
            line.push(b'=');
            line.extend_from_slice(value.expose_secret());
        }
        (!line.is_empty()).then(|| sensitive(&line)).flatten()
    }

    /// The value that old servers require in [`CSRF_HEADER`].
    pub(crate) fn csrf(&self) -> Option<HeaderValue> {
        sensitive(self.value(CSRF)?)
    }
}

/// The values of the cookies that a response sets which grant access.
pub(crate) fn secrets(headers: &HeaderMap) -> Vec<String> {
    let mut jar = CookieJar::default();
    jar.update_from(headers);
    jar.secrets().collect()
}

fn sensitive(bytes: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let position = pair.iter().position(|byte| *byte == b'=')?;
    let name = pair[..position].trim_ascii();
    (!name.is_empty()).then(|| (name, pair[position + 1..].trim_ascii()))
}

/// Whether an attribute deletes the cookie.
fn is_past(attribute: &[u8], now: Option<i64>) -> bool {
    /// Without a date in the response, only an expiry before 2000 counts: servers use 1970 to delete a
    /// cookie.
    const YEAR_2000: i64 = 946_684_800;
    let Some((name, value)) = split(attribute) else {
        return false;
    };
    let value = str::from_utf8(value).unwrap_or_default();
    if name.eq_ignore_ascii_case(b"max-age") {
        value.parse::<i64>().is_ok_and(|seconds| seconds <= 0)
    } else if name.eq_ignore_ascii_case(b"expires") {
        date::parse(value).is_some_and(|expiry| expiry <= now.unwrap_or(YEAR_2000))
    } else {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(cookies: &mut CookieJar, lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        for line in lines {
            headers.append("set-cookie", line.parse().unwrap());
        }
        cookies.update_from(&headers)
    }

    fn header(cookies: &CookieJar) -> String {
        let header = cookies.header();
        header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn all_cookies_are_sent_back_with_their_latest_values() {
        let mut cookies = CookieJar::default();
        assert!(update(
            &mut cookies,
            &[
                "LWSSO_COOKIE_KEY=one; Path=/; HttpOnly; Secure",
                "OCTANE_USER=jane; Version=1; Max-Age=86400",
                "EMPTY=; Path=/",
            ]
        ));
        assert!(update(&mut cookies, &["LWSSO_COOKIE_KEY=two==; Path=/"]));
        assert!(!update(&mut cookies, &[]));
        assert_eq!(
            header(&cookies),
            "EMPTY=; LWSSO_COOKIE_KEY=two==; OCTANE_USER=jane"
        );
        assert!(cookies.has_session());
    }

    #[test]
    fn cookies_survive_as_a_header() {
        let mut cookies = CookieJar::default();
        update(
            &mut cookies,
            &["LWSSO_COOKIE_KEY=a=b==", "EMPTY=", "OCTANE_USER=jane"],
        );
        let header = cookies.header().unwrap();
        let again = CookieJar::from_header(&header.to_str().unwrap().into());
        assert_eq!(again.header(), Some(header));
        assert!(again.has_session() && !CookieJar::from_header(&"a=b".into()).has_session());
    }

    #[test]
    fn expired_cookies_are_deleted() {
        let mut cookies = CookieJar::default();
        update(&mut cookies, &["LWSSO_COOKIE_KEY=x", "a=1", "b=2", "c=3"]);
        update(
            &mut cookies,
            &[
                "LWSSO_COOKIE_KEY=; Max-Age=0",
                "a=; expires=Thu, 01-Jan-1970 00:00:10 GMT",
                "b=; Expires=Sun, 06 Nov 1994 08:49:36 GMT",
                "c=4; Expires=Sun, 06 Nov 1994 08:49:38 GMT",
            ],
        );
        assert_eq!(header(&cookies), "c=4");
        assert!(!cookies.has_session());
    }

    #[test]
    fn the_csrf_token_of_an_old_server_is_known_and_never_printed() {
        let mut cookies = CookieJar::default();
        update(&mut cookies, &["HPSSO_COOKIE_CSRF=tok"]);
        assert_eq!(cookies.csrf().unwrap().as_bytes(), b"tok");
        assert_eq!(
            format!("{:?} {:?}", cookies.csrf(), cookies.header()),
            "Some(Sensitive) Some(Sensitive)"
        );
    }
}
