//! Results of tests that have several, in one upload or in the suite run.

use std::time::Duration;

use octane_results::Dialect;

use super::*;
use crate::target::ModuleChoice;

/// Two results of one test, a minute apart, each of which took another time.
fn twins(is_later_first: bool) -> Vec<TestRun> {
    let mut first = tests(1).remove(0).duration(Duration::from_millis(1));
    let mut second = first.clone().duration(Duration::from_millis(2));
    let later = first.started.unwrap() + Duration::from_secs(60);
    let of_later = if is_later_first {
        &mut first
    } else {
        &mut second
    };
    of_later.started = Some(later);
    vec![first, second]
}

/// What the suite run shows of `run`.
fn held(run: &TestRun) -> ServerRun {
    ServerRun {
        duration: Some(milliseconds(run)),
        ..shown("1", run, Some("passed"), 0)
    }
}

fn milliseconds(run: &TestRun) -> i64 {
    i64::try_from(run.duration.as_millis()).unwrap()
}

fn words(journal: &Journal) -> Vec<String> {
    states(journal)
        .into_iter()
        .map(|(state, _)| state)
        .collect()
}

#[test]
fn the_last_result_of_a_test_confirms_those_before_it_whenever_they_started() {
    let runs = twins(true);
    let journal = ready(runs.clone(), &in_batches_of(1));
    end(&journal, 1, "success", None);
    end(&journal, 2, "success", None);
    journal.add_server_runs(&[held(&runs[1])]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["ingested", "ingested"]);
}

#[test]
fn a_result_without_a_start_differs_from_an_older_one_by_its_duration() {
    let mut runs = twins(false);
    for run in &mut runs {
        run.started = None;
    }
    let new = runs.split_off(1);
    let journal = ready(new.clone(), &UploadSettings::default());
    end(&journal, 1, "failed", None);
    journal.add_server_runs(&[held(&runs[0])]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["rejected"]);
    journal.add_server_runs(&[held(&new[0])]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["ingested"]);
}

#[test]
fn a_replaced_result_of_a_failed_batch_is_found_in_the_history() {
    let runs = twins(false);
    let journal = ready(runs.clone(), &in_batches_of(1));
    end(&journal, 1, "failed", None);
    end(&journal, 2, "success", None);
    journal.add_server_runs(&[held(&runs[1])]).unwrap();
    let doubtful = journal.runs_needing_history().unwrap();
    assert_eq!(doubtful, [EntityId::from("1".to_owned())]);
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["rejected", "ingested"]);
    let former = PreviousRun {
        run: doubtful[0].clone(),
        status: Some("passed".to_owned()),
        started: runs[0].started.map(jiff::Timestamp::as_millisecond),
        duration: Some(milliseconds(&runs[0])),
    };
    journal.add_previous_runs(&[former]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["ingested", "ingested"]);
    journal.clear_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["rejected", "unconfirmed"]);
}

#[test]
fn a_result_replaced_by_an_earlier_one_of_another_batch_is_found_in_the_history() {
    let runs = twins(true);
    let journal = ready(runs.clone(), &in_batches_of(1));
    // Octane has the second one as well, which is not known yet.
    end(&journal, 1, "warning", Some("no release R 99"));
    journal.add_server_runs(&[held(&runs[1])]).unwrap();
    let doubtful = journal.runs_needing_history().unwrap();
    assert_eq!(doubtful, [EntityId::from("1".to_owned())]);
    let former = PreviousRun {
        run: doubtful[0].clone(),
        status: Some("passed".to_owned()),
        started: runs[0].started.map(jiff::Timestamp::as_millisecond),
        duration: Some(milliseconds(&runs[0])),
    };
    journal.add_previous_runs(&[former]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["ingested", "open"]);
}

#[test]
fn the_history_is_not_needed_for_runs_that_show_what_was_sent() {
    let runs = twins(false);
    let journal = ready(runs[1..].to_vec(), &UploadSettings::default());
    end(&journal, 1, "failed", None);
    journal.add_server_runs(&[held(&runs[1])]).unwrap();
    assert_eq!(journal.runs_needing_history().unwrap(), []);
}

