//! Commands that read results.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::uploads::DeliveryArgs;

/// What is read, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Files, folders or globs of JUnit reports and CSV tables; `-` is standard input.
    #[arg(required = true, value_name = "FILES")]
    pub(crate) inputs: Vec<String>,
    /// Leave out what this glob matches.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// The format of the files.
    #[arg(long, value_name = "FORMAT", value_parser = ["auto", "junit", "csv"], default_value = "auto")]
    pub(crate) format_in: String,
    /// Which column means what, for example `--column 'Test Name=name'`; `--column Owner=` leaves one out.
    #[arg(long, value_name = "COLUMN=MEANING")]
    pub(crate) column: Vec<String>,
    /// Give tests without module or package those of this path: `Shop/Checkout/Payment` is module `Shop`
    /// and package `Checkout.Payment`.
    #[arg(long, value_name = "PATH")]
    pub(crate) suite_path: Option<String>,
    /// Leave out rows and files that cannot be used, instead of sending nothing.
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// Accept inputs that hold no results at all.
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

/// How payloads are written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Payload")]
pub(crate) struct PayloadArgs {
    /// The payload's dialect.
    #[arg(long, value_enum, default_value_t = PayloadKind::Standard)]
    pub(crate) payload: PayloadKind,
    /// Release of the runs: an id, a name, or `default`.
    #[arg(long, value_name = "ID|NAME|default")]
    pub(crate) release: Option<String>,
    /// Milestone of the runs.
    #[arg(long, value_name = "ID")]
    pub(crate) milestone: Option<i64>,
    /// Program of the runs.
    #[arg(long, value_name = "ID")]
    pub(crate) program: Option<i64>,
    /// Environment of the runs, for example `OS:Linux`.
    #[arg(short = 't', long = "tag", value_name = "TYPE:VALUE")]
    pub(crate) tags: Vec<String>,
    /// Field of the tests: `Test_Level`, `Test_Type`, `Testing_Tool_Type` or `Framework`.
    #[arg(short = 'f', long = "field", value_name = "TYPE:VALUE")]
    pub(crate) fields: Vec<String>,
    /// Backlog item that the tests cover.
    #[arg(long, value_name = "ID")]
    pub(crate) backlog_item: Vec<i64>,
    /// The tests' testing tool type [default: `Quartz` in evidence, none in standard].
    #[arg(long, value_name = "LABEL")]
    pub(crate) testing_tool_type: Option<String>,
    /// Results in one batch at most.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch_size: u32,
    /// Bytes of payload in one batch at most, before compression.
    #[arg(long, value_name = "BYTES", default_value_t = 4 * 1024 * 1024)]
    pub(crate) batch_bytes: usize,
    /// What to do with names that are longer than Octane takes (255 characters).
    #[arg(long, value_parser = ["shorten", "refuse"], default_value = "shorten")]
    pub(crate) long_names: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PayloadKind {
    /// Valid against Octane's official schema.
    Standard,
    /// The in-house dialect, for servers that expect it.
    Evidence,
}

/// What to do when a module or suite is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Create {
    /// Ask, on a terminal; elsewhere the same as `never`.
    Ask,
    /// End with an error.
    Never,
    /// Create it.
    Missing,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane upload nightly.csv --sandbox
  octane upload 'build/**/TEST-*.xml' --suite Nightly --module Shop/Checkout -y
  octane upload results/ --suite 7045 --suite-run 'nightly #4711' --format json")]
#[command(after_long_help = crate::exit::Exit::table())]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Test suite: an id or a name [in the sandbox: the input's name].
    #[arg(long, value_name = "ID|NAME", help_heading = "Target")]
    pub(crate) suite: Option<String>,
    /// Name of the suite run [default: that of the CI run, or the input's name and day].
    #[arg(
        long,
        visible_alias = "suite-external-run-id",
        value_name = "NAME",
        help_heading = "Target"
    )]
    pub(crate) suite_run: Option<String>,
    /// Application module: an id or a path [in the sandbox: `Sandbox`].
    #[arg(long, value_name = "ID|A/B/C", help_heading = "Target")]
    pub(crate) module: Option<String>,
    /// What to do when module or suite are missing [default: ask; in the sandbox: missing].
    #[arg(long, value_enum, help_heading = "Target")]
    pub(crate) create: Option<Create>,
    /// The same as `--create missing`.
    #[arg(short = 'y', long, conflicts_with = "create", help_heading = "Target")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
    /// Whether runs are linked to the stories of their Jira keys.
    #[arg(long, value_parser = ["auto", "off"], default_value = "auto", help_heading = "Jira")]
    pub(crate) jira: String,
    /// Let Octane ignore references to things that do not exist, instead of leaving out their runs.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) skip_errors: bool,
    /// Send results once more that Octane has had byte for byte, as a repetition of its own.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) force_new: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Show what would be created and sent, and do nothing.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Where the payload goes; several batches are numbered: `out.xml`, `out.2.xml`, … `-` is standard
    /// output, for one batch.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Id of the test suite; without it the payload names none.
    #[arg(long, value_name = "ID")]
    pub(crate) suite: Option<i64>,
    /// Name of the suite run.
    #[arg(long, value_name = "NAME", requires = "suite")]
    pub(crate) suite_run: Option<String>,
    /// Id of the application module.
    #[arg(long, value_name = "ID")]
    pub(crate) module: Option<i64>,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
}
