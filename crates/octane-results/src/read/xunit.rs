//! `xUnit.net` XML, of versions 1, 2 and 3.
//!
//! What the words in `result` mean:
//!
//! | word | status |
//! | --- | --- |
//! | `Pass` | passed |
//! | `Fail` | failed |
//! | `Skip`, `NotRun` | skipped |
//!
//! A test with a `failure` has failed whatever its `result` says. `undefined`, which `jest-xunit` writes for tests that jest
//! skipped or has to do, is skipped for as many tests as the assembly, or else the collection, counts that neither passed nor
//! failed; beyond that it is not a valid status.
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** is `type` (unless it is `test`, which `go2xunit` has in each test), or else the name of the `class` (version 1) or `collection` around the test, without
//!   `Test collection for` and without its id. The **name** is the display name, without the class before it; the arguments of a theory are part of it.
//! - An `error` of an assembly, such as a clean-up that failed, is a failed result of its own, named after what failed:
//!   `test-class-cleanup of Shop.TaxTest`. So is a `failure` of a `class` (version 1), whose fixtures could not be set up or
//!   torn down; it is named after the class.
//! - Traits are properties, apart from `Category` (a tag), `Owner` or `Author` (the owner) and `Description`.
//! - The **origin** is the name of the collection, the `computer`, and the path of the assembly as file.
//! - A test without a **start time**, which only version 3 has, or with one that is ignored, has that of its assembly, which is a local time in versions 1
//!   and 2.
//! - The reason of a skipped test is its description. Output and warnings are not kept.
//! - An assembly, or a collection or class of it, that declares failures that none of its results shows is a failed result of its
//!   own, named after it.

use std::sync::Arc;

use jiff::Timestamp;

use super::line_column::LineColumn;
use super::report::dotnet;
use super::report::fields::base_name;
use super::report::xml::{Element, Visit, XmlFormat};
use super::report::{DeclaredFailures, Draft, Moment, Outcome, ReportFile, Took};
use crate::metadata::{Attachment, Metadata, Property};
use crate::origin::Origin;
use crate::run::Failure;
use crate::status::Status;

mod untold;
mod words;

use untold::Untold;
use words::WORDS;

/// What is before the name of the class in the name of its collection.
const COLLECTION: &str = "Test collection for ";

/// The name of a failed assembly that has none.
const UNNAMED: &str = "assembly";

/// A report of `xUnit.net`.
#[derive(Debug, Default)]
pub(crate) struct Xunit {
    hostname: Option<Arc<str>>,
    /// The assembly, and the collection in it.
    origin: Origin,
    started: Option<Timestamp>,
    /// The name of the `class` or `collection`.
    group: String,
    totals: Totals,
    /// What the `class` or `collection` says of its results.
    group_totals: Totals,
    untold: Untold,
}

/// What an assembly, or a part of it, says of its results.
#[derive(Debug, Default)]
struct Totals {
    place: LineColumn,
    failures: DeclaredFailures,
}

impl XmlFormat for Xunit {
    fn roots(&self) -> &'static [&'static str] {
        &["assemblies", "assembly"]
    }

    fn visit(&self, path: &[String], name: &str) -> Visit {
        match name {
            "test" | "error" => Visit::Collect,
            "failure" if is_group(path) => Visit::Collect,
            "output" => Visit::Skip,
            _ => Visit::Enter,
        }
    }

    fn keeps(&self, name: &str) -> bool {
        !matches!(name, "output" | "warnings")
    }

    fn enter(&mut self, path: &[String], element: Element, file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("assemblies") => self.hostname = element.attribute("computer").map(Arc::from),
            Some("assembly") => self.assembly(&element, file),
            Some("collection" | "class") => {
                let name = without_id(element.attribute("name").unwrap_or_default());
                let class = name.strip_prefix(COLLECTION).unwrap_or(name);
                class.clone_into(&mut self.group);
                self.untold.enter_group(&element);
                self.group_totals = Totals::new(&element);
                self.origin.suite = (!name.is_empty()).then(|| name.into());
            }
            _ => {}
        }
    }

    fn element(&mut self, _path: &[String], element: Element, file: &mut ReportFile) {
        let is_untold = self.untold.takes(&element);
        let is_failed = u64::from(!is_untold && is_counted_as_failed(&element));
        self.totals.failures.shown += is_failed;
        self.group_totals.failures.shown += is_failed;
        let draft = match element.name.as_str() {
            "test" => self.test(&element, is_untold, file),
            "failure" => self.fixture(&element, file),
            _ => self.error(&element),
        };
        file.push(draft);
    }

    fn leave(&mut self, path: &[String], file: &mut ReportFile) {
        match path.last().map(String::as_str) {
            Some("assembly") => {
                self.check_assembly(file);
                self.origin = Origin::default();
                self.started = None;
                self.untold = Untold::default();
            }
            Some(kind @ ("collection" | "class")) => {
                self.check_group(kind, file);
                self.group.clear();
                self.origin.suite = None;
                self.untold.leave_group();
            }
            _ => {}
        }
    }
}

