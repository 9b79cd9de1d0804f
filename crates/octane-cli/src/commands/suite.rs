//! `octane suite`

use octane_client::Client;
use octane_model::TestSuite;
use serde_json::{Value, json};

use super::entity::{Answer, Shown};
use super::lookup;
use crate::args::SuiteCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

pub(super) async fn run(command: SuiteCommand, client: &Client, output: Output) -> Result<Exit> {
    let suites = client.suites();
    let answer = match command {
        SuiteCommand::Get { suite } => Answer::One(lookup::suite(client, &suite).await?),
        SuiteCommand::List { module } => {
            let module = lookup::module_id(client, module.as_deref()).await?;
            Answer::Many(suites.list(module).await?)
        }
        SuiteCommand::Create { name, module } => {
            let module = lookup::module_id(client, module.as_deref()).await?;
            Answer::Created(suites.create(&name, module).await?)
        }
        SuiteCommand::Ensure { name, module } => {
            let module = lookup::module_id(client, module.as_deref()).await?;
            Answer::Ensured(suites.ensure(&name, module).await?)
        }
    };
    answer.show(output)
}

impl Shown for TestSuite {
    const ONE: &'static str = "octane.suite/1";
    const MANY: (&'static str, &'static str) = ("octane.suites/1", "suites");
    const IS_CREATED: bool = true;
    const COLUMNS: &'static [&'static str] = &["MODULES"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cells(&self) -> Vec<String> {
        vec![modules(self).join(",")]
    }

    fn details(&self) -> Value {
        json!({ "modules": modules(self) })
    }
}

fn modules(suite: &TestSuite) -> Vec<&str> {
    let areas = suite.product_areas.data.iter();
    areas.map(|area| area.id.as_str()).collect()
}
