//! Credentials that Python code provides.

use octane_rest::{
    BoxFuture, Credential, CredentialError, CredentialProvider, FoundCredential, Secret,
};
use pyo3::prelude::*;

use crate::gate;

/// Without the kind that was returned: in a tuple in the wrong order, it would be the secret.
const UNKNOWN_KIND: &str = "their kind, the first value, must be `api_key` or `user`";

/// Calls `provide()` at each sign-in. It returns a tuple, `("api_key", id, secret)` or `("user", name, password)`, or `None`.
pub(crate) struct PythonCredentials(pub(crate) Py<PyAny>);

impl CredentialProvider for PythonCredentials {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(async {
            // It may take long, and it waits for the interpreter.
            let provide = gate::attach(|py| self.0.clone_ref(py)).ok_or_else(ending)?;
            let asking = tokio::task::spawn_blocking(move || {
                gate::attach(|py| {
                    let provided = provide.call0(py)?;
                    provided.extract::<Option<(String, String, String)>>(py)
                })
            });
            let provided = asking
                .await
                .map_err(|error| unreadable(error.to_string()))?;
            let provided = provided.ok_or_else(ending)?;
            let provided = provided.map_err(unreadable)?;
            let Some((kind, name, secret)) = provided else {
                return Ok(None);
            };
            let secret = Secret::from(secret);
            let credential = match &*kind {
                "user" => Credential::User {
                    name,
                    password: secret,
                },
                "api_key" => Credential::ApiKey { id: name, secret },
                _ => return Err(unreadable(UNKNOWN_KIND)),
            };
            Ok(Some(credential.into()))
        })
    }
}

fn ending() -> CredentialError {
    unreadable("the program ends")
}

fn unreadable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CredentialError {
    CredentialError::Unreadable {
        location: "the given credentials".to_owned(),
        source: reason.into(),
    }
}
