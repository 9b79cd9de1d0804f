//! Who signs in.

mod chain;
mod env;
mod explicit;

use futures_util::future::BoxFuture;

use crate::Secret;

pub use chain::Chain;
pub use env::Environment;
pub use explicit::{ApiKey, UserPassword};

/// What the server wants to see at a sign-in.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An API key. Its roles are those that the administrator gave it; a team member may upload
    /// results (ALM test result collection tool readme).
    ApiKey {
        /// The client id.
        id: String,
        /// The client secret.
        secret: Secret,
    },
    /// A person. Servers with single sign-on, or restricted to API keys, refuse these.
    User {
        /// The login name, usually a mail address.
        name: String,
        /// The password.
        password: Secret,
    },
}

impl Credential {
    /// What nobody else may see.
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Self::ApiKey { secret, .. }
            | Self::User {
                password: secret, ..
            } => secret,
        }
    }
}

/// A place from which a credential comes, asked anew at each sign-in.
///
/// Three ends are told apart: `Ok(None)` is "nothing here, ask the next", [`CredentialError::Wrong`] is
/// "there is something and it is wrong", [`CredentialError::Failed`] is "I could not look".
pub trait CredentialProvider: Send + Sync + 'static {
    /// The credential, if this place holds one.
    fn credential(&self) -> BoxFuture<'_, Result<Option<Credential>, CredentialError>>;
}

/// A credential that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// There is something, and it is wrong.
    #[error("the credential from {place} is wrong: {reason}")]
    Wrong {
        /// Where it is, for example `the environment`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The place could not be looked into.
    #[error("cannot read the credential from {place}")]
    Failed {
        /// Where it should be.
        place: String,
        /// Why it could not be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The same provider, chosen at run time.
impl CredentialProvider for Box<dyn CredentialProvider> {
    fn credential(&self) -> BoxFuture<'_, Result<Option<Credential>, CredentialError>> {
        (**self).credential()
    }
}
