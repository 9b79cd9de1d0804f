//! The summary of an upload, for people.

use octane_client::{
    BatchReport, Comparison, Counts, CreatedEntity, FailedTest, LinkLevel, LinkSummary, Outcome,
    Report, ReportedProblem, ShardsReport, TargetReport,
};

use super::since::since;
use super::text::Text;
use crate::exit::Exit;
use crate::suggest::Suggest;
use octane_model::plural::{plural, thousands};

/// How many problems are listed; the JSON report has them all.
const PROBLEMS_MAX: usize = 20;

/// How many tolerated tests are named.
const TOLERATED_MAX: usize = 10;

/// What the summary of an upload is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary<'a> {
    pub(crate) report: &'a Report,
    pub(crate) comparison: Option<&'a Comparison>,
    /// The tests that failed, if some are tolerated.
    pub(crate) failed_tests: Option<&'a [FailedTest]>,
    pub(crate) exit: Exit,
    /// How many files were read, if that is known.
    pub(crate) files: Option<usize>,
}

/// The summary of an upload; the numbers add up.
pub(crate) fn summary(summary: &Summary<'_>, suggest: &Suggest) -> Text {
    let mut text = Text::default();
    // Text is always written.
    let _ = write_summary(&mut text, summary, suggest);
    text
}

fn write_summary(text: &mut Text, summary: &Summary<'_>, suggest: &Suggest) -> std::fmt::Result {
    let Summary {
        report,
        comparison,
        failed_tests,
        exit,
        files,
    } = *summary;
    let Report {
        counts,
        target,
        created,
        batches,
        links,
        problems,
        ..
    } = report;
    let Counts {
        read,
        ingested,
        duplicate,
        rejected,
        invalid,
        pending,
        ..
    } = *counts;
    writeln!(
        text,
        "Read      {}{}: {}",
        plural(read, "result"),
        files.map_or_else(String::new, |files| format!(
            " in {}",
            plural(files, "file")
        )),
        kinds(counts)
    )?;
    write_repeats(text, counts)?;
    write_target(text, target, created)?;
    if let Some(shards) = &report.shards {
        write_shards(text, shards, report.journal.is_some())?;
    }
    write_sent(text, counts, batches)?;
    write!(
        text,
        "Ingested  {} · rejected {} · invalid {} · pending {}",
        thousands(ingested),
        thousands(rejected),
        thousands(invalid),
        thousands(pending),
    )?;
    // Where the runs are not visible, they are not counted.
    if counts.runs > 0 || ingested == 0 {
        write!(text, " ({})", plural(counts.runs, "automated run"))?;
    }
    writeln!(text)?;
    if duplicate > 0 && duplicate < ingested {
        writeln!(
            text,
            "          {} of them {} already in Octane",
            thousands(duplicate),
            if duplicate == 1 { "was" } else { "were" }
        )?;
    }
    if counts.repaired > 0 {
        writeln!(
            text,
            "Adjusted  {} (too long, or characters not allowed in XML)",
            plural(counts.repaired, "text")
        )?;
    }
    if let Some(links) = links.as_ref().filter(|links| links.keys > 0) {
        write_links(text, links)?;
    }
    if let Some(comparison) = comparison {
        text.append(since(comparison));
    }
    if let Some(failed_tests) = failed_tests {
        write_failed_tests(text, failed_tests)?;
    }
    write_problems(text, problems)?;
    let listed = problems
        .iter()
        .filter(|problem| !is_in_summary(&problem.code));
    let is_stored = report.journal.is_some() && !is_merged(report);
    if listed.count() > PROBLEMS_MAX && rejected + invalid > 0 && is_stored {
        let list = suggest.rejected(&report.upload_id);
        writeln!(text, "          rejected and invalid results: `{list}`")?;
    }
    if problems.iter().any(|problem| problem.code == "duplicate") {
        writeln!(
            text,
            "          new name: `--suite-run NAME`; new upload: `--force-new`"
        )?;
    }
    write_end(text, report, exit, suggest)
}

/// What the exit code means, and how to go on.
fn write_end(text: &mut Text, report: &Report, exit: Exit, suggest: &Suggest) -> std::fmt::Result {
    if exit != Exit::Success {
        let meaning = exit.meaning_of(report.journal.is_some());
        writeln!(text, "exit {}: {meaning}", exit.code())?;
    }
    if report.is_resumable && write_resumable_shards(text, report, suggest)? {
        return Ok(());
    }
    if let (true, Some(journal)) = (report.is_resumable, &report.journal) {
        writeln!(text, "Saved     {}", journal.display())?;
        writeln!(text, "          {}", how_to_continue(report, suggest))?;
    }
    Ok(())
}

