//! Tables with a JSON object a line and the results read from them.

use indoc::indoc;

use crate::read::report::listing::listing;

#[test]
fn each_line_is_a_row() {
    let table = indoc! {r#"
        {"name": "adds", "status": "passed", "duration": 12, "colour": "red"}

        {"name": "pays", "status": "failed", "error_message": "boom", "colour": "red"}
        {"name": "skips", "status": "skipped", "jira": ["SHOP-1"]}
    "#};
    insta::assert_snapshot!(listing("in.ndjson", table), @r#"
    warning in.ndjson:1:1: column `colour` is not used
    1: adds = Passed 12ms
    3: pays = Failed ! "boom"
    4: skips = Skipped covers SHOP-1
    "#);
    insta::assert_snapshot!(listing("in.json", table), @r#"
    warning in.json:1:1: column `colour` is not used
    1: adds = Passed 12ms
    3: pays = Failed ! "boom"
    4: skips = Skipped covers SHOP-1
    "#);
}

#[test]
fn a_bad_line_is_an_invalid_row_and_reading_continues() {
    let table = indoc! {r#"
        {"name": "adds", "status": "passed"}
        {"name": "pays", "stat
        oops
        [1]
        {"name": "odd", "status": "maybe"}
        {"name": "skips", "status": "skipped"}
    "#};
    insta::assert_snapshot!(listing("in", "{\n  \"name\": \"adds\",\n  \"status\": \"ok\"\n}"), @"error in:1:1: malformed JSON: each line has to be one object");
    insta::assert_snapshot!(listing("in.ndjson", "{\"level\": \"info\"}\n{\"level\": \"warn\"}\n"), @"error in.ndjson:1:1: required columns `name`, `status` are missing; columns found: `level`");
    insta::assert_snapshot!(listing("in.jsonl", table), @r#"
    1: adds = Passed
    invalid in.jsonl:2:1: `{"name": "pays", "stat` is not valid JSON (column 23)
    invalid in.jsonl:3:1: `oops` is not valid JSON (column 1)
    invalid in.jsonl:4:1: `["1"]` is not a JSON object
    invalid in.jsonl:5:1: column `status`: `maybe` is not a valid status; use passed, failed, skipped or planned
    6: skips = Skipped
    "#);
}

#[test]
fn a_line_that_was_printed_first_hides_no_results() {
    let table = "npm warn x\n{\"name\": \"a\", \"status\": \"failed\"}\n{\"name\": \"b\", \"status\": \"passed\"}\n";
    insta::assert_snapshot!(listing("in.ndjson", table), @r"
    invalid in.ndjson:1:1: `npm warn x` is not valid JSON (column 2)
    2: a = Failed
    3: b = Passed
    ");
}
