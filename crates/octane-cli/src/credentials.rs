//! Where the credentials of a command come from. The first place that has them counts:
//!
//! | | place | note |
//! | --- | --- | --- |
//! | 1 | `--secret-file`, `--secret-stdin`, `--secret-command`, `--client-secret` | one of them |
//! | 2 | the environment ([`Environment`]) | a client ID without a secret does not count if 3 or 4 has a secret |
//! | 3 | `secret-file` or `secret-command` of a settings file | |
//! | 4 | the key that `octane auth login` has saved for this server and space, in its file or in the keyring | of the given client ID, if there is one |
//!
//! For 1 and 3 the client ID is that of `--client-id`, the environment or a settings file, in this order. What is there and
//! cannot be used is an error; nothing after it is tried.

pub(crate) mod given;
pub(crate) mod hint;
pub(crate) mod keyring;
pub(crate) mod known;
pub(crate) mod login;
pub(crate) mod private_file;
pub(crate) mod session_cache;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use octane_rest::{
    ApiKeyFrom, BoxFuture, CredentialError, CredentialProvider, Environment, FoundCredential,
    Message, Origin, Secret, SecretCommand, SecretFile, SecretSource,
};

use crate::args::ConnectionArgs;
use crate::env;
use crate::output::{print_note, secrets};
use given::{Configured, Remembered};
use login::{Logins, Place};

type Variable = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The places of one command, asked at each sign-in.
pub(crate) struct Credentials {
    typed: Option<Typed>,
    /// `--client-id`, or its variable.
    client_id: Option<String>,
    is_client_id_typed: bool,
    configured: Configured,
    /// The saved keys, and for which server and space.
    saved: Option<(Logins, Place)>,
    variable: Variable,
    remembered: Remembered,
}

/// A secret whose place was typed.
#[derive(Debug, Clone)]
enum Typed {
    Source(SecretSource),
    StandardInput,
    /// `--secret-command` without a command.
    Invalid,
}

impl Credentials {
    pub(crate) fn new(args: &ConnectionArgs) -> Self {
        Self {
            typed: Typed::of(args),
            client_id: args.client_id.clone(),
            is_client_id_typed: args.typed.is_client_id,
            configured: args.configured.clone(),
            saved: Place::of(args).and_then(|place| Some((Logins::of_user().ok()?, place))),
            variable: Arc::new(env::read),
            remembered: args.remembered.clone(),
        }
    }

    /// The same without keys that were saved before.
    pub(crate) fn without_saved(mut self) -> Self {
        self.saved = None;
        self
    }

    /// Finds the credentials, which the next sign-in uses.
    pub(crate) async fn check(&self) -> Result<bool, CredentialError> {
        if self.remembered.is_set() {
            return Ok(true);
        }
        let Some(found) = self.find().await? else {
            return Ok(false);
        };
        self.remembered.set(found);
        Ok(true)
    }

    /// The credentials that the next sign-in uses.
    #[cfg(feature = "relay")]
    pub(crate) async fn peek(&self) -> Result<Option<FoundCredential>, CredentialError> {
        let found = self.credential().await?;
        if let Some(found) = &found {
            self.remembered.set(found.clone());
        }
        Ok(found)
    }

    /// Finds the credentials now.
    pub(crate) async fn find(&self) -> Result<Option<FoundCredential>, CredentialError> {
        let found = self.first().await?;
        for secret in found.iter().flat_map(|found| found.credential.secrets()) {
            secrets::redactor().learn(secret.expose());
        }
        Ok(found)
    }

