//! Whether a token is accepted: one function, and this table. The first row that applies decides.
//!
//! | the token | |
//! |---|---|
//! | is larger than 16 KiB, or not three parts of Base64 with an object in JSON each in the first two | [`Malformed`](Rejection::Malformed) |
//! | has an algorithm other than RS256 and ES256, such as `none` or HS256 | [`Algorithm`](Rejection::Algorithm) |
//! | has an extension that must be understood (`crit`) | [`Malformed`](Rejection::Malformed) |
//! | names a key that the issuer does not have for this algorithm | [`UnknownKey`](Rejection::UnknownKey), and the keys are fetched once more |
//! | names no key, and the issuer has several for this algorithm, or none | the same |
//! | is not signed with that key | [`Signature`](Rejection::Signature) |
//! | is from another issuer | [`Issuer`](Rejection::Issuer) |
//! | is for another audience | [`Audience`](Rejection::Audience) |
//! | does not say when it expires, or did so more than 60 s ago | [`Expired`](Rejection::Expired) |
//! | becomes valid in more than 60 s | [`NotYetValid`](Rejection::NotYetValid) |
//! | matches no rule | [`NoProject`](Rejection::NoProject) |
//! | anything else | accepted |

use super::keys::{Algorithm, KeySet};
use super::rule::ProjectRule;
use super::token::SignedToken;
use crate::time::Time;

/// How far the clocks of the issuer and the relay may be apart, in seconds.
const LEEWAY: f64 = 60.0;

/// What a token has to say.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) rules: Vec<ProjectRule>,
}

/// The job whose token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CiJob {
    /// The project, by the first rule that matches.
    pub project: String,
    /// Whom the issuer names (`sub`).
    pub subject: Option<String>,
}

/// Why a token is not accepted. No message has anything of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It cannot be read.
    #[error("it is not a signed token (JWT) of a CI system")]
    Malformed,
    /// It is signed in another way than this relay accepts.
    #[error("its algorithm is not RS256 or ES256")]
    Algorithm,
    /// The issuer has no such key.
    #[error("the issuer has no key with its ID (`kid`)")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// It is from another issuer, or names none.
    #[error("it was not issued by {expected}")]
    #[non_exhaustive]
    Issuer {
        /// The issuers whose tokens are accepted, quoted: `` `https://a.example` or `https://b.example` ``.
        expected: String,
    },
    /// It is meant for something else.
    #[error("its audience is not `{expected}`")]
    #[non_exhaustive]
    Audience {
        /// The audience that is accepted.
        expected: String,
    },
    /// Its time is over.
    #[error("it has expired; the job has to ask for a new one")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet; compare the clock of the relay with the real time")]
    NotYetValid,
    /// It is genuine, but nothing says which project it is for.
    #[error("no rule of the relay (`--oidc-project`) matches it")]
    NoProject,
}

