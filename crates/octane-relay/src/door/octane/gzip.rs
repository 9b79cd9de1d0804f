//! Payloads that are compressed.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use http::{HeaderMap, StatusCode, header};

use super::problem::{BAD_REQUEST, INVALID_PAYLOAD, OctaneProblem, WEB_APPLICATION};

/// Whether a body is compressed. Octane's help calls the encoding `application/gzip`, the vendor's clients send `gzip`.
pub(super) fn is_packed(headers: &HeaderMap) -> Result<bool, OctaneProblem> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map_or("", |value| value.to_str().unwrap_or("?"));
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" | "application/gzip" => Ok(true),
        _ => {
            let description = format!("`Content-Encoding` is `{encoding}`, not `gzip`");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(OctaneProblem::new(status, WEB_APPLICATION, description))
        }
    }
}

/// Decompresses a body. Stops as soon as it is larger than `bytes_max`.
pub(super) fn unpack(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, OctaneProblem> {
    let mut unpacked = Vec::new();
    let bound = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let read = MultiGzDecoder::new(body)
        .take(bound)
        .read_to_end(&mut unpacked);
    if let Err(error) = read {
        let description = format!("the body is not valid gzip: {error}");
        return Err(OctaneProblem::bad_request(BAD_REQUEST, description));
    }
    if unpacked.len() > bytes_max {
        return Err(too_large(bytes_max));
    }
    Ok(unpacked)
}

/// The refusal of a payload with more bytes than are accepted.
pub(super) fn too_large(bytes_max: usize) -> OctaneProblem {
    let description =
        format!("the payload is larger than {bytes_max} bytes; split it into smaller ones");
    OctaneProblem::new(StatusCode::PAYLOAD_TOO_LARGE, INVALID_PAYLOAD, description)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_body_is_unpacked_up_to_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 100_000]).unwrap();
        let body = encoder.finish().unwrap();
        assert_eq!(unpack(&body, 100_000).unwrap().len(), 100_000);
        assert!(unpack(&body, 99_999).is_err());
        assert!(unpack(b"<test_result/>", 100).is_err());
    }

    #[test]
    fn all_spellings_of_gzip_are_known_and_nothing_else() {
        let with = |encoding: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
            is_packed(&headers).ok()
        };
        for encoding in ["gzip", "x-gzip", "application/gzip", " GZIP "] {
            assert_eq!(with(encoding), Some(true), "{encoding}");
        }
        assert_eq!(with("identity"), Some(false));
        assert_eq!(with("br"), None);
        assert_eq!(is_packed(&HeaderMap::new()).ok(), Some(false));
    }
}
