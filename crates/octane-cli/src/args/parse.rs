//! Parsing the command line, so that variables of the environment neither conflict with options nor appear in usage.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use super::Args;

/// Options that exclude each other when both are typed: a variable counts for less than an option.
const CONFLICTS: [[&str; 2]; 2] = [["sandbox", "url"], ["memory", "sandbox_data"]];

impl Args {
    /// Parses a command line.
    pub(crate) fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Self, Error> {
        let line: Vec<OsString> = line.into_iter().collect();
        let mut program = Self::command();
        program.build();
        let matches = program.clone().try_get_matches_from(&line);
        let mut matches = matches.map_err(|error| with_plain_usage(error, &program, &line))?;
        check_conflicts(&program, &matches)?;
        Self::from_arg_matches_mut(&mut matches)
    }
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

fn check_conflicts(program: &Command, matches: &ArgMatches) -> Result<(), Error> {
    let (mut command, mut matches) = (program, matches);
    while let Some((name, below)) = matches.subcommand() {
        command = command.find_subcommand(name).unwrap_or(command);
        matches = below;
    }
    let is_typed = |id: &&str| {
        let is_known = command
            .get_arguments()
            .any(|argument| argument.get_id() == *id);
        is_known && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    for [option, other] in CONFLICTS {
        if is_typed(&option) && is_typed(&other) {
            let name = |id: &str| format!("--{}", id.replace('_', "-"));
            let message = format!(
                "the argument '{}' cannot be used with '{}'",
                name(option),
                name(other)
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
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{line}");
        }
        assert!(parse("octane suite list --sandbox").is_ok());
        assert!(parse("octane sandbox --memory").is_ok());
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
