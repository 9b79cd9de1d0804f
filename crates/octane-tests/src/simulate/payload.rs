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

/// The durations of all results in it, in milliseconds.
pub(super) fn durations(xml: &[u8]) -> impl Iterator<Item = u64> {
    const ATTRIBUTE: &[u8] = b" duration=";
    let ends = xml
        .windows(ATTRIBUTE.len())
        .enumerate()
        .filter(|(_, window)| *window == ATTRIBUTE)
        .map(|(start, _)| start + ATTRIBUTE.len() + 1);
    ends.map(move |start| {
        let digits = xml[start..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_found_whatever_quotes_them() {
        let xml = br#"<test_run name="a" duration="17"/><test_run duration='20004' name='b'/>"#;
        assert_eq!(durations(xml).collect::<Vec<_>>(), [17, 20_004]);
        assert!(contains_result(xml, Duration::from_millis(20_004)));
    }
}
