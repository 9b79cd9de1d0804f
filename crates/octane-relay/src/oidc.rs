//! Tokens that CI systems issue to their jobs (OIDC), in the place of a token of the relay.
//!
//! A job proves with a signed token where it runs; the relay knows the keys of the issuers, and [rules](ProjectRule) of each say which project
//! the job belongs to. Whether a token is accepted is decided in one place, by the table there (`check`). Nothing of a token is logged
//! but, of one that was accepted, its subject.

mod check;
mod keys;
mod keys_cache;
mod keys_source;
mod rule;
mod token;

use std::fmt;
use std::time::Duration;

use self::check::{Expected, check};
use self::keys_cache::{KeysCache, Unasked};
use self::token::SignedToken;
use crate::time::{Clock, Time};

pub use self::check::{CiJob, Rejection};
pub use self::keys::InvalidKeys;
pub use self::keys_source::{FileKeys, KeySource, KeysError, UrlKeys};
pub use self::rule::{InvalidProjectRule, ProjectRule};

/// An issuer whose tokens are accepted.
pub struct OidcIssuer {
    expected: Expected,
    keys: KeysCache,
}

/// Accepts the tokens of some issuers. A token is checked with the keys and the rules of the issuer that it names (`iss`), and of no
/// other.
pub struct Oidc {
    issuers: Vec<OidcIssuer>,
    clock: Clock,
}

/// An issuer is given twice, so that it is not clear which rules count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the issuer `{issuer}` is given twice")]
#[non_exhaustive]
pub struct DuplicateIssuer {
    /// The issuer.
    pub issuer: String,
}

/// Why a token does not open the door.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Because of the token.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Not known: there are no keys to check it with.
    #[error("the keys of the issuer are not available")]
    #[non_exhaustive]
    NoKeys {
        /// When the issuer is asked again.
        pause: Duration,
    },
}

impl OidcIssuer {
    /// Tokens that `issuer` has issued for `audience`. The first of the rules that matches names the project.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        rules: Vec<ProjectRule>,
        source: impl KeySource,
    ) -> Self {
        Self {
            expected: Expected {
                issuer: issuer.into(),
                audience: audience.into(),
                rules,
            },
            keys: KeysCache::new(source),
        }
    }

    /// Gets the keys now instead of with the first token.
    pub async fn fetch_keys(&self, now: Time) -> Result<(), KeysError> {
        self.keys.fetch(now).await
    }

    async fn job(&self, token: &SignedToken<'_>, now: Time) -> Result<CiJob, OidcError> {
        let no_keys = |Unasked { pause }| OidcError::NoKeys { pause };
        let keys = self.keys.get(now).await.map_err(no_keys)?;
        match check(token, &keys, &self.expected, now) {
            Err(Rejection::UnknownKey) => {
                // The issuer may have new keys.
                let newer = self.keys.newer_than(&keys, now).await;
                // An issuer that was not asked just now may have the key.
                let keys = newer.map_err(no_keys)?.ok_or(Rejection::UnknownKey)?;
                Ok(check(token, &keys, &self.expected, now)?)
            }
            checked => Ok(checked?),
        }
    }
}

impl Oidc {
    /// Accepts the tokens of these issuers, each of which may be given once.
    pub fn new(issuers: Vec<OidcIssuer>, clock: Clock) -> Result<Self, DuplicateIssuer> {
        let mut names: Vec<&String> = issuers.iter().map(|one| &one.expected.issuer).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let issuer = twice[0].clone();
            return Err(DuplicateIssuer { issuer });
        }
        Ok(Self { issuers, clock })
    }

    /// Whether a text may be meant as such a token, and not as one of the relay.
    pub fn is_meant(text: &str) -> bool {
        text.bytes().filter(|&byte| byte == b'.').count() == 2
    }

    /// The job whose token this is.
    pub async fn job(&self, text: &str) -> Result<CiJob, OidcError> {
        let token = SignedToken::parse(text).ok_or(Rejection::Malformed)?;
        let own = token.claims.text("iss");
        let issuer = self
            .issuers
            .iter()
            .find(|issuer| Some(&issuer.expected.issuer) == own.as_ref());
        let Some(issuer) = issuer else {
            let names = self.issuers.iter();
            let names = names.map(|issuer| format!("`{}`", issuer.expected.issuer));
            let expected = names.collect::<Vec<_>>().join(" or ");
            return Err(Rejection::Issuer { expected }.into());
        };
        issuer.job(&token, (self.clock)()).await
    }
}

impl fmt::Debug for OidcIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcIssuer")
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}
