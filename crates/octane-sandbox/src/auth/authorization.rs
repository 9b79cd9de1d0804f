//! The `Authorization` header.

use http::{HeaderMap, header};

use crate::base64;

/// The content of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorization<'a> {
    Basic {
        name: String,
        secret: String,
    },
    Bearer(&'a str),
    /// Another scheme, or a malformed value.
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
    let pair = String::from_utf8(base64::decode(text)?).ok()?;
    let (name, secret) = pair.split_once(':')?;
    Some(Authorization::Basic {
        name: name.to_owned(),
        secret: secret.to_owned(),
    })
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
    fn both_schemes_are_parsed_and_others_are_noticed() {
        let basic = Some(r#"Basic { name: "ci", secret: "a:ö" }"#.to_owned());
        assert_eq!(read("Basic Y2k6YTrDtg=="), basic);
        assert_eq!(read("basic  Y2k6YTrDtg "), basic);
        assert_eq!(read("Bearer abc"), Some("Bearer(\"abc\")".to_owned()));
        for other in ["Basic ***", "Basic Y2k", "Basic", "Digest x", ""] {
            assert_eq!(read(other), Some("Other".to_owned()), "{other}");
        }
        assert_eq!(Authorization::of(&HeaderMap::new()), None);
    }
}
