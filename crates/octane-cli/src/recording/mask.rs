//! Keeps secrets out of recordings. Names, e-mail addresses and all other content stays.
//!
//! | where | what is masked |
//! | --- | --- |
//! | `Authorization`, `Proxy-Authorization` | all but the scheme |
//! | `Cookie`, `Set-Cookie` | the values of cookies |
//! | headers with `csrf`, `xsrf`, `token`, `secret`, `password` or `key` in their name | the value |
//! | parameters with such a name, in any URL | the value |
//! | bodies to and from URLs for signing in | all but names, types and errors |
//! | JSON and forms elsewhere, also cut off or as a part of another body | members named like a secret, a password, a token or an access key |
//! | anywhere else in text | what was a secret in one of these places before, however it is escaped |

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use octane_model::names_secret;
use octane_rest::Redactor;
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::cookie;
use super::exchange::{Headers, MASK, RecordedBody};
use super::{json_members, json_text};

/// Masks secrets, and remembers them to mask what repeats them.
#[derive(Clone)]
pub(super) struct Masker(pub(super) Redactor);

/// The members of bodies for signing in that are no secrets.
const PUBLIC: [&str; 20] = [
    "authentication_url",
    "client_id",
    "cookie_name",
    "correlation_id",
    "description",
    "enable_csrf",
    "error",
    "error_code",
    "error_description",
    "expires_in",
    "grant_type",
    "issued_token_type",
    "message",
    "requested_token_type",
    "scope",
    "subject_token_type",
    "token_type",
    "user",
    "username",
    "properties",
];

impl Masker {
    /// Learns the secrets of headers.
    pub(super) fn learn_headers(&self, headers: &HeaderMap) {
        self.0.learn_cookies(headers);
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            if is_authorization(name) {
                self.learn_authorization(value.trim());
            } else if is_secret_header(name) {
                self.0.learn(&value);
            } else {
                self.0.learn_url(&value);
            }
        }
    }

    fn learn_authorization(&self, value: &str) {
        let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
        self.0.learn(token);
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(decoded) = STANDARD.decode(token.trim())
            && let Some((_, password)) = String::from_utf8_lossy(&decoded).split_once(':')
        {
            self.0.learn(password);
        }
    }

    /// Headers without secrets.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Headers {
        let lines = headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            format!("{name}: {}", self.header(name, &value))
        });
        Headers(lines.collect())
    }

    fn header(&self, name: &HeaderName, value: &str) -> String {
        if is_authorization(name) {
            return match value.trim().split_once(' ') {
                Some((scheme, _)) => format!("{scheme} {MASK}"),
                None => MASK.to_owned(),
            };
        }
        match *name {
            header::COOKIE => {
                let pairs = value.split(';').map(str::trim).map(cookie::masked);
                pairs.collect::<Vec<_>>().join("; ")
            }
            header::SET_COOKIE => match value.split_once(';') {
                Some((pair, attributes)) => format!("{};{attributes}", cookie::masked(pair)),
                None => cookie::masked(value),
            },
            _ if is_secret_header(name) => MASK.to_owned(),
            _ => self.path(value),
        }
    }

    /// A URL or a path, or any other text, without secrets in its query.
    pub(super) fn path(&self, text: &str) -> String {
        self.0.learn_query(text);
        let text = match text.split_once('?') {
            Some((path, query)) if query.contains('=') => {
                format!("{path}?{}", parameters(query, names_secret))
            }
            _ => text.to_owned(),
        };
        self.0.redact(&text).into_owned()
    }

    /// A body without secrets, which is remembered. `path` is that of the request.
    pub(super) fn body(&self, path: &str, media_type: &str, bytes: &[u8]) -> Draft {
        let is_sign_in = is_for_signing_in(path);
        let learn = |secret: &str| self.0.learn(secret);
        let Ok(text) = str::from_utf8(bytes) else {
            return if is_sign_in {
                Draft::Text(MASK.to_owned())
            } else {
                Draft::Bytes(json_members::masked(bytes, names_secret_member, learn).into_owned())
            };
        };
        let is_secret = |name: &str| {
            if is_sign_in {
                !PUBLIC.contains(&name)
            } else {
                names_secret_member(name)
            }
        };
        if media_type.contains("form-urlencoded") {
            for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
                if is_secret(name) {
                    learn(value);
                    let value = value.replace('+', " ");
                    learn(&percent_decode_str(&value).decode_utf8_lossy());
                }
            }
            return Draft::Text(parameters(text, is_secret));
        }
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_json && (!is_sign_in || text.trim_start().starts_with(['{', '['])) {
            return Draft::Json(json_text::masked(text, is_secret, learn));
        }
        if is_sign_in && !text.trim().is_empty() {
            return Draft::Text(MASK.to_owned());
        }
        let text = json_members::masked(text.as_bytes(), is_secret, learn);
        Draft::Text(String::from_utf8_lossy(&text).into_owned())
    }

    /// A body for the file: everything that was a secret anywhere until now is masked in it.
    pub(super) fn finished(&self, draft: Draft) -> Option<RecordedBody> {
        let text = match draft {
            Draft::Json(json) => {
                let redacted = self.0.redact(&json).into_owned();
                // A number may look like a secret; what is left without it is not JSON.
                match RawValue::from_string(redacted) {
                    Ok(json) => return Some(RecordedBody::Json(json)),
                    Err(_) => json,
                }
            }
            Draft::Text(text) => text,
            Draft::Bytes(bytes) => return Some(RecordedBody::Base64(STANDARD.encode(bytes))),
        };
        let redacted = match self.0.redact(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(redacted) => redacted,
        };
        (!redacted.is_empty()).then_some(RecordedBody::Text(redacted))
    }
}

