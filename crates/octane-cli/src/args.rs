//! The command line as it is typed.

mod auth;
mod build_context;
mod compat;
mod config;
mod connection;
mod deferred;
mod doctor;
mod dry_run;
mod duration;
mod entities;
mod exec;
mod listing;
mod network;
mod number;
mod oidc;
mod parse;
mod rate;
mod relay;
mod relay_access;
mod report_kind;
mod results;
mod run_url;
mod shards;
mod tools;
mod uploads;
mod values;
mod variable;
mod via;
mod workspace_name;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use auth::{AuthCommand, LoginArgs};
pub(crate) use build_context::BuildContext;
pub(crate) use compat::CompatArgs;
pub(crate) use config::{ConfigCommand, ConfigInitArgs, ConfigShowArgs};
pub(crate) use connection::{
    ConnectionArgs, Group, OnAmbiguous, OnServer, OnServerGroup, SandboxDataArgs,
};
pub(crate) use deferred::Deferred;
pub(crate) use doctor::DoctorArgs;
pub(crate) use dry_run::DryRunArgs;
pub(crate) use entities::{
    ChangeLinksArgs, JiraCommand, LinkArgs, ModuleCommand, RunCommand, StoryCommand, SuiteCommand,
    SuiteRunCommand, Verdict,
};
pub(crate) use exec::ExecArgs;
pub(crate) use listing::SinceArgs;
pub(crate) use network::NetworkArgs;
#[cfg(feature = "relay")]
pub(crate) use oidc::OidcOption;
pub(crate) use parse::LineError;
#[cfg_attr(
    not(feature = "relay"),
    expect(unused_imports, reason = "only a relay uses them")
)]
pub(crate) use relay::{FolderArgs, RelayArgs, RelayCommand, RelayStoreArgs, TokenCommand};
#[cfg_attr(
    not(feature = "relay"),
    expect(unused_imports, reason = "only a relay uses them")
)]
pub(crate) use relay_access::RelayAccessArgs;
pub(crate) use report_kind::{ReportKind, ReportPath};
#[cfg(test)]
pub(crate) use results::InputFormat;
pub(crate) use results::{
    ConvertArgs, Create, Gherkin, InputArgs, JiraLinks, LongNamesPolicy, OutputFormat, PayloadArgs,
    PayloadKind, UploadArgs, ValidateArgs,
};
pub(crate) use run_url::RunUrl;
#[cfg(feature = "relay")]
pub(crate) use shards::SuiteRunOfShards;
pub(crate) use shards::{CloseArgs, MergeArgs, ShardChoice};
#[cfg(feature = "man")]
pub(crate) use tools::ManArgs;
pub(crate) use tools::{
    ApiArgs, CiCommand, CompletionsArgs, HttpMethod, SandboxArgs, SchemaArgs, VersionArgs,
};
#[cfg(feature = "sandbox")]
pub(crate) use tools::{ReplayArgs, SandboxCommand};
pub(crate) use uploads::{
    Annotations, Compare, DeliveryArgs, OnTestFailure, OnUnresolved, OnUploadError, OnlyArgs,
    ResumeArgs, SpoolArgs, StatusArgs, Tolerate, UploadStatus, UploadsCommand, WaitArgs, Watched,
};
pub(crate) use values::{ColumnMapping, JiraSource, StatusMapping};
pub(crate) use via::ViaArgs;
#[cfg(feature = "relay")]
pub(crate) use workspace_name::WorkspaceName;

use crate::env;
use crate::exit::Exit;
use crate::settings::fill::Effective;

/// Upload automated test results to ALM Octane and link them to the stories they cover.
#[derive(Debug, Parser)]
#[command(name = "octane", version, after_long_help = after_help(), arg_required_else_help = true)]
#[command(before_long_help = examples("\
Examples:
  octane upload nightly.csv --sandbox                       try it without a server
  octane upload 'build/**/TEST-*.xml' --suite Nightly -y    upload; create the suite if needed
  octane run list --suite Nightly --suite-run 'nightly #4711'
  octane jira resolve SHOP-12 SHOP-19", cfg!(feature = "sandbox")))]
