//! Commands that read results.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::Regex;

use octane_results::{Reruns, Tag, TestField, TextEncoding, Volatile, time_zone, timestamp};

use super::build_context::BuildContext;
use super::connection::ConnectionArgs;
use super::duration::duration;
use super::entities::CreateSimilarArgs;
use super::number::{at_least_one, number};
use super::run_url::RunUrl;
use super::shards::ShardChoice;
use super::uploads::DeliveryArgs;
use super::values::{self, ColumnMapping, JiraSource, StatusMapping};
use super::via::ViaArgs;

/// What is read, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Reports and tables of results: files, directories or globs; `-` is standard input.
    #[arg(id = "paths", required = true, value_name = "FILES", value_parser = values::input())]
    pub(crate) inputs: Vec<String>,
    /// Exclude files matching this glob.
    #[arg(long, value_name = "GLOB", value_parser = values::glob)]
    pub(crate) exclude: Vec<String>,
    /// Follow links that lead out of a directory; links inside of it are always followed.
    #[arg(long)]
    pub(crate) follow_links: bool,
    /// Format of all files; by default that of each is recognised by its content.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = InputFormat(None))]
    pub(crate) input_format: InputFormat,
    /// Encoding of all files without a byte order mark, e.g. `windows-1252` [default: the declared one, or UTF-8].
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<TextEncoding>,
    /// Map a column to a field, for example `--column 'Test Name=name'`; `--column Owner=` ignores the column.
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(crate) column: Vec<ColumnMapping>,
    /// What a status word of the input means, e.g. `--status-map Inconclusive=failed`; statuses: passed, failed, skipped,
    /// planned. Wins over most formats (see docs/formats.md).
    #[arg(long, value_name = "WORD=STATUS")]
    pub(crate) status_map: Vec<StatusMapping>,
    /// Time zone of start times without an offset, such as `Europe/Berlin` or `+02:00` [default: UTC, with a warning].
    #[arg(long, alias = "timezone", value_name = "ZONE", value_parser = time_zone)]
    pub(crate) time_zone: Option<TimeZone>,
    /// How module, package, class and name of tests are made, e.g. `--identity 'module={suite:first} class={file:stem}'`;
    /// what is not given stays as it is. Fields: module, package, class, classname, name, suite, file, project, hostname, report.
    #[arg(long, value_name = "TEMPLATE", value_parser = values::identity)]
    pub(crate) identity: Vec<String>,
    /// Replace what differs from run to run in the names of tests by a word such as `<address>`: addresses, paths (of
    /// temporary files), times, hashes.
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub(crate) normalize: Vec<Volatile>,
    /// Replace what this regular expression matches in the names of tests by `*`, e.g. `--scrub 'worker \d+'`.
    #[arg(long, value_name = "REGEX")]
    pub(crate) scrub: Vec<Regex>,
    /// Where Jira keys are in a report: `property` (`jira`, `jira_key`, `test_key`, `requirement`, `issue`, …, and links to
    /// issues), `property:NAME`, `tag`, `name`.
    #[arg(
        long,
        value_name = "SOURCES",
        value_delimiter = ',',
        default_value = "property",
        help_heading = "Jira"
    )]
    pub(crate) jira_from: Vec<JiraSource>,
    /// What Jira keys in tags and names look like, e.g. `SHOP-\d+`; a group, if there is one, is the key.
    #[arg(long, value_name = "REGEX", help_heading = "Jira")]
    pub(crate) jira_pattern: Option<Regex>,
    /// Table with the Jira keys of tests: columns `test` (identity as printed, `*` for any text) or `module`, `package`, `class`,
    /// `name`, and `jira`.
    #[arg(long, value_name = "FILE", help_heading = "Jira")]
    pub(crate) jira_map: Option<PathBuf>,
    /// Module and package for tests that have none: `Shop/Checkout/Payment` means module `Shop`, package
    /// `Checkout.Payment`.
    #[arg(long, value_name = "PATH")]
    pub(crate) suite_path: Option<String>,
    /// Which of several results of one run the run shows: the last one, the worst one, or each as a run of its own.
    #[arg(long, value_name = "last|worst|all", default_value_t = Reruns::Last)]
    pub(crate) reruns: Reruns,
    /// Skip invalid rows and files instead of aborting, and end with code 5 if there are any.
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// Do not fail when the input contains no results.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Do not fail when files, directories or globs match nothing.
    #[arg(long)]
    pub(crate) allow_missing: bool,
}

/// The format of all inputs; that of each file is recognised by its content without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InputFormat(pub(crate) Option<octane_results::Format>);

