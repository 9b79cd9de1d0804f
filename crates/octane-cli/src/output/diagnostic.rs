//! Errors on standard error, and as JSON for scripts.

use std::error::Error;

use serde_json::{Value, json};

use super::printer::{write_json, write_json_line};
use super::stderr::print_text;
use super::text::{Label, Text};
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::warnings::WarningsJson;

/// How many problems are listed below an error; in JSON it has all of them.
const PROBLEMS_MAX: usize = 200;

/// Prints an error once, with its causes and what to do next, of a process that ends with `exit`. In JSON it is
/// a document on standard output as well, so that a script gets one either way.
pub(crate) fn print_failure(failure: &Failure, format: Format, exit: Exit) {
    print_for_people(failure);
    print_failure_json(failure, format, exit);
}

/// Prints an error on standard error alone.
pub(crate) fn print_for_people(failure: &Failure) {
    let Failure {
        error,
        hint,
        problems,
        ..
    } = failure;
    let mut text = Text::default();
    text.push_labelled(Label::ERROR, &error.to_string());
    for problem in problems.iter().take(PROBLEMS_MAX) {
        text.push(&format!("  {}", problem.message));
    }
    if problems.len() > PROBLEMS_MAX {
        text.push(&format!("  and {} more", problems.len() - PROBLEMS_MAX));
    }
    for cause in causes(error) {
        text.push(&format!("  caused by: {cause}"));
    }
    if let Some(hint) = hint {
        text.push_labelled(Label::HINT, hint);
    }
    print_text(text);
}

/// Prints what is wrong with a command line. Help and version are not errors and are printed as they are.
pub(crate) fn print_usage_error(text: &str) {
    let mut shown = Text::default();
    for line in text.trim_end().lines() {
        match line.strip_prefix("error: ") {
            Some(message) => shown.push_labelled(Label::ERROR, message),
            None => shown.push(line),
        }
    }
    print_text(shown);
}

/// Prints an error as JSON on standard output, if the format is JSON.
pub(crate) fn print_failure_json(failure: &Failure, format: Format, exit: Exit) {
    // If standard output cannot be written, the exit code still says it.
    let _ = match format {
        Format::Human => Ok(()),
        Format::Json => write_json(&failure_json(failure, exit)),
        Format::Ndjson => write_json_line(&failure_json(failure, exit)),
    };
}

/// An error for scripts, of a process that ends with `exit`.
pub(crate) fn failure_json(failure: &Failure, exit: Exit) -> Value {
    let Failure {
        error,
        hint,
        upload_id,
        problems,
        warnings,
        exit: meant,
    } = failure;
    let WarningsJson {
        warnings,
        warning_counts,
    } = &**warnings;
    json!({
        "schema": "octane.error/1",
        "code": meant.word(),
        "exit_code": exit.code(),
        "message": error.to_string(),
        "causes": causes(error),
        "hint": hint,
        "upload_id": upload_id,
        "problems": problems,
        "warnings": warnings,
        "warning_counts": warning_counts,
    })
}

/// The causes of an error that say more than the error itself and the causes before them. A server that cannot
/// be reached has a long chain of them in the HTTP library, of which only the last one says anything.
fn causes(error: &anyhow::Error) -> Vec<String> {
    let chain: Vec<_> = error.chain().collect();
    let is_connection = |error: &&(dyn Error + 'static)| {
        let error = error.downcast_ref::<octane_rest::Error>();
        error.is_some_and(octane_rest::Error::is_unreachable)
    };
    let connection = chain.iter().position(is_connection);
    let (causes, root) = match connection {
        Some(index) => (&chain[..=index], chain[index + 1..].last()),
        None => (&chain[..], None),
    };
    let mut shown: Vec<String> = Vec::new();
    for cause in causes.iter().chain(root).map(ToString::to_string) {
        if shown.is_empty() || !shown.iter().any(|earlier| says(earlier, &cause)) {
            shown.push(cause);
        }
    }
    shown.split_off(1)
}

/// Whether a text contains a cause, as other libraries word it: with a capital letter and a number at the end.
fn says(text: &str, cause: &str) -> bool {
    let cause = cause.to_lowercase();
    let words = cause.split(" (os error ").next().unwrap_or_default();
    text.to_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_printed_is_not_repeated() {
        let error = anyhow::anyhow!("connection refused")
            .context("cannot connect: connection refused")
            .context("upload failed");
        assert_eq!(causes(&error), ["cannot connect: connection refused"]);
    }

    #[test]
    fn a_cause_is_recognised_in_the_words_of_another_library() {
        let text = "cannot reach http://127.0.0.1:9: connection refused";
        assert!(says(text, "Connection refused (os error 111)"));
        assert!(!says(text, "client error (Connect)"));
    }
}
