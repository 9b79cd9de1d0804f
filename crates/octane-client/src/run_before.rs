//! Reads what the suite run before has, and compares it with an upload.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, EntityId, Order, Query, Select, SuiteId, SuiteRunId};

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::compare::{Comparison, Shown, State, compare};
use crate::error::ClientError;
use crate::in_list::list_in;
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::own_results::{described, doubt_passed, shown_by_all, state};
use crate::problem_class::Ran;
use crate::read_runs::status;
use crate::report::{IdAndName, Report};
use crate::run_kind::RunKind;
use crate::stage::{StageError, request};

/// How many runs of the suite run before are read: 50 requests.
const RUNS_MAX: u64 = 50_000;

/// How many runs one request asks for.
const PAGE: u32 = 1000;

/// Why an upload cannot be compared with the suite run before. It has no effect on the upload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The server cannot be asked, or refuses to say.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The suite run before has more runs than are read.
    #[error("suite run `{name}` has {runs} runs; up to {RUNS_MAX} are compared")]
    TooMany {
        /// The name of the suite run before.
        name: String,
        /// How many runs it has.
        runs: u64,
    },
    /// The server does not say how many runs a suite run has.
    #[error("the server does not count the runs of suite run `{name}`")]
    Uncounted {
        /// The name of the suite run.
        name: String,
    },
    /// The server names statuses in a way that says nothing.
    #[error("the server shows statuses by IDs whose meaning is unknown")]
    UnknownStatuses,
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl From<StageError> for CompareError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Client(error) => error.into(),
            StageError::Journal(error) => error.into(),
            StageError::Cancelled => Self::Cancelled,
        }
    }
}

impl Client {
    /// Compares what an upload, or all shards of one, have brought with the suite run before: that of the same suite with the
    /// next lower ID in which a test was executed. `None` if there is none among the latest eight, or if the runs of these uploads
    /// are not visible.
    ///
    /// Reads the suite run before in pages (a request for 1000 runs), and five or six requests more, and three for each suite run that
    /// is passed over. A run that other uploads
    /// have results in too is compared as far as these uploads go.
    pub async fn compare(
        &self,
        journals: &[Journal],
        report: &Report,
        cancellation: &CancellationToken,
    ) -> Result<Option<Comparison>, CompareError> {
        let target = &report.target;
        let (Some(suite), Some(suite_run)) = (&target.suite, target.suite_run_id()) else {
            return Ok(None);
        };
        let mut now = Vec::new();
        let mut without_failure = HashSet::new();
        for journal in journals {
            without_failure.extend(journal.run(Journal::runs_without_failure).await?);
            now.push(journal.run(Journal::shown_results).await?);
        }
        let mut now = shown_by_all(now);
        if now.is_empty() {
            return Ok(None);
        }
        doubt_passed(&mut now, &without_failure);
        let Some((before, earlier)) = self
            .executed_before(suite.id, suite_run, cancellation)
            .await?
        else {
            return Ok(None);
        };
        let total = self.run_counts(suite_run, cancellation).await?.total();
        let is_complete =
            report.outcome == Outcome::Success && total == u64::try_from(now.len()).ok();
        let comparison = compare(before.clone(), &earlier, &now, is_complete);
        if comparison.fixed.is_empty() {
            return Ok(Some(comparison));
        }
        // What failed in an earlier attempt of this suite run is not fixed.
        match self.failed_before(&comparison, &now, cancellation).await? {
            Some(failed) => {
                for shown in &mut now {
                    if shown.run.as_ref().is_some_and(|run| failed.contains(run)) {
                        shown.state = shown.state.max(State::Flaky);
                    }
                }
                Ok(Some(compare(before, &earlier, &now, is_complete)))
            }
            None => Ok(Some(Comparison {
                fixed: Vec::new(),
                ..comparison
            })),
        }
    }

    /// The first of the eight suite runs before that has more runs than that of the upload; `None` if none has. Then tests may be
    /// missing, even if the suite run before has the same ones: it may have been cut short in the same way.
    pub async fn larger_before(
        &self,
        report: &Report,
        cancellation: &CancellationToken,
    ) -> Result<Option<IdAndName<SuiteRunId>>, CompareError> {
        let target = &report.target;
        let (Some(suite), Some(suite_run)) = (&target.suite, target.suite_run_id()) else {
            return Ok(None);
        };
        let now = self.run_counts(suite_run, cancellation).await?.total();
        let earlier = self.suite_runs_before(suite.id, suite_run, cancellation);
        for before in earlier.await? {
            let counts = self.run_counts(before.id, cancellation).await?;
            match counts.total().zip(now) {
                Some((runs, now)) if runs > now => return Ok(Some(before)),
                Some(_) => {}
                None => return Err(CompareError::Uncounted { name: before.name }),
            }
        }
        Ok(None)
    }

