//! Runs with several results of one upload: how they are counted and named.

use octane_results::{Failure, Position};

use super::*;
use crate::report::Counts;

/// A result of the test `name`, read from line `line` of `a.xml`.
fn result(name: &str, status: Status, line: u64) -> TestRun {
    let mut run = TestRun::new(name, status);
    run.position = Some(Position::new("a.xml", line));
    run
}

fn counts_and_problems(runs: Vec<TestRun>, settings: &UploadSettings) -> (Counts, Vec<String>) {
    let journal = prepared(&Spool::off(), runs, settings);
    let problems = journal.problems().unwrap();
    let shown = problems.iter().map(|problem| {
        let place = problem.position.as_ref().map(ToString::to_string);
        let test = problem.test.as_deref().unwrap_or_default();
        format!(
            "{} {test} {} {}",
            problem.code,
            place.unwrap_or_default(),
            problem.message
        )
    });
    (journal.manifest().unwrap().counts, shown.collect())
}

#[test]
fn a_failure_that_a_later_result_replaces_is_named_with_its_place() {
    use Status::{Failed, Passed, Skipped};
    let runs = vec![
        result("flaky", Failed, 1),
        result("flaky", Failed, 2),
        result("steady", Passed, 3),
        result("steady", Passed, 4),
        result("flaky", Passed, 5),
        result("partly", Skipped, 6),
        result("partly", Passed, 7),
        result("worse", Passed, 8),
        result("worse", Failed, 9),
        result("alone", Failed, 10),
    ];
    for settings in [UploadSettings::default(), in_batches_of(1)] {
        let (counts, problems) = counts_and_problems(runs.clone(), &settings);
        assert_eq!((counts.read, counts.repeats, counts.flaky), (10, 5, 3));
        assert_eq!(
            problems,
            [
                "flaky flaky a.xml:1 2 of 3 results failed; the run shows `passed`",
                "flaky partly a.xml:6 2 results with different statuses (skipped, passed); the run shows `passed`",
                "flaky worse a.xml:8 1 of 2 results failed; the run shows `failed`",
            ]
        );
    }
}

#[test]
fn results_with_run_names_of_their_own_are_no_repeats() {
    let mut runs = vec![
        result("t", Status::Failed, 1),
        result("t", Status::Passed, 2),
    ];
    runs[1].run_name = Some("t [h2]".to_owned());
    let (counts, problems) = counts_and_problems(runs, &UploadSettings::default());
    assert_eq!((counts.repeats, counts.flaky, counts.named), (0, 0, 1));
    assert_eq!(problems, [""; 0]);
}

#[test]
fn a_result_that_reports_earlier_failures_itself_is_flaky() {
    let mut run = result("t", Status::Passed, 3);
    run.earlier_failures = vec![Failure::new("first"), Failure::new("x".repeat(200))];
    let (counts, problems) = counts_and_problems(vec![run], &UploadSettings::default());
    assert_eq!((counts.repeats, counts.flaky), (0, 1));
    assert!(
        problems[0].starts_with("flaky t a.xml:3 2 earlier attempts failed (xxxx"),
        "{problems:?}"
    );
    assert!(problems[0].len() < 200, "{problems:?}");
}
