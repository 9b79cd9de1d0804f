//! `TestNG` XML.
//!
//! What the words in `status` mean:
//!
//! | word | status |
//! | --- | --- |
//! | `PASS` | passed |
//! | `FAIL`, `SUCCESS_PERCENTAGE_FAILURE`, `STARTED` | failed |
//! | `SKIP` | skipped |
//!
//! An invocation that failed is failed, even if so many others passed that the method has `successPercentage`; so is one
//! that began and did not end. A `PASS` with an `exception` stays a pass: tests may expect exceptions.
//!
//! Where the format leaves room, this reader decides:
//!
//! - **Configuration methods** (`is-config`) are not results. One that failed is a warning.
//! - A method with `retried="true"` is an **earlier attempt** of the method in the same class with the same name and
//!   parameters, whatever its own status: a failure that the result keeps if it passed in the end. If there is no such
//!   method, the last attempt is the result, and failed if it has an exception. Since attempts may be written after the
//!   result, the results of a class are held back until it ends.
//! - **Parameters** are part of the name, so that the rows of a data provider are distinguished: `adds(1, 2)`. What Java prints
//!   of an object without a text of its own, such as `shop.Cart@1b2c3d4e`, is there without the part that differs in each
//!   run.
//! - Where a class names its tests (`ITest`), that name follows the method's: `adds [with tax]`.
//! - **Groups** are tags; those of methods are named at the beginning of a suite.
//! - The **origin** is the names of `suite`, `test` and test instance (`ITest`); a `test` named after a browser is the project as well.
//! - The message of the exception of a skipped method is its description, or else the configuration method of the class
//!   that failed before it.
//! - Some versions write the abbreviation of a time zone after a **start time**. Apart from `UTC` and `GMT`, it is ignored,
//!   since many are ambiguous: such times count as times without a zone.
//! - Reporter output is ignored, and costs no memory.
//! - The files of one suite (root `suite`) or one test (root `test`) that `TestNG` writes with `fileFragmentationLevel` are reports as
//!   well.
//! - A report that counts failures (`failed`) although none of its results has failed is a failed result of its own, called `[run]`.
//!   This includes a report whose results are in other files: whether these are uploaded as well is not known, so leave it out if they are.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::distinct::remove_repeated;
use super::line_column::LineColumn;
use super::report::held::{AT_ONCE, Held};
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{DeclaredFailures, Draft, Moment, Outcome, ReportFile, Took};
use crate::metadata::Property;
use crate::origin::Origin;
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

mod values;

use values::{parameters, with_values, without_zone};

const WORDS: [(&str, Status); 5] = [
    ("PASS", Status::Passed),
    ("FAIL", Status::Failed),
    ("SUCCESS_PERCENTAGE_FAILURE", Status::Failed),
    ("STARTED", Status::Failed),
    ("SKIP", Status::Skipped),
];

/// The name of the result of a run whose failures are not in the report.
const RUN: &str = "[run]";

/// A report of `TestNG`.
#[derive(Debug, Default)]
pub(crate) struct Testng {
    place: LineColumn,
    failures: DeclaredFailures,
    /// The first file that the report refers to for results.
    fragment: Option<String>,
    suite: String,
    /// The groups of methods of the suite, by class and name.
    groups: HashMap<(String, String), Vec<String>>,
    origin: Origin,
    class: String,
    /// The package, where the name of the class is without it.
    package: String,
    /// Whether bytes of its name were invalid and have been replaced.
    has_invalid_class: bool,
    /// The results of the class.
    held: Vec<Held>,
    /// The first configuration method of the class that failed, with its message.
    failed_configuration: Option<String>,
    /// Earlier attempts of them.
    attempts: HashMap<Key, Vec<Held>>,
    /// Those that can be handed out, each with the failures of earlier attempts.
    released: VecDeque<(Held, Vec<Failure>)>,
    /// Their package and class.
    released_class: (String, String),
}

/// What the attempts of a test have in common: its name and its origin.
type Key = (Box<str>, Origin);

