//! `octane relay`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::connection::ConnectionArgs;
use super::dry_run::DryRunArgs;
use super::number::{at_least_one, between, port};
use super::relay_access::RelayAccessArgs;
use super::shards::SuiteRunOfShards;
use super::values::address;
use super::workspace_name::WorkspaceName;
use crate::env;

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane relay token create shop                     a token for the agents of a project
  octane relay                                       listen on http://127.0.0.1:8485, store uploads in SQLite
  octane relay --listen 0.0.0.0 --database-file db   share a PostgreSQL with other relays
  octane relay --folder /srv/uploads                 take exported uploads from a directory, too
  octane relay --also-workspace 1003                 deliver to this workspace, too
  octane relay status                                what is stored, and what waits for a person

Agents hand their results over with the option `--via URL`. The API key and the rate are those of the relay; docs/relay.md has more.")]
#[command(
    args_conflicts_with_subcommands = false,
    subcommand_negates_reqs = true
)]
pub(crate) struct RelayArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RelayCommand>,
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 8485, value_parser = port)]
    pub(crate) port: u16,
    /// Address to listen on. Only this machine by default.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: IpAddr,
    /// Workspace to deliver to besides the one of the URL, as `WORKSPACE` or, in another shared space, as `SPACE/WORKSPACE`; may be
    /// repeated. All of them share the API key and the rate.
    #[arg(long, value_name = "WORKSPACE")]
    pub(crate) also_workspace: Vec<WorkspaceName>,
    /// The largest upload that is accepted, in MiB.
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = |size: &str| between(size, &(1..=1024_u16)))]
    pub(crate) upload_max: u16,
    /// How many uploads of a project may wait; others are asked to come back.
    #[arg(long, default_value_t = 1000, value_name = "COUNT", value_parser = at_least_one::<u64>)]
    pub(crate) quota: u64,
    /// Name under which the web pages can be reached besides `localhost`, where a proxy is in front of the relay; may be repeated. Other
    /// names are refused while it listens on this machine alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) host_name: Vec<String>,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    #[command(flatten)]
    pub(crate) access: RelayAccessArgs,
    #[command(flatten)]
    pub(crate) store: RelayStoreArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// The folder through which a relay receives uploads.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Folder")]
pub(crate) struct FolderArgs {
    /// Directory from which files are taken that `octane uploads export` has written. What is stored is moved to `done` in the same directory, what
    /// is refused to `refused`. The files of a project are in a directory that is called like it.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Project of the files that are in the directory itself.
    #[arg(long, value_name = "PROJECT", requires = "folder")]
    pub(crate) folder_project: Option<String>,
}

/// Where a relay stores uploads.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct RelayStoreArgs {
    /// Directory of the relay's files [default: `octane-client/relay` in the user's state directory].
    #[arg(long, global = true, env = env::RELAY_DATA, value_name = "DIR")]
    pub(crate) relay_data: Option<PathBuf>,
    /// File that holds the URL of a PostgreSQL database, `postgres://user:password@host/name?sslmode=require`, and nothing else; refused
    /// if others can read it [default: `OCTANE_RELAY_DATABASE`, or else SQLite in the directory].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) database_file: Option<PathBuf>,
    /// Where a line in JSON is appended for each decision: a file, `-` for standard output or `off` [default: `audit.jsonl` in the
    /// directory of the relay's files].
    #[arg(long, global = true, env = env::RELAY_AUDIT_LOG, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RelayCommand {
    /// Show what is stored for each suite run, the uploads that will be tried again, and those that need attention.
    Status,
    /// Try an upload again that waits for another attempt, or for a person.
    Retry {
        /// Upload to try again.
        #[arg(value_name = "ID")]
        id: octane_client::UploadId,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Delete an upload from the store. Results not yet in Octane are lost.
    Delete {
        /// Upload to delete; no relay may be working on it.
        #[arg(value_name = "ID")]
        id: octane_client::UploadId,
        /// Delete even if results are missing in Octane.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Complete a suite run without the shards that are missing: link what has arrived, and report what has not. A shard that arrives
    /// later is added.
    ///
    /// If shards of such a suite run are awaiting others in several workspaces, `--workspace` chooses one, with `--space` if it is in another
    /// shared space.
    Close {
        /// Name of the suite run.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        of: SuiteRunOfShards,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Tokens with which agents hand results over, and operators see the pages.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token for a project or an operator, and print it: it is shown only now.
    Create {
        /// Project; its uploads have a quota of their own, and its tokens see no others.
        #[arg(value_name = "PROJECT", required_unless_present = "operator")]
        project: Option<String>,
        /// Create a token for an operator instead, who sees all uploads on the web pages of the relay, and can try them again and delete
        /// them.
        #[arg(long, conflicts_with = "project")]
        operator: bool,
        /// Workspace that the token is for, as `WORKSPACE` or `SPACE/WORKSPACE`; may be repeated [default: all workspaces of the relay].
        #[arg(long, value_name = "WORKSPACE", conflicts_with = "operator")]
        for_workspace: Vec<WorkspaceName>,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Revoke a token.
    Revoke {
        /// The token's ID, as listed.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// List the valid tokens, without their secrets.
    List,
}
