//! `octane validate`

use std::collections::HashMap;

use octane_client::{Plan, Target, UploadSettings};
use octane_model::SuiteId;
use octane_results::{Identity, Status};
use serde_json::json;

use crate::args::ValidateArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input::Input;
use crate::output::Output;

/// How many repeated tests and warnings are listed for people.
const LISTED_MAX: usize = 20;

/// Reads everything, renders the payload and checks it against the schema.
pub(super) fn run(args: &ValidateArgs, output: Output) -> Outcome<Exit> {
    let input = Input::read(&args.input)?;
    let repeated = repeated(&input);
    let counts = [
        Status::Passed,
        Status::Failed,
        Status::Skipped,
        Status::Planned,
    ]
    .map(|status| input.count(status));
    let target = Target::new(SuiteId::new(1), "validate");
    let mut plan = Plan::new(input.runs(), Some(&target), &UploadSettings::default())?;
    for batch in plan.by_ref() {
        octane_results::check(batch?.payload()).map_err(|error| {
            Failure::new(Exit::Internal, error)
                .context("the payload would not be valid against the schema")
        })?;
    }
    let plan = plan.finish()?;
    let problems = input.problems();
    let warnings: Vec<String> = input.warnings.iter().map(ToString::to_string).collect();
    let json = json!({
        "schema": "octane.validate/1",
        "valid": problems.is_empty(),
        "counts": {
            "read": input.read_count(),
            "files": input.files,
            "valid": input.usable(),
            "invalid": input.skipped_count(),
            "passed": counts[0],
            "failed": counts[1],
            "test_skipped": counts[2],
            "planned": counts[3],
            "repaired": plan.counts.repaired,
            "batches": plan.batches,
        },
        "repeated": repeated.iter().map(|(test, count)| json!({ "test": test, "results": count })).collect::<Vec<_>>(),
        "jira_keys": plan.jira_keys,
        "warnings": warnings,
        "problems": problems,
    });
    let human = || {
        let mut lines = vec![format!(
            "{} results in {} files: {} passed, {} failed, {} skipped, {} planned",
            input.read_count(),
            input.files,
            counts[0],
            counts[1],
            counts[2],
            counts[3]
        )];
        lines.push(format!(
            "{} Jira keys, {} texts to repair",
            plan.jira_keys.len(),
            plan.counts.repaired
        ));
        let mut list = |title: &str, items: Vec<String>| {
            if !items.is_empty() {
                let more = items.len().saturating_sub(LISTED_MAX);
                lines.push(format!("{} {title}:", items.len()));
                lines.extend(
                    items
                        .into_iter()
                        .take(LISTED_MAX)
                        .map(|item| format!("  {item}")),
                );
                if more > 0 {
                    lines.push(format!("  and {more} more"));
                }
            }
        };
        let repeated = repeated
            .iter()
            .map(|(test, count)| format!("{test}: {count} results"));
        list(
            "tests have several results, of which Octane shows the last",
            repeated.collect(),
        );
        list("warnings", warnings.clone());
        list(
            "rows or files cannot be used",
            problems
                .iter()
                .map(|problem| problem.message.clone())
                .collect(),
        );
        lines.join("\n")
    };
    output.answer(human, &json)?;
    if problems.is_empty() || args.input.skip_invalid {
        let is_empty = (input.usable() == 0) && !args.input.allow_empty;
        return Ok(if is_empty { Exit::Input } else { Exit::Success });
    }
    Ok(Exit::Input)
}

/// Tests with several results, in the order of their names.
fn repeated(input: &Input) -> Vec<(String, usize)> {
    let mut results: HashMap<(Identity, Option<String>), usize> = HashMap::new();
    for run in input.runs() {
        *results.entry((run.identity, run.run_name)).or_default() += 1;
    }
    let several = results.into_iter().filter(|(_, count)| *count > 1);
    let mut several: Vec<_> = several
        .map(|((test, _), count)| (test.to_string(), count))
        .collect();
    several.sort();
    several
}