impl XmlFormat for Testng {
    fn roots(&self) -> &'static [&'static str] {
        &["testng-results", "suite", "test"]
    }

    fn visit(&self, _path: &[String], name: &str) -> Visit {
        match name {
            "test-method" | "groups" => Visit::Collect,
            "reporter-output" => Visit::Skip,
            _ => Visit::Enter,
        }
    }

    fn keeps(&self, name: &str) -> bool {
        name != "reporter-output"
    }

    fn enter(&mut self, path: &[String], element: Element, _file: &mut ReportFile) {
        let name = element.attribute("name").unwrap_or_default();
        let kind = path.last().map(String::as_str);
        if matches!(kind, Some("suite" | "test")) && self.fragment.is_none() {
            self.fragment = element.attribute("url").map(str::to_owned);
        }
        match kind {
            Some("testng-results") => {
                self.place = element.place;
                let failed = element.attribute("failed");
                self.failures.declared = failed.and_then(|it| it.parse().ok()).unwrap_or(0);
            }
            Some("suite") => {
                name.clone_into(&mut self.suite);
                self.groups.clear();
                self.origin = origin(name, "");
            }
            Some("test") => self.origin = origin(&self.suite, name),
            Some("class") => {
                name.clone_into(&mut self.class);
                self.has_invalid_class = element.has_invalid_bytes;
                let package = element.attribute("package");
                let package = package.filter(|package| !package.starts_with('['));
                package.unwrap_or_default().clone_into(&mut self.package);
            }
            _ => {}
        }
    }

    fn element(&mut self, _path: &[String], element: Element, file: &mut ReportFile) {
        if element.name == "groups" {
            self.add_groups(&element);
        } else if element.attribute("is-config") == Some("true") {
            self.configuration(&element, file);
        } else {
            let draft = self.method(&element, file);
            let word = element.attribute("status").unwrap_or_default();
            let reported = Draft::outcome_by(word, &WORDS);
            let is_attempt = element.attribute("retried") == Some("true");
            if is_attempt {
                // Older versions count them as failed.
                self.failures.attempts += u64::from(reported.may_have_failed());
            } else {
                self.failures.see(&draft, &reported);
            }
            let held = Held::new(draft, file);
            if is_attempt {
                self.attempts.entry(key(&held)).or_default().push(held);
            } else {
                self.held.push(held);
            }
        }
    }

    fn leave(&mut self, path: &[String], file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("class") => {
                self.release();
                self.class.clear();
                self.package.clear();
            }
            Some("test") => {
                self.release();
                self.origin = origin(&self.suite, "");
            }
            Some("testng-results") => {
                self.release();
                self.check_failures(file);
            }
            Some("suite") => self.release(),
            _ => {}
        }
    }

    fn break_off(&mut self) {
        self.release();
    }

    fn hand_out(&mut self, file: &mut ReportFile) -> bool {
        let next = self.released.len().min(AT_ONCE);
        for (held, earlier) in self.released.drain(..next) {
            let mut draft = held.into_draft();
            let (package, class) = &self.released_class;
            draft.package.clone_from(package);
            draft.class.clone_from(class);
            draft.earlier_failures = earlier;
            file.push(draft);
        }
        next > 0
    }
}

impl Testng {
    fn add_groups(&mut self, groups: &Element) {
        for group in groups.children("group") {
            let name = group.attribute("name").unwrap_or_default();
            for method in group.children("method") {
                let attribute = |name| method.attribute(name).unwrap_or_default().to_owned();
                let of = self.groups.entry((attribute("class"), attribute("name")));
                let of = of.or_default();
                // One that is repeated is removed where they are used.
                if !name.is_empty() && of.last().is_none_or(|last| last != name) {
                    of.push(name.to_owned());
                }
            }
        }
    }

    fn configuration(&mut self, method: &Element, file: &mut ReportFile) {
        if method.attribute("status") == Some("FAIL") {
            let name = named(own_name(method), method);
            let message = method
                .text_of(&["exception", "message"])
                .unwrap_or_default();
            let text = format!("{name} failed: {}", message.trim());
            let message = text.trim_end_matches([':', ' ']).to_owned();
            let kind = WarningKind::FailedOutside {
                message: message.clone(),
            };
            file.warn(method.place, kind);
            self.failed_configuration.get_or_insert(message);
        }
    }

    fn method(&self, method: &Element, file: &ReportFile) -> Draft {
        let word = method.attribute("status");
        let outcome = word.map_or(Outcome::Missing, |word| file.outcome(word, &WORDS));
        let name = own_name(method);
        let values = parameters(method);
        let mut draft = Draft::new(
            method.place,
            named(&with_values(name, &values), method).into_owned(),
            outcome,
        );
        draft.has_invalid_bytes = method.has_invalid_bytes || self.has_invalid_class;
        let took = method.attribute("duration-ms");
        draft.duration = took.map_or(Took::Unknown, |took| Took::Milliseconds(took.to_owned()));
        let started = method.attribute("started-at");
        draft.started = started.map_or(Moment::Unknown, |time| Moment::Text(without_zone(time)));
        draft.failure = method.child("exception").map(failure);
        let has_reason = (draft.failure.as_ref()).is_some_and(|failure| failure.message.is_some());
        let is_skipped = draft.outcome.is(Status::Skipped);
        let configuration = self.failed_configuration.clone().filter(|_| is_skipped);
        if !(has_reason && is_skipped) {
            let description = method.attribute("description").map(str::to_owned);
            draft.description = configuration.or(description);
        }
        draft.origin = self.origin.clone();
        if let Some(instance) = method.attribute("test-instance-name") {
            draft.origin.suite = Some(match &draft.origin.suite {
                Some(outer) => format!("{outer} > {instance}").into(),
                None => instance.into(),
            });
        }
        let metadata = &mut draft.metadata;
        metadata.tags = self.tags(name, method);
        metadata.parameters = values;
        let attributes = method.children("attributes");
        let attributes = attributes.flat_map(|attributes| attributes.children("attribute"));
        metadata.properties = attributes
            .filter_map(|attribute| {
                Some(Property::new(
                    attribute.attribute("name")?,
                    attribute.text()?.trim(),
                ))
            })
            .collect();
        draft
    }

