//! A test point, and the diagnostics that follow it.

use super::block::Block;
use super::line::Point;
use super::suffix::Directive;
use crate::metadata::Property;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::error_line;
use crate::read::report::output::Output;
use crate::read::report::{Draft, Outcome, Took};
use crate::run::Failure;
use crate::status::Status;

/// The last test point.
#[derive(Debug)]
pub(super) struct Pending {
    place: LineColumn,
    pub(super) depth: usize,
    pub(super) indentation: usize,
    pub(super) name: String,
    pub(super) status: Status,
    /// Whether it is a TODO test.
    is_todo: bool,
    reason: Option<String>,
    took: Took,
    pub(super) has_block: bool,
    failure: Failure,
    severity: Option<String>,
    notes: Output,
    /// Whether it is `not ok`, though it was skipped.
    is_doubtful: bool,
    /// Whether it is a result, and not the summary of a subtest that has results.
    pub(super) is_result: bool,
}

/// The status that a test point stands for.
pub(super) fn status(point: &Point) -> Status {
    match point.directive {
        Directive::Skip(_) => Status::Skipped,
        Directive::Todo(_) if !point.is_ok => Status::Skipped,
        _ if point.is_ok => Status::Passed,
        _ => Status::Failed,
    }
}

/// Whether a name begins with a file, as those of Vitest do, which writes times: `cart.test.ts > pays`.
fn is_in_file(name: &str) -> bool {
    const ENDS: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];
    let file = name.split_once(" > ").map_or("", |(file, _)| file);
    file.rsplit_once('.')
        .is_some_and(|(_, end)| ENDS.contains(&end))
}

impl Pending {
    pub(super) fn new(
        place: LineColumn,
        (depth, indentation): (usize, usize),
        name: String,
        point: &Point,
    ) -> Self {
        Self {
            place,
            depth,
            indentation,
            name,
            status: status(point),
            is_todo: matches!(point.directive, Directive::Todo(_)),
            reason: point.directive.reason().map(str::to_owned),
            took: point.took.clone(),
            has_block: false,
            failure: Failure::default(),
            severity: None,
            notes: Output::default(),
            is_doubtful: !point.is_ok && matches!(point.directive, Directive::Skip(_)),
            is_result: true,
        }
    }

    /// Skips a TODO test, although it is `ok`, if its tool is one that writes times.
    pub(super) fn skip_todo(&mut self, has_times: bool) {
        if self.is_passed_todo() && (has_times || is_in_file(&self.name)) {
            self.status = Status::Skipped;
        }
    }

    /// Whether it is a TODO test that is `ok`, which counts as skipped if a later test has a time.
    pub(super) fn is_passed_todo(&self) -> bool {
        self.is_todo && self.status == Status::Passed
    }

    pub(super) fn has_time(&self) -> bool {
        !matches!(self.took, Took::Unknown)
    }

    /// Whether comments that follow are about it.
    pub(super) fn takes_notes(&self) -> bool {
        self.status == Status::Failed && !self.has_block
    }

    /// Takes a comment into account that may say where it failed, as Bats does of a clean-up after a test that was skipped.
    pub(super) fn fail_by(&mut self, comment: &str) {
        let is_place = ["(from function `", "(in test file "]
            .iter()
            .any(|start| comment.starts_with(start));
        if self.is_doubtful && is_place {
            self.status = Status::Failed;
        }
    }

    /// Adds a line that follows.
    pub(super) fn note(&mut self, line: &str) {
        if self.takes_notes() {
            let line = line.trim_start().strip_prefix('#').unwrap_or(line);
            self.notes.push_line(line);
        }
    }

    pub(super) fn add_block(&mut self, block: &Block) {
        self.has_block = true;
        let values = block.values();
        let value = |keys: &[&str]| {
            let mut found = keys.iter().filter_map(|key| {
                let (_, value) = values.iter().find(|(known, _)| known == key)?;
                Some(value.clone()).filter(|value| !value.is_empty())
            });
            found.next()
        };
        if let Some(duration) = value(&["duration_ms"]) {
            self.took = Took::Milliseconds(duration);
            self.skip_todo(true);
        }
        if self.status != Status::Failed {
            return;
        }
        self.failure = Failure {
            error_type: value(&["error.name", "name", "failureType", "operator"]),
            message: value(&["message", "error.message", "error"]),
            details: value(&["stack", "error.stack"]).unwrap_or_else(|| block.text()),
        };
        self.severity = value(&["severity"]);
    }

    /// The result in this class.
    pub(super) fn draft(self, class: String) -> Draft {
        let mut failure = self.failure;
        let notes = self.notes.text();
        if !notes.is_empty() {
            let text = notes.strip_prefix(' ').unwrap_or(&notes);
            let text = text.replace("\n ", "\n");
            let message = Some(error_line(&text).to_owned()).filter(|line| !line.is_empty());
            failure.message = failure.message.or(message);
            if failure.details.is_empty() {
                failure.details = notes;
            }
        }
        let mut draft = Draft {
            class,
            duration: self.took,
            failure: (self.status == Status::Failed).then_some(failure),
            description: self.reason,
            ..Draft::new(self.place, self.name, Outcome::Known(self.status))
        };
        let severity = self.severity.map(|value| Property::new("severity", value));
        draft.metadata.properties.extend(severity);
        draft
    }
}