/// How many of the failed tests are tolerated, and which.
fn write_failed_tests(text: &mut Text, failed_tests: &[FailedTest]) -> std::fmt::Result {
    let tolerated: Vec<&FailedTest> = failed_tests
        .iter()
        .filter(|test| test.is_tolerated)
        .collect();
    writeln!(
        text,
        "Failed    {} · {} tolerated",
        plural(failed_tests.len(), "test"),
        thousands(tolerated.len())
    )?;
    for test in tolerated.iter().take(TOLERATED_MAX) {
        let classes: Vec<&str> = test.classes.iter().map(|class| class.words()).collect();
        writeln!(
            text,
            "          failed and tolerated: {} ({})",
            test.test,
            classes.join(", ")
        )?;
    }
    if tolerated.len() > TOLERATED_MAX {
        let more = thousands(tolerated.len() - TOLERATED_MAX);
        writeln!(text, "          and {more} more failed and tolerated")?;
    }
    Ok(())
}

/// What was sent, and what of it Octane had before.
fn write_sent(text: &mut Text, counts: &Counts, batches: &[BatchReport]) -> std::fmt::Result {
    let sent_batches = batches.iter().filter(|batch| batch.task.is_some()).count();
    let duplicate_batches = batches.iter().filter(|batch| batch.is_duplicate).count();
    write!(
        text,
        "Sent      {} in {}",
        plural(counts.sent, "result"),
        plural(sent_batches, "batch")
    )?;
    if duplicate_batches > 0 {
        write!(
            text,
            " · {} already in Octane (identical to an earlier upload), not duplicated",
            plural(duplicate_batches, "batch")
        )?;
    }
    writeln!(text)
}

/// Whether a report covers several uploads.
fn is_merged(report: &Report) -> bool {
    let shards = report.shards.as_ref();
    shards.is_some_and(|shards| shards.is_merged)
}

/// How to continue each of several shards that is not finished. Returns whether the report covers several.
fn write_resumable_shards(
    text: &mut Text,
    report: &Report,
    suggest: &Suggest,
) -> Result<bool, std::fmt::Error> {
    let Some(shards) = report.shards.as_ref().filter(|shards| shards.is_merged) else {
        return Ok(false);
    };
    for upload in shards.uploads.iter().filter(|upload| upload.is_resumable) {
        let resume = suggest.run_resume(&upload.upload_id);
        writeln!(
            text,
            "Saved     shard {}: to continue, {resume}",
            upload.shard.index()
        )?;
    }
    Ok(true)
}

/// What to do about an upload that is not finished. Where another attempt can only succeed after a change, that comes
/// first.
fn how_to_continue(report: &Report, suggest: &Suggest) -> String {
    let resume = suggest.run_resume(&report.upload_id);
    let has = |code: &str| report.problems.iter().any(|problem| problem.code == code);
    let change = match report.outcome {
        Outcome::Unauthorized => Some("once the credentials are correct"),
        Outcome::Partial if has("unverified") => Some("once this API key may read runs"),
        Outcome::LinksIncomplete if !has("unlinked") => {
            Some("once each of these Jira keys matches one story")
        }
        _ => None,
    };
    if let Some(change) = change {
        format!("{change}, {resume}")
    } else if report.outcome == Outcome::Refused {
        format!(
            "once Octane accepts these results, {resume}; if they are wrong, correct and upload them again"
        )
    } else {
        format!("to continue, {resume}")
    }
}

/// Which part of a test run it is, or which of them have arrived. A journal that is not here is that of a relay.
fn write_shards(text: &mut Text, shards: &ShardsReport, is_here: bool) -> std::fmt::Result {
    let total = shards.total;
    match (&shards.missing, shards.uploads.first()) {
        (Some(missing), _) => {
            let arrived = (1..=total).filter(|index| !missing.contains(index)).count();
            writeln!(text, "Shards    {arrived} of {total}")
        }
        (None, Some(upload)) => {
            let by = if is_here {
                "by `octane merge`"
            } else {
                "by `octane relay close NAME` on the relay's machine"
            };
            writeln!(
                text,
                "Shard     {}; runs are linked once all shards are there, or {by}",
                upload.shard
            )
        }
        (None, None) => Ok(()),
    }
}

/// How many results there are of each status, and how many runs they are, on lines of their own.
pub(crate) fn result_lines(counts: &Counts) -> Text {
    let mut text = Text::default();
    let _ = writeln!(text, "Results   {}", kinds(counts));
    let _ = write_repeats(&mut text, counts);
    text
}

/// How many results there are of each status, so that they add up to all that were read.
fn kinds(counts: &Counts) -> String {
    let always = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.test_skipped, "skipped"),
    ];
    let others = [(counts.planned, "planned"), (counts.invalid, "invalid")];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    let kinds = always.into_iter().chain(others);
    let kinds: Vec<String> = kinds
        .map(|(count, what)| format!("{} {what}", thousands(count)))
        .collect();
    kinds.join(", ")
}

