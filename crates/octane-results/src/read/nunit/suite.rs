//! Suites: what their tests inherit, and what failed outside the tests.

use std::sync::Arc;

use jiff::Timestamp;

use super::parts::{as_reported, attachments, in_failure};
use crate::metadata::{Attachment, Metadata, Property};
use crate::origin::Origin;
use crate::read::distinct::remove_repeated;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::base_name;
use crate::read::report::xml::Element;
use crate::read::report::{DeclaredFailures, Draft, Moment, Outcome, ReportFile, dotnet};
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

/// The name of a failed run, or suite, that has none.
const UNNAMED: &str = "test run";

/// What the failure of a suite says if a test in it has failed.
const OF_TESTS: [&str; 2] = ["One or more child tests had", "Child test failed"];

/// What is before the message of a suite that was torn down in vain.
const TORN_DOWN: &str = "TearDown : ";

/// An open `test-suite`, or the report.
#[derive(Debug)]
pub(super) struct Suite {
    name: String,
    /// The name with the namespaces before it; empty for an assembly.
    pub(super) full_name: String,
    kind: Kind,
    outcome: Outcome,
    is_set_up: bool,
    is_tear_down: bool,
    started: Option<Timestamp>,
    place: LineColumn,
    has_invalid_bytes: bool,
    pub(super) origin: Origin,
    /// What its tests inherit: tags, owner and properties.
    inherited: Arc<Metadata>,
    /// Whether something may be in it twice.
    has_repeated: bool,
    description: Option<String>,
    attachments: Vec<Attachment>,
    failure: Option<Failure>,
    reason: Option<String>,
    /// How many failed tests it declares.
    declared: u64,
    /// Whether it counts its failed tests itself, as version 3 does, and the root of version 2.
    counts_failures: bool,
    /// Whether there are results in it.
    pub(super) has_results: bool,
    /// Whether one of its results has failed.
    pub(super) has_failed: bool,
    /// Whether there was a warning of a suite in it whose failed test is not in the report.
    pub(super) has_warned: bool,
}

/// What is handed out of the failures of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing: it has none.
    Nothing,
    /// A warning, since no result of it has failed.
    Warning,
    /// A failed result, its own or one in it.
    Result,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The report, a project or an assembly.
    File,
    Namespace,
    /// A fixture, or a method with parameters.
    Tests,
}

impl Suite {
    pub(super) fn new(element: &Element, outer: Option<&Self>, file: &mut ReportFile) -> Self {
        let is_root = element.name != "test-suite";
        let name = element.attribute("name").unwrap_or_default();
        let kind = if is_root {
            Kind::File
        } else {
            kind(element.attribute("type"), name)
        };
        let name = if kind == Kind::File {
            base_name(name)
        } else {
            name
        };
        let started = started(element)
            .and_then(|text| file.started(element.place, Moment::Text(text)))
            .or(outer.and_then(|outer| outer.started));
        let mut origin = outer.map(|outer| outer.origin.clone()).unwrap_or_default();
        if kind == Kind::File {
            let path = element.attribute("fullname").or(element.attribute("name"));
            if let Some(path) = path.filter(|_| !name.is_empty()) {
                origin.file = Some(path.replace('\\', "/").into());
            }
        } else if !name.is_empty() {
            origin.suite = Some(match &origin.suite {
                Some(outer) => format!("{outer} > {name}").into(),
                None => name.into(),
            });
        }
        let site = |known| {
            let site = element.attribute("site");
            site.is_some_and(|site| site.eq_ignore_ascii_case(known))
        };
        let number = |name| -> u64 {
            let text = element.attribute(name).unwrap_or_default();
            text.parse().unwrap_or(0)
        };
        let old = number("failures").saturating_add(number("errors"));
        let counts_failures = number("failed") > 0 || is_root && old > 0;
        let declared = match number("failed") {
            0 => old,
            failed => failed,
        };
        let mut inherited = outer
            .map(|outer| Arc::clone(&outer.inherited))
            .unwrap_or_default();
        if !inherited.properties.is_empty() && outer.is_some_and(|outer| outer.kind != Kind::Tests)
        {
            Arc::make_mut(&mut inherited).properties.clear();
        }
        Self {
            name: name.to_owned(),
            full_name: full_name(element, kind, name, outer),
            kind,
            outcome: outcome(element, file),
            is_set_up: site("SetUp"),
            is_tear_down: site("TearDown"),
            started,
            place: element.place,
            has_invalid_bytes: element.has_invalid_bytes,
            origin,
            inherited,
            has_repeated: outer.is_some_and(|outer| outer.has_repeated),
            description: element.attribute("description").map(str::to_owned),
            attachments: Vec::new(),
            failure: None,
            reason: None,
            declared,
            counts_failures,
            has_results: false,
            has_failed: false,
            has_warned: false,
        }
    }

