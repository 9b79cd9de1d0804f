//! Credentials, and where they come from.

pub(crate) mod api_key;
pub(crate) mod chain;
pub(crate) mod command;
pub(crate) mod env;
mod error;
pub(crate) mod explicit;
pub(crate) mod file;
pub(crate) mod origin;

use futures_util::future::BoxFuture;

use crate::secret::Secret;

pub use error::CredentialError;
use origin::Origin;

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
    /// An access token that Octane has issued. It is sent as the cookie `access_token` and never signed out, because it may
    /// be in use elsewhere.
    AccessToken {
        /// The token.
        token: Secret,
    },
    /// An access token of an identity provider, which Octane exchanges for one of its own (Octane 25.4 and newer).
    ExchangedToken {
        /// The token of the identity provider.
        token: Secret,
        /// The client ID of the API key that may exchange tokens.
        id: String,
        /// The client secret of that key.
        secret: Secret,
    },
}

impl Credential {
    /// Who signs in: a client ID or a login name. A token names no one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ApiKey { id, .. }
            | Self::User { name: id, .. }
            | Self::ExchangedToken { id, .. } => Some(id),
            Self::AccessToken { .. } => None,
        }
    }

    /// All that has to be kept secret.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (one, other) = match self {
            Self::ApiKey { secret, .. } => (secret, None),
            Self::User { password, .. } => (password, None),
            Self::AccessToken { token } => (token, None),
            Self::ExchangedToken { token, secret, .. } => (token, Some(secret)),
        };
        std::iter::once(one).chain(other)
    }
}

/// Credentials that a provider has, and where it found them.
#[derive(Debug, Clone)]
pub struct FoundCredential {
    /// The credentials.
    pub credential: Credential,
    /// Where their secret comes from.
    pub origin: Origin,
}

/// Credentials that the caller has given.
impl From<Credential> for FoundCredential {
    fn from(credential: Credential) -> Self {
        Self {
            credential,
            origin: Origin::Caller,
        }
    }
}

/// A source of credentials, asked again at each sign-in.
///
/// "Not here" is different from an error: after `Ok(None)` the next provider of a
/// [`Chain`](crate::Chain) is asked.
pub trait CredentialProvider: Send + Sync + 'static {
    /// The credentials, if this provider has any.
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>>;
}

/// The same provider, chosen at run time.
impl CredentialProvider for Box<dyn CredentialProvider> {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        (**self).credential()
    }
}
