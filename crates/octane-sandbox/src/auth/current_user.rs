//! Who sent a request.

use super::account::Account;

/// The user who sent a request. Handlers that require a session take it as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CurrentUser {
    /// The account and its permissions.
    pub(crate) account: Account,
    /// The new token, if the session's cookie was renewed.
    pub(crate) renewed: Option<String>,
}
