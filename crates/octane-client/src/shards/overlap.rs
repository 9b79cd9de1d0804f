//! Tests with results in several shards: what their run should show, and this table. Skipped and planned results only count if no
//! result of the test ran.
//!
//! | the results | the run shows |
//! | --- | --- |
//! | of several uploads of one shard | that of the last of these uploads |
//! | of different shards, and all have a start time | the one that started last; of several the worst |
//! | of different shards, and some have no start time | the worst: failed before planned, skipped and passed |
//! | of a feature, of different shards | the worst, as each may have other scenarios |
//!
//! Shards run at the same time, so that nothing but start times says which of their results is later. What a shard shows as failed is
//! as late as its last result of the test, which did not replace the failure there and so does not here. If the run should show a
//! failure and shows something else, the failure is sent again; if its status is an ID that says nothing, once for the same uploads. A
//! pass is sent again, once for the same uploads, if the run shows that the test was skipped or planned, and never replaces a failure
//! that it shows. Results that Octane has rejected are named, and no run can show them.
//!
//! Where a test has several runs, such as one for each environment, all of this is about the results of one of them.

use std::collections::{BTreeMap, BTreeSet};

use octane_results::Status;

use crate::journal::{Journal, JournalError, Overlap, Overlaps, ShardResult};
use crate::report::ReportedProblem;
use crate::run_key::RunKey;
use crate::shard::Shard;
use crate::upload_id::UploadId;

/// Rows of results that a run should show, by journal.
pub(super) type Hidden = BTreeMap<usize, BTreeSet<i64>>;

/// What is to be done and said about tests with results in several shards.
#[derive(Debug, Default)]
pub(super) struct Overlapping {
    /// How many more results there are than runs.
    pub(super) repeats: usize,
    /// How many runs are counted more than once.
    pub(super) run_repeats: usize,
    /// How many tests whose results differ are counted more than once.
    pub(super) flaky_repeats: usize,
    /// The results that Octane does not show and should.
    pub(super) hidden: Hidden,
    /// The tests whose results differ.
    pub(super) problems: Vec<ReportedProblem>,
}

/// What a run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// It was not read.
    Unread,
    /// A status of which nothing is known.
    Unknown,
    /// A status, in lower case.
    Status(String),
}

impl Shown {
    fn status(&self) -> Option<&str> {
        match self {
            Self::Status(status) => Some(status),
            Self::Unread | Self::Unknown => None,
        }
    }
}

/// Looks for tests with results in several of the journals, which are in the order of their uploads. The results `sent_again` have been
/// sent again just now.
pub(super) fn look(
    journals: &[Journal],
    shards: &[Shard],
    sent_again: &Hidden,
) -> Result<Overlapping, JournalError> {
    let Overlaps {
        repeats,
        run_repeats,
        flaky_repeats,
        different,
    } = Overlaps::find(journals)?;
    let mut found = Overlapping {
        repeats,
        run_repeats,
        flaky_repeats,
        ..Overlapping::default()
    };
    let uploads: BTreeSet<UploadId> = journals.iter().map(|one| one.id().clone()).collect();
    let sent_once = journals.iter().map(|one| one.sent_again(&uploads));
    let sent_once: Vec<BTreeSet<i64>> = sent_once.collect::<Result<_, _>>()?;
    for overlap in &different {
        let wanted = wanted(&overlap.results, shards);
        let sent = wanted.filter(|wanted| {
            let rows = sent_again.get(&wanted.journal);
            rows.is_some_and(|rows| rows.contains(&wanted.row))
        });
        let read = match &sent {
            // The others were read before.
            Some(_) => sent.as_slice(),
            None => &overlap.results,
        };
        let shown = shown(journals, &overlap.key, wanted, read)?;
        let is_hidden = |wanted: &ShardResult| match (wanted.status, &shown) {
            (Status::Failed, Shown::Status(status)) => status != "failed",
            (Status::Failed, Shown::Unknown) => !sent_once[wanted.journal].contains(&wanted.row),
            // A shard that did not run the test said so later.
            (Status::Passed, Shown::Status(status)) => {
                sent_again.is_empty()
                    && !sent_once[wanted.journal].contains(&wanted.row)
                    && matches!(&**status, "skipped" | "planned")
            }
            _ => false,
        };
        if let Some(wanted) = wanted.filter(is_hidden) {
            let hidden = found.hidden.entry(wanted.journal).or_default();
            hidden.insert(wanted.row);
        }
        found
            .problems
            .extend(problem(journals, shards, overlap, shown.status())?);
    }
    Ok(found)
}

