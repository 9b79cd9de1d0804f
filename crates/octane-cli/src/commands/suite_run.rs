//! `octane suite-run`

use octane_client::Client;
use octane_model::{Reference, SuiteRun};
use serde_json::{Value, json};

use super::named;
use crate::args::SuiteRunCommand;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Output, table};

pub(super) async fn run(
    command: SuiteRunCommand,
    client: &Client,
    output: Output,
) -> Outcome<Exit> {
    match command {
        SuiteRunCommand::Get { suite_run, suite } => {
            let run = named::suite_run(client, &suite_run, suite.as_deref()).await?;
            output.answer(|| rows(std::slice::from_ref(&run)), &value(&run))?;
        }
        SuiteRunCommand::List { suite } => {
            let suite = match suite {
                Some(suite) => Some(named::suite(client, &suite).await?.id),
                None => None,
            };
            let runs = client.suite_runs().list(suite).await?;
            let values: Vec<Value> = runs.iter().map(value).collect();
            output.answer(|| rows(&runs), &values)?;
        }
    }
    Ok(Exit::Success)
}

fn value(run: &SuiteRun) -> Value {
    json!({
        "type": "run_suite",
        "id": run.id,
        "name": run.name,
        "suite": run.test.as_ref().map(|suite| suite.id.as_str()),
        "status": status(run.status.as_ref()),
    })
}

fn rows(runs: &[SuiteRun]) -> String {
    let rows = runs.iter().map(|run| {
        let suite = run
            .test
            .as_ref()
            .map(|suite| suite.id.to_string())
            .unwrap_or_default();
        [
            run.id.to_string(),
            suite,
            status(run.status.as_ref()).to_owned(),
            run.name.clone(),
        ]
    });
    table(&["ID", "SUITE", "STATUS", "NAME"], rows)
}

/// `passed` for `list_node.run_status.passed`.
pub(super) fn status(status: Option<&Reference>) -> &str {
    status
        .and_then(|status| status.id.as_str().rsplit('.').next())
        .unwrap_or_default()
}
