//! One file per command.

mod api;
mod auth;
mod changes;
mod ci;
mod compat;
mod completions;
mod config;
mod connected;
mod convert;
mod delivery;
mod doctor;
mod dry_run;
mod entity;
mod exec;
mod hand_over;
mod jira;
mod link;
mod list;
mod lookup;
#[cfg(feature = "man")]
mod man;
mod merge;
mod module;
mod pauses;
mod preparation;
#[cfg(feature = "relay")]
mod relay;
mod remaining;
mod resume;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod shards;
mod similar;
mod story;
mod suite;
mod suite_run;
mod upload;
mod uploads;
mod validate;
mod version;
mod wait;

use octane_client::Client;

use self::connected::{connected, of_group};
use crate::args::{
    Args, CiCommand, Command, OnServerGroup, RunCommand, StoryCommand, SuiteRunCommand,
};
use crate::connect::check_standard_input;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

/// What has to happen before the program has threads, and prints anything.
pub(crate) fn begin(command: &Command) {
    match command {
        #[cfg(feature = "relay")]
        Command::Relay(args) if args.command.is_none() => relay::arenas::bound(),
        _ => {}
    }
}

/// Runs a command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let output = Output {
        format: args.format,
        is_quiet: args.quiet,
        is_verbose: args.verbose > 0,
    };
    for note in &args.overridden {
        output.say(note);
    }
    match args.command {
        Command::Upload(args) => Box::pin(upload::run(&args, output)).await,
        Command::Exec(args) => Box::pin(exec::run(&args, output)).await,
        Command::Resume(args) => Box::pin(resume::run(&args, output)).await,
        Command::Merge(args) => Box::pin(merge::run(&args, output)).await,
        Command::Status(server) => {
            Box::pin(wait::status(&server.args, &server.connection, output)).await
        }
        Command::Wait(server) => {
            Box::pin(wait::run(&server.args, &server.connection, output)).await
        }
        Command::Uploads(group) => uploads::run(&group.command, output),
        Command::Validate(args) => validate::run(&args, output),
        Command::Convert(args) => convert::run(&args, output),
        Command::Module(group) => of_group(group.into_inner(), output, module::run).await,
        Command::Suite(group) => of_group(group.into_inner(), output, suite::run).await,
        Command::SuiteRun(group) => match group.into_inner() {
            OnServerGroup {
                command: SuiteRunCommand::Close(args),
                connection,
            } => Box::pin(merge::close(&args, &connection, output)).await,
            group => of_group(group, output, suite_run::run).await,
        },
        Command::Run(group) => match group.into_inner() {
            // Without a server, as none would help.
            OnServerGroup {
                command: RunCommand::Create(_) | RunCommand::Ensure(_),
                ..
            } => Err(run::not_created()),
            group => of_group(group, output, run::run).await,
        },
        Command::Story(group) => match group.into_inner() {
            OnServerGroup {
                command: StoryCommand::Coverage { id, status, spool },
                ..
            } => story::coverage_of(id.as_ref(), &status, &spool, output),
            group => of_group(group, output, story::run).await,
        },
        Command::Jira(group) => of_group(group.into_inner(), output, jira::run).await,
        Command::Link(server) => {
            let command = async |client: &Client| link::link(&server.args, client, output).await;
            connected(&server.connection, output, command).await
        }
        Command::Unlink(server) => {
            let command = async |client: &Client| link::unlink(&server.args, client, output).await;
            connected(&server.connection, output, command).await
        }
        Command::Doctor(server) => {
            Box::pin(doctor::run(&server.args, &server.connection, output)).await
        }
        Command::Auth(group) => {
            let OnServerGroup {
                command,
                connection,
            } = group.into_inner();
            Box::pin(auth::run(command, &connection, output)).await
        }
        Command::Api(server) => {
            let is_read = server.args.data.as_deref() == Some("@-");
            check_standard_input(&server.connection, is_read)?;
            let command = async |client: &Client| api::run(&server.args, client, output).await;
            connected(&server.connection, output, command).await
        }
        #[cfg(feature = "relay")]
        Command::Relay(args) => Box::pin(relay::run(&args, output)).await,
        #[cfg(not(feature = "relay"))]
        Command::Relay(_) => Err(crate::relay::absent()),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => Box::pin(sandbox::run(&args, output)).await,
        #[cfg(not(feature = "sandbox"))]
        Command::Sandbox(_) => Err(crate::sandbox::absent()),
        Command::Ci(group) => match group.command {
            CiCommand::Env => ci::env(output),
        },
        Command::Compat(args) => compat::run(&args, output),
        Command::Completions(args) => completions::run(&args),
        Command::Config(group) => config::run(&group.command, &args.effective, output),
        #[cfg(feature = "man")]
        Command::Man(args) => man::run(&args.folder),
        Command::Schema(args) => schema::run(&args, output),
        Command::Version(args) => version::run(args.json, output),
    }
}
