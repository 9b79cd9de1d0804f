//! `octane suite-run`

use octane_client::{Client, SuiteRuns};
use octane_model::SuiteRun;
use serde_json::{Value, json};

use super::entity::{Answer, Shown, id_of, status};
use super::list::Filter;
use super::lookup::Lookup;
use crate::args::SuiteRunCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;

pub(super) async fn run(command: SuiteRunCommand, client: &Client, output: Output) -> Result<Exit> {
    let lookup = Lookup::new(client, output);
    let answer = match command {
        SuiteRunCommand::Get { suite_run, suite } => {
            let suite_run = lookup.suite_run("ID|NAME", &suite_run, suite.as_deref());
            Answer::One(suite_run.await?)
        }
        SuiteRunCommand::List {
            suite,
            status,
            since,
        } => {
            let suite = match suite {
                Some(suite) => Some(lookup.suite("--suite", &suite).await?.id),
                None => None,
            };
            let filter = Filter::default()
                .matching(suite.map(SuiteRuns::in_suite))
                .status("status", "list_node.run_status", &status)
                .since(since);
            return filter.show::<SuiteRun>(client, output).await;
        }
        // It is not about a server alone, and is started elsewhere.
        SuiteRunCommand::Close(_) => return Ok(Exit::Internal),
    };
    answer.show(output)
}

impl Shown for SuiteRun {
    const ONE: &'static str = "octane.suite_run/1";
    const MANY: (&'static str, &'static str) = ("octane.suite_runs/1", "suite_runs");
    const COLUMNS: &'static [&'static str] = &["SUITE", "STATUS"];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cells(&self) -> Vec<String> {
        [id_of(self.test.as_ref()), status(self.status.as_ref())]
            .map(|cell| cell.unwrap_or_default().to_owned())
            .into()
    }

    fn details(&self) -> Value {
        json!({ "suite": id_of(self.test.as_ref()), "status": status(self.status.as_ref()) })
    }
}
