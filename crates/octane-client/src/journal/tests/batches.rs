//! Batches: how far they are, how they are divided, and where they go.

use super::*;
use crate::journal::StoredBatch;
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::target::ModuleChoice;

fn payloads(journal: &Journal) -> Vec<bytes::Bytes> {
    let batches = journal.open_batches().unwrap();
    let payloads = batches.iter().map(|batch| journal.payload(batch).unwrap());
    payloads.collect()
}

fn batch_states(journal: &Journal) -> Vec<(usize, BatchState)> {
    let batches = journal.open_batches().unwrap();
    let states = batches
        .iter()
        .map(|batch| (batch.number, batch.state.clone()));
    states.collect()
}

#[test]
fn the_bytes_are_those_of_the_plan_and_the_same_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let settings = in_batches_of(3);
    let journal = prepared(&spool, tests(8), &settings);
    journal.set_target(&target()).unwrap();
    let plan = Plan::new(tests(8), Some(&target()), &settings).unwrap();
    let expected: Vec<Vec<u8>> = plan.map(|batch| batch.unwrap().payload()).collect();
    assert_eq!(expected.len(), 3);
    assert_eq!(payloads(&journal), expected);
    let id = journal.id().clone();
    drop(journal);
    assert_eq!(payloads(&spool.open(&id).unwrap()), expected);
}

#[test]
fn each_step_of_a_batch_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let journal = prepared(&spool, tests(4), &in_batches_of(1));
    journal.set_target(&target()).unwrap();
    let id = journal.id().clone();
    let batches = journal.open_batches().unwrap();
    journal.begin_sending(batches[1].number, "").unwrap();
    let task = Task::new(TaskId::new(77), TaskStatus::Queued);
    journal.accepted(3, &task, false).unwrap();
    end(&journal, 4, "success", None);
    drop(journal);

    let journal = spool.open(&id).unwrap();
    let expected = [
        (1, BatchState::Ready),
        (2, BatchState::InFlight),
        (3, BatchState::Accepted),
    ];
    assert_eq!(batch_states(&journal), expected);
    let task = journal.open_batches().unwrap()[2].task;
    assert_eq!(task, Some(TaskId::new(77)));
    let reports: Vec<_> = journal.batch_reports().unwrap();
    let statuses: Vec<&str> = reports.iter().map(|batch| batch.status.as_str()).collect();
    assert_eq!(statuses, ["ready", "in_flight", "accepted", "success"]);
}

#[test]
fn halves_hold_what_the_whole_held_and_replace_it() {
    let journal = ready(tests(7), &in_batches_of(5));
    let whole = journal.open_batches().unwrap()[0].clone();
    let frame = journal.empty_payload().unwrap().len();
    let bytes = journal.payload(&whole).unwrap().len();
    let [first, last] = journal.split(&whole).unwrap();
    assert_eq!((first.number, first.results), (3, 3));
    assert_eq!((last.number, last.results), (4, 2));
    let halves = [&first, &last].map(|half| journal.payload(half).unwrap());
    assert_eq!(halves[0].len() + halves[1].len(), bytes + frame);
    for (half, tests) in halves
        .iter()
        .zip([["t1", "t2", "t3"].as_slice(), &["t4", "t5"]])
    {
        let text = std::str::from_utf8(half).unwrap();
        assert!(octane_results::check(half).is_ok(), "{text}");
        for number in 1..=7 {
            let name = format!("t{number}");
            let is_in = text.contains(&format!("name=\"{name}\""));
            assert_eq!(is_in, tests.contains(&name.as_str()), "{name}: {text}");
        }
    }
    // The halves come before the batches after it.
    let numbers: Vec<usize> = batch_states(&journal)
        .iter()
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(numbers, [3, 4, 2]);
    let [one, two] = journal.split(&last).unwrap();
    assert_eq!(
        (one.number, two.number, one.results + two.results),
        (5, 6, 2)
    );
}

#[test]
fn a_batch_that_repeats_a_test_is_sent_after_the_earlier_one() {
    let mut runs = tests(6);
    runs[4] = TestRun::new("t1", Status::Failed);
    let journal = ready(runs, &in_batches_of(2));
    let after_previous = |journal: &Journal| -> Vec<bool> {
        let batches = journal.open_batches().unwrap();
        batches.iter().map(|batch| batch.after_previous).collect()
    };
    assert_eq!(after_previous(&journal), [false, false, true]);
    let batches = journal.open_batches().unwrap();
    journal.split(&batches[0]).unwrap();
    journal.split(&batches[2]).unwrap();
    assert_eq!(after_previous(&journal), [false, false, false, true, true]);
}

#[test]
fn the_later_half_is_sent_after_the_earlier_one_if_it_repeats_a_test() {
    let mut runs = tests(4);
    runs[3] = TestRun::new("t2", Status::Failed);
    let journal = ready(runs, &UploadSettings::default());
    let whole = journal.open_batches().unwrap()[0].clone();
    let [first, last] = journal.split(&whole).unwrap();
    assert_eq!((first.after_previous, last.after_previous), (false, true));
}

