//! `octane auth`

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use octane_rest::{
    Credential, CredentialError, Endpoint, FoundCredential, Origin, Secret, SessionKey,
};
use serde_json::{Value, json};

use crate::args::{AuthCommand, ConnectionArgs, DryRunArgs, LoginArgs};
use crate::connect::{
    build, credential_failure, remote_endpoint, warn_about_address, warn_about_insecure,
    warn_about_typed_secret,
};
use crate::credentials::Credentials;
use crate::credentials::known::{Known, kind};
use crate::credentials::login::{Logins, Place};
use crate::credentials::session_cache::SessionCache;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, ask, mask, print_for_people, secrets};

/// How long ending a session may take.
const SIGN_OUT_MAX: Duration = Duration::from_secs(3);

pub(super) async fn run(
    command: AuthCommand,
    args: &ConnectionArgs,
    output: Output,
) -> Result<Exit> {
    if args.sandbox {
        let message = "the sandbox of this program has an API key of its own, which needs no login";
        return Err(Failure::message(Exit::Usage, message)
            .hint("leave `--sandbox` out, and name a server with `--url`"));
    }
    warn_about_typed_secret(args, output);
    warn_about_insecure(args);
    match command {
        AuthCommand::Login(login_args) => login(args, login_args, output).await,
        AuthCommand::Status => status(args, output).await,
        AuthCommand::Logout(dry_run) => logout(args, dry_run, output).await,
    }
}

async fn login(args: &ConnectionArgs, login_args: LoginArgs, output: Output) -> Result<Exit> {
    let LoginArgs {
        keyring: in_keyring,
        dry_run,
    } = login_args;
    let endpoint = build(remote_endpoint(args, Credentials::new(args))?, args)?;
    warn_about_address(&endpoint, output);
    let (id, secret, origin) = key(args, &endpoint).await?;
    let credential = Credential::ApiKey {
        id: id.clone(),
        secret: secret.clone(),
    };
    let known = Known(FoundCredential {
        credential,
        origin: origin.clone(),
    });
    let builder = remote_endpoint(&alone(args), Credentials::new(args))?;
    mask::secrets_in_use();
    prove(&build(builder.credentials(known), args)?).await?;
    let (logins, place) = (logins()?, place(args, &endpoint)?);
    let is_dry_run = dry_run.dry_run;
    let left = if is_dry_run {
        None
    } else {
        let saved = logins.save(&place, &id, &secret, in_keyring);
        saved.map_err(credential_failure)?
    };
    let path = logins.path().display().to_string();
    output.answer(
        || {
            let mut text = shown(&endpoint);
            text.push(&format!("API key   {id}"));
            let saved = if is_dry_run {
                "Would be saved in"
            } else {
                "Saved    "
            };
            let location = if in_keyring { "the keyring" } else { &path };
            text.push(&format!("{saved} {location}"));
            text
        },
        &json!({
            "schema": "octane.auth_login/1",
            "server": endpoint.address().to_string(),
            "space": endpoint.workspace().space.to_string(),
            "workspace": endpoint.workspace().workspace.to_string(),
            "client_id": id,
            "origin": origin.to_string(),
            "file": path,
            "is_in_keyring": in_keyring,
            "is_dry_run": is_dry_run,
        }),
    )?;
    if let Some(error) = left {
        output.say(&format!(
            "warning: the secret of the key that this one replaces is still in the keyring: {error}"
        ));
    }
    let secrets = [
        env::CLIENT_SECRET,
        env::CLIENT_SECRET_FILE,
        env::ACCESS_TOKEN,
        env::ACCESS_TOKEN_FILE,
        env::PASSWORD,
        env::PASSWORD_FILE,
    ];
    let is_set = |name: &&str| env::read(name).is_some_and(|value| !value.is_empty());
    let of_environment = secrets.into_iter().find(is_set).map(str::to_owned);
    let of_file = args.configured.secret_setting().map(|setting| {
        let file = &args.configured.file;
        format!("`{setting}` of `{file}`")
    });
    for name in of_environment.into_iter().chain(of_file) {
        output.say(&format!(
            "note: as long as {name} is set, it counts instead of the saved key"
        ));
    }
    Ok(Exit::Success)
}

/// The API key to save, and where its secret comes from: as typed or set, or else from the person at the terminal.
async fn key(args: &ConnectionArgs, endpoint: &Endpoint) -> Result<(String, Secret, Origin)> {
    let credentials = Credentials::new(args).without_saved();
    match credentials.find().await {
        Ok(Some(FoundCredential {
            credential: Credential::ApiKey { id, secret },
            origin,
        })) => return Ok((id, secret, origin)),
        Ok(Some(found)) => {
            let message = format!(
                "only API keys can be saved, and {} has something else",
                found.origin
            );
            return Err(Failure::message(Exit::Configuration, message)
                .hint("give an API key with `--client-id` and `--secret-stdin`"));
        }
        Ok(None) | Err(CredentialError::Incomplete { .. }) => {}
        Err(error) => return Err(credential_failure(error)),
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let message = "no client secret given, and it cannot be asked for without a terminal";
        return Err(Failure::message(Exit::Configuration, message).hint(
            "use `--secret-stdin`, `--secret-file` or `--secret-command`, and `--client-id`",
        ));
    }
    let id = credentials.client_id().await.map_err(credential_failure)?;
    let address = endpoint.address();
    let id = match id {
        Some(id) => id,
        None => asked(&format!("Client ID of the API key for {address}:"), false)?,
    };
    let secret = asked(&format!("Client secret of {id} (not shown):"), true)?;
    secrets::redactor().learn(&secret);
    Ok((id, secret.into(), Origin::StandardInput))
}

