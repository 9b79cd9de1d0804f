//! The state of a report while it is read.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::attempt::Attempt;
use super::case::Case;
use super::suite::Suite;
use crate::invalid::{InvalidRow, shortened};
use crate::position::Position;
use crate::read::error::ReadErrorKind;
use crate::read::jira_keys::jira_keys;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::record::Record;
use crate::read::xml::escape::{push_text, value};
use crate::read::xml::{Tag, XmlEvent};
use crate::sniff::foreign_root;
use crate::timestamp::TimestampError;
use crate::timestamp::timestamp;
use crate::warning::{Warning, WarningKind};

/// The maximum number of warnings about different unknown entities, which tend to repeat.
const DISTINCT_WARNINGS_MAX: usize = 16;

/// Why an event cannot be processed, and where.
pub(super) type ParseFailure = (LineColumn, ReadErrorKind);

/// The meaning of an open element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Suite,
    Case,
    Properties,
    Property,
    /// `failure`, `error`, `skipped` and similar elements.
    Attempt,
    /// `failure` or `error` outside test cases.
    SuiteFailure,
    /// An element whose text belongs to the attempt around it, such as `stackTrace`.
    AttemptChild,
    Skipped,
}

/// The state of a report.
pub(super) struct Report {
    file: Arc<str>,
    options: ReadOptions,
    scopes: Vec<Scope>,
    suites: Vec<Suite>,
    case: Option<Case>,
    /// Whether the open property contains Jira keys.
    property_holds_keys: bool,
    /// The text of the open element, if it is needed, and the position of that element below.
    text: String,
    text_place: LineColumn,
    /// Records that have been read but not returned yet.
    pub(super) ready: VecDeque<Record>,
    warned: HashSet<String>,
    root: LineColumn,
    cases: u64,
}

impl Report {
    pub(super) fn new(file: Arc<str>, options: ReadOptions) -> Self {
        Self {
            file,
            options,
            scopes: Vec::new(),
            suites: Vec::new(),
            case: None,
            property_holds_keys: false,
            text: String::new(),
            text_place: LineColumn::START,
            ready: VecDeque::new(),
            warned: HashSet::new(),
            root: LineColumn::START,
            cases: 0,
        }
    }

