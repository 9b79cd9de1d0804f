//! Commands about modules, suites, runs and links.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// Show the module with an id, or at a path such as `Shop/Checkout`.
    Get {
        #[arg(value_name = "ID|A/B/C")]
        module: String,
    },
    /// List modules.
    List {
        /// Only those directly below this one.
        #[arg(long, value_name = "ID|A/B/C")]
        parent: Option<String>,
    },
    /// Create a module.
    Create {
        name: String,
        /// The module above [default: the root].
        #[arg(long, value_name = "ID|A/B/C")]
        parent: Option<String>,
    },
    /// Make sure that the module at a path exists, creating what is missing.
    Ensure {
        #[arg(value_name = "A/B/C")]
        path: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuiteCommand {
    /// Show a suite.
    Get {
        #[arg(value_name = "ID|NAME")]
        suite: String,
    },
    /// List suites.
    List {
        /// Only those of this module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
    },
    /// Create a suite.
    Create {
        name: String,
        /// Its module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
    },
    /// Make sure that a suite exists.
    Ensure {
        name: String,
        /// Its module.
        #[arg(long, value_name = "ID|A/B/C")]
        module: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuiteRunCommand {
    /// Show a suite run, by id or by name.
    Get {
        #[arg(value_name = "ID|NAME")]
        suite_run: String,
        /// The suite, where several have a suite run of that name.
        #[arg(long, value_name = "ID|NAME")]
        suite: Option<String>,
    },
    /// List suite runs.
    List {
        /// Only those of this suite.
        #[arg(long, value_name = "ID|NAME")]
        suite: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Show an automated run.
    Get { id: i64 },
    /// List the automated runs of a suite run, by id.
    List {
        #[command(flatten)]
        suite_run: SuiteRunArgs,
    },
}

/// Which suite run is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct SuiteRunArgs {
    /// The suite run: an id or a name.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite_run: String,
    /// The suite, where several have a suite run of that name.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite: Option<String>,
    /// Leave out the first runs by id: how many there were before.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) skip: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JiraCommand {
    /// Find the stories, features and defects that stand for Jira keys.
    Resolve {
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane link --suite Nightly --suite-run 'nightly #4711' --jira SHOP-12
  octane unlink --run 6001 --run 6002 --story 3001")]
pub(crate) struct LinkArgs {
    /// Jira key of a story.
    #[arg(long, value_name = "KEY", num_args = 1.., required_unless_present = "story")]
    pub(crate) jira: Vec<String>,
    /// Id of a story, feature or defect.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) story: Vec<i64>,
    /// A run by its id; otherwise all runs of the suite run.
    #[arg(long = "run", value_name = "ID", num_args = 1.., conflicts_with = "suite_run")]
    pub(crate) runs: Vec<i64>,
    /// The suite run: an id or a name.
    #[arg(long, value_name = "ID|NAME", required_unless_present = "runs")]
    pub(crate) suite_run: Option<String>,
    /// The suite, where several have a suite run of that name.
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) suite: Option<String>,
    /// Leave out the first runs by id: how many there were before.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) skip: u64,
}
