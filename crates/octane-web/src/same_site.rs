//! Requests that pages of other sites send.

use http::{HeaderMap, header};

/// Whether a request comes from a page of another site, by the headers with which a browser says so. Programs do not send them, so a
/// request that has none counts as one of a program.
pub fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return !["same-origin", "none"].contains(&site);
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return false;
    };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let own = origin.split_once("://").map(|(_, origin)| origin);
    own.is_none_or(|own| !own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn browsers_send_the_origin_of_a_request_and_programs_do_not() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            is_foreign(&pairs.collect())
        };
        let host = ("host", "127.0.0.1:9000");
        assert!(!foreign(&[host]));
        assert!(!foreign(&[host, ("origin", "http://127.0.0.1:9000")]));
        assert!(!foreign(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!foreign(&[host, ("sec-fetch-site", "none")]));
        assert!(foreign(&[host, ("origin", "http://127.0.0.1:9001")]));
        assert!(foreign(&[host, ("origin", "https://evil.example")]));
        assert!(foreign(&[host, ("origin", "null")]));
        assert!(foreign(&[host, ("sec-fetch-site", "same-site")]));
        assert!(foreign(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
