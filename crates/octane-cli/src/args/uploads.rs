//! Commands about uploads that are kept.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use octane_client::UploadId;

use crate::env;

/// Where uploads are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpoolArgs {
    /// Folder in which uploads are kept until they are done, or `off` [default: `octane-client/uploads` in
    /// the user's state folder].
    #[arg(long, env = env::SPOOL, value_name = "DIR|off", help_heading = "Delivery")]
    pub(crate) spool: Option<PathBuf>,
}

/// How an upload is delivered, the first time and again.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
    /// How long to wait for ingestion, in seconds, once the last batch is accepted.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub(crate) wait: u64,
    /// What becomes of the exit codes 5 to 8 and 10: `warn` makes them 0 and says so.
    #[arg(long, value_parser = ["fail", "warn"], default_value = "fail")]
    pub(crate) on_upload_error: String,
    /// Whether a CI system is told in its own words when something is wrong.
    #[arg(long, value_parser = ["auto", "off"], default_value = "auto")]
    pub(crate) annotate: String,
    /// What to do about Jira keys that stand on no story, or on several.
    #[arg(long, value_parser = ["warn", "fail", "ignore"], default_value = "warn", help_heading = "Jira")]
    pub(crate) on_unresolved: String,
    /// Also write the JSON report to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane resume --all                 go on with everything that is not done
  octane resume u-01jd8x2m5k3q7r      go on with one upload; what was refused is tried again")]
pub(crate) struct ResumeArgs {
    /// The upload.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) id: Option<UploadId>,
    /// All uploads to this server that are not done.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane status                       the newest upload
  octane status u-01jd8x2m5k3q7r --format json")]
pub(crate) struct StatusArgs {
    /// The upload [default: the newest].
    #[arg(value_name = "ID")]
    pub(crate) id: Option<UploadId>,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UploadsCommand {
    /// List all, the newest first.
    List(SpoolArgs),
    /// Show one; the same as `octane status ID`.
    Show(StatusArgs),
    /// Forget one. What it holds and Octane does not have is lost.
    Drop {
        /// The upload.
        #[arg(value_name = "ID")]
        id: UploadId,
        /// Also if Octane does not have all of it.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Forget what is old: finished uploads after 14 days, and the oldest finished ones while all together
    /// take more than 1 GiB, as every upload does; and others after 90 days.
    Prune(SpoolArgs),
}
