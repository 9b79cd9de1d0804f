//! Slow and truncated response bodies.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use http_body_util::BodyExt;

use crate::clock::Clock;

/// How many chunks per second a slow body is sent in, if the rate allows.
const PIECES_PER_SECOND: u32 = 10;

/// The same response with a body that is sent at this rate on this clock. The first chunk is delayed as well.
pub(super) async fn slow(response: Response, clock: &Clock, bytes_per_second: u32) -> Response {
    let (response, body) = whole(response).await;
    let piece = bytes_per_second.div_ceil(PIECES_PER_SECOND).max(1);
    let pause = Duration::from_secs(1) * piece / bytes_per_second.max(1);
    let (piece, clock) = (piece as usize, clock.clone());
    let pieces = stream::unfold(body, move |mut rest| {
        let clock = clock.clone();
        async move {
            if rest.is_empty() {
                return None;
            }
            clock.sleep(pause).await;
            let next = rest.split_to(piece.min(rest.len()));
            Some((Ok::<_, io::Error>(next), rest))
        }
    });
    response.map(|()| Body::from_stream(pieces))
}

/// The same response with a body that fails after this many bytes, unless it is shorter.
pub(super) async fn truncated(response: Response, bytes: Option<usize>) -> Response {
    let (response, body) = whole(response).await;
    let kept = bytes.unwrap_or(body.len() / 2);
    if kept >= body.len() {
        return response.map(|()| Body::from(body));
    }
    let kept = Some(body.slice(..kept));
    let pieces = stream::unfold(kept, |kept| async {
        if let Some(kept) = kept {
            return Some((Ok(kept), None));
        }
        // The connection sends what it has before it sees the error.
        tokio::task::yield_now().await;
        let lost = io::Error::new(io::ErrorKind::UnexpectedEof, "a fault truncated the body");
        Some((Err(lost), None))
    });
    response.map(|()| Body::from_stream(pieces))
}

/// A response and its body; `Content-Length` is that of the whole body.
pub(super) async fn whole(response: Response) -> (http::Response<()>, Bytes) {
    let (mut parts, body) = response.into_parts();
    // The sandbox's own bodies are in memory, so reading them does not fail.
    let body = body.collect().await;
    let body = body.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    (http::Response::from_parts(parts, ()), body)
}
