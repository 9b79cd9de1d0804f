//! Base64, as clients use it in URLs.

/// Decodes either alphabet of base64, padded or not.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | u32::from(value(*digit)?);
        }
        // Four digits encode three bytes, three encode two, two encode one; a single digit is invalid.
        let missing = 4 - group.len();
        if missing == 3 {
            return None;
        }
        let [_, group @ ..] = (bits << (6 * missing)).to_be_bytes();
        bytes.extend(&group[..3 - missing]);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_decoded_with_and_without_padding() {
        for (text, bytes) in [
            ("", b"" as &[u8]),
            ("am9i", b"job"),
            ("am9iLzE=", b"job/1"),
            ("am9iLzE", b"job/1"),
            ("/+8=", b"\xFF\xEF"),
            ("_-8", b"\xFF\xEF"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn invalid_base64_is_rejected() {
        for text in ["a", "am9ia", "a b=", "jöb"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
