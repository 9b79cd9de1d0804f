//! `octane sandbox`

use std::net::{Ipv4Addr, SocketAddr};

use octane_sandbox::{Sandbox, Settings, Storage};
use serde_json::json;

use crate::args::{ConnectionArgs, SandboxArgs};
use crate::connect::{sandbox_failure, sandbox_file};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::Output;

/// Serves until it is interrupted.
pub(super) async fn run(
    args: &SandboxArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Outcome<Exit> {
    let storage = if args.memory {
        Storage::Memory
    } else {
        Storage::File(sandbox_file(connection)?)
    };
    let settings = Settings::default()
        .storage(storage.clone())
        .run_backlog_field(!args.without_run_links)
        .accept_evidence(args.accept_evidence);
    let (space, workspace) = (settings.space, settings.workspace);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let sandbox = Sandbox::open(settings).map_err(sandbox_failure)?;
    let running = sandbox.bind(address).await.map_err(sandbox_failure)?;
    let (url, id, secret) = (running.url(), running.client_id(), running.client_secret());
    let place = match &storage {
        Storage::File(file) => file.display().to_string(),
        _ => "memory".to_owned(),
    };
    let human = || {
        format!(
            "Sandbox   {url}  (data: {place})\n\nexport OCTANE_URL='{url}/ui/?p={space}/{workspace}'\n\
             export OCTANE_CLIENT_ID={id}\nexport OCTANE_CLIENT_SECRET={secret}\n\nCtrl-C ends it."
        )
    };
    let json = json!({
        "url": url, "space": space, "workspace": workspace, "client_id": id, "client_secret": secret, "data": place,
    });
    output.answer(human, &json)?;
    stopped().await;
    running.shutdown().await;
    Ok(Exit::Success)
}

/// Ctrl-C, or a request to end from outside.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
