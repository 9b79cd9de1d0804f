//! Suites: what their cases inherit, and whether their totals are correct.

use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{Attempt, failure};
use super::last_words::LastWords;
use super::totals::{Declared, Forgiven, Found};
use super::verdict::Verdict;
use super::writer::Writer;
use crate::duration::seconds_with;
use crate::invalid::InvalidCell;
use crate::origin::Origin;
use crate::read::commas::Commas;
use crate::read::file_names::with_slashes;
use crate::read::jira_keys::KeyList;
use crate::read::line_column::LineColumn;
use crate::read::report::DeclaredFailures;
use crate::read::run_errors::{RUN, RunErrors};
use crate::read::status_aliases::StatusAliases;
use crate::run::{Failure, TestRun};
use crate::status::Status;
use crate::warning::WarningKind;

/// The name of a failed suite that has none.
const UNNAMED: &str = "unnamed suite";

/// An open `testsuite` or `testsuites`.
#[derive(Debug, Clone)]
pub(super) struct Suite {
    /// The name, for messages.
    pub(super) name: String,
    /// The class of cases without one: the name of the nearest suite that has one.
    pub(super) class: String,
    /// The package of its cases, as given by the report.
    pub(super) package: String,
    /// The start time of the suite or of the suite around it.
    pub(super) started: Option<Timestamp>,
    /// The origin of its cases.
    pub(super) origin: Origin,
    /// The Jira keys of all of its cases.
    pub(super) jira: KeyList,
    pub(super) place: LineColumn,
    /// Whether bytes of its attributes, or of those of a suite around it, were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    /// The number of cases without a name so far.
    pub(super) unnamed: u64,
    provides_class: bool,
    declared: Declared,
    pub(super) writer: Writer,
    found: Found,
    /// What comments say of the run.
    run_errors: RunErrors,
    verdict: Verdict,
    time: Option<String>,
    /// The longest of its cases.
    longest: Duration,
    /// What failed outside the cases, such as a set-up or a clean-up, and where the first one is.
    failures_outside: Vec<Attempt>,
    failed_at: LineColumn,
    /// The end of its output, if that says that it failed.
    pub(super) last_words: Option<String>,
    /// Suites in it without results of their own, of which each may be a summary of the others.
    postponed: Vec<Self>,
}

impl Suite {
    /// A suite inside `outer`; `is_suite` is false for `testsuites`, whose name is not a class.
    pub(super) fn new(is_suite: bool, place: LineColumn, outer: Option<&Self>) -> Self {
        let inherited = |text: fn(&Self) -> &str| outer.map(text).unwrap_or_default().to_owned();
        Self {
            name: String::new(),
            class: inherited(|outer| &outer.class),
            package: inherited(|outer| &outer.package),
            started: outer.and_then(|outer| outer.started),
            origin: outer.map(|outer| outer.origin.clone()).unwrap_or_default(),
            jira: outer.map(|outer| outer.jira.clone()).unwrap_or_default(),
            place,
            has_invalid_bytes: outer.is_some_and(|outer| outer.has_invalid_bytes),
            unnamed: 0,
            provides_class: is_suite,
            declared: outer
                .map(|outer| outer.declared.of_inner())
                .unwrap_or_default(),
            writer: outer.map(|outer| outer.writer).unwrap_or_default(),
            found: Found::default(),
            run_errors: RunErrors::default(),
            verdict: Verdict::default(),
            time: None,
            longest: Duration::ZERO,
            failures_outside: Vec::new(),
            failed_at: place,
            last_words: None,
            postponed: Vec::new(),
        }
    }

    /// The suite as its cases see it, before any of them.
    pub(super) fn without_results(self) -> Self {
        Self {
            unnamed: 0,
            found: Found::default(),
            run_errors: RunErrors::default(),
            longest: Duration::ZERO,
            failures_outside: Vec::new(),
            last_words: None,
            postponed: Vec::new(),
            ..self
        }
    }

