//! From what was typed to a client that speaks to a server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;
use octane_client::{Client, ClientSettings};
use octane_rest::{ApiKey, Builder, CredentialProvider, Endpoint, Environment, Finished, Settings};
use octane_sandbox::{Running, Sandbox, SandboxError, Storage};

use crate::args::ConnectionArgs;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::print_note;

/// How long signing out may take.
const SIGN_OUT_MAX: Duration = Duration::from_secs(3);

/// A client, and the sandbox that it speaks to if there is one in this process.
pub(crate) struct Connection {
    pub(crate) client: Client,
    sandbox: Option<Running>,
}

impl Connection {
    /// Connects as asked. Nothing is sent before the first request.
    pub(crate) async fn open(args: &ConnectionArgs, verbosity: u8) -> Outcome<Self> {
        let settings = limits(args);
        let (endpoint, sandbox) = if args.sandbox {
            let storage = Storage::File(sandbox_file(args)?);
            let sandbox_settings = octane_sandbox::Settings::default().storage(storage);
            let (space, workspace) = (sandbox_settings.space, sandbox_settings.workspace);
            let sandbox = Sandbox::start_with(sandbox_settings)
                .await
                .map_err(sandbox_failure)?;
            let endpoint = told(Endpoint::builder(sandbox.url()), verbosity)
                .settings(settings)
                .space(space)
                .workspace(workspace)
                .credentials(ApiKey::new(sandbox.client_id(), sandbox.client_secret()));
            (endpoint.build(), Some(sandbox))
        } else {
            (remote(args, settings, verbosity)?, None)
        };
        let endpoint = endpoint.map_err(|error| {
            Failure::new(Exit::Configuration, error).hint(format!(
                "set {}, {} and {}, or try `--sandbox`",
                env::URL,
                env::SHARED_SPACE,
                env::WORKSPACE
            ))
        })?;
        let mut fields = ClientSettings::default();
        if let Some(field) = &args.jira_field {
            fields = fields.jira_field(field);
        }
        if let Some(field) = &args.link_field {
            fields = fields.link_field(field);
        }
        Ok(Self {
            client: Client::with_settings(endpoint, fields),
            sandbox,
        })
    }

    /// Signs out, and lets the sandbox finish what it has accepted. The answer is out already, so
    /// trouble here changes nothing.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        } else {
            // A session that is not ended ends by itself; nobody has to wait for a server that is away.
            let _ = tokio::time::timeout(SIGN_OUT_MAX, self.client.endpoint().sign_out()).await;
        }
    }
}

fn limits(args: &ConnectionArgs) -> Settings {
    let mut settings = Settings::default();
    if args.sandbox {
        // The pace spares a server that others use; this one is ours alone.
        settings.requests_per_second = 1000;
    }
    if let Some(rate) = args.rate {
        settings.requests_per_second = rate;
    }
    if let Some(retries) = args.retries {
        settings.attempts_max = retries.saturating_add(1);
    }
    if let Some(deadline) = args.deadline {
        settings.deadline_seconds = deadline;
    }
    if let Some(timeout) = args.timeout {
        settings.attempt_seconds_max = timeout;
    }
    if let Some(concurrency) = args.concurrency {
        settings.concurrency_max = concurrency.into();
    }
    settings
}

