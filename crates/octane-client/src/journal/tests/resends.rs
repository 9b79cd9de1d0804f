//! Which results are sent again, and that an upload is unfinished until they have arrived.

use std::collections::BTreeSet;

use super::*;
use crate::journal::{LastAttempt, StoredBatch, UploadState};
use crate::outcome::Outcome;

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
    let without_failure = journal.runs_without_failure().unwrap();
    assert_eq!(without_failure, [EntityId::from("1")]);
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

/// An upload of two results whose batch was forgotten, sent again and forgotten again; the suite run shows `runs_shown`.
fn forgotten_twice(runs_shown: &[ServerRun]) -> Journal {
    let journal = ready(tests(2), &UploadSettings::default());
    end(&journal, 1, "forgotten", None);
    journal.judge(RUNS).unwrap();
    assert_eq!(resent(&journal), 2);
    end(&journal, 1, "forgotten", None);
    journal.add_server_runs(runs_shown).unwrap();
    journal.judge(RUNS).unwrap();
    journal
}

/// The first and the last row of each batch that a resume sends which asks for what is missing.
fn sent_for_missing(journal: &Journal) -> Vec<(i64, i64)> {
    journal.prepare_resume(Look::ReadForMissing).unwrap();
    let open = journal.open_batches().unwrap();
    open.iter()
        .map(|batch| (batch.first_row, batch.last_row))
        .collect()
}

#[test]
fn of_a_batch_that_was_forgotten_twice_no_piece_replaces_a_newer_result_of_another_upload() {
    let newer = shown("1", &tests(2)[1], Some("failed"), 3600);
    let journal = forgotten_twice(&[newer]);
    assert_eq!(sent_for_missing(&journal), [(1, 1)]);
    let sent = journal.open_batches().unwrap();
    end(&journal, sent[0].number, "success", None);
    let first = shown("2", &tests(2)[0], Some("passed"), 0);
    journal.add_server_runs(&[first]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(sent_for_missing(&journal), []);
    assert_eq!(resent(&journal), 0);
    assert_eq!(journal.row_counts().unwrap().pending(), 1);
}

#[test]
fn a_batch_that_was_forgotten_twice_is_not_sent_if_all_of_its_results_would_replace_newer_ones() {
    let newer = [0, 1].map(|run| shown(["1", "2"][run], &tests(2)[run], Some("failed"), 3600));
    let journal = forgotten_twice(&newer);
    for _ in 0..2 {
        assert_eq!(sent_for_missing(&journal), []);
    }
}

#[test]
fn what_may_have_been_sent_before_the_results_of_other_shards_was_not_sent_again() {
    let journal = ready(tests(3), &in_batches_of(1));
    let uploads = BTreeSet::from([journal.id().clone()]);
    let sent_again = |row| {
        journal
            .resend_rows(&BTreeSet::from([row]), &uploads)
            .unwrap();
        journal.sent_again(&uploads).unwrap()
    };
    let task = Task::new(TaskId::new(9001), TaskStatus::Queued);
    journal.accepted(1, &task, false).unwrap();
    journal.begin_sending(2, "").unwrap();
    assert_eq!(sent_again(1), BTreeSet::new());
    assert_eq!(sent_again(2), BTreeSet::new());
    // This one will be sent after the others.
    assert_eq!(sent_again(3), BTreeSet::from([3]));
    end(&journal, 1, "success", None);
    journal.judge(Confirmation::TaskOnly).unwrap();
    assert_eq!(sent_again(1), BTreeSet::from([1, 3]));
}

#[test]
fn what_a_merge_sends_again_is_unfinished_until_it_has_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let journal = prepared(&spool, tests(2), &UploadSettings::default());
    journal.set_target(&target()).unwrap();
    end(&journal, 1, "success", None);
    journal.judge(Confirmation::TaskOnly).unwrap();
    let last = LastAttempt {
        outcome: Outcome::Success,
        is_finished: true,
        is_awaiting_shards: false,
    };
    journal.set("last_attempt", &last).unwrap();
    let summary = journal.summary(false).unwrap();
    assert_eq!(summary.state, UploadState::Finished);
    let uploads = BTreeSet::from([journal.id().clone()]);
    let rows = BTreeSet::from([1]);
    journal.resend_rows(&rows, &uploads).unwrap();
    let summary = journal.summary(false).unwrap();
    assert_eq!(summary.state, UploadState::Pending);
    assert!(!summary.is_delivered);
    // It is known as long as no other upload is merged too.
    assert_eq!(journal.sent_again(&uploads).unwrap(), rows);
    let more = BTreeSet::from([journal.id().clone(), UploadId::new()]);
    assert_eq!(journal.sent_again(&more).unwrap(), BTreeSet::new());
}

