//! Credentials from environment variables.
//!
//! | set | credentials |
//! | --- | --- |
//! | client ID, client secret | API key |
//! | client ID, client secret, access token | the token, which Octane exchanges for one of its own |
//! | access token | the token as it is |
//! | user name, password | user |
//! | several of these | the first one of the table that is complete; what is incomplete is an error |
//!
//! Each variable may be replaced by one with `_FILE` at the end of its name, which names a file with the value.

use std::ffi::OsString;

use futures_util::future::BoxFuture;

use super::file::SecretFile;
use super::origin::Origin;
use super::{Credential, CredentialError, CredentialProvider, FoundCredential};
use crate::secret::Secret;

const CLIENT_ID: &str = "OCTANE_CLIENT_ID";
const CLIENT_SECRET: &str = "OCTANE_CLIENT_SECRET";
const ACCESS_TOKEN: &str = "OCTANE_ACCESS_TOKEN";
const USERNAME: &str = "OCTANE_USERNAME";
const PASSWORD: &str = "OCTANE_PASSWORD";

/// The variables that each hold the name of a file with the value.
const FILES: [(&str, &str); 5] = [
    (CLIENT_ID, "OCTANE_CLIENT_ID_FILE"),
    (CLIENT_SECRET, "OCTANE_CLIENT_SECRET_FILE"),
    (ACCESS_TOKEN, "OCTANE_ACCESS_TOKEN_FILE"),
    (USERNAME, "OCTANE_USERNAME_FILE"),
    (PASSWORD, "OCTANE_PASSWORD_FILE"),
];

/// `OCTANE_CLIENT_ID` and `OCTANE_CLIENT_SECRET`, `OCTANE_ACCESS_TOKEN`, or `OCTANE_USERNAME` and `OCTANE_PASSWORD`.
///
/// Each of them may be replaced by a variable such as `OCTANE_CLIENT_SECRET_FILE`, which names a file with the value
/// ([`SecretFile`]).
///
/// The API key takes precedence, then the token. A token together with an API key is one of an identity provider, which
/// Octane exchanges. An empty variable counts as absent, because CI systems pass a secret that
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

/// A value, or the file that has it.
enum Value {
    Text {
        text: Secret,
        variable: &'static str,
    },
    File(SecretFile),
}

impl Value {
    async fn read(self) -> Result<(Secret, Origin), CredentialError> {
        match self {
            Self::Text { text, variable } => Ok((text, Origin::Variable(variable.to_owned()))),
            Self::File(file) => Ok((file.read().await?, file.origin())),
        }
    }
}

/// The variables that count.
enum Variables {
    ApiKey {
        id: Value,
        secret: Value,
        token: Option<Value>,
    },
    Token(Value),
    User {
        name: Value,
        password: Value,
    },
}

impl Variables {
    async fn read(self) -> Result<FoundCredential, CredentialError> {
        let (credential, origin) = match self {
            Self::ApiKey { id, secret, token } => {
                let (id, _) = id.read().await?;
                let id = id.expose().to_owned();
                let (secret, origin) = secret.read().await?;
                match token {
                    None => (Credential::ApiKey { id, secret }, origin),
                    Some(token) => {
                        let (token, origin) = token.read().await?;
                        (Credential::ExchangedToken { token, id, secret }, origin)
                    }
                }
            }
            Self::Token(token) => {
                let (token, origin) = token.read().await?;
                (Credential::AccessToken { token }, origin)
            }
            Self::User { name, password } => {
                let (name, _) = name.read().await?;
                let name = name.expose().to_owned();
                let (password, origin) = password.read().await?;
                (Credential::User { name, password }, origin)
            }
        };
        Ok(FoundCredential { credential, origin })
    }
}

impl<F: Fn(&str) -> Option<OsString>> Environment<F> {
    /// Reads variables with `read` instead.
    pub fn reading(read: F) -> Self {
        Self { read }
    }