fn remote(
    args: &ConnectionArgs,
    settings: Settings,
    verbosity: u8,
) -> Outcome<Result<Endpoint, octane_rest::BuildError>> {
    let Some(url) = args.url.as_deref().filter(|url| !url.trim().is_empty()) else {
        let message = format!("no server: neither `--url` nor {} is set", env::URL);
        return Err(Failure::message(Exit::Configuration, message)
            .hint(format!("set {}=https://…, or try `--sandbox`", env::URL)));
    };
    let mut builder = told(Endpoint::builder(url), verbosity).settings(settings);
    if let Some(space) = number(args.space.as_deref(), "--space", env::SHARED_SPACE)? {
        builder = builder.space(space);
    }
    if let Some(workspace) = number(args.workspace.as_deref(), "--workspace", env::WORKSPACE)? {
        builder = builder.workspace(workspace);
    }
    let builder = match (&args.client_id, &args.client_secret) {
        (Some(id), Some(secret)) => builder.credentials(ApiKey::new(id, secret.as_str())),
        (id, None) => builder.credentials(environment(id.clone())),
        (None, Some(_)) => {
            return Err(Failure::message(
                Exit::Configuration,
                "a client secret without a client id",
            )
            .hint(format!("set {} or `--client-id`", env::CLIENT_ID)));
        }
    };
    Ok(builder.build())
}

/// With `-vv`, each request is named when it is done. Its path has no secrets: they travel in bodies.
fn told(builder: Builder, verbosity: u8) -> Builder {
    if verbosity < 2 {
        return builder;
    }
    builder.on_finished(|finished| {
        let Finished {
            method,
            path,
            status,
            attempts,
            elapsed,
            ..
        } = finished;
        let status = status.map_or_else(
            || "no answer".to_owned(),
            |status| status.as_u16().to_string(),
        );
        print_note(&format!(
            "{method} {path} → {status} (attempts: {attempts}, {elapsed:.1?})"
        ));
    })
}

/// The environment, in which `--client-id` stands for its variable.
fn environment(client_id: Option<String>) -> impl CredentialProvider {
    Environment::reading(move |name: &str| match (name, &client_id) {
        (env::CLIENT_ID, Some(id)) => Some(OsString::from(id)),
        _ => std::env::var_os(name),
    })
}

/// An id that may have been typed or set; an empty one counts as absent, as CI systems set those.
fn number(text: Option<&str>, flag: &str, variable: &str) -> Outcome<Option<i64>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = text.parse::<i64>().map_err(|_| {
        let message = format!("`{text}` is no number ({flag} or {variable})");
        Failure::message(Exit::Configuration, message)
    });
    number.map(Some)
}

/// A sandbox that does not start is a matter of configuration: its settings, its file or its port.
pub(crate) fn sandbox_failure(error: SandboxError) -> Failure {
    let hint = match &error {
        SandboxError::Settings { .. } => None,
        SandboxError::Bind { .. } => Some("`--port 0` takes a free one"),
        _ => Some("`--sandbox-data DIR` puts its data elsewhere; one process at a time can use it"),
    };
    let failure = Failure::new(Exit::Configuration, error).context("the sandbox does not start");
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The sandbox's database, in the given folder or in the user's data folder.
pub(crate) fn sandbox_file(args: &ConnectionArgs) -> Outcome<PathBuf> {
    let folder = match &args.sandbox_data {
        Some(folder) => folder.clone(),
        None => {
            let base = etcetera::choose_base_strategy().map_err(|error| {
                Failure::new(Exit::Configuration, error).hint("give `--sandbox-data DIR`")
            })?;
            base.data_dir().join("octane-client").join("sandbox")
        }
    };
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!(
                "cannot make the sandbox's folder `{}`",
                folder.display()
            ))
            .hint("give a folder that can be written with `--sandbox-data DIR`")
    })?;
    Ok(folder.join("octane.db"))
}

#[cfg(test)]
mod tests {
    use octane_sandbox::{Sandbox, Settings};

    use super::*;

    #[test]
    fn the_folder_of_a_sandbox_is_no_way_out_of_wrong_settings() {
        let error = Sandbox::open(Settings::default().limits(0, 5)).unwrap_err();
        assert_eq!(sandbox_failure(error).hint, None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("octane.db");
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        let storage = Storage::File(file);
        let error = Sandbox::open(Settings::default().storage(storage)).unwrap_err();
        let hint = sandbox_failure(error).hint.unwrap_or_default();
        assert!(hint.contains("`--sandbox-data DIR`"), "{hint}");
    }
}
