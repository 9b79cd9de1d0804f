//! Tests of Cucumber JSON.

use indoc::indoc;

use crate::read::report::shown::{assert_shown, besides, results, shown, steps};

/// A feature of Cucumber for Java, with these elements.
fn feature(elements: &str) -> String {
    format!(
        r#"[{{"line":1,"elements":[{elements}],"name":"Cart","description":"","id":"cart","keyword":"Feature",
        "uri":"file:features/cart.feature","tags":[{{"name":"@shop","type":"Tag"}}]}}]"#
    )
}

/// A scenario whose steps have these results.
fn scenario(results: &[&str]) -> String {
    let steps = results.iter().enumerate().map(|(at, result)| {
        format!(r#"{{"keyword":"Given ","name":"step {at}","line":{at},"result":{result}}}"#)
    });
    let steps: Vec<String> = steps.collect();
    let steps = steps.join(",");
    format!(
        r#"{{"id":"cart;adds","type":"scenario","keyword":"Scenario","name":"adds","line":3,"steps":[{steps}]}}"#
    )
}

#[test]
fn a_skipped_background_of_a_scenario_that_passed_does_not_count() {
    let step = |word: &str| format!(r#"{{"name":"s","result":{{"status":"{word}"}}}}"#);
    let report = |background: &str, steps: &str| {
        shown(&format!(
            r#"[{{"uri":"a.feature","keyword":"Feature","name":"Cart","elements":[
                {{"type":"background","keyword":"Background","steps":[{}]}},
                {{"type":"scenario","keyword":"Scenario","name":"pays","before":[{{"result":{{"status":"passed"}}}}],"steps":[{steps}]}}]}}]"#,
            step(background)
        ))
    };
    for (background, steps, expected) in [
        ("skipped", step("passed"), "Passed Cart.pays"),
        ("skipped", step("skipped"), "Skipped Cart.pays"),
        ("skipped", String::new(), "Skipped Cart.pays"),
        ("undefined", step("passed"), "Failed Cart.pays"),
        ("odd", step("passed"), "`odd` is not a valid status"),
    ] {
        let found = report(background, &steps);
        assert!(found.contains(expected), "{background} {steps}: {found}");
    }
}

