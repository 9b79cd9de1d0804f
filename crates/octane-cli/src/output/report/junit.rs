//! Reports as JUnit XML, so that the test view of a CI system shows what became of the results.
//!
//! | what is known | test case |
//! | --- | --- |
//! | a result is in Octane and passed | passed |
//! | a result is in Octane and failed, tolerated or not | `failure` |
//! | a result is in Octane, and the test was skipped or is planned | `skipped` |
//! | a result was rejected, or is pending, whatever its status | `error` |
//! | an upload did not end with success, whatever `--on-upload-error` says | `error` of the test case `upload` of the class `octane` |
//! | a problem of the upload that belongs to no result, and is more than a note | `error` |
//! | the command of `octane exec` failed, or wrote no report for a pattern | `error` |
//! | it wrote no report at all, which is allowed | `skipped`, the same test case, if the command ended with 0 |
//! | results cannot be listed | `error` |
//! | several shards have different results of a test | `failure`, in addition to both results |
//!
//! Further results of the same test have names of their own, because some systems show only one test case of a name. Notes, such as
//! Jira keys that match no story, are in `system-out`.
//!
//! Elements and attributes are those that the schemas of Ant and Jenkins both know.

use std::io::{self, Write};
use std::ops::ControlFlow;

use jiff::Timestamp;
use octane_client::{Journal, ReportedProblem, ResultState, StoredResult};
use octane_results::Status;

use super::content::{UploadReport, title};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::xml::escaped;

/// The class of test cases that are about the upload itself.
const OWN_CLASS: &str = "octane";

/// What a test case says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Case {
    Passed,
    Skipped,
    /// Its kind, and why.
    Failure(&'static str, String),
    Error(String, String),
}

/// What is counted of a suite.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    milliseconds: u128,
}

/// The test cases of a suite, which are written before what comes first.
struct Cases<W> {
    out: W,
    counts: Counts,
}

impl<W: Write> Cases<W> {
    fn add(&mut self, class: &str, name: &str, milliseconds: u128, case: &Case) -> io::Result<()> {
        let counts = &mut self.counts;
        counts.tests += 1;
        counts.milliseconds += milliseconds;
        write!(
            self.out,
            "<testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
            escaped(class),
            escaped(name),
            seconds(milliseconds)
        )?;
        match case {
            Case::Passed => writeln!(self.out, "/>"),
            Case::Skipped => {
                counts.skipped += 1;
                writeln!(self.out, "><skipped/></testcase>")
            }
            Case::Failure(kind, message) => {
                counts.failures += 1;
                writeln!(
                    self.out,
                    "><failure type=\"{kind}\" message=\"{}\"/></testcase>",
                    escaped(message)
                )
            }
            Case::Error(kind, message) => {
                counts.errors += 1;
                writeln!(
                    self.out,
                    "><error type=\"{}\" message=\"{}\"/></testcase>",
                    escaped(kind),
                    escaped(message)
                )
            }
        }
    }

    /// A test case about the upload itself.
    fn own(&mut self, name: &str, case: &Case) -> io::Result<()> {
        self.add(OWN_CLASS, name, 0, case)
    }

    fn result(&mut self, result: &StoredResult, suite: &str) -> io::Result<()> {
        let class = result.test.strip_suffix(&result.name).unwrap_or_default();
        let class = class.trim_end_matches(['.', '/']);
        let class = if class.is_empty() { suite } else { class };
        let name = result.run_name.as_deref().unwrap_or(&result.name);
        let name = match result.attempt {
            ..=1 => name.to_owned(),
            attempt => format!("{name} (attempt {attempt})"),
        };
        self.add(class, &name, result.duration.as_millis(), &case_of(result))
    }

    fn problem(&mut self, problem: &ReportedProblem) -> io::Result<()> {
        let place = problem.position.as_ref();
        let subject = problem.test.clone();
        let subject = subject.or_else(|| place.map(ToString::to_string));
        let name = match subject {
            Some(subject) => format!("{}: {subject}", problem.code),
            None => problem.code.to_string(),
        };
        let case = Case::Error(problem.code.to_string(), problem.message.clone());
        self.own(&name, &case)
    }
}

