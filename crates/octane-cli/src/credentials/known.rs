//! Credentials that have been found.

use std::future::ready;

use octane_rest::{BoxFuture, Credential, CredentialError, CredentialProvider, FoundCredential};

/// Credentials that have been found, so that they are not looked for again.
#[derive(Debug, Clone)]
pub(crate) struct Known(pub(crate) FoundCredential);

impl CredentialProvider for Known {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(ready(Ok(Some(self.0.clone()))))
    }
}

/// The kind of a credential, for programs and for people.
pub(crate) fn kind(credential: &Credential) -> (&'static str, &'static str) {
    match credential {
        Credential::ApiKey { .. } => ("api_key", "API key"),
        Credential::User { .. } => ("user", "User"),
        Credential::AccessToken { .. } => ("access_token", "Token"),
        _ => ("exchanged_token", "Token"),
    }
}
