//! `octane validate`

use octane_client::{
    PartPlanner, PartsPlan, Plan, PlanPart, PlanTotals, ReportedProblem, Target, UploadSettings,
};
use octane_model::SuiteId;
use octane_model::plural::{plural, thousands};
use octane_results::{
    CheckError, LimitExceeded, Position, ProbableRename, Process, Renames, RepeatedRun, Status,
    TestRun, VolatileNames, cut_texts, shorten,
};
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

/// How many texts that would be cut are in the answer.
const CUT_MAX: usize = 100;

/// Reads everything once, renders the payload and checks it against the schema. Only if tests have several results, those
/// are looked at again.
pub(super) fn run(args: &ValidateArgs, output: Output) -> Result<Exit> {
    let mut findings = Findings::default();
    let mut reading = Reading::new(&args.input)?;
    let first = plan_first(&mut reading, &mut findings);
    let input = reading.finish(&[])?;
    let plan = if input.is_arranged() {
        plan(input.runs())?
    } else {
        first?
    };
    let repeated: Vec<Repeated> = input.repeated().iter().map(Repeated::new).collect();
    let is_flaky = |problem: &&ReportedProblem| problem.code == "flaky";
    let retried: Vec<&ReportedProblem> = plan.problems.iter().filter(is_flaky).collect();
    let problems = input.problems();
    let renames: Vec<Rename> = (findings.renames.finish().into_iter())
        .map(Rename::new)
        .collect();
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
            "flaky": repeated.iter().filter(|test| test.is_flaky).count() + plan.counts.flaky,
            "named": plan.counts.named,
            "repaired": plan.counts.repaired,
            "cut": findings.cut_count,
            "batches": plan.batches,
        },
        "repeated": repeated,
        "retried": retried,
        "probable_renames": renames,
        "cut": findings.cut,
        "jira_keys": plan.jira_keys,
        "warnings": warnings,
        "warning_counts": warning_counts,
        "problems": problems,
    });
    let human = || {
        let mut text = human(&input, args, &plan, &repeated);
        list_retried(&mut text, &retried);
        list_cut(&mut text, &findings.cut, findings.cut_count);
        list_renames(&mut text, &renames);
        list_rest(&mut text, &input, &problems);
        text
    };
    output.answer(human, &json)?;
    if problems.is_empty() || args.input.skip_invalid {
        let is_empty = (input.usable() == 0) && !args.input.allow_empty;
        return Ok(if is_empty { Exit::Input } else { input.exit() });
    }
    Ok(Exit::Input)
}

/// The target of the upload that is planned.
fn target() -> Target {
    Target::new(SuiteId::new(1), "validate")
}

/// Plans an upload of the results while they are read for the first time. They are looked at on the threads that read them.
fn plan_first(reading: &mut Reading, findings: &mut Findings) -> Result<PlanTotals> {
    let settings = UploadSettings::default();
    let looking = Looking {
        planner: PartPlanner::new(&settings)?,
        settings: settings.clone(),
    };
    let mut failed = None;
    let mut looked = reading.processed(looking);
    let parts = looked.by_ref().map(|seen| {
        failed = failed.take().or(seen.failed);
        findings.append(&seen.names, seen.cut, seen.cut_count);
        seen.part
    });
    let mut plan = PartsPlan::new(parts, &target(), &settings)?;
    let planned = plan.by_ref().try_for_each(|batch| batch.map(drop));
    let totals = planned.and_then(|()| plan.finish());
    looked.finish();
    failed.map_or(Ok(()), |error| Err(not_valid(error)))?;
    Ok(totals?)
}

/// Plans an upload of `runs`, and checks its payloads.
fn plan(runs: impl Iterator<Item = TestRun>) -> Result<PlanTotals> {
    let mut plan = Plan::new(runs, Some(&target()), &UploadSettings::default())?;
    for batch in plan.by_ref() {
        octane_results::check(&batch?.payload()).map_err(not_valid)?;
    }
    Ok(plan.finish()?)
}

fn not_valid(error: CheckError) -> Failure {
    Failure::new(Exit::Internal, error)
        .context("the generated payload does not match the schema (bug)")
}

