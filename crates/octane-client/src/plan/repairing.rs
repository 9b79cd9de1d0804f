//! Results within Octane's limits.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter::Fuse;
use std::sync::Arc;
use std::vec::IntoIter;

use octane_model::plural::plural;
use octane_results::{
    Dialect, Features, GherkinUnit, LimitExceeded, PayloadWriter, Repairs, ReplacedResult, Status,
    TestRun, repair, shorten,
};

use super::totals::{PlanError, PlanTotals};
use crate::flaky_message::flaky_message;
use crate::report::{Counts, ReportedProblem};
use crate::settings::UploadSettings;

/// How much of a message of a failure is quoted, in characters.
const QUOTED_MAX: usize = 80;

/// The runs within Octane's limits, repaired where that is allowed; runs of features after all others.
#[derive(Debug)]
pub(super) struct Repairing<I> {
    runs: Fuse<I>,
    pub(super) repairs: RunRepairs,
    /// The runs of features that have not been returned yet.
    features: IntoIter<TestRun>,
}

impl<I: Iterator<Item = TestRun>> Repairing<I> {
    pub(super) fn new(runs: I, repairs: RunRepairs) -> Self {
        Self {
            runs: runs.fuse(),
            repairs,
            features: Vec::new().into_iter(),
        }
    }
}

impl<I: Iterator<Item = TestRun>> Iterator for Repairing<I> {
    type Item = TestRun;

    fn next(&mut self) -> Option<TestRun> {
        for mut run in self.runs.by_ref() {
            if !self.repairs.collect(&mut run) && self.repairs.repair(&mut run) {
                return Some(run);
            }
        }
        let collected = self.repairs.features();
        if !collected.is_empty() {
            self.features = collected.into_iter();
        }
        self.features.next()
    }
}

/// Repairs runs one by one, and counts.
#[derive(Debug)]
pub(super) struct RunRepairs {
    settings: Arc<UploadSettings>,
    writer: Arc<PayloadWriter>,
    counts: Counts,
    repaired: Repairs,
    flaky: Vec<ReportedProblem>,
    over_limit: Vec<LimitExceeded>,
    unsupported: BTreeSet<&'static str>,
    /// Where the results of scenarios are collected, if they become those of features.
    features: Option<Features>,
}

impl RunRepairs {
    pub(super) fn new(settings: Arc<UploadSettings>, writer: Arc<PayloadWriter>) -> Self {
        let is_of_features = settings.gherkin == GherkinUnit::Features;
        Self {
            features: is_of_features.then(Features::default),
            settings,
            writer,
            counts: Counts::default(),
            repaired: Repairs::default(),
            flaky: Vec::new(),
            over_limit: Vec::new(),
            unsupported: BTreeSet::new(),
        }
    }

    /// The same for further runs, without counts.
    pub(super) fn part(&self) -> Self {
        Self::new(Arc::clone(&self.settings), Arc::clone(&self.writer))
    }

    /// Adds what was counted of further runs, but for features.
    pub(super) fn append(&mut self, part: Self) {
        let Self {
            settings: _,
            writer: _,
            counts,
            repaired,
            flaky,
            over_limit,
            unsupported,
            features: _,
        } = part;
        self.counts += counts;
        self.repaired += repaired;
        self.flaky.extend(flaky);
        self.over_limit.extend(over_limit);
        self.unsupported.extend(unsupported);
    }

    /// Counts and takes a result that becomes a part of that of a feature; `false` if it does not.
    pub(super) fn collect(&mut self, run: &mut TestRun) -> bool {
        let Some(features) = &mut self.features else {
            return false;
        };
        run.started = run.started.or(self.settings.started);
        let status = run.status;
        let flaky = flaky(run);
        if !features.add(run) {
            return false;
        }
        count(&mut self.counts, status);
        self.add_flaky(flaky);
        true
    }

    /// The results of the features that were collected, repaired.
    pub(super) fn features(&mut self) -> Vec<TestRun> {
        let features = self.features.as_mut().map(std::mem::take);
        let features = features.unwrap_or_default();
        for (run, replaced) in features.repeated() {
            self.counts.repeats += replaced.len();
            self.add_flaky(flaky_scenario(run, replaced));
        }
        let mut features = features.finish();
        self.counts.features += features.len();
        let scenarios = features.iter().filter_map(|run| run.feature.as_ref());
        self.counts.scenarios += scenarios
            .map(|feature| feature.scenarios.len())
            .sum::<usize>();
        features.retain_mut(|run| self.fit(run));
        features
    }