#[test]
fn a_scenario_has_the_status_of_its_worst_step() {
    for (words, expected) in [
        (&["passed", "passed"][..], "Passed Cart.adds"),
        (&[], "Passed Cart.adds"),
        (&["passed", "skipped"], "Skipped Cart.adds"),
        (
            &["failed", "skipped"],
            "Failed Cart.adds `failed: Given step 0`",
        ),
        (&["undefined"], "Failed Cart.adds `undefined: Given step 0`"),
        (
            &["pending", "skipped"],
            "Failed Cart.adds `pending: Given step 0`",
        ),
        (&["ambiguous"], "Failed Cart.adds `ambiguous: Given step 0`"),
        (&["unknown"], "Failed Cart.adds `unknown: Given step 0`"),
        (
            &["hook_error"],
            "Failed Cart.adds `hook_error: Given step 0`",
        ),
        (&["untested", "untested"], "Skipped Cart.adds"),
        (
            &["passed", "untested"],
            "Failed Cart.adds `the scenario did not end: `Given step 1` has no result`",
        ),
        (
            &["passed", "amber"],
            "invalid in.json:1:24: `amber` is not a valid status (in [0].elements[0]); use passed, failed, skipped or planned",
        ),
        (
            &["failed", "amber"],
            "Failed Cart.adds `failed: Given step 0`",
        ),
    ] {
        let results: Vec<String> = words
            .iter()
            .map(|word| format!(r#"{{"status":"{word}"}}"#))
            .collect();
        let results: Vec<&str> = results.iter().map(String::as_str).collect();
        assert_eq!(shown(&feature(&scenario(&results))), expected, "{words:?}");
    }
}

#[test]
fn steps_without_a_result_have_not_run() {
    for (results, expected) in [
        (&["{}", "null"][..], "Skipped Cart.adds"),
        (
            &[r#"{"status":"passed"}"#, "{}"],
            "Failed Cart.adds `the scenario did not end: `Given step 1` has no result`",
        ),
    ] {
        assert_eq!(shown(&feature(&scenario(results))), expected);
    }
}

#[test]
fn what_is_no_scenario_is_never_a_pass() {
    let report = feature(r#"null, 1, {"type":"scenario"}"#);
    assert_eq!(
        shown(&report),
        "invalid in.json:1:33: status is empty (in [0].elements[2]); use passed, failed, skipped or planned"
    );
    assert_eq!(
        shown(&feature("")),
        "warning in.json:1:1: contains no test results"
    );
}

#[test]
fn hooks_and_backgrounds_belong_to_the_scenario_that_follows() {
    let report = feature(indoc! {r#"
        {"type":"background","keyword":"Background","name":"","steps":[
          {"keyword":"Given ","name":"a cart","result":{"status":"passed","duration":1000000}}]},
        {"type":"scenario","keyword":"Scenario","name":"adds","id":"cart;adds","start_timestamp":"2026-11-28T05:00:00.000Z",
         "before":[{"match":{"location":"Hooks.open()"},"result":{"status":"passed","duration":2000000}}],
         "steps":[{"keyword":"When ","name":"I add 2","result":{"status":"passed","duration":3000000},
           "after":[{"match":{"location":"Hooks.shoot()"},"result":{"status":"passed","duration":500}}]}],
         "after":[{"match":{"location":"Hooks.close()"},"result":{"status":"failed","duration":4,
           "error_message":"java.io.IOException: no disk\n\tat Hooks.close(Hooks.java:9)"}}]},
        {"type":"background","steps":[
          {"keyword":"Given ","name":"a cart","result":{"status":"failed","duration":1,"error_message":"no cart (CartError)"}}]},
        {"type":"scenario","keyword":"Scenario","name":"pays","id":"cart;pays","steps":[
          {"keyword":"When ","name":"I pay","result":{"status":"skipped"}}]}"#});
    let expected = indoc! {"
        Failed Cart.adds 6.000504ms at 2026-11-28T05:00:00Z java.io.IOException: no disk
        Failed Cart.pays 1ns CartError: no cart"};
    assert_shown(&report, expected);
    let expected = [
        "Given a cart: passed",
        "Before hook: Hooks.open(): passed",
        "When I add 2: passed",
        "AfterStep hook: Hooks.shoot(): passed",
        "After hook: Hooks.close(): failed",
    ];
    assert_eq!(steps(&results(&report)[0]), expected);
}

#[test]
fn a_background_that_failed_and_that_nothing_follows_is_a_result() {
    let background = |word: &str| {
        feature(&format!(
            r#"{{"type":"background","steps":[{{"name":"a cart","result":{{"status":"{word}"}}}}]}}"#
        ))
    };
    assert_eq!(
        shown(&background("failed")),
        "Failed Cart.Background `failed: a cart`"
    );
    assert_eq!(
        shown(&background("passed")),
        "warning in.json:1:1: contains no test results"
    );
}

#[test]
fn rows_of_an_outline_are_told_apart() {
    let row = |id: &str, name: &str, line: u32, keyword: &str| {
        format!(
            r#"{{"id":"{id}","name":"{name}","line":{line},"keyword":"{keyword}","type":"scenario","steps":[
            {{"name":"step","result":{{"status":"passed"}}}}]}}"#
        )
    };
    let by_id = [
        row("cart;adds;large-orders;2", "adds", 9, "Scenario Outline"),
        row("cart;adds;large-orders;3", "adds", 10, "Scenario Outline"),
        row("cart;a-rule;adds;;2", "adds", 14, "Scenario Outline"),
        row("cart;adds;;2", "adds", 19, "Scenario Outline"),
    ];
    let expected = indoc! {"
        Passed Cart.adds (large-orders, example 1)
        Passed Cart.adds (large-orders, example 2)
        Passed Cart.adds (example 1)
        Passed Cart.adds (example 1) (2)"};
    assert_eq!(shown(&feature(&by_id.join(","))), expected);
    // In the order in which they ran.
    let by_line = [
        row("cart;adds", "adds", 10, "Scenario Outline"),
        row("cart;adds", "adds", 9, "Scenario Outline"),
        row("cart;adds-3", "adds 3", 11, "Scenario Outline"),
        row("cart;pays", "pays", 20, "Scenario"),
        row("cart;rule;pays", "pays", 15, "Scenario"),
    ];
    let expected = indoc! {"
        Passed Cart.adds (example 2)
        Passed Cart.adds (example 1)
        Passed Cart.adds 3
        Passed Cart.pays (2)
        Passed Cart.pays"};
    assert_eq!(shown(&feature(&by_line.join(","))), expected);
}

#[test]
fn the_last_attempt_of_a_scenario_counts() {
    let failed = |message: &str| {
        scenario(&[&format!(
            r#"{{"status":"failed","duration":1,"error_message":"{message}"}}"#
        )])
    };
    let passed = scenario(&[r#"{"status":"passed"}"#]);
    let other = passed.replace(":3", ":4").replace("adds", "pays");
    let report = feature(&[failed("one (E)"), failed("two (TwoError)"), passed, other].join(","));
    let expected = indoc! {"
        Passed Cart.adds after `one (E)` after TwoError: two
        Passed Cart.pays"};
    assert_eq!(shown(&report), expected);
    let report = feature(&[failed("one"), failed("two")].join(","));
    assert_eq!(shown(&report), "Failed Cart.adds 1ns `two`");
}

#[test]
fn a_row_that_failed_is_not_replaced_by_the_next_row() {
    let row = |keyword: &str, data: &str, word: &str| {
        format!(
            r#"{{"id":"pays","line":5,"name":"pays","keyword":"{keyword}","type":"scenario","steps":[
            {{"keyword":"*","line":6,"name":"match x == 1"{data},"result":{{"status":"{word}","error_message":"x != 1"}}}}]}}"#
        )
    };
    let rows = |keyword: &str, data: [&str; 4]| {
        let words = ["failed", "passed", "failed", "passed"];
        let rows = data.iter().zip(words);
        let rows: Vec<String> = rows.map(|(data, word)| row(keyword, data, word)).collect();
        shown(&feature(&rows.join(",")))
    };
    // As Karate writes the rows of a dynamic outline.
    let expected = indoc! {"
        Failed Cart.pays (example 1) `x != 1`
        Passed Cart.pays (example 2)
        Failed Cart.pays (example 3) `x != 1`
        Passed Cart.pays (example 4)"};
    assert_eq!(rows("Scenario Outline", [""; 4]), expected);
    // The data distinguish the rows where the keyword does not.
    let expected = indoc! {"
        Failed Cart.pays `x != 1`
        Passed Cart.pays (2)
        Failed Cart.pays (3) `x != 1`
        Passed Cart.pays (4)"};
    for data in [
        r#","rows":[{"cells":["@"]}]"#,
        r#","arguments":[{"rows":[{"cells":["@"]}]}]"#,
        r#","doc_string":{"content_type":"","value":"@","line":7}"#,
        r#","table":{"headings":["@"],"rows":[]}"#,
    ] {
        let data: Vec<String> = (1..=4)
            .map(|row| data.replace('@', &row.to_string()))
            .collect();
        let data: Vec<&str> = data.iter().map(String::as_str).collect();
        let found = rows("Szenario", data.try_into().unwrap());
        assert_eq!(found, expected);
    }
    // Attempts have the same data.
    let data = [r#","rows":[{"cells":["1"]}],"arguments":[]"#; 4];
    let found = rows("Scenario", data);
    assert_eq!(found, ["Passed Cart.pays after `x != 1`"; 2].join("\n"));
}

#[test]
fn a_row_at_a_line_of_its_own_may_be_tried_again() {
    let row = |line: u32, word: &str, by: &str| {
        format!(
            r#"{{"id":"cart;pays","line":{line},"name":"pays","keyword":"Scenario Outline","type":"scenario","steps":[
            {{"name":"step","match":{{"location":"{by}"}},"result":{{"status":"{word}","error_message":"x"}}}}]}}"#
        )
    };
    let rows = |rows: &[(u32, &str)], by: &str| {
        let rows: Vec<String> = (rows.iter())
            .map(|(line, word)| row(*line, word, by))
            .collect();
        shown(&feature(&rows.join(",")))
    };
    let tried_again = [(9, "failed"), (9, "passed"), (10, "passed")];
    let expected = indoc! {"
        Passed Cart.pays (example 1) after `x`
        Passed Cart.pays (example 2)"};
    assert_eq!(rows(&tried_again, "steps.js:1"), expected);
    // Rows at the lines of two tables.
    assert!(rows(&tried_again, "karate").starts_with("Failed Cart.pays (example 1)"));
    let two = [(9, "failed"), (9, "passed"), (10, "passed"), (10, "passed")];
    assert!(rows(&two, "steps.js:1").starts_with("Failed Cart.pays (example 1)"));
}

#[test]
fn tags_and_embeddings_are_kept() {
    let report = feature(
        r#"{"name":"adds","keyword":"Scenario","type":"scenario","tags":[{"name":"@shop"},{"name":"@jira:SHOP-12"}],"steps":[
        {"name":"I add","result":{"status":"passed"},"embeddings":[{"data":"AAAA","mime_type":"image/png","name":"cart"}]},
        {"keyword":"After","hidden":true,"embeddings":[{"data":"AAAA","media":{"type":"text/plain"}}]}]}"#,
    );
    let runs = results(&report);
    let besides = besides(&runs[0]);
    assert_eq!(besides.tags, ["@shop", "@jira:SHOP-12"]);
    assert_eq!(runs[0].jira, ["SHOP-12"]);
    assert_eq!(
        runs[0].origin.file.as_deref(),
        Some("features/cart.feature")
    );
    let attached: Vec<_> = besides
        .attachments
        .iter()
        .map(|attachment| {
            (
                attachment.name.as_deref(),
                &*attachment.path,
                attachment.media_type.as_deref(),
            )
        })
        .collect();
    let expected = [
        (Some("cart"), "", Some("image/png")),
        (None, "", Some("text/plain")),
    ];
    assert_eq!(attached, expected);
}

#[test]
fn behave_writes_seconds_lines_and_a_status() {
    let report = indoc! {r#"
        [{"elements": [
          {"keyword": "Background", "location": "features/cart.feature:2", "name": "", "type": "background",
           "steps": [{"keyword": "Given", "location": "features/cart.feature:3", "name": "a cart", "step_type": "given"}]},
          {"keyword": "Scenario", "location": "features/cart.feature:5", "name": "adds", "status": "failed",
           "tags": ["smoke"], "type": "scenario", "steps": [
             {"keyword": "Given", "location": "features/cart.feature:3", "match": {"arguments": []}, "name": "a cart",
              "result": {"duration": 0.0012500, "status": "passed"}, "step_type": "given"},
             {"keyword": "Then", "location": "features/cart.feature:6", "name": "it is full",
              "result": {"duration": 1e-05, "error_message": ["Assertion Failed: no", "x"], "status": "failed"}, "step_type": "then"},
             {"keyword": "Then", "location": "features/cart.feature:7", "name": "I pay", "step_type": "then"}]},
          {"keyword": "Scenario", "location": "features/cart.feature:9", "name": "hook", "status": "hook_error",
           "tags": [], "type": "scenario", "steps": [
             {"keyword": "Given", "location": "features/cart.feature:3", "name": "a cart",
              "result": {"duration": 0.5, "status": "passed"}, "step_type": "given"}]},
          {"keyword": "Scenario Outline", "location": "features/cart.feature:14", "name": "pays -- @1.1 ", "status": "skipped",
           "tags": [], "type": "scenario", "steps": [
             {"keyword": "Given", "location": "features/cart.feature:12", "name": "a cart", "step_type": "given"}]}],
          "keyword": "Feature", "location": "features/cart.feature:1", "name": "Cart", "status": "failed", "tags": ["slow"]}]"#};
    let expected = indoc! {"
        Failed Cart.adds 1.26ms `Assertion Failed: no`
        Failed Cart.hook 500ms `the scenario is `hook_error``
        Skipped Cart.pays -- @1.1"};
    assert_shown(report, expected);
    let runs = results(report);
    assert_eq!(besides(&runs[0]).tags, ["slow", "smoke"]);
    assert_eq!(
        runs[0].origin.file.as_deref(),
        Some("features/cart.feature")
    );
}

#[test]
fn the_browser_that_merged_reports_name_is_the_origin() {
    let report = feature(&scenario(&[r#"{"status":"passed"}"#])).replace(
        r#""keyword":"Feature""#,
        r#""metadata":{"browser":{"name":"chrome","version":"120"},"device":"laptop"}"#,
    );
    assert_eq!(shown(&report), "Passed Cart.adds [chrome]");
}

#[test]
fn the_results_before_a_break_are_returned() {
    let passed = scenario(&[r#"{"status":"passed"}"#]);
    let whole = feature(&passed);
    let next =
        format!(r#"{{"name":"Next","uri":"n.feature","elements":[{passed},{{"name":"pays","#);
    let cut = format!("{},{next}", whole.strip_suffix(']').unwrap());
    let expected = indoc! {"
        Passed Cart.adds
        Passed Next.adds
        error in.json"};
    let found = shown(&cut);
    assert!(found.starts_with(expected), "{found}");
    // Its name comes last.
    let cut = &whole[..whole.find("\"name\":\"Cart\"").unwrap()];
    assert!(shown(cut).starts_with("error in.json"), "{}", shown(cut));
}

#[test]
fn hooks_around_a_scenario_count() {
    let report = feature(
        r#"{"name":"adds","type":"scenario","steps":[{"name":"s","result":{"status":"passed"}}],
        "around":[{"match":{"location":"unknown_hook_location:1"},"result":{"status":"failed","error_message":"no (E)"}}]}"#,
    );
    assert_eq!(shown(&report), "Failed Cart.adds `no (E)`");
}

#[test]
fn each_result_knows_its_scenario_in_the_feature_file() {
    let report = feature(
        r#"{"id":"cart;adds;;3","keyword":"Scenario Outline","name":"adds","line":9,"type":"scenario","steps":[{"name":"s"}]},
        {"id":"cart;pays","keyword":"Scenario","name":"pays","line":12,"type":"scenario","steps":[]},
        {"type":"background","steps":[{"name":"b","result":{"status":"failed"}}]}"#,
    );
    let scenarios: Vec<_> = results(&report)
        .iter()
        .map(|run| {
            let scenario = besides(run).scenario.clone().unwrap();
            assert_eq!(
                (&*scenario.file.path, &*scenario.file.name),
                ("features/cart.feature", "Cart")
            );
            assert_eq!(scenario.file.tags, ["@shop"]);
            (scenario.name, scenario.line)
        })
        .collect();
    let expected = [
        ("adds".to_owned(), Some(9)),
        ("pays".to_owned(), Some(12)),
        ("Background".to_owned(), None),
    ];
    assert_eq!(scenarios, expected);
}

#[test]
fn a_background_may_follow_its_scenario() {
    let report = feature(
        r#"{"id":"c/adds","line":3,"name":"adds","type":"scenario","before":[{"result":{"status":"Passed","duration":1}}],
          "steps":[{"name":"s","result":{"status":"Passed","duration":1}}]},
        {"id":"c/adds","line":3,"name":"adds","type":"background","steps":[{"name":"b","result":{"status":"Failed","duration":1}}]},
        {"id":"c/pays","line":5,"name":"pays","type":"scenario","steps":[{"name":"s","result":{"status":"Passed","duration":1}}]}"#,
    );
    let expected = "Failed Cart.adds 3ns `Failed: b`\nPassed Cart.pays 1ns";
    assert_eq!(shown(&report), expected);
}

#[test]
fn old_versions_of_behave_put_features_into_an_object() {
    let report = r#"{ "features": [
        {"elements": [{"keyword": "Background", "location": "a.feature:2", "steps": [{"name": "a cart", "step_type": "given"}]},
          {"keyword": "Scenario", "location": "a.feature:4", "name": "adds", "tags": [], "steps": [
            {"name": "a cart", "step_type": "given", "result": {"duration": 0.5, "status": "passed"}}]}],
         "keyword": "Feature", "location": "a.feature:1", "name": "Cart", "tags": []}]}"#;
    assert_shown(report, "Passed Cart.adds 500ms");
}

#[test]
fn a_hook_among_the_steps_need_not_have_a_result() {
    let report = feature(
        r#"{"name":"adds","type":"scenario","steps":[{"keyword":"Before","embeddings":[]},{"name":"s","result":{"status":"passed"}},
        {"keyword":"After","hidden":true,"name":"x"}]}"#,
    );
    assert_eq!(shown(&report), "Passed Cart.adds");
    for step in [r#"{"keyword":"Given "}"#, "{}", "null"] {
        let report = feature(&format!(
            r#"{{"name":"adds","type":"scenario","steps":[{step}]}}"#
        ));
        assert_eq!(shown(&report), "Skipped Cart.adds", "{step}");
    }
}

#[test]
fn a_single_feature_may_be_the_document_and_places_in_the_list_may_be_empty() {
    let list = feature(&scenario(&[r#"{"status":"passed"}"#]));
    let expected = shown(&list);
    assert_eq!(expected, "Passed Cart.adds");
    let single = list.trim_start_matches('[').trim_end_matches(']');
    assert_eq!(shown(single), expected);
    assert_eq!(
        results(single)[0].origin.file.as_deref(),
        Some("features/cart.feature")
    );
    for list in [
        format!("[null,{single},null]"),
        format!("[ null, null , {single}]"),
    ] {
        assert_eq!(shown(&list), expected, "{list}");
    }
    // Without its name, which may come last, it is cut off.
    let cut = &single[..single.find("\"name\":\"Cart\"").unwrap()];
    assert!(shown(cut).starts_with("error "), "{}", shown(cut));
}

#[test]
fn a_hook_that_was_skipped_counts_only_if_no_step_has_passed() {
    let hidden = |steps: &[&str], hook: &str| {
        let mut steps: Vec<String> = (steps.iter())
            .map(|word| format!(r#"{{"name":"s","result":{{"status":"{word}"}}}}"#))
            .collect();
        steps.push(format!(
            r#"{{"keyword":"After","hidden":true,"result":{{"status":"{hook}","error_message":"why"}}}}"#
        ));
        shown(&feature(&format!(
            r#"{{"type":"scenario","keyword":"Scenario","name":"pays","steps":[{}]}}"#,
            steps.join(",")
        )))
    };
    for (steps, hook, expected) in [
        (&["passed", "passed"][..], "skipped", "Passed Cart.pays"),
        (&["passed", "skipped"], "skipped", "Skipped Cart.pays (why)"),
        (&["skipped"], "skipped", "Skipped Cart.pays (why)"),
        (&[], "skipped", "Skipped Cart.pays (why)"),
        (&["passed"], "failed", "Failed Cart.pays `why`"),
    ] {
        assert_eq!(hidden(steps, hook), expected, "{steps:?} {hook}");
    }
    let before = |step: &str| {
        shown(&feature(&format!(
            r#"{{"type":"scenario","keyword":"Scenario","name":"pays","before":[{{"result":{{"status":"passed"}}}},
            {{"result":{{"status":"skipped"}}}}],"steps":[{{"name":"s"{step}}}]}}"#
        )))
    };
    assert_eq!(before(""), "Skipped Cart.pays");
    let passed = r#","result":{"status":"passed"}"#;
    assert_eq!(before(passed), "Passed Cart.pays");
}

#[test]
fn the_status_of_a_scenario_may_be_in_the_background_of_the_rule_that_follows() {
    let report = |status: &str, background: &str| {
        let scenario = |name: &str, status: &str| {
            format!(
                r#"{{"type":"scenario","keyword":"Scenario","name":"{name}","location":"a.feature:3"{status},
                "steps":[{{"name":"s","step_type":"when","location":"a.feature:4","result":{{"status":"passed"}}}}]}}"#
            )
        };
        let (first, second) = (scenario("pays", status), scenario("ships", ""));
        let background = format!(
            r#"{{"type":"background","keyword":"Background","name":"","steps":[]{background}}}"#
        );
        shown(&format!(
            r#"[{{"keyword":"Feature","name":"Cart","location":"a.feature:1","elements":[{first},{background},{second}]}}]"#
        ))
    };
    let null = r#","status":null"#;
    let failed = r#","status":"hook_error""#;
    let passed = "Passed Cart.pays\nPassed Cart.ships";
    assert_eq!(
        report(null, failed),
        "Failed Cart.pays `the scenario is `hook_error``\nPassed Cart.ships"
    );
    assert_eq!(report(null, r#","status":"passed""#), passed);
    assert_eq!(report(null, ""), passed);
    assert_eq!(report(r#","status":"passed""#, failed), passed);
}

#[test]
fn projects_of_playwright_are_origins_of_their_own() {
    let feature = |id: &str, word: &str| {
        format!(
            r#"{{"uri":"a.feature","id":"{id}","name":"Cart","keyword":"Feature","elements":[{{"id":"cart;pays","line":7,
            "name":"pays","type":"scenario","steps":[{{"name":"s","result":{{"status":"{word}"}}}}]}}]}}"#
        )
    };
    let both = format!(
        "[{},{},{}]",
        feature("p1-›-cart", "failed"),
        feature("p2-›-cart", "passed"),
        feature("cart", "passed")
    );
    assert_shown(
        &both,
        "Failed Cart.pays [p1] `failed: s`\nPassed Cart.pays [p2]\nPassed Cart.pays",
    );
}

#[test]
fn a_keyword_that_is_in_the_name_of_a_step_too_is_there_once() {
    let step = |name: &str| {
        let report = feature(&format!(
            r#"{{"type":"scenario","name":"pays","steps":[{{"keyword":"When","name":"{name}","result":{{"status":"failed","error_message":""}}}}]}}"#
        ));
        shown(&report)
    };
    assert_eq!(step("When I pay"), "Failed Cart.pays `failed: When I pay`");
    assert_eq!(
        step("Whenever I pay"),
        "Failed Cart.pays `failed: When Whenever I pay`"
    );
}
