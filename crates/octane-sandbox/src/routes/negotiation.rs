//! Conditional requests and content types.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::json_response;
use crate::hex::hex;

/// The media type of raw bytes.
pub(super) const BYTES: &str = "application/octet-stream";

/// Whether raw bytes are requested by name.
pub(super) fn wants_bytes(headers: &HeaderMap) -> bool {
    let said = text(headers, &header::ACCEPT).to_ascii_lowercase();
    said.contains(BYTES) && !said.contains("application/json")
}

/// The declared content type of the body, without parameters and in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let said = text(headers, &header::CONTENT_TYPE);
    let name = said.split(';').next().unwrap_or_default();
    name.trim().to_ascii_lowercase()
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    texts.join(",")
}

/// A JSON response with its entity tag, or 304 if the client has it already.
pub(super) fn tagged(headers: &HeaderMap, body: &impl Serialize) -> Response {
    let Ok(bytes) = serde_json::to_vec(body) else {
        return json_response(StatusCode::OK, body);
    };
    let digest = Sha256::digest(&bytes);
    let tag = format!("\"{}\"", hex(&digest[..12]));
    let known = text(headers, &header::IF_NONE_MATCH);
    let is_known = known
        .split(',')
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*");
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn bytes_are_sent_if_requested_instead_of_json() {
        for (accept, is_wanted) in [
            ("application/octet-stream", true),
            ("application/octet-stream, */*", true),
            ("application/json, application/octet-stream", false),
            ("*/*", false),
        ] {
            let headers = headers(header::ACCEPT, accept);
            assert_eq!(wants_bytes(&headers), is_wanted, "{accept}");
        }
    }

    #[test]
    fn a_known_response_is_not_sent_again() {
        let first = tagged(&HeaderMap::new(), &"a");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for (known, status) in [
            (tag.clone(), 304),
            (format!("\"x\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let again = tagged(&headers(header::IF_NONE_MATCH, &known), &"a");
            assert_eq!(again.status(), status, "{known}");
            assert_eq!(again.headers()[header::ETAG], tag);
        }
        assert_ne!(tagged(&HeaderMap::new(), &"b").headers()[header::ETAG], tag);
    }
}
