//! A signed token (JWT, RFC 7519) in its compact form, as far as it can be read without any key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Tokens of CI systems have a few thousand bytes.
const BYTES_MAX: usize = 16 << 10;

/// A token. It does not say anything that can be relied on before its signature is checked.
pub(super) struct SignedToken<'a> {
    pub(super) head: Head,
    pub(super) claims: Claims,
    /// What is signed.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
}

/// How a token is signed (RFC 7515).
#[derive(Deserialize)]
pub(super) struct Head {
    /// The algorithm.
    pub(super) alg: String,
    /// Which key it is signed with.
    pub(super) kid: Option<String>,
    /// Extensions that must be understood; none is.
    #[serde(default)]
    pub(super) crit: Option<Value>,
}

/// What a token says.
pub(super) struct Claims(Map<String, Value>);

impl<'a> SignedToken<'a> {
    /// Reads a token; none if the text is not one.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            head: serde_json::from_slice(&decoded(head)?).ok()?,
            claims: Claims(serde_json::from_slice(&decoded(claims)?).ok()?),
            signed: signed.as_bytes(),
            signature: decoded(signature)?,
        })
    }
}

impl Claims {
    /// A claim as a text; none if it is absent, or an object or a list.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            number @ Value::Number(_) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether a claim is this text, or a list that has it.
    pub(super) fn has(&self, name: &str, text: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().any(|item| item == text),
            Some(value) => value == text,
            None => false,
        }
    }

    /// A moment in seconds since 1970, which may have a fraction.
    pub(super) fn moment(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Whether there is such a claim.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(head: &str, claims: &str) -> String {
        let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode("signature"))
    }

    #[test]
    fn a_token_is_read_part_by_part() {
        let text = token(
            r#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#,
            r#"{"iss":"i","aud":["a","b"],"exp":12.5,"run":7,"protected":true,"list":[]}"#,
        );
        let read = SignedToken::parse(&text).unwrap();
        assert_eq!(
            (&*read.head.alg, read.head.kid.as_deref()),
            ("RS256", Some("k1"))
        );
        assert_eq!(read.signed, &text.as_bytes()[..text.rfind('.').unwrap()]);
        assert_eq!(read.signature, b"signature");
        let texts = ["iss", "run", "protected", "list", "none"].map(|name| read.claims.text(name));
        assert_eq!(
            texts,
            [
                Some("i".into()),
                Some("7".into()),
                Some("true".into()),
                None,
                None
            ]
        );
        assert!(read.claims.has("aud", "b") && read.claims.has("iss", "i"));
        assert!(!read.claims.has("aud", "c") && !read.claims.has("none", ""));
        assert_eq!(read.claims.moment("exp"), Some(12.5));
    }

    #[test]
    fn a_text_that_is_not_a_token_is_not_read() {
        let good = token(r#"{"alg":"RS256"}"#, "{}");
        assert!(SignedToken::parse(&good).is_some());
        let large = token(
            r#"{"alg":"RS256"}"#,
            &format!("{{\"x\":\"{}\"}}", "x".repeat(BYTES_MAX)),
        );
        for wrong in [
            String::new(),
            "a.b.c".to_owned(),
            good.replace('.', ""),
            format!("{good}="),
            format!("{good}.{good}"),
            token("{}", "{}"),
            token(r#"{"alg":"RS256","alg":"none"}"#, "{}"),
            token(r#"{"alg":"RS256"}"#, "[]"),
            large,
        ] {
            assert!(SignedToken::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