    pub(super) fn feed(
        &mut self,
        event: XmlEvent<'_>,
        place: LineColumn,
    ) -> Result<(), ParseFailure> {
        let is_wanted = matches!(
            self.scopes.last(),
            Some(Scope::Attempt | Scope::AttemptChild | Scope::Property | Scope::SuiteFailure)
        );
        match event {
            XmlEvent::Start(tag) => return self.open(&tag),
            XmlEvent::End => self.close(),
            XmlEvent::Text(text) if is_wanted => push_text(&mut self.text, &text),
            XmlEvent::CharRef(char) if is_wanted => self.text.push(char),
            XmlEvent::UnknownEntity(reference) if is_wanted => {
                self.text.push_str(&reference);
                self.warn_of_entity(place, reference);
            }
            XmlEvent::Text(_)
            | XmlEvent::CharRef(_)
            | XmlEvent::UnknownEntity(_)
            | XmlEvent::Ignored => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let scope = match (self.scopes.last(), tag.name()) {
            (None, "testsuites" | "testsuite") => {
                self.root = tag.place;
                Scope::Suite
            }
            (None, root) => {
                let hint = foreign_root(root);
                let root = shortened(root);
                return Err((tag.place, ReadErrorKind::UnknownRoot { root, hint }));
            }
            (Some(Scope::Suite), "testsuites" | "testsuite") => Scope::Suite,
            (Some(Scope::Suite), "testcase") => Scope::Case,
            (Some(Scope::Suite), "failure" | "error") => Scope::SuiteFailure,
            (Some(Scope::Suite | Scope::Case), "properties") => Scope::Properties,
            (Some(Scope::Case), name) if Attempt::is_attempt(name) => Scope::Attempt,
            (Some(Scope::Case), "testcase") => {
                self.warn(tag.place, WarningKind::NestedCase);
                Scope::Skipped
            }
            (Some(Scope::Properties), "property") => Scope::Property,
            (
                Some(Scope::Attempt | Scope::AttemptChild | Scope::SuiteFailure),
                "system-out" | "system-err",
            ) => Scope::Skipped,
            (Some(Scope::Attempt | Scope::AttemptChild | Scope::SuiteFailure), _) => {
                Scope::AttemptChild
            }
            _ => Scope::Skipped,
        };
        match scope {
            Scope::Suite => self.open_suite(tag)?,
            Scope::Case => self.open_case(tag)?,
            Scope::Property => self.open_property(tag)?,
            Scope::Attempt => {
                self.start_text(tag.place);
                let mut attempt = Attempt::new(tag.name());
                self.attributes(tag, |name, value| attempt.set(name, value))?;
                if let Some(case) = &mut self.case {
                    case.attempts.push(attempt);
                }
            }
            Scope::SuiteFailure => {
                self.start_text(tag.place);
                let mut attempt = Attempt::new(tag.name());
                self.attributes(tag, |name, value| attempt.set(name, value))?;
                if let Some(suite) = self.suites.last_mut() {
                    suite.fail(attempt, tag.place);
                }
            }
            Scope::Properties | Scope::AttemptChild | Scope::Skipped => {}
        }
        self.scopes.push(scope);
        Ok(())
    }

    fn close(&mut self) {
        match self.scopes.pop() {
            Some(Scope::Suite) => self.close_suite(),
            Some(Scope::Case) => self.close_case(),
            Some(Scope::Property) if self.property_holds_keys => self.close_property(),
            Some(Scope::Attempt) => {
                if let Some(attempt) = self.case.as_mut().and_then(|case| case.attempts.last_mut())
                {
                    attempt.set_text(&self.text);
                }
            }
            Some(Scope::SuiteFailure) => {
                let attempt = self.suites.last_mut().and_then(Suite::last_failure);
                if let Some(attempt) = attempt {
                    attempt.set_text(&self.text);
                }
            }
            _ => {}
        }
    }

    fn open_suite(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let mut suite = Suite::new(tag.name() == "testsuite", tag.place, self.suites.last());
        let mut started = None;
        self.attributes(tag, |name, value| match name {
            "timestamp" => started = Some(value.to_owned()),
            _ => suite.set(name, value),
        })?;
        if let Some(started) = started {
            suite.started = self.started(tag.place, &started).or(suite.started);
        }
        self.suites.push(suite);
        Ok(())
    }

    fn start_text(&mut self, place: LineColumn) {
        self.text.clear();
        self.text_place = place;
    }

    fn close_suite(&mut self) {
        let Some(mut suite) = self.suites.pop() else {
            return;
        };
        // Last, so that it is the current result where a case has the same name.
        if let Some((mut run, place)) = suite.failed_run() {
            self.options.suite_path.complete(&mut run.identity);
            run.position = Some(self.position(place));
            self.cases += 1;
            self.ready.push_back(Record::Run(run));
        }
        let is_outermost = !self.suites.iter().any(Suite::declares_totals);
        if is_outermost {
            for kind in suite.mismatches() {
                self.warn(suite.place, kind);
            }
        }
        if let Some(outer) = self.suites.last_mut() {
            outer.add(&suite);
        }
    }

    fn open_case(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let mut case = Case::new(tag.place);
        let mut started = None;
        self.attributes(tag, |name, value| match name {
            "timestamp" => started = Some(value.to_owned()),
            _ => case.set(name, value),
        })?;
        case.started = started.and_then(|started| self.started(tag.place, &started));
        self.case = Some(case);
        Ok(())
    }

    fn close_case(&mut self) {
        let (Some(case), Some(mut suite)) = (self.case.take(), self.suites.pop()) else {
            return;
        };
        let place = case.place;
        self.cases += 1;
        let mut warnings = Vec::new();
        let run = case.into_run(&mut suite, &self.options, &mut |kind| warnings.push(kind));
        for kind in warnings {
            self.warn_once(place, kind);
        }
        suite.count(run.as_ref().ok().map(|run| run.status));
        self.suites.push(suite);
        let position = self.position(place);
        self.ready.push_back(match run {
            Ok(mut run) => {
                run.position = Some(position);
                Record::Run(run)
            }
            Err(cell) => Record::Invalid(InvalidRow {
                position,
                cells: vec![cell],
            }),
        });
    }

    fn open_property(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        self.start_text(tag.place);
        let (mut name, mut text) = (String::new(), String::new());
        self.attributes(tag, |attribute, value| match attribute {
            "name" => value.clone_into(&mut name),
            "value" => value.clone_into(&mut text),
            _ => {}
        })?;
        let names = &self.options.jira_properties;
        self.property_holds_keys = names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name.trim()));
        // The value is either in the attribute or between the tags.
        self.text = text;
        Ok(())
    }

    fn close_property(&mut self) {
        let text = std::mem::take(&mut self.text);
        let found = jira_keys(&text);
        for word in found.others {
            let value = shortened(word);
            self.warn(self.text_place, WarningKind::JiraKey { value });
        }
        let suite = self.suites.last_mut().map(|suite| &mut suite.jira);
        let known = self.case.as_mut().map(|case| &mut case.jira).or(suite);
        if let Some(known) = known {
            for key in found.keys {
                if !known.contains(&key) {
                    known.push(key);
                }
            }
        }
    }

    pub(super) fn end(&mut self) {
        if self.cases == 0 {
            self.warn(self.root, WarningKind::NoResults);
        }
    }

    /// Passes each attribute of `tag` to `set`, with references resolved.
    fn attributes(
        &mut self,
        tag: &Tag<'_>,
        mut set: impl FnMut(&str, &str),
    ) -> Result<(), ParseFailure> {
        let mut unknown = None;
        for attribute in tag.attributes() {
            let (name, raw) =
                attribute.map_err(|reason| (tag.place, ReadErrorKind::Malformed { reason }))?;
            set(name, &value(&raw, &mut unknown));
        }
        if let Some(reference) = unknown {
            self.warn_of_entity(tag.place, reference);
        }
        Ok(())
    }

    fn started(&mut self, place: LineColumn, text: &str) -> Option<jiff::Timestamp> {
        match timestamp(text) {
            Ok(started) => Some(started),
            Err(TimestampError::Empty) => None,
            Err(reason) => {
                let value = shortened(text);
                self.warn(place, WarningKind::Started { value, reason });
                None
            }
        }
    }

    fn position(&self, place: LineColumn) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line: place.line,
            column: Some(place.column),
        }
    }

    fn warn(&mut self, place: LineColumn, kind: WarningKind) {
        let position = self.position(place);
        self.ready
            .push_back(Record::Warning(Warning { position, kind }));
    }

    fn warn_of_entity(&mut self, place: LineColumn, reference: String) {
        self.warn_once(place, WarningKind::Entity { reference });
    }

    /// Adds a warning; only once per file for each unknown entity.
    fn warn_once(&mut self, place: LineColumn, kind: WarningKind) {
        if matches!(kind, WarningKind::Entity { .. }) {
            let has_room = self.warned.len() < DISTINCT_WARNINGS_MAX;
            if !has_room || !self.warned.insert(kind.to_string()) {
                return;
            }
        }
        self.warn(place, kind);
    }
}
