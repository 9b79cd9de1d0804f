//! What is in a payload, as far as the way to the server looks into it.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};

/// The payload of a request, unpacked.
pub(super) fn unpacked(request: &Request<Bytes>) -> Bytes {
    if !request.headers().contains_key(header::CONTENT_ENCODING) {
        return request.body().clone();
    }
    let mut xml = Vec::new();
    let read = flate2::read::GzDecoder::new(&request.body()[..]).read_to_end(&mut xml);
    read.expect("the client packs payloads soundly");
    xml.into()
}

/// Whether it holds any results; one without them only asks about what all payloads have in common.
pub(super) fn has_results(request: &Request<Bytes>) -> bool {
    holds(&unpacked(request), "<test_run ")
}

pub(super) fn holds(xml: &[u8], text: &str) -> bool {
    xml.windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Whether it holds the result that took so long; each result of a case takes another time.
pub(super) fn holds_result(xml: &[u8], duration: Duration) -> bool {
    let milliseconds = duration.as_millis();
    [
        format!("duration=\"{milliseconds}\""),
        format!("duration='{milliseconds}'"),
    ]
    .iter()
    .any(|attribute| holds(xml, attribute))
}