    /// The groups of a method.
    fn tags(&self, name: &str, method: &Element) -> Vec<String> {
        let class = if self.package.is_empty() {
            self.class.clone()
        } else {
            format!("{}.{}", self.package, self.class)
        };
        let known = self.groups.get(&(class, name.to_owned()));
        let mut tags = known.cloned().unwrap_or_default();
        let own = method.attribute("groups").unwrap_or_default();
        for group in own.trim_matches(['[', ']']).split(',').map(str::trim) {
            if !group.is_empty() {
                tags.push(group.to_owned());
            }
        }
        remove_repeated(&mut tags);
        tags
    }

    /// Adds a failed result if the report counts failures that none of its results shows.
    fn check_failures(&mut self, file: &mut ReportFile) {
        let Some(mut failure) = self.failures.unshown("the report") else {
            return;
        };
        if let Some(url) = &self.fragment {
            failure.details = format!("results of the report are in other files, such as `{url}`");
        }
        file.push(Draft::failed(self.place, RUN, failure));
    }

    /// The results of the class can be handed out, each with the failures of its earlier attempts.
    fn release(&mut self) {
        let mut attempts = std::mem::take(&mut self.attempts);
        for held in std::mem::take(&mut self.held) {
            let earlier = if attempts.is_empty() {
                None
            } else {
                attempts.remove(&key(&held))
            };
            let earlier = earlier.into_iter().flatten().map(attempt).collect();
            self.released.push_back((held, earlier));
        }
        let mut left: Vec<Held> = attempts.into_values().filter_map(last_attempt).collect();
        left.sort_by_key(Held::place);
        self.released
            .extend(left.into_iter().map(|held| (held, Vec::new())));
        self.released_class = (self.package.clone(), self.class.clone());
        self.failed_configuration = None;
    }
}

fn key(held: &Held) -> Key {
    (held.name.clone(), held.origin.clone())
}

/// The name of a method, perhaps with values, and that which its class gives the test (`ITest`).
fn named<'n>(name: &'n str, method: &Element) -> Cow<'n, str> {
    let given = method.attribute("name").unwrap_or_default();
    if own_name(method) == given {
        name.into()
    } else {
        format!("{name} [{given}]").into()
    }
}

/// The name of a method. Where its class names the test (`ITest`), all of its methods are called like that, and only the signature
/// says which one it is.
fn own_name(method: &Element) -> &str {
    let name = method.attribute("name").unwrap_or_default();
    let is_of_test = method.attribute("test-instance-name") == Some(name);
    let signature = method.attribute("signature").filter(|_| is_of_test);
    let own = signature.and_then(|signature| Some(signature.split_once('(')?.0.trim()));
    let own = own.map(|own| own.rsplit('.').next().unwrap_or(own));
    own.filter(|own| !own.is_empty()).unwrap_or(name)
}

/// An earlier attempt as a failure.
fn attempt(held: Held) -> Failure {
    held.failure.map(|failure| *failure).unwrap_or_default()
}

/// The result of a test of which there are only attempts.
fn last_attempt(mut attempts: Vec<Held>) -> Option<Held> {
    let mut last = attempts.pop()?;
    if last.failure.is_some() {
        last.outcome = Outcome::Known(Status::Failed);
    }
    Some(last)
}

fn origin(suite: &str, test: &str) -> Origin {
    let names: Vec<&str> = [suite, test]
        .into_iter()
        .filter(|name| !name.is_empty())
        .collect();
    let mut origin = Origin {
        project: (!test.is_empty()).then(|| test.into()),
        suite: (!names.is_empty()).then(|| names.join(" > ").into()),
        ..Origin::default()
    };
    if origin.browser().is_none() {
        origin.project = None;
    }
    origin
}

fn failure(exception: &Element) -> Failure {
    let trace = exception
        .text_of(&["full-stacktrace"])
        .or_else(|| exception.text_of(&["short-stacktrace"]));
    Failure {
        error_type: exception.attribute("class").map(str::to_owned),
        message: exception
            .text_of(&["message"])
            .map(|text| text.trim().to_owned()),
        details: trace.unwrap_or_default().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests;
