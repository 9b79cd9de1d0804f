//! What becomes of each result, by how its batch ended and by what the suite run shows.

use proptest::prelude::*;

use octane_model::TestId;

use super::*;
use crate::link_field::LinkLevel;
use crate::report::Counts;
use crate::run_kind::RunKind;

/// What the suite run shows of a test that passed.
const SHOWN: [(&str, Option<&str>, i64); 6] = [
    ("exact", Some("passed"), 0),
    ("later", Some("failed"), 60),
    ("earlier", Some("passed"), -60),
    ("other", Some("failed"), 0),
    ("opaque", Some("?"), 0),
    ("bare", None, 0),
];

/// State and message of the only result, after its task ended like this.
fn judged(status: &str, what: &str, evidence: Confirmation) -> (String, Option<String>) {
    let test = tests(1).remove(0);
    let journal = ready(vec![test.clone()], &UploadSettings::default());
    end(
        &journal,
        1,
        status,
        Some("line of another\nt1: no release R 99"),
    );
    let found = SHOWN.iter().find(|(name, ..)| *name == what);
    if let Some((_, status, later)) = found {
        let run = shown("1", &test, *status, *later);
        journal.add_server_runs(&[run]).unwrap();
    }
    journal.judge(evidence).unwrap();
    states(&journal).remove(0)
}

#[test]
fn a_result_is_ingested_if_its_task_succeeded_and_the_suite_run_shows_it_or_a_newer_one() {
    // With a warning any result may be missing, so the history has to show it, if there is one.
    let without_history = Confirmation::Verified { has_history: false };
    for (status, evidence) in [("success", RUNS), ("warning", without_history)] {
        for what in ["exact", "later", "other", "opaque", "bare"] {
            let expected = ("ingested".to_owned(), None);
            assert_eq!(judged(status, what, evidence), expected, "{status} {what}");
        }
    }
    for (what, expected) in [
        ("exact", "ingested"),
        ("opaque", "ingested"),
        ("later", "rejected"),
        ("other", "rejected"),
    ] {
        assert_eq!(judged("warning", what, RUNS).0, expected, "{what}");
    }
    for what in ["earlier", "none"] {
        let (state, reason) = judged("success", what, RUNS);
        assert_eq!(state, "unconfirmed");
        assert!(reason.unwrap().contains("missing from the suite run"));
        let expected = Some("t1: no release R 99".to_owned());
        let of_warning = judged("warning", what, RUNS);
        assert_eq!(of_warning, ("rejected".to_owned(), expected), "{what}");
    }
}

#[test]
fn if_its_task_failed_only_the_exact_result_counts() {
    for (status, otherwise) in [
        ("failed", "rejected"),
        ("error", "rejected"),
        ("forgotten", "unconfirmed"),
    ] {
        for what in ["exact", "opaque", "bare"] {
            let expected = ("ingested".to_owned(), None);
            assert_eq!(judged(status, what, RUNS), expected, "{status} {what}");
        }
        for what in ["later", "earlier", "other", "none"] {
            let (state, reason) = judged(status, what, RUNS);
            assert_eq!(
                (&*state, reason.is_some()),
                (otherwise, true),
                "{status} {what}"
            );
        }
    }
}

#[test]
fn without_permission_to_read_runs_the_task_decides_and_before_they_are_read_nothing_does() {
    for (status, believed) in [
        ("success", "ingested"),
        ("warning", "ingested"),
        ("failed", "unconfirmed"),
        ("forgotten", "unconfirmed"),
    ] {
        assert_eq!(
            judged(status, "none", Confirmation::TaskOnly).0,
            believed,
            "{status}"
        );
        let to_come = judged(status, "exact", Confirmation::Unknown);
        assert_eq!(to_come, ("open".to_owned(), None), "{status}");
    }
}

#[test]
fn a_later_look_corrects_an_earlier_one() {
    let test = tests(1).remove(0);
    let journal = ready(vec![test.clone()], &UploadSettings::default());
    end(&journal, 1, "success", None);
    journal.judge(RUNS).unwrap();
    assert_eq!(
        (
            &*states(&journal)[0].0,
            journal.row_counts().unwrap().unconfirmed
        ),
        ("unconfirmed", 1)
    );
    let found = shown("1", &test, Some("passed"), 0);
    journal.add_server_runs(&[found]).unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(states(&journal), [("ingested".to_owned(), None)]);
    assert_eq!(journal.row_counts().unwrap().unconfirmed, 0);
}

