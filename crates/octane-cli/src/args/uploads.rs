//! Commands about uploads that are stored on this machine.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use octane_client::{InvalidUploadId, ProblemClass, UploadId};
use octane_model::TaskId;

use super::connection::ConnectionArgs;
use super::dry_run::DryRunArgs;
use super::duration::duration;
use super::listing::SinceArgs;
use super::report_kind::{ReportPath, report_path};
use super::via::ViaArgs;
use crate::env;

/// Where uploads are stored.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpoolArgs {
    /// Directory for uploads in progress, or `off` [default: `octane-client/uploads` in the user's state
    /// directory].
    #[arg(long, env = env::SPOOL, value_name = "DIR|off", help_heading = "Delivery")]
    pub(crate) spool: Option<PathBuf>,
}

/// How long an upload waits for ingestion unless it is said.
const WAIT: Duration = Duration::from_secs(15 * 60);

/// How an upload is delivered, the first time and on every resume.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliveryArgs {
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
    /// How long to wait for ingestion after the last batch was accepted, for example `5m`; without a unit in seconds [default:
    /// 15m].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Do not wait for ingestion, like `--wait 0`: what is not confirmed yet is pending, and exits with 8 until `octane resume` has
    /// confirmed it.
    #[arg(long, conflicts_with = "wait")]
    pub(crate) no_wait: bool,
    /// How to treat exit codes 5–8 and 10 [default: fail; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION")]
    pub(crate) on_upload_error: Option<OnUploadError>,
    /// Emit annotations for GitHub Actions, Azure Pipelines and TeamCity.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Annotations::Auto)]
    pub(crate) annotate: Annotations,
    /// What to do about Jira keys that match no story or several [default: warn; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION", help_heading = "Jira")]
    pub(crate) on_unresolved: Option<OnUnresolved>,
    /// Same as `--on-unresolved fail`. Results that are invalid, rejected or not confirmed are never a success.
    #[arg(long, conflicts_with = "on_unresolved", help_heading = "Jira")]
    pub(crate) strict: bool,
    /// How to treat failed tests: `fail` exits with 9 if everything else succeeded [default: ignore; when resuming: as the upload did].
    #[arg(long, value_enum, value_name = "ACTION")]
    pub(crate) on_test_failure: Option<OnTestFailure>,
    /// Classes of tests whose failures change no exit code, though they are reported as failures. Octane's history of the tests
    /// decides; a test of which too little is known is not tolerated.
    #[arg(long, value_enum, value_name = "CLASSES", value_delimiter = ',')]
    pub(crate) tolerate: Vec<Tolerate>,
    /// Say what has changed since the suite run before: newly failed, fixed, new and vanished tests.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Compare::Auto)]
    pub(crate) compare: Compare,
    /// Also write a report to this file, in the format of its extension: `.json`, `.md` (Markdown), `.html` or `.xml` (JUnit); can
    /// be repeated.
    #[arg(long, value_name = "FILE", value_parser = report_path())]
    pub(crate) report: Vec<ReportPath>,
}

impl DeliveryArgs {
    /// How long to wait for ingestion.
    pub(crate) fn wait(&self) -> Duration {
        self.requested_wait().unwrap_or(WAIT)
    }

    /// How long to wait, if it is said.
    fn requested_wait(&self) -> Option<Duration> {
        self.no_wait.then_some(Duration::ZERO).or(self.wait)
    }

    /// How long to wait for a relay to deliver what was handed over to it; none if handing over is the end.
    pub(crate) fn relay_wait(&self) -> Option<Duration> {
        self.requested_wait().filter(|wait| !wait.is_zero())
    }

    /// What to do about Jira keys that match no story or several, if it is said.
    pub(crate) fn on_unresolved(&self) -> Option<OnUnresolved> {
        self.strict
            .then_some(OnUnresolved::Fail)
            .or(self.on_unresolved)
    }
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

/// Whether an upload is compared with the suite run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compare {
    /// Compare if there is one.
    Auto,
    /// Never compare, which saves its requests.
    Off,
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
    pub(crate) via: ViaArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane status                       the newest upload
  octane status u-01jd8x2m5k3q7r --format json
  octane status --rejected            its rejected and invalid results, with their reasons
  octane status 1103                  a task of the server, with its log")]
pub(crate) struct StatusArgs {
    /// Upload to show, or the number of a task of the server [default: the newest upload].
    #[arg(value_name = "ID|TASK")]
    pub(crate) id: Option<Watched>,
    #[command(flatten)]
    pub(crate) only: OnlyArgs,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane wait 1103 --wait 2m          until this task of the server has ended
  octane wait u-01jd8x2m5k3q7r        until no process is working on this upload")]
#[command(after_long_help = crate::exit::Exit::table())]
pub(crate) struct WaitArgs {
    /// Upload, or the number of a task of the server.
    #[arg(value_name = "ID|TASK")]
    pub(crate) id: Watched,
    /// How long to wait, for example `5m`; without a unit in seconds.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "15m", help_heading = "Delivery")]
    pub(crate) wait: Duration,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Upload to show [default: the newest].
    #[arg(value_name = "ID")]
    pub(crate) id: Option<UploadId>,
    #[command(flatten)]
    pub(crate) only: OnlyArgs,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}

/// Which part of an upload is shown.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct OnlyArgs {
    /// List the results that Octane has not accepted, all of them and nothing else: those that the server rejected and those that
    /// were invalid, with the reason and the place in the input.
    #[arg(long)]
    pub(crate) rejected: bool,
}

/// What is shown, or waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watched {
    /// An upload that is stored on this machine.
    Upload(UploadId),
    /// A task of the server, which ingests one payload.
    Task(TaskId),
}

impl FromStr for Watched {
    type Err = InvalidUploadId;

    fn from_str(text: &str) -> Result<Self, InvalidUploadId> {
        match text.trim().parse::<u32>() {
            Ok(number) => Ok(Self::Task(TaskId::new(number.into()))),
            Err(_) => text.parse().map(Self::Upload),
        }
    }
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
    #[command(before_long_help = "\
Examples:
  octane uploads list
  octane uploads list --status pending")]
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
    #[command(before_long_help = "\
Example:
  octane uploads show u-01jd8x2m5k3q7r")]
    Show(ShowArgs),
    /// Delete an upload. Results not yet in Octane are lost.
    #[command(before_long_help = "\
Example:
  octane uploads delete u-01jd8x2m5k3q7r --force")]
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
    #[command(before_long_help = "\
Example:
  octane uploads import upload.octane")]
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
    #[command(before_long_help = "\
Example:
  octane uploads prune --dry-run")]
    Prune {
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        spool: SpoolArgs,
    },
}