/// The result that the run should show, unless all were rejected; see the [table](self).
fn wanted(results: &[ShardResult], shards: &[Shard]) -> Option<ShardResult> {
    let mut last: BTreeMap<u32, ShardResult> = BTreeMap::new();
    for result in results.iter().filter(|result| !result.is_rejected) {
        let index = shards.get(result.journal).map_or(0, |shard| shard.index());
        last.insert(index, *result);
    }
    let ran = |result: &&ShardResult| matches!(result.status, Status::Passed | Status::Failed);
    let any_ran = last.values().any(|result| ran(&result));
    let counting = || last.values().filter(move |result| !any_ran || ran(result));
    let are_timed = counting().all(|result| result.started.is_some() && !result.is_feature);
    let best = counting().max_by_key(|result| {
        let started = result.started.filter(|_| are_timed);
        (started, severity(result.status))
    });
    best.copied()
}

/// What is worse has a higher one.
fn severity(status: Status) -> u8 {
    match status {
        Status::Failed => 3,
        Status::Planned => 2,
        Status::Skipped => 1,
        Status::Passed => 0,
    }
}

/// What the own run of the `wanted` result shows, or else that of the others, as the last of these journals has read it; `failed` if
/// there are several runs and any of them failed.
fn shown(
    journals: &[Journal],
    key: &RunKey,
    wanted: Option<ShardResult>,
    results: &[ShardResult],
) -> Result<Shown, JournalError> {
    let mut own = own_runs(journals, key, wanted.as_slice())?;
    if own.is_empty() {
        own = own_runs(journals, key, results)?;
    }
    let mut shown: BTreeMap<String, Option<String>> = BTreeMap::new();
    for result in results {
        if let Some(journal) = journals.get(result.journal) {
            shown.extend(journal.shown_statuses(key)?);
        }
    }
    shown.retain(|run, _| own.contains(run));
    if shown.is_empty() {
        return Ok(Shown::Unread);
    }
    let known = shown.into_values().flatten();
    let known: Vec<String> = known.filter(|status| status != "?").collect();
    let failed = known.iter().find(|status| *status == "failed");
    Ok(match failed.or(known.last()) {
        Some(status) => Shown::Status(status.clone()),
        None => Shown::Unknown,
    })
}

/// The own runs with a key of the journals of some results.
fn own_runs(
    journals: &[Journal],
    key: &RunKey,
    results: &[ShardResult],
) -> Result<BTreeSet<String>, JournalError> {
    let mut own = BTreeSet::new();
    for result in results {
        if let Some(journal) = journals.get(result.journal) {
            own.extend(journal.own_runs(key)?);
        }
    }
    Ok(own)
}