#[test]
fn a_result_whose_task_is_forgotten_is_sent_again_and_does_not_count_as_unconfirmed() {
    let journal = ready(tests(1), &UploadSettings::default());
    end(&journal, 1, "forgotten", None);
    journal.judge(RUNS).unwrap();
    let problems = journal.row_problems().unwrap();
    let counts = journal.row_counts().unwrap();
    assert_eq!(
        (counts.unconfirmed, counts.forgotten, problems.len()),
        (0, 1, 1)
    );
}

#[test]
fn runs_of_ingested_rows_with_keys_are_linked_each_by_its_start() {
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
    let journal = ready(runs.clone(), &in_batches_of(4));
    end(&journal, 1, "success", None);
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
    journal.add_server_runs(&found).unwrap();
    journal.finish_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(journal.jira_keys().unwrap(), ["SHOP-1", "SHOP-2", "SHOP-3"]);
    let linked = |after: Option<&str>, count| -> Vec<(String, String)> {
        let after = after.map(|after| EntityId::from(after.to_owned()));
        let some = journal.link_candidates(after.as_ref(), count).unwrap();
        some.into_iter()
            .map(|linkable| (linkable.holder.to_string(), linkable.jira.join(" ")))
            .collect()
    };
    let pair = |owner: &str, jira: &str| (owner.to_owned(), jira.to_owned());
    let [first, second] = [
        pair("11", "SHOP-1 SHOP-2"),
        pair("13", "SHOP-1 SHOP-2 SHOP-3"),
    ];
    journal
        .collect_links(RunKind::Test, LinkLevel::Runs)
        .unwrap();
    assert_eq!(linked(None, 10), [first.clone(), second.clone()]);
    assert_eq!(
        (linked(None, 1), linked(Some("11"), 1)),
        (vec![first], vec![second])
    );
    assert_eq!(linked(Some("13"), 1), []);
    journal
        .collect_links(RunKind::Test, LinkLevel::Tests)
        .unwrap();
    assert_eq!(linked(None, 10), [pair("7", "SHOP-1 SHOP-2 SHOP-3")]);
}

#[test]
fn a_refusal_is_the_reason_of_all_its_rows_and_the_others_stay_open() {
    let journal = ready(tests(4), &in_batches_of(1));
    let batches = journal.open_batches().unwrap();
    journal.refused(1, "the schema forbids it").unwrap();
    journal.begin_sending(batches[1].number, "").unwrap();
    let task = Task::new(TaskId::new(1), TaskStatus::Running);
    journal.accepted(3, &task, false).unwrap();
    journal.judge(RUNS).unwrap();
    let open = ("open".to_owned(), None);
    let reason = Some("the schema forbids it".to_owned());
    let expected = [
        ("rejected".to_owned(), reason),
        open.clone(),
        open.clone(),
        open,
    ];
    assert_eq!(states(&journal), expected);
    let problems = journal.row_problems().unwrap();
    let problems: Vec<_> = problems
        .iter()
        .map(|one| (&*one.code, one.test.as_deref()))
        .collect();
    assert_eq!(problems, [("rejected", Some("t1"))]);
}

#[test]
fn a_later_result_that_octane_refused_does_not_stand_for_an_earlier_one() {
    let later = |refused: bool| {
        let first = tests(1).remove(0);
        let second = first.clone().started(tests(2)[1].started.unwrap());
        let journal = ready(vec![first.clone(), second.clone()], &in_batches_of(1));
        end(&journal, 1, "success", None);
        if refused {
            journal.refused(2, "no").unwrap();
        } else {
            end(&journal, 2, "success", None);
        }
        // A result of an earlier upload.
        let old = shown("1", &first, Some("passed"), -60);
        journal.add_server_runs(&[old]).unwrap();
        journal.judge(RUNS).unwrap();
        let states = states(&journal).into_iter().map(|(state, _)| state);
        states.collect::<Vec<_>>()
    };
    assert_eq!(later(true), ["unconfirmed", "rejected"]);
    assert_eq!(later(false), ["unconfirmed", "unconfirmed"]);
}

