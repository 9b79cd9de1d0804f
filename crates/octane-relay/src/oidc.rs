//! Tokens that CI systems issue to their jobs (OIDC), in the place of a token of the relay.
//!
//! A job proves with a signed token where it runs; the relay knows the keys of the issuer, and [rules](ProjectRule) say which project the
//! job belongs to. Whether a token is accepted is decided in one place, by the table there (`check`). Nothing of a token is logged
//! but, of one that was accepted, its subject.

mod check;
mod keys;
mod keys_cache;
mod keys_source;
mod rule;
mod token;

use std::fmt;

use self::check::{Expected, check};
use self::keys_cache::KeysCache;
use self::token::SignedToken;
use crate::time::Clock;

pub use self::check::{CiJob, Rejection};
pub use self::keys::InvalidKeys;
pub use self::keys_source::{FileKeys, KeySource, KeysError, UrlKeys};
pub use self::rule::{InvalidProjectRule, ProjectRule};

/// Accepts the tokens of one issuer.
pub struct Oidc {
    expected: Expected,
    keys: KeysCache,
    clock: Clock,
}

/// Why a token does not open the door.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Because of the token.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Nobody knows: there are no keys to check it with.
    #[error("the keys of the issuer are not available")]
    NoKeys,
}

impl Oidc {
    /// Accepts tokens that `issuer` has issued for `audience`. The first of the rules that matches names the project.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        rules: Vec<ProjectRule>,
        source: impl KeySource,
        clock: Clock,
    ) -> Self {
        Self {
            expected: Expected {
                issuer: issuer.into(),
                audience: audience.into(),
                rules,
            },
            keys: KeysCache::new(source),
            clock,
        }
    }

    /// Gets the keys now instead of with the first token.
    pub async fn fetch_keys(&self) -> Result<(), KeysError> {
        self.keys.fetch((self.clock)()).await
    }

    /// Whether a text may be meant as such a token, and not as one of the relay.
    pub fn is_meant(text: &str) -> bool {
        text.bytes().filter(|&byte| byte == b'.').count() == 2
    }

    /// The job whose token this is.
    pub async fn job(&self, text: &str) -> Result<CiJob, OidcError> {
        let token = SignedToken::parse(text).ok_or(Rejection::Malformed)?;
        let now = (self.clock)();
        let keys = self.keys.get(now).await.ok_or(OidcError::NoKeys)?;
        match check(&token, &keys, &self.expected, now) {
            Err(Rejection::UnknownKey) => {
                // The issuer may have new keys.
                let newer = self.keys.newer_than(&keys, now).await;
                let keys = newer.ok_or(Rejection::UnknownKey)?;
                Ok(check(&token, &keys, &self.expected, now)?)
            }
            checked => Ok(checked?),
        }
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}