#[test]
fn a_shard_stays_delivered_while_a_process_reads_it() {
    let journal = ready(tests(1), &UploadSettings::default());
    let last = LastAttempt {
        outcome: Outcome::Success,
        is_finished: false,
        is_awaiting_shards: true,
    };
    journal.set("last_attempt", &last).unwrap();
    for is_in_use in [false, true] {
        let summary = journal.summary(is_in_use).unwrap();
        assert!(summary.is_delivered && !summary.is_finished);
    }
}

#[test]
fn a_shard_that_is_linked_is_finished_only_once_its_merge_has_ended() {
    let settings = UploadSettings {
        shard: Some("1/2".parse().unwrap()),
        ..UploadSettings::default()
    };
    let journal = ready(tests(1), &settings);
    let last = LastAttempt {
        outcome: Outcome::Success,
        is_finished: true,
        is_awaiting_shards: false,
    };
    journal.set("last_attempt", &last).unwrap();
    let summary = journal.summary(false).unwrap();
    assert_eq!(summary.state, UploadState::AwaitingShards);
    assert!(summary.is_delivered && !summary.is_finished);
    journal.set("merged", &jiff::Timestamp::UNIX_EPOCH).unwrap();
    let summary = journal.summary(false).unwrap();
    assert!(summary.is_finished);
}

#[test]
fn a_merge_holds_until_a_resume_sends_something_again() {
    let runs = tests(2);
    let journal = with_warning(&runs, &[shown("1", &runs[0], Some("passed"), 0)]);
    let last = |is_finished| LastAttempt {
        outcome: Outcome::Partial,
        is_finished,
        is_awaiting_shards: false,
    };
    let merged = || journal.merged_ingested().unwrap();
    for (is_finished, expected) in [(false, None), (true, Some(1))] {
        journal.end_attempt(last(is_finished), None).unwrap();
        journal.set_merged(jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(merged(), expected);
    }
    journal.end_attempt(last(true), Some(1)).unwrap();
    journal.prepare_resume(Look::Unread).unwrap();
    assert_eq!(merged(), Some(1));
    assert_eq!(resent(&journal), 1);
    assert_eq!(merged(), None);
    assert!(journal.merged().unwrap().is_some());
}

#[test]
fn a_merge_by_an_earlier_version_holds_if_the_upload_was_finished() {
    let runs = tests(2);
    for (is_finished, expected) in [(false, None), (true, Some(1))] {
        let journal = with_warning(&runs, &[shown("1", &runs[0], Some("passed"), 0)]);
        let last = LastAttempt {
            outcome: Outcome::Partial,
            is_finished,
            is_awaiting_shards: false,
        };
        journal.end_attempt(last, None).unwrap();
        journal.note_earlier_merge().unwrap();
        assert_eq!(
            journal.merged_ingested().unwrap(),
            None,
            "it was not merged"
        );
        journal.set("merged", &jiff::Timestamp::UNIX_EPOCH).unwrap();
        journal.note_earlier_merge().unwrap();
        assert_eq!(journal.merged_ingested().unwrap(), expected);
    }
}