#[test]
fn what_was_seen_once_stays_known_when_the_runs_cannot_be_read() {
    let runs = tests(2);
    let journal = ready(runs.clone(), &in_batches_of(1));
    end(&journal, 1, "success", None);
    let found = shown("1", &runs[0], Some("passed"), 0);
    journal.add_server_runs(&[found]).unwrap();
    journal.judge(RUNS).unwrap();
    end(&journal, 2, "success", None);
    journal.clear_server_runs().unwrap();
    journal.judge(Confirmation::Unknown).unwrap();
    assert_eq!(words(&journal), ["ingested", "open"]);
}

#[test]
fn a_log_line_belongs_to_the_test_it_names_and_not_to_one_with_a_longer_name() {
    let journal = ready(tests(12), &UploadSettings::default());
    let task_log = "run `t12` (line 14): no\nrun `t1` (line 3): never";
    end(&journal, 1, "failed", Some(task_log));
    journal.judge(RUNS).unwrap();
    let reason = |row: usize| states(&journal)[row - 1].1.clone().unwrap();
    assert_eq!(reason(1), "run `t1` (line 3): never");
    assert_eq!(reason(12), "run `t12` (line 14): no");
    // This one was not reported.
    assert_eq!(
        reason(2),
        "run `t12` (line 14): no; run `t1` (line 3): never"
    );
}

#[test]
fn what_the_dialect_has_no_field_for_is_not_looked_for() {
    let mut runs = tests(1);
    runs[0].run_name = Some("on a Tuesday".to_owned());
    let settings = UploadSettings {
        dialect: Dialect::Evidence,
        ..UploadSettings::default()
    };
    let module = ModuleId::new(2001);
    let spec = target_spec().module(ModuleChoice::Id(module));
    let planned = CLIENT.prepare(
        runs.clone(),
        &spec,
        &settings,
        &Spool::off(),
        UploadId::new(),
    );
    let journal = planned.unwrap().journal;
    journal.set_target(&target().module(module)).unwrap();
    end(&journal, 1, "success", None);
    // Octane names the run as its test.
    let run = shown("1", &runs[0], Some("passed"), 0);
    journal.add_server_runs(&[run]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["ingested"]);
}

#[test]
fn a_refused_result_does_not_replace_a_later_one_of_the_same_test() {
    let mut runs = twins(false);
    runs.push(tests(2).remove(1));
    let journal = ready(runs, &in_batches_of(1));
    journal.refused(1, "no").unwrap();
    journal.refused(3, "no").unwrap();
    let open = || -> Vec<usize> {
        let batches = journal.open_batches().unwrap();
        batches.iter().map(|batch| batch.number).collect()
    };
    end(&journal, 2, "success", None);
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(open(), [3]);
    journal.refused(3, "no").unwrap();
    journal.refused(2, "no").unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(open(), [1, 2, 3]);
}

#[test]
fn a_forgotten_batch_that_is_partly_ingested_is_sent_again_with_the_same_bytes() {
    let runs = tests(4);
    let journal = ready(runs.clone(), &in_batches_of(4));
    let sha256 = |journal: &Journal| journal.batch_reports().unwrap()[0].sha256.clone();
    let planned = sha256(&journal);
    end(&journal, 1, "forgotten", None);
    let found = [0, 1, 3].map(|n: usize| shown(&n.to_string(), &runs[n], Some("passed"), 0));
    journal.add_server_runs(&found).unwrap();
    journal.judge(RUNS).unwrap();
    // Octane may still be at work on it.
    journal.prepare_resume(Look::Read).unwrap();
    let open = journal.open_batches().unwrap();
    assert_eq!((open.len(), sha256(&journal)), (1, planned));
    assert_eq!(
        words(&journal),
        ["ingested", "ingested", "open", "ingested"]
    );
}

