//! The cookies of a session.

use http::{HeaderMap, HeaderValue, header};

/// The name of the cookie with the session's token.
const SESSION: &str = "LWSSO_COOKIE_KEY";
/// The name of the second cookie, which newer servers set beside it.
const USER: &str = "OCTANE_USER";
/// The name of the cookie with a token of the token exchange or of a sign-in in a browser.
pub(crate) const ACCESS_TOKEN: &str = "access_token";

/// The cookies that a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cookies<'a> {
    pub(super) session: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) access_token: Option<&'a str>,
}

impl<'a> Cookies<'a> {
    /// The last of each name, where a client sends old ones along.
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut cookies = Self::default();
        let values = headers.get_all(header::COOKIE).iter();
        let pairs = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        for (name, value) in pairs {
            let value = Some(value.trim().trim_matches('"'));
            match name {
                SESSION => cookies.session = value,
                USER => cookies.user = value,
                ACCESS_TOKEN => cookies.access_token = value,
                _ => {}
            }
        }
        cookies
    }

    /// The token of the session.
    pub(crate) fn token(self) -> Option<&'a str> {
        self.session.or(self.access_token)
    }
}

/// Sets both cookies. The value of the first must be followed by a semicolon, as a vendor client reads it.
pub(crate) fn set(headers: &mut HeaderMap, token: &str, user: &str) {
    append(headers, &format!("{SESSION}={token}; Path=/; HttpOnly"));
    let attributes = "Version=1; Path=/; Max-Age=86400; HttpOnly";
    let user = user_value(user);
    append(headers, &format!("{USER}={user}; {attributes}"));
}

/// Takes the cookies away.
pub(crate) fn clear(headers: &mut HeaderMap) {
    for name in [SESSION, USER] {
        append(headers, &format!("{name}=; Path=/; Max-Age=0; HttpOnly"));
    }
}

/// The id of a key may hold what a cookie cannot.
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
    fn the_last_cookie_of_a_name_counts_however_they_are_parted() {
        let mut headers = HeaderMap::new();
        for value in [
            "",
            "LWSSO_COOKIE_KEY=old;OCTANE_USER=me",
            "other; LWSSO_COOKIE_KEY=\"new\"; =",
        ] {
            headers.append(header::COOKIE, HeaderValue::from_static(value));
        }
        let cookies = Cookies::of(&headers);
        assert_eq!((cookies.session, cookies.user), (Some("new"), Some("me")));
        assert_eq!(cookies.token(), Some("new"));
        assert_eq!(Cookies::of(&HeaderMap::new()).token(), None);
    }
}
