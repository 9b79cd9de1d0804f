//! `TRX` of Visual Studio, `MSTest` and `dotnet test`.
//!
//! What the words in `outcome` mean:
//!
//! | word | status |
//! | --- | --- |
//! | `Passed`, `PassedButRunAborted` | passed |
//! | `Failed`, `Error`, `Timeout`, `Aborted`, `Disconnected`, `InProgress`, none | failed |
//! | `NotExecuted`, `NotRunnable`, `Inconclusive`, `Pending`, `Warning`, `Completed` | skipped |
//!
//! `MSTest` leaves out the word `Error`. A test with `Warning` or `Completed` ran, but nothing says that it passed.
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** and the **file** (`codeBase`, or else `storage`) of a result are in the definition of its test, which
//!   most writers put after all results. Such results are held back until then: memory grows with their number, by some
//!   hundred bytes each and what their failures say. In a report that is cut off before, they are returned without a
//!   class, followed by the error. Where the definitions come first, nothing is held back.
//! - The **name** is `testName`, without the class before it. A data row that has the name of its test is called
//!   `adds (Data Row 2)`.
//! - The rows of a data-driven test, and the tests of an ordered test, are results; the test around them is not, unless it
//!   has failed and none of them has. The origin of a test in an ordered test has the name of that as suite.
//! - A **run** that has failed by itself, such as by a crash of the test host, is a failed result of its own, called
//!   `test run`, if no other result has failed: one with the `outcome` `Error`, `Timeout`, `Aborted`, `Disconnected` or
//!   `InProgress`, and one with an error in `RunInfos`, which is its message, or with failed tests in `Counters`, whatever its
//!   `outcome`.
//! - The message of a test that did not run is its description.
//! - `computerName` is the host of the origin. Categories are tags, the first owner is the owner. Result files are
//!   attachments with their path as it is; output in the report is an attachment without a path.
//! - The duration is `duration`, or else the time from `startTime` to `endTime`. A test without a **start time** has that of
//!   the run, if it is known before the results.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::report::dotnet;
use super::report::held::{AT_ONCE, Held};
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{DeclaredFailures, Draft, Moment, Outcome, ReportFile, Took};
use crate::metadata::Attachment;
use crate::run::Failure;
use crate::status::Status;

mod definition;
mod parts;
mod summary;

use definition::{Definition, Definitions, TestId};
use parts::WORDS;
use summary::Summary;

/// A report in `TRX`.
#[derive(Debug, Default)]
pub(crate) struct Trx {
    definitions: Definitions,
    /// Whether definitions have been read: what is not there then is nowhere.
    has_definitions: bool,
    /// The results whose definitions have not been read yet, each with the id of its test.
    held: VecDeque<(TestId, Held)>,
    /// Whether those can be handed out.
    is_released: bool,
    /// The result of the run itself, which is the last.
    of_run: Option<Draft>,
    hostnames: HashMap<String, Arc<str>>,
    started: Option<Timestamp>,
    failures: DeclaredFailures,
    summary: Option<Summary>,
}

impl XmlFormat for Trx {
    fn roots(&self) -> &'static [&'static str] {
        &["TestRun"]
    }

    fn visit(&self, path: &[String], name: &str) -> Visit {
        match (path.last().map(String::as_str), name) {
            (Some("Results" | "TestDefinitions"), _) | (_, "Times" | "RunInfos" | "Counters") => {
                Visit::Collect
            }
            (_, "Results" | "TestDefinitions" | "ResultSummary") => Visit::Enter,
            _ => Visit::Skip,
        }
    }

    fn foreign(&self, _path: &[String], name: &str) -> Option<&'static str> {
        let is_of_cppunit = matches!(name, "FailedTests" | "SuccessfulTests");
        is_of_cppunit.then_some("reports of CppUnit are not supported yet")
    }

    fn keeps(&self, name: &str) -> bool {
        !matches!(name, "TextMessages" | "CollectorDataEntries" | "DebugTrace")
    }

    fn keeps_text(&self, name: &str) -> bool {
        !matches!(name, "StdOut" | "StdErr")
    }

    fn enter(&mut self, path: &[String], element: Element, _file: &mut ReportFile) {
        if path.last().is_some_and(|name| name == "ResultSummary") {
            self.summary = Some(Summary::new(&element));
        }
    }

    fn element(&mut self, path: &[String], element: Element, file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("Results") => {
                self.result(&element, None, file);
            }
            Some("TestDefinitions") => self.definitions.add(&element),
            _ if element.name == "Times" => {
                let started = dotnet::start(element.attribute("start"));
                self.started = file.started(element.place, started);
            }
            _ => {
                if let Some(summary) = &mut self.summary {
                    match element.name.as_str() {
                        "Counters" => summary.count(&element),
                        _ => summary.add(&element),
                    }
                }
            }
        }
    }

    fn leave(&mut self, path: &[String], _file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("TestDefinitions") => {
                self.has_definitions = true;
                self.is_released = true;
            }
            Some("TestRun") => {
                self.is_released = true;
                let summary = self.summary.take();
                self.of_run = summary.and_then(|run| run.draft(self.failures, self.started));
            }
            _ => {}
        }
    }

    fn break_off(&mut self) {
        self.is_released = true;
    }

    fn hand_out(&mut self, file: &mut ReportFile) -> bool {
        if !self.is_released {
            return false;
        }
        for _ in 0..AT_ONCE {
            let Some((id, held)) = self.held.pop_front() else {
                self.is_released = false;
                if let Some(draft) = self.of_run.take() {
                    file.push(draft);
                }
                break;
            };
            push(held.into_draft(), self.definitions.get(&id), file);
        }
        true
    }
}