pub(crate) struct Args {
    /// Output format.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, help_heading = "Output")]
    pub(crate) format: Format,
    /// Print no progress, notes or warnings; the answer and errors are still printed.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Print more; repeat (-vv) to log every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
    /// When to use colour [auto: on a terminal, unless `NO_COLOR` is set].
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, help_heading = "Output")]
    pub(crate) color: Color,
    /// Use the settings of this profile in `octane.toml`: `[profile.NAME.octane]`.
    #[arg(long, global = true, env = env::PROFILE, value_name = "NAME", help_heading = "Settings")]
    pub(crate) profile: Option<String>,
    /// The settings of the command, with their values and where these come from.
    #[arg(skip)]
    pub(crate) effective: Vec<Effective>,
    /// Notes about variables that do not count, because an option wins.
    #[arg(skip)]
    pub(crate) overridden: Vec<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless a variable such as `NO_COLOR` says otherwise.
    Auto,
    /// Also where output is not a terminal.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// What a command line says, which may be invalid elsewhere: its error has colour, too.
    pub(crate) fn in_line(line: impl IntoIterator<Item = OsString>) -> Self {
        let word = |color: &Self| color.to_possible_value();
        let named = |name: &str| {
            let mut all = Self::value_variants().iter().copied();
            all.find(|color| word(color).is_some_and(|word| word.get_name() == name))
        };
        let mut color = Self::Auto;
        let mut is_color = false;
        // What follows belongs to another program.
        for argument in line.into_iter().take_while(|argument| argument != "--") {
            let text = argument.to_string_lossy();
            let value = text.strip_prefix("--color=");
            let value = value.or_else(|| is_color.then_some(&*text));
            color = value.and_then(named).unwrap_or(color);
            is_color = text == "--color";
        }
        color
    }

    /// From here on, everything that is written has colour as this says.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }

    /// The same for help and errors of the command line.
    pub(crate) fn of_help(self) -> clap::ColorChoice {
        match self {
            Self::Auto => clap::ColorChoice::Auto,
            Self::Always => clap::ColorChoice::Always,
            Self::Never => clap::ColorChoice::Never,
        }
    }
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    Human,
    /// One JSON document; `octane schema` describes it.
    Json,
    /// The same on one line; lists print a line for each entry, as soon as it has arrived.
    Ndjson,
}

impl Format {
    /// Whether answers are JSON.
    pub(crate) fn is_json(self) -> bool {
        self != Self::Human
    }

