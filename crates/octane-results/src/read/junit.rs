//! `JUnit` XML in all of its dialects.
//!
//! Where dialects differ or are silent, this reader decides:
//!
//! - A **class** is `classname` (or `class`), or else the name of the nearest suite that has one.
//! - A dotted `classname` such as `shop.cart.TaxTest` becomes package `shop.cart` and class `TaxTest`,
//!   unless the report (attribute `package` of the suite) or the suite path has a package; in that case only
//!   a prefix equal to that package is removed. Names that are not plain identifiers, or that end like a
//!   file name (`cart.test.ts`), are not split.
//! - A case with `failure` or `error` has **failed**, even if it also has `skipped`; the first one that is not empty provides
//!   type and message, further ones are appended to its details. So has one with `status="failed"`,
//!   `success="false"` and the like, also as elements (`<status>failed</status>`); `Verdict` has the table. A status
//!   that is not known makes the case an invalid row: it never counts as passed.
//! - A case with `warning`, as `PHPUnit` writes it, or with `todo`, as testem writes it, is neither red nor green: it is skipped, unless
//!   it has failed. One with `status="warning"`, as UFT and Maestro write it, has failed; where it should count otherwise,
//!   `--status-map warning=passed` says so.
//! - A case that says nothing of its status has passed, unless it has no time, or a time of zero, and its suite counts all of its tests as
//!   skipped: then it did not run. Other numbers of skipped tests that the cases do not show are a warning.
//! - A `failure` or `error` of a **suite**, outside its cases, is a failed result of its own, named after the suite: a
//!   set-up or clean-up that failed is not hidden by the cases that passed. So is a suite that declares failures
//!   that none of its results shows, or whose output ends with the words of a program that failed as a whole: `Bail out!`, or the
//!   exit code that Meson adds. So is a report whose `overall-result` says that it failed, as Testing Farm has it, though none of its results has.
//!   The failures of a suite without cases that has the sums of those next to it (tests, failures and errors), as Bazel and `FPCUnit` write
//!   it, are theirs, unless several suites have such numbers, or there is only one case and the suite has a name: it may have crashed. A suite with a word for a status that is not known is an invalid row if none of its results has failed.
//! - Elements that are not known, or are written in another case (`testCase`), hide nothing: suites, cases and failures inside of them count, and a case
//!   inside a case is a result of its own. Nor do `skipped` and `properties` hide cases and failures.
//! - Words that mean something else to some writers: `errors` of Qt 4 and 5 counts messages, and a case without a `result` was skipped there.
//!   A failure that `QtTest` forgives because the test is on its list (`bfail`, `bxfail`, `bxpass`) is skipped, and `bpass` is passed.
//!   `CANCELED`, `RUNNING` (Maestro) and `INCOMPLETE` (Katalon) are failed: the test did not end.
//!   What `EUnit` calls skipped was cancelled, and has failed. So has what `CTest` could not run. A `failure` of doctest with the type `WARN`
//!   is none, the tests that `GoogleTest` only lists have no status, a case of pytest without a name and a class was interrupted, and an assumption of `JUnit` that did not hold (`aborted`, as Ant writes it) is skipped.
//!   Intern writes a number as the `status`: 0 is passed, and 1 is failed. In a report of node-tap, cases with a property `skip` or `todo` are skipped, and so is what failed in a suite that is `ok`.
//!   A test of GUT with `no asserts`, and `info` of Testing Farm, are skipped; `needs_inspection` is failed. The failures of a case with `flaky="true"` are
//!   those of earlier attempts in a suite that counts `flakes`, as Firebase Test Lab and Flank do. A TODO test of `prove` that passed (`TodoTestSucceeded`) has passed.
//! - A test that `OUnit` skipped looks like one that passed; where its output counts such tests, they are a warning. In reports of
//!   `TAP::Formatter::JUnit`, skipped and TODO tests look like passed ones: the output of TAP itself has them.
//! - A TODO test of `node:test` that failed is skipped. The summary of `node:test` is in comments. If it counts failures, or reports an error after the end of its test or outside of tests,
//!   or a threshold of the coverage that was not reached, and no result has failed, the report is a failed result.
//! - The time of a run at the end of a suite's name (`-20261130045457`), as `unittest-xml-reporting` writes it, is removed.
//! - The browser before a class, as karma-junit-reporter writes it, and the line after it, as busted does, are removed.
//! - The reports of check and `DejaGnu` begin like those of `JUnit`, and are refused.
//! - The `testrun` that Eclipse exports is read like `testsuites`.
//! - The **origin**, by which results of one test are distinguished, is the path of the suites' names, and the attributes `hostname`,
//!   `file` and `project` of the case or else of the nearest suite that has them. A `group` of the case, as Common Test has it, is the end
//!   of the path.
//! - `flakyFailure` and `flakyError` are earlier attempts of a case that passed in the end; `rerunFailure`
//!   and `rerunError` are further attempts of one that failed in the end.
//! - The duration of a case is `time`, or else `duration`, in seconds.
//! - The **start time** is the `timestamp` of the case or else of the nearest suite; without either there is
//!   none. The clock is never read.
//! - Properties of a case are properties of its result, apart from Jira keys, `owner` or `author`, and `tag` or `tags`.
//! - The reason of a `skipped` case becomes the description of the run.
//! - Of `system-out` and `system-err` of a case, only the attachments are used that they name as Jenkins has it:
//!   `[[ATTACHMENT|path]]`. They cost no memory however long they are.
//! - Bytes that are invalid in the encoding of the report are replaced by U+FFFD and counted in a warning. A case whose
//!   name or class has such bytes is an invalid row: replaced, it could be the name of another test.