/// What a result becomes; see the [table](self).
fn case_of(result: &StoredResult) -> Case {
    let place = result.position.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let status = result.status.as_str().to_lowercase();
    let kind = match result.state {
        ResultState::Ingested => {
            return match result.status {
                Status::Passed => Case::Passed,
                Status::Failed => Case::Failure("failed", format!("the test failed{place}")),
                Status::Skipped | Status::Planned => Case::Skipped,
            };
        }
        ResultState::Rejected => "rejected",
        _ => "pending",
    };
    let reason = result.message.as_deref().unwrap_or("not confirmed");
    Case::Error(
        kind.to_owned(),
        format!("{status}, and not in Octane: {reason}{place}"),
    )
}

/// What a problem of an upload becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// A result has it already.
    OfResult,
    /// A failure in one shard and another result in another one.
    Flaky,
    Note,
    Error,
}

/// Decides what a problem becomes.
///
/// | problem | weight |
/// | --- | --- |
/// | `rejected`, `unconfirmed`, `superseded` | the result has it |
/// | `flaky` | a failure if shards were merged, because their results are in different suites; otherwise a note, as each result is there |
/// | `repaired`, `duplicate`, `resent`, `unsupported`, `ambiguous_name`, `uncompared`, `unknown_history`, `repeated_shard`, `late_shards` | a note |
/// | `unknown_key`, `ambiguous_key` | an error if links are incomplete for it, otherwise a note |
/// | any other, also one that is not known here | an error |
fn weight(code: &str, is_merged: bool, meant: Exit) -> Weight {
    match code {
        "rejected" | "unconfirmed" | "superseded" => Weight::OfResult,
        "flaky" if is_merged => Weight::Flaky,
        "flaky" | "repaired" | "duplicate" | "resent" | "unsupported" | "ambiguous_name"
        | "uncompared" | "unknown_history" | "repeated_shard" | "late_shards" => Weight::Note,
        "unknown_key" | "ambiguous_key" if meant != Exit::LinksIncomplete => Weight::Note,
        _ => Weight::Error,
    }
}

/// Writes the suite of an upload.
pub(super) fn write_upload(
    out: &mut impl Write,
    upload: &UploadReport<'_>,
    number: usize,
    now: Timestamp,
) -> Result<()> {
    let UploadReport {
        report,
        command,
        meant,
        journals,
        ..
    } = *upload;
    let name = &title(report);
    let mut cases = Cases {
        out: tempfile::tempfile().map_err(failed)?,
        counts: Counts::default(),
    };
    let ended = match meant {
        Exit::Success => Case::Passed,
        _ => Case::Error(
            meant.word().to_owned(),
            meant.meaning_of(report.journal.is_some()),
        ),
    };
    cases.own("upload", &ended).map_err(failed)?;
    if let Some(command) = command {
        let case = match command.exit_code {
            0 => Case::Passed,
            code => Case::Error("command_failed".to_owned(), format!("exit code {code}")),
        };
        let name = format!("command {}", command.program);
        cases.own(&name, &case).map_err(failed)?;
        for pattern in &command.missing {
            let case = Case::Error(
                "missing_report".to_owned(),
                "no report was written".to_owned(),
            );
            cases
                .own(&format!("report {pattern}"), &case)
                .map_err(failed)?;
        }
    }
    let is_merged = report
        .shards
        .as_ref()
        .is_some_and(|shards| shards.is_merged);
    let mut notes = String::new();
    for problem in &report.problems {
        let case = match weight(&problem.code, is_merged, meant) {
            Weight::OfResult => Ok(()),
            Weight::Error => cases.problem(problem),
            Weight::Flaky => {
                let test = problem.test.as_deref().unwrap_or_default();
                let case = Case::Failure("flaky", problem.message.clone());
                cases.own(&format!("flaky: {test}"), &case)
            }
            Weight::Note => {
                let owner = problem.test.as_ref().map(|test| format!("{test}: "));
                let owner = owner.unwrap_or_default();
                notes.push_str(&escaped(&format!("{owner}{}", problem.message)));
                notes.push('\n');
                Ok(())
            }
        };
        case.map_err(failed)?;
    }
    let suite_name = report.target.suite.as_ref();
    let suite_name = suite_name.map_or(String::new(), |suite| suite.name.clone());
    let mut listed = 0;
    let visited = Journal::visit_all_results(journals, |result| {
        listed += 1;
        match cases.result(result, &suite_name) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    })?;
    if let ControlFlow::Break(error) = visited {
        return Err(failed(error));
    }
    let counts = &report.counts;
    let expected = counts.read.saturating_sub(counts.invalid);
    if listed != expected {
        let case = Case::Error(
            "unlisted".to_owned(),
            format!("{listed} of {expected} results can be listed"),
        );
        cases.own("results", &case).map_err(failed)?;
    }
    let mut properties = vec![
        ("upload-id", report.upload_id.to_string()),
        ("suite", suite_name),
        ("exit-code", upload.exit.code().to_string()),
    ];
    properties.extend(report.target.url.clone().map(|url| ("suite-run-url", url)));
    let suite = Suite {
        name: format!("Octane: {name}"),
        number,
        now,
        properties,
        notes,
    };
    suite.write(out, cases).map_err(failed)
}

