//! `octane link` and `octane unlink`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use octane_client::{Client, LinkLevel, LinkOutcome, ReportedProblem, Resolution, Runs};
use octane_model::plural::plural;
use octane_model::{AutomatedRun, RunId, WorkItemId};
use octane_results::JiraMap;
use serde_json::{Value, json};

use super::lookup::Lookup;
use crate::args::{ChangeLinksArgs, LinkArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text};

/// Stories with the runs that are linked to them, or unlinked.
type Stories = BTreeMap<WorkItemId, Vec<RunId>>;

/// How the links change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Link,
    Unlink,
}

/// What a command line asks for.
struct Asked {
    keys: Resolution,
    stories: Stories,
    /// The Jira keys of each run, where they are known.
    keys_of_runs: BTreeMap<RunId, BTreeSet<String>>,
}

/// What was changed, for the answer.
struct Changes<'a> {
    client: &'a Client,
    output: Output,
    is_dry_run: bool,
    is_complete: bool,
    lines: Vec<String>,
    problems: Vec<ReportedProblem>,
}

pub(super) async fn link(args: &LinkArgs, client: &Client, output: Output) -> Result<Exit> {
    run(&args.links, Change::Link, args.unlink_stale, client, output).await
}

pub(super) async fn unlink(
    args: &ChangeLinksArgs,
    client: &Client,
    output: Output,
) -> Result<Exit> {
    run(args, Change::Unlink, false, client, output).await
}

async fn run(
    args: &ChangeLinksArgs,
    change: Change,
    unlink_stale: bool,
    client: &Client,
    output: Output,
) -> Result<Exit> {
    let mut problems = Vec::new();
    let asked = match &args.map {
        Some(file) => mapped(file, args, client, &mut problems, output).await?,
        None => given(args, client, &mut problems, output).await?,
    };
    let Asked { keys, stories, .. } = &asked;
    let is_complete = keys.missing.is_empty() && keys.ambiguous.is_empty();
    let only_removes = unlink_stale && is_complete && !asked.keys_of_runs.is_empty();
    if stories.is_empty() && !only_removes {
        return Err(no_story(args.map.as_deref(), &asked.keys));
    }
    let mut changes = Changes {
        client,
        output,
        is_dry_run: args.dry_run.dry_run,
        is_complete,
        lines: Vec::new(),
        problems,
    };
    let mut values = Vec::new();
    for (story, runs) in stories {
        values.push(changes.apply(change, *story, runs, None).await?);
    }
    let stale = if unlink_stale {
        changes.unlink_stale(args, &asked).await?
    } else {
        Vec::new()
    };
    let json = json!({
        "schema": "octane.links/1",
        "is_dry_run": changes.is_dry_run,
        "stories": values,
        "stale": stale,
        "unknown": keys.missing,
        "ambiguous": keys.ambiguous.keys().collect::<Vec<_>>(),
        "problems": changes.problems,
    });
    output.answer(|| Text::lines(&changes.lines), &json)?;
    Ok(if changes.is_complete {
        Exit::Success
    } else {
        Exit::LinksIncomplete
    })
}

