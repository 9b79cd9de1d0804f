//! Answers that travel packed.

use std::io::Write;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};

use crate::error::ApiError;

/// Below this an answer fits into one packet anyway.
const PACKED_BYTES_MIN: u64 = 1024;

/// Packs long answers for clients that take gzip, the only encoding that the product honours (ALM Octane
/// help, "Request header").
pub(super) async fn pack(request: Request, next: Next) -> Response {
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
            ApiError::Internal(format!("an answer cannot be packed: {problem}")).into_response()
        }
    }
}

async fn packed(body: Body) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await?;
    let pack = move || {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&bytes)?;
        packer.finish()
    };
    // A long list takes milliseconds, in which other requests want to be served.
    Ok(tokio::task::spawn_blocking(pack).await??)
}

/// Whether gzip is among the encodings that a client takes, and not with the weight zero.
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

/// What packing makes smaller; attachments are mostly packed already.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    !headers.contains_key(header::CONTENT_ENCODING)
        && (kind.starts_with("text/") || kind.contains("json") || kind.contains("xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gzip_that_is_not_refused_is_taken() {
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