/// Looks at results on the threads that read them.
struct Looking {
    planner: PartPlanner,
    settings: UploadSettings,
}

/// What was seen of some results.
struct Seen {
    part: PlanPart,
    names: VolatileNames,
    cut: Vec<Cut>,
    cut_count: usize,
    /// Why the payload of these results is not valid.
    failed: Option<CheckError>,
}

impl Process for Looking {
    type Output = Seen;

    fn begin(&self) -> Seen {
        Seen {
            part: self.planner.begin(),
            names: VolatileNames::default(),
            cut: Vec::new(),
            cut_count: 0,
            failed: None,
        }
    }

    fn run(&self, run: &mut TestRun, seen: &mut Seen) {
        seen.names.add(run);
        let cut = cut_texts(run, &self.settings.repair);
        seen.cut_count += cut.len();
        let room = CUT_MAX.saturating_sub(seen.cut.len());
        (seen.cut).extend(cut.iter().take(room).map(|cut| Cut::new(run, cut)));
        self.planner.run(run, &mut seen.part);
    }

    fn end(&self, seen: &mut Seen) {
        seen.failed = octane_results::check(&self.planner.payload(&seen.part)).err();
    }
}

/// What is found while results are read for the first time.
#[derive(Default)]
struct Findings {
    renames: Renames,
    cut: Vec<Cut>,
    cut_count: usize,
}

impl Findings {
    /// Adds what was found in results that follow.
    fn append(&mut self, names: &VolatileNames, cut: Vec<Cut>, cut_count: usize) {
        self.renames.append(names);
        let room = CUT_MAX.saturating_sub(self.cut.len());
        self.cut.extend(cut.into_iter().take(room));
        self.cut_count += cut_count;
    }
}

/// A text that an upload would cut.
#[derive(Debug, Serialize)]
struct Cut {
    test: String,
    field: &'static str,
    chars: usize,
    chars_max: usize,
    file: Option<String>,
    line: Option<u64>,
}

impl Cut {
    fn new(run: &TestRun, cut: &LimitExceeded) -> Self {
        let position = run.position.as_ref();
        Self {
            test: run.identity.to_string(),
            field: cut.field,
            chars: cut.chars,
            chars_max: cut.chars_max,
            file: position.map(|position| position.file.to_string()),
            line: position.map(|position| position.line),
        }
    }
}

/// Tests whose names differ only in what may change from run to run.
#[derive(Debug, Serialize)]
struct Rename {
    test: String,
    names: usize,
    examples: Vec<String>,
    /// The option that removes what differs.
    suggestion: String,
}

impl Rename {
    fn new(found: ProbableRename) -> Self {
        let volatile: Vec<&str> =
            (found.volatile.iter().map(|volatile| volatile.as_str())).collect();
        let mut options = Vec::new();
        if !volatile.is_empty() {
            options.push(format!("--normalize {}", volatile.join(",")));
        }
        if found.has_numbers {
            options.push("--scrub '[0-9]{6,}'".to_owned());
        }
        Self {
            test: found.test,
            names: found.names,
            examples: found.examples,
            suggestion: options.join(" "),
        }
    }
}

fn list_retried(text: &mut Text, retried: &[&ReportedProblem]) {
    let title = match retried.len() {
        1 => "1 test passed after attempts that failed".to_owned(),
        count => format!(
            "{} tests passed after attempts that failed",
            thousands(count)
        ),
    };
    let lines = retried.iter().map(|problem| {
        let name = problem.test.as_deref().unwrap_or_default();
        let place = place(problem.position.as_ref());
        format!("{name}: {}{place}", problem.message)
    });
    list(text, &title, lines, retried.len());
}

/// A position after what it belongs to.
fn place(position: Option<&Position>) -> String {
    position.map_or_else(String::new, |position| format!("  {position}"))
}

