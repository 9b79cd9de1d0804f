//! What is known of a report while it is read.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::case::{Attempt, Case};
use super::suite::Suite;
use crate::invalid::shortened;
use crate::read::Record;
use crate::read::error::ReadErrorKind;
use crate::read::keys::keys;
use crate::read::options::ReadOptions;
use crate::read::text::Place;
use crate::read::xml::{Piece, Tag, push_text, value};
use crate::sniff::foreign_root;
use crate::timestamp::timestamp;
use crate::warning::{Warning, WarningKind};
use crate::{Position, TimestampError};

/// How many different unknown entities or status words are warned about; reports repeat themselves.
const DISTINCT_WARNINGS_MAX: usize = 16;

/// Why a piece cannot be taken.
pub(super) type Refusal = (Place, ReadErrorKind);

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Suite,
    Case,
    Properties,
    Property,
    /// `failure`, `error`, `skipped` and their likes.
    Attempt,
    /// `failure` or `error` outside of test cases.
    SuiteFailure,
    /// Something whose text belongs to the attempt around it, such as `stackTrace`.
    Inside,
    Ignored,
}

/// What is known of a report so far.
pub(super) struct Report {
    file: Arc<str>,
    options: ReadOptions,
    levels: Vec<Level>,
    suites: Vec<Suite>,
    case: Option<Case>,
    /// Whether the property that is open holds Jira keys.
    property_holds_keys: bool,
    /// Text of the element that is open, if it is wanted, and where that element starts.
    text: String,
    text_place: Place,
    /// What has been read and not been asked for.
    pub(super) ready: VecDeque<Record>,
    told: HashSet<String>,
    root: Place,
    cases: u64,
}

impl Report {
    pub(super) fn new(file: Arc<str>, options: ReadOptions) -> Self {
        Self {
            file,
            options,
            levels: Vec::new(),
            suites: Vec::new(),
            case: None,
            property_holds_keys: false,
            text: String::new(),
            text_place: Place::START,
            ready: VecDeque::new(),
            told: HashSet::new(),
            root: Place::START,
            cases: 0,
        }
    }

