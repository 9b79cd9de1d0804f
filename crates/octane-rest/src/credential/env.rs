//! Credentials from environment variables.

use std::ffi::OsString;

use futures_util::future::{BoxFuture, ready};

use super::{Credential, CredentialError, CredentialProvider};

/// `OCTANE_CLIENT_ID` and `OCTANE_CLIENT_SECRET`, or `OCTANE_USERNAME` and `OCTANE_PASSWORD`.
///
/// The API key comes first. An empty variable counts as absent, because that is what CI systems make of
/// a secret that a job may not see. Half a pair is wrong and names the missing variable.
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

const PLACE: &str = "the environment";

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// Reads variables from somewhere else.
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
            (Some(_), None) => Err(half(one, other)),
            (None, Some(_)) => Err(half(other, one)),
        }
    }

    fn variable(&self, name: &str) -> Result<Option<String>, CredentialError> {
        let value = (self.read)(name).filter(|value| !value.is_empty());
        value
            .map(|value| {
                value
                    .into_string()
                    .map_err(|_| wrong(format!("`{name}` is not UTF-8")))
            })
            .transpose()
    }
}

fn half(found: &str, missing: &str) -> CredentialError {
    wrong(format!("`{found}` is set, but `{missing}` is missing"))
}

fn wrong(reason: String) -> CredentialError {
    CredentialError::Wrong {
        place: PLACE.to_owned(),
        reason,
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
    fn an_api_key_comes_before_a_person() {
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
    fn nothing_set_is_nothing_here() {
        assert!(matches!(find(&[]), Ok(None)));
        let empty: &[_] = &[("OCTANE_CLIENT_ID", ""), ("OCTANE_CLIENT_SECRET", "")];
        assert!(matches!(find(empty), Ok(None)));
    }

    #[test]
    fn half_a_pair_names_the_missing_variable() {
        let error = find(&[("OCTANE_CLIENT_ID", "key")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the credential from the environment is wrong: `OCTANE_CLIENT_ID` is set, but \
             `OCTANE_CLIENT_SECRET` is missing"
        );
        let error = find(&[("OCTANE_PASSWORD", "hunter2")]).unwrap_err();
        assert!(error.to_string().contains("`OCTANE_USERNAME` is missing"));
        assert!(!error.to_string().contains("hunter2"));
    }
}
