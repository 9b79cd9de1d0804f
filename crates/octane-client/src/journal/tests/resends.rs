//! Which results are sent again.

use super::*;
use crate::journal::StoredBatch;

/// An upload of `runs` whose task has ended with a warning, and whose suite run shows `runs_shown`.
fn with_warning(runs: &[TestRun], runs_shown: &[ServerRun]) -> Journal {
    let journal = ready(runs.to_vec(), &UploadSettings::default());
    end(&journal, 1, "warning", None);
    journal.add_server_runs(runs_shown).unwrap();
    journal.judge(RUNS).unwrap();
    journal
}

/// How many results a resume sends again.
fn resent(journal: &Journal) -> usize {
    journal.prepare_resume(Look::Read).unwrap();
    let open = journal.open_batches().unwrap();
    open.iter().map(StoredBatch::rows).sum()
}

#[test]
fn a_rejected_result_does_not_replace_a_newer_one_of_another_upload() {
    let runs = tests(2);
    for (later_seconds, expected) in [(3600, 1), (1, 1), (0, 2), (-3600, 2)] {
        let newer = shown("1", &runs[0], Some("failed"), later_seconds);
        let journal = with_warning(&runs, &[newer]);
        assert_eq!(states(&journal)[0].0, "rejected");
        assert_eq!(resent(&journal), expected, "{later_seconds}");
    }
}

#[test]
fn a_rejected_result_replaces_a_newer_one_of_its_own_upload() {
    // The worst of several rows comes last, whenever it started.
    let mut passed = tests(1).remove(0);
    passed.started = tests(2).remove(1).started;
    let mut failed = tests(1).remove(0);
    failed.status = Status::Failed;
    let runs = [passed.clone(), failed];
    let journal = with_warning(&runs, &[shown("1", &passed, Some("passed"), 0)]);
    let states: Vec<String> = states(&journal)
        .into_iter()
        .map(|(state, _)| state)
        .collect();
    assert_eq!(states, ["ingested", "rejected"]);
    assert_eq!(resent(&journal), 1);
}

#[test]
fn where_tests_have_several_runs_a_newer_result_may_be_that_of_another_environment() {
    let runs = tests(2);
    let shown = [
        shown("1", &runs[0], Some("failed"), 60),
        shown("2", &runs[1], Some("passed"), 0),
        shown("3", &runs[1], Some("passed"), 60),
    ];
    let journal = with_warning(&runs, &shown);
    assert_eq!(states(&journal)[0].0, "rejected");
    assert_eq!(resent(&journal), 1);
}
