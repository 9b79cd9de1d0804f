//! Values of variables that are not valid.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::definition::what_is_wrong;

/// The failure, if the value is one of a variable: the parser names the option, which was not typed.
pub(super) fn of_variable(error: &Error, program: &Command, line: &[OsString]) -> Option<Failure> {
    if !matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    ) {
        return None;
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let (argument, value) = (
        context(ContextKind::InvalidArg)?,
        context(ContextKind::InvalidValue)?,
    );
    let option = argument.split([' ', '=', '[']).next()?;
    let is_typed = line.iter().any(|word| {
        let word = word.to_string_lossy();
        word == option
            || word
                .strip_prefix(option)
                .is_some_and(|rest| rest.starts_with('='))
    });
    let name = variable(program, option.strip_prefix("--")?)?;
    if is_typed || env::text(&name).as_deref() != Some(value) {
        return None;
    }
    let message = format!("the value of {name} is not valid: {}", what_is_wrong(error));
    Some(
        Failure::message(Exit::Configuration, message).hint(format!("correct {name}, or unset it")),
    )
}

/// The variable of an option of the command, or of one below it.
fn variable(command: &Command, long: &str) -> Option<String> {
    let mut arguments = command.get_arguments();
    let own = arguments.find(|argument| argument.get_long() == Some(long));
    let own = own.and_then(|argument| argument.get_env()?.to_str());
    own.map(str::to_owned).or_else(|| {
        command
            .get_subcommands()
            .find_map(|below| variable(below, long))
    })
}
