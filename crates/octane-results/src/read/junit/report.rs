//! The state of a report while it is read.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::attempt::{Attempt, AttemptKind};
use super::attributes::read_attributes;
use super::case::OpenCases;
use super::element::Element;
use super::last_words::LastWords;
use super::output::OutputScanner;
use super::scope::{Inside, OpenScopes, Scope};
use super::suite::Suite;
use super::verdict::{WORD_BYTES_MAX, is_unclear, word_element};
use super::writer::Writer;
use crate::invalid::{InvalidRow, shortened};
use crate::read::commas::Commas;
use crate::read::error::ReadErrorKind;
use crate::read::jira_keys::{KeyList, is_key, jira_keys};
use crate::read::jira_sources::PropertyMeaning;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::record::Record;
use crate::read::spare::Spare;
use crate::read::start_times::StartTimes;
use crate::read::xml::escape::push_text;
use crate::read::xml::{Tag, XmlEvent};
use crate::run::TestRun;
use crate::sniff::foreign_root;
use crate::text::trimmed;
use crate::warning::WarningKind;

mod joined;
mod remarks;

/// Why an event cannot be processed, and where.
pub(super) type ParseFailure = (LineColumn, ReadErrorKind);

/// The state of a report.
pub(super) struct Report {
    file: Arc<str>,
    options: ReadOptions,
    scopes: OpenScopes,
    pub(super) suites: Vec<Suite>,
    /// How many of the suites were opened before this part of the report.
    inherited: usize,
    /// One of them that has ended.
    closed: Option<Suite>,
    /// The open test cases, which may be nested.
    cases_open: OpenCases,
    spare: Spare,
    output: OutputScanner,
    /// The end of the output of a suite.
    last_words: LastWords,
    /// What the open property contains, and its name.
    property: PropertyMeaning,
    property_name: String,
    /// The name of the next property, which is mostly that of one before.
    next_name: String,
    /// The text of the open element, if it is needed, and the position of that element below.
    text: String,
    text_place: LineColumn,
    /// Records that have been read but not returned yet.
    pub(super) ready: VecDeque<Record>,
    warned: HashSet<String>,
    root: LineColumn,
    /// The name of the root.
    root_name: &'static str,
    cases: u64,
    /// What commas mean in durations.
    pub(super) commas: Commas,
    start_times: StartTimes,
}

impl Report {
    pub(super) fn new(file: Arc<str>, options: ReadOptions) -> Self {
        Self {
            file,
            options,
            scopes: OpenScopes::default(),
            suites: Vec::new(),
            inherited: 0,
            closed: None,
            cases_open: OpenCases::default(),
            spare: Spare::default(),
            output: OutputScanner::default(),
            last_words: LastWords::default(),
            property: PropertyMeaning::Nothing,
            property_name: String::new(),
            next_name: String::new(),
            text: String::new(),
            text_place: LineColumn::START,
            ready: VecDeque::new(),
            warned: HashSet::new(),
            root: LineColumn::START,
            root_name: "",
            cases: 0,
            commas: Commas::default(),
            start_times: StartTimes::default(),
        }
    }

    /// Uses the memory of a result for a later one.
    pub(super) fn recycle(&mut self, run: Box<TestRun>) {
        self.spare.give(run);
    }

    /// Whether the text of the innermost element is needed.
    pub(super) fn wants_text(&self) -> bool {
        match self.scopes.innermost() {
            Some(
                Scope::Attempt
                | Scope::AttemptChild
                | Scope::SuiteFailure
                | Scope::Output
                | Scope::SuiteOutput,
            ) => true,
            Some(Scope::Word(_)) => self.text.len() <= WORD_BYTES_MAX,
            Some(Scope::Property) => !matches!(
                self.property,
                PropertyMeaning::Link | PropertyMeaning::Nothing
            ),
            _ => false,
        }
    }