impl Trx {
    /// Reads a result, or the results in it; returns whether any has failed.
    fn result(&mut self, of: &Element, outer: Option<&Element>, file: &mut ReportFile) -> bool {
        let inner = of.child("InnerResults").map(|inner| &inner.children[..]);
        let mut has_failed = false;
        for result in inner.unwrap_or_default() {
            has_failed |= self.result(result, Some(of), file);
        }
        let outcome = outcome(of, file);
        let is_leaf = inner.is_none_or(<[Element]>::is_empty);
        if !is_leaf
            && (has_failed || matches!(outcome, Outcome::Known(status) if status != Status::Failed))
        {
            return has_failed;
        }
        let is_failed = outcome.is_failed();
        let draft = self.draft(of, outer, outcome);
        self.failures.see(&draft, &as_reported(of));
        let id = id(of).or(outer.and_then(id)).unwrap_or_default();
        let id = TestId::new(id);
        if self.has_definitions {
            push(draft, self.definitions.get(&id), file);
        } else {
            self.held.push_back((id, Held::new(draft, file)));
        }
        has_failed || is_failed
    }

    /// A result without what is in its definition.
    fn draft(&mut self, of: &Element, outer: Option<&Element>, outcome: Outcome) -> Draft {
        let mut draft = Draft::new(of.place, name(of, outer), outcome);
        draft.has_invalid_bytes = of.has_invalid_bytes;
        draft.duration = took(of);
        draft.started = match (dotnet::start(of.attribute("startTime")), self.started) {
            (Moment::Unknown, Some(started)) => Moment::At(started),
            (own, _) => own,
        };
        let info = of.descendant(&["Output", "ErrorInfo"]);
        draft.failure = info.map(|info| {
            let message = info
                .text_of(&["Message"])
                .map(|text| text.trim().to_owned());
            Failure {
                error_type: message.as_deref().and_then(exception),
                message,
                details: info.text_of(&["StackTrace"]).unwrap_or_default().to_owned(),
            }
        });
        draft.origin.hostname = of.attribute("computerName").map(|name| {
            let known = self.hostnames.entry(name.to_owned());
            Arc::clone(known.or_insert_with(|| name.into()))
        });
        if let Some(outer) = outer.filter(|outer| id(of).is_some() && id(outer) != id(of)) {
            draft.origin.suite = outer.attribute("testName").map(Arc::from);
        }
        draft.metadata.attachments = attachments(of);
        draft
    }
}

fn id(result: &Element) -> Option<&str> {
    result.attribute("testId")
}

/// The outcome by the words of the format, whatever the user says of them.
fn as_reported(result: &Element) -> Outcome {
    let word = result.attribute("outcome");
    word.map_or(Outcome::Known(Status::Failed), |word| {
        Draft::outcome_by(word, &WORDS)
    })
}

fn outcome(result: &Element, file: &ReportFile) -> Outcome {
    result
        .attribute("outcome")
        .map_or(Outcome::Known(Status::Failed), |word| {
            file.outcome(word, &WORDS)
        })
}

/// The name of a result; `outer` is the test of which it is a data row.
fn name(of: &Element, outer: Option<&Element>) -> String {
    let name = of.attribute("testName").unwrap_or_default();
    let row = of.attribute("dataRowInfo");
    match row {
        Some(row) if outer.is_some_and(|outer| outer.attribute("testName") == Some(name)) => {
            format!("{name} (Data Row {row})")
        }
        _ => name.to_owned(),
    }
}

fn took(of: &Element) -> Took {
    if let Some(took) = of.attribute("duration") {
        return Took::Seconds(took.to_owned());
    }
    let time = |name| -> Option<Timestamp> { of.attribute(name)?.parse().ok() };
    let times = time("startTime").zip(time("endTime"));
    let took = times.and_then(|(start, end)| Duration::try_from(end.duration_since(start)).ok());
    took.map_or(Took::Unknown, Took::Exactly)
}

/// The type of the exception in a message; `MSTest` puts a sentence before it.
fn exception(message: &str) -> Option<String> {
    let thrown = message.split_once(" threw exception:");
    dotnet::error_type(thrown.map_or(message, |(_, rest)| rest.trim_start()))
}

fn attachments(of: &Element) -> Vec<Attachment> {
    let files = of
        .children("ResultFiles")
        .flat_map(|files| files.children("ResultFile"));
    let files = files.filter_map(|file| {
        Some(Attachment {
            path: file.attribute("path")?.to_owned(),
            ..Attachment::default()
        })
    });
    let outputs = of.children("Output").flat_map(|output| &output.children);
    let outputs = outputs.filter(|output| matches!(output.name.as_str(), "StdOut" | "StdErr"));
    let outputs = outputs.map(|output| Attachment {
        name: Some(output.name.clone()),
        path: String::new(),
        media_type: Some("text/plain".to_owned()),
    });
    files.chain(outputs).collect()
}

/// Hands out a result with what is in its definition.
fn push(mut draft: Draft, definition: Option<&Definition>, file: &mut ReportFile) {
    if let Some(definition) = definition {
        let name = dotnet::own_name(&draft.name, &definition.class).to_owned();
        draft.name = name;
        dotnet::set_class(&mut draft, &definition.class, file);
        draft.origin.file.clone_from(&definition.file);
        draft.has_invalid_bytes |= definition.has_invalid_bytes;
        if let Some(more) = &definition.more {
            draft.metadata.tags.clone_from(&more.tags);
            draft.metadata.owner.clone_from(&more.owner);
            draft.metadata.properties.clone_from(&more.properties);
            let is_reason = draft.outcome.is(Status::Skipped)
                && (draft.failure.as_ref()).is_some_and(|failure| failure.message.is_some());
            draft.description = more.description.clone().filter(|_| !is_reason);
        }
    }
    file.push(draft);
}

#[cfg(test)]
mod tests;
