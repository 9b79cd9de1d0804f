//! `octane link` and `octane unlink`

use std::collections::BTreeSet;

use octane_client::{Client, LinkLevel, LinkOutcome, ReportedProblem, Resolution};
use octane_model::plural::plural;
use octane_model::{RunId, WorkItemId};
use serde_json::{Value, json};

use super::lookup::Lookup;
use crate::args::LinkArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text};

/// How the links change.
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
) -> Result<Exit> {
    let keys = client.jira().resolve(&args.jira).await?;
    let mut problems = Vec::new();
    report_unresolved(&keys, &mut problems, output);
    let stories = args.story.iter().copied();
    let stories: BTreeSet<WorkItemId> = stories
        .chain(keys.found.values().map(|item| item.id))
        .collect();
    if stories.is_empty() {
        let message = "nothing was changed: no Jira key matches exactly one backlog item";
        return Err(Failure::message(Exit::Refused, message)
            .hint("give the ID of the backlog item with `--story`"));
    }
    let runs = runs(args, client, output).await?;
    let mut is_complete = keys.missing.is_empty() && keys.ambiguous.is_empty();
    let mut values = Vec::new();
    let mut lines = Vec::new();
    let is_dry_run = args.dry_run.dry_run;
    for story in stories {
        let api = client.links();
        let outcome = match (change, is_dry_run) {
            (Change::Link, false) => api.link(story, &runs).await?,
            (Change::Link, true) => api.would_link(story, &runs).await?,
            (Change::Unlink, false) => api.unlink(story, &runs).await?,
            (Change::Unlink, true) => api.would_unlink(story, &runs).await?,
        };
        for failure in &outcome.failed {
            let message = format!("{}: {}", failure.id, failure.problem);
            let code = match change {
                Change::Link => "unlinked",
                Change::Unlink => "still_linked",
            };
            report(&mut problems, output, code, message);
        }
        is_complete &= outcome.failed.is_empty();
        lines.push(line(story, change, is_dry_run, &outcome));
        values.push(value(story, &outcome));
    }
    let json = json!({
        "schema": "octane.links/1",
        "is_dry_run": is_dry_run,
        "stories": values,
        "unknown": keys.missing,
        "ambiguous": keys.ambiguous.keys().collect::<Vec<_>>(),
        "problems": problems,
    });
    output.answer(|| Text::lines(&lines), &json)?;
    Ok(if is_complete {
        Exit::Success
    } else {
        Exit::LinksIncomplete
    })
}

fn report_unresolved(keys: &Resolution, problems: &mut Vec<ReportedProblem>, output: Output) {
    for key in &keys.missing {
        let message = format!("Jira key {key} matches no backlog item");
        report(problems, output, "unknown_key", message);
    }
    for (key, items) in &keys.ambiguous {
        let choices: Vec<String> = items
            .iter()
            .map(|item| format!("`--story {}`", item.id))
            .collect();
        let message = format!(
            "Jira key {key} matches several backlog items; pick one with {}",
            choices.join(" or ")
        );
        report(problems, output, "ambiguous_key", message);
    }
}

/// Prints a problem, and adds it to those of the answer.
fn report(
    problems: &mut Vec<ReportedProblem>,
    output: Output,
    code: &'static str,
    message: String,
) {
    output.say(&format!("! {message}"));
    problems.push(ReportedProblem::new(code, message));
}

async fn runs(args: &LinkArgs, client: &Client, output: Output) -> Result<Vec<RunId>> {
    let Some(suite_run) = &args.suite_run else {
        return Ok(args.runs.clone());
    };
    let lookup = Lookup::new(client, output);
    let suite_run = lookup.suite_run("--suite-run", suite_run, args.suite.as_deref());
    let suite_run = suite_run.await?;
    let runs = client.runs().of(suite_run.id).skip(args.skip).all().await?;
    Ok(runs.into_iter().map(|run| run.id).collect())
}

fn line(story: WorkItemId, change: Change, is_dry_run: bool, outcome: &LinkOutcome) -> String {
    let (holder, note) = match outcome.level {
        LinkLevel::Runs => ("run", ""),
        LinkLevel::Tests => (
            "test",
            " (runs in this workspace have no editable field for stories)",
        ),
    };
    let (done, unchanged) = match (change, is_dry_run) {
        (Change::Link, false) => ("linked", "already linked"),
        (Change::Link, true) => ("would be linked", "already linked"),
        (Change::Unlink, false) => ("unlinked", "had no link"),
        (Change::Unlink, true) => ("would be unlinked", "have no link"),
    };
    format!(
        "story {story}: {} {done}, {} {unchanged}, {} failed{note}",
        plural(outcome.changed, holder),
        outcome.unchanged,
        outcome.failed.len()
    )
}

fn value(story: WorkItemId, outcome: &LinkOutcome) -> Value {
    let failed = outcome.failed.iter().map(|failure| &failure.id);
    json!({
        "story": story.to_string(),
        "level": outcome.level,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "failed": outcome.failed.len(),
        "failed_ids": failed.collect::<Vec<_>>(),
    })
}
