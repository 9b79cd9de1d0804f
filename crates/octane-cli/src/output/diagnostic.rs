//! Errors and notes on standard error.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::write_line;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Prints an error once, with its causes and what to do next, of a process that ends with `exit`. In JSON it is
/// an object on standard output as well, so that a script gets one either way.
pub(crate) fn print_failure(failure: &Failure, format: Format, exit: Exit) {
    let Failure { error, hint, .. } = failure;
    let mut err = anstream::stderr().lock();
    // Nowhere is left to complain to if this fails.
    let _ = writeln!(err, "{ERROR}error{ERROR:#}: {error}");
    let mut shown = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat their cause in their own words.
        if !shown.contains(&cause) {
            let _ = writeln!(err, "  caused by: {cause}");
            shown = cause;
        }
    }
    if let Some(hint) = hint {
        let _ = writeln!(err, "{HINT}hint{HINT:#}: {hint}");
    }
    drop(err);
    if format == Format::Json {
        let _ = write_line(&failure_json(failure, exit).to_string());
    }
}

/// An error for scripts, of a process that ends with `exit`.
pub(crate) fn failure_json(failure: &Failure, exit: Exit) -> Value {
    let Failure {
        error,
        hint,
        upload_id,
        ..
    } = failure;
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    json!({
        "schema": "octane.error/1",
        "outcome": "error",
        "exit_code": exit.code(),
        "message": error.to_string(),
        "causes": causes,
        "hint": hint,
        "upload_id": upload_id,
    })
}

/// Says something on standard error.
pub(crate) fn print_note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
