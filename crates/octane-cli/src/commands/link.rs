//! `octane link` and `octane unlink`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use octane_client::{Client, LinkLevel, LinkOutcome, ReportedProblem, Resolution, Runs};
use octane_model::plural::plural;
use octane_model::{AutomatedRun, RunId, WorkItemId};
use octane_results::JiraMap;
use serde_json::{Value, json};

use super::lookup::Lookup;
use crate::args::LinkArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text};

/// Stories with the runs that are linked to them, or unlinked.
type Stories = BTreeMap<WorkItemId, Vec<RunId>>;

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
    let mut problems = Vec::new();
    let (keys, stories) = match &args.map {
        Some(file) => mapped(file, args, client, &mut problems, output).await?,
        None => given(args, client, &mut problems, output).await?,
    };
    let mut is_complete = keys.missing.is_empty() && keys.ambiguous.is_empty();
    let mut values = Vec::new();
    let mut lines = Vec::new();
    let is_dry_run = args.dry_run.dry_run;
    for (story, runs) in stories {
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

/// The stories that are given, each with all runs.
async fn given(
    args: &LinkArgs,
    client: &Client,
    problems: &mut Vec<ReportedProblem>,
    output: Output,
) -> Result<(Resolution, Stories)> {
    let keys = client.jira().resolve(&args.jira).await?;
    report_unresolved(&keys, problems, output);
    let stories = args.story.iter().copied();
    let stories: BTreeSet<WorkItemId> = stories
        .chain(keys.found.values().map(|item| item.id))
        .collect();
    if stories.is_empty() {
        return Err(no_story("give the ID of the backlog item with `--story`"));
    }
    let runs: Vec<RunId> = match &args.suite_run {
        None => args.runs.clone(),
        Some(suite_run) => {
            let runs = runs(suite_run, args, client, output).await?;
            runs.into_iter().map(|run| run.id).collect()
        }
    };
    let stories = stories.into_iter().map(|story| (story, runs.clone()));
    Ok((keys, stories.collect()))
}

/// The stories of a table of Jira keys, each with the runs whose tests have its key there.
async fn mapped(
    file: &Path,
    args: &LinkArgs,
    client: &Client,
    problems: &mut Vec<ReportedProblem>,
    output: Output,
) -> Result<(Resolution, Stories)> {
    let map = JiraMap::read(file)
        .map_err(|error| Failure::new(Exit::Configuration, error).context("`--map`"))?;
    let suite_run = args.suite_run.as_deref().unwrap_or_default();
    let runs = runs(suite_run, args, client, output).await?;
    let mut by_key: BTreeMap<String, Vec<RunId>> = BTreeMap::new();
    for run in runs {
        for key in map.keys(&Runs::identity(&run)) {
            by_key.entry(key).or_default().push(run.id);
        }
    }
    for warning in map.warnings().cloned().chain(map.unused()) {
        output.say(&format!("warning: {warning}"));
    }
    let keys = client.jira().resolve(by_key.keys()).await?;
    report_unresolved(&keys, problems, output);
    let mut stories = Stories::new();
    for (key, item) in &keys.found {
        let runs = by_key.get(key).into_iter().flatten();
        stories.entry(item.id).or_default().extend(runs);
    }
    if stories.is_empty() {
        return Err(no_story(
            "`octane run list` shows the tests of the suite run, and `octane jira resolve` what keys match",
        ));
    }
    Ok((keys, stories))
}

fn no_story(hint: &str) -> Failure {
    let message = "nothing was changed: no Jira key matches exactly one backlog item";
    Failure::message(Exit::Refused, message).hint(hint)
}

/// The runs of a suite run, of tests and of features.
async fn runs(
    suite_run: &str,
    args: &LinkArgs,
    client: &Client,
    output: Output,
) -> Result<Vec<AutomatedRun>> {
    let lookup = Lookup::new(client, output);
    let suite_run = lookup.suite_run("--suite-run", suite_run, args.suite.as_deref());
    let suite_run = suite_run.await?;
    let runs = client.runs().of(suite_run.id).skip(args.skip);
    Ok(runs.all_with_features().await?)
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
