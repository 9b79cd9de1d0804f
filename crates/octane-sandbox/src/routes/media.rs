//! Content negotiation by media type, of packed bodies too.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::Problem;

use super::encoding;
use crate::error::{ApiError, own_code};
use crate::state::AppState;

/// For resources that support only JSON: a body of another type is rejected with 415, and a request that does
/// not accept JSON with 406 (ALM Octane help, "Request header").
///
/// A body without a type is treated as JSON, which is also the product's default. Attachments support all
/// types.
pub(super) async fn json(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let (request, _unpacking) = match encoding::unpacked(&state, request).await {
        Ok(unpacked) => unpacked,
        Err(error) => return error.into_response(),
    };
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
    if let Some(content_type) = brought.and_then(|content_type| content_type.to_str().ok())
        && !is_json(content_type)
    {
        let text =
            format!("the body is `{content_type}`; this resource accepts only `application/json`");
        let problem = Problem::new(own_code::WEB, text);
        return Some(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .filter(|_| has_body)
        .filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if let Some(coding) = packed {
        let text = format!(
            "the body is encoded as {coding:?}; `gzip` is the only encoding that is accepted"
        );
        let problem = Problem::new(own_code::WEB, text);
        return Some(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    if takes_json(headers) {
        return None;
    }
    let text = "this resource returns `application/json`, which the `Accept` header excludes";
    let problem = Problem::new(own_code::WEB, text);
    Some(ApiError::new(StatusCode::NOT_ACCEPTABLE, problem))
}

fn is_json(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "application/json" | "text/json") || name.ends_with("+json")
}

/// Whether the client accepts JSON; without the header it accepts everything.
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
            // Old Java runtimes send a lone `*`.
            matches!(name, "*/*" | "*" | "application/*") || is_json(name)
        })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(content_type: Option<&str>, accept: Option<&str>, body: &'static str) -> Option<u16> {
        let mut request = Request::new(Body::from(body));
        let headers = request.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, content_type),
            (header::ACCEPT, accept),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        mismatch(&request).map(|error| error.into_response().status().as_u16())
    }

    #[test]
    fn a_body_must_be_json_unless_it_has_no_type() {
        for content_type in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/hal+json",
        ] {
            assert_eq!(
                status(Some(content_type), None, "{}"),
                None,
                "{content_type}"
            );
        }
        assert_eq!(status(None, None, "{}"), None);
        for content_type in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(
                status(Some(content_type), None, "{}"),
                Some(415),
                "{content_type}"
            );
            assert_eq!(
                status(Some(content_type), None, ""),
                None,
                "{content_type} without a body"
            );
        }
    }

    #[test]
    fn a_body_with_another_encoding_is_rejected_by_its_header() {
        for (coding, body, refusal) in [
            ("deflate", "{}", Some(415)),
            ("deflate", "", None),
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
    fn a_request_must_accept_json() {
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