    /// Counts and repairs a run; `false` if it exceeds a limit and may not be repaired.
    pub(super) fn repair(&mut self, run: &mut TestRun) -> bool {
        count(&mut self.counts, run.status);
        run.started = run.started.or(self.settings.started);
        if let Some(path) = &self.settings.suite_path {
            path.complete(&mut run.identity);
        }
        if run.report_url.is_none() {
            run.report_url.clone_from(&self.settings.report_url);
        }
        if !self.fit(run) {
            return false;
        }
        self.counts.named += usize::from(run.run_name.is_some());
        self.add_flaky(flaky(run));
        true
    }

    fn add_flaky(&mut self, problem: Option<ReportedProblem>) {
        self.counts.flaky += usize::from(problem.is_some());
        self.flaky.extend(problem);
    }

    /// Repairs a run.
    fn fit(&mut self, run: &mut TestRun) -> bool {
        match repair(run, &self.settings.repair) {
            Ok(repairs) => self.repaired += repairs,
            Err(error) => {
                self.over_limit.push(error);
                return false;
            }
        }
        self.unsupported.extend(self.writer.unsupported_fields(run));
        if self.settings.dialect == Dialect::Evidence {
            // It has no field for the run's own name, so Octane will name the run after its test.
            run.run_name = None;
        }
        true
    }

    /// Adds what was counted, and what was repaired. Fails if runs exceed limits and may not be repaired.
    pub(super) fn add_to(&self, totals: &mut PlanTotals) -> Result<(), PlanError> {
        if !self.over_limit.is_empty() {
            return Err(PlanError::LimitExceeded(self.over_limit.clone()));
        }
        totals.counts = self.counts;
        totals.problems.extend_from_slice(&self.flaky);
        if !self.repaired.is_empty() {
            totals.counts.repaired = total(self.repaired);
            let problem = ReportedProblem::new("repaired", self.repaired.to_string());
            totals.problems.push(problem);
        }
        if !self.unsupported.is_empty() {
            let names: Vec<_> = self.unsupported.iter().copied().collect();
            let message = format!("the evidence format has no field for: {}", names.join(", "));
            totals
                .problems
                .push(ReportedProblem::new("unsupported", message));
        }
        Ok(())
    }
}

fn count(counts: &mut Counts, status: Status) {
    counts.read += 1;
    *match status {
        Status::Passed => &mut counts.passed,
        Status::Failed => &mut counts.failed,
        Status::Skipped => &mut counts.test_skipped,
        Status::Planned => &mut counts.planned,
    } += 1;
}

/// Names a result that passed after attempts that failed.
fn flaky(run: &TestRun) -> Option<ReportedProblem> {
    let last = run.earlier_failures.last()?;
    let message = match last.message.as_deref() {
        Some(message) => shorten(message, QUOTED_MAX),
        None => Cow::Borrowed("no message"),
    };
    let attempts = plural(run.earlier_failures.len(), "earlier attempt");
    let message =
        format!("{attempts} failed ({message}); the run shows the last one, which passed");
    Some(
        ReportedProblem::new("flaky", message)
            .of_test(&run.identity)
            .at(run.position.clone()),
    )
}

/// Names a scenario whose feature shows a result that replaces others with another status.
fn flaky_scenario(run: &TestRun, replaced: &[ReplacedResult]) -> Option<ReportedProblem> {
    let other = replaced.iter().find(|other| other.status != run.status)?;
    let mut statuses: Vec<Status> = Vec::new();
    let all = replaced.iter().map(|other| other.status);
    for status in all.clone().chain([run.status]) {
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    let words: Vec<String> = statuses
        .iter()
        .map(|status| status.as_str().to_lowercase())
        .collect();
    let failed = all
        .chain([run.status])
        .filter(|status| *status == Status::Failed)
        .count();
    let results = replaced.len() + 1;
    let message = flaky_message(results, failed, &words.join(","), run.status.as_str());
    Some(
        ReportedProblem::new("flaky", message)
            .of_test(&run.identity)
            .at(other.position.clone()),
    )
}

/// How many texts and links were repaired or removed.
fn total(repairs: Repairs) -> usize {
    let Repairs {
        texts_shortened,
        errors_truncated,
        texts_sanitized,
        empty_names_replaced,
        empty_texts_removed,
        ..
    } = repairs;
    let texts = texts_shortened
        + errors_truncated
        + texts_sanitized
        + empty_names_replaced
        + empty_texts_removed;
    let all = texts + repairs.links_removed + repairs.builds_removed;
    usize::try_from(all).unwrap_or(usize::MAX)
}
