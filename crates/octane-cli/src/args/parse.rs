//! Parsing the command line, so that variables of the environment neither conflict with options nor appear in usage.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use super::run_url::RunUrl;
use super::variable::of_variable;
use super::{Args, Color, UploadArgs};
use crate::credentials::given::Configured;
use crate::failure::Failure;
use crate::settings::SettingsError;
use crate::settings::definition::{Definitions, Setting};
use crate::settings::fill::{Choice, Effective, choose, fill, read, without_empty_variables};
use crate::settings::find;
use crate::settings::precedence::{Level, strongest};
use crate::{ci, env};

/// Options that exclude each other when both are typed. If only the first one is typed, it wins over the variable of the
/// second one, with a note.
const CONFLICTS: [[&str; 2]; 14] = [
    ["sandbox", "url"],
    ["sandbox", "space"],
    ["sandbox", "workspace"],
    ["memory", "sandbox_data"],
    ["record", "memory"],
    ["record", "settings"],
    ["record", "set"],
    ["record", "sandbox_data"],
    ["secret_file", "secret_stdin"],
    ["secret_file", "secret_command"],
    ["secret_file", "client_secret"],
    ["secret_stdin", "secret_command"],
    ["secret_stdin", "client_secret"],
    ["secret_command", "client_secret"],
];

/// Settings that are stored with an upload: when it is resumed, they win over those of files.
const STORED: [&str; 7] = [
    "on_unresolved",
    "on_upload_error",
    "on_test_failure",
    "tolerate",
    "jira_field",
    "link_field",
    "on_ambiguous",
];

/// Options that win over variables that have no option, with a note.
const OVERRIDES: [(&str, &str); 1] = [("client_id", env::USERNAME)];

/// Why a command line cannot be used.
#[derive(Debug)]
pub(crate) enum LineError {
    /// It is not valid, or asks for help or the version.
    Usage(Error),
    /// What it needs is missing or not valid, such as the settings in files.
    Failed(Box<Failure>),
}

impl From<Error> for LineError {
    fn from(error: Error) -> Self {
        Self::Usage(error)
    }
}

impl From<Failure> for LineError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl Args {
    /// Parses a command line, with the settings of files for what is not given.
    pub(crate) fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Self, LineError> {
        let line: Vec<OsString> = line.into_iter().collect();
        let color = Color::in_line(line.iter().cloned()).of_help();
        let mut variables = env::ALL.iter();
        let has_empty = variables.any(|variable| is_empty(OsStr::new(variable.name)));
        let all_commands = || {
            let all = Self::with_all_commands().color(color);
            if has_empty {
                without_empty_variables(all, is_empty)
            } else {
                all
            }
        };
        // Parsing defines the options of the command that is called, and of none of the others.
        let mut program = if has_empty {
            all_commands()
        } else {
            Self::command().color(color)
        };
        let parsed = program.try_get_matches_from_mut(&line);
        // Files may have what is missing. Every other mistake is found without them, and so is help.
        let parsed = match parsed {
            Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                return Err(line_error(error, program, &line));
            }
            parsed => parsed,
        };
        let stated = match &parsed {
            Ok(matches) => matches.clone(),
            Err(_) => {
                let lenient = program.clone().ignore_errors(true);
                lenient.try_get_matches_from(&line)?
            }
        };
        let called = called(&stated);
        let definitions = Definitions::of(&UploadArgs::command());
        let applicable = applicable(&definitions, &program, &called);
        let choices = if applicable.is_empty() {
            Vec::new()
        } else {
            choices(&definitions, &applicable, &program, &stated).map_err(Failure::from)?
        };
        let is_filled = choices.iter().any(|choice| choice.found.is_some());
        let parsed = if is_filled {
            program = fill(all_commands(), &called, &applicable, &choices);
            program.try_get_matches_from_mut(&line)
        } else {
            parsed
        };
        let mut matches = match parsed {
            Ok(matches) => matches,
            Err(error) => return Err(line_error(error, program, &line)),
        };
        let (mut overridden, effective) = {
            let (command, matches) = innermost(&program, &matches);
            check_conflicts(command, matches)?;
            let is_set = |name: &str| env::read(name).is_some_and(|value| !value.is_empty());
            let mut overridden = overridden(command, matches, is_set);
            overridden.extend(without_effect(command, matches)?);
            (overridden, effective(&applicable, &choices, matches))
        };
        let mut args = Self::from_arg_matches_mut(&mut matches)?;
        if let Some(connection) = args.command.connection_mut() {
            connection.configured = configured(&choices);
            overridden.extend(connection.prefer_typed_url());
        }
        args.overridden = overridden;
        args.effective = effective;
        Ok(args)
    }
}

