//! Credentials from environment variables.

use std::ffi::OsString;

use futures_util::future::{BoxFuture, ready};

use super::{Credential, CredentialError, CredentialProvider};

/// `OCTANE_CLIENT_ID` and `OCTANE_CLIENT_SECRET`, or `OCTANE_USERNAME` and `OCTANE_PASSWORD`.
///
/// The API key takes precedence. An empty variable counts as absent, because CI systems pass a secret that
/// a job may not access as an empty variable. White space at the ends is removed: secrets that come from files
/// and vaults often end with a newline. If only one variable of a pair is set, the error names the missing one.
pub struct Environment<F = fn(&str) -> Option<OsString>> {
    read: F,
}

impl Environment {
    /// Reads this process's variables.
    pub fn new() -> Self {
        Self {
            read: |name| std::env::var_os(name),
        }
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> std::fmt::Debug for Environment<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

const LOCATION: &str = "the environment";

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// Reads variables with `read` instead.
    pub fn reading(read: F) -> Self {
        Self { read }
    }

    fn find(&self) -> Result<Option<Credential>, CredentialError> {
        if let Some((id, secret)) = self.pair("OCTANE_CLIENT_ID", "OCTANE_CLIENT_SECRET")? {
            let secret = secret.into();
            return Ok(Some(Credential::ApiKey { id, secret }));
        }
        let pair = self.pair("OCTANE_USERNAME", "OCTANE_PASSWORD")?;
        Ok(pair.map(|(name, password)| Credential::User {
            name,
            password: password.into(),
        }))
    }

    fn pair(&self, one: &str, other: &str) -> Result<Option<(String, String)>, CredentialError> {
        match (self.variable(one)?, self.variable(other)?) {
            (Some(one), Some(other)) => Ok(Some((one, other))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(incomplete(one, other)),
            (None, Some(_)) => Err(incomplete(other, one)),
        }
    }

    fn variable(&self, name: &str) -> Result<Option<String>, CredentialError> {
        let Some(value) = (self.read)(name) else {
            return Ok(None);
        };
        let value = value.into_string().map_err(|_| CredentialError::Invalid {
            location: LOCATION.to_owned(),
            reason: format!("`{name}` is not UTF-8"),
        })?;
        let value = value.trim();
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }
}

fn incomplete(present: &str, missing: &str) -> CredentialError {
    CredentialError::Incomplete {
        location: LOCATION.to_owned(),
        present: present.to_owned(),
        missing: missing.to_owned(),
    }
}

impl<F: Fn(&str) -> Option<OsString> + Send + Sync + 'static> CredentialProvider
    for Environment<F>
{
    fn credential(&self) -> BoxFuture<'_, Result<Option<Credential>, CredentialError>> {
        Box::pin(ready(self.find()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &'static [(&str, &str)]) -> Result<Option<Credential>, CredentialError> {
        let read = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Environment::reading(read).find()
    }

    #[test]
    fn white_space_around_a_value_is_not_part_of_it() {
        let key: &[_] = &[
            ("OCTANE_CLIENT_ID", " key\n"),
            ("OCTANE_CLIENT_SECRET", "s3cret\r\n"),
        ];
        let Ok(Some(Credential::ApiKey { id, secret })) = find(key) else {
            panic!("an API key is set");
        };
        assert_eq!((&*id, secret.expose()), ("key", "s3cret"));
        let blank: &[_] = &[("OCTANE_CLIENT_ID", "\n"), ("OCTANE_CLIENT_SECRET", " ")];
        assert!(matches!(find(blank), Ok(None)));
    }

    #[test]
    fn an_api_key_takes_precedence_over_a_user() {
        let person: &[_] = &[("OCTANE_USERNAME", "jane"), ("OCTANE_PASSWORD", "p")];
        assert!(matches!(find(person), Ok(Some(Credential::User { name, .. })) if name == "jane"));
        let both: &[_] = &[
            ("OCTANE_USERNAME", "jane"),
            ("OCTANE_PASSWORD", "p"),
            ("OCTANE_CLIENT_ID", "key"),
            ("OCTANE_CLIENT_SECRET", "s"),
        ];
        assert!(matches!(find(both), Ok(Some(Credential::ApiKey { id, .. })) if id == "key"));
    }

    #[test]
    fn without_variables_there_are_no_credentials() {
        assert!(matches!(find(&[]), Ok(None)));
        let empty: &[_] = &[("OCTANE_CLIENT_ID", ""), ("OCTANE_CLIENT_SECRET", "")];
        assert!(matches!(find(empty), Ok(None)));
    }

    #[test]
    fn an_incomplete_pair_names_the_missing_variable() {
        let error = find(&[("OCTANE_CLIENT_ID", "key")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "incomplete credentials in the environment: `OCTANE_CLIENT_ID` is set but \
             `OCTANE_CLIENT_SECRET` is not"
        );
        let error = find(&[("OCTANE_PASSWORD", "hunter2")]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("`OCTANE_PASSWORD` is set but `OCTANE_USERNAME` is not")
        );
        assert!(!error.to_string().contains("hunter2"));
    }
}
