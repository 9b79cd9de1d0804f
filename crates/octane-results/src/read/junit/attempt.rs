//! Attempts: what a case, or a suite outside its cases, reports of itself.

use crate::read::report::output::trimmed;
use crate::read::status_aliases::StatusAliases;
use crate::run::Failure;
use crate::status::Status;

/// The result of one attempt: a `failure`, an `error`, a `skipped` or one of several reruns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt {
    pub(super) kind: AttemptKind,
    pub(super) type_name: Option<String>,
    pub(super) message: Option<String>,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptKind {
    Failure,
    Error,
    Skipped,
    RerunFailure,
    RerunError,
    /// An earlier attempt of a case that passed in the end.
    Flaky,
    /// Something that says nothing about the status.
    Remark,
}

impl AttemptKind {
    /// What a child element of a test case means; other names than the usual ones are words for a status.
    pub(super) fn from_element(name: &str, aliases: &StatusAliases) -> Option<Self> {
        Some(match name {
            "failure" => Self::Failure,
            "error" => Self::Error,
            // A test that is expected to fail, as testem writes it.
            "skipped" | "ignored" | "todo" => Self::Skipped,
            "rerunFailure" => Self::RerunFailure,
            "rerunError" => Self::RerunError,
            "flakyFailure" | "flakyError" => Self::Flaky,
            _ => match aliases.status(name) {
                Some(Status::Failed) => Self::Failure,
                Some(Status::Skipped) => Self::Skipped,
                // `PHPUnit` counts a test that issued a warning neither as passed nor as failed.
                None if name.eq_ignore_ascii_case("warning") => Self::Skipped,
                Some(Status::Planned | Status::Passed) | None => return None,
            },
        })
    }

    /// The heading of a failure that is appended to another one.
    fn title(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::RerunFailure => "failure of a further attempt",
            Self::RerunError => "error of a further attempt",
            Self::Skipped | Self::Flaky | Self::Remark => "",
        }
    }

    pub(super) fn is_failed(self) -> bool {
        self.status() == Some(Status::Failed)
    }

    /// The status of a case with such an attempt, unless another attempt decides.
    pub(super) fn status(self) -> Option<Status> {
        match self {
            Self::Failure | Self::Error | Self::RerunFailure | Self::RerunError => {
                Some(Status::Failed)
            }
            Self::Skipped => Some(Status::Skipped),
            Self::Flaky | Self::Remark => None,
        }
    }
}

impl Attempt {
    pub(super) fn new(kind: AttemptKind) -> Self {
        Self {
            kind,
            type_name: None,
            message: None,
            text: String::new(),
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let field = match name {
            "type" => &mut self.type_name,
            "message" => &mut self.message,
            _ => return,
        };
        *field = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    }

    fn is_silent(&self) -> bool {
        self.type_name.is_none() && self.message.is_none() && self.text.is_empty()
    }

    /// Sets the text between the tags, without empty lines around it.
    pub(super) fn set_text(&mut self, mut text: String) {
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - trimmed(&text).len());
        self.text = text;
    }

    /// The failure alone. Takes its texts, which may be long.
    pub(super) fn take_failure(&mut self) -> Failure {
        Failure {
            error_type: self.type_name.take(),
            message: self.message.take(),
            details: std::mem::take(&mut self.text),
        }
    }

    /// Appends the whole failure to the details of another one.
    fn append_to(&self, details: &mut String) {
        let title = Some(self.kind.title());
        let parts = [title, self.type_name.as_deref(), self.message.as_deref()];
        let heading = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        for part in [heading.as_str(), &self.text] {
            if !part.is_empty() {
                details.push_str(part);
                details.push('\n');
            }
        }
    }
}

/// The first failure that says something, with further ones appended to its details. Takes its texts, which may be long.
pub(super) fn failure(attempts: &mut [Attempt]) -> Option<Failure> {
    let mut failed = (attempts.iter_mut()).filter(|attempt| attempt.kind.is_failed());
    let mut first = failed.next()?;
    while first.is_silent()
        && let Some(next) = failed.next()
    {
        first = next;
    }
    let mut details = std::mem::take(&mut first.text);
    for further in failed {
        if !details.is_empty() {
            details.push_str("\n\n");
        }
        further.append_to(&mut details);
        details.truncate(details.trim_end().len());
    }
    Some(Failure {
        error_type: first.type_name.take(),
        message: first.message.take(),
        details,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_around_a_text_are_removed_and_its_indent_is_kept() {
        let mut attempt = Attempt::new(AttemptKind::Failure);
        attempt.set_text("\n  \n    at a\n  at b\n  ".to_owned());
        assert_eq!(attempt.text, "    at a\n  at b");
        attempt.set_text(" \n ".to_owned());
        assert_eq!(attempt.text, "");
    }

    #[test]
    fn the_first_failure_that_says_something_counts() {
        let attempt = |kind, message: &str, text: &str| {
            let mut attempt = Attempt::new(kind);
            attempt.set("message", message);
            attempt.set_text(text.to_owned());
            attempt
        };
        let silent = attempt(AttemptKind::Failure, "", " ");
        let told = attempt(AttemptKind::Error, "m", "");
        let text = attempt(AttemptKind::Failure, "", "at x");
        let of = |attempts: &[&Attempt]| {
            let mut attempts: Vec<_> = attempts.iter().map(|one| (*one).clone()).collect();
            let failure = failure(&mut attempts).unwrap();
            (failure.message, failure.details)
        };
        let message = || Some("m".to_owned());
        assert_eq!(of(&[&silent, &told]), (message(), String::new()));
        assert_eq!(of(&[&silent, &silent]), (None, String::new()));
        assert_eq!(of(&[&text, &told]), (None, "at x\n\nerror: m".to_owned()));
        assert_eq!(of(&[&told, &silent]), (message(), "failure".to_owned()));
    }
}
