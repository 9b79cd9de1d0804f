//! Commands about uploads that are stored on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use octane_client::{ProblemClass, UploadId};

use super::connection::ConnectionArgs;
use super::dry_run::DryRunArgs;
use super::duration::duration;
use super::listing::SinceArgs;
use crate::env;

/// Where uploads are stored.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpoolArgs {
    /// Directory for uploads in progress, or `off` [default: `octane-client/uploads` in the user's state
    /// directory].
    #[arg(long, env = env::SPOOL, value_name = "DIR|off", help_heading = "Delivery")]
    pub(crate) spool: Option<PathBuf>,
}

/// How an upload is delivered, the first time and on every resume.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
    /// How long to wait for ingestion after the last batch was accepted, for example `5m`; without a unit in seconds.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "15m")]
    pub(crate) wait: Duration,
    /// How to treat exit codes 5–8 and 10 [default: fail; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION")]
    pub(crate) on_upload_error: Option<OnUploadError>,
    /// Emit annotations for GitHub Actions, Azure Pipelines and TeamCity.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Annotations::Auto)]
    pub(crate) annotate: Annotations,
    /// What to do about Jira keys that match no story or several [default: warn; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION", help_heading = "Jira")]
    pub(crate) on_unresolved: Option<OnUnresolved>,
    /// How to treat failed tests: `fail` exits with 9 if everything else succeeded [default: ignore; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION")]
    pub(crate) on_test_failure: Option<OnTestFailure>,
    /// Classes of tests whose failures change no exit code, though they are reported as failures. Octane's history of the tests
    /// decides; a test of which too little is known is not tolerated.
    #[arg(long, value_enum, value_name = "CLASSES", value_delimiter = ',')]
    pub(crate) tolerate: Vec<Tolerate>,
    /// Also write a report to this file, in the format of its extension: `.json`, `.md` (Markdown), `.html` or `.xml` (JUnit); can
    /// be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Vec<PathBuf>,
}

/// What failed tests mean for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnTestFailure {
    /// They are reported, and change nothing.
    Ignore,
    /// Exit with 9.
    Fail,
}

/// Classes of tests that may be tolerated. Not a regression, which is a new failure, and not tests that are skipped all the time,
/// which have not failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tolerate {
    /// The last 8 runs failed.
    ContinuouslyFailing,
    /// At least 4 changes between passed and failed in the last 8 runs.
    Oscillating,
    /// At least 5 lone failures in the last 50 runs.
    Unstable,
}

impl Tolerate {
    /// All of them.
    pub(crate) const ALL: [Self; 3] =
        [Self::ContinuouslyFailing, Self::Oscillating, Self::Unstable];

    /// The class as the library knows it.
    pub(crate) fn class(self) -> ProblemClass {
        match self {
            Self::ContinuouslyFailing => ProblemClass::ContinuouslyFailing,
            Self::Oscillating => ProblemClass::Oscillating,
            Self::Unstable => ProblemClass::Unstable,
        }
    }
}

/// What an upload that failed means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUploadError {
    /// Exit with that code.
    Fail,
    /// Print a warning and exit with 0.
    Warn,
}

/// Whether a CI system gets annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Annotations {
    /// Annotate where a supported CI system is detected.
    Auto,
    /// Never annotate.
    Off,
}

/// What to do about Jira keys that match no story or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUnresolved {
    /// Report them.
    Warn,
    /// Report them and exit with 10.
    Fail,
    /// Do not mention them.
    Ignore,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["id", "all"]).required(true))]
#[command(before_long_help = "\
Examples:
  octane resume --all                 resume all unfinished uploads
  octane resume u-01jd8x2m5k3q7r      resume one upload; rejected results are retried")]
pub(crate) struct ResumeArgs {
    /// Upload to resume.
    #[arg(value_name = "ID")]
    pub(crate) id: Option<UploadId>,
    /// All unfinished uploads for this server.
    #[arg(long)]
    pub(crate) all: bool,
    /// Show what would be sent, without connecting.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane status                       the newest upload
  octane status u-01jd8x2m5k3q7r --format json")]
pub(crate) struct StatusArgs {
    /// Upload to show [default: the newest].
    #[arg(value_name = "ID")]
    pub(crate) id: Option<UploadId>,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum UploadStatus {
    /// A process is working on it.
    InProgress,
    /// Something is left to do.
    Pending,
    /// A shard that is delivered, and not merged with the others yet.
    AwaitingShards,
    /// All results are in Octane.
    Finished,
    /// Nothing is left to do, and not all results are in Octane.
    FinishedIncomplete,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UploadsCommand {
    /// List all uploads, newest first.
    List {
        /// Only those in one of these states.
        #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',')]
        status: Vec<UploadStatus>,
        #[command(flatten)]
        since: SinceArgs,
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Show an upload; same as `octane status ID`.
    Show(StatusArgs),
    /// Delete an upload. Results not yet in Octane are lost.
    Delete {
        /// Upload to delete.
        #[arg(value_name = "ID")]
        id: UploadId,
        /// Delete even if results are missing in Octane.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Write an upload to a single file, to resume it on another machine.
    #[command(before_long_help = "\
Examples:
  octane uploads export u-01jd8x2m5k3q7r -o upload.octane
  octane uploads import upload.octane        on the other machine")]
    Export {
        /// Upload to export; no process may be working on it.
        #[arg(value_name = "ID")]
        id: UploadId,
        /// File to create. It contains the results, and no credentials.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Store an upload that was exported, so that it can be resumed here.
    Import {
        /// File that `octane uploads export` has written.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        spool: SpoolArgs,
    },
    /// Delete old uploads: finished ones after 14 days (or the oldest while the total exceeds 1 GiB; every
    /// upload does this too), unfinished ones after 90 days.
    Prune {
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        spool: SpoolArgs,
    },
}