    pub(super) fn feed(&mut self, event: XmlEvent<'_>) -> Result<(), ParseFailure> {
        match event {
            XmlEvent::Start(tag) => return self.open(&tag),
            XmlEvent::End => self.close(),
            XmlEvent::Ignored => {}
            XmlEvent::Comment(comment) => self.note_comment(&comment),
            _ if self.scopes.are_in_output() => match event {
                XmlEvent::Text(text) => self.scan_output(text),
                XmlEvent::CharRef(char) => self.scan_output(char.encode_utf8(&mut [0; 4])),
                _ => {}
            },
            _ if !self.wants_text() => {}
            XmlEvent::Text(text) => push_text(&mut self.text, text),
            XmlEvent::CharRef(char) => self.text.push(char),
            XmlEvent::UnknownEntity(reference, place) => {
                self.text.push_str(&reference);
                self.warn_of_entity(place, reference);
            }
        }
        Ok(())
    }

    /// Takes note of a comment below all suites and cases, where `node:test` has its summary.
    fn note_comment(&mut self, comment: &str) {
        if self.scopes.depth() == 1
            && let Some(root) = self.suites.first_mut()
        {
            root.comment(comment);
        }
    }

    fn scan_output(&mut self, text: &str) {
        if self.scopes.innermost() == Some(Scope::SuiteOutput) {
            self.last_words.feed(text);
        } else if let Some(case) = self.cases_open.innermost() {
            let mut attach = |attachment| case.attach(attachment);
            self.output.feed(text, &mut attach);
        }
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let name = tag.name();
        let element = Element::of(name);
        let inside = self.scopes.inside(element);
        let mut attempt = None;
        let scope = match (inside, element) {
            (Inside::Suite | Inside::Case | Inside::Attempt, Element::Case) => Scope::Case,
            (Inside::Suite | Inside::Case, Element::Properties) => Scope::Properties,
            (Inside::Properties, Element::Property) => Scope::Property,
            (Inside::Nothing, Element::Suite | Element::TestRun)
                if matches!(name, "testsuites" | "testsuite" | "testrun") =>
            {
                self.root = tag.place();
                self.root_name = match (element, name) {
                    (Element::TestRun, _) => "testrun",
                    (_, "testsuites") => "testsuites",
                    _ => "testsuite",
                };
                Scope::Suite
            }
            (Inside::Suite, Element::OfTestRun) => return Err(self.other_format(tag)),
            (Inside::Nothing, _) => {
                let hint = foreign_root(name, tag.attributes());
                let root = shortened(name);
                return Err((
                    tag.place(),
                    ReadErrorKind::UnknownRoot {
                        root,
                        expected: &["testsuites", "testsuite"],
                        hint,
                    },
                ));
            }
            (Inside::Suite | Inside::Case, Element::Suite) => Scope::Suite,
            (Inside::Case | Inside::Attempt, Element::Output)
                if self.cases_open.innermost().is_some() =>
            {
                self.output.reset();
                Scope::Output
            }
            (Inside::Suite, Element::Output) => {
                self.last_words.clear();
                Scope::SuiteOutput
            }
            (Inside::Attempt, Element::Output) | (Inside::Properties | Inside::Ignored, _) => {
                Scope::Ignored
            }
            (Inside::Suite, Element::Failure) => {
                attempt = self.attempt_kind(name);
                Scope::SuiteFailure
            }
            (Inside::Suite, _) => Scope::Unknown,
            (Inside::Case, _) => {
                // Deeper inside, where a step may have been skipped, only failures count.
                let is_direct = self.scopes.innermost() == Some(Scope::Case);
                attempt = self
                    .attempt_kind(name)
                    .filter(|kind| is_direct || kind.is_failed())
                    .or_else(|| has_failures(tag).then_some(AttemptKind::Failure));
                if attempt.is_none()
                    && is_direct
                    && is_unclear(name)
                    && let Some(case) = self.cases_open.innermost()
                {
                    case.verdict.word(name);
                }
                let word = word_element(name).filter(|_| is_direct);
                match (attempt, word) {
                    (Some(_), _) => Scope::Attempt,
                    (None, Some(word)) => {
                        self.text.clear();
                        Scope::Word(word)
                    }
                    (None, None) => Scope::Unknown,
                }
            }
            (Inside::Attempt, Element::Failure) => {
                self.fail_attempt(tag)?;
                Scope::AttemptChild
            }
            (Inside::Attempt, _) => Scope::AttemptChild,
        };
        match scope {
            Scope::Suite => self.open_suite(tag)?,
            Scope::Case => self.open_case(tag),
            Scope::Property => self.open_property(tag)?,
            Scope::Attempt | Scope::SuiteFailure => {
                self.open_attempt(tag, attempt.unwrap_or(AttemptKind::Error))?;
            }
            Scope::Properties
            | Scope::AttemptChild
            | Scope::Unknown
            | Scope::Word(_)
            | Scope::Output
            | Scope::SuiteOutput
            | Scope::Ignored => {}
        }
        self.scopes.push(scope);
        Ok(())
    }