/// How many runs the results are, where that is not one each, and why.
fn write_repeats(text: &mut Text, counts: &Counts) -> std::fmt::Result {
    let Counts {
        repeats,
        flaky,
        named,
        features,
        scenarios,
        ..
    } = *counts;
    if repeats + flaky + named + features == 0 {
        return Ok(());
    }
    let results = counts.read.saturating_sub(counts.invalid);
    let runs = (results + features).saturating_sub(repeats + scenarios);
    let (runs, results) = (thousands(runs), plural(results, "result"));
    write!(text, "Runs      {runs} from {results}")?;
    if features > 0 {
        let (features, scenarios) = (plural(features, "feature"), plural(scenarios, "scenario"));
        write!(text, " · {features} with {scenarios}")?;
    }
    if repeats > 0 {
        write!(text, " · {}", plural(repeats, "repeat"))?;
    }
    if flaky > 0 {
        write!(text, " · {} flaky", thousands(flaky))?;
    }
    if named > 0 {
        write!(
            text,
            " · {} named after where they come from",
            thousands(named)
        )?;
    }
    writeln!(text)
}

fn write_target(
    text: &mut Text,
    target: &TargetReport,
    created: &[CreatedEntity],
) -> std::fmt::Result {
    write!(
        text,
        "Target    space {} · workspace {}",
        target.space, target.workspace
    )?;
    if let Some(module) = &target.module {
        write!(text, " · module {} ({})", module.name, module.id)?;
    }
    if let Some(suite) = &target.suite {
        write!(text, " · suite {} ({})", suite.name, suite.id)?;
    }
    writeln!(text)?;
    if let Some(suite_run) = &target.suite_run {
        match suite_run.id {
            Some(id) => writeln!(text, "Suite run {} ({id})", suite_run.name)?,
            None => writeln!(text, "Suite run {} (ID not known yet)", suite_run.name)?,
        }
    }
    if let Some(url) = &target.url {
        writeln!(text, "View      {url}")?;
    }
    for entity in created {
        writeln!(
            text,
            "Created   {} {} ({})",
            entity.entity_type.replace('_', " "),
            entity.name,
            entity.id
        )?;
    }
    Ok(())
}

/// Problems, a line each, as the summary of an upload lists them.
pub(crate) fn problem_lines(problems: &[ReportedProblem]) -> Text {
    let mut text = Text::default();
    let _ = write_problems(&mut text, problems);
    text
}

/// The test if there is one, the problem, and the place unless the message has it.
pub(crate) fn problem_line(problem: &ReportedProblem) -> String {
    let ReportedProblem {
        test,
        position,
        message,
        ..
    } = problem;
    let owner = test
        .as_deref()
        .map(|test| format!("{test}: "))
        .unwrap_or_default();
    let place = position
        .as_ref()
        .filter(|position| !message.contains(&*position.file));
    let place = place
        .map(|position| format!("  {position}"))
        .unwrap_or_default();
    format!("{owner}{message}{place}")
}

fn write_problems(text: &mut Text, problems: &[ReportedProblem]) -> std::fmt::Result {
    let listed = problems
        .iter()
        .filter(|problem| !is_in_summary(&problem.code));
    let count = listed.clone().count();
    for problem in listed.take(PROBLEMS_MAX) {
        writeln!(text, "! {}", problem_line(problem))?;
    }
    if count > PROBLEMS_MAX {
        writeln!(
            text,
            "! and {} more: `--format json` lists them all",
            count - PROBLEMS_MAX
        )?;
    }
    Ok(())
}

fn write_links(text: &mut Text, links: &LinkSummary) -> std::fmt::Result {
    let what = match links.level {
        Some(LinkLevel::Tests) => "test",
        _ => "run",
    };
    write!(
        text,
        "Linked    {} to {} ({})",
        plural(links.linked, what),
        plural(links.stories, "story"),
        plural(links.keys, "Jira key")
    )?;
    if links.level == Some(LinkLevel::Tests) {
        write!(
            text,
            " · linked tests instead: runs have no editable story field here"
        )?;
    }
    if links.unchanged > 0 {
        write!(
            text,
            " · {} already existed",
            plural(links.unchanged, "link")
        )?;
    }
    if links.removed > 0 {
        write!(text, " · {} removed", plural(links.removed, "stale link"))?;
    }
    writeln!(text)?;
    if !links.unknown.is_empty() {
        writeln!(text, "          not found: {}", links.unknown.join(", "))?;
    }
    if !links.ambiguous.is_empty() {
        writeln!(
            text,
            "          ambiguous (several stories), not linked: {}",
            links.ambiguous.join(", ")
        )?;
    }
    Ok(())
}

/// Problems that other lines of the summary report.
fn is_in_summary(code: &str) -> bool {
    matches!(code, "unknown_key" | "repaired")
}
