//! Finding the automated runs that results became.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, EntityId, Query, References, Resource, SuiteRun, TestId};
use octane_results::Identity;

use crate::links::{LinkField, LinkLevel};
use crate::plan::Row;
use crate::{Client, ClientError, Target};

/// The automated runs of a suite run, by what makes a run the same run.
#[derive(Debug)]
pub(crate) struct Ingested {
    pub(crate) suite_run: SuiteRun,
    runs: HashMap<RunKey, Vec<IngestedRun>>,
    pub(crate) total: usize,
}

/// Module, package, class and name of the test, and the name of the run (ALM test result collection
/// tool, readme).
type RunKey = (Identity, String);

/// One automated run.
#[derive(Debug)]
pub(crate) struct IngestedRun {
    pub(crate) id: EntityId,
    pub(crate) test: Option<TestId>,
    status: Option<EntityId>,
    started_ms: Option<i64>,
    /// The stories that the run carries, where runs can be linked.
    pub(crate) links: Option<References>,
}

impl Ingested {
    /// Reads all runs of the suite run in pages, with their links where `field` says that runs have any.
    pub(crate) async fn read(
        client: &Client,
        target: &Target,
        field: Option<&LinkField>,
    ) -> Result<Self, ClientError> {
        let suite = target.suite.id;
        let suite_run = client.suite_runs().find(&target.suite_run, suite).await?;
        let suite_run = suite_run.ok_or_else(|| ClientError::NoSuiteRun {
            suite,
            name: target.suite_run.clone(),
        })?;
        let mut ingested = Self {
            suite_run,
            runs: HashMap::new(),
            total: 0,
        };
        ingested.read_runs(client, field).await?;
        Ok(ingested)
    }

    async fn read_runs(
        &mut self,
        client: &Client,
        field: Option<&LinkField>,
    ) -> Result<(), ClientError> {
        let linked = field.filter(|field| field.level == LinkLevel::Runs);
        let mut select = AutomatedRun::select();
        if let Some(field) = linked {
            select = select.with(&field.name);
        }
        let query = Query::field("parent_suite").refers_to_id(self.suite_run.id);
        let list = client.endpoint.collection(AutomatedRun::COLLECTION).list();
        let mut entities = std::pin::pin!(list.matching(query).select(select).stream());
        while let Some(entity) = entities.try_next().await? {
            let links = linked.map(|field| entity.references(&field.name));
            let Some(id) = entity.id.clone() else {
                continue;
            };
            let Ok(run) = entity.into_typed::<AutomatedRun>() else {
                continue;
            };
            self.total += 1;
            let started_ms = run.started.as_deref().and_then(milliseconds);
            let key = key_of(&run);
            let run = IngestedRun {
                id,
                test: run.test.map(|test| test.id),
                status: run.native_status.map(|status| status.id),
                started_ms,
                links,
            };
            self.runs.entry(key).or_default().push(run);
        }
        Ok(())
    }

    /// The runs that hold the result `row`.
    ///
    /// There may be several: Octane keeps one for each release, milestone, program and environment. Where
    /// the time at which the test started tells them apart, it does.
    pub(crate) fn of(&self, row: &Row) -> Vec<&IngestedRun> {
        let key = (row.identity.clone(), row.run_name().to_owned());
        let all = self.runs.get(&key).map(Vec::as_slice).unwrap_or_default();
        let started = row.started.map(jiff::Timestamp::as_millisecond);
        let same: Vec<_> = all
            .iter()
            .filter(|run| started.is_some() && run.started_ms == started)
            .collect();
        if same.is_empty() {
            all.iter().collect()
        } else {
            same
        }
    }

    /// Whether one of the runs shows this very result, and not an earlier one of the same test.
    pub(crate) fn shows(&self, row: &Row) -> bool {
        let status = format!(
            "list_node.run_native_status.{}",
            row.status.as_str().to_lowercase()
        );
        let started = row.started.map(jiff::Timestamp::as_millisecond);
        self.of(row).iter().any(|run| {
            let is_status = run
                .status
                .as_ref()
                .is_none_or(|id| id.as_str() == status || !id.as_str().contains('.'));
            is_status && (started.is_none() || run.started_ms == started)
        })
    }
}

fn key_of(run: &AutomatedRun) -> RunKey {
    let identity = Identity {
        module: run.component.clone().unwrap_or_default(),
        package: run.package.clone().unwrap_or_default(),
        class: run.class_name.clone().unwrap_or_default(),
        name: run.test_name.clone().unwrap_or_else(|| run.name.clone()),
    };
    (identity, run.name.clone())
}

fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}
