//! The program `octane`: arguments become settings, settings become work, work becomes output.

#![forbid(unsafe_code)]

mod args;
mod build_context;
mod ci;
mod collection_tool;
mod command_run;
mod commands;
mod compat;
mod connect;
mod credentials;
mod doctor;
mod env;
mod exit;
mod failure;
mod files;
mod hints;
mod input;
mod names;
mod network_hint;
mod output;
mod output_file;
mod payload;
mod policies;
mod properties;
#[cfg(feature = "sandbox")]
mod recording;
mod relay;
#[cfg(feature = "sandbox")]
mod replay;
mod sandbox;
mod schema;
mod settings;
mod shard_timeout;
mod signals;
mod spool;
mod suggest;
mod test_failures;
mod unwritten;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Args, Color, Command, Format, LineError, SuiteRunCommand};
use clap::error::ErrorKind;
use compat::Translated;
use exit::Exit;
use failure::{Failure, Result};

fn main() -> ExitCode {
    Color::in_line(std::env::args_os()).apply();
    output::secrets::learn(std::env::args_os());
    let args = match parse(std::env::args_os()) {
        Ok(args) => args,
        Err(LineError::Failed(failure)) => {
            let format = Format::asked_for_in(std::env::args_os());
            output::annotate::usage(&failure.error.to_string(), format);
            output::print_failure(&failure, format, failure.exit);
            return ExitCode::from(failure.exit.code());
        }
        Err(LineError::Usage(error)) => {
            // Help and version end here too, with code 0.
            if error.use_stderr() {
                let text = output::secrets::clean_arguments(&error.render());
                output::print_usage_error(&text);
                let format = Format::asked_for_in(std::env::args_os());
                output::annotate::usage(&usage_message(&text), format);
                if format.is_json() {
                    let message = match error.kind() {
                        // The text is the help, not what is wrong.
                        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                            "a subcommand is missing; `--help` lists them".to_owned()
                        }
                        _ => usage_message(&text),
                    };
                    let failure = Failure::message(Exit::Usage, message);
                    output::print_failure_json(&failure, format, failure.exit);
                }
            }
            if error.use_stderr() {
                return ExitCode::from(Exit::Usage.code());
            }
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
    };
    commands::begin(&args.command);
    if let Command::Sandbox(_) = &args.command {
        // It connects to nothing, and shows its own API key.
        output::secrets::redactor().forget();
    }
    let format = args.format;
    let done = files::check_limit().and_then(|()| {
        // What is wrong with a relay while it runs is said nowhere else.
        let is_relay = matches!(&args.command, Command::Relay(relay) if relay.command.is_none());
        output::log::start(args.verbose, is_relay && !args.quiet)?;
        let runtime = runtime()?;
        let done = runtime.block_on(run(args));
        // A thread may still read a line of input that is not needed any more.
        runtime.shutdown_background();
        done
    });
    let exit = done.unwrap_or_else(|failure| {
        output::print_failure(&failure, format, failure.exit);
        failure.exit
    });
    ExitCode::from(exit.code())
}

/// Parses the command line; one of the collection tool becomes one of this program.
fn parse(line: impl Iterator<Item = OsString>) -> Result<Args, LineError> {
    let args = Args::parse_line(line)?;
    match &args.command {
        Command::Compat(compat) if !compat.show_command => {
            let typed = [
                (compat.password.is_some(), "--password-file"),
                (compat.proxy_password.is_some(), "--proxy-password-file"),
            ];
            for (_, instead) in typed
                .iter()
                .filter(|(is_typed, _)| *is_typed && !args.quiet)
            {
                output::print_note(&format!(
                    "warning: passing a secret on the command line exposes it to other users; use `{instead}` instead"
                ));
            }
            let translated = Translated::new(compat)?;
            let line = translated.line(&args);
            let mut args = Args::parse_line(line).map_err(compat::mistake)?;
            compat::check_suite(&args.command)?;
            translated.sign_in(&mut args.command);
            Ok(args)
        }
        _ => Ok(args),
    }
}

/// What is wrong with a command line, without what follows about its use.
fn usage_message(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    built.map_err(|error| Failure::new(Exit::Internal, error))
}

/// Runs the command, unless a signal ends it first.
async fn run(args: Args) -> Result<Exit> {
    let format = args.format;
    if ends_in_order(&args.command) {
        commands::run(args).await
    } else {
        signals::unless_interrupted(commands::run(args), format).await
    }
}

/// Whether the command handles signals itself: servers and deliveries have to end in an orderly way.
fn ends_in_order(command: &Command) -> bool {
    match command {
        Command::Sandbox(_)
        | Command::Relay(_)
        | Command::Upload(_)
        | Command::Exec(_)
        | Command::Resume(_)
        | Command::Merge(_) => true,
        Command::SuiteRun(group) => matches!(group.command, SuiteRunCommand::Close(_)),
        _ => false,
    }
}
