//! The XML report of `Catch2`, versions 2 and 3, of `--reporter xml`. Its reporter `junit` writes `JUnit`.
//!
//! | what the report says of a test case | status |
//! | --- | --- |
//! | `success` is true | passed |
//! | `success` is false | failed |
//! | `success` is true, and something was skipped (`SKIP`) | skipped |
//! | `success` is true, and an assertion failed in a test case tagged `[!mayfail]` or `[!shouldfail]` | skipped |
//!
//! A test case that says nothing of its success is invalid.
//!
//! Where the format leaves room, this reader decides:
//!
//! - A **test case** is a result, as `Catch2` counts it, and its sections are steps. Its reporter `junit` makes a result of each
//!   section instead.
//! - The **package** is the name of the program and the **class** is `global`, as in `JUnit`; the report does not name the class of
//!   a fixture. The file of the source is part of the origin.
//! - The failure is the first one, with all of them, their expansions, and messages in its details.
//! - A test case that should fail and has passed is failed, as `Catch2` says.
//! - Benchmarks, output and hidden test cases that did not run are not results.
//! - A report that counts failed test cases, although none of its results has failed, is a failed result of its own.

use super::line_column::LineColumn;
use super::report::fields::as_iteration;
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{DeclaredFailures, Draft, Outcome, ReportFile, Took};
use crate::duration::seconds;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::step::Step;

mod failure;

use failure::{failure, has_failed_assertion, in_section};

/// The class of a test case without a fixture, as the reporter `junit` has it.
const CLASS: &str = "global";

/// Test cases that fail as expected have one of these tags.
const EXPECTED: [&str; 2] = ["!mayfail", "!shouldfail"];

/// A report of `Catch2`.
#[derive(Debug, Default)]
pub(crate) struct Catch2 {
    /// The name of the program.
    name: String,
    place: LineColumn,
    failures: DeclaredFailures,
}

impl XmlFormat for Catch2 {
    fn roots(&self) -> &'static [&'static str] {
        &["Catch", "Catch2TestRun"]
    }

    fn visit(&self, _path: &[String], name: &str) -> Visit {
        match name {
            "Group" => Visit::Enter,
            "TestCase" | "OverallResultsCases" => Visit::Collect,
            _ => Visit::Skip,
        }
    }

    fn keeps(&self, name: &str) -> bool {
        !matches!(name, "StdOut" | "StdErr" | "BenchmarkResults")
    }

    fn enter(&mut self, path: &[String], element: Element, _file: &mut ReportFile) {
        if path.len() == 1 {
            self.place = element.place;
            let name = element.attribute("name").unwrap_or_default();
            name.clone_into(&mut self.name);
        }
    }

    fn element(&mut self, path: &[String], element: Element, file: &mut ReportFile) {
        if element.name == "TestCase" {
            let draft = self.draft(&element, file);
            // Not by the outcome, which the user may have a word for.
            self.failures.shown += u64::from(success(&element) != Some("true"));
            file.push(draft);
        } else if path.len() == 1 {
            self.failures.declared = number(&element, "failures");
        }
    }

    fn leave(&mut self, path: &[String], file: &mut ReportFile) {
        let unshown = self.failures.unshown("the report");
        if let Some(failure) = unshown.filter(|_| path.len() == 1) {
            file.push(Draft {
                package: self.name.clone(),
                ..Draft::failed(self.place, &*self.name, failure)
            });
        }
    }
}

impl Catch2 {
    fn draft(&self, case: &Element, file: &ReportFile) -> Draft {
        let tags = tags(case.attribute("tags").unwrap_or_default());
        let result = case.child("OverallResult");
        let outcome = outcome(case, &tags, file);
        let name = case.attribute("name").unwrap_or_default();
        let mut draft = Draft::new(case.place, name, outcome);
        draft.has_invalid_bytes = case.has_invalid_bytes;
        draft.package.clone_from(&self.name);
        CLASS.clone_into(&mut draft.class);
        draft.is_class_whole = true;
        draft.failure = failure(case);
        draft.description = case.attribute("description").map(str::to_owned);
        if draft.outcome.is(Status::Skipped) {
            let reason = skipped(case).and_then(Element::text).map(str::trim);
            draft.description = reason.map(str::to_owned).or(draft.description);
        }
        let took = result.and_then(|result| result.attribute("durationInSeconds"));
        draft.duration = took.map_or(Took::Unknown, |took| Took::Seconds(took.to_owned()));
        let file = case.attribute("filename");
        draft.origin.file = file.map(|file| file.replace('\\', "/").into());
        let mut steps = Vec::new();
        add_steps(case, "", &mut steps);
        draft.steps = as_iteration(steps);
        draft.metadata = Metadata {
            tags,
            ..Metadata::default()
        };
        draft
    }
}

fn success(case: &Element) -> Option<&str> {
    case.child("OverallResult")?.attribute("success")
}

/// The outcome of a test case.
fn outcome(case: &Element, tags: &[String], file: &ReportFile) -> Outcome {
    let skips = (case.child("OverallResult")).map_or(0, |result| number(result, "skips"));
    let is_expected = || {
        let mut expected = EXPECTED.iter();
        expected.any(|expected| tags.iter().any(|tag| tag == expected))
    };
    match success(case) {
        None => Outcome::Missing,
        Some("false") => Outcome::Known(Status::Failed),
        Some("true") if skips > 0 => Outcome::Known(Status::Skipped),
        Some("true") if is_expected() && has_failed_assertion(case) => {
            Outcome::Known(Status::Skipped)
        }
        Some("true") => Outcome::Known(Status::Passed),
        Some(word) => file.outcome(word, &[]),
    }
}

/// `[cart][jira:SHOP-7]` as a list.
fn tags(text: &str) -> Vec<String> {
    let tags = text.split(['[', ']']).map(str::trim);
    tags.filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The first skip in a test case or its sections.
fn skipped(of: &Element) -> Option<&Element> {
    (of.children.iter()).find_map(|child| match child.name.as_str() {
        "Skip" => Some(child),
        "Section" => skipped(child),
        _ => None,
    })
}

/// Adds the sections in `of` as steps, each with the names of those around it.
fn add_steps(of: &Element, outer: &str, steps: &mut Vec<Step>) {
    for section in of.children("Section") {
        let name = section.attribute("name").unwrap_or_default();
        let name = in_section(outer, name);
        let results = section.child("OverallResults");
        let status = match results {
            None => "unknown",
            Some(results) if number(results, "failures") > 0 => "failed",
            Some(results) if number(results, "expectedFailures") > 0 => "failed as expected",
            Some(results) if results.attribute("skipped") == Some("true") => "skipped",
            Some(_) => "passed",
        };
        let mut step = Step::new(name.as_str(), status);
        let took = results.and_then(|results| results.attribute("durationInSeconds"));
        step.duration = took.and_then(|took| seconds(took).ok()).unwrap_or_default();
        steps.push(step);
        add_steps(section, &name, steps);
    }
}

/// The number in an attribute; 0 without one.
fn number(of: &Element, attribute: &str) -> u64 {
    let text = of.attribute(attribute).unwrap_or_default();
    text.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests;
