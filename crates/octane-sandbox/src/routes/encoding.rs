//! Compressed bodies of requests and responses.

use std::io::Write;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use octane_model::Problem;
use tokio::sync::SemaphorePermit;

use crate::error::{ApiError, own_code};
use crate::payload;
use crate::state::AppState;
use crate::store::blocking;

/// A smaller response fits into one packet anyway.
const PACKED_BYTES_MIN: u64 = 1024;

/// Compresses long responses for clients that accept gzip, the only encoding that the product supports (ALM
/// Octane help, "Request header").
pub(super) async fn compress(request: Request, next: Next) -> Response {
    let wanted = takes_gzip(request.headers());
    let response = next.run(request).await;
    let length = response.body().size_hint().exact().unwrap_or_default();
    if !wanted || length < PACKED_BYTES_MIN || !is_text(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    match packed(body).await {
        Ok(bytes) => {
            let headers = &mut parts.headers;
            headers.remove(header::CONTENT_LENGTH);
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
            Response::from_parts(parts, Body::from(bytes))
        }
        Err(problem) => {
            ApiError::Internal(format!("cannot compress a response: {problem}")).into_response()
        }
    }
}

/// Decompresses the body of a request: the vendor's CI plug-ins pack all that they send.
pub(super) async fn unpack(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    match unpacked(&state, request).await {
        Ok((request, _unpacking)) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The request with its body decompressed, and, if it was compressed, the permit to have it in memory.
pub(super) async fn unpacked(
    state: &AppState,
    request: Request,
) -> Result<(Request, Option<SemaphorePermit<'_>>), ApiError> {
    if !matches!(is_packed(request.headers()), Ok(true)) {
        return Ok((request, None));
    }
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    let limits = &state.settings.limits;
    let bytes_max = limits.inflated_bytes_max.min(limits.body_bytes_max);
    let unpacking = state.unpacking.acquire().await.ok();
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|problem| ApiError::Internal(problem.to_string()))?;
    let bytes = blocking(move || payload::inflate(&bytes, bytes_max)).await?;
    let request = Request::from_parts(parts, Body::from(bytes));
    Ok((request, unpacking))
}

/// The help specifies the encoding `application/gzip`, vendor clients send `gzip`.
pub(super) fn is_packed(headers: &HeaderMap) -> Result<bool, ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding
        .map_or("", |value| value.to_str().unwrap_or("?"))
        .trim();
    match encoding.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" | "application/gzip" => Ok(true),
        _ => {
            let description = format!("`Content-Encoding` is `{encoding}`, not `gzip`");
            let problem = Problem::new(own_code::WEB, description);
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
        }
    }
}

async fn packed(body: Body) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await?;
    let compress = move || {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&bytes)?;
        packer.finish()
    };
    // A long list takes milliseconds to compress, which must not delay other requests.
    Ok(tokio::task::spawn_blocking(compress).await??)
}

/// Whether a client accepts gzip, and not with the weight zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let is_refused = parts
                .filter_map(|part| part.strip_prefix("q="))
                .any(|weight| weight.parse() == Ok(0.0));
            name.eq_ignore_ascii_case("gzip") && !is_refused
        })
}

/// Compressible content; most attachments are compressed already.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|content_type| content_type.to_str().ok())
        .unwrap_or_default();
    !headers.contains_key(header::CONTENT_ENCODING)
        && (content_type.starts_with("text/")
            || content_type.contains("json")
            || content_type.contains("xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_acceptable_gzip_counts() {
        for (accepted, takes) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip, compress, deflate, br", true),
            ("gzip;q=0", false),
            ("br;q=1.0, gzip; q=0.0", false),
            ("deflate", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(takes_gzip(&headers), takes, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
