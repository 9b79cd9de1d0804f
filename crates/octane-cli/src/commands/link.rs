//! `octane link` and `octane unlink`

use std::collections::BTreeSet;

use octane_client::{Client, LinkLevel, LinkReport};
use octane_model::{RunId, WorkItemId};
use serde_json::{Value, json};

use super::named;
use crate::args::LinkArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// What is done to the links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Link,
    Unlink,
}

pub(super) async fn run(
    args: &LinkArgs,
    change: Change,
    client: &Client,
    output: Output,
) -> Outcome<Exit> {
    let stories = stories(args, client, output).await?;
    let runs = runs(args, client).await?;
    let mut exit = if stories.is_complete {
        Exit::Success
    } else {
        Exit::LinksIncomplete
    };
    let mut values = Vec::new();
    let mut lines = Vec::new();
    for story in stories.ids {
        let report = match change {
            Change::Link => client.links().link(story, &runs).await?,
            Change::Unlink => client.links().unlink(story, &runs).await?,
        };
        for failure in &report.failed {
            output.say(&format!("! {}: {}", failure.id, failure.problem));
            exit = Exit::LinksIncomplete;
        }
        lines.push(line(story, change, &report));
        values.push(value(story, &report));
    }
    output.answer(|| lines.join("\n"), &values)?;
    Ok(exit)
}

struct Stories {
    ids: BTreeSet<WorkItemId>,
    is_complete: bool,
}

/// The stories that were named, by id or by Jira key.
async fn stories(args: &LinkArgs, client: &Client, output: Output) -> Outcome<Stories> {
    let mut ids: BTreeSet<WorkItemId> = args.story.iter().copied().map(WorkItemId::new).collect();
    let mut is_complete = true;
    if !args.jira.is_empty() {
        let resolution = client.jira().resolve(&args.jira).await?;
        ids.extend(resolution.found.values().map(|item| item.id));
        for key in &resolution.missing {
            output.say(&format!("! Jira key {key} stands on no backlog item"));
        }
        for (key, items) in &resolution.ambiguous {
            let items: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
            output.say(&format!(
                "! Jira key {key} stands on several: choose one with `--story {}`",
                items.join("|")
            ));
        }
        is_complete = resolution.missing.is_empty() && resolution.ambiguous.is_empty();
    }
    if ids.is_empty() {
        return Err(Failure::message(
            Exit::Refused,
            "none of the Jira keys stands on exactly one backlog item",
        ));
    }
    Ok(Stories { ids, is_complete })
}

async fn runs(args: &LinkArgs, client: &Client) -> Outcome<Vec<RunId>> {
    let Some(suite_run) = &args.suite_run else {
        return Ok(args.runs.iter().copied().map(RunId::new).collect());
    };
    let suite_run = named::suite_run(client, suite_run, args.suite.as_deref()).await?;
    let runs = client.runs().of(suite_run.id).skip(args.skip).all().await?;
    Ok(runs.into_iter().map(|run| run.id).collect())
}

fn line(story: WorkItemId, change: Change, report: &LinkReport) -> String {
    let what = match report.level {
        LinkLevel::Runs => "runs",
        LinkLevel::Tests => "tests (this workspace's runs have no editable field for stories)",
    };
    let (done, before) = match change {
        Change::Link => ("linked", "linked before"),
        Change::Unlink => ("unlinked", "not linked before"),
    };
    let LinkReport {
        changed,
        unchanged,
        failed,
        ..
    } = report;
    format!(
        "story {story}: {changed} {what} {done}, {unchanged} {before}, {} failed",
        failed.len()
    )
}

fn value(story: WorkItemId, report: &LinkReport) -> Value {
    let failed = report
        .failed
        .iter()
        .map(|failure| json!({ "id": failure.id, "message": failure.problem.to_string() }));
    json!({
        "story": story,
        "level": report.level,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "failed": failed.collect::<Vec<_>>(),
    })
}