    /// The document has elements of another format, of which nothing would be read.
    fn other_format(&self, tag: &Tag<'_>) -> ParseFailure {
        let hint = match self.root_name {
            "testrun" => {
                "exports of IntelliJ IDEA are not supported; use the JUnit reports of the build"
            }
            _ => "it has other elements than JUnit; reports of check and DejaGnu are not supported",
        };
        let kind = ReadErrorKind::UnknownRoot {
            root: self.root_name.to_owned(),
            expected: &["testsuites", "testsuite"],
            hint: Some(hint),
        };
        (tag.place(), kind)
    }

    fn attempt_kind(&self, element: &str) -> Option<AttemptKind> {
        AttemptKind::from_element(element, &self.options.status_aliases)
    }

    fn open_attempt(&mut self, tag: &Tag<'_>, kind: AttemptKind) -> Result<(), ParseFailure> {
        self.start_text(tag.place());
        let mut attempt = Attempt::new(kind);
        let read = read_attributes(tag, |name, value| attempt.set(name, value));
        let cells = self.attributes_inside(tag, read)?;
        self.object(tag, cells);
        if let Some(suite) = self.suites.last() {
            let type_name = attempt.type_name.as_deref();
            attempt.kind = suite.writer.kind(attempt.kind, tag.name(), type_name);
        }
        if let Some(case) = self.cases_open.innermost() {
            case.attempts.push(attempt);
        } else if let Some(suite) = self.suites.last_mut() {
            suite.fail(attempt, tag.place());
        }
        Ok(())
    }

    /// A failure inside of what would otherwise mean that the test did not fail, such as `skipped`: it has.
    fn fail_attempt(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let case = self.cases_open.innermost();
        let attempt = case.and_then(|case| case.attempts.last_mut());
        let is_outcome = |kind| matches!(kind, AttemptKind::Skipped | AttemptKind::Remark);
        let Some(attempt) = attempt.filter(|attempt| is_outcome(attempt.kind)) else {
            return Ok(());
        };
        attempt.kind = AttemptKind::Failure;
        let read = read_attributes(tag, |name, value| attempt.set(name, value));
        let cells = self.attributes_inside(tag, read)?;
        self.object(tag, cells);
        Ok(())
    }

    fn close(&mut self) {
        match self.scopes.pop() {
            Some(Scope::Suite) => self.close_suite(),
            Some(Scope::Case) => self.close_case(),
            Some(Scope::Property) => self.close_property(),
            Some(Scope::SuiteOutput) => {
                if let Some(suite) = self.suites.last_mut() {
                    suite.end_output(&self.last_words);
                }
            }
            Some(Scope::Word(name)) => {
                if let Some(case) = self.cases_open.innermost() {
                    let aliases = &self.options.status_aliases;
                    case.verdict.element(name, trimmed(&self.text), aliases);
                }
            }
            Some(Scope::Attempt) => {
                let case = self.cases_open.innermost();
                if let Some(attempt) = case.and_then(|case| case.attempts.last_mut()) {
                    attempt.set_text(std::mem::take(&mut self.text));
                }
            }
            Some(Scope::SuiteFailure) => {
                let attempt = self.suites.last_mut().and_then(Suite::last_failure);
                if let Some(attempt) = attempt {
                    attempt.set_text(std::mem::take(&mut self.text));
                }
            }
            _ => {}
        }
    }

    fn open_suite(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        let is_suite = tag.name().eq_ignore_ascii_case("testsuite");
        let mut suite = Suite::new(is_suite, tag.place(), self.suites.last());
        let mut started = None;
        let read = read_attributes(tag, |name, value| match name {
            "timestamp" => started = Some(value.to_owned()),
            _ => suite.set(name, value),
        });
        let cells = self.attributes(tag, read)?;
        self.invalid(tag.place(), cells);
        suite.has_invalid_bytes |= tag.has_invalid_bytes();
        if self.suites.is_empty() {
            let is_bare = tag.name() == "testsuites" && tag.attributes().next().is_none();
            suite.recognise_root(is_bare);
        }
        if let Some(started) = started {
            suite.started = self.started(tag.place(), &started).or(suite.started);
        }
        self.suites.push(suite);
        Ok(())
    }

