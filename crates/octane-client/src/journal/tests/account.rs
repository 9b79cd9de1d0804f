//! What becomes of each result, by the state of its batch and by what the suite run shows.

use proptest::prelude::*;

use octane_model::TestId;

use super::*;
use crate::links::LinkLevel;
use crate::report::Counts;

/// What the suite run shows of a test that passed.
const SHOWN: [(&str, Option<&str>, i64); 6] = [
    ("very", Some("passed"), 0),
    ("later", Some("failed"), 60),
    ("earlier", Some("passed"), -60),
    ("other", Some("failed"), 0),
    ("opaque", Some("?"), 0),
    ("bare", None, 0),
];

/// Fate and reason of the only result, after its task ended so.
fn fate(status: &str, what: &str, evidence: Evidence) -> (String, Option<String>) {
    let test = tests(1).remove(0);
    let journal = aimed(vec![test.clone()], &UploadSettings::default());
    settle(
        &journal,
        1,
        status,
        Some("line of another\nt1: no release R 99"),
    );
    let found = SHOWN.iter().find(|(name, ..)| *name == what);
    if let Some((_, status, later)) = found {
        let run = shown("1", &test, *status, *later);
        journal.add_found(&[run]).unwrap();
    }
    journal.settle_rows(evidence).unwrap();
    fates(&journal).remove(0)
}

#[test]
fn a_result_is_in_if_its_task_ended_well_and_the_suite_run_shows_it_or_a_later_one() {
    // With a warning any result may have been left out, so there the history has to show it, if there is one.
    let without_history = Evidence::Runs { has_history: false };
    for (status, evidence) in [("success", RUNS), ("warning", without_history)] {
        for what in ["very", "later", "other", "opaque", "bare"] {
            let expected = ("ingested".to_owned(), None);
            assert_eq!(fate(status, what, evidence), expected, "{status} {what}");
        }
    }
    for (what, expected) in [
        ("very", "ingested"),
        ("opaque", "ingested"),
        ("later", "rejected"),
        ("other", "rejected"),
    ] {
        assert_eq!(fate("warning", what, RUNS).0, expected, "{what}");
    }
    for what in ["earlier", "none"] {
        let (fate_of_it, reason) = fate("success", what, RUNS);
        assert_eq!(fate_of_it, "kept");
        assert!(reason.unwrap().contains("does not show this result"));
        let expected = Some("t1: no release R 99".to_owned());
        let of_warning = fate("warning", what, RUNS);
        assert_eq!(of_warning, ("rejected".to_owned(), expected), "{what}");
    }
}

#[test]
fn where_its_task_ended_badly_only_this_very_result_counts() {
    for (status, fate_else) in [
        ("failed", "rejected"),
        ("error", "rejected"),
        ("lost", "kept"),
    ] {
        for what in ["very", "opaque", "bare"] {
            let expected = ("ingested".to_owned(), None);
            assert_eq!(fate(status, what, RUNS), expected, "{status} {what}");
        }
        for what in ["later", "earlier", "other", "none"] {
            let (fate, reason) = fate(status, what, RUNS);
            assert_eq!(
                (&*fate, reason.is_some()),
                (fate_else, true),
                "{status} {what}"
            );
        }
    }
}

#[test]
fn where_nobody_may_look_the_word_of_octane_has_to_do_and_where_one_can_later_nothing_is_settled() {
    for (status, believed) in [
        ("success", "ingested"),
        ("warning", "ingested"),
        ("failed", "kept"),
        ("lost", "kept"),
    ] {
        assert_eq!(fate(status, "none", Evidence::Word).0, believed, "{status}");
        let to_come = fate(status, "very", Evidence::None);
        assert_eq!(to_come, ("kept".to_owned(), None), "{status}");
    }
}

#[test]
fn a_later_look_corrects_an_earlier_one() {
    let test = tests(1).remove(0);
    let journal = aimed(vec![test.clone()], &UploadSettings::default());
    settle(&journal, 1, "success", None);
    journal.settle_rows(RUNS).unwrap();
    assert_eq!(
        (&*fates(&journal)[0].0, journal.unconfirmed().unwrap()),
        ("kept", 1)
    );
    let found = shown("1", &test, Some("passed"), 0);
    journal.add_found(&[found]).unwrap();
    journal.settle_rows(RUNS).unwrap();
    assert_eq!(fates(&journal), [("ingested".to_owned(), None)]);
    assert_eq!(journal.unconfirmed().unwrap(), 0);
}

#[test]
fn a_result_that_octane_forgot_is_not_one_that_it_says_it_has() {
    let journal = aimed(tests(1), &UploadSettings::default());
    settle(&journal, 1, "lost", None);
    journal.settle_rows(RUNS).unwrap();
    let problems = journal.row_problems().unwrap();
    assert_eq!((journal.unconfirmed().unwrap(), problems.len()), (0, 1));
}