impl ValueEnum for InputFormat {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [InputFormat; octane_results::Format::ALL.len() + 1] = {
            let mut all = [InputFormat(None); octane_results::Format::ALL.len() + 1];
            let mut at = 0;
            while at < octane_results::Format::ALL.len() {
                all[at + 1] = InputFormat(Some(octane_results::Format::ALL[at]));
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(
            self.0.map_or("auto", octane_results::Format::as_str),
        ))
    }
}

/// What `convert` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A payload for Octane in the dialect of `--payload`.
    Octane,
    /// A payload for Octane in the dialect "evidence".
    Evidence,
    /// JUnit XML for other tools; module, tags and the like are in properties.
    Junit,
    /// A JSON object a line.
    Ndjson,
    /// A table with a header line.
    Csv,
    /// A table in Parquet; needs a build with `--features arrow`.
    Parquet,
}

/// What a scenario of Cucumber becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gherkin {
    /// Each scenario is an automated test with a run of its own.
    Scenarios,
    /// Each feature file is a Gherkin test with one run, which shows its scenarios and their steps.
    Features,
}

/// How payloads are written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Payload")]
pub(crate) struct PayloadArgs {
    /// Payload dialect.
    #[arg(long, value_enum, value_name = "DIALECT", default_value_t = PayloadKind::Standard)]
    pub(crate) payload: PayloadKind,
    /// What a scenario of Cucumber becomes in Octane: a test of its own, or a part of the Gherkin test of its feature.
    #[arg(long, value_enum, value_name = "UNIT", default_value_t = Gherkin::Scenarios)]
    pub(crate) gherkin: Gherkin,
    /// Start time of results that have none, e.g. `2026-11-28T05:00:00Z`; `--gherkin features` and the dialect "evidence" need one.
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub(crate) started: Option<Timestamp>,
    /// Release of the runs: an ID, a name, or `default`.
    #[arg(long, value_name = "ID|NAME|default")]
    pub(crate) release: Option<String>,
    /// Milestone of the runs.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) milestone: Option<i64>,
    /// Program of the runs.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) program: Option<i64>,
    /// Environment of the runs, for example `OS:Linux`.
    #[arg(short = 't', long = "tag", value_name = "TYPE:VALUE", value_parser = values::tag)]
    pub(crate) tags: Vec<Tag>,
    /// Field of the tests: `Test_Level`, `Test_Type`, `Testing_Tool_Type` or `Framework`.
    #[arg(short = 'f', long = "field", value_name = "TYPE:VALUE", value_parser = values::test_field)]
    pub(crate) fields: Vec<TestField>,
    /// Backlog item that the tests cover.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) backlog_item: Vec<i64>,
    /// Link of runs whose results have none [default: when uploading in CI, the page of the CI run].
    #[arg(long, value_name = "URL|off")]
    pub(crate) run_url: Option<RunUrl>,
    /// CI build of the runs, as Octane knows it from a CI plug-in: `jenkins-1,shop/job/main,17`; without JOB or BUILD
    /// (`jenkins-1,,`) those of the CI run. `auto` uses it only if Octane lists the build of the CI run.
    #[arg(long, value_name = "SERVER,JOB,BUILD|auto|off", default_value_t = BuildContext::Off)]
    pub(crate) build_context: BuildContext,
    /// Testing tool type of the tests [default: `Quartz` for `--payload evidence`, otherwise none].
    #[arg(long, value_name = "LABEL")]
    pub(crate) testing_tool_type: Option<String>,
    /// Maximum results per batch.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = at_least_one::<u32>)]
    pub(crate) batch_size: u32,
    /// Maximum uncompressed payload size per batch, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 4 * 1024 * 1024, value_parser = number::<usize>)]
    pub(crate) batch_bytes: usize,
    /// What to do with names longer than Octane's limit (255 characters).
    #[arg(long, value_enum, value_name = "ACTION", default_value_t = LongNamesPolicy::Shorten)]
    pub(crate) long_names: LongNamesPolicy,
}

/// What to do with names that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LongNamesPolicy {
    /// Keep the start and a digest of the whole name.
    Shorten,
    /// Fail; nothing is sent.
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PayloadKind {
    /// Octane's official schema.
    Standard,
    /// The in-house dialect called "evidence", for servers that expect it.
    Evidence,
}

/// Whether runs are linked to stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JiraLinks {
    /// Link the runs whose results have Jira keys.
    Auto,
    /// Link nothing.
    Off,
}

/// What to do if a module or suite does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Create {
    /// Ask if running in a terminal, otherwise `never`.
    Ask,
    /// Fail.
    Never,
    /// Create it.
    Missing,
}

