//! The command line as it is typed.

mod connection;
mod entities;
mod results;
mod tools;
mod uploads;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use connection::ConnectionArgs;
pub(crate) use entities::{
    JiraCommand, LinkArgs, ModuleCommand, RunCommand, SuiteCommand, SuiteRunCommand,
};
pub(crate) use results::{
    ConvertArgs, Create, InputArgs, PayloadArgs, PayloadKind, UploadArgs, ValidateArgs,
};
pub(crate) use tools::{ApiArgs, SandboxArgs};
pub(crate) use uploads::{DeliveryArgs, ResumeArgs, SpoolArgs, StatusArgs, UploadsCommand};

use crate::exit::Exit;

/// Automated test results into ALM Octane, linked to the stories they prove.
#[derive(Debug, Parser)]
#[command(name = "octane", version, after_long_help = Exit::table(), arg_required_else_help = true)]
#[command(before_long_help = "\
Examples:
  octane upload nightly.csv --sandbox                       try it, without any server
  octane upload 'build/**/TEST-*.xml' --suite Nightly -y    upload, creating the suite if it is missing
  octane run list --suite Nightly --suite-run 'nightly #4711'
  octane jira resolve SHOP-12 SHOP-19")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// How answers are written to standard output.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Says less: only errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Says more; twice names every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One JSON value.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send results, wait until they are ingested, and link their runs to stories.
    Upload(Box<UploadArgs>),
    /// Go on with uploads that were interrupted, or whose server was away.
    Resume(ResumeArgs),
    /// Show how far an upload is, result by result; no network.
    Status(StatusArgs),
    /// Uploads that are kept on this machine.
    #[command(subcommand)]
    Uploads(UploadsCommand),
    /// Read results and report what is wrong with them; no network.
    Validate(Box<ValidateArgs>),
    /// Write the payloads that an upload would send; no network.
    Convert(Box<ConvertArgs>),
    /// Application modules.
    #[command(subcommand)]
    Module(ModuleCommand),
    /// Test suites.
    #[command(subcommand)]
    Suite(SuiteCommand),
    /// Suite runs.
    #[command(subcommand)]
    SuiteRun(SuiteRunCommand),
    /// Automated runs.
    #[command(subcommand)]
    Run(RunCommand),
    /// Jira keys.
    #[command(subcommand)]
    Jira(JiraCommand),
    /// Link the runs of a suite run to stories.
    Link(LinkArgs),
    /// Take the link to stories from the runs of a suite run.
    Unlink(LinkArgs),
    /// Send any request, signed in.
    Api(ApiArgs),
    /// Serve a small Octane on this machine.
    Sandbox(SandboxArgs),
    /// Show the version.
    Version,
}