    /// The suite run before, and what its runs show: of the latest ones with lower IDs the first in which a test was executed.
    async fn executed_before(
        &self,
        suite: SuiteId,
        suite_run: SuiteRunId,
        cancellation: &CancellationToken,
    ) -> Result<Option<(IdAndName<SuiteRunId>, Vec<Shown>)>, CompareError> {
        let suite_runs = self.suite_runs_before(suite, suite_run, cancellation);
        let mut left = RUNS_MAX;
        for before in suite_runs.await? {
            let counts = self.run_counts(before.id, cancellation).await?;
            let name = before.name.clone();
            match counts.readable() {
                None => return Err(CompareError::Uncounted { name }),
                Some(runs) if runs > left => {
                    return Err(CompareError::TooMany { name, runs });
                }
                Some(runs) => left -= runs,
            }
            let (mut earlier, mut is_executed) = (Vec::new(), false);
            for kind in counts.kinds() {
                let runs = self.endpoint.collection(kind.collection()).list();
                let pages = runs
                    .select(kind.select())
                    .matching(Query::field("parent_suite").refers_to_id(before.id))
                    .order_by(Order::ascending("id"))
                    .page_size(PAGE)
                    .limit(RUNS_MAX);
                let mut runs = std::pin::pin!(pages.stream());
                while let Some(run) = request(cancellation, runs.try_next()).await? {
                    is_executed |= is_executed_run(&run);
                    earlier.extend(shown(run, kind)?);
                }
            }
            if is_executed {
                return Ok(Some((before, earlier)));
            }
        }
        Ok(None)
    }

    /// The runs of tests that seem to be fixed which held a failure before, in this very suite run; `None` if the API key may not
    /// read that.
    async fn failed_before(
        &self,
        comparison: &Comparison,
        now: &[Shown],
        cancellation: &CancellationToken,
    ) -> Result<Option<Vec<EntityId>>, CompareError> {
        let fixed: HashSet<&str> = comparison.fixed.iter().map(String::as_str).collect();
        let now = now.iter().filter(|shown| fixed.contains(&*shown.test));
        let runs: Vec<EntityId> = now.filter_map(|shown| shown.run.clone()).collect();
        let select = Select::names(["run_id", "run_native_status"]);
        let list = self.endpoint.collection("previous_runs").list();
        let mut lists = list_in(list.select(select), "run_id", &runs);
        let mut failed = Vec::new();
        let mut is_first = true;
        loop {
            let previous = match request(cancellation, lists.try_next()).await {
                Ok(Some(previous)) => previous,
                Ok(None) => return Ok(Some(failed)),
                // A server without a history has none to contradict what it shows; it says so to the first request.
                Err(StageError::Client(error)) if error.is_not_found() && is_first => {
                    return Ok(Some(Vec::new()));
                }
                Err(StageError::Client(ClientError::Rest(error)))
                    if !error.is_retryable() && is_first =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            is_first = false;
            let of_failed = previous.iter().filter(|entity| {
                let status_of = entity.reference("run_native_status");
                status_of.as_ref().map(status).as_deref() == Some("failed")
            });
            failed.extend(of_failed.filter_map(|entity| {
                let run = entity.fields.get("run_id")?;
                let text = run.as_str().map(str::to_owned);
                Some(EntityId::from(text.unwrap_or_else(|| run.to_string())))
            }));
        }
    }
}

/// Whether a run has a result: it is neither planned nor in progress, and was not skipped.
fn is_executed_run(run: &Entity) -> bool {
    let shown = run.reference("native_status");
    let ran = Ran::of(shown.as_ref().map(status).as_deref());
    !matches!(ran, Ran::Open | Ran::Skipped)
}

/// What the server shows of a run; `None` if it is not one.
fn shown(entity: Entity, kind: RunKind) -> Result<Option<Shown>, CompareError> {
    let Ok(run) = entity.into_typed::<AutomatedRun>() else {
        return Ok(None);
    };
    let status = run.native_status.as_ref().map(status);
    let identity = RunKind::identity(&run);
    Ok(Some(Shown {
        key: kind.key(&identity, Some(&run.name)),
        test: described(&identity.to_string(), &identity.name, &run.name),
        state: state(status.as_deref()).ok_or(CompareError::UnknownStatuses)?,
        run: Some(run.entity_id()),
    }))
}