#[derive(Debug, Clone, Args)]
#[command(before_long_help = super::examples("\
Examples:
  octane upload nightly.csv --sandbox
  octane upload 'build/**/TEST-*.xml' --suite Nightly --module Shop/Checkout -y
  octane upload results/ --suite 7045 --suite-run 'nightly #4711' --format json", cfg!(feature = "sandbox")))]
#[command(after_long_help = crate::exit::Exit::table())]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Fail if fewer tests ran, before anything is sent. Tests that were skipped or are planned do not count, and a test counts once
    /// however often it ran.
    #[arg(long, value_name = "COUNT", value_parser = number::<usize>)]
    pub(crate) min_tests: Option<usize>,
    /// Test suite: an ID or a name [in the sandbox: the input's name].
    #[arg(long, value_name = "ID|NAME", help_heading = "Target")]
    pub(crate) suite: Option<String>,
    /// Name of the suite run [default: that of the CI run (`octane ci env`); otherwise file name and date of the results,
    /// or the time of the upload if they have none].
    #[arg(
        long,
        visible_alias = "suite-external-run-id",
        value_name = "NAME",
        help_heading = "Target"
    )]
    pub(crate) suite_run: Option<String>,
    /// Which part of a test run these results are, e.g. `3/8`; all parts meet in one suite run. `auto` is the one that the CI
    /// system names (`octane ci env`), if the job is one of several parallel jobs. Runs are linked once all parts are there,
    /// or by `octane merge`.
    #[arg(long, value_name = "auto|INDEX/TOTAL", help_heading = "Target")]
    pub(crate) shard: Option<ShardChoice>,
    /// How long to wait for shards that are uploaded into the same `--spool` directory, before the suite run is completed without
    /// them, e.g. `30m`; by default the last shard completes it. With `--via`, the relay waits.
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Target")]
    pub(crate) shard_timeout: Option<Duration>,
    /// Application module: an ID or a path [in the sandbox: `Sandbox`].
    #[arg(
        long,
        visible_alias = "product-area",
        value_name = "ID|A/B/C",
        help_heading = "Target"
    )]
    pub(crate) module: Option<String>,
    /// What to do if the module or suite does not exist [default: ask; in the sandbox: missing].
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Target")]
    pub(crate) create: Option<Create>,
    /// Same as `--create missing`.
    #[arg(short = 'y', long, conflicts_with = "create", help_heading = "Target")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) similar: CreateSimilarArgs,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
    /// Link runs to the stories that match their Jira keys.
    #[arg(
        id = "jira_links",
        long = "jira",
        value_enum,
        value_name = "WHEN",
        default_value_t = JiraLinks::Auto,
        help_heading = "Jira"
    )]
    pub(crate) jira: JiraLinks,
    /// Afterwards, remove the links of these runs, or of their tests, to stories whose Jira keys are not theirs any more. Runs whose
    /// results have no key, and those whose keys are in doubt, keep all links; links to stories without a Jira key stay.
    #[arg(long, help_heading = "Jira")]
    pub(crate) unlink_stale: bool,
    /// Ask Octane to ignore unknown references (release, milestone, …) instead of rejecting the affected runs.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) skip_errors: bool,
    /// Upload again even if Octane has already received identical results.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) force_new: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    #[command(flatten)]
    pub(crate) via: ViaArgs,
    /// Show what would be created and sent without doing it.
    #[arg(long, help_heading = "Delivery")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl UploadArgs {
    /// The definition of `octane upload` alone.
    pub(crate) fn command() -> clap::Command {
        Self::augment_args(clap::Command::new("upload"))
    }
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane validate nightly.csv
  octane validate 'build/**/TEST-*.xml' --format json")]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane convert nightly.csv -o new.xml
  octane convert nightly.csv --to junit -o new.xml      for other tools")]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Output file; `-` is standard output, as XML whatever `--format` says.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Format of the output: a payload for Octane, or results for other tools.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = OutputFormat::Octane)]
    pub(crate) to: OutputFormat,
    /// Write the batches in which an upload would send the results, to numbered files (`out.xml`, `out.2.xml`, …).
    #[arg(long)]
    pub(crate) split: bool,
    /// ID of the test suite; without it the payload names no suite.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) suite: Option<i64>,
    /// Name of the suite run.
    #[arg(long, value_name = "NAME", requires = "suite")]
    pub(crate) suite_run: Option<String>,
    /// ID of the application module.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) module: Option<i64>,
    #[command(flatten)]
    pub(crate) payload: PayloadArgs,
}
