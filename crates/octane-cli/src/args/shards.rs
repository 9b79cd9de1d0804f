//! Options and commands about shards.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use octane_client::{InvalidShard, Shard};

use super::connection::ConnectionArgs;
use super::uploads::DeliveryArgs;

/// Which part of a test run an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShardChoice {
    /// The one that the CI system names, if the job is one of several parallel ones.
    Auto,
    /// This one.
    Given(Shard),
}

impl FromStr for ShardChoice {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, InvalidShard> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            shard => shard.parse().map(Self::Given),
        }
    }
}

impl fmt::Display for ShardChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Given(shard) => shard.fmt(f),
        }
    }
}

/// Which suite run, where there are shards of several.
#[derive(Debug, Clone, Args)]
pub(crate) struct SuiteRunOfShards {
    /// The suite; needed if there are shards of suite runs of that name in several suites.
    #[arg(long, value_name = "ID|NAME", help_heading = "Target")]
    pub(crate) suite: Option<String>,
}

/// Whether nothing is merged.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ShardsDryRun {
    /// Show which shards are missing, and what would be sent and linked, without connecting.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane merge shards/                   all exported uploads and journals in this directory
  octane merge shard-1.octane shard-2.octane --report merged.json")]
#[command(after_long_help = crate::exit::Exit::table())]
pub(crate) struct MergeArgs {
    /// Uploads of shards: files of `octane uploads export`, directories of `--spool`, or directories with some of them.
    #[arg(required = true, value_name = "JOURNALS")]
    pub(crate) journals: Vec<PathBuf>,
    /// The suite run; needed if there are shards of several.
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub(crate) suite_run: Option<String>,
    #[command(flatten)]
    pub(crate) of: SuiteRunOfShards,
    #[command(flatten)]
    pub(crate) dry_run: ShardsDryRun,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// Name of the suite run.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) of: SuiteRunOfShards,
    #[command(flatten)]
    pub(crate) dry_run: ShardsDryRun,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        for text in ["auto", "3/8"] {
            assert_eq!(text.parse::<ShardChoice>().unwrap().to_string(), text);
        }
        assert!("3 of 8".parse::<ShardChoice>().is_err());
    }
}
