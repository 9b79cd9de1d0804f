//! Batches whose bytes Octane had received from an earlier upload, so that it ignored them.

use super::*;

/// An upload of `runs`, without start times, of which Octane says that it had received the bytes before.
fn ignored(runs: &[TestRun], end: &str) -> Journal {
    let journal = ready(runs.to_vec(), &UploadSettings::default());
    let task = Task::new(TaskId::new(9001), TaskStatus::Queued);
    journal.accepted(1, &task, true).unwrap();
    let end = BatchEnd::from(&TaskStatus::from(end));
    journal.task_ended(1, end, None).unwrap();
    journal
}

fn untimed(count: i64) -> Vec<TestRun> {
    let mut runs = tests(count);
    for run in &mut runs {
        run.started = None;
    }
    runs
}

/// The states after the runs were read, and how many results are sent again.
fn judged(journal: &Journal, shown: &[ServerRun], history: &[PreviousRun]) -> (Vec<String>, usize) {
    journal.add_server_runs(shown).unwrap();
    journal.add_previous_runs(history).unwrap();
    journal.judge(RUNS).unwrap();
    let states = states(journal).into_iter().map(|(state, _)| state);
    (states.collect(), journal.resend_ignored().unwrap())
}

#[test]
fn what_the_suite_run_shows_exactly_is_not_sent_again() {
    let runs = untimed(2);
    let journal = ignored(&runs, "success");
    let shown = [
        shown("1", &runs[0], Some("passed"), 0),
        shown("2", &runs[1], Some("passed"), 0),
    ];
    let expected = vec!["ingested".to_owned(), "ingested".to_owned()];
    assert_eq!(judged(&journal, &shown, &[]), (expected, 0));
}

#[test]
fn a_result_that_another_one_has_replaced_since_is_sent_again_with_new_bytes() {
    let runs = untimed(2);
    for end in ["success", "warning", "failed"] {
        let journal = ignored(&runs, end);
        let before = journal.batch_reports().unwrap();
        let shown = [
            shown("1", &runs[0], Some("failed"), 0),
            shown("2", &runs[1], Some("passed"), 0),
        ];
        // The history has what the earlier upload sent.
        let history = [PreviousRun {
            run: EntityId::from("1".to_owned()),
            status: Some("passed".to_owned()),
            started: None,
            duration: None,
        }];
        let (states, resent) = judged(&journal, &shown, &history);
        assert_ne!(states[0], "ingested", "{end}");
        assert_eq!((&*states[1], resent), ("ingested", 1), "{end}");
        let batches = journal.batch_reports().unwrap();
        let open: Vec<_> = batches
            .iter()
            .filter(|batch| batch.status == "ready")
            .collect();
        assert_eq!(open.len(), 1, "{batches:?}");
        assert!(!open[0].is_duplicate);
        assert!(before.iter().all(|batch| batch.sha256 != open[0].sha256));
    }
}

#[test]
fn a_result_that_the_suite_run_does_not_show_at_all_is_sent_again() {
    let runs = untimed(1);
    let journal = ignored(&runs, "success");
    let (states, resent) = judged(&journal, &[], &[]);
    assert_eq!((&*states[0], resent), ("unconfirmed", 1));
}

#[test]
fn a_result_that_is_newer_for_certain_is_not_replaced() {
    let runs = tests(1);
    for (later_seconds, expected) in [(60, ("ingested", 0)), (-60, ("unconfirmed", 1))] {
        let journal = ignored(&runs, "success");
        let shown = [shown("1", &runs[0], Some("failed"), later_seconds)];
        let (states, resent) = judged(&journal, &shown, &[]);
        assert_eq!((&*states[0], resent), expected);
    }
}

#[test]
fn an_earlier_result_of_a_run_is_not_sent_again_after_its_later_one() {
    let mut runs = untimed(1);
    let mut later = runs[0].clone();
    later.status = Status::Failed;
    runs.push(later);
    let journal = ignored(&runs, "success");
    let shown = [shown("1", &runs[0], Some("failed"), 0)];
    let expected = vec!["ingested".to_owned(), "ingested".to_owned()];
    assert_eq!(judged(&journal, &shown, &[]), (expected, 0));
}

#[test]
fn the_mark_is_of_the_upload_so_that_it_has_never_been_received() {
    let runs = untimed(1);
    let resent = || {
        let journal = ignored(&runs, "success");
        assert_eq!(judged(&journal, &[], &[]).1, 1);
        journal.batch_reports().unwrap()[0].sha256.clone()
    };
    assert_ne!(resent(), resent());
}

#[test]
fn a_resume_sends_them_again_too() {
    let runs = untimed(1);
    let journal = ignored(&runs, "success");
    journal.judge(RUNS).unwrap();
    assert!(journal.has_retryable_batches(true).unwrap());
    journal.prepare_resume(Look::Unread).unwrap();
    assert_eq!(journal.open_batches().unwrap().len(), 0);
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(journal.open_batches().unwrap().len(), 1);
}
