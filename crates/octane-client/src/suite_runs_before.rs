//! The suite runs before that of an upload, and how many runs they have.

use octane_model::{Order, Query, SuiteId, SuiteRun, SuiteRunId};

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::error::ClientError;
use crate::report::IdAndName;
use crate::run_kind::RunKind;
use crate::stage::{StageError, request};

/// How many suite runs are looked at, as many as decide whether a test fails all the time.
const SUITE_RUNS_MAX: u64 = 8;

/// How many runs a suite run has; `None` where the server does not count that far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunCounts {
    tests: Option<u64>,
    features: Option<u64>,
    /// Whether the server refuses to list the runs of features.
    are_features_hidden: bool,
}

impl RunCounts {
    /// The number of all runs.
    pub(crate) fn total(self) -> Option<u64> {
        Some(self.tests? + self.features?)
    }

    /// The number of those that can be read.
    pub(crate) fn readable(self) -> Option<u64> {
        if self.are_features_hidden {
            self.tests
        } else {
            self.total()
        }
    }

    /// The kinds of which there are runs that can be read.
    pub(crate) fn kinds(self) -> impl Iterator<Item = RunKind> {
        let features = if self.are_features_hidden {
            Some(0)
        } else {
            self.features
        };
        let counts = [(RunKind::Test, self.tests), (RunKind::Feature, features)];
        counts
            .into_iter()
            .filter_map(|(kind, count)| (count != Some(0)).then_some(kind))
    }
}

impl Client {
    /// The latest suite runs of the suite with lower IDs than this one, newest first.
    pub(crate) async fn suite_runs_before(
        &self,
        suite: SuiteId,
        suite_run: SuiteRunId,
        cancellation: &CancellationToken,
    ) -> Result<Vec<IdAndName<SuiteRunId>>, StageError> {
        let query = Query::field("test").refers_to_id(suite)
            & Query::field("id").is_less_than(suite_run.get());
        let earlier = self.endpoint.entities::<SuiteRun>().list().matching(query);
        let newest = earlier
            .order_by(Order::descending("id"))
            .limit(SUITE_RUNS_MAX);
        let suite_runs = request(cancellation, newest.all()).await?;
        let suite_runs = suite_runs.into_iter().map(|suite_run| IdAndName {
            id: suite_run.id,
            name: suite_run.name,
        });
        Ok(suite_runs.collect())
    }

    /// How many runs a suite run has. A server that does not know features has no runs of them; of one that refuses to list them, it is
    /// not known.
    pub(crate) async fn run_counts(
        &self,
        suite_run: SuiteRunId,
        cancellation: &CancellationToken,
    ) -> Result<RunCounts, StageError> {
        let count = async |kind: RunKind| {
            let runs = self.endpoint.collection(kind.collection()).list();
            let runs = runs.matching(Query::field("parent_suite").refers_to_id(suite_run));
            request(cancellation, runs.count()).await
        };
        let tests = count(RunKind::Test).await?;
        let (features, are_features_hidden) = match count(RunKind::Feature).await {
            Err(StageError::Client(error)) if error.is_not_found() => (Some(0), false),
            Err(StageError::Client(ClientError::Rest(error)))
                if !error.is_retryable() && !error.is_unauthorized() =>
            {
                (None, true)
            }
            counted => (counted?, false),
        };
        Ok(RunCounts {
            tests,
            features,
            are_features_hidden,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_known_is_not_made_up() {
        let counts = |tests, features| RunCounts {
            tests,
            features,
            are_features_hidden: false,
        };
        assert_eq!(counts(Some(7), Some(2)).total(), Some(9));
        assert_eq!(counts(Some(7), None).total(), None);
        assert_eq!(counts(None, Some(0)).total(), None);
        let kinds: Vec<RunKind> = counts(Some(0), Some(2)).kinds().collect();
        assert_eq!(kinds, [RunKind::Feature]);
        let hidden = RunCounts {
            are_features_hidden: true,
            ..counts(Some(7), None)
        };
        assert_eq!((hidden.total(), hidden.readable()), (None, Some(7)));
        let kinds: Vec<RunKind> = hidden.kinds().collect();
        assert_eq!(kinds, [RunKind::Test]);
    }
}