/// Writes the suite of an upload that ended without a report.
pub(super) fn write_failure(
    out: &mut impl Write,
    failure: &Failure,
    exit: Exit,
    number: usize,
    now: Timestamp,
) -> Result<()> {
    let mut cases = Cases {
        out: tempfile::tempfile().map_err(failed)?,
        counts: Counts::default(),
    };
    let message = format!("{:#}", failure.error);
    let (case, mut notes) = if failure.is_allowed(exit) {
        (Case::Skipped, message)
    } else {
        let case = Case::Error(failure.exit.word().to_owned(), message);
        (case, String::new())
    };
    cases.own("upload", &case).map_err(failed)?;
    notes.push_str(failure.hint.as_deref().unwrap_or_default());
    for problem in &failure.problems {
        cases.problem(problem).map_err(failed)?;
    }
    let suite = Suite {
        name: "Octane".to_owned(),
        number,
        now,
        properties: vec![("exit-code", exit.code().to_string())],
        notes: escaped(&notes),
    };
    suite.write(out, cases).map_err(failed)
}

/// What is around the test cases of a suite.
struct Suite {
    name: String,
    number: usize,
    now: Timestamp,
    properties: Vec<(&'static str, String)>,
    /// Escaped.
    notes: String,
}

impl Suite {
    fn write(&self, out: &mut impl Write, cases: Cases<std::fs::File>) -> io::Result<()> {
        let Counts {
            tests,
            failures,
            errors,
            skipped,
            milliseconds,
        } = cases.counts;
        writeln!(
            out,
            "<testsuite id=\"{}\" package=\"{OWN_CLASS}\" name=\"{}\" hostname=\"localhost\" timestamp=\"{}\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{}\">\n<properties>",
            self.number,
            escaped(&self.name),
            &self.now.to_string()[..19],
            seconds(milliseconds)
        )?;
        for (name, value) in &self.properties {
            writeln!(
                out,
                "<property name=\"{name}\" value=\"{}\"/>",
                escaped(value)
            )?;
        }
        writeln!(out, "</properties>")?;
        let mut file = cases.out;
        io::Seek::rewind(&mut file)?;
        io::copy(&mut file, out)?;
        writeln!(
            out,
            "<system-out>{}</system-out>\n<system-err/>\n</testsuite>",
            self.notes
        )
    }
}

/// Seconds with three places.
fn seconds(milliseconds: u128) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// The error of a report that cannot be written.
pub(super) fn failed(error: io::Error) -> Failure {
    Failure::new(Exit::Configuration, error).context("cannot write the report")
}

#[cfg(test)]
mod tests;
