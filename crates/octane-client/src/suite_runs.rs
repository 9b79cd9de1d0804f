//! Suite runs.

use octane_model::{
    Entity, EntityId, Query, Reference, ReleaseEntity, ReleaseId, Resource, SuiteId, SuiteRun,
    SuiteRunId, TestSuite,
};

use crate::client::Client;
use crate::ensure::{Ensured, Removable, ensure};
use crate::error::ClientError;
use crate::id_or_name::{self, IdOrName, Meaning};
use crate::likeness::Similar;
use crate::name::suite_run_name;
use crate::named_entity;

/// The status of a suite run whose tests have not run. That the ID of the list value is its name holds for servers since 12.60.60.
pub(crate) const PLANNED: &str = "list_node.run_native_status.planned";

/// Suite runs: one execution of a suite each.
///
/// An upload makes its suite run exist, so most programs create none.
///
/// Names are looked up as uploads send them; see [`suite_run_name`].
pub struct SuiteRuns<'a> {
    client: &'a Client,
}

impl Client {
    /// Suite runs.
    pub fn suite_runs(&self) -> SuiteRuns<'_> {
        SuiteRuns { client: self }
    }
}

impl SuiteRuns<'_> {
    /// The suite run with this id; an error if it does not exist.
    pub async fn get(&self, id: SuiteRunId) -> Result<SuiteRun, ClientError> {
        named_entity::get(self.client, id).await
    }

    /// The suite run `name` of `suite`; if several have the name, the newest.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// octane.upload([TestRun::new("pays", Status::Passed)], Target::new(suite, "nightly-1")).send().await?.into_result()?;
    /// let suite_run = octane.suite_runs().find("nightly-1", suite).await?;
    /// assert_eq!(suite_run.unwrap().name, "nightly-1");
    /// # Ok(()) }) }
    /// ```
    pub async fn find(&self, name: &str, suite: SuiteId) -> Result<Option<SuiteRun>, ClientError> {
        let name = &suite_run_name(name);
        let runs: Vec<SuiteRun> =
            named_entity::list_named(self.client, name, of_suite(Some(suite))).await?;
        Ok(runs.into_iter().max_by_key(|run| run.id))
    }

    /// The suite run `name` of any suite; an error if there are several.
    pub async fn find_in_any_suite(&self, name: &str) -> Result<Option<SuiteRun>, ClientError> {
        named_entity::find_only(self.client, &suite_run_name(name), None).await
    }

    /// The suite run with the ID `text`, or of the name `text` if no suite run has that ID; see [`IdOrName`]. If `suite`
    /// is given, only its suite runs count, and the newest of several of one name; otherwise those are an error.
    pub async fn find_id_or_name(
        &self,
        text: &str,
        suite: Option<SuiteId>,
    ) -> Result<Option<IdOrName<SuiteRun>>, ClientError> {
        let name = &suite_run_name(text);
        let named = match id_or_name::find::<SuiteRun>(self.client, name, of_suite(suite)).await? {
            Meaning::Id(found) => return Ok(Some(found)),
            Meaning::Name(found) if suite.is_some() => found.into_iter().max_by_key(|run| run.id),
            Meaning::Name(found) => named_entity::only(name, found)?,
        };
        Ok(named.map(IdOrName::named))
    }

    /// Creates a planned suite run of `suite` in `release`, or in the workspace's default release. The server plans a run for each test
    /// that is a member of the suite.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let planned = octane.suite_runs().create("nightly-1", suite, None).await?;
    /// assert_eq!(planned.status.unwrap().id.as_str(), "list_node.run_status.planned");
    /// # Ok(()) }) }
    /// ```
    pub async fn create(
        &self,
        name: &str,
        suite: SuiteId,
        release: Option<ReleaseId>,
    ) -> Result<SuiteRun, ClientError> {
        let draft = self.draft(name, suite, release).await?;
        named_entity::create(self.client, &draft).await
    }

    /// The suite run `name` of `suite`, the newest if several have the name; [created](Self::create) if it does not exist.
    ///
    /// If other clients do the same at the same moment, all get the same suite run: the oldest one. A client that has created another one deletes
    /// it again, unless something has run in it.
    pub async fn ensure(
        &self,
        name: &str,
        suite: SuiteId,
        release: Option<ReleaseId>,
    ) -> Result<Ensured<SuiteRun>, ClientError> {
        if let Some(existing) = self.find(name, suite).await? {
            return Ok(Ensured::existing(existing));
        }
        let draft = self.draft(name, suite, release).await?;
        let scope = of_suite(Some(suite));
        ensure(self.client, &suite_run_name(name), scope, &draft).await
    }

    async fn draft(
        &self,
        name: &str,
        suite: SuiteId,
        release: Option<ReleaseId>,
    ) -> Result<Entity, ClientError> {
        let draft = named_entity::draft::<SuiteRun>(&suite_run_name(name))?;
        let release = match release {
            Some(release) => release,
            None => {
                let default = self.client.releases().find_default().await?;
                default.ok_or(ClientError::NoDefaultRelease)?.id
            }
        };
        let status = Reference::new("list_node", PLANNED);
        Ok(draft
            .set("subtype", SuiteRun::TYPE)
            .set_reference("test", &Reference::new(TestSuite::TYPE, suite))
            .set_reference("release", &Reference::new(ReleaseEntity::TYPE, release))
            .set_reference("native_status", &status))
    }

    /// Suite runs, of `suite` if one is given, whose names look like `name`: the most similar first, among the newest
    /// thousand; one request.
    pub async fn similar(
        &self,
        name: &str,
        suite: Option<SuiteId>,
    ) -> Result<Vec<Similar>, ClientError> {
        let name = &suite_run_name(name);
        named_entity::similar::<SuiteRun>(self.client, name, of_suite(suite)).await
    }

    /// The page of a suite run in Octane's web UI; `None` for a sandbox in this process, which ends with it.
    pub fn url(&self, id: SuiteRunId) -> Option<String> {
        if self.client.settings.sandbox.is_some() {
            return None;
        }
        let endpoint = &self.client.endpoint;
        let (address, workspace) = (endpoint.address(), endpoint.workspace());
        let (space, workspace) = (workspace.space, workspace.workspace);
        let page = format!("p={space}/{workspace}&entityType=run&id={id}");
        Some(format!("{address}/ui/entity-navigation?{page}"))
    }

    /// All suite runs, or those of `suite`, by id.
    pub async fn list(&self, suite: Option<SuiteId>) -> Result<Vec<SuiteRun>, ClientError> {
        named_entity::list(self.client, of_suite(suite)).await
    }
}

impl SuiteRuns<'_> {
    /// The query for the suite runs of a suite.
    pub fn in_suite(suite: SuiteId) -> Query {
        Query::field("test").refers_to_id(suite)
    }
}

impl Removable for SuiteRun {
    const REFERRERS: &'static [(&'static str, &'static str)] = &[("runs", "parent_suite")];

    /// The runs that the server plans for the tests of the suite. That it deletes them with the suite run is not documented.
    fn own_referrers() -> Option<Query> {
        Some(Query::field("native_status").refers_to_id(EntityId::from(PLANNED)))
    }
}

fn of_suite(suite: Option<SuiteId>) -> Option<Query> {
    suite.map(SuiteRuns::in_suite)
}