use std::io::Read;
use std::sync::Arc;

use crate::read::commas::Commas;
use crate::read::error::ReadError;
use crate::read::options::ReadOptions;
use crate::read::record::{Record, RecordReader};
use crate::read::xml::{XmlEvent, XmlReader};
use crate::run::TestRun;

mod attempt;
mod attributes;
mod case;
mod element;
mod last_words;
mod output;
pub(crate) mod parts;
mod report;
mod scope;
mod suite;
mod totals;
mod verdict;
mod writer;

use report::Report;

/// The test cases of a report, each returned as soon as it has been read.
pub(crate) struct Junit<R: Read> {
    xml: XmlReader<R>,
    report: Report,
    /// Why reading ended early, to be returned after what was read before.
    failed: Option<ReadError>,
    has_ended: bool,
}

impl<R: Read> Junit<R> {
    pub(crate) fn new(
        file: Arc<str>,
        input: R,
        head: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let xml = XmlReader::new(Arc::clone(&file), input, head, options.encoding)?;
        Ok(Self::rest(xml, Report::new(file, options.clone())))
    }

    /// What is left of a report.
    const fn rest(xml: XmlReader<R>, report: Report) -> Self {
        Self {
            xml,
            report,
            failed: None,
            has_ended: false,
        }
    }

    /// How durations with commas are understood.
    pub(crate) fn with_commas(mut self, commas: Commas) -> Self {
        self.report.commas = commas;
        self
    }
}

/// Shows the times of all elements, up to where the report is malformed.
pub(crate) fn see_durations<R: Read>(
    file: Arc<str>,
    input: R,
    head: &[u8],
    options: &ReadOptions,
    see: &mut dyn FnMut(&str),
) {
    let Ok(mut xml) = XmlReader::new(file, input, head, options.encoding) else {
        return;
    };
    while let Ok(Some(event)) = xml.next_event(false) {
        let XmlEvent::Start(tag) = event else {
            continue;
        };
        for (name, value) in tag.attributes() {
            if matches!(name, "time" | "duration") {
                see(value);
            }
        }
    }
}

impl<R: Read> Junit<R> {
    /// Ends the reading with what can only be said now.
    fn end(&mut self, failed: Option<ReadError>) {
        self.has_ended = true;
        self.failed = failed;
        if let Some(invalid) = self.xml.invalid_bytes() {
            self.report.warn_of_bytes(&invalid);
        }
    }
}

impl<R: Read + Send> RecordReader for Junit<R> {
    fn recycle(&mut self, run: Box<TestRun>) {
        self.report.recycle(run);
    }
}

impl<R: Read> Iterator for Junit<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.report.ready.pop_front() {
                return Some(Ok(record));
            }
            if self.has_ended {
                return self.failed.take().map(Err);
            }
            match self.xml.next_event(self.report.wants_text()) {
                Ok(Some(event)) => {
                    if let Err((place, kind)) = self.report.feed(event) {
                        let error = self.xml.error(place, kind);
                        self.end(Some(error));
                    }
                }
                Ok(None) => {
                    self.report.end();
                    self.end(None);
                }
                Err(error) => self.end(Some(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
