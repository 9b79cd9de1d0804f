//! One report of several shards.

use super::roll_call::{RollCall, named};
use crate::journal::LinkTotals;
use crate::outcome::{Facts, outcome};
use crate::reconciliation::DeliveryEnd;
use crate::report::{LinkSummary, Report, ReportedProblem};
use crate::shard::Shard;

/// What several shards have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Results that share a run with a result of another shard.
    pub(super) repeats: usize,
    /// Runs that are counted more than once, as several shards have ingested results of them.
    pub(super) run_repeats: usize,
    /// How many runs with different statuses are counted more than once.
    pub(super) flaky_repeats: usize,
    /// Tests whose results differ between shards.
    pub(super) problems: Vec<ReportedProblem>,
    /// What they have linked, where a run in which several have results counts once.
    pub(super) links: LinkTotals,
}

/// One report of all shards; `None` if there are none.
pub(super) fn merged(
    ends: Vec<DeliveryEnd>,
    roll_call: &RollCall,
    common: Shared,
) -> Option<Report> {
    let mut facts = Facts {
        is_incomplete: !roll_call.is_complete(),
        ..Facts::default()
    };
    let mut merged: Option<Report> = None;
    for end in ends {
        facts = facts.and(end.facts);
        let shard = end
            .report
            .shards
            .as_ref()
            .map(|shards| shards.uploads[0].shard);
        match &mut merged {
            None => {
                let mut first = end.report;
                name_shard(&mut first, shard);
                merged = Some(first);
            }
            Some(merged) => add(merged, end.report, shard),
        }
    }
    let mut merged = merged?;
    merged.outcome = outcome(&facts);
    let Shared {
        repeats,
        run_repeats,
        flaky_repeats,
        problems,
        links: totals,
    } = common;
    merged.counts.repeats += repeats;
    merged.counts.runs = merged.counts.runs.saturating_sub(run_repeats);
    merged.counts.flaky = (merged.counts.flaky + problems.len()).saturating_sub(flaky_repeats);
    if let Some(shards) = &mut merged.shards {
        shards.is_merged = true;
        shards.missing = Some(roll_call.missing.clone());
    }
    if let Some(links) = &mut merged.links {
        links.linked = totals.linked;
        links.unchanged = totals.unchanged;
        // Results whose runs are not visible have failed, too.
        links.failed = links.failed - totals.failures.min(links.failed) + totals.failed;
    }
    let of_shards = problems_of(roll_call);
    merged.problems = [of_shards, problems, merged.problems].concat();
    Some(merged)
}

/// What the report says of the shards themselves.
fn problems_of(roll_call: &RollCall) -> Vec<ReportedProblem> {
    let mut problems = Vec::new();
    if !roll_call.missing.is_empty() {
        let message = format!(
            "{} not arrived (of {})",
            named(&roll_call.missing),
            roll_call.total
        );
        problems.push(ReportedProblem::new("missing_shards", message));
    }
    for (shard, uploads) in &roll_call.repeated {
        let ids: Vec<String> = uploads.iter().map(ToString::to_string).collect();
        let message = format!(
            "shard {shard} was uploaded {} times, and all of its results count: {}",
            uploads.len(),
            ids.join(", ")
        );
        problems.push(ReportedProblem::new("repeated_shard", message));
    }
    if !roll_call.late.is_empty() {
        let message = format!(
            "{} arrived after the suite run was completed without; all links and this report include it",
            named(&roll_call.late)
        );
        problems.push(ReportedProblem::new("late_shards", message));
    }
    problems
}

/// Adds the report of another shard.
fn add(merged: &mut Report, mut other: Report, shard: Option<Shard>) {
    name_shard(&mut other, shard);
    merged.is_resumable |= other.is_resumable;
    merged.counts += other.counts;
    if merged.target.suite_run_id().is_none() {
        merged.target = other.target;
    }
    for created in other.created {
        if !merged.created.contains(&created) {
            merged.created.push(created);
        }
    }
    merged.batches.extend(other.batches);
    match (&mut merged.links, other.links) {
        (Some(merged), Some(other)) => add_links(merged, other),
        (merged @ None, other) => *merged = other,
        (Some(_), None) => {}
    }
    for problem in other.problems {
        // Several shards may carry the same key.
        if !is_about_key(&problem) || !merged.problems.contains(&problem) {
            merged.problems.push(problem);
        }
    }
    if let (Some(merged), Some(other)) = (&mut merged.shards, other.shards) {
        merged.uploads.extend(other.uploads);
    }
}

/// Says of batches, and of problems that are about no single result, which shard they belong to.
fn name_shard(report: &mut Report, shard: Option<Shard>) {
    let Some(shard) = shard else { return };
    for batch in &mut report.batches {
        batch.shard = Some(shard.index());
    }
    for problem in &mut report.problems {
        if problem.test.is_none() && problem.position.is_none() && !is_about_key(problem) {
            problem.message = format!("shard {}: {}", shard.index(), problem.message);
        }
    }
}

/// Whether a problem is about a Jira key, which is the same in all shards.
fn is_about_key(problem: &ReportedProblem) -> bool {
    matches!(&*problem.code, "unknown_key" | "ambiguous_key")
}

fn add_links(links: &mut LinkSummary, other: LinkSummary) {
    links.level = links.level.or(other.level);
    links.key_names.extend(other.key_names);
    links.keys = links.key_names.len();
    links.matched.extend(other.matched);
    links.count_stories();
    // The others are counted for all shards together.
    links.failed += other.failed;
    links.removed += other.removed;
    for (keys, others) in [
        (&mut links.unknown, other.unknown),
        (&mut links.ambiguous, other.ambiguous),
    ] {
        keys.extend(others);
        keys.sort();
        keys.dedup();
    }
}
