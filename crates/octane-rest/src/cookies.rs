//! The cookies of one session.
//!
//! All cookies of the server are sent back to it with their latest values, regardless of their path and
//! domain (ALM Octane help, "Authenticate"): there is only one server here.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, header};

use crate::date;

/// The cookie of the session.
pub(crate) const SESSION: &str = "LWSSO_COOKIE_KEY";
/// A cookie of servers up to about 12.53, which has to be sent back as the header [`CSRF_HEADER`].
const CSRF: &str = "HPSSO_COOKIE_CSRF";
/// See [`CSRF`].
pub(crate) const CSRF_HEADER: &str = "hpsso-header-csrf";

/// Names and values. Deliberately without `Debug`.
#[derive(Clone, Default)]
pub(crate) struct CookieJar(BTreeMap<String, Vec<u8>>);

impl CookieJar {
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
                self.0.insert(name.to_owned(), value.to_vec());
            }
            is_changed = true;
        }
        is_changed
    }

    /// Whether the session is among them.
    pub(crate) fn has_session(&self) -> bool {
        self.0.get(SESSION).is_some_and(|value| !value.is_empty())
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
            line.extend_from_slice(value);
        }
        (!line.is_empty()).then(|| sensitive(&line)).flatten()
    }

    /// The value that old servers require in [`CSRF_HEADER`].
    pub(crate) fn csrf(&self) -> Option<HeaderValue> {
        sensitive(self.0.get(CSRF).filter(|value| !value.is_empty())?)
    }
}

/// The values of the cookies that a response sets which grant access. Some cookies only hold a user's name, which is no
/// secret; those have short values.
pub(crate) fn secrets(headers: &HeaderMap) -> impl Iterator<Item = String> {
    const LENGTH_MIN: usize = 16;
    let mut jar = CookieJar::default();
    jar.update_from(headers);
    let grants_access = |(name, value): &(String, Vec<u8>)| {
        [SESSION, CSRF].contains(&name.as_str()) || value.len() >= LENGTH_MIN
    };
    let cookies = jar.0.into_iter().filter(grants_access);
    cookies.filter_map(|(_, value)| String::from_utf8(value).ok())
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