    /// What is asked for in a command line that is invalid elsewhere.
    pub(crate) fn asked_for_in(line: impl IntoIterator<Item = OsString>) -> Self {
        let mut is_format = false;
        // What follows belongs to another program.
        let line = line.into_iter().take_while(|argument| argument != "--");
        let mut asked = line.filter_map(|argument| {
            let value = match argument.to_str() {
                Some(word) if is_format => word,
                Some(word) => word.strip_prefix("--format=").unwrap_or_default(),
                None => "",
            };
            let format = Self::from_str(value, false).ok();
            is_format = argument == "--format";
            format
        });
        asked.find(|format| format.is_json()).unwrap_or(Self::Human)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload results, wait until they are ingested, and link their runs to stories.
    Upload(Deferred<UploadArgs>),
    /// Run a test command, upload the reports that it writes, and end with its exit code.
    Exec(Deferred<ExecArgs>),
    /// Resume uploads that were interrupted or could not reach the server.
    Resume(Deferred<ResumeArgs>),
    /// Merge the shards of a suite run: link the runs of all, and report on all of them at once.
    Merge(Deferred<MergeArgs>),
    /// Show the progress of an upload (offline), or a task of the server.
    Status(Deferred<OnServer<StatusArgs>>),
    /// Wait until a task of the server has ended, or until no process is working on an upload.
    Wait(Deferred<OnServer<WaitArgs>>),
    /// Manage uploads stored on this machine (offline).
    Uploads(Deferred<Group<UploadsCommand>>),
    /// Check results for problems without uploading them (offline).
    Validate(Deferred<ValidateArgs>),
    /// Write the payloads that an upload would send (offline).
    Convert(Deferred<ConvertArgs>),
    /// Find and create application modules.
    Module(Deferred<OnServerGroup<ModuleCommand>>),
    /// Find and create test suites.
    Suite(Deferred<OnServerGroup<SuiteCommand>>),
    /// Find, create and close suite runs.
    SuiteRun(Deferred<OnServerGroup<SuiteRunCommand>>),
    /// Find automated runs.
    Run(Deferred<OnServerGroup<RunCommand>>),
    /// Find stories, and what results say of them.
    Story(Deferred<OnServerGroup<StoryCommand>>),
    /// Look up Jira keys.
    Jira(Deferred<OnServerGroup<JiraCommand>>),
    /// Link runs to stories.
    Link(Deferred<OnServer<LinkArgs>>),
    /// Remove links between runs and stories.
    Unlink(Deferred<OnServer<ChangeLinksArgs>>),
    /// Check URL, network, certificates, credentials, permissions and fields, step by step; writes nothing.
    Doctor(Deferred<OnServer<DoctorArgs>>),
    /// Save an API key for yourself, and see which credentials are used.
    Auth(Deferred<OnServerGroup<AuthCommand>>),
    /// Send an authenticated API request.
    Api(Deferred<OnServer<ApiArgs>>),
    /// Show what is known of the CI run (offline).
    Ci(Deferred<Group<CiCommand>>),
    /// Store the uploads of other machines, and deliver them at one rate.
    #[command(hide = cfg!(not(feature = "relay")))]
    Relay(Deferred<RelayArgs>),
    /// Run a local Octane sandbox server.
    #[command(hide = cfg!(not(feature = "sandbox")))]
    Sandbox(Deferred<SandboxArgs>),
    /// Upload results with the flags of the vendor's test result collection tool.
    Compat(Deferred<CompatArgs>),
    /// Show and write settings (offline).
    Config(Deferred<Group<ConfigCommand>>),
    /// Print a script that completes commands and options in a shell (offline).
    Completions(Deferred<CompletionsArgs>),
    /// Write the man pages of all commands (offline).
    #[cfg(feature = "man")]
    #[command(hide = true)]
    Man(Deferred<ManArgs>),
    /// Print the JSON Schema of an answer (offline).
    Schema(Deferred<SchemaArgs>),
    /// Show the version.
    Version(Deferred<VersionArgs>),
}

impl Args {
    /// The definition of the program with the options of all commands, not just of the one that is called.
    pub(crate) fn with_all_commands() -> clap::Command {
        let all = Command::augment_subcommands_for_update(clap::Command::new("octane"));
        let defined = |command: &clap::Command| all.find_subcommand(command.get_name()).cloned();
        Self::command().mut_subcommands(|command| match defined(&command) {
            Some(defined) => defined,
            None => command,
        })
    }
}

impl Command {
    /// The connection options of a command that connects.
    fn connection_mut(&mut self) -> Option<&mut ConnectionArgs> {
        match self {
            Self::Upload(args) => Some(&mut args.connection),
            Self::Exec(args) => Some(&mut args.upload.connection),
            Self::Resume(args) => Some(&mut args.connection),
            Self::Merge(args) => Some(&mut args.connection),
            Self::Module(group) => Some(&mut group.connection),
            Self::Suite(group) => Some(&mut group.connection),
            Self::SuiteRun(group) => Some(&mut group.connection),
            Self::Run(group) => Some(&mut group.connection),
            Self::Story(group) => Some(&mut group.connection),
            Self::Jira(group) => Some(&mut group.connection),
            Self::Link(server) => Some(&mut server.connection),
            Self::Unlink(server) => Some(&mut server.connection),
            Self::Status(server) => Some(&mut server.connection),
            Self::Wait(server) => Some(&mut server.connection),
            Self::Doctor(server) => Some(&mut server.connection),
            Self::Auth(group) => Some(&mut group.connection),
            Self::Api(server) => Some(&mut server.connection),
            Self::Relay(args) => Some(&mut args.connection),
            _ => None,
        }
    }
}

/// Examples without those that a program without the sandbox cannot run.
fn examples(text: &str, has_sandbox: bool) -> String {
    let can_run = |line: &&str| has_sandbox || !line.contains("--sandbox");
    let lines: Vec<&str> = text.lines().filter(can_run).collect();
    lines.join("\n")
}

/// What follows the options in the long help of the program.
fn after_help() -> String {
    format!("{}\n\n{}", env::table(), Exit::table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn commands_are_the_same_whether_their_options_are_defined_at_once_or_later() {
        fn defined(mut command: clap::Command) -> String {
            command.build();
            described(&command)
        }
        fn described(command: &clap::Command) -> String {
            let mut arguments: Vec<_> = command
                .get_arguments()
                .map(|it| format!("{it:?}"))
                .collect();
            arguments.sort();
            // `octane help` finds the commands of a group when they are asked for.
            let below = command
                .get_subcommands()
                .filter(|below| below.get_name() != "help");
            let below: String = below.map(described).collect();
            let needs_command = command.is_subcommand_required_set();
            let shows_help = command.is_arg_required_else_help_set();
            let help = command.clone().render_long_help();
            format!("{help}\n{needs_command} {shows_help} {arguments:#?}\n{below}")
        }
        let (later, at_once) = (defined(Args::command()), defined(Args::with_all_commands()));
        assert!(later.lines().count() > 1000);
        let differ = later
            .lines()
            .zip(at_once.lines())
            .find(|(one, other)| one != other);
        assert_eq!(differ, None);
        assert_eq!(later.len(), at_once.len());
    }

    #[test]
    fn a_program_without_the_sandbox_shows_no_example_that_needs_it() {
        let text = "Examples:\n  octane upload a.csv --sandbox\n  octane upload a.csv -y";
        assert_eq!(examples(text, true), text);
        let expected = "Examples:\n  octane upload a.csv -y";
        assert_eq!(examples(text, false), expected);
    }

    #[test]
    fn only_commands_that_connect_have_connection_options() {
        let connects = |command: &clap::Command| {
            let mut arguments = command.get_arguments();
            arguments.any(|argument| argument.get_long() == Some("url"))
        };
        let program = Args::with_all_commands();
        assert!(!connects(&program), "the program itself");
        let offline = [
            "ci",
            "uploads",
            "validate",
            "convert",
            "compat",
            "completions",
            "config",
            "sandbox",
            "schema",
            "version",
        ];
        for command in program.get_subcommands() {
            let name = command.get_name();
            assert_eq!(connects(command), !offline.contains(&name), "{name}");
        }
    }

    #[test]
    fn the_connection_options_of_each_command_that_connects_are_found() {
        let connections = include_str!("args.rs");
        for command in Args::with_all_commands().get_subcommands() {
            let mut arguments = command.get_arguments();
            if !arguments.any(|argument| argument.get_long() == Some("url")) {
                continue;
            }
            let words = command.get_name().split('-');
            let variant: String = words
                .map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]))
                .collect();
            assert!(
                connections.contains(&format!("Self::{variant}(")),
                "{variant}"
            );
        }
    }

    #[test]
    fn colour_is_recognised_in_an_invalid_command_line() {
        let color = |line: &str| Color::in_line(line.split(' ').map(OsString::from));
        assert_eq!(color("octane --no-such --color always"), Color::Always);
        assert_eq!(color("octane --color always --color=never x"), Color::Never);
        assert_eq!(color("octane --color sometimes"), Color::Auto);
        assert_eq!(color("octane exec -- ls --color always"), Color::Auto);
    }

    #[test]
    fn the_format_is_recognised_in_an_invalid_command_line() {
        for (line, format) in [
            ("octane --no-such --format json", Format::Json),
            ("octane --format=json no-such", Format::Json),
            ("octane --no-such --format ndjson", Format::Ndjson),
            ("octane --format=ndjson no-such", Format::Ndjson),
            ("octane --format human json", Format::Human),
            ("octane json", Format::Human),
            ("octane exec -- pytest --format json", Format::Human),
        ] {
            let words = line.split(' ').map(OsString::from);
            assert_eq!(Format::asked_for_in(words), format, "{line}");
        }
    }

    #[test]
    fn connection_options_can_follow_the_commands_of_a_group() {
        let line = ["octane", "suite", "list", "--url", "https://octane.example"];
        let Command::Suite(group) = Args::try_parse_from(line).unwrap().command else {
            panic!("another command");
        };
        let url = group.connection.url.as_deref();
        assert_eq!(url, Some("https://octane.example"));
    }

    #[test]
    fn the_help_of_each_command_has_examples() {
        fn without(command: &clap::Command, path: &str) -> Vec<String> {
            let name = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                let below = command.get_subcommands().filter(|one| !one.is_hide_set());
                return below.flat_map(|below| without(below, &name)).collect();
            }
            let help = command.get_before_long_help().map(ToString::to_string);
            let has_examples = help.is_some_and(|help| help.starts_with("Example"));
            Vec::from_iter((!has_examples).then_some(name))
        }
        let mut missing = without(&Args::with_all_commands(), "");
        // Their examples need a relay.
        missing.retain(|name| !name.starts_with(" octane relay"));
        assert_eq!(missing, [""; 0]);
    }
}