    /// The table above.
    async fn first(&self) -> Result<Option<FoundCredential>, CredentialError> {
        if let Some(typed) = &self.typed {
            let source = typed.source().await?;
            return self.key(source, None).await;
        }
        let is_configured = self.configured.secret_setting().is_some();
        let saved = match &self.saved {
            Some((logins, place)) => {
                let id = self.client_id().await?;
                // A file of keys that is not needed cannot be in the way.
                logins.find(place, id.as_deref()).map_err(Some)
            }
            None => Err(None),
        };
        let has_saved = matches!(saved, Ok(Some(_)) | Err(Some(_)));
        let environment = self.environment(is_configured || has_saved);
        if let Some(found) = environment.credential().await? {
            return Ok(Some(found));
        }
        // A setting that is not needed cannot be in the way.
        if let Some(source) = self.configured.source()? {
            return self.key(source, Some(&self.configured)).await;
        }
        match (saved, &self.saved) {
            (Ok(Some(key)), Some((logins, _))) => logins.open(key).map(Some),
            (Err(Some(error)), _) => Err(error),
            (Ok(_) | Err(None), _) => Ok(None),
        }
    }

    /// The API key with this secret.
    async fn key(
        &self,
        source: SecretSource,
        configured: Option<&Configured>,
    ) -> Result<Option<FoundCredential>, CredentialError> {
        let Some(id) = self.client_id().await? else {
            let (location, present, missing) = match configured {
                None => ("the options".to_owned(), option_of(&source), "--client-id"),
                Some(configured) => {
                    let present = configured.secret_setting().unwrap_or_default();
                    (format!("`{}`", configured.file), present, "client-id")
                }
            };
            return Err(CredentialError::Incomplete {
                location,
                present: present.to_owned(),
                missing: missing.to_owned(),
            });
        };
        ApiKeyFrom::new(id, source).credential().await
    }

    /// The client ID, wherever it is.
    pub(crate) async fn client_id(&self) -> Result<Option<String>, CredentialError> {
        let id = self.environment(false).client_id().await?;
        Ok(id.or_else(|| self.configured.client_id.clone()))
    }

    /// The environment, in which `--client-id` replaces its variable. A client ID whose secret is elsewhere is hidden from
    /// it, because there it would be an incomplete pair.
    fn environment(
        &self,
        has_other_secret: bool,
    ) -> Environment<impl Fn(&str) -> Option<OsString> + Send + Sync + 'static> {
        let variable = Arc::clone(&self.variable);
        let client_id = self.client_id.clone().map(OsString::from);
        let is_typed = self.is_client_id_typed;
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let has_secret = is_set(env::CLIENT_SECRET) || is_set(env::CLIENT_SECRET_FILE);
        let is_id_hidden = has_other_secret && !has_secret;
        // The client ID of a settings file completes a secret of the environment.
        let has_id = is_set(env::CLIENT_ID) || is_set(env::CLIENT_ID_FILE);
        let configured_id = self.configured.client_id.clone().map(OsString::from);
        let configured_id = configured_id.filter(|_| has_secret && !has_id);
        Environment::reading(move |name: &str| match name {
            env::CLIENT_ID | env::CLIENT_ID_FILE if is_id_hidden => None,
            env::CLIENT_ID_FILE
            | env::USERNAME
            | env::PASSWORD
            | env::USERNAME_FILE
            | env::PASSWORD_FILE
                if is_typed =>
            {
                None
            }
            env::CLIENT_ID => {
                let given = client_id.clone().or_else(|| configured_id.clone());
                given.or_else(|| variable(name))
            }
            _ => variable(name),
        })
    }
}

impl CredentialProvider for Credentials {
    fn credential(&self) -> BoxFuture<'_, Result<Option<FoundCredential>, CredentialError>> {
        Box::pin(async {
            match self.remembered.take() {
                Some(found) => Ok(Some(found)),
                None => self.find().await,
            }
        })
    }
}

impl Typed {
    fn of(args: &ConnectionArgs) -> Option<Self> {
        if let Some(path) = &args.secret_file {
            let file = SecretFile::new(path).named_by("`--secret-file`");
            Some(Self::Source(SecretSource::File(file)))
        } else if args.secret_stdin {
            Some(Self::StandardInput)
        } else if let Some(line) = &args.secret_command {
            let source = command(line, "`--secret-command`").map(Self::Source);
            Some(source.unwrap_or(Self::Invalid))
        } else {
            let secret = args.client_secret.clone()?;
            let origin = Origin::Option("--client-secret".to_owned());
            Some(Self::Source(SecretSource::Known(secret, origin)))
        }
    }

