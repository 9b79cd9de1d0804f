//! Errors and notes on standard error.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use crate::args::Format;
use crate::failure::Failure;
use crate::output::write_line;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Prints an error once, with its causes and what to do next. In JSON it is an object on standard output
/// as well, so that a script gets one either way.
pub(crate) fn print_failure(failure: &Failure, format: Format) {
    let Failure { exit, error, hint } = failure;
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
    if format == Format::Json {
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let object = json!({
            "schema": "octane.error/1",
            "outcome": "error",
            "exit_code": exit.code(),
            "message": error.to_string(),
            "causes": causes,
            "hint": hint,
        });
        let _ = write_line(&object.to_string());
    }
}

/// Says something on standard error.
pub(crate) fn print_note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
