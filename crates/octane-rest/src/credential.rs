//! Credentials, and where they come from.

pub(crate) mod chain;
pub(crate) mod env;
pub(crate) mod explicit;

use futures_util::future::BoxFuture;

use crate::secret::Secret;

/// What the server requires for signing in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// An API key. An administrator assigns its roles; a team member may upload results (ALM test result
    /// collection tool readme).
    ApiKey {
        /// The client ID.
        id: String,
        /// The client secret.
        secret: Secret,
    },
    /// A person. Servers with single sign-on, or restricted to API keys, reject these.
    User {
        /// The login name, usually an email address.
        name: String,
        /// The password.
        password: Secret,
    },
}

impl Credential {
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Self::ApiKey { secret, .. }
            | Self::User {
                password: secret, ..
            } => secret,
        }
    }
}

/// A source of credentials, asked again at each sign-in.
///
/// "Not here" is different from an error: after `Ok(None)` the next provider of a
/// [`Chain`](crate::Chain) is asked.
pub trait CredentialProvider: Send + Sync + 'static {
    /// The credentials, if this provider has any.
    fn credential(&self) -> BoxFuture<'_, Result<Option<Credential>, CredentialError>>;
}

/// Why a provider failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A part of the credentials is missing.
    #[error("incomplete credentials in {location}: `{present}` is set but `{missing}` is not")]
    Incomplete {
        /// Where they are, for example `the environment`.
        location: String,
        /// The part that is set.
        present: String,
        /// The part that is missing.
        missing: String,
    },
    /// The credentials are not valid.
    #[error("invalid credentials in {location}: {reason}")]
    Invalid {
        /// Where they are, for example `the environment`.
        location: String,
        /// Why they are not valid.
        reason: String,
    },
    /// The credentials could not be read.
    #[error("cannot read credentials from {location}")]
    Unreadable {
        /// Where they should be.
        location: String,
        /// Why they could not be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The same provider, chosen at run time.
impl CredentialProvider for Box<dyn CredentialProvider> {
    fn credential(&self) -> BoxFuture<'_, Result<Option<Credential>, CredentialError>> {
        (**self).credential()
    }
}
