//! `octane sandbox`

mod record;
mod replay;
mod settings;

use std::net::SocketAddr;

use octane_sandbox::{Sandbox, Storage};
use serde_json::json;

use crate::args::{Format, SandboxArgs, SandboxCommand};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, Text, write_json_line};
use crate::sandbox::failure;
use crate::signals::Signals;

pub(super) async fn run(args: &SandboxArgs, output: Output) -> Result<Exit> {
    match (&args.command, &args.record) {
        (Some(SandboxCommand::Replay(replay)), _) => replay::run(replay, args, output).await,
        (None, Some(url)) => record::run(url, args, output).await,
        (None, None) => serve(args, output).await,
    }
}

/// Serves until it is interrupted, which is the regular end of a server.
async fn serve(args: &SandboxArgs, output: Output) -> Result<Exit> {
    let mut settings = settings::settings(args)?;
    if !args.listen.is_loopback() {
        settings.access.replace_public_secrets();
        output.say(&format!(
            "warning: anyone who can reach {} has full access to this sandbox",
            args.listen
        ));
    }
    let (space, workspace) = (settings.space, settings.workspace);
    let data = match &settings.storage {
        Storage::File(file) => Some(file.display().to_string()),
        _ => None,
    };
    let mut signals = Signals::new()?;
    let sandbox = Sandbox::open(settings).map_err(failure)?;
    let address = SocketAddr::from((args.listen, args.port));
    let running = sandbox.bind(address).await.map_err(failure)?;
    let (url, id, secret) = (running.url(), running.client_id(), running.client_secret());
    let human = || {
        let data = data.as_deref().unwrap_or("memory");
        Text::lines([
            format!("Sandbox   {url}  (data: {data})"),
            format!("API key   {id}  secret {secret}"),
            String::new(),
            format!("export OCTANE_URL='{url}/ui/?p={space}/{workspace}'"),
            format!("export OCTANE_CLIENT_ID='{id}'"),
            format!("export OCTANE_CLIENT_SECRET='{secret}'"),
            String::new(),
            "Press Ctrl-C to stop.".to_owned(),
        ])
    };
    let json = json!({
        "schema": "octane.sandbox/1", "url": url, "space": space.to_string(), "workspace": workspace.to_string(),
        "client_id": id, "client_secret": secret, "data": data,
    });
    match output.format {
        Format::Human => output.answer(human, &json)?,
        // On one line, so that a program knows when it has read all of it.
        Format::Json | Format::Ndjson => write_json_line(&json)?,
    }
    signals.next().await;
    running.shutdown().await;
    Ok(Exit::Success)
}