impl Totals {
    fn new(of: &Element) -> Self {
        let number = |name: &str| -> u64 {
            let text = of.attribute(name).unwrap_or_default();
            text.parse().unwrap_or(0)
        };
        Self {
            place: of.place,
            failures: DeclaredFailures {
                declared: number("failed").saturating_add(number("errors")),
                ..DeclaredFailures::default()
            },
        }
    }
}

impl Xunit {
    fn assembly(&mut self, assembly: &Element, file: &mut ReportFile) {
        let path = assembly.attribute("name");
        self.totals = Totals::new(assembly);
        self.origin = Origin {
            hostname: self.hostname.clone(),
            file: path.map(|path| path.replace('\\', "/").into()),
            ..Origin::default()
        };
        self.untold = Untold::of(assembly);
        let started = assembly
            .attribute("start-rtf")
            .map(str::to_owned)
            .or_else(|| {
                let date = assembly.attribute("run-date")?;
                Some(format!("{date} {}", assembly.attribute("run-time")?))
            });
        let started = started.map_or(Moment::Unknown, Moment::Text);
        self.started = file.started(assembly.place, started);
    }

    fn test(&self, test: &Element, is_untold: bool, file: &mut ReportFile) -> Draft {
        // What `go2xunit` has in each test.
        let class = test
            .attribute("type")
            .filter(|class| *class != "test" || self.group.is_empty());
        let name = test.attribute("name").or(test.attribute("method"));
        let name = dotnet::own_name(name.unwrap_or_default(), class.unwrap_or(&self.group));
        let mut draft = Draft::new(test.place, name, outcome(test, file));
        untold::set_outcome(&mut draft, test, is_untold, file);
        match class {
            Some(class) => dotnet::set_class(&mut draft, class, file),
            None => dotnet::set_class(&mut draft, &self.group, file),
        }
        draft.has_invalid_bytes = test.has_invalid_bytes;
        let took = test.attribute("time").or(test.attribute("time-rtf"));
        draft.duration = took.map_or(Took::Unknown, |took| Took::Seconds(took.to_owned()));
        let started = file.started(test.place, dotnet::start(test.attribute("start-rtf")));
        draft.started = started.map_or_else(|| self.moment(), Moment::At);
        draft.failure = test.child("failure").map(failure);
        draft.origin = self.origin.clone();
        draft.description = describe(test, &mut draft.metadata);
        let reason = test.child("reason").and_then(|reason| {
            let message = reason.text_of(&["message"]).or_else(|| reason.text());
            Some(message?.trim().to_owned())
        });
        draft.description = reason.or(draft.description);
        draft
    }

    /// What failed outside of the tests.
    fn error(&self, error: &Element) -> Draft {
        let what = error.attribute("type").unwrap_or("error");
        let name = error.attribute("name").map(|name| {
            if dotnet::is_assembly(name) {
                base_name(name)
            } else {
                name
            }
        });
        let name = name.map_or_else(|| what.to_owned(), |name| format!("{what} of {name}"));
        let mut draft = Draft::new(error.place, name, Outcome::Known(Status::Failed));
        draft.has_invalid_bytes = error.has_invalid_bytes;
        draft.started = self.moment();
        draft.failure = error.child("failure").map(failure);
        draft.origin = self.origin.clone();
        draft
    }

    /// The fixtures of a class that could not be set up or torn down.
    fn fixture(&self, of: &Element, file: &ReportFile) -> Draft {
        let name = match self.group.as_str() {
            "" => "class",
            name => name,
        };
        let mut draft = Draft::new(of.place, name, Outcome::Known(Status::Failed));
        dotnet::set_class(&mut draft, &self.group, file);
        draft.has_invalid_bytes = of.has_invalid_bytes;
        draft.started = self.moment();
        draft.failure = Some(failure(of));
        draft.origin = self.origin.clone();
        draft
    }

