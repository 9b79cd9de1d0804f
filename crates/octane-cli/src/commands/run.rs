//! `octane run`

use octane_client::{Client, ClientError, Runs};
use octane_model::{AutomatedRun, EntityId, Resource, RunId, Select};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entity::{Answer, Shown, status, text};
use super::list::Filter;
use super::lookup::Lookup;
use crate::args::RunCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

pub(super) async fn run(command: RunCommand, client: &Client, output: Output) -> Result<Exit> {
    let answer = match command {
        RunCommand::Get { id } => Answer::One(get(id, client).await?),
        RunCommand::List {
            suite_run,
            suite,
            skip,
            status,
            since,
        } => {
            let lookup = Lookup::new(client, output);
            let suite_run = lookup.suite_run("--suite-run", &suite_run, suite.as_deref());
            let suite_run = suite_run.await?;
            let filter = Filter::default()
                .matching(Some(Runs::in_suite_run(suite_run.id)))
                .status("native_status", "list_node.run_native_status", &status)
                .since(since)
                .skip(skip);
            let features = client.runs().features();
            return filter.show_both::<AnyRun>(client, features, output).await;
        }
        RunCommand::Create(_) | RunCommand::Ensure(_) => return Err(not_created()),
    };
    answer.show(output)
}

/// The collection of automated runs has no POST in the metadata of a server, and the one of all runs is only known to take suite runs
/// and manual ones.
pub(super) fn not_created() -> Failure {
    let message = "automated runs cannot be created one by one: Octane makes them from test results, and plans them with suite runs";
    Failure::message(Exit::Usage, message).hint(
        "`octane upload` sends results, also a table with a single line; `octane suite-run create` plans a run for each test \
         that is a member of a suite",
    )
}

/// The run of a test, or of a feature.
#[derive(Debug, Deserialize)]
struct AnyRun {
    #[serde(flatten)]
    run: AutomatedRun,
    #[serde(rename = "type", default)]
    entity_type: String,
}

impl Resource for AnyRun {
    const TYPE: &'static str = AutomatedRun::TYPE;
    const COLLECTION: &'static str = AutomatedRun::COLLECTION;

    fn select() -> Select {
        AutomatedRun::select()
    }
}

/// The run with this ID, of either kind.
async fn get(id: RunId, client: &Client) -> Result<AnyRun> {
    let unknown = match client.runs().get(id).await {
        Ok(run) => {
            let entity_type = AutomatedRun::TYPE.to_owned();
            return Ok(AnyRun { run, entity_type });
        }
        Err(error @ ClientError::UnknownId { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let (features, select) = client.runs().features();
    let feature = match features.select(select).get(EntityId::from(id)).await {
        Ok(feature) => feature.into_typed().ok(),
        Err(error) if error.is_not_found() && !error.is_retryable() => None,
        Err(error) => return Err(error.into()),
    };
    feature.ok_or_else(|| unknown.into())
}

impl Shown for AnyRun {
    const ONE: &'static str = "octane.run/1";
    const MANY: (&'static str, &'static str) = ("octane.runs/1", "runs");
    const COLUMNS: &'static [&'static str] = &["STATUS", "TEST"];

    fn entity_type(&self) -> &str {
        &self.entity_type
    }

    fn id(&self) -> String {
        self.run.id.to_string()
    }

    fn name(&self) -> &str {
        &self.run.name
    }

    fn cells(&self) -> Vec<String> {
        let run = &self.run;
        let status = status(run.native_status.as_ref()).unwrap_or_default();
        let parts = [&run.component, &run.package, &run.class_name];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        vec![status.to_owned(), parts.join(".")]
    }

    fn details(&self) -> Value {
        let run = &self.run;
        let part = |part: &Option<String>| part.as_deref().and_then(text).map(str::to_owned);
        json!({
            "test": run.test.as_ref().map(|test| test.id.to_string()),
            "module": part(&run.component),
            "package": part(&run.package),
            "class": part(&run.class_name),
            "status": status(run.native_status.as_ref()),
            "started_at": part(&run.started),
        })
    }
}