/// State of a result that started this many milliseconds after a full second, where the failed batch's suite run
/// shows one that started at another moment.
fn judged_by_start(sent: i64, found: i64) -> String {
    let mut test = tests(1).remove(0);
    let second = test.started.unwrap().as_millisecond();
    test.started = Some(jiff::Timestamp::from_millisecond(second + sent).unwrap());
    let journal = ready(vec![test.clone()], &UploadSettings::default());
    end(&journal, 1, "failed", None);
    let run = ServerRun {
        started: Some(second + found),
        ..shown("1", &test, Some("passed"), 0)
    };
    journal.add_server_runs(&[run]).unwrap();
    journal.judge(RUNS).unwrap();
    states(&journal).remove(0).0
}

#[test]
fn two_starts_within_a_second_are_the_same_only_if_the_server_keeps_no_milliseconds() {
    assert_eq!(judged_by_start(250, 250), "ingested");
    assert_eq!(judged_by_start(250, 0), "ingested");
    assert_eq!(judged_by_start(250, 750), "rejected");
    assert_eq!(judged_by_start(750, 250), "rejected");
    assert_eq!(judged_by_start(0, 250), "rejected");
    assert_eq!(judged_by_start(250, 1000), "rejected");
    assert_eq!(judged_by_start(250, -1000), "rejected");
}

#[test]
fn another_look_helps_where_results_of_a_success_or_a_warning_are_missing() {
    for (status, is_needed) in [
        ("success", true),
        ("warning", true),
        ("failed", false),
        ("error", false),
        ("forgotten", false),
    ] {
        let runs = tests(2);
        let journal = ready(runs.clone(), &UploadSettings::default());
        end(&journal, 1, status, None);
        let first = shown("1", &runs[0], Some("passed"), 0);
        journal.add_server_runs(&[first]).unwrap();
        journal.judge(RUNS).unwrap();
        assert_eq!(journal.needs_another_look().unwrap(), is_needed, "{status}");
        let second = shown("2", &runs[1], Some("passed"), 0);
        journal.add_server_runs(&[second]).unwrap();
        journal.judge(RUNS).unwrap();
        assert!(!journal.needs_another_look().unwrap(), "{status}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_numbers_add_up_whatever_happened(
        ends in prop::collection::vec((0..8_usize, prop::bool::ANY), 1..12),
        evidence in prop::sample::select(vec![RUNS, Confirmation::TaskOnly, Confirmation::Unknown]),
    ) {
        let runs = tests(3 * i64::try_from(ends.len()).unwrap());
        let journal = ready(runs.clone(), &in_batches_of(3));
        for (batch, (how, is_shown)) in journal.open_batches().unwrap().iter().zip(&ends) {
            match how {
                0 => {}
                1 => { journal.begin_sending(batch.number, "").unwrap(); }
                2 => journal.refused(batch.number, "no").unwrap(),
                3 => {
                    journal.split(batch).unwrap();
                }
                how => {
                    let status = ["success", "warning", "failed", "forgotten"][how - 4];
                    end(&journal, batch.number, status, None);
                }
            }
            if *is_shown {
                let first = 3 * (batch.number - 1);
                let found = shown(&batch.number.to_string(), &runs[first], Some("passed"), 0);
                journal.add_server_runs(&[found]).unwrap();
            }
        }
        journal.judge(evidence).unwrap();
        let mut counts = Counts { read: runs.len(), ..Counts::default() };
        journal.count(&mut counts).unwrap();
        prop_assert!(counts.add_up(), "{:?}", counts);
        prop_assert!(counts.sent <= counts.read && counts.runs <= counts.ingested);
        let reported = journal.row_problems().unwrap().len();
        let rows = journal.row_counts().unwrap();
        prop_assert_eq!(rows.pending(), counts.pending);
        prop_assert_eq!(reported, counts.rejected + counts.pending - rows.open);
    }
}
