//! The header `Authorization`.

use http::{HeaderMap, header};

/// What the header brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorization<'a> {
    Basic {
        name: String,
        secret: String,
    },
    Bearer(&'a str),
    /// Something else, or nothing that can be read.
    Other,
}

impl<'a> Authorization<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?;
        let parts = value
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '));
        let Some((scheme, rest)) = parts else {
            return Some(Self::Other);
        };
        let rest = rest.trim();
        Some(if scheme.eq_ignore_ascii_case("Bearer") {
            Self::Bearer(rest)
        } else if scheme.eq_ignore_ascii_case("Basic") {
            basic(rest).unwrap_or(Self::Other)
        } else {
            Self::Other
        })
    }
}

fn basic(text: &str) -> Option<Authorization<'static>> {
    let pair = String::from_utf8(base64(text)?).ok()?;
    let (name, secret) = pair.split_once(':')?;
    Some(Authorization::Basic {
        name: name.to_owned(),
        secret: secret.to_owned(),
    })
}

/// Reads base64 (RFC 4648, section 4), with or without `=` at its end.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            // The bits above belong to bytes that are done.
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        let authorization = Authorization::of(&headers)?;
        Some(format!("{authorization:?}"))
    }

    #[test]
    fn both_schemes_are_read_and_others_are_known_to_be_there() {
        let basic = Some(r#"Basic { name: "ci", secret: "a:ö" }"#.to_owned());
        assert_eq!(read("Basic Y2k6YTrDtg=="), basic);
        assert_eq!(read("basic  Y2k6YTrDtg "), basic);
        assert_eq!(read("Bearer abc"), Some("Bearer(\"abc\")".to_owned()));
        for other in ["Basic ***", "Basic Y2k", "Basic", "Digest x", ""] {
            assert_eq!(read(other), Some("Other".to_owned()), "{other}");
        }
        assert_eq!(Authorization::of(&HeaderMap::new()), None);
    }

    #[test]
    fn base64_is_read_whatever_its_end() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("+/+/", &[0xFB, 0xFF, 0xBF]),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(base64("Z g"), None);
    }
}
