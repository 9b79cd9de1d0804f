//! Commands about modules, suites, runs and links.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use octane_client::UploadId;
use octane_model::{RunId, WorkItemId};

use super::dry_run::DryRunArgs;
use super::listing::SinceArgs;
use super::number::number;
use super::shards::CloseArgs;
use super::uploads::SpoolArgs;

/// Whether names that look like existing ones may be created.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CreateSimilarArgs {
    /// Create it even if the name of an existing one differs only in case, spacing or a typing error.
    #[arg(long, help_heading = "Target")]
    pub(crate) create_similar: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// Show a module, by ID or by a path such as `Shop/Checkout`.
    #[command(before_long_help = "\
Example:
  octane module get Shop/Checkout")]
    Get {
        /// ID or path of the module.
        #[arg(value_name = "ID|A/B/C")]
        module: String,
    },
    /// List modules.
    #[command(before_long_help = "\
Examples:
  octane module list
  octane module list --parent Shop")]
    List {
        /// Only modules directly below this one.
        #[arg(long, value_name = "ID|A/B/C")]
        parent: Option<String>,
        #[command(flatten)]
        since: SinceArgs,
    },
    /// Create a module.
    #[command(before_long_help = "\
Example:
  octane module create Payments")]
    Create {
        /// Name of the new module.
        name: String,
        /// The parent module [default: the root].
        #[arg(long, value_name = "ID|A/B/C")]
        parent: Option<String>,
        #[command(flatten)]
        similar: CreateSimilarArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Get the module at a path; create what does not exist.
    #[command(before_long_help = "\
Example:
  octane module ensure Shop/Checkout")]
    Ensure {
        /// Path of the module, for example `Shop/Checkout`.
        #[arg(value_name = "A/B/C")]
        path: String,
        #[command(flatten)]
        similar: CreateSimilarArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuiteCommand {
    /// Show a suite, by ID or by name.
    #[command(before_long_help = "\
Example:
  octane suite get Nightly")]
    Get {
        /// ID or name of the suite.
        #[arg(value_name = "ID|NAME")]
        suite: String,
    },
    /// List suites.
    #[command(before_long_help = "\
Examples:
  octane suite list
  octane suite list --module Shop")]
    List {
        /// Only suites of this module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
        #[command(flatten)]
        since: SinceArgs,
    },
    /// Create a suite.
    #[command(before_long_help = "\
Example:
  octane suite create Acceptance")]
    Create {
        /// Name of the new suite.
        name: String,
        /// The suite's module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
        #[command(flatten)]
        similar: CreateSimilarArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
    /// Get a suite by name; create it if it does not exist.
    #[command(before_long_help = "\
Example:
  octane suite ensure Nightly --format json")]
    Ensure {
        /// Name of the suite.
        name: String,
        /// The suite's module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
        #[command(flatten)]
        similar: CreateSimilarArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuiteRunCommand {
    /// Show a suite run, by ID or by name.
    #[command(before_long_help = "\
Example:
  octane suite-run get 'nightly #4711' --suite Nightly")]
    Get {
        /// ID or name of the suite run.
        #[arg(value_name = "ID|NAME")]
        suite_run: String,
        /// The suite; needed if several suites have a suite run of that name.
        #[arg(long, value_name = "ID|NAME")]
        suite: Option<String>,
    },
    /// Plan a suite run.
    ///
    /// Octane also plans a run for each test that is a member of the suite. Uploads need no planned suite run: Octane makes one of their
    /// results.
    #[command(before_long_help = "\
Example:
  octane suite-run create 'nightly #4712' --suite Nightly")]
    Create(PlannedSuiteRunArgs),
    /// Get a suite run of a suite by name; plan it if it does not exist.
    #[command(before_long_help = "\
Example:
  octane suite-run ensure 'nightly #4711' --suite Nightly")]
    Ensure(PlannedSuiteRunArgs),
    /// Complete a suite run of shards that are stored on this machine, without those that are missing: link the runs, and
    /// report on all shards at once.
    #[command(before_long_help = "\
Example:
  octane suite-run close NAME --suite Nightly")]
    Close(Box<CloseArgs>),
    /// List suite runs.
    #[command(before_long_help = "\
Examples:
  octane suite-run list --suite Nightly
  octane suite-run list --status failed")]
    List {
        /// Only suite runs of this suite.
        #[arg(long, value_name = "ID|NAME")]
        suite: Option<String>,
        /// Only those with one of these statuses.
        #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = ["passed", "failed", "skipped", "requires_attention", "planned"])]
        status: Vec<String>,
        #[command(flatten)]
        since: SinceArgs,
    },
}

/// A suite run that is planned.
#[derive(Debug, Args)]
pub(crate) struct PlannedSuiteRunArgs {
    /// Name of the suite run.
    pub(crate) name: String,
    /// The suite.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite: String,
    /// Release of a new suite run: an ID, a name, or `default`.
    #[arg(long, value_name = "ID|NAME|default", default_value = "default")]
    pub(crate) release: String,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Show a run, of a test or of a feature.
    #[command(before_long_help = "\
Example:
  octane run get 6001")]
    Get {
        /// ID of the run.
        id: RunId,
    },
    /// List the runs of a suite run, of tests and of features, ordered by ID.
    #[command(before_long_help = "\
Examples:
  octane run list --suite-run 'nightly #4711'
  octane run list --suite-run 'nightly #4711' --status failed")]
    List {
        /// The suite run.
        #[arg(long, value_name = "ID|NAME")]
        suite_run: String,
        /// The suite; needed if several suites have a suite run of that name.
        #[arg(long, value_name = "ID|NAME")]
        suite: Option<String>,
        /// Skip this many runs with the lowest IDs, e.g. those of earlier uploads.
        #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = number::<u64>)]
        skip: u64,
        /// Only those with one of these statuses.
        #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = ["passed", "failed", "blocked", "skipped", "not_completed", "planned"])]
        status: Vec<String>,
        #[command(flatten)]
        since: SinceArgs,
    },
    /// Fail, and say what to use instead.
    #[command(hide = true)]
    Create(AnyArgs),
    /// Fail, and say what to use instead.
    #[command(hide = true)]
    Ensure(AnyArgs),
}

/// Whatever is typed after a command that does not exist.
#[derive(Debug, Args)]
pub(crate) struct AnyArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _words: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoryCommand {
    /// Show a story, feature or defect, by ID or by Jira key, and how many runs are linked to it.
    #[command(before_long_help = "\
Examples:
  octane story get SHOP-12
  octane story get SHOP-12 --suite Nightly --suite-run 'nightly #4711'")]
    Get {
        /// ID or Jira key of the story.
        #[arg(value_name = "ID|KEY")]
        story: String,
        /// Count only the runs of this suite run.
        #[arg(long, value_name = "ID|NAME")]
        suite_run: Option<String>,
        /// The suite; needed if several suites have a suite run of that name.
        #[arg(long, value_name = "ID|NAME", requires = "suite_run")]
        suite: Option<String>,
    },
    /// List stories, features and defects with their Jira keys.
    #[command(before_long_help = "\
Examples:
  octane story list
  octane story list --type defect --with-key")]
    List {
        /// Only these types.
        #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', default_value = "story,feature,defect", value_parser = ["story", "feature", "defect"])]
        types: Vec<String>,
        /// Only those with one of these phases, by the name that Octane shows.
        #[arg(long, value_name = "PHASE", value_delimiter = ',')]
        status: Vec<String>,
        /// Only those with a Jira key.
        #[arg(long)]
        with_key: bool,
        #[command(flatten)]
        since: SinceArgs,
    },
    /// Show what the results of an upload say of each Jira key: its verdict, and the tests that carry it (offline).
    #[command(before_long_help = "\
Examples:
  octane story coverage                        of the newest upload
  octane story coverage u-01jd8x2m5k3q7r --format json
  octane story coverage --status failed,flaky")]
    Coverage {
        /// Upload whose results count [default: the newest].
        #[arg(value_name = "ID")]
        id: Option<UploadId>,
        /// Only keys with one of these verdicts.
        #[arg(long, value_enum, value_name = "VERDICT", value_delimiter = ',')]
        status: Vec<Verdict>,
        #[command(flatten)]
        spool: SpoolArgs,
    },
}

/// What results say of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// A test failed.
    Failed,
    /// A result is not in Octane: it was rejected, or is pending.
    NotInOctane,
    /// A test failed, and passed in another attempt.
    Flaky,
    /// No test ran.
    NotRun,
    /// Tests passed, and others did not run.
    PartlyRun,
    /// Every test passed.
    Passed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JiraCommand {
    /// Find the stories, features and defects that match Jira keys.
    #[command(before_long_help = "\
Example:
  octane jira resolve SHOP-12 SHOP-13")]
    Resolve {
        /// Jira keys, for example `SHOP-12`.
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("items").args(["jira", "story", "map"]).required(true).multiple(true))]
#[command(group = ArgGroup::new("linked").args(["runs", "suite_run"]).required(true))]
#[command(before_long_help = "\
Examples:
  octane unlink --run 6001 --run 6002 --story 3001
  octane unlink --suite Nightly --suite-run 'nightly #4711' --jira SHOP-12")]
pub(crate) struct ChangeLinksArgs {
    /// Jira key of a story, feature or defect.
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    pub(crate) jira: Vec<String>,
    /// ID of a story, feature or defect.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) story: Vec<WorkItemId>,
    /// Table with the Jira keys of tests, as that of `--jira-map` of an upload: each run of the suite run is linked to the stories
    /// of its own keys.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["jira", "story", "runs"])]
    pub(crate) map: Option<PathBuf>,
    /// ID of a run, of a test or of a feature [default: all runs of the suite run].
    #[arg(long = "run", value_name = "ID", num_args = 1..)]
    pub(crate) runs: Vec<RunId>,
    /// The suite run.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite_run: Option<String>,
    /// The suite; needed if several suites have a suite run of that name.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite: Option<String>,
    /// Skip this many runs with the lowest IDs, e.g. those of earlier uploads.
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = number::<u64>)]
    pub(crate) skip: u64,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane link --suite Nightly --suite-run 'nightly #4711' --jira SHOP-12
  octane link --suite-run 'nightly #4711' --map jira.csv      each test with the keys of its lines")]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) links: ChangeLinksArgs,
    /// Afterwards, remove the links of these runs to stories whose Jira keys are not theirs: not among those of `--jira` or, with
    /// `--map`, of the lines of their tests; tests without a line are left alone. Links to stories without a Jira key stay. Nothing is
    /// removed unless everything could be linked.
    #[arg(long)]
    pub(crate) unlink_stale: bool,
}
