//! The `output.xml` of Robot Framework, from version 2 to 7, of tests and of tasks (`rpa`).
//!
//! What the words in `status` mean:
//!
//! | word | status |
//! | --- | --- |
//! | `PASS` | passed |
//! | `FAIL` | failed |
//! | `SKIP`, `NOT RUN` | skipped |
//!
//! Failed is failed, whether a test is `critical` or not.
//!
//! Where the format leaves room, this reader decides:
//!
//! - If the **teardown of a suite** has failed, all tests in the suite and below it have failed, apart from skipped ones. If the
//!   teardown was skipped, all of them are skipped, also those that had failed; what they said is in the description. That is
//!   what Robot Framework itself does when it reads the file, whose tests do not say so, unless `rebot` has written it. A
//!   teardown that did not run, as in a dry run, changes nothing. Since the teardown follows the tests, all results are held
//!   back until their suites end: memory grows with their number, by some hundred bytes each and what they say, but not with their keywords and logs. What was read of a report that is cut
//!   off is returned as it is, followed by the error.
//! - A **setup or teardown of a suite** that has failed, while none of the results in the suite shows it, as where it has no tests, is a
//!   failed result called like the suite. If its status is not known, that result is invalid.
//! - The **class** is the names of the suites, from the outermost to the innermost, joined with dots, as in the `xunit` file
//!   of Robot Framework. They are also the suite of the origin, and `source` its file.
//! - Two tests of one name in a suite are different tests, `adds` and `adds (2)`.
//! - The documentation of a test is its description; in front of it, and instead of it where a test was skipped, the message
//!   of a skipped test. A traceback that was logged is the details of a failure.
//! - **Attachments** are the files that messages name as `[[ATTACHMENT|path]]`, and those that messages in HTML show or link
//!   to; images inside of a message have no path.
//! - Of a test whose results `rebot --merge` has merged, the failures of earlier runs are those of earlier attempts.
//! - A report whose statistics count failed tests, although none of its tests has failed, is a failed result of its own, called
//!   `[run]`: a listener may change results after they were written. If they count another number of tests, that is a warning:
//!   suites in files of their own (`--splitoutputs`) are not read with it.
//! - The duration is `elapsed`, or else `elapsedtime` or the time from `starttime` to `endtime`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::report::dotnet::error_type;
use super::report::held::{AT_ONCE, Held};
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{Draft, Moment, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

mod files;
mod merged;
mod parts;
mod suite;
mod times;

use parts::{is, is_fine};
use suite::{Keyword, Suite};
use times::{iso, took};

const WORDS: [(&str, Status); 5] = [
    ("PASS", Status::Passed),
    ("FAIL", Status::Failed),
    ("SKIP", Status::Skipped),
    ("NOT RUN", Status::Skipped),
    ("NOT_RUN", Status::Skipped),
];

/// The name of the result of a run that counts failures that no test has.
const RUN: &str = "[run]";

/// The beginning of a traceback in a message.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// A report of Robot Framework.
#[derive(Debug, Default)]
pub(crate) struct Robot {
    suites: Vec<Suite>,
    /// The open test.
    test: Option<Draft>,
    traceback: String,
    /// The results of all open suites, each with its class.
    held: Vec<(Arc<str>, Held)>,
    /// Those that can be handed out.
    released: VecDeque<(Arc<str>, Held)>,
    /// Whether the report was written by a tool that had applied the teardowns of suites already.
    is_applied: bool,
    /// Whether a result has failed, or is invalid.
    has_failed: bool,
    /// How many tests were found.
    tests: u64,
    /// The name of the outermost suite.
    name: String,
}

impl XmlFormat for Robot {
    fn roots(&self) -> &'static [&'static str] {
        &["robot"]
    }

    fn visit(&self, path: &[String], name: &str) -> Visit {
        let [.., outer, last] = path else {
            return match name {
                "errors" => Visit::Skip,
                _ => Visit::Enter,
            };
        };
        let is_in_test = is_test(last);
        if outer == "statistics" || last == "statistics" {
            return match name {
                "total" => Visit::Enter,
                "stat" => Visit::Collect,
                _ => Visit::Skip,
            };
        }
        match name {
            "status" if is_in_test || last == "suite" || last == "kw" && outer == "suite" => {
                Visit::Collect
            }
            "doc" | "tags" | "tag" if is_in_test => Visit::Collect,
            "msg" if self.test.is_some() => Visit::Collect,
            "status" | "doc" | "tags" | "tag" | "msg" | "arguments" | "arg" | "assign" | "var"
            | "value" | "metadata" | "meta" | "timeout" => Visit::Skip,
            _ => Visit::Enter,
        }
    }

    fn enter(&mut self, path: &[String], element: Element, _file: &mut ReportFile) {
        match path {
            [root] if root == "robot" => {
                let generator = element.attribute("generator").unwrap_or_default();
                self.is_applied = generator.starts_with("Rebot");
            }
            [.., last] if last == "suite" => self.suite(&element),
            [.., last] if is_test(last) => {
                let name = element.attribute("name").unwrap_or_default();
                let mut draft = Draft::new(element.place, name, Outcome::Missing);
                draft.has_invalid_bytes = element.has_invalid_bytes;
                if let Some(suite) = self.suites.last_mut() {
                    suite.seen.number((), &mut draft.name);
                    draft.has_invalid_bytes |= suite.has_invalid_bytes;
                    draft.origin = suite.origin.clone();
                }
                self.test = Some(draft);
                self.tests += 1;
                self.traceback.clear();
            }
            [.., outer, last] if outer == "suite" && last == "kw" => {
                if let Some(suite) = self.suites.last_mut() {
                    let kind = element.attribute("type").unwrap_or_default();
                    suite.keyword = match kind.to_ascii_lowercase().as_str() {
                        "setup" => Keyword::Setup,
                        "teardown" => Keyword::Teardown,
                        _ => Keyword::Other,
                    };
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, path: &[String], element: Element, file: &mut ReportFile) {
        let last = path.last().map(String::as_str);
        match (element.name.as_str(), &mut self.test) {
            ("msg", Some(test)) => {
                let message = element.exact_text();
                files::add(message, is_html(&element), &mut test.metadata.attachments);
                if message.trim_start().starts_with(TRACEBACK) {
                    message.trim().clone_into(&mut self.traceback);
                }
            }
            ("status", Some(test)) => {
                set_status(test, &element, std::mem::take(&mut self.traceback), file);
            }
            ("stat", None) => self.statistic(&element, file),
            ("status", None) => self.suite_status(&element, last == Some("kw"), file),
            ("doc", Some(test)) => test.description = element.text().map(str::to_owned),
            ("tag", Some(test)) => add_tag(test, &element),
            ("tags", Some(test)) => {
                for tag in element.children("tag") {
                    add_tag(test, tag);
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: &[String], file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("suite") => {
                if let Some(suite) = self.suites.pop() {
                    self.end_suite(suite, file);
                }
                if self.suites.is_empty() {
                    self.release();
                }
            }
            Some("robot") => self.release(),
            Some(last) if is_test(last) => {
                if let Some(draft) = self.test.take() {
                    let class = self.suites.last().map(|suite| Arc::clone(&suite.class));
                    self.held
                        .push((class.unwrap_or_default(), Held::new(draft, file)));
                }
            }
            _ => {}
        }
    }

    fn break_off(&mut self) {
        self.release();
    }

    fn hand_out(&mut self, file: &mut ReportFile) -> bool {
        let next = self.released.len().min(AT_ONCE);
        for (class, held) in self.released.drain(..next) {
            let mut draft = held.into_draft();
            draft.class = class.to_string();
            draft.description = match draft.failure.as_ref().and_then(|it| it.message.clone()) {
                Some(reason) if is(&draft.outcome, Status::Skipped) => Some(reason),
                _ => draft.description,
            };
            file.push(draft);
        }
        next > 0
    }
}

impl Robot {
    fn suite(&mut self, element: &Element) {
        if self.suites.is_empty() {
            let name = element.attribute("name").unwrap_or_default();
            name.clone_into(&mut self.name);
        }
        let suite = Suite::new(element, self.suites.last(), self.held.len());
        self.suites.push(suite);
    }

    /// The status of a suite, or of its setup or teardown.
    fn suite_status(&mut self, status: &Element, is_of_keyword: bool, file: &ReportFile) {
        let Some(suite) = self.suites.last_mut() else {
            return;
        };
        let message = status.text().map(|text| text.trim().to_owned());
        if !is_of_keyword {
            suite.message = message;
            return;
        }
        if is_not_run(status) {
            return;
        }
        let outcome = match outcome(status) {
            Outcome::Word(word) => {
                let known = file.options.status_aliases.status(&word);
                known.map_or(Outcome::Word(word), Outcome::Known)
            }
            outcome => outcome,
        };
        match suite.keyword {
            Keyword::Setup => suite.setup = Some((outcome, message)),
            Keyword::Teardown => suite.teardown = Some((outcome, message)),
            Keyword::Other => {}
        }
    }

    /// Applies what the setup and the teardown of a suite say.
    fn end_suite(&mut self, suite: Suite, file: &mut ReportFile) {
        let first = suite.first;
        if !self.is_applied {
            suite.end(&mut self.held);
        }
        if let Some(mut draft) = suite.own_result(&self.held, self.is_applied) {
            let outer = self.suites.last_mut();
            let class = outer.map(|outer| {
                outer.seen.number((), &mut draft.name);
                Arc::clone(&outer.class)
            });
            self.held
                .push((class.unwrap_or_default(), Held::new(draft, file)));
        }
        let mut results = self.held.iter().skip(first);
        self.has_failed |= results.any(|(_, held)| !is_fine(&held.outcome));
    }

    /// What the statistics say of all tests, which is a result if the tests say something else. Tests may be missing where suites are
    /// in files of their own (`--splitoutputs`).
    fn statistic(&mut self, stat: &Element, file: &mut ReportFile) {
        let count = |name| -> Option<u64> { stat.attribute(name)?.parse().ok() };
        let failed = count("fail").unwrap_or(0);
        let others = ["pass", "skip"].map(|name| count(name).unwrap_or(0));
        let declared = others
            .iter()
            .fold(failed, |sum, count| sum.saturating_add(*count));
        let is_of_all = stat
            .text()
            .is_some_and(|text| text.trim().starts_with("All "));
        if is_of_all && declared != self.tests {
            let kind = WarningKind::Totals {
                suite: self.name.clone(),
                what: "tests",
                declared,
                found: self.tests,
            };
            file.warn(stat.place, kind);
        }
        if failed == 0 || self.has_failed {
            return;
        }
        self.has_failed = true;
        let message =
            format!("the statistics count {failed} failed, but none of the tests has failed");
        let draft = Draft {
            failure: Some(Failure::new(message)),
            ..Draft::new(stat.place, RUN, Outcome::Known(Status::Failed))
        };
        self.released
            .push_back((Arc::default(), Held::new(draft, file)));
    }

    /// All results can be handed out.
    fn release(&mut self) {
        self.released.extend(std::mem::take(&mut self.held));
    }
}

fn is_test(element: &str) -> bool {
    matches!(element, "test" | "task")
}

fn is_html(message: &Element) -> bool {
    matches!(message.attribute("html"), Some("true" | "yes"))
}

fn outcome(status: &Element) -> Outcome {
    status
        .attribute("status")
        .map_or(Outcome::Missing, |word| Draft::outcome_by(word, &WORDS))
}

/// Whether a keyword was only looked at, as in a dry run.
fn is_not_run(status: &Element) -> bool {
    matches!(status.attribute("status"), Some("NOT RUN" | "NOT_RUN"))
}

fn add_tag(test: &mut Draft, tag: &Element) {
    if let Some(tag) = tag.text() {
        test.metadata.tags.push(tag.trim().to_owned());
    }
}

/// Sets what the status of a test says.
fn set_status(test: &mut Draft, status: &Element, traceback: String, file: &ReportFile) {
    let word = status.attribute("status");
    test.outcome = word.map_or(Outcome::Missing, |word| file.outcome(word, &WORDS));
    let mut message = status.text().map(|text| text.trim().to_owned());
    if let Some(merged) = message.as_deref().and_then(merged::merged) {
        message = merged.message;
        test.earlier_failures = merged.earlier;
    }
    if message.is_some() || !traceback.is_empty() {
        test.failure = Some(Failure {
            error_type: message.as_deref().and_then(error_type),
            message,
            details: traceback,
        });
    }
    let start = status.attribute("start").or(status.attribute("starttime"));
    let start = start.map(iso).filter(|time| time != "N/A");
    let end = status.attribute("endtime").map(iso);
    test.duration = took(status, start.as_deref(), end.as_deref());
    test.started = start.map_or(Moment::Unknown, Moment::Text);
}

#[cfg(test)]
mod tests;