/// Whether a variable is set, and empty.
fn is_empty(name: &OsStr) -> bool {
    let value = name.to_str().and_then(env::read);
    value.is_some_and(|value| value.is_empty())
}

/// The names of the command that was typed, from the outermost to the innermost.
fn called(mut matches: &ArgMatches) -> Vec<String> {
    let mut called = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        called.push(name.to_owned());
        matches = below;
    }
    called
}

/// The settings that a command has: those of its options that are options of `octane upload`, by the same definition.
fn applicable(definitions: &Definitions, program: &Command, called: &[String]) -> Definitions {
    let mut path = vec![program];
    for name in called {
        path.extend(
            path.last()
                .and_then(|command| command.find_subcommand(name)),
        );
    }
    let is_stored =
        |id: &str| called.first().is_some_and(|name| name == "resume") && STORED.contains(&id);
    definitions.filtered(|setting| {
        let (own, outer) = path
            .split_last()
            .map_or((None, &[][..]), |(own, outer)| (Some(own), outer));
        let outer = outer.iter().flat_map(|command| command.get_arguments());
        let inherited = outer.filter(|option| option.is_global_set());
        let own = own.into_iter().flat_map(|command| command.get_arguments());
        let mut options = own.chain(inherited);
        options.any(|option| setting.is_defined_by(option)) && !is_stored(&setting.id)
    })
}

/// Reads the files, and chooses what counts.
fn choices(
    all: &Definitions,
    applicable: &Definitions,
    program: &Command,
    matches: &ArgMatches,
) -> Result<Vec<Choice>, SettingsError> {
    let (command, matches) = innermost(program, matches);
    let source = |id: &str| {
        let mut options = command.get_arguments();
        let is_there = options.any(|option| option.get_id() == id);
        is_there.then(|| matches.value_source(id)).flatten()
    };
    let text = |id: &str| {
        let mut values = matches.get_raw(id)?;
        values
            .next()
            .map(|value| value.to_string_lossy().into_owned())
    };
    let run = ci::detect(env::text);
    let of_run = |id: &str| match id {
        "suite_run" => run.as_ref().map(|run| run.suite_run.value.clone()),
        "run_url" => {
            let url = run.as_ref()?.run_url.as_ref()?.value.clone();
            Some(url).filter(|url| RunUrl::is_usable(url))
        }
        _ => None,
    };
    let stated = |setting: &Setting| {
        let id = setting.id.as_str();
        match source(id) {
            Some(ValueSource::CommandLine) => Some((Level::Flag, text(id))),
            Some(ValueSource::EnvVariable) => Some((Level::Variable, text(id))),
            _ => Some((Level::Ci, Some(of_run(id)?))),
        }
    };
    let profile = source("profile").and_then(|_| text("profile"));
    let used = find::here()
        .into_iter()
        .filter(|candidate| candidate.is_used);
    let used = used.map(|candidate| (candidate.owner, candidate.path));
    // A file is checked as a whole, also what this command does not use.
    let files = read(all, used, profile.as_deref())?;
    let directory = std::env::current_dir().ok();
    Ok(choose(
        applicable,
        &files,
        profile.as_deref(),
        directory.as_deref(),
        stated,
    ))
}

/// What files say about credentials.
fn configured(choices: &[Choice]) -> Configured {
    let found = |id: &str| {
        let choice = choices.iter().find(|choice| choice.id == id)?;
        choice.found.as_ref()
    };
    let value = |id: &str| found(id)?.values.first().cloned();
    // Both say where the secret is, so one in a weaker place does not count.
    let level = |id: &str| {
        let choice = choices.iter().find(|choice| choice.id == id);
        choice
            .filter(|choice| choice.found.is_some())
            .map(|choice| choice.level)
    };
    let secrets = ["secret_file", "secret_command"];
    let counting = strongest(secrets.into_iter().filter_map(level));
    let counts = |id: &&str| level(id) == Some(counting);
    let [file_id, command_id] = secrets.map(|id| Some(id).filter(counts));
    let secret = file_id.or(command_id).and_then(found);
    let file = secret.or_else(|| found("client_id"));
    Configured {
        client_id: value("client_id"),
        secret_file: file_id.and_then(value).map(PathBuf::from),
        secret_command: command_id.and_then(value),
        file: file.map_or_else(String::new, |found| found.at.file.to_string()),
    }
}