    pub(super) fn moment(&self) -> Moment {
        self.started.map_or(Moment::Unknown, Moment::At)
    }

    /// The class and the name of a test of version 2 whose name begins with that of the suite: with the namespaces before it, or
    /// without, as Pester writes it.
    pub(super) fn class_and_name<'n>(&self, name: &'n str) -> Option<(String, &'n str)> {
        let own_name = (self.kind == Kind::Tests).then_some(&self.name);
        let mut classes = [Some(&self.full_name), own_name].into_iter().flatten();
        classes.find_map(|class| {
            let own = dotnet::own_name(name, class);
            (own.len() < name.len()).then(|| (class.clone(), own))
        })
    }

    /// Whether its name is the class of tests that name none.
    pub(super) fn is_class(&self) -> bool {
        self.kind != Kind::File && !self.full_name.is_empty()
    }

    /// What its tests inherit, nothing twice.
    pub(super) fn inherited(&mut self) -> Arc<Metadata> {
        if std::mem::take(&mut self.has_repeated) {
            let inherited = Arc::make_mut(&mut self.inherited);
            remove_repeated(&mut inherited.tags);
            remove_repeated(&mut inherited.properties);
        }
        Arc::clone(&self.inherited)
    }

    /// Takes note of what an element says about the suite.
    pub(super) fn add(&mut self, element: &Element) {
        match element.name.as_str() {
            "environment" => {
                let machine = element.attribute("machine-name");
                self.origin.hostname = machine
                    .map(Arc::from)
                    .or_else(|| self.origin.hostname.take());
            }
            "failure" => {
                let failure = in_failure(element);
                let message = failure.message.as_deref().unwrap_or_default();
                // Version 2 says only so where it failed.
                self.is_tear_down |= message.lines().any(|line| line.starts_with(TORN_DOWN));
                self.failure = Some(failure);
            }
            "reason" => {
                let text = element.text_of(&["message"]).map(str::trim);
                self.reason = text.map(str::to_owned);
            }
            "attachments" => self.attachments = attachments(element),
            _ => {
                let described = Described::in_element(element);
                if !described.is_without_metadata() {
                    let inherited = Arc::make_mut(&mut self.inherited);
                    let properties = inherited.properties.len();
                    described.add_to(inherited);
                    if self.kind != Kind::Tests {
                        inherited.properties.truncate(properties);
                    }
                    self.has_repeated = true;
                }
                self.description = described.description.or(self.description.take());
            }
        }
    }

    fn is_failed(&self) -> bool {
        match self.outcome {
            Outcome::Known(Status::Failed) => true,
            // The root of version 2 has no word.
            Outcome::Missing if self.counts_failures => true,
            // A suite of version 2 that was torn down in vain may say so with nothing else.
            Outcome::Known(Status::Passed) | Outcome::Missing | Outcome::Word(_) => {
                self.failure.is_some()
            }
            Outcome::Known(Status::Skipped | Status::Planned) => false,
        }
    }

    /// Whether it failed by itself, and not only because of a test.
    fn failed_by_itself(&self) -> bool {
        let message = self.failure.as_ref().and_then(|it| it.message.as_deref());
        let is_of_tests = |message: &str| OF_TESTS.iter().any(|known| message.starts_with(known));
        self.is_set_up
            || !self.has_results
            || self.reason.is_some()
            || message.is_some_and(|message| !is_of_tests(message))
    }

    /// Hands out the result of the suite itself, if it has failed in a way that its results do not show; returns
    /// what there is of its failures.
    pub(super) fn end(self, file: &mut ReportFile) -> Shown {
        let has_failed = self.has_failed;
        if !self.is_failed() {
            if let Outcome::Word(_) = &self.outcome
                && !has_failed
            {
                let outcome = self.outcome.clone();
                file.push(Draft::new(self.place, self.name, outcome));
                return Shown::Result;
            }
            return match (has_failed, self.has_warned) {
                (true, _) => Shown::Result,
                (false, true) => Shown::Warning,
                (false, false) => Shown::Nothing,
            };
        }
        let is_result = self.counts_failures || self.failed_by_itself();
        if self.is_tear_down || !has_failed && is_result {
            let draft = self.own_failure(file);
            file.push(draft);
            return Shown::Result;
        }
        if has_failed {
            return Shown::Result;
        }
        if !self.has_warned {
            let kind = WarningKind::Totals {
                suite: self.name,
                what: "failures",
                declared: self.declared.max(1),
                found: 0,
            };
            file.warn(self.place, kind);
        }
        Shown::Warning
    }

    /// The result of the suite itself.
    fn own_failure(mut self, file: &ReportFile) -> Draft {
        let inherited = Arc::unwrap_or_clone(self.inherited());
        let is_its_own = self.is_tear_down || self.failed_by_itself();
        let own = self.failure.take().filter(|_| is_its_own);
        let own = own.or(self.reason.take().map(Failure::new));
        let failures = DeclaredFailures {
            declared: self.declared,
            shown: u64::from(self.has_failed),
            attempts: 0,
        };
        let failure = own.or_else(|| failures.unshown("the suite"));
        let name = if self.name.is_empty() {
            UNNAMED.to_owned()
        } else {
            self.name
        };
        let mut draft = Draft::new(self.place, name, Outcome::Known(Status::Failed));
        if self.kind == Kind::Tests {
            dotnet::set_class(&mut draft, &self.full_name, file);
        }
        draft.has_invalid_bytes = self.has_invalid_bytes;
        draft.started = self.started.map_or(Moment::Unknown, Moment::At);
        draft.failure = failure;
        draft.description = self.description;
        draft.origin = self.origin;
        draft.metadata = inherited;
        draft.metadata.attachments = self.attachments;
        draft
    }
}

