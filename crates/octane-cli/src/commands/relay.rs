//! `octane relay`: stores the uploads of other machines, and delivers them.

pub(super) mod arenas;
mod audit;
mod close;
mod folder;
mod oidc;
mod store;
mod suggest;
mod tls;
mod token;
mod uploads;
mod workspaces;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use octane_client::{CancellationToken, Client, Endpoint, UploadSettings, UploadSummary};
use octane_relay::{
    Deliveries, DoorSettings, Hosts, Lane, Rate, RateWatch, Server, SessionKey, Store, StorePace,
    Worker, WorkerSettings, Workspaces, routes,
};
use serde_json::json;
use tracing::{info, warn};

use crate::args::{
    ConnectionArgs, FolderArgs, Format, OnUnresolved, RelayArgs, RelayCommand, TokenCommand,
};
use crate::connect::{self, Connection};
use crate::credentials::Credentials;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, write_json_line};
use crate::policies::Policies;
use crate::shard_timeout;
use crate::signals::Signals;

use self::store::Opened;
use self::tls::Tls;

pub(super) async fn run(args: &RelayArgs, output: Output) -> Result<Exit> {
    match &args.command {
        None => Box::pin(serve(args, output)).await,
        Some(RelayCommand::Status) => {
            uploads::status(&Opened::existing(&args.store).await?, output).await
        }
        Some(RelayCommand::Retry { id, dry_run }) => {
            uploads::retry(&Opened::changed(&args.store).await?, id, *dry_run, output).await
        }
        Some(RelayCommand::Delete { id, force, dry_run }) => {
            let opened = Opened::changed(&args.store).await?;
            uploads::delete(&opened, id, *force, *dry_run, output).await
        }
        Some(RelayCommand::Close { name, of, dry_run }) => {
            let opened = Opened::changed(&args.store).await?;
            let chosen = close::Chosen::of(name, of, &args.connection)?;
            close::run(&opened, &chosen, *dry_run, output).await
        }
        Some(RelayCommand::Token(TokenCommand::List)) => {
            token::list(&*Opened::existing(&args.store).await?.store, output).await
        }
        Some(RelayCommand::Token(TokenCommand::Create {
            project,
            for_workspace,
            dry_run,
            ..
        })) => {
            let workspaces = workspaces::of_token(for_workspace, &args.connection)?;
            let opened = Opened::created(&args.store).await?;
            token::create(&opened, project.as_deref(), workspaces, *dry_run, output).await
        }
        Some(RelayCommand::Token(TokenCommand::Revoke { id, dry_run })) => {
            let opened = Opened::changed(&args.store).await?;
            token::revoke(&opened, id, *dry_run, output).await
        }
    }
}

