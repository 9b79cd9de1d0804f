//! `octane suite-run`

use octane_client::{Client, ClientError, SuiteRuns, suite_run_name};
use octane_model::{ReleaseId, SuiteId, SuiteRun};
use octane_results::Release;
use serde_json::{Value, json};

use super::changes::{self, Change};
use super::entity::{Answer, Shown, id_of, status};
use super::list::Filter;
use super::lookup::Lookup;
use super::preparation::find_release;
use super::similar::check_not_existing;
use crate::args::SuiteRunCommand;
use crate::exit::Exit;
use crate::failure::Result;
use crate::names;
use crate::output::Output;

pub(super) async fn run(command: SuiteRunCommand, client: &Client, output: Output) -> Result<Exit> {
    let suite_runs = client.suite_runs();
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
        SuiteRunCommand::Create(args) => {
            let name = &*suite_run_name(names::required("NAME", &args.name)?);
            let suite = lookup.suite("--suite", &args.suite).await?.id;
            let existing = suite_runs.find(name, suite).await?;
            check_not_existing(existing.as_ref(), "use it, or choose another name")?;
            let release = release(&args.release, client).await?;
            if args.dry_run.dry_run {
                return would_create(name, suite, output);
            }
            Answer::Created(suite_runs.create(name, suite, Some(release)).await?)
        }
        SuiteRunCommand::Ensure(args) => {
            let name = &*suite_run_name(names::required("NAME", &args.name)?);
            let suite = lookup.suite("--suite", &args.suite).await?.id;
            match suite_runs.find(name, suite).await? {
                Some(existing) => return changes::ensured(existing, args.dry_run.dry_run, output),
                None => {
                    let release = release(&args.release, client).await?;
                    if args.dry_run.dry_run {
                        return would_create(name, suite, output);
                    }
                    Answer::Ensured(suite_runs.ensure(name, suite, Some(release)).await?)
                }
            }
        }
        // It is not about a server alone, and is started elsewhere.
        SuiteRunCommand::Close(_) => return Ok(Exit::Internal),
    };
    answer.show(output)
}

fn would_create(name: &str, suite: SuiteId, output: Output) -> Result<Exit> {
    let change = Change::create_in_suite::<SuiteRun>(name, suite);
    changes::show(&[change], output)
}

/// The release with an ID or a name, or the default one.
async fn release(text: &str, client: &Client) -> Result<ReleaseId> {
    let text = names::required("--release", text)?;
    let releases = client.releases();
    if text == "default" || text == Release::DEFAULT {
        let default = releases.find_default().await?;
        return Ok(default.ok_or(ClientError::NoDefaultRelease)?.id);
    }
    if let Ok(id) = text.parse::<ReleaseId>() {
        return Ok(releases.get(id).await?.id);
    }
    Ok(find_release(client, text).await?.id)
}

impl Shown for SuiteRun {
    const ONE: &'static str = "octane.suite_run/1";
    const MANY: (&'static str, &'static str) = ("octane.suite_runs/1", "suite_runs");
    const IS_CREATED: bool = true;
    const COLUMNS: &'static [&'static str] = &["SUITE", "STATUS"];

    fn label() -> String {
        Self::noun()
    }

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