    fn start_text(&mut self, place: LineColumn) {
        self.text.clear();
        self.text_place = place;
    }

    fn close_suite(&mut self) {
        let is_inherited = self.suites.len() <= self.inherited;
        if !is_inherited && let Some(suite) = self.suites.last_mut() {
            for inner in suite.take_postponed() {
                self.conclude_suite(inner);
            }
        }
        let Some(suite) = self.suites.pop() else {
            return;
        };
        if is_inherited {
            // What it says of itself is compared with all of its parts.
            self.inherited = self.suites.len();
            self.closed = Some(suite);
            return;
        }
        match self.suites.last_mut() {
            Some(outer) if suite.may_be_summary(&self.options.status_aliases) => {
                outer.postpone(suite);
            }
            _ => self.conclude_suite(suite),
        }
    }

    /// Adds what a suite says besides its cases, the suites around which are open.
    fn conclude_suite(&mut self, mut suite: Suite) {
        // Last, so that it is the current result where a case has the same name.
        if let Some((mut run, place)) = suite.failed_run(&self.options.status_aliases) {
            self.options.suite_path.complete(&mut run.identity);
            run.position = Some(self.position(place));
            self.cases += 1;
            self.ready.push_back(Record::Run(Box::new(run)));
        } else if let Some(cell) = suite.invalid(&self.options.status_aliases) {
            self.cases += 1;
            self.ready.push_back(Record::Invalid(InvalidRow {
                position: self.position(suite.place),
                cells: vec![cell],
            }));
        }
        let is_outermost = |declares: fn(&Suite) -> bool| !self.suites.iter().any(declares);
        let tests = suite.mismatch();
        let tests = tests.filter(|_| is_outermost(Suite::declares_totals));
        let skipped = suite.missing_skipped();
        let skipped = skipped.filter(|_| is_outermost(Suite::declares_skipped));
        let time = suite.longer_than_itself(&mut self.commas);
        for kind in tests.or(skipped).into_iter().chain(time) {
            self.warn(suite.place, kind);
        }
        if let Some(outer) = self.suites.last_mut() {
            outer.add(&suite);
        }
    }

    fn open_case(&mut self, tag: &Tag<'_>) {
        let Self {
            cases_open,
            spare,
            options,
            suites,
            ..
        } = self;
        let case = cases_open.open(tag.place(), || spare.take());
        if suites
            .last()
            .is_some_and(|suite| suite.writer == Writer::Bare)
        {
            case.begins_with_time = tag
                .attributes()
                .next()
                .is_some_and(|(name, _)| name == "time");
        }
        let mut started = None;
        let mut keys = String::new();
        let sources = &options.jira_sources;
        let read = read_attributes(tag, |name, value| match name {
            // What nearly every case has is not compared with the names of properties.
            "name" | "classname" | "time" => case.set(name, value),
            "timestamp" => started = Some(value.to_owned()),
            _ => {
                let meaning = sources.meaning(name);
                if meaning == PropertyMeaning::Keys {
                    keys.push_str(value);
                    keys.push(' ');
                    return;
                }
                sources.add_from_property(meaning, value, &mut case.jira);
                case.set(name, value);
            }
        });
        case.has_invalid_bytes = tag.has_invalid_bytes();
        let cells = match read {
            Ok(()) => Vec::new(),
            odd => self.attributes_of_case(tag, odd),
        };
        let started = started.and_then(|started| self.started(tag.place(), &started));
        if let Some(case) = self.cases_open.innermost() {
            if !cells.is_empty() {
                case.invalid.extend(cells);
            }
            case.started = started;
        }
        if !keys.is_empty() {
            self.add_keys(tag.place(), &keys);
        }
    }

