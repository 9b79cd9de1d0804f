//! Test cases.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{Attempt, AttemptKind, failure};
use super::suite::{Suite, set_origin};
use super::totals::Forgiven;
use super::verdict::Verdict;
use super::writer::{PASSED_TODO, Writer};
use crate::duration::{DurationError, seconds_with};
use crate::identity::Identity;
use crate::invalid::{InvalidCell, shortened};
use crate::metadata::{Attachment, Metadata, Property};
use crate::origin::Origin;
use crate::read::class_name::split_class;
use crate::read::commas::Commas;
use crate::read::file_names::with_slashes;
use crate::read::jira_keys::KeyList;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::run::TestRun;
use crate::status::Status;
use crate::text::{REPLACEMENT, trimmed};
use crate::warning::WarningKind;

/// An open `testcase`. What is closed is reset and used for a later one.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) place: LineColumn,
    pub(super) started: Option<Timestamp>,
    pub(super) jira: KeyList,
    pub(super) attempts: Vec<Attempt>,
    pub(super) verdict: Verdict,
    /// What its properties say.
    metadata: Metadata,
    /// What makes the case unusable.
    pub(super) invalid: Vec<InvalidCell>,
    /// Whether bytes of its attributes were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    class: String,
    /// The name for people, which counts if there is no other one.
    display_name: String,
    /// What the case says of its origin.
    origin: Origin,
    time: String,
    /// Whether its time is its first attribute; only known in reports of writers that say nothing of themselves.
    pub(super) begins_with_time: bool,
    /// Whether it is marked as one that did not pass in each attempt.
    is_flaky: bool,
    /// What becomes of it.
    run: Box<TestRun>,
}

impl Case {
    pub(super) fn new(run: Box<TestRun>) -> Self {
        Self {
            place: LineColumn::START,
            started: None,
            jira: KeyList::default(),
            attempts: Vec::new(),
            verdict: Verdict::default(),
            metadata: Metadata::default(),
            invalid: Vec::new(),
            has_invalid_bytes: false,
            class: String::new(),
            display_name: String::new(),
            origin: Origin::default(),
            time: String::new(),
            begins_with_time: false,
            is_flaky: false,
            run,
        }
    }

    /// Makes it a case that starts at `place`.
    pub(super) fn reset(&mut self, place: LineColumn) {
        self.place = place;
        self.started = None;
        self.jira.clear();
        self.attempts.clear();
        self.verdict.clear();
        if !self.metadata.is_empty() {
            self.metadata = Metadata::default();
        }
        self.invalid.clear();
        self.has_invalid_bytes = false;
        self.class.clear();
        self.display_name.clear();
        self.origin = Origin::default();
        self.time.clear();
        self.begins_with_time = false;
        self.is_flaky = false;
        self.run.reset();
    }

    /// The result that it has become; `next` will be that of a later case.
    pub(super) fn take_run(&mut self, next: Box<TestRun>) -> Box<TestRun> {
        std::mem::replace(&mut self.run, next)
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = trimmed(value);
        match name {
            "name" => value.clone_into(&mut self.run.identity.name),
            "classname" if !value.is_empty() => {
                with_slashes(value).as_ref().clone_into(&mut self.class);
            }
            "class" if self.class.is_empty() => {
                with_slashes(value).as_ref().clone_into(&mut self.class);
            }
            "display-name" | "display_name" | "displayName" | "title"
                if self.display_name.is_empty() =>
            {
                value.clone_into(&mut self.display_name);
            }
            "hostname" | "file" | "project" => set_origin(&mut self.origin, name, value),
            "time" if !value.is_empty() => value.clone_into(&mut self.time),
            "duration" if self.time.is_empty() => value.clone_into(&mut self.time),
            "flaky" => self.is_flaky = value == "true",
            // Of Common Test, which runs a case in several groups.
            "group" if !value.is_empty() => self.origin.suite = Some(value.into()),
            _ => self.verdict.attribute(name, value),
        }
    }

