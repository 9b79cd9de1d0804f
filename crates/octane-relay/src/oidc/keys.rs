//! The public keys of an issuer (JWK set, RFC 7517): RSA and P-256. Others are passed over, so that an issuer may have keys for other purposes.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// An algorithm that is accepted. There is none without a key, and none whose key is a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// The keys of an issuer.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

/// A public key, which is for one algorithm only.
#[derive(Debug)]
pub(super) struct Key {
    kid: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point that is not compressed.
    P256(Vec<u8>),
}

/// Why a text has no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeys {
    /// It is not a set of keys.
    #[error("it is not a JSON object with a list `keys` (JWK set)")]
    NotASet(#[source] serde_json::Error),
    /// None of its keys can be used.
    #[error("none of its {0} keys is a key for RS256 or ES256")]
    NoKey(usize),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set.
    pub(super) fn parse(text: &[u8]) -> Result<Self, InvalidKeys> {
        let set: Set = serde_json::from_slice(text).map_err(InvalidKeys::NotASet)?;
        let count = set.keys.len();
        let keys: Vec<Key> = set.keys.into_iter().filter_map(Key::of).collect();
        if keys.is_empty() {
            return Err(InvalidKeys::NoKey(count));
        }
        Ok(Self(keys))
    }

    /// The keys for an algorithm that have this ID. Without one, the only key for the algorithm.
    pub(super) fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Vec<&Key> {
        let all = self.0.iter().filter(|key| key.algorithm() == algorithm);
        match kid {
            Some(kid) => all.filter(|key| key.kid.as_deref() == Some(kid)).collect(),
            None => {
                let all: Vec<&Key> = all.collect();
                if all.len() == 1 { all } else { Vec::new() }
            }
        }
    }
}

impl Key {
    fn of(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk
            .purpose
            .as_deref()
            .is_some_and(|purpose| purpose != "sig")
        {
            return None;
        }
        let decoded = |part: Option<String>| URL_SAFE_NO_PAD.decode(part?).ok();
        let material = match (&*jwk.kty, jwk.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: number(decoded(jwk.n)?),
                e: number(decoded(jwk.e)?),
            },
            ("EC", Some("P-256")) => {
                let (x, y) = (decoded(jwk.x)?, decoded(jwk.y)?);
                let is_complete = x.len() == 32 && y.len() == 32;
                is_complete.then(|| Material::P256([&[4][..], &x, &y].concat()))?
            }
            _ => return None,
        };
        let key = Self {
            kid: jwk.kid,
            material,
        };
        let named = jwk.alg.as_deref().map(Algorithm::parse);
        named
            .is_none_or(|named| named == Some(key.algorithm()))
            .then_some(key)
    }

    fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
        }
    }

    /// Whether it has signed this. An RSA key with fewer than 2048 bits has signed nothing.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Material::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

/// A number without zeros at its start, which some issuers add.
fn number(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

#[cfg(test)]
mod tests {
    use octane_test_support::tokens::SigningKey;
    use serde_json::json;

    use super::*;

    fn set(keys: &[Value]) -> Result<KeySet, InvalidKeys> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_key_is_found_by_its_id_and_for_its_algorithm() {
        let (rsa, p256) = (SigningKey::rs256("a"), SigningKey::es256("b"));
        let keys = set(&[rsa.jwk(), p256.jwk()]).unwrap();
        let count = |algorithm, kid| keys.find(algorithm, kid).len();
        assert_eq!(count(Algorithm::Rs256, Some("a")), 1);
        assert_eq!(count(Algorithm::Es256, Some("b")), 1);
        assert_eq!(count(Algorithm::Es256, Some("a")), 0);
        assert_eq!(count(Algorithm::Rs256, Some("c")), 0);
        assert_eq!(count(Algorithm::Rs256, None), 1);
        let two = set(&[p256.jwk(), SigningKey::es256("c").jwk()]).unwrap();
        assert_eq!(two.find(Algorithm::Es256, None).len(), 0);
    }

    #[test]
    fn keys_for_other_purposes_and_unknown_ones_are_passed_over() {
        let good = SigningKey::es256("b").jwk();
        let with = |name: &str, value: &str| {
            let mut jwk = good.clone();
            jwk[name] = value.into();
            jwk
        };
        let secret = json!({ "kty": "oct", "kid": "b", "alg": "HS256", "k": "c2VjcmV0" });
        for other in [
            with("use", "enc"),
            with("alg", "RS256"),
            with("alg", "ES384"),
            with("crv", "P-384"),
            with("x", "AAAA"),
            secret,
            json!("b"),
        ] {
            assert!(
                matches!(
                    set(std::slice::from_ref(&other)),
                    Err(InvalidKeys::NoKey(1))
                ),
                "{other}"
            );
            assert_eq!(set(&[other, good.clone()]).unwrap().0.len(), 1);
        }
        assert!(matches!(set(&[]), Err(InvalidKeys::NoKey(0))));
        assert!(matches!(KeySet::parse(b"[]"), Err(InvalidKeys::NotASet(_))));
        assert!(matches!(
            KeySet::parse(b"<html>"),
            Err(InvalidKeys::NotASet(_))
        ));
    }

    #[test]
    fn zeros_at_the_start_of_a_number_change_nothing() {
        let key = SigningKey::rs256("a");
        let mut jwk = key.jwk();
        let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
        jwk["n"] = URL_SAFE_NO_PAD.encode([&[0, 0][..], &n].concat()).into();
        let keys = set(&[jwk]).unwrap();
        let signature = key.sign_bytes(b"message");
        let found = keys.find(Algorithm::Rs256, Some("a"))[0];
        assert!(found.has_signed(b"message", &signature));
        assert!(!found.has_signed(b"massage", &signature));
    }
}