    pub(super) fn take(&mut self, piece: Piece<'_>, place: Place) -> Result<(), Refusal> {
        let is_wanted = matches!(
            self.levels.last(),
            Some(Level::Attempt | Level::Inside | Level::Property | Level::SuiteFailure)
        );
        match piece {
            Piece::Start(tag) => return self.open(&tag),
            Piece::End => self.close(),
            Piece::Text(text) if is_wanted => push_text(&mut self.text, &text),
            Piece::Char(char) if is_wanted => self.text.push(char),
            Piece::Unknown(reference) if is_wanted => {
                self.text.push_str(&reference);
                self.warn_of_entity(place, reference);
            }
            Piece::Text(_) | Piece::Char(_) | Piece::Unknown(_) | Piece::Other => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Refusal> {
        let level = match (self.levels.last(), tag.name()) {
            (None, "testsuites" | "testsuite") => {
                self.root = tag.place;
                Level::Suite
            }
            (None, root) => {
                let hint = foreign_root(root);
                let root = shortened(root);
                return Err((tag.place, ReadErrorKind::UnknownRoot { root, hint }));
            }
            (Some(Level::Suite), "testsuites" | "testsuite") => Level::Suite,
            (Some(Level::Suite), "testcase") => Level::Case,
            (Some(Level::Suite), "failure" | "error") => Level::SuiteFailure,
            (Some(Level::Suite | Level::Case), "properties") => Level::Properties,
            (Some(Level::Case), name) if Attempt::is_attempt(name) => Level::Attempt,
            (Some(Level::Case), "testcase") => {
                self.warn(tag.place, WarningKind::NestedCase);
                Level::Ignored
            }
            (Some(Level::Properties), "property") => Level::Property,
            (
                Some(Level::Attempt | Level::Inside | Level::SuiteFailure),
                "system-out" | "system-err",
            ) => Level::Ignored,
            (Some(Level::Attempt | Level::Inside | Level::SuiteFailure), _) => Level::Inside,
            _ => Level::Ignored,
        };
        match level {
            Level::Suite => self.open_suite(tag)?,
            Level::Case => self.open_case(tag)?,
            Level::Property => self.open_property(tag)?,
            Level::Attempt => {
                self.start_text(tag.place);
                let mut attempt = Attempt::new(tag.name());
                self.attributes(tag, |name, value| attempt.set(name, value))?;
                if let Some(case) = &mut self.case {
                    case.attempts.push(attempt);
                }
            }
            Level::SuiteFailure => {
                self.start_text(tag.place);
                let mut message = String::new();
                self.attributes(tag, |name, value| {
                    if name == "message" {
                        value.clone_into(&mut message);
                    }
                })?;
                push_text(&mut self.text, &message);
                self.text.push('\n');
            }
            Level::Properties | Level::Inside | Level::Ignored => {}
        }
        self.levels.push(level);
        Ok(())
    }

    fn close(&mut self) {
        match self.levels.pop() {
            Some(Level::Suite) => self.close_suite(),
            Some(Level::Case) => self.close_case(),
            Some(Level::Property) if self.property_holds_keys => self.close_property(),
            Some(Level::Attempt) => {
                if let Some(attempt) = self.case.as_mut().and_then(|case| case.attempts.last_mut())
                {
                    attempt.set_text(&self.text);
                }
            }
            Some(Level::SuiteFailure) => {
                let suite = self
                    .suites
                    .last()
                    .map(|suite| suite.name.clone())
                    .unwrap_or_default();
                let message = shortened(self.text.trim().lines().next().unwrap_or_default());
                self.warn(
                    self.text_place,
                    WarningKind::SuiteFailure { suite, message },
                );
            }
            _ => {}
        }
    }

    fn open_suite(&mut self, tag: &Tag<'_>) -> Result<(), Refusal> {
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

    fn start_text(&mut self, place: Place) {
        self.text.clear();
        self.text_place = place;
    }

    fn close_suite(&mut self) {
        let Some(suite) = self.suites.pop() else {
            return;
        };
        let is_outermost = !self.suites.iter().any(Suite::states_totals);
        if is_outermost {
            for kind in suite.disagreements() {
                self.warn(suite.place, kind);
            }
        }
        if let Some(outer) = self.suites.last_mut() {
            outer.add(&suite);
        }
    }

    fn open_case(&mut self, tag: &Tag<'_>) -> Result<(), Refusal> {
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
        let mut run = case.into_run(&mut suite, &self.options, &mut |kind| warnings.push(kind));
        for kind in warnings {
            self.warn_once(place, kind);
        }
        run.position = Some(self.position(place));
        suite.count(&run);
        self.suites.push(suite);
        self.ready.push_back(Record::Run(run));
    }

    fn open_property(&mut self, tag: &Tag<'_>) -> Result<(), Refusal> {
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
        // The value stands in the attribute or as text between the tags.
        self.text = text;
        Ok(())
    }

    fn close_property(&mut self) {
        let text = std::mem::take(&mut self.text);
        let found = keys(&text);
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

    /// Hands each attribute of `tag` over, references resolved.
    fn attributes(
        &mut self,
        tag: &Tag<'_>,
        mut set: impl FnMut(&str, &str),
    ) -> Result<(), Refusal> {
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

    fn started(&mut self, place: Place, text: &str) -> Option<jiff::Timestamp> {
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

    fn position(&self, place: Place) -> Position {
        Position {
            file: Arc::clone(&self.file),
            line: place.line,
            column: Some(place.column),
        }
    }

    fn warn(&mut self, place: Place, kind: WarningKind) {
        let position = self.position(place);
        self.ready
            .push_back(Record::Warning(Warning { position, kind }));
    }

    fn warn_of_entity(&mut self, place: Place, reference: String) {
        self.warn_once(place, WarningKind::Entity { reference });
    }

    /// Warns, but of each unknown entity and status word once a file.
    fn warn_once(&mut self, place: Place, kind: WarningKind) {
        if matches!(
            kind,
            WarningKind::Entity { .. } | WarningKind::StatusWord { .. }
        ) {
            let has_room = self.told.len() < DISTINCT_WARNINGS_MAX;
            if !has_room || !self.told.insert(kind.to_string()) {
                return;
            }
        }
        self.warn(place, kind);
    }
}
