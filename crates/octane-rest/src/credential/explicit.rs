//! Credentials that the caller already has.

use futures_util::future::{BoxFuture, ready};

use super::{Credential, CredentialError, CredentialProvider, FoundCredential};
use crate::secret::Secret;

/// An API key: client id and client secret.
///
/// ```
/// let key = octane_rest::ApiKey::new("demo_k3v", "s3cret");
/// assert!(!format!("{key:?}").contains("s3cret"));
/// ```
#[derive(Debug, Clone)]
pub struct ApiKey {
    id: String,
    secret: Secret,
}

impl ApiKey {
    /// The key `id` with its secret.
    pub fn new(id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }
}

impl CredentialProvider for ApiKey {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        let Self { id, secret } = self.clone();
        let credential = Credential::ApiKey { id, secret };
        Box::pin(ready(Ok(Some(credential.into()))))
    }
}

/// A person's name and password.
#[derive(Debug, Clone)]
pub struct UserPassword {
    name: String,
    password: Secret,
}

impl UserPassword {
    /// The person `name` with their password.
    pub fn new(name: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            name: name.into(),
            password: password.into(),
        }
    }
}

impl CredentialProvider for UserPassword {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        let Self { name, password } = self.clone();
        let credential = Credential::User { name, password };
        Box::pin(ready(Ok(Some(credential.into()))))
    }
}