/// What the person at the terminal types; it is not shown if it is secret.
fn asked(question: &str, is_secret: bool) -> Result<String> {
    let asked = ask(question);
    let _ = io::stderr().flush();
    let answer = if is_secret {
        rpassword::read_password()?
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line
    };
    drop(asked);
    let answer = answer.trim();
    if answer.is_empty() {
        return Err(Failure::message(
            Exit::Usage,
            "nothing was typed; nothing is saved",
        ));
    }
    Ok(answer.to_owned())
}

/// The same options for a session that other processes do not share, which can be ended at once.
fn alone(args: &ConnectionArgs) -> ConnectionArgs {
    ConnectionArgs {
        session_cache: false,
        ..args.clone()
    }
}

/// Signs in, and makes one request with the session: a token is not checked before.
async fn prove(endpoint: &Endpoint) -> Result<(), octane_rest::Error> {
    endpoint.sign_in().await?;
    let answer = endpoint.get("releases?limit=1&fields=id").await;
    let _ = tokio::time::timeout(SIGN_OUT_MAX, endpoint.sign_out()).await;
    match answer {
        // A user who lacks a permission, or names a workspace that does not exist, has signed in.
        Err(error) if error.is_forbidden() || error.is_not_found() => Ok(()),
        other => other.map(drop),
    }
}

async fn status(args: &ConnectionArgs, output: Output) -> Result<Exit> {
    let alone = alone(args);
    let credentials = Credentials::new(args);
    let builder = remote_endpoint(&alone, Credentials::new(args))?;
    let endpoint = build(builder, args)?;
    warn_about_address(&endpoint, output);
    let found = match credentials.find().await {
        Ok(found) => found,
        Err(error) => {
            let mut failure = credential_failure(error);
            failure.exit = Exit::Unauthorized;
            return Ok(report(&endpoint, None, None, Some(failure), output)?);
        }
    };
    let Some(found) = found else {
        let failure = Failure::message(Exit::Unauthorized, "no credentials given").hint(
            "run `octane auth login`; `octane auth status --help` lists where credentials may be",
        );
        return Ok(report(&endpoint, None, None, Some(failure), output)?);
    };
    let builder = remote_endpoint(&alone, Credentials::new(args))?;
    let known = Known(found.clone());
    mask::secrets_in_use();
    let proof = prove(&build(builder.credentials(known), args)?).await;
    let session = shared_session(args, &endpoint, &found);
    let failure = proof.err().map(Failure::from);
    Ok(report(
        &endpoint,
        Some(&found),
        session.as_ref(),
        failure,
        output,
    )?)
}

/// The session that processes share: its file, and how many seconds old it is.
fn shared_session(
    args: &ConnectionArgs,
    endpoint: &Endpoint,
    found: &FoundCredential,
) -> Option<(String, u64)> {
    let cache = SessionCache::existing().ok()?;
    let cache = cache.filter(|_| args.session_cache)?;
    let key = SessionKey::of(endpoint.address().to_string(), &found.credential)?;
    let session = cache.peek(&key).ok()??;
    Some((
        cache.path(&key).display().to_string(),
        session.age.as_secs(),
    ))
}

/// Prints what is known about the credentials, and returns the exit code.
fn report(
    endpoint: &Endpoint,
    found: Option<&FoundCredential>,
    session: Option<&(String, u64)>,
    failure: Option<Failure>,
    output: Output,
) -> io::Result<Exit> {
    let kind = found.map(|found| kind(&found.credential));
    let id = found.and_then(|found| found.credential.id());
    let sign_in = match failure.as_ref().map(|failure| failure.exit) {
        None => "works",
        Some(Exit::Unauthorized) if found.is_none() => "missing",
        Some(Exit::Unauthorized) => "rejected",
        Some(Exit::Unreachable) => "unreachable",
        Some(_) => "failed",
    };
    output.answer(
        || {
            let mut text = shown(endpoint);
            if let (Some(found), Some((_, kind))) = (found, kind) {
                text.push(&format!("{kind:10}{}", id.unwrap_or("given as it is")));
                text.push(&format!("Secret    from {}", found.origin));
            }
            if let Some((file, age)) = session {
                text.push(&format!("Session   shared, {} min old ({file})", age / 60));
            }
            let is_unusable = failure
                .as_ref()
                .is_some_and(|failure| failure.error.is::<CredentialError>());
            let sign_in = match sign_in {
                "missing" if is_unusable => "not tried, as the credentials cannot be used",
                "missing" => "not tried, as there are no credentials",
                sign_in => sign_in,
            };
            text.push(&format!("Sign-in   {sign_in}"));
            text
        },
        &json!({
            "schema": "octane.auth_status/1",
            "server": endpoint.address().to_string(),
            "space": endpoint.workspace().space.to_string(),
            "workspace": endpoint.workspace().workspace.to_string(),
            "kind": kind.map(|(kind, _)| kind),
            "client_id": id,
            "origin": found.map(|found| found.origin.to_string()),
            "sign_in": sign_in,
            "error": failure.as_ref().map(|failure| format!("{:#}", failure.error)),
            "hint": failure.as_ref().and_then(|failure| failure.hint.clone()),
            "session": session.map(|(file, age)| json!({ "file": file, "age_seconds": age })),
        }),
    )?;
    let Some(failure) = failure else {
        return Ok(Exit::Success);
    };
    print_for_people(&failure);
    Ok(failure.exit)
}

