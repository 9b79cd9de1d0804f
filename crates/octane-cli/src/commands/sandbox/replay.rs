//! `octane sandbox replay`

use std::path::Path;

use octane_model::plural::plural;
use octane_rest::{CredentialProvider as _, EndpointSettings, Environment};
use octane_sandbox::{Running, Sandbox};
use serde_json::{Value, json};

use super::settings;
use crate::args::{ReplayArgs, SandboxArgs};
use crate::connect::{
    apply_network, credential_failure, network, warn_about_insecure_network, warn_about_typed_proxy,
};
use crate::credentials::hint::credentials_hint;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, secrets, table};
use crate::recording::folder::{self, FolderError};
use crate::recording::request_path::RequestPath;
use crate::replay::compare::{Difference, Kind};
use crate::replay::group::{Group, Grouping, Requests};
use crate::replay::play::{PlayError, Played, Player};
use crate::replay::reason::Reason;
use crate::replay::sign_in::OwnCredentials;
use crate::replay::substitute::Spaces;
use crate::sandbox::failure;

/// How many members of a difference a line of the table has.
const FIELDS_MAX: usize = 4;

/// What a replay has found.
#[derive(Default)]
struct Findings {
    compared: usize,
    differences: Grouping<Difference>,
    not_compared: Grouping<Reason>,
}

pub(super) async fn run(args: &ReplayArgs, sandbox: &SandboxArgs, output: Output) -> Result<Exit> {
    let files = folder::files(&args.folder).map_err(unreadable)?;
    // All of them before anything is played.
    let mut recorded = None;
    for file in &files {
        let exchange = folder::read(file).map_err(unreadable)?;
        let path = RequestPath::of(&exchange.request.path);
        recorded = recorded.or_else(|| {
            let (space, workspace) = path.space.zip(path.workspace)?;
            Some((space.to_owned(), workspace.to_owned()))
        });
    }
    let recorded = recorded.unwrap_or_default();
    let mut own = None;
    let mut replaying = match &args.server {
        Some(url) => elsewhere(url, recorded, sandbox, output).await?,
        None => {
            let (running, player) = embedded(recorded, sandbox).await?;
            own = Some(running);
            player
        }
    };
    let mut findings = Findings::default();
    for file in &files {
        let exchange = folder::read(file).map_err(unreadable)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let answered = replaying.play(&exchange).await;
        let answered = answered.map_err(|error| unplayable(error, name.as_ref().as_ref()))?;
        findings.add(
            answered,
            &exchange.request.method,
            &exchange.request.path,
            &name,
        );
    }
    if let Some(running) = own {
        running.shutdown().await;
    }
    report(findings, files.len(), args, output)
}

impl Findings {
    fn add(&mut self, played: Played, method: &str, path: &str, file: &str) {
        let path = RequestPath::of(path).template();
        match played {
            Played::Compared(differences) => {
                self.compared += 1;
                for difference in differences {
                    self.differences.add(difference, method, &path, file);
                }
            }
            Played::NotCompared(reason) => self.not_compared.add(reason, method, &path, file),
        }
    }
}

/// A player for a fresh sandbox in this process, whose space and workspace have the recorded IDs.
async fn embedded(recorded: (String, String), args: &SandboxArgs) -> Result<(Running, Player)> {
    let ids = recorded.0.parse().ok().zip(recorded.1.parse().ok());
    let settings = settings::fresh(args, ids)?;
    let user = settings.access.users.first();
    let mut credentials = OwnCredentials {
        user: user.map(|user| (user.name().to_owned(), user.password().into())),
        ..OwnCredentials::default()
    };
    let replayed = (settings.space.to_string(), settings.workspace.to_string());
    let running = Sandbox::start_with(settings).await.map_err(failure)?;
    if !running.client_id().is_empty() {
        let (id, secret) = (running.client_id(), running.client_secret());
        credentials.key = Some((id.to_owned(), secret.into()));
    }
    let mut direct = EndpointSettings::default();
    direct.proxy = Some("direct".into());
    let (address, network) = network(&running.url(), direct)?;
    let spaces = Spaces { recorded, replayed };
    Ok((running, Player::new(&address, network, credentials, spaces)))
}

/// A player for another server, with the credentials of the environment.
async fn elsewhere(
    url: &str,
    recorded: (String, String),
    args: &SandboxArgs,
    output: Output,
) -> Result<Player> {
    warn_about_typed_proxy(&args.network, output);
    warn_about_insecure_network(&args.network);
    if args.settings.is_some() || !args.set.is_empty() {
        let message = "`--settings` and `--set` belong to a sandbox of this process";
        return Err(Failure::message(Exit::Usage, message)
            .hint("leave out `--server`, or start the other sandbox with them"));
    }
    let mut settings = EndpointSettings::default();
    apply_network(&args.network, &mut settings);
    let (address, network) = network(url, settings)?;
    let found = Environment::reading(env::read).credential().await;
    let found = found.map_err(credential_failure)?.ok_or_else(|| {
        Failure::message(Exit::Configuration, "no credentials given").hint(credentials_hint())
    })?;
    for secret in found.credential.secrets() {
        secrets::redactor().learn(secret.expose());
    }
    let replayed = match (address.space(), address.workspace()) {
        (Some(space), Some(workspace)) => (space.to_string(), workspace.to_string()),
        _ => recorded.clone(),
    };
    let spaces = Spaces { recorded, replayed };
    Ok(Player::new(
        &address,
        network,
        found.credential.into(),
        spaces,
    ))
}

