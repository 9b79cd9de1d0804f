//! An API key whose secret is somewhere else.

use futures_util::future::BoxFuture;

use super::command::SecretCommand;
use super::file::SecretFile;
use super::origin::Origin;
use super::{Credential, CredentialError, CredentialProvider, FoundCredential};
use crate::secret::Secret;

/// Where a secret is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SecretSource {
    /// Here.
    Known(Secret, Origin),
    /// In a file.
    File(SecretFile),
    /// A command prints it.
    Command(SecretCommand),
}

impl SecretSource {
    /// The secret, and where it comes from.
    pub async fn read(&self) -> Result<(Secret, Origin), CredentialError> {
        match self {
            Self::Known(secret, origin) => Ok((secret.clone(), origin.clone())),
            Self::File(file) => Ok((file.read().await?, file.origin())),
            Self::Command(command) => Ok((command.run().await?, command.origin())),
        }
    }

    /// Where the secret comes from.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Known(_, origin) => origin.clone(),
            Self::File(file) => file.origin(),
            Self::Command(command) => command.origin(),
        }
    }
}

/// An API key whose secret is read at each sign-in.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
/// # fn main() -> Done { with_builder(async |builder| {
/// use octane_rest::{ApiKeyFrom, SecretCommand, SecretSource};
///
/// let command = SecretCommand::new("echo", ["sandbox-secret"]);
/// let key = ApiKeyFrom::new("sandbox", SecretSource::Command(command));
/// builder.credentials(key).build()?.sign_in().await?;
/// # Ok(()) }) }
/// ```
#[derive(Debug, Clone)]
pub struct ApiKeyFrom {
    id: String,
    source: SecretSource,
}

impl ApiKeyFrom {
    /// The key with this client ID, and where its secret is.
    pub fn new(id: impl Into<String>, source: SecretSource) -> Self {
        let id = id.into();
        Self { id, source }
    }
}

impl CredentialProvider for ApiKeyFrom {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(async {
            let (secret, origin) = self.source.read().await?;
            let id = self.id.clone();
            let credential = Credential::ApiKey { id, secret };
            Ok(Some(FoundCredential { credential, origin }))
        })
    }
}