async fn logout(args: &ConnectionArgs, dry_run: DryRunArgs, output: Output) -> Result<Exit> {
    let endpoint = build(remote_endpoint(&alone(args), Credentials::new(args))?, args)?;
    let (logins, place) = (logins()?, place(args, &endpoint)?);
    let is_dry_run = dry_run.dry_run;
    // If a session cannot be ended, its key is deleted nevertheless.
    let (removed, ended) = if is_dry_run {
        (logins.client_id(&place), Ok(()))
    } else {
        let ended = end_sessions(args, &endpoint, output).await;
        (logins.remove(&place), ended)
    };
    let removed = removed.map_err(credential_failure)?;
    let path = logins.path().display().to_string();
    output.answer(
        || {
            let mut text = shown(&endpoint);
            text.push(&match &removed {
                Some(id) if is_dry_run => format!("would delete API key {id} ({path})"),
                Some(id) => format!("Deleted   API key {id} ({path})"),
                None => "no API key was saved for this server and space".to_owned(),
            });
            text
        },
        &json!({
            "schema": "octane.auth_logout/1",
            "server": endpoint.address().to_string(),
            "space": endpoint.workspace().space.to_string(),
            "client_id": removed.as_ref().map_or(Value::Null, |id| json!(id)),
            "file": path,
            "is_dry_run": is_dry_run,
        }),
    )?;
    if let Err(failure) = ended {
        print_for_people(&failure);
        return Ok(failure.exit);
    }
    Ok(Exit::Success)
}

/// Ends all sessions on a server that processes share, whatever key they were made with: a session needs no secret any more. Fails if
/// one is still there.
async fn end_sessions(args: &ConnectionArgs, endpoint: &Endpoint, output: Output) -> Result<()> {
    let Some(cache) = SessionCache::existing().map_err(credential_failure)? else {
        return Ok(());
    };
    let failed = |error| {
        Failure::new(Exit::Configuration, error).context("cannot delete the shared sessions")
    };
    let server = endpoint.address().to_string();
    for key in cache.keys_of(&server).map_err(failed)? {
        let reason = match cache.peek(&key) {
            Ok(None) => None,
            Ok(Some(_)) => end_session(args, &key, &cache).await?,
            Err(error) => Some(error.to_string()),
        };
        cache.remove(&key).map_err(failed)?;
        if let Some(reason) = reason {
            output.say(&format!(
                "warning: the shared session of {} is deleted here, but the server may keep it until it expires: {reason}",
                key.id
            ));
        }
    }
    Ok(())
}

/// Ends a shared session. Returns why the server may not have done so.
async fn end_session(
    args: &ConnectionArgs,
    key: &SessionKey,
    cache: &SessionCache,
) -> Result<Option<String>> {
    // The session is found by its name.
    let secret = Secret::from("");
    let credential = match key.id.strip_prefix("user ") {
        Some(name) => Credential::User {
            name: name.to_owned(),
            password: secret,
        },
        None => Credential::ApiKey {
            id: key.id.clone(),
            secret,
        },
    };
    let known = Known(credential.into());
    let builder = remote_endpoint(&alone(args), Credentials::new(args))?
        .credentials(known)
        .session_store(cache.clone());
    let endpoint = build(builder, args)?;
    let ended = tokio::time::timeout(SIGN_OUT_MAX, endpoint.sign_out()).await;
    Ok(match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{:#}", anyhow::Error::from(error))),
        Err(_) => Some("no response in time".to_owned()),
    })
}

fn shown(endpoint: &Endpoint) -> Text {
    let workspace = endpoint.workspace();
    let (space, workspace) = (workspace.space, workspace.workspace);
    Text::line(format!(
        "Server    {} (space {space}, workspace {workspace})",
        endpoint.address()
    ))
}

fn logins() -> Result<Logins> {
    Logins::of_user().map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context("cannot find your directory for configuration files")
    })
}

/// The server and space of a key, as they are looked for later.
fn place(args: &ConnectionArgs, endpoint: &Endpoint) -> Result<Place> {
    let space = Some(endpoint.workspace().space.get());
    let place = Place::of(args).map(|place| Place { space, ..place });
    place.ok_or_else(|| Failure::message(Exit::Configuration, "no server given"))
}