    /// Adds a property.
    pub(super) fn add_property(&mut self, name: &str, value: &str) {
        let metadata = &mut self.metadata;
        if value.is_empty() {
            return;
        }
        let is_one_of = |words: [&str; 2]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
        if is_one_of(["owner", "author"]) {
            metadata.owner.get_or_insert_with(|| value.to_owned());
        } else if is_one_of(["tag", "tags"]) {
            let tags = value
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty());
            metadata.tags.extend(tags.map(str::to_owned));
        } else {
            metadata.properties.push(Property::new(name, value));
        }
    }

    /// Adds a file that its output names.
    pub(super) fn attach(&mut self, attachment: Attachment) {
        self.metadata.attachments.push(attachment);
    }

    /// Completes the result, unless something makes it unusable, such as a status that is not known. Returns the status.
    pub(super) fn complete(
        &mut self,
        suite: &mut Suite,
        options: &ReadOptions,
        commas: &mut Commas,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Result<Status, Vec<InvalidCell>> {
        if self.attempts.is_empty() && self.verdict.is_silent() {
            self.complete_silent(suite);
        }
        if suite.is_of_intern() && self.class.is_empty() {
            self.verdict.take_exit_codes(&options.status_aliases);
        }
        self.fail_if_ctest_could_not_run_it();
        self.forgive_todo_of_node(suite);
        let may_be_retry = suite.writer.repeats_retried_tests() && !self.has_all_attempts(suite);
        self.forgive_attempts_of_test_lab(suite);
        let said = (self.attempts.iter()).filter_map(|attempt| attempt.kind.status());
        let status = match self.verdict.status(said, &options.status_aliases) {
            Ok(status) if self.invalid.is_empty() => status,
            status => {
                self.invalid.extend(status.err());
                return Err(std::mem::take(&mut self.invalid));
            }
        };
        let run = &mut *self.run;
        run.status = status;
        let name = &mut run.identity.name;
        if name.is_empty() {
            name.clone_from(&self.display_name);
        }
        if name.is_empty() {
            suite.unnamed += 1;
            *name = format!("unnamed test {}", suite.unnamed);
            let given = name.clone();
            warn(WarningKind::Unnamed { given });
        }
        let class = suite.writer.stable_class(&self.class, &suite.name);
        identify(&mut run.identity, class, suite, options);
        if self.has_invalid_bytes || suite.has_invalid_bytes {
            check_bytes(&run.identity).map_err(|cell| vec![cell])?;
        }
        run.duration = duration(&self.time, commas, warn);
        if !self.metadata.is_empty() {
            run.metadata = Some(Arc::new(std::mem::take(&mut self.metadata)));
        }
        run.started = self.started.or(suite.started);
        run.failure = failure(&mut self.attempts);
        if status == Status::Passed {
            run.earlier_failures = (self.attempts.iter_mut())
                .filter(|attempt| attempt.kind == AttemptKind::Flaky)
                .map(Attempt::take_failure)
                .collect();
        }
        run.may_be_retry = may_be_retry;
        run.replaces_earlier = suite.writer == Writer::Export;
        let (own, outer) = (&self.origin, &suite.origin);
        let Origin {
            project,
            hostname,
            suite: path,
            file,
        } = &mut run.origin;
        share(project, own.project.as_ref().or(outer.project.as_ref()));
        share(hostname, own.hostname.as_ref().or(outer.hostname.as_ref()));
        match (&own.suite, &outer.suite) {
            (Some(group), Some(suite)) => *path = Some(format!("{suite} > {group}").into()),
            (own, suite) => share(path, own.as_ref().or(suite.as_ref())),
        }
        share(file, own.file.as_ref().or(outer.file.as_ref()));
        if status == Status::Skipped {
            run.description = (self.attempts.iter_mut())
                .find(|attempt| attempt.kind == AttemptKind::Skipped)
                .map(Attempt::take_failure)
                .and_then(|skipped| skipped.message.or(Some(skipped.details)))
                .filter(|reason| !reason.is_empty());
        }
        let sources = &options.jira_sources;
        sources.add_from_name(&run.identity.name, &mut self.jira);
        for key in suite.jira.iter() {
            self.jira.insert(key);
        }
        self.jira.copy_to(&mut run.jira);
        Ok(status)
    }

    /// Adds what it means in its suite that the case says nothing of its status.
    fn complete_silent(&mut self, suite: &Suite) {
        match suite.writer {
            Writer::QtTest5 => self.verdict.word("skipped"),
            // What has run has a time.
            Writer::GoogleTestList if self.time.is_empty() => self.verdict.word(""),
            Writer::Pytest if self.is_nameless() => {
                let mut attempt = Attempt::new(AttemptKind::Error);
                attempt.message = Some("the test began and did not end".to_owned());
                self.attempts.push(attempt);
            }
            _ => {}
        }
        if suite.is_skipped() && !self.took_time() {
            self.verdict.word("skipped");
        }
    }

    /// Whether its time is not zero: then it ran. `tests` of Boost.Test are without those that were skipped, so that both numbers may
    /// be equal.
    fn took_time(&self) -> bool {
        self.time.contains(|char| matches!(char, '1'..='9'))
    }

    /// Whether nothing says which test it is.
    fn is_nameless(&self) -> bool {
        self.run.identity.name.is_empty() && self.class.is_empty() && self.display_name.is_empty()
    }

    /// Whether it is of `node:test`, Bruno or busted, which do not repeat tests, an expectation of testthat, or of any class by
    /// minitest-reporters.
    fn has_all_attempts(&self, suite: &Suite) -> bool {
        let is_of_bruno = || {
            let file = suite.origin.file.as_deref();
            file.is_some_and(|file| file.strip_suffix(".bru").is_some())
        };
        let is_of_busted = || suite.writer.stable_class(&self.class, "") != self.class;
        self.class == "Minitest::Result"
            || suite.writer == Writer::Busted && is_of_busted()
            || suite.writer == Writer::Bare
                && (self.class == "test"
                    || is_of_bruno()
                    || self.begins_with_time && is_class_of_testthat(&self.class, &suite.name))
    }

    /// `CTest`, whose cases are their own classes, calls what it could not start "not run", and counts it as failed. What it skips on
    /// request has a message that says so.
    fn fail_if_ctest_could_not_run_it(&mut self) {
        if self.class != self.run.identity.name || !self.verdict.has_word(&["notrun"]) {
            return;
        }
        for attempt in &mut self.attempts {
            let reason = attempt.message.as_deref().unwrap_or("SKIP_");
            if attempt.kind == AttemptKind::Skipped && !reason.starts_with("SKIP_") {
                attempt.kind = AttemptKind::Error;
            }
        }
    }

    /// A TODO test of `node:test` that failed does not fail the run.
    fn forgive_todo_of_node(&mut self, suite: &Suite) {
        let is_todo = |attempt: &Attempt| {
            attempt.kind == AttemptKind::Skipped && attempt.type_name.as_deref() == Some("todo")
        };
        if suite.writer == Writer::Bare && self.class == "test" && self.attempts.iter().any(is_todo)
        {
            self.attempts.retain(|attempt| !attempt.kind.is_failed());
        }
    }

    /// Whether the report counts it among its `errors`, and not among its `failures`.
    pub(super) fn is_error(&self) -> bool {
        (self.attempts.first()).is_some_and(|attempt| attempt.kind == AttemptKind::Error)
    }

    /// A test that passed in one of several attempts has passed for Firebase Test Lab.
    fn forgive_attempts_of_test_lab(&mut self, suite: &Suite) {
        if !self.is_flaky || suite.writer != Writer::TestLab {
            return;
        }
        for attempt in &mut self.attempts {
            if attempt.kind.is_failed() {
                attempt.kind = AttemptKind::Flaky;
            }
        }
    }

    /// The failures that the report may count for it, though it has not failed: earlier attempts did, it is a TODO test that passed, or
    /// it is on the list of tests whose failures `QtTest` forgives.
    pub(super) fn forgiven(&self) -> Forgiven {
        let is_forgiven = |attempt: &Attempt| match attempt.kind {
            AttemptKind::Flaky => true,
            AttemptKind::Remark => attempt.type_name.as_deref() == Some(PASSED_TODO),
            _ => false,
        };
        if self.verdict.has_word(&["bfail", "bxfail"]) {
            Forgiven::EachRow
        } else if self.attempts.iter().any(is_forgiven) {
            Forgiven::One
        } else {
            Forgiven::Nothing
        }
    }
}

