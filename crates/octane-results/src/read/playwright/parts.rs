//! Failures of attempts.

use crate::read::report::fields::{field, joined, thrown};
use crate::read::report::json::{items, text};
use crate::run::Failure;
use serde_json::Value;

/// The failure of an attempt.
pub(super) fn attempt_failure(attempt: &Value) -> Option<Failure> {
    let errors = items(attempt.get("errors"));
    joined(errors.iter().filter_map(failure_of))
        .or_else(|| attempt.get("error").and_then(failure_of))
}

/// The failure that one error describes.
pub(super) fn failure_of(error: &Value) -> Option<Failure> {
    let message = field(error, "message").or_else(|| text(Some(error)));
    let mut given = message
        .or_else(|| field(error, "value"))
        .or_else(|| field(error, "stack"))
        .map(|message| thrown(&message))?;
    if let Some(stack) = field(error, "stack").filter(|stack| stack.len() > given.details.len()) {
        given.details = thrown(&stack).details;
    }
    Some(given)
}
