//! `octane sandbox --record URL`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use octane_model::plural::plural;
use octane_rest::EndpointSettings;
use serde_json::json;

use crate::args::{Format, SandboxArgs};
use crate::connect::{apply_network, network, warn_about_insecure_network, warn_about_typed_proxy};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, secrets, write_json_line};
use crate::recording::folder::{Folder, FolderError};
use crate::recording::recorder::{BODY_BYTES_MAX, Recorder};
use crate::sandbox::failure;
use crate::signals::Signals;

/// How long a server may be silent: some requests of CI plug-ins wait for work.
const READ_TIMEOUT: Duration = Duration::from_secs(600);

/// Passes requests on until it is interrupted, which is its regular end.
pub(super) async fn run(url: &str, args: &SandboxArgs, output: Output) -> Result<Exit> {
    if !args.listen.is_loopback() {
        let message = format!(
            "`--listen {}`: a recorder listens on the loopback interface only, because it passes on credentials",
            args.listen
        );
        return Err(Failure::message(Exit::Usage, message)
            .hint("run it on the machine of the client, without `--listen`"));
    }
    warn_about_typed_proxy(&args.network, output);
    warn_about_insecure_network(&args.network);
    let mut settings = EndpointSettings::default();
    apply_network(&args.network, &mut settings);
    settings.read_timeout = READ_TIMEOUT;
    settings.response_bytes_max = BODY_BYTES_MAX.into();
    let (server, network) = network(url, settings)?;
    if server.is_exposed() {
        output.say(&format!(
            "warning: {server} is not encrypted; others on the network can read what is recorded (use `https://`)"
        ));
    }
    let mut signals = Signals::new()?;
    let folder = match &args.record_into {
        Some(folder) => folder.clone(),
        None => default_folder(Timestamp::now()),
    };
    let folder = Folder::create(&folder).map_err(unwritable)?;
    let address = SocketAddr::from((args.listen, args.port));
    let redactor = secrets::redactor().clone();
    let recorder = Recorder::bind(address, &server, network, folder, redactor).await;
    let recorder = recorder.map_err(failure)?;
    let folder = recorder.folder().display().to_string();
    let context = server.base().path().trim_end_matches('/');
    let own = format!("{}{context}", recorder.url());
    let octane_url = match (server.space(), server.workspace()) {
        (Some(space), Some(workspace)) => format!("{own}/ui/?p={space}/{workspace}"),
        _ => own,
    };
    let human = || {
        Text::lines([
            format!("Recorder  {octane_url}"),
            format!("Server    {server}"),
            format!("Folder    {folder}"),
            String::new(),
            format!("export OCTANE_URL='{octane_url}'"),
            String::new(),
            "Secrets and cookies are masked; names, e-mail addresses and all other content is recorded."
                .to_owned(),
            "Press Ctrl-C to stop.".to_owned(),
        ])
    };
    let json = json!({
        "schema": "octane.recording/1",
        "url": octane_url,
        "server": server.to_string(),
        "folder": folder,
    });
    match output.format {
        Format::Human => output.answer(human, &json)?,
        // On one line, so that a program knows when it has read all of it.
        Format::Json | Format::Ndjson => write_json_line(&json)?,
    }
    tokio::select! {
        _ = signals.next() => {}
        () = recorder.failed() => {}
    }
    let written = recorder.shutdown().await.map_err(unwritable)?;
    let written = plural(written, "exchange");
    output.say(&format!(
        "recorded {written} in {folder}; `octane sandbox replay FOLDER` compares a sandbox with them"
    ));
    Ok(Exit::Success)
}

fn default_folder(now: Timestamp) -> PathBuf {
    now.strftime("octane-recording-%Y%m%dT%H%M%SZ")
        .to_string()
        .into()
}

fn unwritable(error: FolderError) -> Failure {
    Failure::new(Exit::Configuration, error)
        .hint("choose another folder with `--record-into FOLDER`")
}
