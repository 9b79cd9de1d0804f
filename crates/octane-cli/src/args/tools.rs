//! Commands for everything else.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::network::NetworkArgs;
use super::number::port;
use super::values::address;
use crate::{env, schema};

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane api GET 'releases?limit=5'
  octane api GET /admin/server/version
  octane api POST test_suites --data '{\"data\":[{\"name\":\"Smoke\"}]}'
  octane api POST test-results --xml --data @payload.xml

The body of the response is printed as it is, whatever `--format` says.")]
pub(crate) struct ApiArgs {
    /// HTTP method.
    #[arg(value_enum, ignore_case = true)]
    pub(crate) method: HttpMethod,
    /// Path in the workspace (`releases?limit=5`) or on the server (`/admin/server/version`).
    pub(crate) path: String,
    /// Request body; `@FILE` reads a file, `@-` standard input.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) data: Option<String>,
    /// The body is XML, not JSON.
    #[arg(long, requires = "data")]
    pub(crate) xml: bool,
    /// Show what would be sent, unless it only reads (GET).
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[cfg(feature = "man")]
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write to; it is created.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// The methods that Octane's API has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum HttpMethod {
    Get,
    Post,
    Put,
    Delete,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CiCommand {
    /// Print what was found out about the CI run, and from which variables.
    #[command(before_long_help = "\
Examples:
  octane ci env
  octane ci env --format json

An upload takes from here the name of its suite run and the link of its runs, unless `--suite-run` and `--run-url` are given.")]
    Env,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane completions bash > octane.bash      source it in ~/.bashrc, or put it into a folder of bash-completion
  octane completions zsh > _octane           put it into a folder of $fpath
  octane completions fish > octane.fish      put it into ~/.config/fish/completions")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Example:
  octane version --format json")]
pub(crate) struct VersionArgs {
    /// Same as `--format json`.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane schema                   list the names
  octane schema upload            the schema of the document `octane.upload/1`

Every answer with `--format json` is one document, whose member `schema` names its schema. Only `octane api`, `octane schema \
NAME` and `octane convert -o -` print something else.")]
pub(crate) struct SchemaArgs {
    /// The answer [default: list all names].
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(schema::names()))]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    before_long_help = "\
Examples:
  octane sandbox                                   listen on http://127.0.0.1:8484, keep the data
  octane sandbox --memory --port 0                 start empty on a free port
  octane sandbox --settings octane-sandbox.toml    see docs/sandbox.md for all settings
  octane sandbox --set access.session-idle=10m --set results.queue-max=4
  octane sandbox --record https://octane.example.com --record-into recording
                                                   record what clients and this server say to each other",
    args_conflicts_with_subcommands = true,
    override_usage = "octane sandbox [OPTIONS] [COMMAND]"
)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    pub(crate) command: Option<SandboxCommand>,
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 8484, value_parser = port)]
    pub(crate) port: u16,
    /// Address to listen on. Anyone who can reach this address has full access to the sandbox.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: IpAddr,
    /// Keep data in memory only.
    #[arg(long)]
    pub(crate) memory: bool,
    /// TOML file with settings.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Set one setting; overrides the file. For example: `results.queue-max=4`. Can be repeated.
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Directory of the sandbox's data [default: `octane-client/sandbox` in the user's data directory].
    #[arg(id = "sandbox_data", long = "sandbox-data", env = env::SANDBOX_DATA, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Pass all requests on to this server instead of starting a sandbox, and record them with their responses.
    #[arg(long, value_name = "URL")]
    pub(crate) record: Option<String>,
    /// Folder of the recording, which must be new or empty [default: a new one here, named after the time].
    #[arg(long, requires = "record", value_name = "FOLDER")]
    pub(crate) record_into: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Play a recording against a fresh sandbox, and list where its answers differ in status, shape and types.
    #[command(before_long_help = "\
Examples:
  octane sandbox replay recording
  octane sandbox replay recording --set entities.default-fields=all    with settings of the sandbox
  octane sandbox replay recording --server http://127.0.0.1:8484       against another server

Values are not compared. The exit code is 0 if nothing differs, and 11 otherwise.")]
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Folder that `octane sandbox --record URL` has written.
    pub(crate) folder: PathBuf,
    /// Play against this server, which keeps what is created in it. Credentials come from the environment, such as
    /// `OCTANE_CLIENT_ID` and `OCTANE_CLIENT_SECRET`.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
}
