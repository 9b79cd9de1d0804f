//! Suite runs.

use octane_model::{Order, Query, SuiteId, SuiteRun, SuiteRunId};

use crate::{Client, ClientError};

/// Suite runs: one execution of a suite each.
pub struct SuiteRuns<'a> {
    pub(crate) client: &'a Client,
}

impl SuiteRuns<'_> {
    /// The suite run with this id; an error if there is none.
    pub async fn get(&self, id: SuiteRunId) -> Result<SuiteRun, ClientError> {
        let found = self.client.endpoint.entities::<SuiteRun>().get(id).await;
        found.map_err(ClientError::looking_for("suite run", id))
    }

    /// The suite run `name` of `suite`; the newest where several have the name.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// octane.upload([TestRun::new("pays", Status::Passed)], Target::new(suite, "nightly-1")).send().await?;
    /// let suite_run = octane.suite_runs().find("nightly-1", suite).await?;
    /// assert_eq!(suite_run.unwrap().name, "nightly-1");
    /// # Ok(()) }) }
    /// ```
    pub async fn find(&self, name: &str, suite: SuiteId) -> Result<Option<SuiteRun>, ClientError> {
        let query = Query::field("name").is(name) & Query::field("test").refers_to_id(suite);
        let list = self.client.endpoint.entities::<SuiteRun>().list();
        let runs = list
            .matching(query)
            .order_by(Order::descending("id"))
            .all()
            .await?;
        // The server may compare without regard to case.
        Ok(runs.into_iter().find(|run| run.name == name))
    }

    /// The suite run `name` of whatever suite; an error if there are several.
    pub async fn find_in_any_suite(&self, name: &str) -> Result<Option<SuiteRun>, ClientError> {
        let list = self.client.endpoint.entities::<SuiteRun>().list();
        let mut found = list.matching(Query::field("name").is(name)).all().await?;
        found.retain(|run| run.name == name);
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(ClientError::Ambiguous {
                kind: "suite run",
                name: name.to_owned(),
                ids: found.iter().map(|run| run.id.into()).collect(),
            }),
        }
    }

    /// All suite runs, of `suite` where one is given, by id.
    pub async fn list(&self, suite: Option<SuiteId>) -> Result<Vec<SuiteRun>, ClientError> {
        let mut list = self.client.endpoint.entities::<SuiteRun>().list();
        if let Some(suite) = suite {
            list = list.matching(Query::field("test").refers_to_id(suite));
        }
        Ok(list.all().await?)
    }
}
