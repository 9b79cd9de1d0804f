//! `octane validate`

use std::collections::HashMap;

use octane_client::{Plan, PlanTotals, ReportedProblem, Target, UploadSettings};
use octane_model::SuiteId;
use octane_model::plural::{plural, thousands};
use octane_results::{Identity, Status};
use serde::Serialize;
use serde_json::json;

use crate::args::ValidateArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::reading::Reading;
use crate::input::warnings::WarningsJson;
use crate::output::{Output, Text};

/// How many entries of each list are printed for people.
const LISTED_MAX: usize = 20;

/// Reads everything, renders the payload and checks it against the schema.
pub(super) fn run(args: &ValidateArgs, output: Output) -> Result<Exit> {
    let input = Reading::all(&args.input, &[])?;
    let repeated = repeated(&input);
    let target = Target::new(SuiteId::new(1), "validate");
    let mut plan = Plan::new(input.runs(), Some(&target), &UploadSettings::default())?;
    for batch in plan.by_ref() {
        octane_results::check(&batch?.payload()).map_err(|error| {
            Failure::new(Exit::Internal, error)
                .context("the generated payload does not match the schema (bug)")
        })?;
    }
    let plan = plan.finish()?;
    let problems = input.problems();
    let WarningsJson {
        warnings,
        warning_counts,
    } = input.warnings.json();
    let json = json!({
        "schema": "octane.validate/1",
        "is_valid": problems.is_empty(),
        "counts": {
            "read": input.read_count(),
            "files": input.files,
            "valid": input.usable(),
            "invalid": input.invalid_count(),
            "passed": input.count(Status::Passed),
            "failed": input.count(Status::Failed),
            "test_skipped": input.count(Status::Skipped),
            "planned": input.count(Status::Planned),
            "repeats": repeated.iter().map(|test| test.results - 1).sum::<usize>(),
            "flaky": repeated.iter().filter(|test| test.is_flaky).count(),
            "named": plan.counts.named,
            "repaired": plan.counts.repaired,
            "batches": plan.batches,
        },
        "repeated": repeated,
        "jira_keys": plan.jira_keys,
        "warnings": warnings,
        "warning_counts": warning_counts,
        "problems": problems,
    });
    let human = || human(&input, args, &plan, &repeated, &problems);
    output.answer(human, &json)?;
    if problems.is_empty() || args.input.skip_invalid {
        let is_empty = (input.usable() == 0) && !args.input.allow_empty;
        return Ok(if is_empty { Exit::Input } else { input.exit() });
    }
    Ok(Exit::Input)
}

/// The findings, for people.
fn human(
    input: &Input,
    args: &ValidateArgs,
    plan: &PlanTotals,
    repeated: &[Repeated],
    problems: &[ReportedProblem],
) -> Text {
    let count = |status| thousands(input.count(status));
    let mut text = Text::line(format!(
        "{} in {}: {} passed, {} failed, {} skipped, {} planned",
        plural(input.read_count(), "result"),
        plural(input.files, "file"),
        count(Status::Passed),
        count(Status::Failed),
        count(Status::Skipped),
        count(Status::Planned),
    ));
    text.push(&format!(
        "{}, {} to adjust",
        plural(plan.jira_keys.len(), "Jira key"),
        plural(plan.counts.repaired, "text")
    ));
    if plan.counts.named > 0 {
        let named = plural(plan.counts.named, "result");
        text.push(&format!(
            "{named} with a run name of their own, because a test has results of several suites, machines, projects or files"
        ));
    }
    let title = match repeated.len() {
        1 => "1 run has".to_owned(),
        count => format!("{} runs have", thousands(count)),
    };
    let title = format!(
        "{title} several results and shows one (`--reruns {}`)",
        args.input.reruns
    );
    let runs = repeated.iter().map(|run| {
        let flaky = if run.is_flaky { ", flaky" } else { "" };
        format!("{}: {}{flaky}", run.name(), plural(run.results, "result"))
    });
    list(&mut text, &title, runs);
    let title = plural(input.warnings.count(), "warning");
    let messages = input.warnings.lines();
    list_all(&mut text, &title, messages);
    let title = match problems.len() {
        1 => "1 invalid row or file".to_owned(),
        count => format!("{} invalid rows or files", thousands(count)),
    };
    let messages = problems.iter().map(|problem| problem.message.clone());
    list(&mut text, &title, messages);
    if input.usable() == 0 {
        text.push("no usable results");
    }
    text
}

/// Appends a list that was cut already.
fn list_all(text: &mut Text, title: &str, items: Vec<String>) {
    if !items.is_empty() {
        text.push(&format!("{title}:"));
    }
    for item in items {
        text.push(&format!("  {item}"));
    }
}

/// Appends a list and its title, unless it is empty.
fn list(text: &mut Text, title: &str, items: impl ExactSizeIterator<Item = String>) {
    let more = items.len().saturating_sub(LISTED_MAX);
    if items.len() > 0 {
        text.push(&format!("{title}:"));
    }
    for item in items.take(LISTED_MAX) {
        text.push(&format!("  {item}"));
    }
    if more > 0 {
        text.push(&format!("  and {} more", thousands(more)));
    }
}

/// A run with several results.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Repeated {
    test: String,
    run_name: Option<String>,
    results: usize,
    /// Whether their statuses differ.
    is_flaky: bool,
}

impl Repeated {
    fn name(&self) -> String {
        match &self.run_name {
            Some(run_name) => format!("{} ({run_name})", self.test),
            None => self.test.clone(),
        }
    }
}

/// Runs with several results, in the order of their names.
fn repeated(input: &Input) -> Vec<Repeated> {
    let mut runs: HashMap<(Identity, Option<String>), Vec<Status>> = HashMap::new();
    for run in input.runs() {
        let statuses = runs.entry((run.identity, run.run_name)).or_default();
        statuses.push(run.status);
    }
    let several = runs.into_iter().filter(|(_, statuses)| statuses.len() > 1);
    let mut several: Vec<_> = several
        .map(|((test, run_name), statuses)| Repeated {
            test: test.to_string(),
            run_name,
            results: statuses.len(),
            is_flaky: statuses.iter().any(|status| *status != statuses[0]),
        })
        .collect();
    several.sort();
    several
}
