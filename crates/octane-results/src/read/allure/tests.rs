//! Tests of results of Allure.

use indoc::indoc;

use crate::metadata::Property;
use crate::read::options::ReadOptions;
use crate::read::record::Record;
use crate::read::report::shown::{assert_shown, besides, results, shown, steps};
use crate::source::Source;

fn result(fields: &str) -> String {
    format!(r#"{{"uuid":"u","name":"adds","historyId":"h",{fields}}}"#)
}

#[test]
fn status_and_stage_mean_what_the_table_says() {
    for (fields, expected) in [
        (r#""status":"passed""#, "Passed adds"),
        (r#""status":"passed","stage":"finished""#, "Passed adds"),
        (
            r#""status":"passed","stage":"running","start":1,"stop":2"#,
            "Passed adds 1ms",
        ),
        (
            r#""status":"passed","stage":"running""#,
            "Failed adds `the test began and did not end`",
        ),
        (
            r#""status":"passed","stage":"interrupted""#,
            "Failed adds `the test began and did not end`",
        ),
        (r#""status":"failed""#, "Failed adds"),
        (r#""status":"BROKEN""#, "Failed adds"),
        (r#""status":"skipped""#, "Skipped adds"),
        (
            r#""status":"unknown""#,
            "Failed adds `the status is `unknown``",
        ),
        (r#""stage":"scheduled""#, "Skipped adds"),
        (
            r#""stage":"pending","start":1,"fixtures":[{"name":"a","status":"passed"},{"name":"b","status":"broken"}]"#,
            "Failed adds `a hook of the test failed`",
        ),
        (
            r#""stage":"pending","start":1,"fixtures":[{"name":"a","status":"passed"},{"name":"b"}]"#,
            "Skipped adds",
        ),
        (
            r#""status":"passed","fixtures":[{"name":"b","status":"broken"}]"#,
            "Passed adds",
        ),
        (r#""status":null"#, "Skipped adds"),
        (
            r#""stage":"running""#,
            "Failed adds `the test began and did not end`",
        ),
        (
            r#""stage":"finished","stop":2"#,
            "Failed adds `the result has no status`",
        ),
        (
            r#""status":"amber""#,
            "invalid in.json:1:1: `amber` is not a valid status; use passed, failed, skipped or planned",
        ),
    ] {
        let found = shown(&result(fields));
        let found: Vec<&str> = found
            .lines()
            .filter(|line| !line.contains("warning"))
            .collect();
        assert_eq!(found, [expected], "{fields}");
    }
    let began = result(r#""start":1764306000000"#);
    let expected = "Failed adds at 2025-11-28T05:00:00Z `the test began and did not end`";
    assert_eq!(shown(&began), expected);
}

#[test]
fn a_result_has_all_that_is_told_of_it() {
    let report = result(indoc! {r#"
        "fullName":"shop.cart.TaxTest.adds","status":"failed","stage":"finished","start":1764306000000,"stop":1764306001500,
        "description":"adds a tax",
        "statusDetails":{"message":"1 is not 2","trace":"java.lang.AssertionError: 1 is not 2\n\tat shop.cart.TaxTest","flaky":true},
        "labels":[{"name":"package","value":"shop.cart"},{"name":"testClass","value":"shop.cart.TaxTest"},{"name":"testMethod","value":"adds"},
          {"name":"suite","value":"Cart"},{"name":"tag","value":"smoke"},{"name":"owner","value":"payments"},
          {"name":"severity","value":"critical"},{"name":"thread","value":"7"},{"name":"jira","value":"SHOP-12"}],
        "links":[{"name":"SHOP-7","url":"https://jira/SHOP-7","type":"issue"},{"url":"https://x/T-1?a","type":"tms"},
          {"name":"page","url":"https://x/SHOP-9","type":"link"}],
        "parameters":[{"name":"rate","value":"0.19"},{"name":"time","value":"5","excluded":true},
          {"name":"key","value":"s3cret","mode":"masked"},{"name":"token","value":"s3cret","mode":"hidden"}],
        "steps":[{"name":"outer","status":"failed","start":1,"stop":3,"steps":[{"name":"inner","status":"passed"}],
          "attachments":[{"name":"shot","source":"a-attachment.png","type":"image/png"}]}],
        "attachments":[{"name":"log","source":"b-attachment.txt","type":"text/plain"}]"#});
    let expected = "Failed shop.cart.TaxTest.adds [rate=0.19, key=******] 1.5s at 2025-11-28T05:00:00Z \
        java.lang.AssertionError: 1 is not 2 (adds a tax)";
    assert_shown(&report, expected);
    assert!(!format!("{:?}", results(&report)).contains("s3cret"));
    let run = &results(&report)[0];
    assert_eq!(run.identity.package, "shop.cart");
    assert_eq!(run.external_test_id.as_deref(), Some("h"));
    assert_eq!(steps(run), ["outer: failed", "inner: passed"]);
    assert_eq!(run.jira, ["SHOP-12", "SHOP-7"]);
    let besides = besides(run);
    assert_eq!(besides.owner.as_deref(), Some("payments"));
    assert_eq!(besides.tags, ["smoke"]);
    let expected = [
        ("severity", "critical"),
        ("jira", "SHOP-12"),
        ("issue", "SHOP-7"),
        ("tms", "T-1"),
        ("flaky", "true"),
    ];
    // `T-1` has too short a project to be a key.
    let expected: Vec<Property> = expected
        .into_iter()
        .filter(|(name, _)| *name != "tms")
        .map(|(name, value)| Property::new(name, value))
        .collect();
    assert_eq!(besides.properties, expected);
    assert_eq!(besides.links.len(), 3);
    assert_eq!(besides.parameters.len(), 3);
    let files: Vec<&str> = besides.attachments.iter().map(|file| &*file.path).collect();
    assert_eq!(files, ["b-attachment.txt", "a-attachment.png"]);
}

#[test]
fn the_errors_of_allure_3_are_one_failure() {
    let report = result(
        r#""status":"failed","statusDetails":{"errors":[{"message":"1 is not 2","trace":"Error: 1 is not 2\n    at a.js:3"},
        {"message":"3 is not 4"}]},"steps":[{"name":"pays","status":"failed","statusDetails":{"errors":[{"message":"1 is not 2"}]}}]"#,
    );
    assert_shown(&report, "Failed adds Error: 1 is not 2");
    let run = &results(&report)[0];
    let failure = run.failure.as_ref().unwrap();
    assert!(failure.details.contains("at a.js:3"), "{failure:?}");
    assert!(failure.details.ends_with("\n\n3 is not 4"), "{failure:?}");
    let step = &run.steps[0].steps[0];
    assert_eq!(step.error_message.as_deref(), Some("1 is not 2"));
    // The message of the result itself counts if there is one.
    let both = result(
        r#""status":"failed","statusDetails":{"message":"no","errors":[{"message":"1 is not 2"}]}"#,
    );
    assert_shown(&both, "Failed adds `no`");
}

#[test]
fn a_test_is_identified_by_its_labels() {
    let label = |name: &str, value: &str| format!(r#"{{"name":"{name}","value":"{value}"}}"#);
    for (labels, expected) in [
        (vec![label("suite", "test_cart")], "Passed test_cart.adds"),
        (
            vec![
                label("subSuite", "Tax"),
                label("suite", "test_cart"),
                label("parentSuite", "tests"),
            ],
            "Passed tests > test_cart > Tax.adds",
        ),
        (
            vec![label("feature", "Cart"), label("package", "w.cart")],
            "Passed w.cart.Cart.adds",
        ),
        (vec![label("package", "w.cart")], "Passed w.cart.adds"),
        (vec![], "Passed cart/core.feature.adds"),
    ] {
        let labels = labels.join(",");
        let report = result(&format!(
            r#""status":"passed","fullName":"cart/core.feature#adds","labels":[{labels}]"#
        ));
        assert_eq!(shown(&report), expected);
    }
}

#[test]
fn parameters_distinguish_tests_unless_the_name_does() {
    for (name, parameters, expected) in [
        (
            "adds[1-EUR]",
            r#"{"name":"n","value":"1"},{"name":"c","value":"'EUR'"}"#,
            "Passed adds[1-EUR]",
        ),
        ("adds", r#"{"name":"n","value":"1"}"#, "Passed adds [n=1]"),
        (
            "adds 10 items",
            r#"{"name":"n","value":"1"}"#,
            "Passed adds 10 items [n=1]",
        ),
        (
            "search bar",
            r#"{"name":"key","value":"a"}"#,
            "Passed search bar [key=a]",
        ),
        ("finds é", r#"{"name":"n","value":"é"}"#, "Passed finds é"),
        (
            "adds",
            r#"{"name":"Project","value":"firefox"},{"name":"Retry","value":"1","excluded":true}"#,
            "Passed adds [firefox]",
        ),
    ] {
        let report = format!(
            r#"{{"uuid":"u","name":"{name}","status":"passed","parameters":[{parameters}]}}"#
        );
        assert_eq!(shown(&report), expected);
    }
    let unnamed = r#"{"uuid":"u","status":"passed","fullName":"shop.cart.TaxTest.adds"}"#;
    assert_eq!(shown(unnamed), "Passed adds");
}

#[test]
fn the_reason_of_a_skip_is_the_description() {
    let report = result(
        r#""status":"skipped","description":"adds a tax","statusDetails":{"message":"not yet","trace":""}"#,
    );
    assert_eq!(shown(&report), "Skipped adds (not yet)");
    let report = result(r#""status":"skipped","description":"adds a tax""#);
    assert_eq!(shown(&report), "Skipped adds (adds a tax)");
}

#[test]
fn results_in_a_list_are_read_one_by_one() {
    use crate::format::Format;

    let list = format!(
        "[{},{}]",
        result(r#""status":"passed""#),
        result(r#""status":"failed""#)
    );
    let options = ReadOptions {
        format: Some(Format::Allure),
        ..ReadOptions::default()
    };
    let records = crate::read::read(&Source::bytes("in.json", list.as_bytes()), &options).unwrap();
    assert_eq!(records.filter_map(Result::ok).count(), 2);
}

#[test]
fn a_result_that_is_cut_off_is_none() {
    let whole = result(r#""status":"passed","stage":"finished""#);
    let cut = &whole[..whole.len() - 5];
    assert!(shown(cut).starts_with("error in.json"), "{}", shown(cut));
}

#[test]
fn tests_with_one_title_have_different_origins() {
    let origin = |fields: &str| {
        let report =
            format!(r#"{{"uuid":"u","name":"adds","status":"passed","historyId":"h1",{fields}}}"#);
        results(&report)[0]
            .origin
            .suite
            .as_deref()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(origin(r#""fullName":"TaxTest.adds2""#), "TaxTest.adds2");
    assert_eq!(origin(r#""start":0"#), "");
    let hidden =
        r#""fullName":"a","parameters":[{"name":"token","value":"s3cret","mode":"hidden"}]"#;
    assert_eq!(origin(hidden), "a h1");
    let excluded = r#""fullName":"a","parameters":[{"name":"retry","value":"1","excluded":true}]"#;
    assert_eq!(origin(excluded), "a");
    let project = r#""fullName":"a","parameters":[{"name":"Project","value":"firefox"}]"#;
    assert_eq!(origin(project), "a");
    // The title has the values of both rows.
    let row = |history: &str, value: &str| {
        let parameter = format!(r#"{{"name":"count","value":"{value}"}}"#);
        let report = format!(
            r#"{{"uuid":"u","name":"from 1 to 2","status":"passed","fullName":"a","historyId":"{history}","parameters":[{parameter}]}}"#
        );
        let run = results(&report).remove(0);
        (run.identity.name, run.origin.suite.unwrap().to_string())
    };
    let expected = |origin: &str| ("from 1 to 2".to_owned(), origin.to_owned());
    assert_eq!(row("h1", "1"), expected("a h1"));
    assert_eq!(row("h2", "2"), expected("a h2"));
}

#[test]
fn what_failed_outside_of_all_tests_is_a_failed_result() {
    let shown = |report: &str| -> Vec<String> {
        let source = Source::bytes("x-globals.json", report.as_bytes().to_vec());
        let records = crate::read::read(&source, &ReadOptions::default()).unwrap();
        records
            .map(|record| match record.unwrap() {
                Record::Run(run) => {
                    let failure = run.failure.unwrap();
                    let message = failure.message.unwrap();
                    format!(
                        "{} {}: {message}|{}",
                        run.identity,
                        run.status.as_str(),
                        failure.details
                    )
                }
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(
        shown(
            r#"{"attachments":[],"errors":[{"message":"no database","trace":"at a.js","timestamp":1},{"trace":"x"},{}]}"#
        ),
        ["[run] Failed: no database|no database\nat a.js\n\nx\n\nan error without a message"]
    );
    assert_eq!(shown(r#"{"attachments":[],"errors":[]}"#), [""; 0]);
    for message in [
        "beforeEach hook failed: Error: Test is skipped: on Mondays",
        "skip modifier failed: Test is skipped",
    ] {
        let skipped = format!(r#"{{"message":"{message}","trace":"Error: Test is skipped"}}"#);
        let only = format!(r#"{{"attachments":[],"errors":[{skipped}]}}"#);
        assert_eq!(shown(&only), [""; 0]);
        let both =
            format!(r#"{{"attachments":[],"errors":[{skipped},{{"message":"no database"}}]}}"#);
        assert_eq!(shown(&both), ["[run] Failed: no database|no database"]);
    }
    let other =
        r#"{"attachments":[],"errors":[{"message":"hook failed: Error: Test is skippedx"}]}"#;
    assert_eq!(shown(other).len(), 1);
}

#[test]
fn an_error_of_a_hook_of_playwright_is_in_the_result_of_a_test() {
    let errors = |messages: &[&str]| {
        let errors: Vec<String> = (messages.iter())
            .map(|message| format!(r#"{{"message":"{message}","trace":"Error: x\n at a.js:1"}}"#))
            .collect();
        shown(&format!(
            r#"{{"attachments":[],"errors":[{}]}}"#,
            errors.join(",")
        ))
    };
    for hook in [
        "Before Hooks",
        "After Hooks",
        "beforeAll hook",
        "afterEach hook",
    ] {
        let message = format!("{hook} failed: Error: x");
        let warning = format!("warning in.json:1:1: failed outside of the tests: {message}");
        assert_eq!(errors(&[&message]), warning);
        let both = errors(&[&message, "globalSetup failed: Error: y"]);
        let failed = "Failed [run] `globalSetup failed: Error: y`";
        assert_eq!(both, format!("{warning}\n{failed}"));
    }
    // Those of Cucumber, Jest and Mocha may be in no result.
    for message in [
        "hook failed: Error: x",
        "beforeAll failed: Error: x",
        r#"\"before all\" hook failed: x"#,
        "Before Hooks: Error: x",
    ] {
        let found = errors(&[message]);
        assert!(found.starts_with("Failed [run]"), "{found}");
    }
}

#[test]
fn a_step_that_cucumber_did_not_find_is_a_warning() {
    let with = |steps: &str| {
        let details = r#""statusDetails":{"message":"no implementation"}"#;
        let report = result(&format!(
            r#""status":"passed","stage":"finished",{details},"steps":[{steps}]"#
        ));
        shown(&report)
    };
    let missing = r#"{"name":"Given a cart","statusDetails":{"message":"no implementation"},"stage":"finished"}"#;
    let inside = format!(r#"{{"name":"Given","status":"passed","steps":[{missing}]}}"#);
    for steps in [missing, &inside] {
        let found = with(steps);
        let warning = "warning in.json:1:1: the test passed, but its step `Given a cart` did not run; is it implemented?";
        assert!(found.starts_with(warning), "{found}");
        assert!(found.contains("\nPassed adds"), "{found}");
    }
    for step in [
        r#"{"name":"a note","stage":"finished"}"#,
        r#"{"name":"a note","statusDetails":{},"stage":"finished"}"#,
        r#"{"name":"a note","status":"passed","statusDetails":{"message":"m"}}"#,
    ] {
        let found = with(step);
        assert!(found.starts_with("Passed"), "{found}");
    }
}

#[test]
fn a_step_that_is_pending_in_cucumber_for_javascript_is_a_warning() {
    let with = |framework: &str, status: &str| {
        let label = format!(r#"{{"name":"framework","value":"{framework}"}}"#);
        let step = r#"{"name":"When it is pending","status":"skipped"}"#;
        shown(&result(&format!(
            r#""status":"{status}","labels":[{label}],"steps":[{step}]"#
        )))
    };
    let warning = "warning in.json:1:1: the test passed, but its step `When it is pending` did not run; is it implemented?";
    assert_eq!(
        with("cucumberjs", "passed"),
        format!("{warning}\nPassed adds")
    );
    assert_eq!(with("cucumberjs", "skipped"), "Skipped adds");
    assert_eq!(with("playwright", "passed"), "Passed adds");
}

#[test]
fn what_pytest_did_not_tear_down_has_failed() {
    let result = |fields: &str| {
        shown(&format!(
            r#"{{"name":"adds","status":"passed","uuid":"u","fullName":"a#adds"{fields}}}"#
        ))
    };
    let expected = "Failed a.adds `the test began and did not end`";
    assert_eq!(result(r#","testCaseId":"c""#), expected);
    for fields in [
        "",
        r#","testCaseId":"c","historyId":"h""#,
        r#","testCaseId":"c","labels":[]"#,
        r#","testCaseId":"c","stage":"finished""#,
    ] {
        assert_eq!(result(fields), "Passed a.adds", "{fields}");
    }
}

#[test]
fn a_hook_that_failed_is_a_warning() {
    let container = |status: &str, message: &str| {
        shown(&format!(
            r#"{{"uuid":"u","name":"c","children":["a"],"befores":[{{"name":"open","status":"passed"}}],"afters":[{{"name":"close","status":"{status}","statusDetails":{{"message":"{message}"}}}}],"start":1}}"#
        ))
    };
    let warning = "warning in.json:1:1: failed outside of the tests: close";
    assert_eq!(
        container("broken", "no database\\n    at close.js:1"),
        format!("{warning}: no database")
    );
    assert_eq!(container("failed", ""), warning);
    assert_eq!(container("passed", ""), "");
    let without_hooks = r#"{"uuid":"u","children":["a"],"name":"c","start":1,"stop":2}"#;
    assert_eq!(shown(without_hooks), "");
    assert_eq!(
        container("broken", "Error: Test is skipped: on Mondays"),
        ""
    );
}
