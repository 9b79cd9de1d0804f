//! Which media types a request may bring and take.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::Problem;

use crate::error::{ApiError, own_code};

/// For resources that speak JSON only: a body of another type is refused with 415, and a request that
/// takes no JSON with 406 (ALM Octane help, "Request header").
///
/// A body without a type is read as JSON, as the product picks its default there. Attachments speak all
/// types.
pub(super) async fn json(request: Request, next: Next) -> Response {
    let collection = request.uri().path().split('/').nth(1);
    match mismatch(&request).filter(|_| collection != Some("attachments")) {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    }
}

fn mismatch(request: &Request) -> Option<ApiError> {
    let headers = request.headers();
    let has_body = request.body().size_hint().upper() != Some(0);
    let brought = headers.get(header::CONTENT_TYPE).filter(|_| has_body);
    if let Some(kind) = brought.and_then(|kind| kind.to_str().ok())
        && !is_json(kind)
    {
        let text = format!("the body is `{kind}`; this resource takes `application/json`");
        let problem = Problem::new(own_code::WEB, text);
        return Some(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .filter(|_| has_body)
        .filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if let Some(coding) = packed {
        let text = format!(
            "the body is packed as {coding:?}; this resource takes it unpacked, only `test-results` inflates"
        );
        let problem = Problem::new(own_code::WEB, text);
        return Some(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    if takes_json(headers) {
        return None;
    }
    let text =
        "this resource answers with `application/json`, which the header `Accept` leaves out";
    let problem = Problem::new(own_code::WEB, text);
    Some(ApiError::new(StatusCode::NOT_ACCEPTABLE, problem))
}

fn is_json(kind: &str) -> bool {
    let name = kind.split(';').next().unwrap_or_default().trim();
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "application/json" | "text/json") || name.ends_with("+json")
}

/// Whether JSON is among what the client takes; who says nothing takes everything.
fn takes_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let mut ranges = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    ranges.peek().is_none()
        || ranges.any(|range| {
            let name = range.split(';').next().unwrap_or_default().trim();
            // A lone star is what old Java runtimes send.
            matches!(name, "*/*" | "*" | "application/*") || is_json(name)
        })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(kind: Option<&str>, accept: Option<&str>, body: &'static str) -> Option<u16> {
        let mut request = Request::new(Body::from(body));
        let headers = request.headers_mut();
        for (name, value) in [(header::CONTENT_TYPE, kind), (header::ACCEPT, accept)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        mismatch(&request).map(|error| error.into_response().status().as_u16())
    }

    #[test]
    fn a_body_is_json_or_says_nothing_of_its_type() {
        for kind in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/hal+json",
        ] {
            assert_eq!(status(Some(kind), None, "{}"), None, "{kind}");
        }
        assert_eq!(status(None, None, "{}"), None);
        for kind in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(status(Some(kind), None, "{}"), Some(415), "{kind}");
            assert_eq!(status(Some(kind), None, ""), None, "{kind} without a body");
        }
    }

    #[test]
    fn a_packed_body_is_refused_by_its_header() {
        for (coding, body, refusal) in [
            ("gzip", "{}", Some(415)),
            ("gzip", "", None),
            ("Identity", "{}", None),
        ] {
            let mut request = Request::new(Body::from(body));
            let value = http::HeaderValue::from_static(coding);
            request
                .headers_mut()
                .insert(header::CONTENT_ENCODING, value);
            let status = mismatch(&request).map(|error| error.into_response().status().as_u16());
            assert_eq!(status, refusal, "{coding} {body}");
        }
    }

    #[test]
    fn an_answer_of_json_must_be_among_what_is_taken() {
        for accept in [
            "application/json",
            "application/json, text/plain, */*",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            "application/*",
            "",
        ] {
            assert_eq!(status(None, Some(accept), ""), None, "{accept}");
        }
        for accept in ["application/xml", "text/html,image/png"] {
            assert_eq!(status(None, Some(accept), ""), Some(406), "{accept}");
        }
    }
}
