//! Automated runs.

use futures_util::{Stream, TryStreamExt};
use octane_model::{AutomatedRun, Entity, Query, RunId, Select, SuiteRunId};
use octane_rest::Entities;
use octane_results::Identity;

use crate::client::Client;
use crate::error::ClientError;
use crate::named_entity;
use crate::run_kind::RunKind;

/// Automated runs: one result of one test each.
pub struct Runs<'a> {
    client: &'a Client,
}

/// The runs of a suite run, by id; made by [`Runs::of`].
#[must_use]
pub struct RunsOf<'a> {
    client: &'a Client,
    suite_run: SuiteRunId,
    skip: u64,
}

impl Client {
    /// Automated runs.
    pub fn runs(&self) -> Runs<'_> {
        Runs { client: self }
    }
}

impl<'a> Runs<'a> {
    /// The runs of a suite run.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = ["pays", "refunds"].map(|name| TestRun::new(name, Status::Passed));
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?.into_result()?;
    /// let suite_run = report.target.suite_run_id().unwrap();
    /// let runs = octane.runs().of(suite_run).all().await?;
    /// let rest = octane.runs().of(suite_run).skip(1).all().await?;
    /// assert_eq!(rest, runs[1..]);
    /// # Ok(()) }) }
    /// ```
    pub fn of(&self, suite_run: SuiteRunId) -> RunsOf<'a> {
        RunsOf {
            client: self.client,
            suite_run,
            skip: 0,
        }
    }

    /// The run with this id; an error if it does not exist.
    pub async fn get(&self, id: RunId) -> Result<AutomatedRun, ClientError> {
        named_entity::get(self.client, id).await
    }
}

impl Runs<'_> {
    /// The collection of the runs of features (Gherkin runs), which a server without features does not have, and the fields that an
    /// [`AutomatedRun`] needs.
    pub fn features(&self) -> (Entities<Entity>, Select) {
        let collection = RunKind::Feature.collection();
        let select = RunKind::Feature.select();
        (self.client.endpoint.collection(collection), select)
    }

    /// The test of a run, as the server shows it.
    pub fn identity(run: &AutomatedRun) -> Identity {
        RunKind::identity(run)
    }

    /// The query for the automated runs of a suite run.
    pub fn in_suite_run(suite_run: SuiteRunId) -> Query {
        Query::field("parent_suite").refers_to_id(suite_run)
    }
}

impl<'a> RunsOf<'a> {
    /// Skips the first `count` runs, those with the lowest ids; useful to skip runs from earlier uploads.
    pub fn skip(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    /// The runs one by one, fetched a page at a time.
    pub fn stream(self) -> impl Stream<Item = Result<AutomatedRun, ClientError>> + Send + use<'a> {
        let query = Runs::in_suite_run(self.suite_run);
        let list = self.client.endpoint.entities::<AutomatedRun>().list();
        list.matching(query)
            .skip(self.skip)
            .stream()
            .map_err(ClientError::from)
    }

    /// All runs, and those of features (Gherkin runs), which Octane lists elsewhere, by id. Of the run of a feature, the name is that
    /// of the feature.
    pub async fn all_with_features(self) -> Result<Vec<AutomatedRun>, ClientError> {
        let query = Runs::in_suite_run(self.suite_run);
        let (collection, select) = self.client.runs().features();
        let list = collection.list().select(select).matching(query);
        let features = match list.all().await {
            Ok(features) => features,
            // A server without features has no such collection.
            Err(error) if error.is_not_found() && !error.is_retryable() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if features.is_empty() {
            return self.all().await;
        }
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        let mut runs = Self { skip: 0, ..self }.all().await?;
        let features = features.into_iter();
        // What has not the fields of a run is not one.
        runs.extend(features.filter_map(|run| run.into_typed::<AutomatedRun>().ok()));
        runs.sort_by_key(|run| run.id);
        Ok(runs.into_iter().skip(skip).collect())
    }

    /// All runs.
    pub async fn all(self) -> Result<Vec<AutomatedRun>, ClientError> {
        self.stream().try_collect().await
    }
}
