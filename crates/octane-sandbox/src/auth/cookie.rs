//! The cookies of a session.

use http::{HeaderMap, HeaderValue, header};

use crate::token::new_token;

/// The name of the cookie with the session token.
const SESSION: &str = "LWSSO_COOKIE_KEY";
/// The name of the second cookie, which newer servers set as well.
const USER: &str = "OCTANE_USER";
/// The name of the cookie with a token from the token exchange or an interactive sign-in.
pub(crate) const ACCESS_TOKEN: &str = "access_token";

/// The name of the cookie that clients of the time of version 12.5 require, and echo in a header. Nothing checks
/// the header, because newer clients do not send it.
const CSRF: &str = "HPSSO_COOKIE_CSRF";

/// The cookies of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cookies<'a> {
    pub(super) session: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) access_token: Option<&'a str>,
}

impl<'a> Cookies<'a> {
    /// The last cookie of each name wins if a client also sends old ones. Empty ones do not count: that is how the server deletes them.
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut cookies = Self::default();
        let values = headers.get_all(header::COOKIE).iter();
        let pairs = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        for (name, value) in pairs {
            let value = value.trim().trim_matches('"');
            let value = Some(value).filter(|value| !value.is_empty());
            match name {
                _ if value.is_none() => {}
                SESSION => cookies.session = value,
                USER => cookies.user = value,
                ACCESS_TOKEN => cookies.access_token = value,
                _ => {}
            }
        }
        cookies
    }

    /// The session token.
    pub(crate) fn token(self) -> Option<&'a str> {
        self.session.or(self.access_token)
    }
}

/// Sets both cookies. A semicolon must follow the value of the first, because a vendor client expects it.
/// Browsers do not send them along with what a page of another site submits.
pub(crate) fn set(headers: &mut HeaderMap, token: &str, user: &str) {
    append(
        headers,
        &format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Lax"),
    );
    let attributes = "Version=1; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax";
    let user = user_value(user);
    append(headers, &format!("{USER}={user}; {attributes}"));
}

/// Sets the cookie that old clients echo. Scripts of a page read it too, so it is not `HttpOnly`.
pub(crate) fn set_csrf(headers: &mut HeaderMap) {
    let token = new_token();
    append(headers, &format!("{CSRF}={token}; Path=/; SameSite=Lax"));
}

/// Deletes the cookies.
pub(crate) fn clear(headers: &mut HeaderMap) {
    for name in [SESSION, USER, CSRF] {
        append(
            headers,
            &format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        );
    }
}

/// The ID of a key may contain characters that a cookie cannot.
pub(super) fn user_value(user: &str) -> String {
    url::form_urlencoded::byte_serialize(user.as_bytes()).collect()
}

fn append(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cookie_of_a_name_wins_whatever_the_separator() {
        let mut headers = HeaderMap::new();
        for value in [
            "",
            "LWSSO_COOKIE_KEY=old;OCTANE_USER=me",
            "other; LWSSO_COOKIE_KEY=\"new\"; =",
            "LWSSO_COOKIE_KEY=; access_token=\"\"",
        ] {
            headers.append(header::COOKIE, HeaderValue::from_static(value));
        }
        let cookies = Cookies::of(&headers);
        assert_eq!((cookies.session, cookies.user), (Some("new"), Some("me")));
        assert_eq!(cookies.token(), Some("new"));
        assert_eq!(cookies.access_token, None);
        assert_eq!(Cookies::of(&HeaderMap::new()).token(), None);
    }
}