    /// The client ID alone, for a key whose secret is somewhere else.
    pub async fn client_id(&self) -> Result<Option<String>, CredentialError> {
        let Some(value) = self.value(CLIENT_ID)? else {
            return Ok(None);
        };
        let (id, _) = value.read().await?;
        Ok(Some(id.expose().to_owned()))
    }

    fn find(&self) -> Result<Option<Variables>, CredentialError> {
        let token = self.value(ACCESS_TOKEN)?;
        if let Some((id, secret)) = self.pair(CLIENT_ID, CLIENT_SECRET)? {
            return Ok(Some(Variables::ApiKey { id, secret, token }));
        }
        if let Some(token) = token {
            return Ok(Some(Variables::Token(token)));
        }
        let pair = self.pair(USERNAME, PASSWORD)?;
        Ok(pair.map(|(name, password)| Variables::User { name, password }))
    }

    fn pair(
        &self,
        one: &'static str,
        other: &'static str,
    ) -> Result<Option<(Value, Value)>, CredentialError> {
        match (self.value(one)?, self.value(other)?) {
            (Some(one), Some(other)) => Ok(Some((one, other))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(incomplete(one, other)),
            (None, Some(_)) => Err(incomplete(other, one)),
        }
    }

    fn value(&self, name: &'static str) -> Result<Option<Value>, CredentialError> {
        let text = self.text(name)?.map(|text| Value::Text {
            text: text.into(),
            variable: name,
        });
        let found = FILES.into_iter().find(|(variable, _)| *variable == name);
        let Some((_, file_name)) = found else {
            return Ok(text);
        };
        let path = (self.read)(file_name).filter(|path| !path.is_empty());
        match (text, path) {
            (Some(_), Some(_)) => Err(invalid(format!(
                "`{name}` and `{file_name}` are both set; unset one of them"
            ))),
            (None, Some(path)) => {
                let file = match name {
                    CLIENT_ID | USERNAME => SecretFile::public(path),
                    _ => SecretFile::new(path),
                };
                Ok(Some(Value::File(file.named_by(file_name))))
            }
            (text, None) => Ok(text),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, CredentialError> {
        let Some(value) = (self.read)(name) else {
            return Ok(None);
        };
        let value = value.into_string();
        let value = value.map_err(|_| invalid(format!("`{name}` is not UTF-8")))?;
        let value = value.trim();
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }
}

fn invalid(reason: String) -> CredentialError {
    CredentialError::Invalid {
        location: LOCATION.to_owned(),
        reason,
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
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(async {
            match self.find()? {
                Some(variables) => Ok(Some(variables.read().await?)),
                None => Ok(None),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn find(variables: &[(&str, &str)]) -> Result<Option<FoundCredential>, CredentialError> {
        let variables: Vec<(String, OsString)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        let read = move |name: &str| {
            let found = variables.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        Environment::reading(read).credential().await
    }

    /// What was found, with its secrets.
    async fn shown(variables: &[(&str, &str)]) -> String {
        let Some(found) = find(variables).await.unwrap() else {
            return "nothing".to_owned();
        };
        let secrets: Vec<&str> = found.credential.secrets().map(Secret::expose).collect();
        let kind = match &found.credential {
            Credential::ApiKey { .. } => "key",
            Credential::User { .. } => "user",
            Credential::AccessToken { .. } => "token",
            Credential::ExchangedToken { .. } => "exchanged token",
        };
        let id = found.credential.id().unwrap_or("-");
        format!("{kind} {id} {} from {}", secrets.join("+"), found.origin)
    }

    #[tokio::test]
    async fn each_row_of_the_table_holds() {
        let id = (CLIENT_ID, "key");
        let secret = (CLIENT_SECRET, "s");
        let token = (ACCESS_TOKEN, "t");
        let (name, password) = ((USERNAME, "jane"), (PASSWORD, "p"));
        let both = [id, secret, token];
        for (variables, expected) in [
            (&[][..], "nothing"),
            (&[id, secret], "key key s from OCTANE_CLIENT_SECRET"),
            (&both, "exchanged token key t+s from OCTANE_ACCESS_TOKEN"),
            (&[token], "token - t from OCTANE_ACCESS_TOKEN"),
            (&[name, password], "user jane p from OCTANE_PASSWORD"),
            (
                &[name, password, id, secret],
                "key key s from OCTANE_CLIENT_SECRET",
            ),
            (
                &[name, password, token],
                "token - t from OCTANE_ACCESS_TOKEN",
            ),
            (&[(CLIENT_ID, ""), (CLIENT_SECRET, "")], "nothing"),
            (&[(CLIENT_ID, "\n"), (CLIENT_SECRET, " ")], "nothing"),
            (
                &[(CLIENT_ID, " key\n"), (CLIENT_SECRET, "s3cret\r\n")],
                "key key s3cret from OCTANE_CLIENT_SECRET",
            ),
        ] {
            assert_eq!(shown(variables).await, expected);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn others_may_read_a_file_with_a_name_but_not_one_with_a_secret() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, mode| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            path.display().to_string()
        };
        let (public, private) = (file("public", 0o644), file("private", 0o600));
        let of = |id: &str, secret: &str| {
            let of = [
                [
                    ("OCTANE_CLIENT_ID_FILE", id),
                    ("OCTANE_CLIENT_SECRET_FILE", secret),
                ],
                [
                    ("OCTANE_USERNAME_FILE", id),
                    ("OCTANE_PASSWORD_FILE", secret),
                ],
            ];
            of.map(|pair| pair.map(|(name, path)| (name, path.to_owned())))
        };
        for pair in of(&public, &private) {
            let pair = pair.each_ref().map(|(name, path)| (*name, path.as_str()));
            assert!(find(&pair).await.unwrap().is_some());
        }
        for pair in of(&private, &public) {
            let pair = pair.each_ref().map(|(name, path)| (*name, path.as_str()));
            assert!(matches!(
                find(&pair).await,
                Err(CredentialError::Exposed { .. })
            ));
        }
    }

    #[tokio::test]
    async fn a_variable_may_name_a_file_instead() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            }
            path.display().to_string()
        };
        let (id, secret) = (file("id", "key\n"), file("secret", "s\n"));
        for (variable, file_variable) in FILES {
            assert_eq!(format!("{variable}_FILE"), file_variable);
        }
        let files = [
            ("OCTANE_CLIENT_ID_FILE", &*id),
            ("OCTANE_CLIENT_SECRET_FILE", &*secret),
        ];
        let found = shown(&files).await;
        let origin = format!("the file `{secret}` (OCTANE_CLIENT_SECRET_FILE)");
        assert_eq!(found, format!("key key s from {origin}"));
        let token = shown(&[("OCTANE_ACCESS_TOKEN_FILE", &secret)]).await;
        assert!(token.starts_with("token - s from the file"), "{token}");
        let user = [
            ("OCTANE_USERNAME", "jane"),
            ("OCTANE_PASSWORD_FILE", &secret),
        ];
        assert!(shown(&user).await.starts_with("user jane s from the file"));
        let both = [
            (CLIENT_SECRET, "s"),
            ("OCTANE_CLIENT_SECRET_FILE", &*secret),
        ];
        let error = find(&[&both[..], &[(CLIENT_ID, "key")]].concat()).await;
        assert!(error.unwrap_err().to_string().ends_with(
            "`OCTANE_CLIENT_SECRET` and `OCTANE_CLIENT_SECRET_FILE` are both set; unset one of them"
        ));
    }

    #[tokio::test]
    async fn an_incomplete_pair_names_the_missing_variable() {
        let error = find(&[(CLIENT_ID, "key")]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "incomplete credentials in the environment: `OCTANE_CLIENT_ID` is set but \
             `OCTANE_CLIENT_SECRET` is not"
        );
        let error = find(&[(PASSWORD, "hunter2")]).await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("`OCTANE_PASSWORD` is set but `OCTANE_USERNAME` is not")
        );
        assert!(!error.to_string().contains("hunter2"));
    }
}
