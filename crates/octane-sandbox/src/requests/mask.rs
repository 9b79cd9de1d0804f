//! Keeps secrets out of the request log.

use std::borrow::Cow;

use http::{HeaderName, header};
use octane_model::names_secret;

/// Replaces a secret.
const MASK: &str = "***";

/// The value of a header as it may be shown.
pub(super) fn value<'a>(name: &HeaderName, value: &'a [u8]) -> Cow<'a, str> {
    let value = String::from_utf8_lossy(value);
    if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
        return match value.trim().split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {MASK}").into(),
            None => MASK.into(),
        };
    }
    if *name == header::COOKIE || *name == header::SET_COOKIE {
        let mut masked = String::with_capacity(value.len());
        for pair in value.split(';').map(str::trim) {
            if !masked.is_empty() {
                masked.push_str("; ");
            }
            match pair.split_once('=') {
                Some((name, _)) => masked.extend([name, "=", MASK]),
                None if pair.is_empty() => {}
                None => masked.push_str(MASK),
            }
        }
        return masked.into();
    }
    // The header of the old CSRF protection contains the value of a cookie.
    let text = name.as_str();
    if text.contains("csrf") || text.contains("xsrf") || names_secret(text) {
        return MASK.into();
    }
    // An address, such as that of the page before.
    match value.split_once('?') {
        Some((before, parameters)) if parameters.contains('=') => {
            format!("{before}?{}", query(parameters)).into()
        }
        _ => value,
    }
}

/// A query string as it may be shown.
pub(super) fn query(query: &str) -> String {
    let parameters = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if names_secret(name) => format!("{name}={MASK}"),
            _ => parameter.to_owned(),
        });
    parameters.collect::<Vec<_>>().join("&")
}

/// Whether the bodies of a URL contain passwords, which could be guessed from a digest.
pub(super) fn has_credentials(path: &str) -> bool {
    path.contains("/authentication/") || path.contains("/oauth2/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_everything_else_is_shown() {
        let shown = |name: &'static str, text: &str| {
            value(&HeaderName::from_static(name), text.as_bytes()).into_owned()
        };
        assert_eq!(shown("authorization", "Basic aGk6aG8="), "Basic ***");
        assert_eq!(shown("authorization", "hush"), "***");
        assert_eq!(
            shown("cookie", "LWSSO_COOKIE_KEY=hush;OCTANE_USER=me; odd"),
            "LWSSO_COOKIE_KEY=***; OCTANE_USER=***; ***"
        );
        assert_eq!(shown("cookie", ""), "");
        assert_eq!(shown("hpsso-header-csrf", "hush"), "***");
        assert_eq!(shown("x-api-key", "hush"), "***");
        assert_eq!(shown("x-xsrf-token", "hush"), "***");
        assert_eq!(
            shown("referer", "http://localhost/matrix?token=hush&suite=1"),
            "http://localhost/matrix?token=***&suite=1"
        );
        assert_eq!(shown("accept", "a=b; c"), "a=b; c");
        let parameters = "limit=1&access_token=hush&x";
        assert_eq!(query(parameters), "limit=1&access_token=***&x");
        assert!(has_credentials("/authentication/sign_in"));
        assert!(!has_credentials("/api/shared_spaces/1001/users"));
    }
}