    /// Adds a failed result if the `class` or `collection` declares failures that none of its results shows.
    fn check_group(&mut self, kind: &str, file: &mut ReportFile) {
        let Totals { place, failures } = std::mem::take(&mut self.group_totals);
        let Some(failure) = failures.unshown(&format!("the {kind}")) else {
            return;
        };
        self.totals.failures.shown += 1;
        let name = match self.group.as_str() {
            "" => kind,
            name => name,
        };
        let mut draft = Draft::failed(place, name, failure);
        dotnet::set_class(&mut draft, &self.group, file);
        draft.started = self.moment();
        draft.origin = self.origin.clone();
        file.push(draft);
    }

    /// Adds a failed result if the assembly declares failures that none of its results shows.
    fn check_assembly(&mut self, file: &mut ReportFile) {
        let Totals { place, failures } = std::mem::take(&mut self.totals);
        let Some(failure) = failures.unshown("the assembly") else {
            return;
        };
        let path = self.origin.file.as_deref().unwrap_or_default();
        let name = match base_name(path) {
            "" => UNNAMED,
            name => name,
        };
        file.push(Draft {
            origin: self.origin.clone(),
            ..Draft::failed(place, name, failure)
        });
    }

    fn moment(&self) -> Moment {
        self.started.map_or(Moment::Unknown, Moment::At)
    }
}

/// Whether the innermost element of `path` holds the tests of a class.
fn is_group(path: &[String]) -> bool {
    (path.last()).is_some_and(|name| matches!(name.as_str(), "collection" | "class"))
}

/// The name of a collection without an id that may differ in each run.
fn without_id(name: &str) -> &str {
    match name.rsplit_once(" (id: ") {
        Some((name, id)) if id.ends_with(')') => name,
        _ => name,
    }
}

fn outcome(test: &Element, file: &ReportFile) -> Outcome {
    let has_failed = test.child("failure").is_some();
    match test.attribute("result") {
        Some(word) if has_failed => file.outcome_beside_failure(word, &WORDS),
        Some(word) => file.outcome(word, &WORDS),
        None if has_failed => Outcome::Known(Status::Failed),
        None => Outcome::Missing,
    }
}

/// Whether the report itself counts an element as failed, or may do so, whatever the user says of its words.
fn is_counted_as_failed(element: &Element) -> bool {
    let word = element.attribute("result");
    let meaning = word.map(|word| Draft::outcome_by(word, &WORDS));
    match meaning {
        Some(Outcome::Known(Status::Failed) | Outcome::Word(_)) => true,
        _ => element.name != "test" || element.child("failure").is_some(),
    }
}

fn failure(failure: &Element) -> Failure {
    let message = failure.text_of(&["message"]).or_else(|| failure.text());
    let message = message.map(|message| message.trim().to_owned());
    let error_type = failure.attribute("exception-type").map(str::to_owned);
    Failure {
        error_type: error_type.or_else(|| dotnet::error_type(message.as_deref()?)),
        message,
        details: failure
            .text_of(&["stack-trace"])
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Takes over traits and attachments; returns the description.
fn describe(test: &Element, metadata: &mut Metadata) -> Option<String> {
    let mut description = None;
    let traits = test
        .children("traits")
        .flat_map(|traits| traits.children("trait"));
    for of in traits {
        let (Some(name), Some(value)) = (of.attribute("name"), of.attribute("value")) else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "category" => metadata.tags.push(value.to_owned()),
            "owner" | "author" if metadata.owner.is_none() => {
                metadata.owner = Some(value.to_owned());
            }
            "description" if description.is_none() => description = Some(value.to_owned()),
            _ => metadata.properties.push(Property::new(name, value)),
        }
    }
    if let Some(files) = test.child("attachments") {
        // Their content is in the report.
        let attachment = |file: &Element| Attachment {
            name: file.attribute("name").map(str::to_owned),
            path: String::new(),
            media_type: file.attribute("media-type").map(str::to_owned),
        };
        metadata.attachments = files.children("attachment").map(attachment).collect();
    }
    description
}

#[cfg(test)]
mod tests;
