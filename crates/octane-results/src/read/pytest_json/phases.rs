//! The phases of a test: setup, call and teardown.

use std::time::Duration;

use serde_json::Value;

use crate::read::report::fields::{field, nanoseconds};
use crate::read::report::json::{items, text};
use crate::read::report::output::Output;
use crate::read::report::{Outcome, Took};
use crate::run::Failure;
use crate::status::Status;

/// What a phase can say about what was printed, with the title of it.
const PRINTED: [(&str, &str); 2] = [("stdout", "Captured stdout"), ("stderr", "Captured stderr")];

/// The phase that `pytest-xdist` reports for a test whose process crashed.
const CRASH: &str = "???";

/// The phases of a test with their names.
pub(super) struct Phases<'v>(Vec<(&'static str, &'v Value)>);

impl<'v> Phases<'v> {
    pub(super) fn new(test: &'v Value) -> Self {
        let names = ["setup", "call", "teardown", CRASH].into_iter();
        Self(
            names
                .filter_map(|name| Some((name, test.get(name)?)))
                .collect(),
        )
    }

    fn outcomes(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|(_, phase)| phase.get("outcome")?.as_str())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.outcomes().any(is_failed)
    }

    /// Whether the test began, and pytest was interrupted before its teardown: that is the last phase of each test, also of one
    /// whose setup failed or was skipped.
    pub(super) fn did_not_end(&self) -> bool {
        let has = |wanted| self.0.iter().any(|(name, _)| *name == wanted);
        has("setup") && !has("teardown")
    }

    /// The outcome of the test by those of its phases.
    pub(super) fn outcome(&self) -> Outcome {
        if self.has_failed() {
            return Outcome::Known(Status::Failed);
        }
        let other = self.outcomes().find(|word| *word != "passed");
        let has_call = self.0.iter().any(|(name, _)| *name == "call");
        match other {
            Some("skipped") => Outcome::Known(Status::Skipped),
            Some(word) => Outcome::Word(word.to_owned()),
            None if has_call => Outcome::Known(Status::Passed),
            None => Outcome::Missing,
        }
    }

    /// The sum of the durations.
    pub(super) fn took(&self) -> Took {
        const HALF_MILLISECOND: Duration = Duration::from_micros(500);
        let durations = self
            .0
            .iter()
            .filter_map(|(_, phase)| nanoseconds(&field(phase, "duration")?, 9));
        let sum = durations.fold(Duration::ZERO, Duration::saturating_add);
        let millis = sum.saturating_add(HALF_MILLISECOND).as_millis();
        Took::Exactly(Duration::from_millis(
            u64::try_from(millis).unwrap_or(u64::MAX),
        ))
    }

    /// Why it failed, or would have: the first phase that says so has the message.
    pub(super) fn failure(&self) -> Option<Failure> {
        let failed = |phase: &Value| {
            phase
                .get("outcome")
                .and_then(Value::as_str)
                .is_some_and(is_failed)
        };
        let mut given = self
            .0
            .iter()
            .filter(|(_, phase)| failed(phase) || phase.get("crash").is_some())
            .peekable();
        let (_, first) = given.peek()?;
        let representation = text(first.get("longrepr")).unwrap_or_default();
        let (error_type, message) = error_line(&representation);
        let crash = first
            .get("crash")
            .and_then(|crash| text(crash.get("message")));
        let last = items(first.get("traceback")).last();
        let raised = last.and_then(|entry| text(entry.get("message")));
        let mut details = Output::default();
        for (name, phase) in given {
            if let Some(text) = text(phase.get("longrepr")) {
                if !details.is_empty() {
                    details.push("\n");
                }
                details.push_line(&text);
            }
            for (key, title) in PRINTED {
                if let Some(text) = text(phase.get(key)) {
                    details.push_line(&format!("\n{title} ({name}):\n{}", text.trim_end()));
                }
            }
        }
        let first_line = || {
            let mut lines = representation.lines().map(str::trim);
            // `pytest-xdist` begins with the process: `[gw1] linux -- Python 3.11.7 /usr/bin/python`.
            let line = lines.find(|line| !line.is_empty() && !line.starts_with("[gw"))?;
            Some(line.to_owned())
        };
        Some(Failure {
            error_type: raised.filter(|name| is_name(name)).or(error_type),
            message: crash.or(message).or_else(first_line),
            details: details.text(),
        })
    }

    /// The reason of a skipped test.
    pub(super) fn skip_reason(&self) -> Option<String> {
        self.0.iter().find_map(|(_, phase)| {
            let text = text(phase.get("longrepr"))?;
            let (_, reason) = text.split_once("Skipped: ")?;
            let reason = reason.strip_suffix(')').unwrap_or(reason);
            Some(reason.trim_end_matches(['\'', '"']).to_owned())
        })
    }
}

fn is_failed(word: &str) -> bool {
    matches!(word, "failed" | "error")
}

/// The type and the message in the first line of a traceback that pytest marks with `E`.
pub(super) fn error_line(representation: &str) -> (Option<String>, Option<String>) {
    let line = representation
        .lines()
        .find_map(|line| line.strip_prefix("E  "))
        .map(str::trim);
    let error_type = line.and_then(|line| {
        let (name, _) = line.split_once(": ")?;
        is_name(name).then(|| name.to_owned())
    });
    (error_type, line.map(str::to_owned))
}

/// Whether a text may be the name of an exception.
fn is_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_alphabetic() || char == '_')
        && text
            .chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_line_has_type_and_message() {
        let text = |text: &str| Some(text.to_owned());
        let (kind, message) = error_line(">   import x\nE   ModuleNotFoundError: No module\nE   b");
        assert_eq!(kind, text("ModuleNotFoundError"));
        assert_eq!(message, text("ModuleNotFoundError: No module"));
        assert_eq!(error_line("E   assert 1 == 2").0, None);
    }
}
