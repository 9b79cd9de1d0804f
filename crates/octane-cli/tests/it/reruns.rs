//! Several results of one test: which of them Octane shows, and what the program says about the others.

use serde_json::Value;

use crate::program::{Done, Place};

const RETRIED: &str = r#"<testsuite name="shop">
  <testcase classname="CartTest" name="adds"><failure message="timeout"/></testcase>
  <testcase classname="CartTest" name="adds"/>
</testsuite>"#;

fn upload(place: &Place, arguments: &[&str]) -> Done {
    let arguments = [&["upload"], arguments, &["--sandbox"]].concat();
    place.octane(&arguments)
}

/// The name and status of each run, sorted.
fn runs(place: &Place) -> Vec<String> {
    let query = "automated_runs?fields=name,native_status&limit=100";
    let runs = place.octane(&["api", "GET", query, "--sandbox"]).json();
    let shown = |run: &Value| {
        let status = run["native_status"]["id"].as_str().unwrap();
        let name = run["name"].as_str().unwrap();
        format!("{name} {}", status.rsplit('.').next().unwrap())
    };
    let mut runs: Vec<String> = runs["data"].as_array().unwrap().iter().map(shown).collect();
    runs.sort();
    runs
}

#[test]
fn a_retried_test_is_one_run_and_its_failure_is_named() {
    let place = Place::new();
    place.file("r.xml", RETRIED);
    let done = upload(&place, &["r.xml"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains("Runs      1 from 2 results · 1 repeat · 1 flaky"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout
            .contains("! CartTest.adds: 1 of 2 results failed; the run shows `passed`  r.xml:2"),
        "{}",
        done.stdout
    );
    assert_eq!(runs(&place), ["adds passed"]);
    let report = upload(&place, &["r.xml", "--force-new", "--format", "json"]).json();
    assert_eq!(report["counts"]["repeats"], 1);
    assert_eq!(report["counts"]["flaky"], 1);
    assert_eq!(report["problems"][0]["code"], "flaky");
}

#[test]
fn a_failed_row_of_a_data_driven_test_is_not_hidden_by_a_later_row_that_passed() {
    let place = Place::new();
    let row =
        |child: &str| format!(r#"<testcase classname="CartTest" name="adds">{child}</testcase>"#);
    let (passed, failed) = (row(""), row("<failure/>"));
    let report = format!("<testsuite name='shop'>\n{passed}\n{failed}\n{passed}\n</testsuite>");
    place.file("r.xml", &report);
    let done = upload(&place, &["r.xml"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains("! CartTest.adds: 1 of 3 results failed; the run shows `failed`  r.xml:2"),
        "{}",
        done.stdout
    );
    assert_eq!(runs(&place), ["adds failed"]);
    let arguments = [
        "r.xml",
        "--force-new",
        "--on-test-failure",
        "fail",
        "--format",
        "json",
    ];
    let done = upload(&place, &arguments);
    assert_eq!(done.code, 9, "{done:?}");
    let counts = &done.json()["counts"];
    let numbers = ["read", "passed", "failed", "repeats", "flaky", "runs"]
        .map(|name| counts[name].as_u64().unwrap());
    assert_eq!(numbers, [3, 2, 1, 2, 1, 1]);
}

#[test]
fn the_worst_or_each_result_is_shown_if_that_is_asked_for() {
    for (reruns, expected) in [
        ("worst", &["adds failed"][..]),
        ("all", &["adds (attempt 2) passed", "adds failed"]),
    ] {
        let place = Place::new();
        place.file("r.xml", RETRIED);
        let done = upload(&place, &["r.xml", "--reruns", reruns]);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(runs(&place), expected, "{reruns}");
    }
    let place = Place::new();
    let done = upload(&place, &["r.xml", "--reruns", "first"]);
    assert_eq!(done.code, 2);
    assert!(
        done.stderr
            .contains("`first` is not one of `last`, `worst` and `all`"),
        "{}",
        done.stderr
    );
}

#[test]
fn results_of_two_machines_are_two_runs_and_neither_hides_the_other() {
    let place = Place::new();
    let report = |hostname: &str, child: &str| {
        format!(
            r#"<testsuite name="s" hostname="{hostname}"><testcase classname="c" name="opens">{child}</testcase></testsuite>"#
        )
    };
    place.file("vm1/report.xml", &report("vm1", "<failure/>"));
    place.file("vm2/report.xml", &report("vm2", ""));
    let done = upload(&place, &["vm1", "vm2"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains("Runs      2 from 2 results · 2 named after where they come from"),
        "{}",
        done.stdout
    );
    assert_eq!(runs(&place), ["opens [vm1] failed", "opens [vm2] passed"]);
    let validated = place
        .octane(&["validate", "vm1", "vm2", "--format", "json"])
        .json();
    assert_eq!(validated["counts"]["named"], 2);
    assert_eq!(validated["repeated"], serde_json::json!([]));
}

#[test]
fn validate_names_runs_with_several_results() {
    let place = Place::new();
    place.file("r.xml", RETRIED);
    let validated = place
        .octane(&["validate", "r.xml", "--format", "json"])
        .json();
    assert_eq!(
        validated["repeated"],
        serde_json::json!([{
            "test": "CartTest.adds", "run_name": null, "results": 2, "is_flaky": true, "file": "r.xml", "line": 2
        }])
    );
    let text = place.octane(&["validate", "r.xml"]).stdout;
    assert!(
        text.contains("1 run has several results and shows one (`--reruns last`):\n  CartTest.adds: 2 results, flaky; the run shows `passed`  r.xml:2"),
        "{text}"
    );
    place.file("s.xml", &RETRIED.replace("CartTest", "TaxTest"));
    let text = place.octane(&["validate", "r.xml", "s.xml"]).stdout;
    assert!(
        text.contains("2 runs have several results and show one each (`--reruns last`):"),
        "{text}"
    );
}

#[test]
fn validate_and_dry_run_name_what_the_upload_calls_flaky() {
    let place = Place::new();
    let surefire = RETRIED.replace("<testcase classname=\"CartTest\" name=\"adds\"/>", "");
    let surefire = surefire.replace("failure message", "flakyFailure message");
    for (name, report, said) in [
        (
            "repeated.xml",
            RETRIED,
            "CartTest.adds: 1 of 2 results failed; the run shows `passed`",
        ),
        (
            "retried.xml",
            &surefire,
            "CartTest.adds: 1 earlier attempt failed (timeout)",
        ),
    ] {
        place.file(name, report);
        let validated = place.octane(&["validate", name, "--format", "json"]).json();
        assert_eq!(validated["counts"]["flaky"], 1, "{name}");
        let text = place.octane(&["validate", name]).stdout;
        assert!(text.contains(&format!("  {name}:2")), "{text}");
        let planned = upload(&place, &[name, "--dry-run"]).stdout;
        assert!(planned.contains(said), "{planned}");
        assert!(
            upload(&place, &[name, "--force-new"])
                .stdout
                .contains("1 flaky")
        );
    }
    let validated = place
        .octane(&["validate", "retried.xml", "--format", "json"])
        .json();
    assert_eq!(validated["retried"][0]["test"], "CartTest.adds");
}

#[test]
fn a_run_of_the_dialect_evidence_shows_the_worst_of_all_origins() {
    let place = Place::new();
    let suite = |host: &str, child: &str| {
        format!(
            r#"<testsuite name="shop" hostname="{host}" timestamp="2026-11-28T05:00:00">
              <testcase classname="c" name="a">{child}</testcase></testsuite>"#
        )
    };
    let (failed, passed) = (suite("firefox", "<failure/>"), suite("chromium", ""));
    place.file(
        "r.xml",
        &format!("<testsuites>{failed}{passed}</testsuites>"),
    );
    let target = ["--suite", "5001", "--suite-run", "n", "--module", "1011"];
    let convert = |more: &[&str]| {
        let arguments = ["convert", "r.xml", "--payload", "evidence"];
        place.octane(&[&arguments[..], &target, more].concat())
    };
    let done = convert(&["-o", "-"]);
    assert_eq!(done.code, 0, "{done:?}");
    let statuses: Vec<_> = done.stdout.split("status=\"").skip(1).collect();
    let statuses = statuses.iter().map(|rest| rest.split('"').next().unwrap());
    assert_eq!(statuses.collect::<Vec<_>>(), ["Passed", "Failed"]);

    // What the dialect has no place for is a warning.
    place.file(
        "r.xml",
        r#"[{"name":"a","status":"passed","started":1795212000000,"description":"d"}]"#,
    );
    let done = convert(&["-o", "out.xml", "--format", "json"]);
    let message = "the evidence format has no field for: description";
    assert!(done.stderr.contains(message), "{done:?}");
    assert_eq!(done.json()["problems"][0]["code"], "unsupported");
    let first = done.json()["problems"][0]["message"].clone();
    assert_eq!(first, message);
}
