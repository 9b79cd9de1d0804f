//! Parsing the command line, so that variables of the environment neither conflict with options nor appear in usage.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use super::Args;
use crate::env;

/// Options that exclude each other when both are typed. If only the first one is typed, it wins over the variable of the
/// second one, with a note.
const CONFLICTS: [[&str; 2]; 8] = [
    ["sandbox", "url"],
    ["memory", "sandbox_data"],
    ["secret_file", "secret_stdin"],
    ["secret_file", "secret_command"],
    ["secret_file", "client_secret"],
    ["secret_stdin", "secret_command"],
    ["secret_stdin", "client_secret"],
    ["secret_command", "client_secret"],
];

/// Options that win over variables that have no option, with a note.
const OVERRIDES: [(&str, &str); 1] = [("client_id", env::USERNAME)];

impl Args {
    /// Parses a command line.
    pub(crate) fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Self, Error> {
        let line: Vec<OsString> = line.into_iter().collect();
        let mut program = Self::command();
        program.build();
        let matches = program.clone().try_get_matches_from(&line);
        let mut matches = matches.map_err(|error| with_plain_usage(error, &program, &line))?;
        let overridden = {
            let (command, matches) = innermost(&program, &matches);
            check_conflicts(command, matches)?;
            overridden(command, matches, |name| {
                env::read(name).is_some_and(|value| !value.is_empty())
            })
        };
        let mut args = Self::from_arg_matches_mut(&mut matches)?;
        args.overridden = overridden;
        Ok(args)
    }
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

/// The parser lists every option that is set, also those that are set by the environment; they confuse.
fn with_plain_usage(mut error: Error, program: &Command, line: &[OsString]) -> Error {
    if error.get(ContextKind::Usage).is_some() {
        let mut command = program;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, Error> {
        Args::parse_line(line.split(' ').map(OsString::from))
    }

    #[test]
    fn options_that_exclude_each_other_are_an_error_when_both_are_typed() {
        for line in [
            "octane suite list --sandbox --url https://octane.example",
            "octane suite --sandbox list --url https://octane.example",
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