/// A body whose own secrets are masked.
pub(super) enum Draft {
    Json(String),
    Text(String),
    Bytes(Vec<u8>),
}

fn is_authorization(name: &HeaderName) -> bool {
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION].contains(name)
}

fn is_secret_header(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.contains("csrf") || name.contains("xsrf") || names_secret(name)
}

/// Whether bodies of this path hold credentials or tokens.
fn is_for_signing_in(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    ["/authentication/", "/oauth2/", "/osp/"]
        .iter()
        .any(|part| path.contains(part))
}

/// Whether a member with this name holds a secret. Fields of entities such as `jira_key_udf` do not.
fn names_secret_member(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    [
        "secret",
        "password",
        "passwd",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// Parameters of a URL or a form, with some of the values masked.
fn parameters(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let masked = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        Masker(Redactor::default())
    }

    fn body(masker: &Masker, path: &str, media_type: &str, text: &str) -> String {
        let draft = masker.body(path, media_type, text.as_bytes());
        match masker.finished(draft) {
            Some(RecordedBody::Json(json)) => json.get().split_whitespace().collect(),
            Some(RecordedBody::Text(text) | RecordedBody::Base64(text)) => text,
            None => String::new(),
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn headers_lose_what_grants_access_and_keep_the_rest() {
        let headers = headers(&[
            ("authorization", "Basic amFuZTpodXNoLWh1c2g="),
            ("cookie", "LWSSO_COOKIE_KEY=first-session; OCTANE_USER=jane"),
            (
                "set-cookie",
                "LWSSO_COOKIE_KEY=second-session; Path=/; HttpOnly",
            ),
            ("hpsso-header-csrf", "third"),
            ("x-api-key", "fourth"),
            ("location", "/ui/?p=1/2&access_token=fifth"),
            ("accept", "application/json"),
        ]);
        let masker = masker();
        masker.learn_headers(&headers);
        let Headers(lines) = masker.headers(&headers);
        assert_eq!(
            lines,
            [
                "authorization: Basic ***",
                "cookie: LWSSO_COOKIE_KEY=***; OCTANE_USER=***",
                "set-cookie: LWSSO_COOKIE_KEY=***; Path=/; HttpOnly",
                "hpsso-header-csrf: ***",
                "x-api-key: ***",
                "location: /ui/?p=1/2&access_token=***",
                "accept: application/json",
            ]
        );
        for secret in [
            "hush-hush",
            "first-session",
            "second-session",
            "third",
            "fifth",
        ] {
            let text = format!("it was {secret}.");
            assert_eq!(body(&masker, "/a", "text/plain", &text), "it was ***.");
        }
    }

    #[test]
    fn bodies_for_signing_in_keep_nothing_but_names_types_and_errors() {
        let masker = masker();
        let path = "/authentication/sign_in";
        let json = "application/json";
        for (media_type, sent, expected) in [
            (
                json,
                r#"{"client_id":"ci","client_secret":"hush-1"}"#,
                r#"{"client_id":"ci","client_secret":"***"}"#,
            ),
            (
                json,
                r#"{"user":"jane","password":"hush-2","otp":"hush-3"}"#,
                r#"{"user":"jane","password":"***","otp":"***"}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "grant_type=x&subject_token=hush%204",
                "grant_type=x&subject_token=***",
            ),
            (json, "\"hush-5\"", "***"),
            ("text/plain", "hush-6", "***"),
        ] {
            assert_eq!(body(&masker, path, media_type, sent), expected);
        }
        let repeated = body(&masker, "/a", "text/plain", "hush-1 hush-2 hush 4");
        assert_eq!(repeated, "*** *** ***");
    }

    #[test]
    fn other_bodies_lose_secret_members_only() {
        let masker = masker();
        for (sent, expected) in [
            (
                r#"{"name":"x","jira_key_udf":"SHOP-1","email":"jane@octane.example"}"#,
                r#"{"name":"x","jira_key_udf":"SHOP-1","email":"jane@octane.example"}"#,
            ),
            (
                r#"{"data":[{"Access-Token":"hush-7"}]}"#,
                r#"{"data":[{"Access-Token":"***"}]}"#,
            ),
        ] {
            assert_eq!(body(&masker, "/a", "application/json", sent), expected);
        }
        masker.0.learn("20260101");
        assert_eq!(
            body(&masker, "/a", "application/json", r#"{"a":20260101}"#)
                .split_whitespace()
                .collect::<String>(),
            r#"{"a":***}"#
        );
    }

    #[test]
    fn json_that_is_cut_off_or_a_part_of_a_form_loses_secret_members() {
        let masker = masker();
        let cut_off = r#"{"token":"hush-9","secret":"hush-1"#;
        let kept = body(&masker, "/a", "application/json", cut_off);
        assert_eq!(kept, r#"{"token":"***","secret":"***""#);
        let form = b"--b\r\n\r\n{\"password\":\"hush-2\"}\r\n--b\r\n\r\n\xff\r\n--b--";
        let Draft::Bytes(kept) = masker.body("/a", "multipart/form-data; boundary=b", form) else {
            panic!("not bytes");
        };
        let expected = b"--b\r\n\r\n{\"password\":\"***\"}\r\n--b\r\n\r\n\xff\r\n--b--";
        assert_eq!(kept, expected);
        let repeated = body(&masker, "/a", "text/plain", "hush-9 hush-1 hush-2");
        assert_eq!(repeated, "*** *** ***");
    }

    #[test]
    fn what_repeats_a_secret_is_masked_however_it_is_escaped() {
        let masker = masker();
        let sign_in = r#"{"client_id":"ci","client_secret":"Ab/9+x=Zö!"}"#;
        body(
            &masker,
            "/authentication/sign_in",
            "application/json",
            sign_in,
        );
        for (sent, expected) in [
            (r#"{"a":"Ab/9+x=Z\u00f6!"}"#, r#"{"a":"***"}"#),
            (r#"{"a":"Ab/9+x\u003dZö!"}"#, r#"{"a":"***"}"#),
        ] {
            assert_eq!(body(&masker, "/a", "application/json", sent), expected);
        }
        for query in ["Ab/9+x=Z%C3%B6%21", "Ab%2F9%2Bx%3DZ%C3%B6!"] {
            assert_eq!(masker.path(&format!("/a?query={query}")), "/a?query=***");
        }
    }

    #[test]
    fn queries_lose_secret_parameters() {
        assert_eq!(
            masker().path("/a?limit=1&access_token=hush&query=x"),
            "/a?limit=1&access_token=***&query=x"
        );
    }
}