/// Serves and delivers until it is interrupted, which is the regular end of a relay.
async fn serve(args: &RelayArgs, output: Output) -> Result<Exit> {
    if args.connection.sandbox {
        let message = "a relay delivers to a server, not to the sandbox in its own process";
        return Err(
            Failure::message(Exit::Usage, message).hint("start `octane sandbox` and use its URL")
        );
    }
    connect::check(&args.connection).await?;
    let session_key = session_key(&args.connection).await;
    let mut signals = Signals::new()?;
    let mut tls = Tls::of(&args.access, output)?;
    let opened = Opened::created(&args.store).await?;
    let store = Arc::clone(&opened.store);
    say_if_closed(args, &opened, output).await?;
    let (received, delivering) = (
        opened.folder.join("received"),
        opened.folder.join("delivering"),
    );
    remove_abandoned(&[&received, &delivering]);
    let connection = connect(&args.connection, &store, output).await?;
    let workspaces = workspaces::of(connection.client.endpoint(), &args.also_workspace);
    workspaces::say_what_is_left(&*store, &workspaces, output).await?;
    let (address, first) = (workspaces.server().clone(), workspaces.first());
    let watch = RateWatch::new(
        Arc::clone(&store),
        address.base().as_ref(),
        rate(&args.connection),
    );
    let mut door = DoorSettings::new(address, first, received);
    door.workspaces = workspaces.clone();
    door.journal_bytes_max = usize::from(args.upload_max) << 20;
    door.uploads_max = args.quota;
    if let Some(key) = session_key {
        door.session_key = key;
    }
    if args.listen.is_loopback() {
        door.hosts = Some(Hosts::new(&args.host_name));
    }
    door.is_encrypted = tls.is_some();
    door.oidc = oidc::of(&args.access, &args.connection, output).await?;
    door.audit = opened.audit.clone();
    let mut settings = WorkerSettings::new(holder(), delivering);
    settings.audit = opened.audit.clone();
    let worker = Worker::new(
        Arc::clone(&store),
        ToServer {
            workspaces: workspaces.clone(),
            endpoint: connection.client.endpoint().clone(),
            args: args.connection.clone(),
        },
        settings,
    );
    let wake = {
        let worker = worker.clone();
        move || worker.wake()
    };
    let folder = folder::open(&args.folder, &store, &door, wake.clone())?;
    let listen = SocketAddr::from((args.listen, args.port));
    let mut server = Server::bind(listen).await.map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot listen on {listen}"))
            .hint("use another port, or `--port 0` for a free one")
    })?;
    warn_if_exposed(args, tls.is_some(), output);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", server.address());
    if let Some(tls) = &tls {
        server = server.tls(tls.door());
    }
    say_started(&url, &opened, &workspaces, &args.folder, output)?;
    let stop = CancellationToken::new();
    let routes = routes(store, door, wake);
    let receiving_files = async {
        if let Some(folder) = folder {
            folder.run(&stop).await;
        }
    };
    let watching_files = async {
        if let Some(tls) = &mut tls {
            tls.watch(&stop).await;
        }
    };
    tokio::join!(
        worker.run(&stop),
        server.serve(routes, &stop),
        watch.run(&stop),
        receiving_files,
        watching_files,
        async {
            signals.next().await;
            output.say(
                "stopping; what is being delivered has 3 seconds, the rest stays in the store",
            );
            stop.cancel();
        }
    );
    connection.close().await;
    Ok(Exit::Success)
}

/// Warns if others on the network can read what agents send.
fn warn_if_exposed(args: &RelayArgs, is_encrypted: bool, output: Output) {
    if !args.listen.is_loopback() && !is_encrypted {
        output.say(
            "warning: the door is not encrypted, and others on the network can read tokens and results: use `--tls-cert`, or let agents \
             reach it through a proxy with TLS",
        );
    }
}

/// Says so if no agent can hand anything over.
async fn say_if_closed(args: &RelayArgs, opened: &Opened, output: Output) -> Result<()> {
    let tokens = opened.store.tokens().await.map_err(store::failure)?;
    let is_open = args.folder.folder.is_some() || !args.access.oidc.given.is_empty();
    if !is_open && tokens.iter().all(|token| token.project.is_none()) {
        let create = opened.suggest.command("octane relay token create PROJECT");
        output.say(&format!(
            "note: no agent can hand anything over yet; `{create}` makes a token"
        ));
    }
    Ok(())
}

/// Removes what relays have left in these folders that were killed.
fn remove_abandoned(folders: &[&Path]) {
    for folder in folders {
        let removed = tokio::task::block_in_place(|| octane_relay::remove_abandoned(folder));
        let folder = folder.display();
        match removed {
            Ok(0) => {}
            Ok(count) => info!(%folder, count, "removed what a killed relay has left"),
            Err(error) => {
                warn!(%folder, %error, "what a killed relay has left could not be removed");
            }
        }
    }
}

