//! The summary of an upload, for people.

use std::fmt::Write;

use octane_client::{
    Counts, Created, LinkLevel, LinksReport, Report, ReportedProblem, TargetReport,
};

use crate::args::SpoolArgs;
use crate::exit::Exit;

/// How many problems are listed; the JSON report has them all.
const PROBLEMS_MAX: usize = 20;

/// The summary of an upload; the numbers add up.
pub(crate) fn summary(
    report: &Report,
    exit: Exit,
    files: Option<usize>,
    spool: &SpoolArgs,
) -> String {
    let mut text = String::new();
    let _ = write_summary(&mut text, report, exit, files, spool);
    text.truncate(text.trim_end().len());
    text
}

fn write_summary(
    text: &mut String,
    report: &Report,
    exit: Exit,
    files: Option<usize>,
    spool: &SpoolArgs,
) -> std::fmt::Result {
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
        known,
        rejected,
        skipped,
        kept,
        ..
    } = *counts;
    writeln!(
        text,
        "Read      {}{}: {} passed, {} failed, {} skipped",
        plural(read, "result"),
        files.map_or_else(String::new, |files| format!(
            " in {}",
            plural(files, "file")
        )),
        thousands(counts.passed),
        thousands(counts.failed),
        thousands(counts.test_skipped)
    )?;
    write_target(text, target, created)?;
    let sent_batches = batches.iter().filter(|batch| batch.task.is_some()).count();
    let known_batches = batches.iter().filter(|batch| batch.known).count();
    write!(
        text,
        "Sent      {} in {}",
        plural(counts.sent, "result"),
        plural_es(sent_batches, "batch")
    )?;
    if known_batches > 0 {
        write!(
            text,
            " · {known_batches} known to Octane from an earlier upload: nothing was doubled"
        )?;
    }
    writeln!(text)?;
    write!(
        text,
        "Ingested  {} · rejected {} · skipped {} · kept {}",
        thousands(ingested),
        thousands(rejected),
        thousands(skipped),
        thousands(kept),
    )?;
    // Where nobody could look, the runs are not counted.
    if counts.runs > 0 || ingested == 0 {
        write!(text, " → {}", plural(counts.runs, "automated run"))?;
    }
    writeln!(text)?;
    if known > 0 && known < ingested {
        writeln!(
            text,
            "          of these, {} were in before",
            thousands(known)
        )?;
    }
    if counts.repaired > 0 {
        writeln!(
            text,
            "Repaired  {} (too long, or characters that XML forbids)",
            plural(counts.repaired, "text")
        )?;
    }
    if let Some(links) = links.as_ref().filter(|links| links.keys > 0) {
        write_links(text, links)?;
    }
    write_problems(text, problems)?;
    if exit != Exit::Success {
        let meaning = exit.meaning_of(report.journal.is_some());
        writeln!(text, "exit {}: {meaning}", exit.code())?;
    }
    if let (true, Some(journal)) = (report.resumable, &report.journal) {
        writeln!(text, "Kept      {}", journal.display())?;
        let again = spool.resume(&report.upload_id);
        writeln!(text, "          go on with `{again}`")?;
    }
    Ok(())
}

fn write_target(text: &mut String, target: &TargetReport, created: &[Created]) -> std::fmt::Result {
    write!(
        text,
        "Target    space {} · workspace {}",
        target.space, target.workspace
    )?;
    if let Some(module) = &target.module {
        write!(text, " · module {} ({})", module.name, module.id)?;
    }
    writeln!(text, " · suite {} ({})", target.suite.name, target.suite.id)?;
    match target.suite_run.id {
        Some(id) => writeln!(text, "Suite run {} ({id})", target.suite_run.name)?,
        None => writeln!(text, "Suite run {} (not seen yet)", target.suite_run.name)?,
    }
    for entity in created {
        writeln!(
            text,
            "Created   {} {} ({})",
            entity.kind.replace('_', " "),
            entity.name,
            entity.id
        )?;
    }
    Ok(())
}

/// Problems, a line each, as the summary of an upload lists them.
pub(crate) fn problem_lines(problems: &[ReportedProblem]) -> String {
    let mut text = String::new();
    let _ = write_problems(&mut text, problems);
    text
}

fn write_problems(text: &mut String, problems: &[ReportedProblem]) -> std::fmt::Result {
    let listed = problems
        .iter()
        .filter(|problem| !is_in_summary(&problem.code));
    let count = listed.clone().count();
    for ReportedProblem {
        test,
        position,
        message,
        ..
    } in listed.take(PROBLEMS_MAX)
    {
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
        writeln!(text, "! {owner}{message}{place}")?;
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

fn write_links(text: &mut String, links: &LinksReport) -> std::fmt::Result {
    let what = match links.level {
        Some(LinkLevel::Tests) => "test",
        _ => "run",
    };
    write!(
        text,
        "Linked    {} to {} ({})",
        plural(links.linked, what),
        plural_ies(links.stories, "story"),
        plural(links.keys, "Jira key")
    )?;
    if links.level == Some(LinkLevel::Tests) {
        write!(
            text,
            " · this workspace's runs have no editable field for stories"
        )?;
    }
    if links.unchanged > 0 {
        write!(text, " · {} linked before", thousands(links.unchanged))?;
    }
    writeln!(text)?;
    if !links.unknown.is_empty() {
        writeln!(text, "          unknown: {}", links.unknown.join(", "))?;
    }
    if !links.ambiguous.is_empty() {
        writeln!(
            text,
            "          on several stories, not linked: {}",
            links.ambiguous.join(", ")
        )?;
    }
    Ok(())
}

/// Problems that the lines above have told already.
fn is_in_summary(code: &str) -> bool {
    matches!(code, "unknown_key" | "repaired")
}

fn plural(count: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        thousands(count),
        if count == 1 { "" } else { "s" }
    )
}

fn plural_es(count: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        thousands(count),
        if count == 1 { "" } else { "es" }
    )
}

fn plural_ies(count: usize, noun: &str) -> String {
    match noun.strip_suffix('y').filter(|_| count != 1) {
        Some(stem) => format!("{} {stem}ies", thousands(count)),
        None => format!("{} {noun}", thousands(count)),
    }
}

/// `12431` as `12,431`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_nouns_counted() {
        assert_eq!(plural(1, "result"), "1 result");
        assert_eq!(plural(12_431, "result"), "12,431 results");
        assert_eq!(plural_es(2, "batch"), "2 batches");
        assert_eq!(plural_ies(1, "story"), "1 story");
        assert_eq!(plural_ies(1_000_000, "story"), "1,000,000 stories");
    }
}
