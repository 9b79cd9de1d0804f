//! Those who may come in.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::secret::{ApiKey, Role, User};
use crate::settings::Access;

/// Somebody who may come in, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The client id of a key or the name of a user.
    pub(crate) name: Arc<str>,
    pub(crate) role: Role,
}

/// All who may come in.
#[derive(Debug)]
pub(super) struct Accounts {
    keys: Vec<ApiKey>,
    users: Vec<User>,
    is_for_keys_only: bool,
}

impl Accounts {
    pub(super) fn new(access: &Access) -> Self {
        Self {
            keys: access.api_keys.clone(),
            users: access.users.clone(),
            is_for_keys_only: access.api_keys_only,
        }
    }

    /// Whose credentials these are. An API key may come as client id and secret or as user and password.
    pub(super) fn check(&self, name: &str, secret: &str) -> Result<Account, ApiError> {
        if let Some(account) = self.key(name, secret) {
            return Ok(account);
        }
        let user = self.users.iter().find(|user| user.name() == name);
        match user.filter(|user| same(user.password(), secret)) {
            Some(_) if self.is_for_keys_only => Err(ApiError::not_authorized(
                "only API keys may sign in here; use the client id and secret of one",
            )),
            Some(user) => Ok(Account {
                name: user.name().into(),
                role: user.may(),
            }),
            None => Err(ApiError::not_authorized(
                "the user or the password is wrong",
            )),
        }
    }

    /// The API key that these credentials are, if they are one.
    pub(super) fn key(&self, id: &str, secret: &str) -> Option<Account> {
        let key = self.keys.iter().find(|key| key.id() == id)?;
        same(key.secret(), secret).then(|| Account {
            name: key.id().into(),
            role: key.may(),
        })
    }

    /// Whoever sits before the browser: the first user, or the first key where there is no user.
    pub(super) fn person(&self) -> Option<Account> {
        let user = self.users.first().map(|user| (user.name(), user.may()));
        let key = || self.keys.first().map(|key| (key.id(), key.may()));
        user.or_else(key).map(|(name, role)| Account {
            name: name.into(),
            role,
        })
    }
}

/// Compares all characters, so that the time taken tells nothing of where two secrets differ.
fn same(left: &str, right: &str) -> bool {
    Sha256::digest(left) == Sha256::digest(right)
}