#[test]
fn of_a_refused_batch_all_but_superseded_results_are_sent_again() {
    let mut runs = tests(8);
    // The second batch repeats the third test of the first one.
    runs[6] = runs[2].clone().duration(Duration::from_millis(7));
    let journal = ready(runs, &in_batches_of(4));
    let planned = journal.open_batches().unwrap();
    journal.refused(1, "no").unwrap();
    end(&journal, 2, "success", None);
    journal.prepare_resume(Look::Read).unwrap();
    let open = journal.open_batches().unwrap();
    let pieces: Vec<_> = open
        .iter()
        .map(|batch| (batch.first_row, batch.last_row))
        .collect();
    assert_eq!(pieces, [(1, 2), (4, 4)]);
    let bytes = |batch| journal.payload(batch).unwrap().len();
    assert!(open.iter().all(|piece| bytes(piece) < bytes(&planned[0])));
    let refused = |journal: &Journal| {
        let reports = journal.batch_reports().unwrap();
        let refused = reports.iter().filter(|batch| batch.status == "refused");
        refused.map(|batch| batch.results).collect::<Vec<_>>()
    };
    assert_eq!(refused(&journal), [1]);
    // Once more, nothing is left to divide.
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(journal.open_batches().unwrap().len(), 2);
    assert_eq!(refused(&journal), [1]);
}

#[test]
fn a_forgotten_result_is_sent_again_only_if_it_is_missing_and_not_superseded() {
    let mut runs = twins(false);
    runs.push(tests(2).remove(1));
    let journal = ready(runs.clone(), &in_batches_of(1));
    for (batch, status) in [(1, "forgotten"), (2, "success"), (3, "forgotten")] {
        end(&journal, batch, status, None);
    }
    let resent = || -> Vec<usize> {
        journal.prepare_resume(Look::Read).unwrap();
        let batches = journal.open_batches().unwrap();
        batches.iter().map(|batch| batch.number).collect()
    };
    journal.judge(Confirmation::Unknown).unwrap();
    assert!(resent().is_empty(), "the runs were not read yet");
    journal.add_server_runs(&[held(&runs[1])]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(words(&journal), ["superseded", "ingested", "unconfirmed"]);
    let counts = journal.row_counts().unwrap();
    assert_eq!((counts.superseded, counts.forgotten), (1, 1));
    assert_eq!(resent(), [3]);
}

/// Brings a batch as far as this.
fn advance(journal: &Journal, batch: usize, state: &str) {
    match state {
        "ready" => {}
        "in_flight" => {
            journal.begin_sending(batch, "").unwrap();
        }
        "accepted" => {
            let task = Task::new(TaskId::new(1), TaskStatus::Queued);
            journal.accepted(batch, &task, false).unwrap();
        }
        "refused" => journal.refused(batch, "no").unwrap(),
        status => end(journal, batch, status, None),
    }
}

/// For each state of a batch with a later result, whether that may be in.
const MAY_BE_IN: [(&str, bool); 7] = [
    ("ready", false),
    ("in_flight", true),
    ("accepted", true),
    ("refused", false),
    ("success", true),
    ("failed", true),
    ("forgotten", true),
];

#[test]
fn what_octane_forgot_is_superseded_by_a_later_result_that_has_left() {
    for (state, may_be_in) in MAY_BE_IN {
        let journal = ready(twins(false), &in_batches_of(1));
        end(&journal, 1, "forgotten", None);
        advance(&journal, 2, state);
        journal.judge(RUNS).unwrap();
        let expected = if may_be_in {
            "superseded"
        } else {
            "unconfirmed"
        };
        assert_eq!(words(&journal)[0], expected, "{state}");
        journal.prepare_resume(Look::Read).unwrap();
        let open = journal.open_batches().unwrap();
        let is_sent_again = open.iter().any(|batch| batch.number == 1);
        // What a task rejected is sent once more, so both are, in their order.
        assert_eq!(is_sent_again, !may_be_in || state == "failed", "{state}");
    }
}

#[test]
fn what_was_refused_stays_so_if_a_later_result_of_its_test_has_left() {
    for (state, may_be_in) in MAY_BE_IN {
        let journal = ready(twins(false), &in_batches_of(1));
        journal.refused(1, "no").unwrap();
        advance(&journal, 2, state);
        journal.judge(RUNS).unwrap();
        journal.prepare_resume(Look::Read).unwrap();
        let open = journal.open_batches().unwrap();
        let is_sent_again = open.iter().any(|batch| batch.number == 1);
        // What a task rejected is sent once more, so both are, in their order.
        assert_eq!(is_sent_again, !may_be_in || state == "failed", "{state}");
    }
}
