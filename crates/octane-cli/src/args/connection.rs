//! How the server is reached, for the commands that connect to one.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches, Subcommand, ValueEnum};
use octane_model::Address;
use octane_rest::Secret;

use super::duration::time_limit;
use super::network::NetworkArgs;
use super::number::{at_least_one, number};
use super::rate::Rate;
use super::values::yes_or_no;
use crate::credentials::given::{Configured, Remembered};
use crate::credentials::known::Known;
use crate::env;
use crate::settings::precedence::{Level, is_for_url};

/// Options of a command that connects; in a group of commands they can follow each of them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    // First, because reading an option removes it from what it is read from.
    #[command(flatten)]
    pub(crate) typed: Typed,
    /// Server URL; a URL copied from the browser (`…?p=1001/1002`) works too.
    #[arg(long, global = true, env = env::URL, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Shared space ID [default: taken from the URL].
    #[arg(long, global = true, env = env::SHARED_SPACE, value_name = "ID")]
    pub(crate) space: Option<String>,
    /// Workspace ID [default: taken from the URL].
    #[arg(long, global = true, env = env::WORKSPACE, value_name = "ID")]
    pub(crate) workspace: Option<String>,
    /// Client ID of the API key; its secret comes from `OCTANE_CLIENT_SECRET` or one of the following.
    #[arg(long, global = true, env = env::CLIENT_ID, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Client secret of the API key. Visible to other users of this machine; prefer `OCTANE_CLIENT_SECRET`.
    #[arg(long, global = true, value_name = "SECRET")]
    pub(crate) client_secret: Option<Secret>,
    /// File that holds the client secret and nothing else; refused if others can read it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Read the client secret from standard input.
    #[arg(long, global = true)]
    pub(crate) secret_stdin: bool,
    /// Command that prints the client secret, for example `vault read -field=secret kv/octane`; run without a shell.
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) secret_command: Option<String>,
    /// Share the session with your other processes on this machine, for an hour at most, so that they sign in once.
    #[arg(long, global = true, env = env::SESSION_CACHE, value_parser = yes_or_no)]
    pub(crate) session_cache: bool,
    /// What a settings file says about credentials.
    #[arg(skip)]
    pub(crate) configured: Configured,
    /// Credentials that have been found already.
    #[arg(skip)]
    pub(crate) remembered: Remembered,
    /// Who signs in with `octane compat`, instead of the API key.
    #[arg(skip)]
    pub(crate) user: Option<Known>,
    /// Use the built-in sandbox server; its data is kept between runs.
    #[arg(long, global = true, hide = cfg!(not(feature = "sandbox")))]
    pub(crate) sandbox: bool,
    #[command(flatten)]
    pub(crate) sandbox_data: SandboxDataArgs,
    /// Field of stories that holds Jira keys [default: found in the workspace's metadata].
    #[arg(long, global = true, value_name = "FIELD")]
    pub(crate) jira_field: Option<String>,
    /// Field of runs or tests that holds their stories [default: `covered_content`].
    #[arg(long, global = true, value_name = "FIELD")]
    pub(crate) link_field: Option<String>,
    /// What to do if several modules or suites have the given name: `first` uses the oldest one, with a warning
    /// [default: first].
    #[arg(long, global = true, value_enum, value_name = "ACTION")]
    pub(crate) on_ambiguous: Option<OnAmbiguous>,
    /// Maximum number of concurrent requests [default: 4].
    #[arg(long, global = true, value_name = "COUNT", value_parser = at_least_one::<u16>)]
    pub(crate) concurrency: Option<u16>,
    /// Maximum retries per request, only where a retry is safe [default: 4].
    #[arg(long, global = true, value_name = "COUNT", value_parser = number::<u32>)]
    pub(crate) retries: Option<u32>,
    /// Total time limit per request including retries, for example `10m`; without a unit in seconds [default: 5m].
    #[arg(long, global = true, value_name = "DURATION", value_parser = time_limit)]
    pub(crate) deadline: Option<Duration>,
    /// Time limit per attempt, for example `30s`; without a unit in seconds [default: 2m].
    #[arg(long, global = true, value_name = "DURATION", value_parser = time_limit)]
    pub(crate) timeout: Option<Duration>,
    /// Maximum requests per second across all workers, or `off`; Octane recommends fewer than 20 [default: 10].
    #[arg(long, env = env::RATE, global = true, value_name = "COUNT")]
    pub(crate) rate: Option<Rate>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

impl ConnectionArgs {
    /// Leaves a space or workspace of the environment unused if a URL was typed that names both: they belong to another URL. Returns
    /// a note for each that differs.
    pub(crate) fn prefer_typed_url(&mut self) -> Vec<String> {
        let url = self.url.as_deref().filter(|_| self.typed.is_url);
        let url = url.map(|url| (Level::Flag, url));
        if is_for_url(url, Level::Variable) {
            return Vec::new();
        }
        let address = url.and_then(|(_, url)| url.parse::<Address>().ok());
        let address = address.as_ref();
        let space = address.and_then(Address::space).map(|id| id.to_string());
        let workspace = address.and_then(Address::workspace);
        let workspace = workspace.map(|id| id.to_string());
        let Typed {
            is_space,
            is_workspace,
            ..
        } = self.typed;
        let mut notes = Vec::new();
        for (given, is_typed, of_url, variable) in [
            (&mut self.space, is_space, space, env::SHARED_SPACE),
            (&mut self.workspace, is_workspace, workspace, env::WORKSPACE),
        ] {
            let ignored = given.take_if(|_| !is_typed);
            if ignored.is_some_and(|given| Some(given.trim()) != of_url.as_deref()) {
                notes.push(format!("note: {variable} is ignored because of `--url`"));
            }
        }
        notes
    }
}

/// What to do if several modules or suites have the given name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnAmbiguous {
    First,
    Fail,
}

/// Which options were typed; others come from the environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Typed {
    pub(crate) is_url: bool,
    pub(crate) is_space: bool,
    pub(crate) is_workspace: bool,
    pub(crate) is_client_id: bool,
    pub(crate) is_sandbox_data: bool,
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        Ok(Self {
            is_url: is_typed("url"),
            is_space: is_typed("space"),
            is_workspace: is_typed("workspace"),
            is_client_id: is_typed("client_id"),
            is_sandbox_data: is_typed("sandbox_data"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// It reads options of others, and has none of its own.
impl Args for Typed {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

/// Where the sandbox keeps its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct SandboxDataArgs {
    /// Directory of the sandbox's data [default: `octane-client/sandbox` in the user's data directory].
    #[arg(
        id = "sandbox_data",
        long = "sandbox-data",
        global = true,
        env = env::SANDBOX_DATA,
        value_name = "DIR",
        hide = cfg!(not(feature = "sandbox"))
    )]
    pub(crate) directory: Option<PathBuf>,
}

/// A command that connects to a server.
#[derive(Debug, Args)]
pub(crate) struct OnServer<A: Args> {
    #[command(flatten)]
    pub(crate) args: A,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A group of commands that do not connect.
#[derive(Debug, Args)]
pub(crate) struct Group<C: Subcommand> {
    #[command(subcommand)]
    pub(crate) command: C,
}

/// A group of commands that connect to a server.
#[derive(Debug, Args)]
pub(crate) struct OnServerGroup<C: Subcommand> {
    #[command(subcommand)]
    pub(crate) command: C,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