/// What a suite is. Before version 2.5, suites have no type: an assembly is the one that is named like a file.
fn kind(of_type: Option<&str>, name: &str) -> Kind {
    match of_type {
        Some("Assembly" | "Project" | "Test Project" | "Unknown") => Kind::File,
        Some(_) if dotnet::is_assembly(name) => Kind::File,
        Some("Namespace" | "TestSuite") => Kind::Namespace,
        Some(_) => Kind::Tests,
        None if name.contains(['/', '\\']) || dotnet::is_assembly(name) => Kind::File,
        None => Kind::Namespace,
    }
}

/// The outcome of a suite: a word that the format does not have may be one of the user, or a common one such as `Timeout`.
fn outcome(element: &Element, file: &ReportFile) -> Outcome {
    match as_reported(element) {
        Outcome::Word(word) => {
            let known = file.options.status_aliases.status(&word);
            known.map_or(Outcome::Word(word), Outcome::Known)
        }
        outcome => outcome,
    }
}

fn full_name(element: &Element, kind: Kind, name: &str, outer: Option<&Suite>) -> String {
    if kind == Kind::File {
        return String::new();
    }
    if let Some(full) = element.attribute("fullname") {
        return full.to_owned();
    }
    match outer {
        Some(outer) if !outer.full_name.is_empty() => format!("{}.{name}", outer.full_name),
        _ => name.to_owned(),
    }
}

/// The start time of a suite, or of a report of version 2.
fn started(element: &Element) -> Option<String> {
    if let Some(started) = element.attribute("start-time") {
        return Some(started.to_owned());
    }
    let (date, time) = (element.attribute("date")?, element.attribute("time")?);
    Some(format!("{date} {time}"))
}

/// What properties and categories say of a test or a suite.
#[derive(Debug, Default)]
pub(super) struct Described {
    tags: Vec<String>,
    owners: Vec<String>,
    properties: Vec<Property>,
    pub(super) description: Option<String>,
}

impl Described {
    /// What the children of a test say of it.
    pub(super) fn of(case: &Element) -> Self {
        let mut described = Self::default();
        for child in &case.children {
            described.read(child);
        }
        described
    }

    /// What one element of a suite says of it.
    fn in_element(element: &Element) -> Self {
        let mut described = Self::default();
        described.read(element);
        described
    }

    fn read(&mut self, element: &Element) {
        if element.name == "categories" {
            let names = element.children("category");
            let names = names.filter_map(|category| category.attribute("name"));
            self.tags.extend(names.map(str::to_owned));
        } else if element.name == "properties" {
            for property in element.children("property") {
                let value = property.attribute("value").or_else(|| property.text());
                if let (Some(name), Some(value)) = (property.attribute("name"), value) {
                    self.add(name, value);
                }
            }
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        match name {
            "Category" => self.tags.push(value.to_owned()),
            "Author" => self.owners.push(value.to_owned()),
            "Description" if self.description.is_none() => {
                self.description = Some(value.to_owned());
            }
            _ if name.starts_with('_') => {}
            _ => self.properties.push(Property::new(name, value)),
        }
    }

    /// Whether there is nothing but a description.
    pub(super) fn is_without_metadata(&self) -> bool {
        self.tags.is_empty() && self.owners.is_empty() && self.properties.is_empty()
    }

    /// Adds all but the description; what is there already is there twice then. The first author is the owner, instead of that
    /// of the suite around.
    pub(super) fn add_to(&self, metadata: &mut Metadata) {
        let Metadata {
            tags,
            owner,
            properties,
            ..
        } = metadata;
        tags.extend_from_slice(&self.tags);
        if let [first, others @ ..] = &self.owners[..] {
            *owner = Some(first.clone());
            properties.extend(others.iter().map(|other| Property::new("Author", other)));
        }
        properties.extend_from_slice(&self.properties);
    }
}