/// Answers with where the relay listens, and what it does.
fn say_started(
    url: &str,
    opened: &Opened,
    workspaces: &Workspaces,
    folder: &FolderArgs,
    output: Output,
) -> Result<()> {
    let server = workspaces.server().to_string();
    let all = workspaces.iter();
    let all: Vec<_> = all
        .map(|workspace| (workspace.space.to_string(), workspace.workspace.to_string()))
        .collect();
    let first = workspaces.first();
    let folder = folder.folder.as_ref();
    let folder = folder.map(|folder| folder.display().to_string());
    let json = json!({
        "schema": "octane.relay/1", "url": url, "store": opened.name, "server": server,
        "space": first.space.to_string(), "workspace": first.workspace.to_string(),
        "workspaces": all.iter().map(|(space, workspace)| json!({ "space": space, "workspace": workspace })).collect::<Vec<_>>(),
        "folder": folder,
    });
    match output.format {
        Format::Human => {
            let names = all
                .iter()
                .map(|(space, workspace)| format!("{space}/{workspace}"));
            let names = names.collect::<Vec<_>>().join(", ");
            let create = opened
                .suggest
                .command("octane relay token create --operator");
            let mut lines = vec![
                format!("Relay     {url}  (store: {})", opened.name),
                format!("Delivers  to {server} {names}"),
                format!("Pages     {url}/  (sign in with a token of `{create}`)"),
            ];
            lines.extend(folder.map(|folder| format!("Takes     files from {folder}")));
            lines.extend([String::new(), "Press Ctrl-C to stop.".to_owned()]);
            Ok(output.answer(|| Text::lines(lines), &json)?)
        }
        // On one line, so that a program knows when it has read all of it.
        Format::Json | Format::Ndjson => Ok(write_json_line(&json)?),
    }
}

/// A connection whose requests start when all relays that share the store may send one.
async fn connect(
    args: &ConnectionArgs,
    store: &Arc<dyn Store>,
    output: Output,
) -> Result<Connection> {
    let Some(rate) = rate(args) else {
        return Connection::open(args, output).await;
    };
    let address = connect::address(args)?;
    let server = address.base().to_string();
    let pace = StorePace::new(Arc::clone(store), server, Rate::per_second(rate));
    Connection::open_with(args, output, |builder| builder.shared_pace(pace)).await
}

/// What makes sessions at the door: relays with the same credentials accept each other's. The secret is not in their store.
async fn session_key(args: &ConnectionArgs) -> Option<SessionKey> {
    let found = Credentials::new(args).peek().await.ok().flatten()?;
    let secret = found.credential.secrets().next()?;
    Some(SessionKey::of(secret))
}

/// As without a relay.
const DEFAULT_RATE: u32 = 10;

/// How many requests may start in a second; only `--rate off` means that this is not limited.
fn rate(args: &ConnectionArgs) -> Option<u32> {
    args.rate.map_or(Some(DEFAULT_RATE), |rate| rate.0)
}

/// Which relay has a lane, for people who look into the database.
fn holder() -> String {
    format!("process {}", std::process::id())
}

/// Delivers as a resume on this machine would.
struct ToServer {
    workspaces: Workspaces,
    /// All workspaces share its session and its limits.
    endpoint: Endpoint,
    args: ConnectionArgs,
}

impl Deliveries for ToServer {
    fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    fn of(&self, upload: &UploadSummary) -> (Client, UploadSettings) {
        let lane = Lane::of(upload).ok();
        let workspace = lane.map_or(self.workspaces.first(), |lane| lane.workspace_in_space());
        let endpoint = self.endpoint.in_workspace(workspace);
        let client = connect::client_for(endpoint, &self.args, &upload.options);
        let mut settings = UploadSettings::default();
        let policies = Policies::as_stored(&upload.options);
        settings.require_all_jira_keys = policies.on_unresolved == OnUnresolved::Fail;
        (client, settings)
    }

    fn shard_timeout(&self, upload: &UploadSummary) -> Option<Duration> {
        shard_timeout::of_stored(&upload.options)
    }
}