/// The values that count, as the options have them.
fn effective(applicable: &Definitions, choices: &[Choice], matches: &ArgMatches) -> Vec<Effective> {
    let all = applicable.iter().filter_map(|setting| {
        let choice = choices
            .iter()
            .find(|choice| choice.id == setting.id)?
            .clone();
        let raw = matches.get_raw(&setting.id).into_iter().flatten();
        let raw: Vec<String> = raw
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        let is_ignored = choice.level == Level::Default
            && matches.value_source(&setting.id) == Some(ValueSource::EnvVariable);
        let values = match (&choice.level, &choice.stated, &choice.found) {
            (Level::Ci, Some(value), _) => vec![value.clone()],
            (_, _, Some(found)) => found.values.clone(),
            _ if is_ignored => Vec::new(),
            _ => raw,
        };
        Some(Effective {
            setting: setting.clone(),
            choice,
            values,
        })
    });
    all.collect()
}

/// The command that was typed, below all groups.
fn innermost<'a>(
    mut command: &'a Command,
    mut matches: &'a ArgMatches,
) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, below)) = matches.subcommand() {
        command = command.find_subcommand(name).unwrap_or(command);
        matches = below;
    }
    (command, matches)
}

fn is_typed(command: &Command, matches: &ArgMatches, id: &str) -> bool {
    // Asking for an option that the command does not have is a bug of the caller, says clap.
    command
        .get_arguments()
        .any(|argument| argument.get_id() == id)
        && matches.value_source(id) == Some(ValueSource::CommandLine)
}

fn option(id: &str) -> String {
    format!("--{}", id.replace('_', "-"))
}

/// Notes about variables that are set and do not count, because an option that was typed wins.
fn overridden(
    command: &Command,
    matches: &ArgMatches,
    is_set: impl Fn(&str) -> bool,
) -> Vec<String> {
    let variable_of = |id: &str| {
        let mut arguments = command.get_arguments();
        let argument = arguments.find(|argument| argument.get_id() == id)?;
        argument.get_env()?.to_str().map(str::to_owned)
    };
    let pairs = CONFLICTS
        .into_iter()
        .filter_map(|[winner, other]| Some((winner, variable_of(other)?)));
    let others = OVERRIDES.map(|(winner, variable)| (winner, variable.to_owned()));
    pairs
        .chain(others)
        .filter(|(winner, variable)| is_typed(command, matches, winner) && is_set(variable))
        .map(|(winner, variable)| {
            format!(
                "note: {variable} is ignored because of `{}`",
                option(winner)
            )
        })
        .collect()
}

/// What is wrong with a command line; what is wrong with a variable is not.
fn line_error(error: Error, program: Command, line: &[OsString]) -> LineError {
    match of_variable(&error, &program, line) {
        Some(failure) => failure.into(),
        None => with_plain_usage(error, program, line).into(),
    }
}

