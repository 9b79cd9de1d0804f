//! Several credential providers, tried in order.

use futures_util::future::BoxFuture;

use super::{CredentialError, CredentialProvider, FoundCredential};

/// Tries providers in order and uses the first credentials. A provider without credentials lets the next
/// one try; an error stops the search.
#[derive(Default)]
#[must_use]
pub struct Chain(Vec<Box<dyn CredentialProvider>>);

impl Chain {
    /// A chain without providers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider at the end.
    pub fn then(mut self, provider: impl CredentialProvider) -> Self {
        self.0.push(Box::new(provider));
        self
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain of {}", self.0.len())
    }
}

impl CredentialProvider for Chain {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(async move {
            for provider in &self.0 {
                if let Some(found) = provider.credential().await? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::credential::Credential;
    use crate::credential::env::Environment;
    use crate::credential::explicit::ApiKey;

    #[tokio::test]
    async fn a_provider_without_credentials_lets_the_next_one_try_and_an_error_stops() {
        let empty = Environment::reading(|_| None);
        let chain = Chain::new().then(empty).then(ApiKey::new("second", "s"));
        let found = chain.credential().await.unwrap().unwrap();
        assert!(matches!(found.credential, Credential::ApiKey { id, .. } if id == "second"));

        let half = Environment::reading(|name| {
            (name == "OCTANE_CLIENT_ID").then(|| OsString::from("key"))
        });
        let chain = Chain::new().then(half).then(ApiKey::new("second", "s"));
        assert!(matches!(
            chain.credential().await,
            Err(CredentialError::Incomplete { .. })
        ));
    }
}