    async fn source(&self) -> Result<SecretSource, CredentialError> {
        match self {
            Self::Source(source) => Ok(source.clone()),
            Self::Invalid => Err(no_command("`--secret-command`")),
            Self::StandardInput => {
                let reading = tokio::task::spawn_blocking(read_standard_input).await;
                let secret = reading.unwrap_or_else(|error| Err(io::Error::other(error)));
                let secret = secret.map_err(|error| CredentialError::Invalid {
                    location: "standard input".to_owned(),
                    reason: error.to_string(),
                })?;
                Ok(SecretSource::Known(secret, Origin::StandardInput))
            }
        }
    }
}

/// The option that names a secret.
fn option_of(source: &SecretSource) -> &'static str {
    match source.origin() {
        Origin::File { .. } => "--secret-file",
        Origin::Command { .. } => "--secret-command",
        Origin::StandardInput => "--secret-stdin",
        _ => "--client-secret",
    }
}

fn read_standard_input() -> io::Result<Secret> {
    let input = io::stdin();
    if input.is_terminal() {
        let message = "it is a terminal, which would show the secret; `octane auth login` asks for it without showing it";
        return Err(io::Error::other(message));
    }
    Secret::read_from(input.lock())
}

impl Configured {
    fn source(&self) -> Result<Option<SecretSource>, CredentialError> {
        let name = &self.file;
        match (&self.secret_file, &self.secret_command) {
            (Some(_), Some(_)) => Err(CredentialError::Invalid {
                location: format!("`{name}`"),
                reason: "`secret-file` and `secret-command` are both set; remove one of them"
                    .to_owned(),
            }),
            (Some(path), None) => {
                let file = SecretFile::new(path).named_by(format!("`{name}`"));
                Ok(Some(SecretSource::File(file)))
            }
            (None, Some(line)) => {
                let name = format!("`secret-command` in `{name}`");
                let source = command(line, &name).ok_or_else(|| no_command(&name))?;
                Ok(Some(source))
            }
            (None, None) => Ok(None),
        }
    }
}

fn no_command(location: &str) -> CredentialError {
    CredentialError::Invalid {
        location: location.to_owned(),
        reason: "it is not a command: it is empty, or a quote is not closed".to_owned(),
    }
}

fn command(line: &str, named_by: &str) -> Option<SecretSource> {
    let command = SecretCommand::parse(line)?
        .named_by(named_by)
        .on_message(show);
    Some(SecretSource::Command(command))
}