/// Whether a token is accepted at this moment; see the [table](self).
pub(super) fn check(
    token: &SignedToken<'_>,
    keys: &KeySet,
    expected: &Expected,
    now: Time,
) -> Result<CiJob, Rejection> {
    let algorithm = Algorithm::parse(&token.head.alg).ok_or(Rejection::Algorithm)?;
    if token.head.crit.is_some() {
        return Err(Rejection::Malformed);
    }
    let keys = keys.find(algorithm, token.head.kid.as_deref());
    if keys.is_empty() {
        return Err(Rejection::UnknownKey);
    }
    let is_signed = |key: &super::keys::Key| key.has_signed(token.signed, &token.signature);
    if !keys.into_iter().any(is_signed) {
        return Err(Rejection::Signature);
    }
    let claims = &token.claims;
    if claims.text("iss").as_ref() != Some(&expected.issuer) {
        let expected = format!("`{}`", expected.issuer);
        return Err(Rejection::Issuer { expected });
    }
    if !claims.has("aud", &expected.audience) {
        let expected = expected.audience.clone();
        return Err(Rejection::Audience { expected });
    }
    let now = seconds(now);
    if !claims.moment("exp").is_some_and(|end| now < end + LEEWAY) {
        return Err(Rejection::Expired);
    }
    let start = claims.moment("nbf");
    if claims.is_given("nbf") && !start.is_some_and(|start| now + LEEWAY >= start) {
        return Err(Rejection::NotYetValid);
    }
    let mut projects = expected
        .rules
        .iter()
        .filter_map(|rule| rule.project(claims));
    Ok(CiJob {
        project: projects.next().ok_or(Rejection::NoProject)?,
        subject: claims.text("sub"),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a double distinguishes microseconds for centuries"
)]
fn seconds(time: Time) -> f64 {
    time.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use octane_test_support::tokens::SigningKey;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn claims() -> Value {
        json!({
            "iss": "https://ci.example", "aud": "octane-relay", "sub": "repo:acme/shop", "repository": "acme/shop",
            "iat": NOW, "nbf": NOW, "exp": NOW + 300,
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    fn expected() -> Expected {
        let rules = ["repository=acme/shop:shop", "repository_owner=acme:others"];
        Expected {
            issuer: "https://ci.example".to_owned(),
            audience: "octane-relay".to_owned(),
            rules: rules.map(|rule| rule.parse().unwrap()).into(),
        }
    }

    fn checked_at(seconds: i64, token: &str, keys: &[&SigningKey]) -> Result<String, Rejection> {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        let keys = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        let token = SignedToken::parse(token).ok_or(Rejection::Malformed)?;
        let checked = check(&token, &keys, &expected(), Time::from_seconds(seconds));
        checked.map(|job| job.project)
    }

    fn checked(token: &str, keys: &[&SigningKey]) -> Result<String, Rejection> {
        checked_at(NOW, token, keys)
    }

    #[test]
    fn a_genuine_token_is_accepted_with_either_algorithm() {
        for key in [SigningKey::rs256("k"), SigningKey::es256("k")] {
            assert_eq!(checked(&key.token(&claims()), &[&key]), Ok("shop".into()));
            let aud = with("aud", json!(["other", "octane-relay"]));
            assert_eq!(checked(&key.token(&aud), &[&key]), Ok("shop".into()));
            let token = key.token_with(&json!({ "alg": key.algorithm() }), &claims());
            assert_eq!(checked(&token, &[&key]), Ok("shop".into()));
        }
    }

    #[test]
    fn what_a_genuine_token_says_decides() {
        let key = SigningKey::es256("k");
        let issuer = || Rejection::Issuer {
            expected: "`https://ci.example`".into(),
        };
        let audience = || Rejection::Audience {
            expected: "octane-relay".into(),
        };
        for (claims, rejection) in [
            (with("iss", json!("https://ci.example/")), issuer()),
            (with("iss", json!(["https://ci.example"])), issuer()),
            (without("iss"), issuer()),
            (with("aud", json!("octane")), audience()),
            (with("aud", json!([])), audience()),
            (with("aud", json!({ "octane-relay": true })), audience()),
            (without("aud"), audience()),
            (without("exp"), Rejection::Expired),
            (with("exp", json!("2099-01-01")), Rejection::Expired),
            (with("exp", json!(NOW - 60)), Rejection::Expired),
            (with("nbf", json!(NOW + 61)), Rejection::NotYetValid),
            (with("nbf", json!("yesterday")), Rejection::NotYetValid),
            (
                with("repository", json!("acme/depot")),
                Rejection::NoProject,
            ),
            (without("repository"), Rejection::NoProject),
        ] {
            assert_eq!(
                checked(&key.token(&claims), &[&key]),
                Err(rejection),
                "{claims}"
            );
        }
    }

    #[test]
    fn clocks_may_be_a_minute_apart() {
        let key = SigningKey::es256("k");
        let token = key.token(&claims());
        for (seconds, is_accepted) in [
            (NOW - 61, false),
            (NOW - 60, true),
            (NOW + 359, true),
            (NOW + 360, false),
        ] {
            assert_eq!(
                checked_at(seconds, &token, &[&key]).is_ok(),
                is_accepted,
                "{seconds}"
            );
        }
        let token = key.token(&without("nbf"));
        assert!(checked_at(NOW - 3600, &token, &[&key]).is_ok());
    }

    #[test]
    fn a_token_that_was_changed_or_signed_by_another_is_not_accepted() {
        for (key, other) in [
            (SigningKey::rs256("k"), SigningKey::rs256("k")),
            (SigningKey::es256("k"), SigningKey::es256("k")),
        ] {
            let token = key.token(&claims());
            assert_eq!(
                checked(&other.token(&claims()), &[&key]),
                Err(Rejection::Signature)
            );
            let parts: Vec<&str> = token.split('.').collect();
            let better = other.token(&with("repository", json!("acme/bank")));
            let payload = better.split('.').nth(1).unwrap();
            let changed = format!("{}.{payload}.{}", parts[0], parts[2]);
            assert_eq!(checked(&changed, &[&key]), Err(Rejection::Signature));
            let unsigned = format!("{}.{}.", parts[0], parts[1]);
            assert_eq!(checked(&unsigned, &[&key]), Err(Rejection::Signature));
        }
    }

    #[test]
    fn only_the_two_algorithms_count_and_only_with_keys_of_their_own() {
        let (rsa, p256) = (SigningKey::rs256("k"), SigningKey::es256("p"));
        let head = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
        for alg in [
            "none", "None", "", "HS256", "RS384", "PS256", "ES384", "EdDSA", "rs256",
        ] {
            let token = rsa.token_with(&head(alg, "k"), &claims());
            assert_eq!(checked(&token, &[&rsa]), Err(Rejection::Algorithm), "{alg}");
        }
        // A key must not be used for an algorithm that it was not made for.
        let token = rsa.token_with(&head("ES256", "k"), &claims());
        assert_eq!(checked(&token, &[&rsa, &p256]), Err(Rejection::UnknownKey));
        let token = rsa.token_with(
            &json!({ "alg": "RS256", "kid": "k", "crit": ["b64"], "b64": false }),
            &claims(),
        );
        assert_eq!(checked(&token, &[&rsa]), Err(Rejection::Malformed));
    }

    #[test]
    fn a_token_has_to_name_its_key_unless_there_is_only_one() {
        let (one, two) = (SigningKey::es256("one"), SigningKey::es256("two"));
        assert_eq!(
            checked(&two.token(&claims()), &[&one]),
            Err(Rejection::UnknownKey)
        );
        assert!(checked(&two.token(&claims()), &[&one, &two]).is_ok());
        let token = one.token_with(&json!({ "alg": "ES256" }), &claims());
        assert!(checked(&token, &[&one]).is_ok());
        assert_eq!(checked(&token, &[&one, &two]), Err(Rejection::UnknownKey));
    }
}
