//! Tables in JSON and the results read from them.

use indoc::indoc;

use crate::read::columns::Columns;
use crate::read::error::ReadError;
use crate::read::field::ResultField;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::report::listing::{listing, listing_with};
use crate::source::Source;

fn shown(table: &str) -> String {
    listing("in.json", table)
}

#[test]
fn objects_are_rows_with_the_columns_of_csv() {
    insta::assert_snapshot!(shown(indoc! {r#"
        [
          {"name": "adds", "Status": "OK", "class": "shop.Tax", "duration_s": 1.25, "started": 1795812743000,
           "jira": ["SHOP-1", "SHOP-2"], "tags": ["OS:Linux", "Browser:Firefox"], "external_id": 12},
          {"name": "pays", "Status": "failed", "error_message": "boom", "error_details": ["at a", "  at b"], "jira": "SHOP-3"},
          {"name": true, "Status": "skipped", "description": null, "class": "-"},
          {"Status": "passed", "package": "shop", "name": 7}
        ]
    "#}), @r#"
    2: shop.Tax | adds = Passed 1.25s at 2026-11-27T20:52:23Z covers SHOP-1 SHOP-2
    4: pays = Failed ! "boom" / "at a\n  at b" covers SHOP-3
    5: true = Skipped
    6: shop | 7 = Passed
    "#);
}

#[test]
fn problems_name_the_place_and_the_key() {
    insta::assert_snapshot!(shown(indoc! {r#"
        [{"name": "adds", "status": "passd", "duration": "fast"},
          {"name": "adds"},
          {"status": "passed"},
          7,
          {"name": ["a", "b"], "status": {"word": "passed"}},
          {"name": "adds", "status": "passed", "jira": [{"key": "SHOP-1"}]},
          {"name": "adds", "status": true},
          {"name": "adds", "status": "passed", "verdict": "failed"}]
    "#}), @r#"
    invalid in.json:1:2: column `duration`: `fast` is not a number; expected milliseconds, or a duration such as `1.5s` or `0:01:30`; column `status`: `passd` is not a valid status; use passed, failed, skipped or planned (did you mean `passed`?)
    invalid in.json:2:3: column `status`: status is empty; use passed, failed, skipped or planned
    invalid in.json:3:3: column `name`: name is empty
    invalid in.json:4:3: `7` is not a JSON object
    warning in.json:5:3: column `status.word` is not used
    invalid in.json:5:3: column `name`: `a, b` is a list; use one value; column `status`: status is empty; use passed, failed, skipped or planned
    invalid in.json:6:3: column `jira`: `[{"key":"SHOP-1"}]` has the type `list of lists or objects`, which is not supported; use a text or a list of texts
    invalid in.json:7:3: column `status`: `true` is not a valid status; map `true` and `false` to passed, failed, skipped or planned
    warning in.json:8:3: column `verdict` is not used
    invalid in.json:8:3: column `verdict`: `failed` contradicts the status, which is passed; ignore the column that does not count
    "#);
}

#[test]
fn numbers_are_exact_and_repeated_keys_are_invalid() {
    insta::assert_snapshot!(shown(indoc! {r#"
        [{"name": 1.10, "status": "ok", "external_id": 123456789012345678901234567890},
         {"name": "a", "status": "failed", "status": "ok"},
         {"name": "b", "status": "ok", "duration_s": 0.1e1, "extra": 1, "extra": 2}]
    "#}), @"
    1: 1.10 = Passed
    invalid in.json:2:2: column `status`: `failed, ok` is a list; use one value
    warning in.json:3:2: column `extra` is not used
    3: b = Passed 1s
    ");
}

#[test]
fn unknown_keys_are_told_once() {
    insta::assert_snapshot!(shown(indoc! {r#"
        [{"name": "a", "status": "ok", "colour": "red"},
         {"name": "b", "status": "ok", "colour": "red", "size": {"x": 1}},
         {"name": "c", "status": "ok"}]
    "#}), @"
    warning in.json:1:2: column `colour` is not used
    1: a = Passed
    warning in.json:2:2: column `size.x` is not used
    2: b = Passed
    3: c = Passed
    ");
}

#[test]
fn rows_may_use_different_names_for_a_column() {
    insta::assert_snapshot!(shown(indoc! {r#"
        [{"name": "a", "status": "ok", "class": "T"},
         {"name": "b", "status": "ok", "testclass": "U"},
         {"name": "c", "status": "ok", "testclass": "U", "class": "T"},
         {"name": "d", "status": "ok", "class": "T"}]
    "#}), @"
    1: T | a = Passed
    2: U | b = Passed
    invalid in.json:3:2: columns `class` and `testclass` both contain class; keep one
    4: T | d = Passed
    ");
}

#[test]
fn nested_values_have_names_with_dots() {
    let options = ReadOptions {
        columns: Columns::default()
            .with("test.name", ResultField::Name)
            .with("test.run.result", ResultField::Status)
            .with("issue", ResultField::Jira),
        ..ReadOptions::default()
    };
    let table = indoc! {r#"
        [{"test": {"name": "adds", "run": {"result": "passed"}}, "issue": "SHOP-1"},
         {"test": {"name": "pays", "run": {"result": "failed"}}}]
    "#};
    insta::assert_snapshot!(listing_with(&options, "in.json", table), @"
    1: adds = Passed covers SHOP-1
    2: pays = Failed
    ");
}

#[test]
fn the_rows_may_be_in_an_object() {
    for name in [
        "tests",
        "results",
        "result",
        "Data",
        "rows",
        "records",
        "value",
        "executions",
    ] {
        let table = format!(
            "{{\"total\": [1], \"{name}\": [{{\"name\": \"a\", \"status\": \"passed\"}}]}}"
        );
        assert_eq!(shown(&table).lines().count(), 1, "{name}");
    }
    // A list with a vague name next to a table.
    for other in [r#""executions":[{"id":1,"test":"x"}]"#, r#""value":[1,2]"#] {
        let tests = r#""tests":[{"name":"a","status":"passed"}]"#;
        assert_eq!(shown(&format!("{{{tests},{other}}}")), "1: a = Passed");
        assert_eq!(shown(&format!("{{{other},{tests}}}")), "1: a = Passed");
    }
    let both = r#"{"tests":[{"name":"a","status":"passed"}],"value":[{"id":1},{"name":"b","status":"failed"}]}"#;
    insta::assert_snapshot!(shown(both), @r"
    1: a = Passed
    invalid in.json:1:52: required columns `name`, `status` are missing; columns found: `id`
    1: b = Failed
    ");
    insta::assert_snapshot!(shown("{\"value\": []}"), @"warning in.json:1:1: contains no test results");
    insta::assert_snapshot!(shown("{\"data\": {\"rows\": [{\"name\": \"a\", \"status\": \"ok\"}]}, \"x\": 1}"), @"1: a = Passed");
    insta::assert_snapshot!(shown("{\"status\": \"ok\"}"), @"error in.json:1:1: is JSON without rows of results (a list of objects, which may be called `tests`, `results`, `result`, `data`, `rows`, `records`, `value` or `executions`); supported formats: junit, nunit, xunit, trx, testng, robot, octane, cucumber, cucumber-messages, playwright, mocha, jest, go-test, pytest-json, dart, allure, ctrf, googletest, catch2, rspec, tap, csv, json, ndjson, arrow, parquet");
    for table in [
        "{\"tests\": {\"outer\": [{\"title\": \"fails\", \"err\": \"no\"}]}}",
        "{\"results\": {\"a\": {\"b\": [{\"name\": \"x\", \"status\": \"failed\"}]}}}",
        "{\"data\": {\"total\": 3}}",
    ] {
        assert!(shown(table).contains("is JSON without rows of results"));
    }
    insta::assert_snapshot!(shown("{\"data\": {\"rows\": [], \"total\": 0}}"), @"warning in.json:1:1: contains no test results");
    insta::assert_snapshot!(shown("{\"tests\": []}"), @"warning in.json:1:1: contains no test results");
    insta::assert_snapshot!(shown("[{\"status\": \"ok\"}, {\"status\": \"ok\"}]"), @"error in.json:1:2: required column `name` is missing; columns found: `status`");
    insta::assert_snapshot!(shown("[{\"name\": \"a\", \"status\": \"ok\"}]\n[]"), @"
    1: a = Passed
    error in.json:2:1: malformed JSON: something follows after the document
    ");
    insta::assert_snapshot!(shown("[{\"name\": \"a\", \"status\": \"ok\"}]\nnoise"), @"
    1: a = Passed
    error in.json:2:1: malformed JSON: something follows after the document
    ");
    insta::assert_snapshot!(shown("[]"), @"warning in.json:1:1: contains no test results");
}

#[test]
fn a_cut_off_table_has_the_rows_before_the_break() {
    insta::assert_snapshot!(shown("[{\"name\": \"a\", \"status\": \"ok\"},\n{\"name\": \"b\", \"stat"), @"
    1: a = Passed
    error in.json:2:20: unexpected end of file; the file is truncated (in [1])
    ");
    insta::assert_snapshot!(shown("[{\"name\": \"a\", \"status\": \"ok\"},\n{\"name\" \"b\"}]"), @"
    1: a = Passed
    error in.json:2:9: malformed JSON: a colon is missing here (in [1])
    ");
}

#[test]
fn rows_before_the_first_one_with_the_required_columns_are_invalid() {
    let rows = r#"[{"name":"adds"},7,{"id":1},{"name":"pays","status":"failed"},{"name":"ships"}]"#;
    insta::assert_snapshot!(shown(rows), @"
    invalid in.json:1:2: required column `status` is missing; columns found: `name`
    invalid in.json:1:18: `7` is not a JSON object
    invalid in.json:1:20: required columns `name`, `status` are missing; columns found: `id`
    1: pays = Failed
    invalid in.json:1:63: column `status`: status is empty; use passed, failed, skipped or planned
    ");
    let lines = "{\"name\":\"adds\"}\noops\n{\"name\":\"pays\",\"status\":\"failed\"}\n";
    insta::assert_snapshot!(listing("in.ndjson", lines), @"
    invalid in.ndjson:1:1: required column `status` is missing; columns found: `name`
    invalid in.ndjson:2:1: `oops` is not valid JSON (column 1)
    3: pays = Failed
    ");
    let lists = r#"{"data":[{"id":1}],"results":[{"name":"pays","status":"failed"}]}"#;
    assert!(
        shown(lists).ends_with("1: pays = Failed"),
        "{}",
        shown(lists)
    );
    // Something else.
    let others = format!("[{}7]", "{\"id\":1},".repeat(20_000));
    let found = shown(&others);
    assert!(found.starts_with("error in.json:1:"), "{found}");
    assert!(shown("[1,\"a\"]").starts_with("error in.json:1:2: is JSON without rows"));
}

/// Why nothing of a document was read.
fn error(name: &str, document: &str) -> ReadError {
    let source = Source::bytes(name, document.as_bytes());
    match read(&source, &ReadOptions::default()) {
        Ok(records) => records.last().unwrap().unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn a_list_whose_first_items_have_no_status_is_a_table_if_others_have_one() {
    insta::assert_snapshot!(shown(r#"[{"name":"a"},{"name":"b","status":"ok"},{"name":"c","status":"error"}]"#), @r"
    invalid in.json:1:2: required column `status` is missing; columns found: `name`
    1: b = Passed
    1: c = Failed
    ");
}

#[test]
fn a_given_column_may_be_missing_from_some_rows_but_not_from_all() {
    let columns = Columns::default().with("ref", ResultField::Jira);
    let options = ReadOptions::default().columns(columns);
    let one = r#"{"name":"a","status":"passed"}"#;
    let keyed = r#"{"name":"b","status":"failed","ref":"SHOP-1"}"#;
    for (name, document, expected) in [
        ("in.ndjson", format!("{one}\n{keyed}\n{one}\n"), Ok(3)),
        ("in.json", format!("[{one},{keyed}]"), Ok(2)),
        (
            "in.ndjson",
            format!("{one}\n{one}\n"),
            Err("in.ndjson:1:1: no column `ref`; columns found: `name`, `status`"),
        ),
        (
            "in.json",
            format!("[{one}]"),
            Err("in.json:1:1: no column `ref`; columns found: `name`, `status`"),
        ),
    ] {
        let records = read(&Source::bytes(name, document.as_bytes()), &options).unwrap();
        let read: Result<Vec<_>, _> = records.collect();
        let found = read
            .map(|records| records.len())
            .map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{document}");
    }
}

#[test]
fn results_in_a_shape_that_is_not_read_are_not_of_another_kind() {
    for (document, expected) in [
        (
            "{\"type\":\"suite\",\"event\":\"started\",\"test_count\":1}\n{\"type\":\"test\",\"event\":\"failed\",\"name\":\"a\"}\n",
            "cargo nextest",
        ),
        (
            r#"[{"title":"pays","status":"failed"}]"#,
            "columns found: `status`, `title`",
        ),
        (
            "{\"title\":\"adds\"}\n{\"title\":\"pays\",\"status\":\"failed\"}\n",
            "columns found: `title`",
        ),
        (
            r#"{"suites":{"a":[{"title":"pays","state":"failed"}]}}"#,
            "a list of objects",
        ),
        (r#"[{"name":"a","duration_s":1.5,"class":"x""#, "truncated"),
        (r#"{"a":{"b":1},"#, "truncated"),
        (
            "> npm test\n\n[INFO] runs\n{\n\"testResults\":[{\"assertionResults\":[]}]}",
            "malformed JSON: something was printed before the report, which begins in line 4",
        ),
    ] {
        let error = error("r/in.json", document);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_other_kind(), "{error}");
    }
    for document in [
        r#"{"name":"demo","scripts":{"test":"jest"}}"#,
        r#"[{"filePath":"/a.js","messages":[{"message":"failed"}],"errorCount":1}]"#,
        "{\"level\":\"info\",\"msg\":\"a\"}\nprinted\n{\"level\":\"info\",\"msg\":\"b\"}\n",
        "{\"level\":\"info\"}\n{\"name\":\"app\",\"status\":200}\n",
        "{\"name\":\"shop\",\"msg\":\"a\"}\n{\"name\":\"shop\",\"msg\":\"b\",\"status\":\"ok\"}\n{\"name\":\"shop\",\"msg\":\"c\"}\n",
        r#"{"value":[{"name":"deploy","status":"Succeeded"}]}"#,
        r#"{"value":[{"id":"/subscriptions/1","name":"deploy","status":"Failed"}]}"#,
        r#"{"SchemaVersion":2,"Results":[{"Target":"a","Misconfigurations":[{"Title":"x","Status":"FAIL"}]}]}"#,
        "[1,2]",
        "// a comment\n{\"compilerOptions\":{}}",
    ] {
        let error = error("r/in.json", document);
        assert!(error.is_other_kind(), "{error}");
    }
}