    /// Whether both say the same of themselves, whatever their results are and wherever they start.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self {
            name,
            class,
            package,
            started,
            origin,
            jira,
            place: _,
            has_invalid_bytes,
            unnamed: _,
            provides_class,
            declared,
            writer,
            found: _,
            run_errors: _,
            verdict,
            time,
            longest: _,
            failures_outside: _,
            failed_at: _,
            last_words: _,
            postponed: _,
        } = self;
        *name == other.name
            && *class == other.class
            && *package == other.package
            && *started == other.started
            && *origin == other.origin
            && jira.iter().eq(other.jira.iter())
            && *has_invalid_bytes == other.has_invalid_bytes
            && *provides_class == other.provides_class
            && *declared == other.declared
            && *writer == other.writer
            && *verdict == other.verdict
            && *time == other.time
    }

    /// Whether names of its cases depend on how many it has had.
    pub(super) const fn has_unnamed(&self) -> bool {
        self.unnamed > 0
    }

    /// Adds what a later part of the report contains of this suite.
    pub(super) fn continue_with(&mut self, later: Self) {
        self.add_found(&later.found, &later);
        if self.failures_outside.is_empty() && !later.failures_outside.is_empty() {
            self.failed_at = later.failed_at;
        }
        self.failures_outside.extend(later.failures_outside);
        self.last_words = later.last_words.or(self.last_words.take());
        self.postponed.extend(later.postponed);
        self.jira = later.jira;
        self.declared = later.declared;
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match Writer::from_attribute(name, value) {
            Some(Writer::TestLab) if !matches!(self.writer, Writer::Any | Writer::Bare) => {}
            Some(writer) => self.writer = writer,
            None => {}
        }
        match name {
            "name" => {
                let value = &*with_slashes(without_time(value));
                value.clone_into(&mut self.name);
                if self.provides_class && !value.is_empty() {
                    value.clone_into(&mut self.class);
                    let path = match &self.origin.suite {
                        Some(outer) => format!("{outer} > {value}").into(),
                        None => value.into(),
                    };
                    self.origin.suite = Some(path);
                }
            }
            "hostname" | "file" | "project" => set_origin(&mut self.origin, name, value),
            "package" if !value.is_empty() => value.clone_into(&mut self.package),
            "time" => self.time = Some(value.to_owned()),
            // Of Testing Farm.
            "overall-result" => self.verdict.attribute("result", value),
            _ if self.declared.set(name, value) => {}
            // How many cases passed, and not whether the suite did; how many assumptions did not hold, of those that are no cases too.
            _ if value.parse::<u64>().is_ok() && is_count(name) => {}
            _ => self.verdict.attribute(name, value),
        }
    }

    /// Takes note of a comment. The summary of `node:test` has one for each number, and for each error of the run.
    pub(super) fn comment(&mut self, comment: &str) {
        let comment = comment.trim();
        let count = (comment.strip_prefix("fail ")).or_else(|| comment.strip_prefix("cancelled "));
        let count = count.and_then(|count| count.parse().ok());
        let commented = &mut self.found.commented;
        *commented = commented.saturating_add(count.unwrap_or(0));
        self.run_errors.note(comment);
    }

    /// Takes note of who has written it, once its attributes are known and if it is the root; `is_bare` if it has none.
    pub(super) fn recognise_root(&mut self, is_bare: bool) {
        if is_bare {
            self.writer = Writer::Bare;
        }
        let declares_tests_only = self.declared.tests.is_some() && self.declared.failures.is_none();
        if self.name == "AllTests" {
            self.writer = if declares_tests_only {
                Writer::GoogleTestList
            } else {
                Writer::OneCaseForAllAttempts
            };
        }
    }

    /// Takes note of how its output ends.
    pub(super) fn end_output(&mut self, words: &LastWords) {
        if let Some(words) = words.of_failure() {
            self.last_words = Some(words.to_owned());
        }
        if self.writer == Writer::OUnit {
            self.declared.skipped = words.skipped().or(self.declared.skipped);
        }
    }

    /// Whether Intern may have written it, whose cases have no class and a number for a status.
    pub(super) fn is_of_intern(&self) -> bool {
        self.writer == Writer::Bare && self.declared.failures.is_some()
    }

    /// Whether all of its tests were skipped, as it declares: a case that says nothing itself has not run.
    pub(super) fn is_skipped(&self) -> bool {
        self.declared.is_skipped()
    }

    /// Counts a case of this suite, with its status if that is known, the failures that the report may count for it even if it has
    /// not failed, and whether it is among the `errors`.
    pub(super) fn count(&mut self, status: Option<Status>, forgiven: Forgiven, is_error: bool) {
        self.found.count(status, forgiven);
        self.found.errors += u64::from(is_error);
    }

    /// Takes note of how long a case of this suite took.
    pub(super) fn took(&mut self, duration: Duration) {
        self.longest = self.longest.max(duration);
    }

    /// A case that took far longer than the suite, which has a time of its own, or days. Times of suites are often rounded, or
    /// those of the last case only, so that a small difference means nothing.
    pub(super) fn longer_than_itself(&mut self, commas: &mut Commas) -> Option<WarningKind> {
        const FACTOR: u32 = 100;
        const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
        let time = self.time.as_ref()?;
        let whole = commas.resolve(|comma| seconds_with(time, comma)).ok()?;
        let is_longer = !whole.is_zero()
            && self.longest > whole.saturating_mul(FACTOR)
            && self.longest > whole.saturating_add(Duration::from_secs(60));
        let is_odd = is_longer || self.longest > WEEK;
        // The suite around is not reported as well.
        let case = std::mem::take(&mut self.longest);
        let suite = self.name.clone();
        if is_odd {
            return Some(WarningKind::LongerThanSuite { suite, case, whole });
        }
        self.longest = case;
        None
    }

    /// Adds a failure outside the cases.
    pub(super) fn fail(&mut self, attempt: Attempt, place: LineColumn) {
        if self.failures_outside.is_empty() {
            self.failed_at = place;
        }
        self.failures_outside.push(attempt);
    }

    /// The failure outside the cases that is added last.
    pub(super) fn last_failure(&mut self) -> Option<&mut Attempt> {
        self.failures_outside.last_mut()
    }

    /// What failed outside the cases, as one failed result that is named after the suite, and its place.
    ///
    /// A suite that says that it failed, although no result of it did, has failed too: what went wrong is not in the
    /// report, and must not be hidden by the cases that passed.
    pub(super) fn failed_run(&mut self, aliases: &StatusAliases) -> Option<(TestRun, LineColumn)> {
        let (unnamed, failure) = match failure(&mut self.failures_outside) {
            Some(failure) => (UNNAMED, failure),
            None => self.unexplained(aliases)?,
        };
        let name = match self.name.as_str() {
            "" => unnamed,
            name => name,
        };
        let mut run = TestRun::new(name, Status::Failed).failure(failure);
        run.identity.class.clone_from(&self.class);
        run.identity.package.clone_from(&self.package);
        run.started = self.started;
        run.jira = self.jira.iter().cloned().collect();
        run.origin.clone_from(&self.origin);
        self.found.failed += 1;
        Some((run, self.failed_at))
    }

    /// The failure that the suite declares and none of its results shows, after what is failed if the suite has no name. An invalid
    /// result may be it.
    fn unexplained(&self, aliases: &StatusAliases) -> Option<(&'static str, Failure)> {
        if self.found.is_red() {
            return None;
        }
        if let Some(words) = &self.last_words {
            return Some((UNNAMED, Failure::new(words)));
        }
        if let Some(failure) = self.run_errors.failure() {
            return Some((RUN, failure));
        }
        let messages = match self.writer {
            Writer::QtTest5 => self.declared.errors,
            _ => 0,
        };
        let declared = match self.writer {
            Writer::NodeTapOk => 0,
            _ => (self.declared.failures.unwrap_or(0)).saturating_sub(messages),
        };
        let failures = DeclaredFailures {
            declared: declared.saturating_add(self.found.commented),
            shown: 0,
            attempts: if self.found.forgives_rows {
                u64::MAX
            } else {
                self.found.forgiven
            },
        };
        let said = || {
            let message = "the suite says that it failed, but none of its results has failed";
            let is_failed = self.verdict.is_failed(aliases);
            is_failed.then(|| Failure::new(message))
        };
        let failure = failures.unshown("the suite").or_else(said)?;
        Some((UNNAMED, failure))
    }

    /// What is wrong with a suite whose word for its status is not known, if none of its results has failed: it may have.
    pub(super) fn invalid(&mut self, aliases: &StatusAliases) -> Option<InvalidCell> {
        let is_red = self.found.is_red();
        let word = self.verdict.unknown_word(aliases).filter(|_| !is_red)?;
        self.found.invalid += 1;
        Some(aliases.unknown(None, word))
    }

    /// Counts the cases of a nested suite.
    pub(super) fn add(&mut self, inner: &Self) {
        self.add_found(&inner.found.seen_outside(&inner.declared), inner);
    }

    /// Adds `found` and what else a nested suite, or a later part of this one, has.
    fn add_found(&mut self, found: &Found, other: &Self) {
        self.found.add(found);
        self.run_errors.add(&other.run_errors);
        self.longest = self.longest.max(other.longest);
    }

    /// Whether it has no results, though it declares some: it may be a summary of the suites next to it.
    pub(super) fn may_be_summary(&self, aliases: &StatusAliases) -> bool {
        self.declared.tests > Some(0)
            && self.found == Found::default()
            && self.postponed.is_empty()
            && self.failures_outside.is_empty()
            && self.last_words.is_none()
            && self.run_errors.failure().is_none()
            && !self.verdict.is_failed(aliases)
            && self.verdict.unknown_word(aliases).is_none()
    }

    /// Keeps a suite that may be a summary until all suites next to it are known.
    pub(super) fn postpone(&mut self, inner: Self) {
        self.postponed.push(inner);
    }

    /// The suites that were postponed, without the summary of the others: these have as many cases as it declares, and as many failures
    /// and errors of each kind, unless it declares none. Several suites with such numbers may as well have crashed, and so may one next
    /// to a single case, unless it has no name.
    pub(super) fn take_postponed(&mut self) -> Vec<Self> {
        let mut postponed = std::mem::take(&mut self.postponed);
        let found = &self.found;
        let is_summary = |inner: &Self| {
            let Declared {
                tests,
                failures,
                errors,
                ..
            } = inner.declared;
            let failures = failures.unwrap_or(0);
            (found.cases > 1 || inner.name.is_empty())
                && tests == Some(found.cases)
                && (failures == 0 || (failures, errors) == (found.failed, found.errors))
        };
        let mut summaries = (0..postponed.len()).filter(|at| is_summary(&postponed[*at]));
        if let (Some(at), None) = (summaries.next(), summaries.next()) {
            postponed.remove(at);
        }
        postponed
    }

    /// Whether the suite declares how many tests there are.
    pub(super) const fn declares_totals(&self) -> bool {
        self.declared.tests.is_some() || self.declared.failures.is_some()
    }

    /// Whether the suite declares how many tests were skipped.
    pub(super) const fn declares_skipped(&self) -> bool {
        self.declared.skipped.is_some()
    }

    /// The declared number of tests if it differs from that of the cases. Differing numbers of failures are normal,
    /// since reports count a failure of a test and of its clean-up differently.
    pub(super) fn mismatch(&self) -> Option<WarningKind> {
        if self.writer == Writer::Doctest {
            // Its `tests` are assertions.
            return None;
        }
        let tests = self.declared.tests;
        let declared = tests.filter(|tests| *tests != self.found.cases)?;
        Some(self.totals("tests", declared, self.found.cases))
    }

    /// The declared number of skipped tests if fewer of its cases can be those: then tests that did not run count as passed. One
    /// that failed as well is red; `OUnit` does not count it as skipped.
    pub(super) fn missing_skipped(&self) -> Option<WarningKind> {
        let Found {
            failed,
            skipped,
            invalid,
            ..
        } = self.found;
        let declared = self.declared.skipped?;
        let red = match self.writer {
            Writer::OUnit => 0,
            _ => failed + invalid,
        };
        (declared > skipped + red).then(|| self.totals("skipped tests", declared, skipped))
    }

    fn totals(&self, what: &'static str, declared: u64, found: u64) -> WarningKind {
        WarningKind::Totals {
            suite: self.name.clone(),
            what,
            declared,
            found,
        }
    }
}

/// Whether a number in this attribute counts cases, in whatever case it is written.
fn is_count(name: &str) -> bool {
    let counts = ["passed", "success", "ok", "aborted", "incomplete"];
    counts.iter().any(|count| name.eq_ignore_ascii_case(count))
}

/// A name without the time of the run, such as `-20261130045457`, which `unittest-xml-reporting` appends to those of suites.
fn without_time(name: &str) -> &str {
    const DIGITS: usize = 14;
    let Some((rest, time)) = name.rsplit_once('-') else {
        return name;
    };
    let is_time = time.len() == DIGITS
        && time.starts_with("20")
        && time.bytes().all(|byte| byte.is_ascii_digit());
    if is_time && !rest.is_empty() {
        rest
    } else {
        name
    }
}

/// Sets the part of an origin that an attribute of a suite or a case gives.
pub(super) fn set_origin(origin: &mut Origin, attribute: &str, value: &str) {
    let field = match attribute {
        "hostname" => &mut origin.hostname,
        "file" => &mut origin.file,
        "project" => &mut origin.project,
        _ => return,
    };
    if !value.is_empty() {
        *field = Some(match attribute {
            "file" => value.replace('\\', "/").into(),
            _ => value.into(),
        });
    }
}
