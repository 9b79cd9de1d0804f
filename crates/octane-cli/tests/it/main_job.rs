//! The main job, from a file to linked runs.

use crate::program::{Place, sample, shared};
use crate::server::{SECRET, Server};

#[test]
fn the_sample_table_is_ingested_and_a_second_upload_duplicates_nothing() {
    let place = Place::new();
    let table = sample("nightly.csv");
    let first = place.octane(&["upload", &table, "--sandbox", "--format", "json"]);
    assert_eq!(first.code, 0, "{first:?}");
    let report = first.json();
    assert_eq!(report["schema"], "octane.upload/1");
    assert_eq!(
        (&report["outcome"], &report["exit_code"]),
        (&"success".into(), &0.into())
    );
    let counts = &report["counts"];
    assert_eq!(
        (&counts["read"], &counts["ingested"], &counts["pending"]),
        (&3200.into(), &3200.into(), &0.into())
    );
    assert_eq!(report["created"].as_array().unwrap().len(), 2);
    assert_eq!(report["links"]["level"], "runs");
    assert_eq!(
        report["links"]["unknown"],
        serde_json::json!(["SHOP-901", "SHOP-902", "SHOP-903"])
    );
    assert_eq!(
        report["links"]["ambiguous"],
        serde_json::json!(["SHOP-150"])
    );
    let linked = report["links"]["linked"].as_u64().unwrap();
    assert!(linked > 250, "{linked}");

    let second = place
        .octane(&["upload", &table, "--sandbox", "--format", "json"])
        .json();
    assert_eq!(
        (
            &second["counts"]["ingested"],
            &second["counts"]["duplicate"]
        ),
        (&3200.into(), &3200.into())
    );
    assert_eq!(second["target"], report["target"]);
    assert_eq!(
        (&second["links"]["unchanged"], &second["created"]),
        (&linked.into(), &serde_json::json!([]))
    );

    let third = place.octane(&["upload", &table, "--sandbox"]);
    assert_eq!(third.code, 0);
    assert!(
        third.stdout.contains(
            "7 batches already in Octane (identical to an earlier upload), not duplicated"
        ),
        "{}",
        third.stdout
    );
    let runs = [
        "run",
        "list",
        "--suite",
        "nightly",
        "--suite-run",
        "nightly 2026-11-20",
        "--sandbox",
        "--format",
        "json",
    ];
    assert_eq!(
        place.octane(&runs).json()["runs"].as_array().unwrap().len(),
        3200
    );
}

#[test]
fn the_report_of_this_projects_own_tests_is_ingested() {
    let place = Place::new();
    let done = place.octane(&[
        "upload",
        &sample("self-junit.xml"),
        "--sandbox",
        "--format",
        "json",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.json()["counts"]["ingested"].as_u64().unwrap() > 50);
}

#[test]
fn a_directory_and_a_glob_of_reports_are_ingested() {
    let place = Place::new();
    for n in 0..3 {
        let report = format!(
            r#"<testsuite name="s{n}"><testcase classname="a.B{n}" name="t" time="0.5"/></testsuite>"#
        );
        place.file(&format!("reports/deep/TEST-{n}.xml"), &report);
    }
    for input in ["reports", "reports/**/TEST-*.xml"] {
        let done = place.octane(&["upload", input, "--sandbox", "--format", "json"]);
        assert_eq!(
            (done.code, &done.json()["counts"]["ingested"]),
            (0, &3.into()),
            "{done:?}"
        );
    }
}

#[test]
fn a_corrupt_report_stops_the_upload_unless_it_may_be_skipped() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let folder = shared.join("corpus/junit-xml/pytest").display().to_string();
    let done = place.octane(&["upload", &folder, "--sandbox"]);
    done.fails(
        4,
        &["corrupt-xml.xml:", "nothing was sent", "--skip-invalid"],
    );
    assert!(
        !place.path().join("sandbox").exists(),
        "nothing was started either"
    );
    let done = place.octane(&[
        "upload",
        &folder,
        "--sandbox",
        "--skip-invalid",
        "--format",
        "json",
    ]);
    let report = done.json();
    assert_eq!(
        (done.code, &report["outcome"]),
        (5, &"partial".into()),
        "{done:?}"
    );
    let counts = &report["counts"];
    let number = |name: &str| counts[name].as_u64().unwrap();
    // One result is complete before the report breaks off.
    assert_eq!(number("ingested"), 333);
    assert_eq!(
        number("read"),
        number("ingested") + number("rejected") + number("invalid") + number("pending")
    );
    let problem = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|problem| problem["code"] == "unreadable");
    let problem = problem.unwrap();
    assert!(
        problem["file"]
            .as_str()
            .unwrap()
            .ends_with("corrupt-xml.xml")
            && problem["line"].as_u64() > Some(1)
    );
}

#[test]
fn the_numbers_of_the_summary_add_up() {
    let place = Place::new();
    let table = "name,status,jira,duration_s,started\npays,passed,SHOP-101,1.5,2026-11-20T10:00:00Z\n\
                 refunds,failed,NONE-1,0.25,2026-11-20T10:00:01Z\n";
    place.file("smoke.csv", table);
    let done = place.octane(&["upload", "smoke.csv", "--sandbox"]);
    insta::with_settings!({filters => vec![(r"\(\d+\)", "(ID)")]}, {
        insta::assert_snapshot!(done.stdout, @r"
        Read      2 results in 1 file: 1 passed, 1 failed, 0 skipped
        Target    space 1001 · workspace 1002 · module Sandbox (ID) · suite smoke (ID)
        Suite run smoke 2026-11-20 (ID)
        Created   application module Sandbox (ID)
        Created   test suite smoke (ID)
        Sent      2 results in 1 batch
        Ingested  2 · rejected 0 · invalid 0 · pending 0 (2 automated runs)
        Linked    1 run to 1 story (2 Jira keys)
                  not found: NONE-1
        ");
    });
    assert_eq!(done.code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_printed_is_not_an_internal_error() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    for format in ["human", "json"] {
        let variables = server.variables(SECRET);
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let line = format!(
            "octane upload a.csv --suite S -y --force-new --format {format} --report report.json > /dev/full"
        );
        let done = server.place.shell(&line, &variables);
        let reason = "the upload itself ended with 0: everything was ingested";
        done.fails(
            3,
            &["cannot write to standard output: No space left", reason],
        );
        assert!(!done.stderr.contains("internal"), "{done:?}");
        let report = std::fs::read_to_string(server.place.path().join("report.json")).unwrap();
        assert!(report.contains("\"outcome\": \"success\""), "{report}");
    }
}
