//! A package that is being tested, and its tests.

use std::collections::BTreeMap;

use super::event::{Event, NO_END};
use super::output::{is_about_no_tests, is_frame, is_measured, message, plain, skip_reason};
use crate::metadata::{Attachment, Property};
use crate::read::line_column::LineColumn;
use crate::read::report::output::Output;
use crate::read::report::{Draft, Moment, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;

/// A package that is being tested.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) place: LineColumn,
    /// Whether it has started, or one of its tests has.
    pub(super) has_begun: bool,
    has_tests: bool,
    pub(super) has_failed_test: bool,
    pub(super) output: Output,
    /// The tests that run, by their names.
    open: BTreeMap<String, OpenTest>,
    /// The test that began first.
    first: String,
    /// Whether that test has begun again, as `-count` has it. Who tries failed tests again tests the package again.
    is_repeated: bool,
}

/// A test that runs.
#[derive(Debug, Default)]
struct OpenTest {
    place: LineColumn,
    started: Moment,
    may_be_retry: bool,
    output: Output,
    is_measured: bool,
    properties: Vec<Property>,
    attachments: Vec<Attachment>,
}

impl Package {
    /// A package of which the first event is at `place`.
    pub(super) fn new(place: LineColumn) -> Self {
        Self {
            place,
            ..Self::default()
        }
    }

    /// Whether all that Go says is that it has no tests, which it ends with nothing.
    pub(super) fn is_untested(&self) -> bool {
        let output = self.output.text();
        !self.has_tests && !output.is_empty() && output.lines().all(is_about_no_tests)
    }

    pub(super) fn test_event(&mut self, event: &Event, file: &mut ReportFile) {
        self.has_begun = true;
        self.has_tests = true;
        let name = event.text("Test");
        let package = event.text("Package");
        let status = match event.text("Action") {
            "run" => {
                if self.first.is_empty() {
                    name.clone_into(&mut self.first);
                } else {
                    self.is_repeated |= self.first == name;
                }
                if let Some(earlier) = self.open.remove(name) {
                    self.push_endless(package, name, earlier, false, file);
                }
                let test = OpenTest {
                    place: event.place,
                    started: event.time(),
                    may_be_retry: !self.is_repeated,
                    ..OpenTest::default()
                };
                self.open.insert(name.to_owned(), test);
                return;
            }
            "pass" | "bench" => Status::Passed,
            "fail" => Status::Failed,
            "skip" => Status::Skipped,
            _ => {
                self.note(event);
                return;
            }
        };
        let test = self.open.remove(name).unwrap_or_else(|| OpenTest {
            place: event.place,
            ..OpenTest::default()
        });
        self.has_failed_test |= status == Status::Failed;
        let failure = (status == Status::Failed).then(|| {
            let details = plain(&test.output);
            Failure {
                message: message(&details),
                details,
                ..Failure::default()
            }
        });
        let is_skipped = status == Status::Skipped;
        let reason = is_skipped.then(|| skip_reason(&plain(&test.output)));
        file.push(Draft {
            duration: event.elapsed(),
            failure,
            description: reason.flatten(),
            ..test.draft(package, name, status)
        });
    }

    /// Takes note of what a test that runs says about itself.
    fn note(&mut self, event: &Event) {
        let printed = event.text("Output");
        let Some(test) = self.open.get_mut(event.text("Test")) else {
            self.output.push(printed);
            return;
        };
        match event.text("Action") {
            "output" => {
                test.is_measured |= is_measured(printed);
                if event.text("OutputType") != "frame" && !is_frame(printed) {
                    test.output.push(printed);
                }
            }
            "attr" => {
                let property = Property::new(event.text("Key"), event.text("Value"));
                test.properties.push(property);
            }
            "artifacts" => test.attachments.push(Attachment {
                path: event.text("Path").to_owned(),
                ..Attachment::default()
            }),
            _ => {}
        }
    }

    /// Ends all tests that run, in the order in which they began.
    pub(super) fn end_tests(&mut self, package: &str, has_passed: bool, file: &mut ReportFile) {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by_key(|(_, test)| test.place.line);
        for (name, test) in open {
            self.push_endless(package, &name, test, has_passed, file);
        }
    }

    fn push_endless(
        &mut self,
        package: &str,
        name: &str,
        test: OpenTest,
        has_package_passed: bool,
        file: &mut ReportFile,
    ) {
        let is_benchmark = name.starts_with("Benchmark");
        if is_benchmark && (test.is_measured || has_package_passed) {
            file.push(test.draft(package, name, Status::Passed));
            return;
        }
        self.has_failed_test = true;
        let output = plain(&test.output);
        let message = match message(&output) {
            Some(panic) if panic.starts_with("panic: ") => format!("{NO_END}: {panic}"),
            _ => NO_END.to_owned(),
        };
        file.push(Draft {
            failure: Some(Failure::new(message).details(output)),
            ..test.draft(package, name, Status::Failed)
        });
    }
}

impl OpenTest {
    fn draft(self, package: &str, name: &str, status: Status) -> Draft {
        let mut draft = Draft {
            package: package.to_owned(),
            started: self.started,
            may_be_retry: self.may_be_retry,
            ..Draft::new(self.place, name, Outcome::Known(status))
        };
        draft.metadata.properties = self.properties;
        draft.metadata.attachments = self.attachments;
        draft
    }
}
