//! Many processes upload at once into a module path, a suite and a suite run that do not exist yet: all end in the same
//! ones, and no result is lost.
//!
//! `cargo xtask race --processes 64 --rounds 100` runs more of them than CI does.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::Started;
use crate::remote::Remote;

const RESULTS: usize = 5;

/// Modules may have siblings of one name here, as suites may everywhere, and look-ups and creations are slow enough to overlap.
const SETTINGS: &str = r#"
[entities]
module-names-unique = false

[faults]
seed = 7
plan = [
    { kind = "delay", delay = "300ms", method = "GET", path = "**/test_suites", rate = 0.4 },
    { kind = "delay", delay = "300ms", method = "POST", path = "**/test_suites", rate = 0.4 },
    { kind = "delay", delay = "300ms", path = "**/application_modules", rate = 0.2 },
]
"#;

/// A number from the environment, for `cargo xtask race`.
fn number(variable: &str, default: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

#[expect(
    clippy::print_stdout,
    reason = "shown where the output is not captured"
)]
fn progress(round: usize, processes: usize) {
    println!("{round} rounds of {processes} processes");
}

fn count(server: &Remote, collection: &str, name: &str) -> usize {
    let entities = server.list(collection, "name");
    entities.iter().filter(|one| one["name"] == name).count()
}

/// Uploads from `processes` processes at once, into `modules` in turn. Returns the reports.
fn upload(server: &Remote, round: &str, processes: usize, modules: &[String]) -> Vec<Value> {
    let started: Vec<_> = (0..processes)
        .map(|process| {
            let rows = (0..RESULTS).map(|row| format!("{round}-{process}-{row},passed\n"));
            let file = format!("{round}-{process}.csv");
            let table = format!("name,status\n{}", rows.collect::<String>());
            server.place.file(&file, &table);
            let module = &modules[process % modules.len()];
            server.client(&[
                "upload",
                &file,
                "--suite",
                round,
                "--suite-run",
                "run #1",
                "--module",
                module,
                "-y",
                "--format",
                "json",
                "--rate",
                "1000",
            ])
        })
        .collect();
    let done = started.into_iter().map(Started::wait);
    done.map(|done| {
        assert_eq!(done.code, 0, "{done:?}");
        let report = done.json();
        assert_eq!(report["counts"]["ingested"], RESULTS, "{report}");
        report
    })
    .collect()
}

/// Checks that all reports and the server agree on one suite and one suite run with all results.
fn check(server: &Remote, round: &str, reports: &[Value]) {
    let ids = |member: &str| {
        let ids = reports
            .iter()
            .map(|report| report["target"][member]["id"].to_string());
        ids.collect::<BTreeSet<_>>()
    };
    assert_eq!((ids("suite").len(), ids("suite_run").len()), (1, 1));
    assert_eq!(count(server, "test_suites", round), 1, "suites of {round}");
    let suite = reports[0]["target"]["suite"]["id"].as_str().unwrap();
    let suite_run = reports[0]["target"]["suite_run"]["id"].as_str().unwrap();
    let of_suite_run = format!("test_name&query=\"parent_suite EQ {{id EQ {suite_run}}}\"");
    let runs = server.list("automated_runs", &of_suite_run);
    assert_eq!(runs.len(), reports.len() * RESULTS);
    let tests: BTreeSet<String> = runs
        .iter()
        .map(|run| run["test_name"].to_string())
        .collect();
    assert_eq!(tests.len(), runs.len());
    let suite_runs = server.list("suite_run", "name,test");
    let of_suite = suite_runs.iter().filter(|run| run["test"]["id"] == suite);
    assert_eq!(of_suite.count(), 1, "suite runs of {round}");
    let created: usize = reports
        .iter()
        .map(|report| report["created"].as_array().unwrap())
        .map(|created| {
            let suites = created.iter().filter(|one| one["type"] == "test_suite");
            suites.count()
        })
        .sum();
    assert_eq!(created, 1, "one upload reports that it created the suite");
}

#[test]
fn processes_that_upload_into_a_missing_path_and_suite_at_once_end_in_the_same_ones() {
    let (processes, rounds) = (
        number("OCTANE_RACE_PROCESSES", 8),
        number("OCTANE_RACE_ROUNDS", 5),
    );
    let server = Remote::start(SETTINGS);
    for round in 1..=rounds {
        let name = format!("round{round}");
        let module = format!("{name}/New/Deep{round}");
        let reports = upload(&server, &name, processes, &[module]);
        check(&server, &name, &reports);
        for module in [name, format!("Deep{round}")] {
            assert_eq!(count(&server, "application_modules", &module), 1);
        }
        assert_eq!(count(&server, "application_modules", "New"), round);
        if round % 10 == 0 {
            progress(round, processes);
        }
    }
}

#[test]
fn processes_that_create_one_suite_from_different_modules_at_once_end_in_the_same_suite() {
    let server = Remote::start(SETTINGS);
    for round in 1..=3 {
        let name = format!("round{round}");
        let modules = ["A", "B"].map(|module| format!("{name}/{module}"));
        let reports = upload(&server, &name, 6, &modules);
        check(&server, &name, &reports);
    }
}
