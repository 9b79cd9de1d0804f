//! Accounts that can sign in.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::secret::{Role, SandboxApiKey, User};
use crate::settings::AccessSettings;

/// An account that can sign in, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The client ID of a key or the name of a user.
    pub(crate) name: Arc<str>,
    pub(crate) role: Role,
}

/// All accounts that can sign in.
#[derive(Debug)]
pub(super) struct Accounts {
    keys: Vec<SandboxApiKey>,
    users: Vec<User>,
    is_for_keys_only: bool,
}

impl Accounts {
    pub(super) fn new(access: &AccessSettings) -> Self {
        Self {
            keys: access.api_keys.clone(),
            users: access.users.clone(),
            is_for_keys_only: access.api_keys_only,
        }
    }

    /// The account with these credentials. An API key may be given as client ID and secret or as user and
    /// password.
    pub(super) fn check(&self, name: &str, secret: &str) -> Result<Account, ApiError> {
        if let Some(account) = self.key(name, secret) {
            return Ok(account);
        }
        let user = self.users.iter().find(|user| user.name() == name);
        match user.filter(|user| same(user.password(), secret)) {
            Some(_) if self.is_for_keys_only => Err(ApiError::not_authorized(
                "only API keys may sign in here; use a client ID and secret",
            )),
            Some(user) => Ok(Account {
                name: user.name().into(),
                role: user.may(),
            }),
            None => Err(ApiError::not_authorized("wrong user name or password")),
        }
    }

    /// The API key with these credentials, if there is one.
    pub(super) fn key(&self, id: &str, secret: &str) -> Option<Account> {
        let key = self.keys.iter().find(|key| key.id() == id)?;
        same(key.secret(), secret).then(|| Account {
            name: key.id().into(),
            role: key.may(),
        })
    }

    /// The person using the browser: the first user, or the first key if there is no user.
    pub(super) fn person(&self) -> Option<Account> {
        let user = self.users.first().map(|user| (user.name(), user.may()));
        let key = || self.keys.first().map(|key| (key.id(), key.may()));
        user.or_else(key).map(|(name, role)| Account {
            name: name.into(),
            role,
        })
    }
}

/// Compares all characters, so that the time taken does not reveal where two secrets differ.
fn same(left: &str, right: &str) -> bool {
    Sha256::digest(left) == Sha256::digest(right)
}
