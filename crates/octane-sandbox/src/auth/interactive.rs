//! Interactive sign-in through a browser.
//!
//! A program asks for an identifier and a URL, a person opens the URL and agrees, and the program then gets a
//! token for its identifier.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::token::new_token;

/// How long a person may take; vendor clients give up after two minutes.
const TIME_MAX: Duration = Duration::from_secs(300);
/// The maximum number of identifiers in use.
const IDENTIFIERS_MAX: usize = 1000;

/// Identifiers that were issued and not used yet.
#[derive(Debug)]
pub(super) struct Grants {
    clock: Clock,
    grants: Mutex<HashMap<String, Grant>>,
}

#[derive(Debug)]
struct Grant {
    asked: Timestamp,
    /// The token, once a person has agreed.
    token: Option<String>,
}

/// The state of an identifier.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    /// Not agreed to yet.
    Pending,
    /// Agreed to, with its token, which is returned once.
    Token(String),
    /// Never issued, already used, or expired.
    Unknown,
}

impl Grants {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            grants: Mutex::default(),
        }
    }

    /// The identifiers that have not expired.
    fn grants(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, grant| self.clock.since(grant.asked) < TIME_MAX);
        grants
    }

    /// A new identifier, or `None` if too many are pending.
    pub(super) fn ask(&self) -> Option<String> {
        let mut grants = self.grants();
        if grants.len() >= IDENTIFIERS_MAX {
            return None;
        }
        let (identifier, asked) = (new_token(), self.clock.now());
        grants.insert(identifier.clone(), Grant { asked, token: None });
        Some(identifier)
    }

    /// Whether the identifier is waiting for consent.
    pub(super) fn is_pending(&self, identifier: &str) -> bool {
        let grants = self.grants();
        grants
            .get(identifier)
            .is_some_and(|grant| grant.token.is_none())
    }

    /// Assigns a token to an identifier; false if it is not waiting for one.
    pub(super) fn agree(&self, identifier: &str, token: String) -> bool {
        let mut grants = self.grants();
        match grants.get_mut(identifier) {
            Some(grant) if grant.token.is_none() => {
                grant.token = Some(token);
                true
            }
            _ => false,
        }
    }

    pub(super) fn take(&self, identifier: &str) -> Granted {
        let mut grants = self.grants();
        match grants.get(identifier) {
            None => Granted::Unknown,
            Some(Grant { token: None, .. }) => Granted::Pending,
            Some(_) => {
                let token = grants.remove(identifier).and_then(|grant| grant.token);
                token.map_or(Granted::Unknown, Granted::Token)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_returned_once_and_an_old_identifier_expires() {
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let grants = Grants::new(clock.clone());
        let first = grants.ask().unwrap();
        assert_eq!(grants.take(&first), Granted::Pending);
        assert!(grants.agree(&first, "token".to_owned()));
        assert!(!grants.agree(&first, "other".to_owned()));
        assert_eq!(grants.take(&first), Granted::Token("token".to_owned()));
        assert_eq!(grants.take(&first), Granted::Unknown);
        let second = grants.ask().unwrap();
        clock.advance(TIME_MAX);
        assert!(!grants.is_pending(&second));
        assert_eq!(grants.take(&second), Granted::Unknown);
    }

    #[test]
    fn the_number_of_identifiers_is_limited() {
        let grants = Grants::new(Clock::paused(Timestamp::UNIX_EPOCH));
        assert!((0..IDENTIFIERS_MAX).all(|_| grants.ask().is_some()));
        assert_eq!(grants.ask(), None);
    }
}
