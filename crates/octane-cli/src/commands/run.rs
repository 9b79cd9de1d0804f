//! `octane run`

use octane_client::{Client, Runs};
use octane_model::AutomatedRun;
use serde_json::{Value, json};

use super::entity::{Answer, Shown, status, text};
use super::list::Filter;
use super::lookup::Lookup;
use crate::args::RunCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

pub(super) async fn run(command: RunCommand, client: &Client, output: Output) -> Result<Exit> {
    let answer = match command {
        RunCommand::Get { id } => Answer::One(client.runs().get(id).await?),
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
            return filter.show::<AutomatedRun>(client, output).await;
        }
    };
    answer.show(output)
}

impl Shown for AutomatedRun {
    const ONE: &'static str = "octane.run/1";
    const MANY: (&'static str, &'static str) = ("octane.runs/1", "runs");
    const COLUMNS: &'static [&'static str] = &["STATUS", "TEST"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cells(&self) -> Vec<String> {
        let status = status(self.native_status.as_ref()).unwrap_or_default();
        let parts = [&self.component, &self.package, &self.class_name];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        vec![status.to_owned(), parts.join(".")]
    }

    fn details(&self) -> Value {
        let part = |part: &Option<String>| part.as_deref().and_then(text).map(str::to_owned);
        json!({
            "test": self.test.as_ref().map(|test| test.id.to_string()),
            "module": part(&self.component),
            "package": part(&self.package),
            "class": part(&self.class_name),
            "status": status(self.native_status.as_ref()),
            "started_at": part(&self.started),
        })
    }
}