/// The parser lists every option that is set, also those that are set by the environment; they confuse.
fn with_plain_usage(mut error: Error, mut program: Command, line: &[OsString]) -> Error {
    if error.get(ContextKind::Usage).is_some() {
        program.build();
        let mut command = &program;
        for word in line.iter().skip(1) {
            let subcommand = word.to_str().and_then(|word| command.find_subcommand(word));
            command = subcommand.unwrap_or(command);
        }
        let usage = command.clone().render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}

fn check_conflicts(command: &Command, matches: &ArgMatches) -> Result<(), Error> {
    for [one, other] in CONFLICTS {
        if is_typed(command, matches, one) && is_typed(command, matches, other) {
            let message = format!(
                "the argument '{}' cannot be used with '{}'",
                option(one),
                option(other)
            );
            return Err(command.clone().error(ErrorKind::ArgumentConflict, message));
        }
    }
    Ok(())
}

/// Options that have no effect without another one, wherever the values come from. One that is typed fails then; one that is in a
/// file may be meant for other commands, and a note says so.
const NEEDS: [[&str; 2]; 1] = [["shard_timeout", "shard"]];

/// The notes about options that have no effect.
fn without_effect(command: &Command, matches: &ArgMatches) -> Result<Vec<String>, Error> {
    let has = |id: &str| {
        let is_known = command
            .get_arguments()
            .any(|argument| argument.get_id() == id);
        is_known && matches.value_source(id).is_some()
    };
    let mut notes = Vec::new();
    for [one, other] in NEEDS {
        if !has(one) || has(other) {
            continue;
        }
        let (one_option, other) = (option(one), option(other));
        if is_typed(command, matches, one) {
            let message = format!("the argument '{one_option}' needs '{other}'");
            let kind = ErrorKind::MissingRequiredArgument;
            return Err(command.clone().error(kind, message));
        }
        let setting = one_option.trim_start_matches("--");
        notes.push(format!("note: `{setting}` has no effect without `{other}`"));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, Error> {
        match Args::parse_line(line.split(' ').map(OsString::from)) {
            Ok(args) => Ok(args),
            Err(LineError::Usage(error)) => Err(error),
            Err(LineError::Failed(error)) => panic!("{error:?}"),
        }
    }

    #[test]
    fn options_that_exclude_each_other_are_an_error_when_both_are_typed() {
        for line in [
            "octane suite list --sandbox --url https://octane.example",
            "octane suite --sandbox list --url https://octane.example",
            "octane upload a.csv --sandbox --workspace 5",
            "octane suite list --space 5 --sandbox",
            "octane sandbox --memory --sandbox-data x",
            "octane suite --secret-stdin list --secret-file x",
            "octane suite list --client-secret x --secret-command y",
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{line}");
        }
        assert!(parse("octane suite list --sandbox").is_ok());
        assert!(parse("octane sandbox --memory").is_ok());
    }

    /// The notes of a command line where these variables are set.
    fn notes(line: &str, variables: &[&str]) -> Vec<String> {
        let mut program = Args::command();
        program.build();
        let matches = program.clone().get_matches_from(line.split(' '));
        let (command, matches) = innermost(&program, &matches);
        overridden(command, matches, |name| variables.contains(&name))
    }

    #[test]
    fn an_option_wins_over_a_variable_with_a_note() {
        for (line, variable, option) in [
            ("octane upload a.csv --sandbox", "OCTANE_URL", "--sandbox"),
            ("octane suite --sandbox list", "OCTANE_URL", "--sandbox"),
            ("octane resume --all --sandbox", "OCTANE_URL", "--sandbox"),
            ("octane sandbox --memory", "OCTANE_SANDBOX_DATA", "--memory"),
            (
                "octane suite list --client-id x",
                "OCTANE_USERNAME",
                "--client-id",
            ),
        ] {
            let note = format!("note: {variable} is ignored because of `{option}`");
            assert_eq!(notes(line, &[variable]), [note], "{line}");
            assert_eq!(notes(line, &[]), [""; 0], "{line}");
        }
        assert_eq!(
            notes("octane suite list", &["OCTANE_URL", "OCTANE_USERNAME"]),
            [""; 0]
        );
    }

    /// Clap counts a variable like an option, so that a conflict that it knows would be one with a variable too.
    #[test]
    fn no_option_that_excludes_others_can_come_from_a_variable() {
        fn check(command: &Command) {
            for argument in command.get_arguments() {
                let others = command.get_arg_conflicts_with(argument);
                let has_variable = argument.get_env().is_some() && !others.is_empty();
                let is_excluded = others.iter().any(|other| other.get_env().is_some());
                assert!(
                    !has_variable && !is_excluded,
                    "move the conflicts of {} in `{}` to the list CONFLICTS",
                    argument.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        let mut program = Args::command();
        program.build();
        check(&program);
    }

    #[test]
    fn an_error_shows_the_usage_of_its_command() {
        let error = parse("octane run list").unwrap_err().to_string();
        assert!(
            error.contains("Usage: octane run list [OPTIONS] --suite-run <ID|NAME>"),
            "{error}"
        );
    }
}