fn report(findings: Findings, recorded: usize, args: &ReplayArgs, output: Output) -> Result<Exit> {
    let compared = findings.compared;
    let groups = findings.differences.into_groups();
    let not_compared: Vec<(Reason, Vec<Requests>)> =
        findings.not_compared.into_requests().collect();
    if compared == 0 {
        let message = format!("none of the {recorded} recorded exchanges could be compared");
        let reasons: Vec<&str> = not_compared
            .iter()
            .map(|(reason, _)| reason.meaning())
            .collect();
        return Err(Failure::message(Exit::Input, reasons.join("; ")).context(message));
    }
    let exit = if groups.is_empty() {
        Exit::Success
    } else {
        Exit::Different
    };
    let json = json!({
        "schema": "octane.replay/1",
        "outcome": if groups.is_empty() { "equal" } else { "different" },
        "exit_code": exit.code(),
        "folder": args.folder.display().to_string(),
        "server": args.server,
        "recorded": recorded,
        "compared": compared,
        "differences": groups.iter().map(difference_json).collect::<Vec<_>>(),
        "not_compared": not_compared
            .iter()
            .map(|(reason, requests)| json!({
                "reason": reason.word(),
                "count": count(requests),
                "requests": requests.iter().map(requests_json).collect::<Vec<_>>(),
            }))
            .collect::<Vec<_>>(),
    });
    let human = || {
        let mut text = Text::default();
        if !groups.is_empty() {
            let header = [
                "DIFFERENCE",
                "METHOD",
                "PATH",
                "AT",
                "RECORDED",
                "REPLAYED",
                "COUNT",
            ];
            text.append(table(&header, groups.iter().map(row)));
            text.push("");
        }
        for (reason, requests) in &not_compared {
            let places: Vec<String> = requests.iter().map(place).collect();
            text.push(&format!(
                "not compared: {} ({}): {}",
                plural(count(requests), "exchange"),
                places.join(", "),
                reason.meaning()
            ));
        }
        let found = match groups.len() {
            0 => "no differences".to_owned(),
            count => plural(count, "difference"),
        };
        text.push(&format!(
            "{compared} of {recorded} exchanges compared: {found}"
        ));
        text
    };
    output.answer(human, &json)?;
    Ok(exit)
}

fn count(requests: &[Requests]) -> usize {
    requests.iter().map(|requests| requests.count).sum()
}

fn place(requests: &Requests) -> String {
    format!("{} {}", requests.method, requests.path)
}

fn row(group: &Group) -> [String; 7] {
    let first = group.requests.first();
    let method = first.map_or("", |requests| &requests.method);
    let path = first.map_or("", |requests| &requests.path);
    let path = match group.requests.len() {
        0 | 1 => path.to_owned(),
        several => format!("{path} (+{})", several - 1),
    };
    let mut fields = group.fields.join(", ");
    if group.fields.len() > FIELDS_MAX {
        let more = group.fields.len() - FIELDS_MAX;
        fields = format!("{} (+{more})", group.fields[..FIELDS_MAX].join(", "));
    }
    let absent = || "-".to_owned();
    let (recorded, replayed) = match group.kind {
        Kind::MissingFields => (fields, absent()),
        Kind::ExtraFields => (absent(), fields),
        _ => (
            group.recorded.clone().unwrap_or_default(),
            group.replayed.clone().unwrap_or_default(),
        ),
    };
    [
        group.kind.label(),
        method.to_owned(),
        path,
        group.at.clone(),
        recorded,
        replayed,
        group.count().to_string(),
    ]
}

fn difference_json(group: &Group) -> Value {
    json!({
        "kind": group.kind.word(),
        "at": group.at,
        "fields": group.fields,
        "recorded": group.recorded,
        "replayed": group.replayed,
        "count": group.count(),
        "requests": group.requests.iter().map(requests_json).collect::<Vec<_>>(),
    })
}

fn requests_json(requests: &Requests) -> Value {
    json!({
        "method": requests.method,
        "path": requests.path,
        "count": requests.count,
        "file": requests.file,
    })
}

/// A recording that cannot be read.
fn unreadable(error: FolderError) -> Failure {
    let hint = match &error {
        FolderError::Syntax { .. } | FolderError::Content { .. } => {
            "nothing was played; `octane schema exchange` describes the files"
        }
        _ => "`octane sandbox --record URL` writes a recording",
    };
    Failure::new(Exit::Input, error).hint(hint)
}

/// A server that does not play along. Nothing can be said about the rest of the recording.
fn unplayable(error: PlayError, file: &Path) -> Failure {
    let (exit, hint) = match &error {
        PlayError::Unreachable { .. } => (
            Exit::Unreachable,
            "the rest of the recording was not played; check the URL and the network, then try again".to_owned(),
        ),
        PlayError::SignIn { .. } => (
            Exit::Unauthorized,
            format!("check {} and {}", env::CLIENT_ID, env::CLIENT_SECRET),
        ),
        PlayError::NoCredentials { .. } => (Exit::Configuration, credentials_hint()),
    };
    let context = format!("could not play `{}`", file.display());
    Failure::new(exit, error).context(context).hint(hint)
}