/// Shows what a secret command said: if it failed, or else with `-v`.
fn show(message: &Message<'_>) {
    secrets::redactor().learn(message.output.expose());
    for line in message.text.lines().filter(|line| !line.trim().is_empty()) {
        if message.is_success {
            tracing::info!("{}: {line}", message.program);
        } else {
            print_note(&format!("{}: {line}", message.program));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Credentials with these variables and nothing else.
    fn credentials(variables: &'static [(&str, &str)]) -> Credentials {
        Credentials {
            typed: None,
            client_id: None,
            is_client_id_typed: false,
            configured: Configured {
                file: "octane.toml".to_owned(),
                ..Configured::default()
            },
            saved: None,
            variable: Arc::new(move |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            }),
            remembered: Remembered::default(),
        }
    }

    fn known(secret: &str) -> Typed {
        let origin = Origin::Option("--client-secret".to_owned());
        Typed::Source(SecretSource::Known(secret.into(), origin))
    }

    async fn shown(credentials: &Credentials) -> String {
        match credentials.find().await {
            Ok(Some(found)) => {
                let id = found.credential.id().unwrap_or("-");
                let secrets: Vec<&str> = found.credential.secrets().map(Secret::expose).collect();
                format!("{id} {} from {}", secrets.join("+"), found.origin)
            }
            Ok(None) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    const KEY: &[(&str, &str)] = &[("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", "e")];
    const ID: &[(&str, &str)] = &[("OCTANE_CLIENT_ID", "ci")];
    const USER: &[(&str, &str)] = &[("OCTANE_USERNAME", "jane"), ("OCTANE_PASSWORD", "p")];

    #[tokio::test]
    async fn each_place_wins_over_those_that_follow() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::at(folder.path().join("keys.json"));
        let place = Place::new("https://octane.example/ui/?p=1001/1002").unwrap();
        logins.save(&place, "ci", &"saved".into(), false).unwrap();
        let login = format!("ci saved from {}", Origin::Login(logins.path().to_owned()));
        let mut places = credentials(KEY);
        places.saved = Some((logins, place));
        places.configured.secret_command = Some("echo configured".to_owned());
        places.configured.client_id = Some("configured-id".to_owned());
        places.typed = Some(known("typed"));
        assert_eq!(shown(&places).await, "ci typed from `--client-secret`");
        places.typed = None;
        assert_eq!(shown(&places).await, "ci e from OCTANE_CLIENT_SECRET");
        places.variable = credentials(USER).variable;
        assert_eq!(shown(&places).await, "jane p from OCTANE_PASSWORD");
        places.variable = credentials(ID).variable;
        assert_eq!(
            shown(&places).await,
            "ci configured from the command `echo` (`secret-command` in `octane.toml`)"
        );
        places.variable = credentials(&[]).variable;
        assert!(
            shown(&places)
                .await
                .starts_with("configured-id configured from")
        );
        places.configured = Configured::default();
        assert_eq!(shown(&places).await, login);
        places.variable = credentials(ID).variable;
        assert_eq!(shown(&places).await, login);
        places.variable = credentials(&[("OCTANE_CLIENT_ID", "other")]).variable;
        assert!(shown(&places).await.starts_with("incomplete credentials"));
        places.saved = None;
        places.variable = credentials(&[]).variable;
        assert_eq!(shown(&places).await, "nothing");
    }

    #[tokio::test]
    async fn a_typed_client_id_replaces_the_one_of_the_environment_and_its_user() {
        let mut places = credentials(KEY);
        (places.client_id, places.is_client_id_typed) = (Some("typed".to_owned()), true);
        assert_eq!(shown(&places).await, "typed e from OCTANE_CLIENT_SECRET");
        places.variable = credentials(USER).variable;
        assert!(
            shown(&places)
                .await
                .contains("`OCTANE_CLIENT_SECRET` is not")
        );
        places.configured.secret_command = Some("echo c".to_owned());
        assert!(shown(&places).await.starts_with("typed c from"));
    }

    #[tokio::test]
    async fn what_is_there_and_cannot_be_used_is_an_error() {
        let mut places = credentials(&[]);
        places.typed = Some(known("s"));
        assert_eq!(
            shown(&places).await,
            "incomplete credentials in the options: `--client-secret` is set but `--client-id` is not"
        );
        places.typed = Some(Typed::Invalid);
        assert!(shown(&places).await.contains("a quote is not closed"));
        let mut places = credentials(ID);
        places.configured.secret_command = Some("false".to_owned());
        assert_eq!(
            shown(&places).await,
            "the secret command `false` failed with exit code 1"
        );
        places.configured.secret_file = Some("x".into());
        assert!(shown(&places).await.contains("are both set"));
        places.variable = credentials(KEY).variable;
        assert_eq!(shown(&places).await, "ci e from OCTANE_CLIENT_SECRET");
    }

    #[tokio::test]
    async fn what_was_checked_is_used_once_and_then_looked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let mut places = credentials(ID);
        places.configured.secret_command = Some(format!(
            "sh -c 'echo x >> {0}; wc -l < {0} | tr -d \" \"'",
            count.display()
        ));
        assert!(places.check().await.unwrap() && places.check().await.unwrap());
        for expected in ["1", "2"] {
            let found = places.credential().await.unwrap().unwrap();
            let secret = found
                .credential
                .secrets()
                .next()
                .unwrap()
                .expose()
                .to_owned();
            assert_eq!(secret, expected);
        }
    }
}
