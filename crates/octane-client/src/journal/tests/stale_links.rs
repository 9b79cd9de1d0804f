//! Whose Jira keys are certain, and when nothing is left to remove.

use super::*;
use crate::journal::StaleCandidate;
use crate::link_field::LinkLevel;
use crate::run_kind::RunKind;

/// Whether the keys of each run are certain, if the suite run shows these.
fn certain(journal: &Journal, shown: &[ServerRun]) -> Vec<(String, Vec<String>, bool)> {
    journal.clear_server_runs().unwrap();
    journal.add_server_runs(shown).unwrap();
    journal.finish_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    journal
        .collect_stale_candidates(RunKind::Test, LinkLevel::Runs)
        .unwrap();
    let all = journal.stale_candidates(None, 100).unwrap();
    let one_by_one = {
        let mut after = None;
        std::iter::from_fn(|| {
            let some = journal.stale_candidates(after.as_ref(), 1).unwrap();
            after = some.last().map(|last| last.holder.clone());
            (!some.is_empty()).then_some(some)
        })
        .flatten()
        .collect::<Vec<StaleCandidate>>()
    };
    assert_eq!(all, one_by_one);
    let candidates = all.into_iter();
    candidates
        .map(|one| (one.run.to_string(), one.jira, one.is_certain))
        .collect()
}

fn expected(all: &[(&str, &[&str], bool)]) -> Vec<(String, Vec<String>, bool)> {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    all.iter()
        .map(|(run, jira, certain)| ((*run).to_owned(), keys(jira), *certain))
        .collect()
}

#[test]
fn keys_are_certain_if_all_results_of_a_run_are_in_and_it_shows_one_of_them() {
    let mut runs = tests(4);
    runs[0] = runs[0].clone().jira(["SHOP-1", "SHOP-2"]);
    runs[2] = runs[2].clone().jira(["SHOP-3"]);
    runs[3] = runs[3].clone().jira(["SHOP-4"]);
    let journal = ready(runs.clone(), &UploadSettings::default());
    end(&journal, 1, "success", None);
    let shows = |number: usize, later: i64| {
        shown(
            &(6001 + number).to_string(),
            &runs[number],
            Some("passed"),
            later,
        )
    };
    // The run of the third shows a newer result, and nothing shows the fourth.
    let seen = certain(&journal, &[shows(0, 0), shows(1, 0), shows(2, 60)]);
    let expected = expected(&[
        ("6001", &["SHOP-1", "SHOP-2"], true),
        ("6002", &[], true),
        ("6003", &["SHOP-3"], false),
    ]);
    assert_eq!(seen, expected);
}

#[test]
fn keys_are_not_certain_if_several_runs_could_be_meant() {
    let run = tests(1).remove(0).jira(["SHOP-1"]);
    let journal = ready(vec![run.clone()], &UploadSettings::default());
    end(&journal, 1, "success", None);
    let one = shown("6001", &run, Some("passed"), 0);
    let other = shown("6002", &run, Some("passed"), 0);
    assert!(certain(&journal, std::slice::from_ref(&one))[0].2);
    let both = certain(&journal, &[one, other]);
    assert_eq!(
        both.iter().map(|one| one.2).collect::<Vec<_>>(),
        [false, false]
    );
}

#[test]
fn keys_are_not_certain_if_one_of_several_attempts_is_not_in() {
    let first = tests(1).remove(0).jira(["SHOP-1"]);
    let mut second = tests(2).remove(1).jira(["SHOP-2"]);
    second.identity = first.identity.clone();
    let journal = ready(vec![first, second.clone()], &in_batches_of(1));
    // The first attempt was sent, and its batch has not ended.
    end(&journal, 2, "success", None);
    let run = shown("6001", &second, Some("passed"), 0);
    let seen = certain(&journal, std::slice::from_ref(&run));
    assert_eq!(seen, expected(&[("6001", &["SHOP-1", "SHOP-2"], false)]));
    end(&journal, 1, "success", None);
    let seen = certain(&journal, &[run]);
    assert_eq!(seen, expected(&[("6001", &["SHOP-1", "SHOP-2"], true)]));
}

#[test]
fn nothing_is_left_to_remove_once_all_results_are_in_and_until_some_are_sent_again() {
    let runs = tests(2);
    let journal = ready(runs.clone(), &in_batches_of(1));
    end(&journal, 1, "success", None);
    let first = shown("6001", &runs[0], Some("passed"), 0);
    certain(&journal, std::slice::from_ref(&first));
    journal.set_stale_removed().unwrap();
    assert!(!journal.is_stale_removed().unwrap(), "one was not sent");

    end(&journal, 2, "success", None);
    let second = shown("6002", &runs[1], Some("passed"), 0);
    certain(&journal, &[first.clone(), second]);
    journal.set_stale_removed().unwrap();
    assert!(journal.is_stale_removed().unwrap());
    journal.prepare_resume(Look::Read).unwrap();
    assert!(journal.is_stale_removed().unwrap(), "nothing is sent again");

    // A server that was restored from a backup.
    certain(&journal, &[first]);
    journal.prepare_resume(Look::Lost).unwrap();
    assert!(!journal.is_stale_removed().unwrap());
}
