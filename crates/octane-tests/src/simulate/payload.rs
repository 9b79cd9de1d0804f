//! What the simulated network needs to know about the content of a payload.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};

/// The payload of a request, decompressed.
pub(super) fn decompressed(request: &Request<Bytes>) -> Bytes {
    if !request.headers().contains_key(header::CONTENT_ENCODING) {
        return request.body().clone();
    }
    let mut xml = Vec::new();
    let read = flate2::read::GzDecoder::new(&request.body()[..]).read_to_end(&mut xml);
    read.expect("the client compresses payloads correctly");
    xml.into()
}

/// Whether it contains results; one without results only probes what all payloads have in common.
pub(super) fn has_results(request: &Request<Bytes>) -> bool {
    // Of a test, or of a feature.
    contains(&decompressed(request), "test_run ")
}

pub(super) fn contains(xml: &[u8], text: &str) -> bool {
    xml.windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Whether it contains the result with this duration; each result of a case has a different one.
pub(super) fn contains_result(xml: &[u8], duration: Duration) -> bool {
    let milliseconds = duration.as_millis();
    [
        format!("duration=\"{milliseconds}\""),
        format!("duration='{milliseconds}'"),
    ]
    .iter()
    .any(|attribute| contains(xml, attribute))
}
