//! Removes secrets from URLs, bodies and headers before they appear in logs and errors.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

use crate::secret::Secret;

/// Headers whose values grant access.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "hpsso-header-csrf",
    "proxy-authorization",
    "set-cookie",
];

/// A URL without its password, query and fragment, which may contain tokens. Text that is not a valid URL
/// is cut at its first `?`, `#` or `@`.
pub(crate) fn url(text: &str) -> String {
    let url = Url::parse(text).ok().filter(Url::has_host);
    let Some(mut url) = url else {
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let plain = &text[..end];
        return plain.rsplit('@').next().unwrap_or(plain).to_owned();
    };
    let had_user = !url.username().is_empty() || url.password().is_some();
    // Both fail only for URLs that have no host, which then have no password either.
    let _ = url.set_password(None);
    let _ = url.set_username(if had_user { "***" } else { "" });
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// A body without the secret, should it quote it, plain or escaped in JSON.
pub(crate) fn body(body: &Bytes, secret: &Secret) -> Bytes {
    let secret = secret.expose();
    let escaped = serde_json::Value::from(secret).to_string();
    let escaped = escaped.trim_matches('"');
    let text = String::from_utf8_lossy(body);
    let quoted = [secret, escaped].into_iter();
    let quoted: Vec<_> = quoted
        .filter(|quoted| !quoted.is_empty() && text.contains(quoted))
        .collect();
    if quoted.is_empty() {
        return body.clone();
    }
    let mut text = text.into_owned();
    for quoted in quoted {
        text = text.replace(quoted, "***");
    }
    text.into()
}

/// Headers as logs may show them: secret values are replaced.
pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            if SECRET_HEADERS.contains(&name.as_str()) || value.is_sensitive() {
                map.entry(name, &format_args!("***"));
            } else {
                map.entry(name, value);
            }
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_passwords_and_queries() {
        assert_eq!(
            url("https://jane:hunter2@proxy.example:8080/a?token=s3cret#s3cret"),
            "https://***@proxy.example:8080/a"
        );
        assert_eq!(url("/login?token=s3cret"), "/login");
        assert_eq!(url("jane:hunter2@proxy"), "proxy");
    }

    #[test]
    fn bodies_lose_a_quoted_secret() {
        let secret = Secret::from("a\"b");
        let shown = |text: &'static str| body(&Bytes::from(text), &secret);
        assert_eq!(
            shown(r#"cannot read {"client_secret":"a\"b"} at a"b"#),
            r#"cannot read {"client_secret":"***"} at ***"#
        );
        assert_eq!(shown("a b"), "a b");
        assert_eq!(body(&Bytes::from("x"), &Secret::from("")), "x");
    }

    #[test]
    fn headers_lose_what_grants_access() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "LWSSO_COOKIE_KEY=s3cret".parse().unwrap());
        headers.insert("accept", "application/json".parse().unwrap());
        let shown = format!("{:?}", Headers(&headers));
        assert_eq!(shown, r#"{"cookie": ***, "accept": "application/json"}"#);
    }
}
