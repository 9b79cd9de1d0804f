//! What Octane knows of the tests that failed, to distinguish known failures from new ones.
//!
//! The history of a test is what its runs show in the suite runs of the same suite, up to the one of the upload. It is read for many
//! tests at once: a request has 1000 runs, newest first.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, Order, Query, Resource, SuiteId, SuiteRunId, TestId};
use serde::Serialize;

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::error::ClientError;
use crate::in_list::VALUES_MAX;
use crate::journal::{FailedRun, Journal, JournalError};
use crate::problem_class::{ProblemClass, Ran, classes};
use crate::read_runs::status;
use crate::report::Report;
use crate::run_key::RunKey;
use crate::run_kind::RunKind;
use crate::stage::{StageError, request};

/// How many runs one request asks for.
const PAGE: usize = 1000;

/// How many pages are read for the tests of one query: those with runs in several environments have more of them.
const PAGES_MAX: usize = 2;

/// How many tests are looked up.
const TESTS_MAX: usize = 1000;

/// Why the history of tests is not known. No failure is tolerated then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The server cannot be asked, or refuses to say.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// More tests failed than are looked up; it is not because of these tests.
    #[error("{tests} tests failed; the history of up to {TESTS_MAX} is looked up")]
    TooMany {
        /// How many failed.
        tests: usize,
    },
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl From<StageError> for HistoryError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Client(error) => error.into(),
            StageError::Journal(error) => error.into(),
            StageError::Cancelled => Self::Cancelled,
        }
    }
}

/// A test of which a result failed. Serialises as part of `octane.upload/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FailedTest {
    /// Its identity, with the name of its run where that is another one.
    pub test: String,
    /// How many runs its classes follow from, this one included; 0 if nothing is known.
    pub runs: usize,
    /// Its classes, as far as these runs show.
    pub classes: Vec<ProblemClass>,
    /// Whether one of them is tolerated.
    pub is_tolerated: bool,
}

impl FailedTest {
    fn of(test: String, history: &[Ran], tolerated: &[ProblemClass]) -> Self {
        let classes = classes(history);
        Self {
            test,
            runs: history.len(),
            is_tolerated: classes.iter().any(|class| tolerated.contains(class)),
            classes,
        }
    }
}

impl Client {
    /// The tests of an upload, or of its shards, of which a result failed, each with its classes; `tolerated` says which classes are
    /// tolerated. Makes a request for at least 20 tests, or 100 if the class `unstable` is not among them, and two or three if they have
    /// many runs. A test of which not enough is known is of no class; if more than 1000 tests failed, that is an error.
    pub async fn failed_tests(
        &self,
        journals: &[Journal],
        report: &Report,
        tolerated: &[ProblemClass],
        cancellation: &CancellationToken,
    ) -> Result<Vec<FailedTest>, HistoryError> {
        let mut failed: Vec<FailedRun> = Vec::new();
        for journal in journals {
            failed.extend(journal.run(Journal::failed_runs).await?);
        }
        let failed = once_each(failed);
        let depth = tolerated.iter().map(|class| class.runs()).max();
        let mut histories = HashMap::new();
        let target = &report.target;
        if let (Some(depth), Some(suite), Some(suite_run)) =
            (depth, &target.suite, target.suite_run_id())
        {
            if failed.len() > TESTS_MAX {
                let tests = failed.len();
                return Err(HistoryError::TooMany { tests });
            }
            let mut tests: Vec<TestId> = failed.iter().filter_map(|run| run.test_id).collect();
            tests.sort_unstable();
            tests.dedup();
            let suite = suite.id;
            for some in tests.chunks((PAGE / depth).clamp(1, VALUES_MAX)) {
                let read = self.histories(some, suite, suite_run, depth, cancellation);
                histories.extend(read.await?);
            }
        }
        let none = Vec::new();
        let tests = failed.into_iter().map(|run| {
            let history = histories.get(&run.key).unwrap_or(&none);
            FailedTest::of(run.test, history, tolerated)
        });
        Ok(tests.collect())
    }