impl Changes<'_> {
    /// Changes the links of runs to a story, or looks what would change; `stale` is the story's key if its links are stale.
    async fn apply(
        &mut self,
        change: Change,
        story: WorkItemId,
        runs: &[RunId],
        stale: Option<&str>,
    ) -> Result<Value> {
        let api = self.client.links();
        let outcome = match (change, self.is_dry_run) {
            (Change::Link, false) => api.link(story, runs).await?,
            (Change::Link, true) => api.would_link(story, runs).await?,
            (Change::Unlink, false) => api.unlink(story, runs).await?,
            (Change::Unlink, true) => api.would_unlink(story, runs).await?,
        };
        for failure in &outcome.failed {
            let message = format!("{}: {}", failure.id, failure.problem);
            let code = match change {
                Change::Link => "unlinked",
                Change::Unlink => "still_linked",
            };
            report(&mut self.problems, self.output, code, message);
        }
        self.is_complete &= outcome.failed.is_empty();
        let mut line = line(story, change, self.is_dry_run, &outcome);
        let mut value = value(story, &outcome);
        if let Some(key) = stale {
            line.push_str(&format!(" (stale: {key})"));
            value["jira_key"] = key.into();
        }
        self.lines.push(line);
        Ok(value)
    }

    /// Removes what runs are linked to although none of their keys is that of the story; only if everything else is linked.
    async fn unlink_stale(&mut self, args: &ChangeLinksArgs, asked: &Asked) -> Result<Vec<Value>> {
        if !self.is_complete {
            self.output
                .say("note: no stale link was removed, because not everything could be linked");
            return Ok(Vec::new());
        }
        let stories = args.story.iter().copied().collect();
        let links = self.client.links();
        let stale = links.stale(&asked.keys_of_runs, &stories).await?;
        let mut values = Vec::new();
        for link in stale {
            let key = Some(&*link.jira_key);
            let unlinking = self.apply(Change::Unlink, link.story, &link.runs, key);
            values.push(unlinking.await?);
        }
        if values.is_empty() {
            self.lines.push("no stale links".to_owned());
        }
        Ok(values)
    }
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
    args: &ChangeLinksArgs,
    client: &Client,
    problems: &mut Vec<ReportedProblem>,
    output: Output,
) -> Result<Asked> {
    let keys = client.jira().resolve(&args.jira).await?;
    report_unresolved(&keys, problems, output);
    let stories = args.story.iter().copied();
    let stories: BTreeSet<WorkItemId> = stories
        .chain(keys.found.values().map(|item| item.id))
        .collect();
    if stories.is_empty() {
        return Err(no_story(None, &keys));
    }
    let runs: Vec<RunId> = match &args.suite_run {
        None => args.runs.clone(),
        Some(suite_run) => {
            let runs = runs(suite_run, args, client, output).await?;
            runs.into_iter().map(|run| run.id).collect()
        }
    };
    let given: BTreeSet<String> = args.jira.iter().cloned().collect();
    let stories = stories.into_iter().map(|story| (story, runs.clone()));
    Ok(Asked {
        keys,
        stories: stories.collect(),
        keys_of_runs: runs.iter().map(|run| (*run, given.clone())).collect(),
    })
}

/// The stories of a table of Jira keys, each with the runs whose tests have its key there.
async fn mapped(
    file: &Path,
    args: &ChangeLinksArgs,
    client: &Client,
    problems: &mut Vec<ReportedProblem>,
    output: Output,
) -> Result<Asked> {
    let map = JiraMap::read(file).map_err(|error| {
        Failure::new(Exit::Configuration, error).context("the table of `--map` cannot be used")
    })?;
    let suite_run = args.suite_run.as_deref().unwrap_or_default();
    let runs = runs(suite_run, args, client, output).await?;
    let mut by_key: BTreeMap<String, Vec<RunId>> = BTreeMap::new();
    let mut keys_of_runs = BTreeMap::new();
    for run in runs {
        let Some(keys) = map.find(&Runs::identity(&run)) else {
            continue;
        };
        for key in &keys {
            by_key.entry(key.clone()).or_default().push(run.id);
        }
        keys_of_runs.insert(run.id, keys.into_iter().collect());
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
    Ok(Asked {
        keys,
        stories,
        keys_of_runs,
    })
}

fn no_story(map: Option<&Path>, keys: &Resolution) -> Failure {
    let is_without_keys = keys.missing.is_empty() && keys.ambiguous.is_empty();
    let reason = match map {
        Some(map) if is_without_keys => {
            format!(
                "no line of `{}` matches a test of the suite run",
                map.display()
            )
        }
        _ => "no Jira key matches exactly one backlog item".to_owned(),
    };
    let failure = Failure::message(Exit::Refused, format!("nothing was changed: {reason}"));
    failure.hint(match map {
        Some(_) if is_without_keys => "`octane run list` shows the tests of the suite run",
        Some(_) => "`octane jira resolve` shows what the keys match",
        None => "give the ID of the backlog item with `--story`",
    })
}

/// The runs of a suite run, of tests and of features.
async fn runs(
    suite_run: &str,
    args: &ChangeLinksArgs,
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
        (Change::Unlink, false) => ("unlinked", "without a link"),
        (Change::Unlink, true) => ("would be unlinked", "without a link"),
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