fn list_cut(text: &mut Text, cut: &[Cut], count: usize) {
    let title = match count {
        1 => "1 text is longer than Octane's limit and would be cut".to_owned(),
        count => format!(
            "{} texts are longer than Octane's limits and would be cut",
            thousands(count)
        ),
    };
    let lines = cut.iter().map(|cut| {
        let place = match (&cut.file, cut.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            _ => String::new(),
        };
        let owner = shorten(&cut.test, 80);
        format!(
            "{place}`{}` of `{owner}` is {} characters long; the limit is {}",
            cut.field,
            thousands(cut.chars),
            thousands(cut.chars_max)
        )
    });
    list(text, &title, lines, count);
}

fn list_renames(text: &mut Text, renames: &[Rename]) {
    let title = "names that differ only in what may change from run to run, so that each run may make new tests";
    let lines = renames.iter().map(|rename| {
        format!(
            "{}: {}, such as `{}`; `{}` removes what differs",
            shorten(&rename.test, 80),
            plural(rename.names, "name"),
            rename.examples.first().map_or("", String::as_str),
            rename.suggestion
        )
    });
    list(text, title, lines, renames.len());
}

/// The findings, for people.
fn human(input: &Input, args: &ValidateArgs, plan: &PlanTotals, repeated: &[Repeated]) -> Text {
    let count = |status| thousands(input.count(status));
    let invalid = match input.invalid_count() {
        0 => String::new(),
        invalid => format!(", {} invalid", thousands(invalid)),
    };
    let mut text = Text::line(format!(
        "{} in {}: {} passed, {} failed, {} skipped, {} planned{invalid}",
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
        1 => "1 run has several results and shows one".to_owned(),
        count => format!(
            "{} runs have several results and show one each",
            thousands(count)
        ),
    };
    let title = format!("{title} (`--reruns {}`)", args.input.reruns);
    let runs = repeated.iter().map(|run| {
        let flaky = if run.is_flaky {
            let shown = run.shown.as_str().to_lowercase();
            format!(
                ", flaky; the run shows `{shown}`{}",
                place(run.hidden.as_ref())
            )
        } else {
            String::new()
        };
        format!("{}: {}{flaky}", run.name(), plural(run.results, "result"))
    });
    list(&mut text, &title, runs, repeated.len());
    text
}

/// Warnings, and what is invalid.
fn list_rest(text: &mut Text, input: &Input, problems: &[ReportedProblem]) {
    let title = plural(input.warnings.count(), "warning");
    let messages = input.warnings.lines();
    list_all(text, &title, messages);
    let title = match problems.len() {
        1 => "1 invalid row or file".to_owned(),
        count => format!("{} invalid rows or files", thousands(count)),
    };
    let messages = problems.iter().map(|problem| problem.message.clone());
    list(text, &title, messages, problems.len());
    if input.usable() == 0 {
        text.push("no usable results");
    }
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

/// Appends the beginning of a list of `count` items and its title, unless it is empty.
fn list(text: &mut Text, title: &str, items: impl Iterator<Item = String>, count: usize) {
    if count > 0 {
        text.push(&format!("{title}:"));
    }
    for item in items.take(LISTED_MAX) {
        text.push(&format!("  {item}"));
    }
    let more = count.saturating_sub(LISTED_MAX);
    if more > 0 {
        text.push(&format!("  and {} more", thousands(more)));
    }
}

/// A run with several results.
#[derive(Debug, Serialize)]
struct Repeated {
    test: String,
    run_name: Option<String>,
    results: usize,
    /// Whether their statuses differ.
    is_flaky: bool,
    /// A result with another status than the run shows.
    file: Option<String>,
    line: Option<u64>,
    #[serde(skip)]
    shown: Status,
    #[serde(skip)]
    hidden: Option<Position>,
}

impl Repeated {
    fn new(run: &RepeatedRun) -> Self {
        Self {
            test: run.test.clone(),
            run_name: run.run_name.clone(),
            results: run.results,
            is_flaky: run.is_flaky,
            file: run.hidden.as_ref().map(|hidden| hidden.file.to_string()),
            line: run.hidden.as_ref().map(|hidden| hidden.line),
            shown: run.shown,
            hidden: run.hidden.clone(),
        }
    }

    fn name(&self) -> String {
        match &self.run_name {
            Some(run_name) => format!("{} ({run_name})", self.test),
            None => self.test.clone(),
        }
    }
}
