//! `octane suite`

use octane_client::Client;
use octane_model::TestSuite;
use serde_json::{Value, json};

use super::named;
use crate::args::SuiteCommand;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::output::{Output, table};

pub(super) async fn run(command: SuiteCommand, client: &Client, output: Output) -> Outcome<Exit> {
    match command {
        SuiteCommand::Get { suite } => {
            let suite = named::suite(client, &suite).await?;
            output.answer(|| rows(std::slice::from_ref(&suite)), &value(&suite))?;
        }
        SuiteCommand::List { module } => {
            let module = named::module_id(client, module.as_deref()).await?;
            let suites = client.suites().list(module).await?;
            let values: Vec<Value> = suites.iter().map(value).collect();
            output.answer(|| rows(&suites), &values)?;
        }
        SuiteCommand::Create { name, module } => {
            let module = named::module_id(client, module.as_deref()).await?;
            let suite = client.suites().create(&name, module).await?;
            output.answer(|| rows(std::slice::from_ref(&suite)), &value(&suite))?;
        }
        SuiteCommand::Ensure { name, module } => {
            let module = named::module_id(client, module.as_deref()).await?;
            let ensured = client.suites().ensure(&name, module).await?;
            for suite in &ensured.created {
                output.say(&format!("created test suite {} ({})", suite.name, suite.id));
            }
            let mut json = value(&ensured.entity);
            json["created"] = ensured.created.iter().map(value).collect();
            output.answer(|| rows(std::slice::from_ref(&ensured.entity)), &json)?;
        }
    }
    Ok(Exit::Success)
}

fn value(suite: &TestSuite) -> Value {
    json!({ "type": "test_suite", "id": suite.id, "name": suite.name, "modules": modules(suite) })
}

fn rows(suites: &[TestSuite]) -> String {
    let rows = suites.iter().map(|suite| {
        let modules = modules(suite).join(",");
        [suite.id.to_string(), modules, suite.name.clone()]
    });
    table(&["ID", "MODULES", "NAME"], rows)
}

fn modules(suite: &TestSuite) -> Vec<&str> {
    let areas = suite.product_areas.data.iter();
    areas.map(|area| area.id.as_str()).collect()
}