/// Names the test, and the place of a result that the run does not show.
fn problem(
    journals: &[Journal],
    shards: &[Shard],
    overlap: &Overlap,
    shown: Option<&str>,
) -> Result<Option<ReportedProblem>, JournalError> {
    let word = |result: &ShardResult| result.status.as_str().to_lowercase();
    let replaced = overlap
        .results
        .iter()
        .find(|result| Some(&*word(result)) != shown);
    let replaced = replaced.unwrap_or(&overlap.results[0]);
    let test = match journals.get(replaced.journal) {
        Some(journal) => journal.test_of_row(replaced.row)?,
        None => None,
    };
    let Some((test, position)) = test else {
        return Ok(None);
    };
    let results = overlap.results.iter().map(|result| {
        let index = shards.get(result.journal).map_or(0, |shard| shard.index());
        let rejected = if result.is_rejected {
            " (rejected)"
        } else {
            ""
        };
        format!("{} in shard {index}{rejected}", word(result))
    });
    let results: Vec<String> = results.collect();
    let mut message = results.join(", ");
    if let Some(shown) = shown {
        message.push_str(&format!("; the run shows `{shown}`"));
    }
    Ok(Some(
        ReportedProblem::new("flaky", message)
            .of_test(&test)
            .at(position),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shards 1, 2, 3, and shard 2 once more.
    fn shards() -> Vec<Shard> {
        [1, 2, 3, 2]
            .map(|index| Shard::new(index, 3).unwrap())
            .into()
    }

    fn result(journal: usize, status: Status, started: Option<i64>) -> ShardResult {
        ShardResult {
            journal,
            row: 1,
            status,
            started,
            is_feature: false,
            is_rejected: false,
        }
    }

    /// Which journal's result the run should show.
    fn shows(results: &[(usize, Status, Option<i64>)]) -> usize {
        let results: Vec<ShardResult> = results
            .iter()
            .map(|(journal, status, started)| result(*journal, *status, *started))
            .collect();
        wanted(&results, &shards()).unwrap().journal
    }

    use Status::{Failed, Passed, Planned, Skipped};

    #[test]
    fn of_several_uploads_of_one_shard_the_last_counts() {
        assert_eq!(shows(&[(1, Failed, None), (3, Passed, None)]), 3);
        assert_eq!(shows(&[(1, Failed, Some(9)), (3, Passed, Some(1))]), 3);
        // Another shard is not replaced by it.
        assert_eq!(
            shows(&[(0, Failed, None), (1, Failed, None), (3, Passed, None)]),
            0
        );
    }

    #[test]
    fn of_different_shards_the_result_counts_that_started_last() {
        assert_eq!(shows(&[(0, Failed, Some(1)), (1, Passed, Some(2))]), 1);
        assert_eq!(shows(&[(0, Failed, Some(2)), (1, Passed, Some(1))]), 0);
        assert_eq!(shows(&[(0, Failed, Some(2)), (1, Passed, Some(2))]), 0);
    }

    #[test]
    fn of_different_shards_without_start_times_the_worst_result_counts() {
        assert_eq!(shows(&[(0, Failed, None), (1, Passed, None)]), 0);
        assert_eq!(shows(&[(0, Failed, None), (1, Passed, Some(7))]), 0);
        assert_eq!(shows(&[(0, Skipped, None), (1, Planned, None)]), 1);
    }

    #[test]
    fn of_a_feature_in_different_shards_the_worst_result_counts_whenever_it_started() {
        let feature = |journal, status, started| ShardResult {
            is_feature: true,
            ..result(journal, status, Some(started))
        };
        let results = [feature(0, Failed, 1), feature(1, Passed, 2)];
        assert_eq!(wanted(&results, &shards()).unwrap().journal, 0);
    }

    #[test]
    fn a_result_that_octane_has_rejected_counts_for_no_run() {
        let rejected = ShardResult {
            is_rejected: true,
            ..result(0, Failed, None)
        };
        let passed = result(1, Passed, None);
        assert_eq!(wanted(&[rejected, passed], &shards()), Some(passed));
        assert_eq!(wanted(&[rejected], &shards()), None);
    }

    #[test]
    fn what_did_not_run_replaces_nothing_that_ran() {
        assert_eq!(shows(&[(0, Passed, None), (1, Skipped, Some(9))]), 0);
        assert_eq!(
            shows(&[
                (0, Passed, Some(1)),
                (1, Skipped, None),
                (2, Planned, Some(9))
            ]),
            0
        );
    }
}
