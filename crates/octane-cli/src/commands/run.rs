//! `octane run`

use octane_client::Client;
use octane_model::{AutomatedRun, RunId};
use serde_json::{Value, json};

use super::named;
use super::suite_run::status;
use crate::args::RunCommand;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Output, table};

pub(super) async fn run(command: RunCommand, client: &Client, output: Output) -> Outcome<Exit> {
    match command {
        RunCommand::Get { id } => {
            let run = client.runs().get(RunId::new(id)).await?;
            output.answer(|| rows(std::slice::from_ref(&run)), &value(&run))?;
        }
        RunCommand::List { suite_run } => {
            let found =
                named::suite_run(client, &suite_run.suite_run, suite_run.suite.as_deref()).await?;
            let runs = client
                .runs()
                .of(found.id)
                .skip(suite_run.skip)
                .all()
                .await?;
            let values: Vec<Value> = runs.iter().map(value).collect();
            output.answer(|| rows(&runs), &values)?;
        }
    }
    Ok(Exit::Success)
}

fn value(run: &AutomatedRun) -> Value {
    json!({
        "type": "run_automated",
        "id": run.id,
        "name": run.name,
        "test": run.test.as_ref().map(|test| test.id),
        "module": run.component,
        "package": run.package,
        "class": run.class_name,
        "status": status(run.native_status.as_ref()),
        "started": run.started,
    })
}

fn rows(runs: &[AutomatedRun]) -> String {
    let rows = runs.iter().map(|run| {
        let place = [&run.component, &run.package, &run.class_name];
        let place: Vec<&str> = place
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let status = status(run.native_status.as_ref()).to_owned();
        [
            run.id.to_string(),
            status,
            place.join("."),
            run.name.clone(),
        ]
    });
    table(&["ID", "STATUS", "TEST", "NAME"], rows)
}