    fn close_case(&mut self) {
        let Self {
            cases_open,
            suites,
            options,
            commas,
            spare,
            file,
            ..
        } = self;
        let (Some(case), Some(suite)) = (cases_open.close(), suites.last_mut()) else {
            return;
        };
        let place = case.place;
        let mut warnings = Vec::new();
        let completed = case.complete(suite, options, commas, &mut |kind| warnings.push(kind));
        let status = completed.as_ref().ok().copied();
        suite.count(status, case.forgiven(), case.is_error());
        let record = match completed {
            Ok(_) => {
                let mut run = case.take_run(spare.take());
                suite.took(run.duration);
                match &mut run.position {
                    Some(position) if Arc::ptr_eq(&position.file, file) => {
                        position.line = place.line;
                        position.column = Some(place.column);
                    }
                    position => *position = Some(place.in_file(file)),
                }
                Record::Run(run)
            }
            Err(cells) => Record::Invalid(InvalidRow {
                position: place.in_file(file),
                cells,
            }),
        };
        self.cases += 1;
        for kind in warnings {
            self.warn_once(place, kind);
        }
        self.ready.push_back(record);
    }

    fn open_property(&mut self, tag: &Tag<'_>) -> Result<(), ParseFailure> {
        self.text.clear();
        self.next_name.clear();
        // The value is either in the attribute or between the tags.
        let (next_name, text) = (&mut self.next_name, &mut self.text);
        let read = read_attributes(tag, |attribute, value| match attribute {
            "name" => next_name.push_str(trimmed(value)),
            "value" => value.clone_into(text),
            _ => {}
        });
        if read.is_err() {
            let cells = self.attributes_inside(tag, read)?;
            self.object(tag, cells);
        }
        if self.next_name != self.property_name {
            std::mem::swap(&mut self.next_name, &mut self.property_name);
            self.property = self.options.jira_sources.meaning(&self.property_name);
        }
        if self.property == PropertyMeaning::Keys && !is_plain_key(&self.text) {
            self.text_place = tag.place();
        }
        Ok(())
    }

    fn close_property(&mut self) {
        let text = std::mem::take(&mut self.text);
        if self.property == PropertyMeaning::Keys {
            // The keys are kept as such.
            self.add_keys(self.text_place, &text);
        } else {
            if let Some(case) = self.cases_open.innermost() {
                let value = trimmed(&text);
                let writer = self.suites.last().map(|suite| suite.writer);
                if writer.is_some_and(|writer| writer.is_skip(&self.property_name, value)) {
                    case.verdict.word("skipped");
                }
                case.add_property(&self.property_name, value);
            } else if let Some(suite) = self.suites.last_mut() {
                suite.writer = (suite.writer).with_property(&self.property_name, trimmed(&text));
            }
            let Self {
                cases_open,
                suites,
                options,
                ..
            } = self;
            if let Some(known) = keys(cases_open, suites) {
                let sources = &options.jira_sources;
                sources.add_from_property(self.property, &text, known);
            }
        }
        self.text = text;
    }

    /// Adds a text of Jira keys, and warns of other words in it.
    fn add_keys(&mut self, place: LineColumn, text: &str) {
        if is_plain_key(text) {
            if let Some(known) = keys(&mut self.cases_open, &mut self.suites) {
                known.insert(text);
            }
            return;
        }
        let found = jira_keys(text);
        for word in found.others {
            let value = shortened(word);
            self.warn(place, WarningKind::JiraKey { value });
        }
        if let Some(known) = keys(&mut self.cases_open, &mut self.suites) {
            for key in found.keys {
                known.insert(key);
            }
        }
    }

    pub(super) fn end(&mut self) {
        if self.cases == 0 {
            self.warn(self.root, WarningKind::NoResults);
        }
    }
}

/// Whether an element has failures in the plural, and says itself what they are.
fn has_failures(tag: &Tag<'_>) -> bool {
    matches!(tag.name(), "failures" | "errors")
        && (tag.attributes()).any(|(name, _)| matches!(name, "message" | "type"))
}

/// Whether a text is one key, as it should be written.
fn is_plain_key(text: &str) -> bool {
    is_key(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The Jira keys of the innermost case, or else of the suite.
fn keys<'r>(cases: &'r mut OpenCases, suites: &'r mut [Suite]) -> Option<&'r mut KeyList> {
    let suite = suites.last_mut().map(|suite| &mut suite.jira);
    let case = cases.innermost().map(|case| &mut case.jira);
    case.or(suite)
}
