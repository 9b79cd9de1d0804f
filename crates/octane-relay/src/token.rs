//! Tokens: what agents of a project show in order to hand uploads over, and operators in order to see the pages.
//!
//! A token is `octane-relay_ID_SECRET`. The store has the ID, which names it in lists, and a hash of the secret, which is so long that the
//! hash need not be a slow one.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use octane_rest::Secret;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::time::Time;
use crate::token_workspaces::TokenWorkspaces;

/// What all tokens begin with, so that tools that look for leaked secrets can find them.
const PREFIX: &str = "octane-relay_";

/// The public part of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct TokenId(String);

/// A text that is not the ID of a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ID of a token (example: `3f9a01bc`)")]
pub struct InvalidTokenId(String);

/// The length of an ID and of a secret in hexadecimal digits.
const ID_DIGITS: usize = 8;
const SECRET_DIGITS: usize = 64;

impl TokenId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for TokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, InvalidTokenId> {
        if text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidTokenId(text.to_owned()))
        }
    }
}

/// A new token, before it is stored. The only moment at which its secret is known here.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its public part.
    pub id: TokenId,
    /// The project whose uploads it may hand over; `None` if it is that of an operator.
    pub project: Option<String>,
    /// The workspaces that it is for. Default: all of the relay.
    pub workspaces: TokenWorkspaces,
    /// All of it, as an agent shows it.
    pub text: Secret,
}

impl Token {
    /// A new token for a project.
    pub fn new(project: impl Into<String>) -> Self {
        Self::of(Some(project.into()))
    }

    /// A new token for an operator, who sees all uploads, and can try them again and delete them.
    pub fn operator() -> Self {
        Self::of(None)
    }

    fn of(project: Option<String>) -> Self {
        let random = random();
        let (id, secret) = (&random[..ID_DIGITS], &random[ID_DIGITS..][..SECRET_DIGITS]);
        Self {
            text: Secret::from(format!("{PREFIX}{id}_{secret}")),
            id: TokenId(id.to_owned()),
            project,
            workspaces: TokenWorkspaces::default(),
        }
    }

    /// The hash of its secret, which is stored.
    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(self.text.expose())
    }
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenEntry {
    /// Its public part.
    pub id: TokenId,
    /// The project whose uploads it may hand over; `None` if it is that of an operator.
    pub project: Option<String>,
    /// The workspaces that it is for.
    #[serde(skip)]
    pub workspaces: TokenWorkspaces,
    /// When it was created, in microseconds since 1970.
    #[serde(skip)]
    pub created: Time,
    /// The SHA-256 of its secret part.
    #[serde(skip)]
    pub(crate) hash: Vec<u8>,
}

/// A token that someone shows.
#[derive(Debug)]
pub struct ShownToken {
    /// Its public part.
    pub id: TokenId,
    text: Secret,
}

impl ShownToken {
    /// Reads a token; none if the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.trim().strip_prefix(PREFIX)?.split_once('_')?;
        let is_secret =
            secret.len() == SECRET_DIGITS && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            id: id.parse().ok().filter(|_| is_secret)?,
            text: Secret::from(text.trim().to_owned()),
        })
    }

    /// Whether it is the stored one. Takes as long whatever differs.
    pub fn is(&self, stored: &TokenEntry) -> bool {
        hash(self.text.expose()).ct_eq(&stored.hash).into()
    }
}

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// More hexadecimal digits than a token needs. The standard library's hash keys come from the system's random source.
fn random() -> String {
    let mut digits = String::new();
    for round in 0..2_u8 {
        let mut digest = Sha256::new();
        for word in 0..4_u8 {
            digest.update(RandomState::new().hash_one((round, word)).to_le_bytes());
        }
        digits.extend(digest.finalize().iter().map(|byte| format!("{byte:02x}")));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(token: &Token) -> TokenEntry {
        TokenEntry {
            id: token.id.clone(),
            project: token.project.clone(),
            workspaces: token.workspaces.clone(),
            created: Time::EPOCH,
            hash: token.hash(),
        }
    }

    #[test]
    fn a_token_is_recognised_and_another_one_is_not() {
        let (token, other) = (Token::new("shop"), Token::new("shop"));
        let shown = ShownToken::parse(token.text.expose()).unwrap();
        assert_eq!(shown.id, token.id);
        assert!(shown.is(&stored(&token)));
        assert!(!shown.is(&stored(&other)));
        assert_ne!(token.id, other.id);
    }

    #[test]
    fn a_text_that_is_no_token_is_not_read() {
        let token = Token::new("shop");
        let text = token.text.expose();
        for wrong in ["", "octane-relay_", &text[..text.len() - 1], &text[1..]] {
            assert!(ShownToken::parse(wrong).is_none());
        }
        assert!("../..".parse::<TokenId>().is_err());
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = Token::new("shop");
        let secret = &token.text.expose()[PREFIX.len() + ID_DIGITS..];
        assert!(!format!("{token:?}").contains(secret));
    }
}
