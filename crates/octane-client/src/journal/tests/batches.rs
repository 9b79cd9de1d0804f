//! Batches: how far they are, how they are divided, and where they go.

use super::*;
use crate::Plan;

fn payloads(journal: &Journal) -> Vec<bytes::Bytes> {
    let batches = journal.open_batches().unwrap();
    let payloads = batches.iter().map(|batch| journal.payload(batch).unwrap());
    payloads.collect()
}

fn states(journal: &Journal) -> Vec<(usize, State)> {
    let batches = journal.open_batches().unwrap();
    let states = batches.iter().map(|batch| (batch.number, batch.state));
    states.collect()
}

#[test]
fn the_bytes_are_those_of_the_plan_and_the_same_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let settings = in_batches_of(3);
    let journal = planned(&spool, tests(8), &settings);
    journal.aim(&target()).unwrap();
    let plan = Plan::new(tests(8), Some(&target()), &settings).unwrap();
    let expected: Vec<Vec<u8>> = plan
        .map(|batch| batch.unwrap().payload().to_vec())
        .collect();
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
    let journal = planned(&spool, tests(4), &in_batches_of(1));
    journal.aim(&target()).unwrap();
    let id = journal.id().clone();
    let batches = journal.open_batches().unwrap();
    journal.begin_sending(&batches[1]).unwrap();
    let task = Task::new(TaskId::new(77), TaskStatus::Queued);
    journal.sent(3, &task, false).unwrap();
    settle(&journal, 4, "success", None);
    drop(journal);

    let journal = spool.open(&id).unwrap();
    let expected = [(1, State::Planned), (2, State::Sending), (3, State::Sent)];
    assert_eq!(states(&journal), expected);
    let task = journal.open_batches().unwrap()[2].task;
    assert_eq!(task, Some(TaskId::new(77)));
    let told: Vec<_> = journal.batch_reports().unwrap();
    let told: Vec<&str> = told.iter().map(|batch| batch.status.as_str()).collect();
    assert_eq!(told, ["unsent", "undelivered", "queued", "success"]);
}

#[test]
fn halves_are_the_whole_again_and_stand_in_its_place() {
    let journal = aimed(tests(7), &in_batches_of(5));
    let whole = journal.open_batches().unwrap()[0].clone();
    let frame = journal.empty_payload().unwrap().len();
    let bytes = journal.payload(&whole).unwrap().len();
    let [first, last] = journal.split(&whole, "one of them is bad").unwrap();
    assert_eq!((first.number, first.rows()), (3, 3));
    assert_eq!((last.number, last.rows()), (4, 2));
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
    // What a batch became comes before the batches behind it.
    let numbers: Vec<usize> = states(&journal).iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [3, 4, 2]);
    let [one, two] = journal.split(&last, "again").unwrap();
    assert_eq!((one.number, two.number, one.rows() + two.rows()), (5, 6, 2));
}

#[test]
fn a_batch_that_repeats_a_test_follows_the_earlier_one() {
    let mut runs = tests(6);
    runs[4] = TestRun::new("t1", Status::Failed);
    let journal = aimed(runs, &in_batches_of(2));
    let follows = |journal: &Journal| -> Vec<bool> {
        let batches = journal.open_batches().unwrap();
        batches.iter().map(|batch| batch.follows).collect()
    };
    assert_eq!(follows(&journal), [false, false, true]);
    let batches = journal.open_batches().unwrap();
    journal.split(&batches[0], "bad").unwrap();
    journal.split(&batches[2], "bad").unwrap();
    assert_eq!(follows(&journal), [false, false, false, true, true]);
}

#[test]
fn the_later_half_follows_where_it_repeats_a_test_of_the_earlier_one() {
    let mut runs = tests(4);
    runs[3] = TestRun::new("t2", Status::Failed);
    let journal = aimed(runs, &UploadSettings::default());
    let whole = journal.open_batches().unwrap()[0].clone();
    let [first, last] = journal.split(&whole, "bad").unwrap();
    assert_eq!((first.follows, last.follows), (false, true));
}

#[test]
fn an_aim_puts_the_ids_in_and_is_taken_once() {
    let destination = destination().module(crate::ModuleChoice::Path("Shop".into()));
    let settings = UploadSettings::default();
    let planned = CLIENT.plan(
        tests(1),
        &destination,
        &settings,
        &Spool::off(),
        UploadId::new(),
    );
    let Planned { journal, .. } = planned.unwrap();
    assert_eq!(journal.target().unwrap(), None);
    let aim = target().module(ModuleId::new(12));
    CLIENT.aim(&journal, &aim).unwrap();
    CLIENT
        .aim(&journal, &Target::new(SuiteId::new(1), "other"))
        .unwrap();
    assert_eq!(journal.target().unwrap(), Some(aim));
    let payload = String::from_utf8(payloads(&journal)[0].to_vec()).unwrap();
    assert!(payload.contains(r#"<suite_ref id="7045""#), "{payload}");
    assert!(
        payload.contains(r#"<product_area_ref id="12""#),
        "{payload}"
    );
    assert!(!payload.contains("92233720368547758"), "{payload}");
}

#[test]
fn what_was_turned_down_or_forgotten_gets_another_chance_and_nothing_else() {
    let journal = aimed(tests(5), &in_batches_of(1));
    journal.refused(1, "no such release").unwrap();
    for (batch, status) in [(2, "failed"), (3, "lost"), (4, "lost"), (5, "success")] {
        settle(&journal, batch, status, None);
    }
    journal
        .add_found(&[shown("1", &tests(5)[3], Some("passed"), 0)])
        .unwrap();
    journal.settle_rows(RUNS).unwrap();
    assert_eq!(states(&journal), []);
    journal.reopen(true).unwrap();
    assert_eq!(
        states(&journal),
        [
            (1, State::Planned),
            (2, State::Planned),
            (3, State::Sending)
        ]
    );
}

#[test]
fn what_octane_failed_over_is_sent_again_with_bytes_that_it_has_not_had() {
    let journal = aimed(tests(4), &in_batches_of(4));
    let first = payloads(&journal).remove(0);
    settle(&journal, 1, "failed", Some("t2: no release R 99"));
    journal.settle_rows(RUNS).unwrap();
    journal.reopen(true).unwrap();
    let second = payloads(&journal).remove(0);
    let text = |bytes: &bytes::Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    assert_ne!(first, second);
    assert_eq!(
        text(&second).replace("<!-- again 1 -->\n", ""),
        text(&first)
    );
    // The process dies before anybody has looked what became of it: that is no reason to send it again.
    settle(&journal, 1, "success", None);
    journal.reopen(true).unwrap();
    assert_eq!(states(&journal), []);
    // Octane leaves out one of them: that one alone is sent again.
    settle(&journal, 1, "warning", Some("t2: no release R 99"));
    let in_it = [0, 2, 3].map(|n: usize| shown(&n.to_string(), &tests(4)[n], Some("passed"), 0));
    journal.add_found(&in_it).unwrap();
    journal.settle_rows(RUNS).unwrap();
    journal.reopen(true).unwrap();
    let open = journal.open_batches().unwrap();
    assert_eq!((open.len(), open[0].first, open[0].last), (1, 2, 2));
    assert!(text(&payloads(&journal)[0]).contains("<!-- again 2 -->"));
    // What is in stays in.
    journal.settle_rows(RUNS).unwrap();
    let words: Vec<_> = fates(&journal).into_iter().map(|(fate, _)| fate).collect();
    assert_eq!(words, ["ingested", "kept", "ingested", "ingested"]);
}
