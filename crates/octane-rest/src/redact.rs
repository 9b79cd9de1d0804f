//! Removes secrets from URLs, headers and problems before they appear in logs and errors.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderValue, header};
use octane_model::Problem;
use serde_json::Value;
use url::Url;

use crate::redactor::Redactor;

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

/// Replaces secrets in the values of headers, except where they belong: in cookies.
pub(crate) fn headers(headers: &mut HeaderMap, redactor: &Redactor) {
    for (name, value) in headers.iter_mut() {
        let text = String::from_utf8_lossy(value.as_bytes());
        if *name != header::SET_COOKIE
            && let Cow::Owned(redacted) = redactor.redact(&text)
        {
            // A value with another character would not have been received.
            let replacement = HeaderValue::from_bytes(redacted.as_bytes());
            *value = replacement.unwrap_or_else(|_| HeaderValue::from_static("***"));
        }
    }
}

/// A problem without secrets. Those in its texts may have been hidden in the body by further escapes.
pub(crate) fn problem(mut problem: Problem, redactor: &Redactor) -> Problem {
    let id = problem.correlation_id.as_mut();
    for text in [&mut problem.error_code, &mut problem.description]
        .into_iter()
        .chain(id)
    {
        redact_text(text, redactor);
    }
    for value in problem.properties.values_mut() {
        redact_value(value, redactor);
    }
    problem
}

fn redact_value(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => redact_text(text, redactor),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| redact_value(value, redactor)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|value| redact_value(value, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redact_text(text: &mut String, redactor: &Redactor) {
    if let Cow::Owned(redacted) = redactor.redact(text) {
        *text = redacted;
    }
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
    fn a_problem_has_no_secret_however_often_it_was_escaped() {
        let redactor = Redactor::default();
        redactor.learn("hunter\"2");
        let sent = serde_json::json!({ "client_secret": "hunter\"2" }).to_string();
        let body = serde_json::json!({ "error_code": "x", "description": sent, "properties": { "a": [{ "b": sent }] } });
        let problem = problem(serde_json::from_value(body).unwrap(), &redactor);
        assert!(!format!("{problem:?}").contains("hunter"), "{problem:?}");
    }

    #[test]
    fn headers_lose_secrets_except_in_cookies() {
        let redactor = Redactor::default();
        redactor.learn("hunter2hunter2");
        let mut map = HeaderMap::new();
        map.insert("location", "/login?x=hunter2hunter2".parse().unwrap());
        map.insert(
            "set-cookie",
            "LWSSO_COOKIE_KEY=hunter2hunter2".parse().unwrap(),
        );
        headers(&mut map, &redactor);
        assert_eq!(map["location"], "/login?x=***");
        assert_eq!(map["set-cookie"], "LWSSO_COOKIE_KEY=hunter2hunter2");
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