/// The open test cases, which may be nested.
#[derive(Debug, Default)]
pub(super) struct OpenCases {
    /// The open ones, from the outermost to the innermost; after the first `count` of them, closed ones.
    cases: Vec<Case>,
    count: usize,
}

impl OpenCases {
    /// Opens a case at `place`; `new` makes a result if there is none left.
    pub(super) fn open(
        &mut self,
        place: LineColumn,
        new: impl FnOnce() -> Box<TestRun>,
    ) -> &mut Case {
        if self.count == self.cases.len() {
            self.cases.push(Case::new(new()));
        }
        let case = &mut self.cases[self.count];
        self.count += 1;
        case.reset(place);
        case
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The innermost one.
    pub(super) fn innermost(&mut self) -> Option<&mut Case> {
        self.cases[..self.count].last_mut()
    }

    /// Closes the innermost one.
    pub(super) fn close(&mut self) -> Option<&mut Case> {
        self.count = self.count.checked_sub(1)?;
        self.cases.get_mut(self.count)
    }
}

/// Whether testthat calls the class of the tests in a context so: like the context, with an underscore for what may not be in the
/// name of a class of Java.
fn is_class_of_testthat(class: &str, context: &str) -> bool {
    let is_kept = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_');
    let mut chars = context.chars().peekable();
    let mut expected = std::iter::from_fn(|| {
        let char = chars.next()?;
        if is_kept(char) {
            return Some(char);
        }
        while chars.next_if(|next| !is_kept(*next)).is_some() {}
        Some('_')
    });
    class.chars().all(|char| expected.next() == Some(char)) && expected.next().is_none()
}

/// Sets a text that many results share.
fn share(text: &mut Option<Arc<str>>, shared: Option<&Arc<str>>) {
    let is_same = match (&text, shared) {
        (Some(known), Some(shared)) => Arc::ptr_eq(known, shared),
        (known, shared) => known.is_none() && shared.is_none(),
    };
    if !is_same {
        *text = shared.cloned();
    }
}

/// Fails if a part of the identity had bytes that are invalid in the encoding of the report.
fn check_bytes(identity: &Identity) -> Result<(), InvalidCell> {
    let texts = [&identity.name, &identity.class, &identity.package];
    match texts.into_iter().find(|text| text.contains(REPLACEMENT)) {
        Some(name) => Err(InvalidCell::invalid_bytes(None, name)),
        None => Ok(()),
    }
}

/// Sets the identity but for the name.
fn identify(identity: &mut Identity, classname: &str, suite: &Suite, options: &ReadOptions) {
    suite.package.clone_into(&mut identity.package);
    if classname.is_empty() {
        suite.class.clone_into(&mut identity.class);
    } else {
        let package = if suite.package.is_empty() {
            options.suite_path.package()
        } else {
            &suite.package
        };
        let (prefix, class) = split_class(classname, package);
        class.clone_into(&mut identity.class);
        if identity.package.is_empty() {
            prefix.clone_into(&mut identity.package);
        }
    }
    options.suite_path.complete(identity);
}

fn duration(time: &str, commas: &mut Commas, warn: &mut dyn FnMut(WarningKind)) -> Duration {
    match commas.resolve(|comma| seconds_with(time, comma)) {
        Ok(duration) => duration,
        Err(DurationError::Empty) => Duration::ZERO,
        Err(reason) => {
            let value = shortened(time);
            warn(WarningKind::Duration { value, reason });
            Duration::ZERO
        }
    }
}
