//! Credentials that Python code provides.

use octane_rest::{
    BoxFuture, Credential, CredentialError, CredentialProvider, FoundCredential, Secret,
};
use pyo3::prelude::*;

use crate::gate;

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
            Ok(provided.map(|(kind, name, secret)| {
                let secret = Secret::from(secret);
                let credential = if kind == "user" {
                    Credential::User {
                        name,
                        password: secret,
                    }
                } else {
                    Credential::ApiKey { id: name, secret }
                };
                credential.into()
            }))
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