    /// What the runs of these tests came to, newest first.
    async fn histories(
        &self,
        tests: &[TestId],
        suite: SuiteId,
        suite_run: SuiteRunId,
        depth: usize,
        cancellation: &CancellationToken,
    ) -> Result<HashMap<RunKey, Vec<Ran>>, HistoryError> {
        let Some(of_tests) = Query::field("id").is_in(tests.iter().map(ToString::to_string)) else {
            return Ok(HashMap::new());
        };
        let of_suite = Query::field("test").refers_to_id(suite);
        let query = Query::field("test").refers_to(of_tests)
            & Query::field("parent_suite").refers_to(of_suite);
        let runs = self.endpoint.collection(AutomatedRun::COLLECTION).list();
        let runs = runs
            .select(AutomatedRun::select().with("parent_suite"))
            .matching(query)
            .order_by(Order::descending("id"))
            .page_size(u32::try_from(PAGE).unwrap_or(u32::MAX))
            .limit((PAGE * PAGES_MAX) as u64);
        let mut seen = Seen::default();
        let mut runs = std::pin::pin!(runs.stream());
        while let Some(run) = request(cancellation, runs.try_next()).await? {
            seen.add(run);
        }
        Ok(seen.histories(suite_run, depth))
    }
}

/// Each run once, in the order of the first of its results that failed: those of several shards may have failed.
fn once_each(failed: Vec<FailedRun>) -> Vec<FailedRun> {
    let mut places: HashMap<RunKey, usize> = HashMap::new();
    let mut all: Vec<FailedRun> = Vec::new();
    for run in failed {
        let place = *places.entry(run.key).or_insert(all.len());
        match all.get_mut(place) {
            // A shard may not have seen the test in Octane.
            Some(same) => same.test_id = same.test_id.or(run.test_id),
            None => all.push(run),
        }
    }
    all
}

/// What the runs of some tests show, by suite run; `None` where a suite run has several runs of the same name, such as one for each
/// environment: then it is not known which of them is meant.
#[derive(Debug, Default)]
struct Seen(HashMap<RunKey, BTreeMap<SuiteRunId, Option<Ran>>>);

impl Seen {
    fn add(&mut self, run: Entity) {
        let parent = run.reference("parent_suite");
        let Some(parent) = parent.and_then(|parent| parent.id.as_str().parse().ok()) else {
            return;
        };
        let Ok(run) = run.into_typed::<AutomatedRun>() else {
            return;
        };
        let ran = Ran::of(run.native_status.as_ref().map(status).as_deref());
        let key = RunKind::Test.key(&RunKind::identity(&run), Some(&run.name));
        let suite_runs = self.0.entry(key).or_default();
        suite_runs
            .entry(parent)
            .and_modify(|ran| *ran = None)
            .or_insert(Some(ran));
    }

    /// Up to `depth` runs of each test, newest first, from the suite run of the upload backwards, as far as they are known without a
    /// gap. None if the suite run does not show the test, or if it did not fail in a later one: a planned suite run may be filled
    /// after others, and a pass between its failures is part of the history. What failed later says nothing of this upload, and neither
    /// does what has no result yet, whenever it was planned.
    fn histories(self, suite_run: SuiteRunId, depth: usize) -> HashMap<RunKey, Vec<Ran>> {
        let histories = self.0.into_iter().map(|(key, suite_runs)| {
            let mut later = suite_runs.range((Bound::Excluded(suite_run), Bound::Unbounded));
            let is_known = later.all(|(_, ran)| matches!(ran, Some(Ran::Failed | Ran::Open)));
            let known = suite_runs.range(..=suite_run).rev();
            let history = match suite_runs.get(&suite_run) {
                None | Some(Some(Ran::Open)) => Vec::new(),
                Some(_) if is_known => known
                    .map_while(|(_, ran)| *ran)
                    .filter(|ran| *ran != Ran::Open)
                    .take(depth)
                    .collect(),
                Some(_) => Vec::new(),
            };
            (key, history)
        });
        histories.collect()
    }
}

#[cfg(test)]
mod tests;