#[test]
fn only_what_holds_rows_that_are_in_and_carry_keys_is_linked_each_by_the_run_of_its_start() {
    let mut runs = tests(5);
    for run in &mut runs[..3] {
        *run = run.clone().jira(["SHOP-2", "SHOP-1"]);
    }
    // Another result of the second test, which took the place of the first one.
    runs[1].run_name = Some("again".to_owned());
    runs[2] = runs[1]
        .clone()
        .started(runs[2].started.unwrap())
        .jira(["SHOP-3"]);
    runs[4] = runs[4].clone().jira(["SHOP-4"]);
    let journal = aimed(runs.clone(), &in_batches_of(4));
    settle(&journal, 1, "success", None);
    let mut again = shown("13", &runs[2], Some("passed"), 0);
    again.key = run_key(&runs[2].identity, Some("again"));
    again.test = Some(TestId::new(7));
    let found = [
        shown("11", &runs[0], Some("passed"), 0),
        shown("12", &runs[0], Some("passed"), 60),
        again,
        shown("14", &runs[3], Some("passed"), 0),
        shown("15", &runs[4], Some("passed"), 0),
    ];
    journal.add_found(&found).unwrap();
    journal.found_all().unwrap();
    journal.settle_rows(RUNS).unwrap();
    assert_eq!(journal.jira_keys().unwrap(), ["SHOP-1", "SHOP-2", "SHOP-3"]);
    let linked = |after: Option<&str>, count| -> Vec<(String, String)> {
        let after = after.map(|after| EntityId::from(after.to_owned()));
        let some = journal.linkable(after.as_ref(), count).unwrap();
        some.into_iter()
            .map(|linkable| (linkable.owner.to_string(), linkable.jira.join(" ")))
            .collect()
    };
    let pair = |owner: &str, jira: &str| (owner.to_owned(), jira.to_owned());
    let [first, second] = [
        pair("11", "SHOP-1 SHOP-2"),
        pair("13", "SHOP-1 SHOP-2 SHOP-3"),
    ];
    journal.gather_linkable(LinkLevel::Runs).unwrap();
    assert_eq!(linked(None, 10), [first.clone(), second.clone()]);
    assert_eq!(
        (linked(None, 1), linked(Some("11"), 1)),
        (vec![first], vec![second])
    );
    assert_eq!(linked(Some("13"), 1), []);
    journal.gather_linkable(LinkLevel::Tests).unwrap();
    assert_eq!(linked(None, 10), [pair("7", "SHOP-1 SHOP-2 SHOP-3")]);
}

#[test]
fn a_refusal_is_the_reason_of_all_its_rows_and_the_others_are_kept() {
    let journal = aimed(tests(4), &in_batches_of(1));
    let batches = journal.open_batches().unwrap();
    journal.refused(1, "the schema forbids it").unwrap();
    journal.begin_sending(&batches[1]).unwrap();
    let task = Task::new(TaskId::new(1), TaskStatus::Running);
    journal.sent(3, &task, false).unwrap();
    journal.settle_rows(RUNS).unwrap();
    let kept = ("kept".to_owned(), None);
    let reason = Some("the schema forbids it".to_owned());
    let expected = [
        ("rejected".to_owned(), reason),
        kept.clone(),
        kept.clone(),
        kept,
    ];
    assert_eq!(fates(&journal), expected);
    let problems = journal.row_problems().unwrap();
    let problems: Vec<_> = problems
        .iter()
        .map(|one| (&*one.code, one.test.as_deref()))
        .collect();
    assert_eq!(problems, [("rejected", Some("t1"))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_numbers_add_up_whatever_happened(
        ends in prop::collection::vec((0..8_usize, prop::bool::ANY), 1..12),
        evidence in prop::sample::select(vec![RUNS, Evidence::Word, Evidence::None]),
    ) {
        let runs = tests(3 * i64::try_from(ends.len()).unwrap());
        let journal = aimed(runs.clone(), &in_batches_of(3));
        for (batch, (end, is_shown)) in journal.open_batches().unwrap().iter().zip(&ends) {
            match end {
                0 => {}
                1 => journal.begin_sending(batch).unwrap(),
                2 => journal.refused(batch.number, "no").unwrap(),
                3 => {
                    journal.split(batch, "one is bad").unwrap();
                }
                end => {
                    let status = ["success", "warning", "failed", "lost"][end - 4];
                    settle(&journal, batch.number, status, None);
                }
            }
            if *is_shown {
                let first = 3 * (batch.number - 1);
                let found = shown(&batch.number.to_string(), &runs[first], Some("passed"), 0);
                journal.add_found(&[found]).unwrap();
            }
        }
        journal.settle_rows(evidence).unwrap();
        let mut counts = Counts { read: runs.len(), ..Counts::default() };
        journal.count(&mut counts).unwrap();
        prop_assert!(counts.add_up(), "{:?}", counts);
        prop_assert!(counts.sent <= counts.read && counts.runs <= counts.ingested);
        let told = journal.row_problems().unwrap().len();
        prop_assert_eq!(told, counts.rejected + journal.unconfirmed().unwrap() + lost(&journal));
    }
}

/// How many rows of forgotten tasks are told about.
fn lost(journal: &Journal) -> usize {
    let fates = fates(journal);
    let is_lost = |reason: &String| reason.contains("has forgotten the task");
    fates
        .iter()
        .filter(|(_, reason)| reason.as_ref().is_some_and(is_lost))
        .count()
}