#[tokio::test]
async fn a_target_sets_the_ids_in_the_payload_and_is_set_once() {
    let spec = target_spec().module(ModuleChoice::Path("Shop".into()));
    let settings = UploadSettings::default();
    let planned = CLIENT.prepare(tests(1), &spec, &settings, &Spool::off(), UploadId::new());
    let Prepared { journal, .. } = planned.unwrap();
    assert_eq!(journal.target().unwrap(), None);
    let chosen = target().module(ModuleId::new(12));
    journal.set_target(&chosen).unwrap();
    // Another one changes nothing, and no server is asked.
    let other = Target::new(SuiteId::new(1), "other");
    let resolved = CLIENT.delivery(&journal).target(other).resolve().await;
    assert_eq!(resolved.unwrap(), chosen);
    assert_eq!(journal.target().unwrap(), Some(chosen));
    let payload = String::from_utf8(payloads(&journal)[0].to_vec()).unwrap();
    assert!(payload.contains(r#"<suite_ref id="7045""#), "{payload}");
    assert!(
        payload.contains(r#"<product_area_ref id="12""#),
        "{payload}"
    );
    assert!(!payload.contains("92233720368547758"), "{payload}");
}

#[test]
fn rejected_and_forgotten_results_are_sent_again_and_nothing_else() {
    let journal = ready(tests(5), &in_batches_of(1));
    journal.refused(1, "no such release").unwrap();
    for (batch, status) in [
        (2, "failed"),
        (3, "forgotten"),
        (4, "forgotten"),
        (5, "success"),
    ] {
        end(&journal, batch, status, None);
    }
    journal
        .add_server_runs(&[shown("1", &tests(5)[3], Some("passed"), 0)])
        .unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(batch_states(&journal), []);
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(
        batch_states(&journal),
        [
            (1, BatchState::Ready),
            (2, BatchState::Ready),
            (3, BatchState::InFlight)
        ]
    );
}

#[test]
fn what_is_sent_again_may_have_been_sent_by_a_copy_that_is_lost() {
    let journal = ready(tests(2), &in_batches_of(1));
    journal.refused(1, "no such release").unwrap();
    end(&journal, 2, "failed", Some("t1: no release R 99"));
    journal.judge(RUNS).unwrap();
    journal.assume_sent().unwrap();
    assert_eq!(batch_states(&journal), []);
    journal.prepare_resume(Look::Read).unwrap();
    let in_flight = [(1, BatchState::InFlight), (2, BatchState::InFlight)];
    assert_eq!(batch_states(&journal), in_flight);
    // What this copy does is known to the next attempt.
    journal.refused(1, "no such release").unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let states = [(1, BatchState::Ready), (2, BatchState::InFlight)];
    assert_eq!(batch_states(&journal), states);
}

#[test]
fn what_a_task_rejected_is_sent_again_with_bytes_that_octane_has_not_received() {
    let journal = ready(tests(4), &in_batches_of(4));
    let first = payloads(&journal).remove(0);
    end(&journal, 1, "failed", Some("t2: no release R 99"));
    journal.judge(RUNS).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let second = payloads(&journal).remove(0);
    let text = |bytes: &bytes::Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    assert_ne!(first, second);
    let mark = format!("<!-- nonce sent-again-by-{} 1 -->\n", journal.id());
    assert_eq!(text(&second).replace(&mark, ""), text(&first));
    // The process dies before the runs were read: that is not a reason to send it again.
    end(&journal, 1, "success", None);
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(batch_states(&journal), []);
    // Octane rejects one of them: only that one is sent again.
    end(&journal, 1, "warning", Some("t2: no release R 99"));
    let in_it = [0, 2, 3].map(|n: usize| shown(&n.to_string(), &tests(4)[n], Some("passed"), 0));
    journal.add_server_runs(&in_it).unwrap();
    journal.judge(RUNS).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let open = journal.open_batches().unwrap();
    assert_eq!((open.len(), open[0].first_row, open[0].last_row), (1, 2, 2));
    assert!(text(&payloads(&journal)[0]).contains(&mark.replace(" 1 ", " 2 ")));
    // What is in stays in.
    journal.judge(RUNS).unwrap();
    let words: Vec<_> = states(&journal)
        .into_iter()
        .map(|(state, _)| state)
        .collect();
    assert_eq!(words, ["ingested", "open", "ingested", "ingested"]);
}

#[test]
fn what_was_never_sent_keeps_the_bytes_that_any_upload_of_it_has() {
    let text = |bytes: &bytes::Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    let journal = ready(tests(8), &in_batches_of(4));
    end(&journal, 1, "failed", Some("t2: no release R 99"));
    journal.judge(RUNS).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let open = journal.open_batches().unwrap();
    let mark = format!("sent-again-by-{}", journal.id());
    let is_marked = |batch: &StoredBatch| text(&journal.payload(batch).unwrap()).contains(&mark);
    assert_eq!(
        open.iter().map(is_marked).collect::<Vec<_>>(),
        [true, false]
    );
    // The pieces are as new to the server as the whole was.
    for batch in &open {
        for half in journal.split(batch).unwrap() {
            assert_eq!(is_marked(&half), is_marked(batch));
        }
    }
}

#[test]
fn the_target_may_change_until_something_was_sent() {
    let journal = prepared(&Spool::off(), tests(4), &in_batches_of(2));
    assert!(!journal.may_change_target().unwrap(), "it has none yet");
    journal.set_target(&target()).unwrap();
    let payload = |batch: &StoredBatch| {
        let payload = journal.payload(batch).unwrap();
        String::from_utf8(payload.to_vec()).unwrap()
    };
    let batches = || journal.open_batches().unwrap();
    let first = payload(&batches()[0]);
    assert!(first.contains("7045"), "{first}");

    assert!(journal.may_change_target().unwrap());
    let other = Target::new(SuiteId::new(7001), "nightly-1");
    journal.set_target(&other).unwrap();
    assert_eq!(journal.target().unwrap().unwrap().suite.id, other.suite.id);
    for batch in batches() {
        let payload = payload(&batch);
        assert!(
            payload.contains("7001") && !payload.contains("7045"),
            "{payload}"
        );
    }

    journal.begin_sending(1, "").unwrap();
    assert!(!journal.may_change_target().unwrap());
}
