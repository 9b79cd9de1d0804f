//! One file a command.

mod api;
mod convert;
mod delivery;
mod jira;
mod link;
mod module;
mod named;
mod resume;
mod run;
mod sandbox;
mod suite;
mod suite_run;
mod upload;
mod uploads;
mod validate;
mod version;

use crate::args::{Args, Command};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Does what was asked.
pub(crate) async fn run(args: Args) -> Result<Exit, Failure> {
    let output = Output {
        format: args.format,
        is_quiet: args.quiet,
    };
    if args.connection.client_secret.is_some() {
        output.say("warning: a secret on the command line can be seen by others; set OCTANE_CLIENT_SECRET instead");
    }
    match args.command {
        Command::Upload(upload) => {
            upload::run(&upload, &args.connection, output, args.verbose).await
        }
        Command::Resume(resume) => {
            resume::run(&resume, &args.connection, output, args.verbose).await
        }
        Command::Status(status) => uploads::status(&status, output),
        Command::Uploads(command) => uploads::run(&command, output),
        Command::Validate(validate) => validate::run(&validate, output),
        Command::Convert(convert) => convert::run(&convert, output),
        Command::Sandbox(sandbox) => sandbox::run(&sandbox, &args.connection, output).await,
        Command::Version => version::run(output),
        remote => {
            let connection = Connection::open(&args.connection, args.verbose).await?;
            let client = &connection.client;
            let done = match remote {
                Command::Module(command) => module::run(command, client, output).await,
                Command::Suite(command) => suite::run(command, client, output).await,
                Command::SuiteRun(command) => suite_run::run(command, client, output).await,
                Command::Run(command) => run::run(command, client, output).await,
                Command::Jira(command) => jira::run(command, client, output).await,
                Command::Link(link) => link::run(&link, link::Change::Link, client, output).await,
                Command::Unlink(link) => {
                    link::run(&link, link::Change::Unlink, client, output).await
                }
                Command::Api(api) => api::run(api, client).await,
                _ => Err(Failure::message(Exit::Internal, "a command without a home")),
            };
            connection.close().await;
            done
        }
    }
}
