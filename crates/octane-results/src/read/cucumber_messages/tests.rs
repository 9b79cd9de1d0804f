//! Messages and the results read from them.

use crate::read::report::listing::listing;

fn shown(messages: &[&str]) -> String {
    listing("in.ndjson", &messages.join("\n"))
}

const DOCUMENT: &str = concat!(
    r#"{"gherkinDocument":{"uri":"f/tax.feature","feature":{"name":"Tax","children":["#,
    r#"{"background":{"id":"b","steps":[{"id":"s0","keyword":"Given ","text":"a cart"}]}},"#,
    r#"{"scenario":{"id":"a1","name":"adds","steps":[{"id":"s1","keyword":"When ","text":"I pay"}]}},"#,
    r#"{"rule":{"name":"Cards","children":[{"scenario":{"id":"a2","name":"pays <sum>","steps":[],"#,
    r#""examples":[{"name":"small","tableHeader":{"cells":[{"value":"sum"}]},"#,
    r#""tableBody":[{"id":"r1","cells":[{"value":"1"}]},{"id":"r2","cells":[{"value":"2"}]}]}]}}]}}]}}}"#
);

const PICKLE: &str = concat!(
    r#"{"pickle":{"id":"p1","uri":"f/tax.feature","name":"adds","astNodeIds":["a1"],"#,
    r#""tags":[{"name":"@jira:SHOP-12"}],"steps":[{"id":"ps0","text":"a cart","astNodeIds":["s0"]},"#,
    r#"{"id":"ps1","text":"I pay","astNodeIds":["s1"]}]}}"#
);

const HOOK: &str = r#"{"hook":{"id":"h1","type":"BEFORE_TEST_CASE","name":"login"}}"#;

const CASE: &str = concat!(
    r#"{"testCase":{"id":"c1","pickleId":"p1","testSteps":[{"id":"t0","hookId":"h1"},"#,
    r#"{"id":"t1","pickleStepId":"ps0"},{"id":"t2","pickleStepId":"ps1"}]}}"#
);

const RUN_STARTED: &str = r#"{"testRunStarted":{"timestamp":{"seconds":1795812743,"nanos":0}}}"#;

const RUN_FINISHED: &str = r#"{"testRunFinished":{"success":true}}"#;

fn started(id: &str, test_case: &str) -> String {
    format!(
        "{{\"testCaseStarted\":{{\"id\":\"{id}\",\"testCaseId\":\"{test_case}\",\"attempt\":0,\
         \"timestamp\":{{\"seconds\":1795812743,\"nanos\":1000000}}}}}}"
    )
}

fn step(id: &str, step: &str, result: &str) -> String {
    format!(
        "{{\"testStepFinished\":{{\"testCaseStartedId\":\"{id}\",\"testStepId\":\"{step}\",\
         \"testStepResult\":{{{result},\"duration\":{{\"seconds\":0,\"nanos\":2000000}}}}}}}}"
    )
}

fn finished(id: &str, will_be_retried: bool) -> String {
    format!(
        "{{\"testCaseFinished\":{{\"testCaseStartedId\":\"{id}\",\"willBeRetried\":{will_be_retried},\
         \"timestamp\":{{\"seconds\":1795812744,\"nanos\":500000000}}}}}}"
    )
}

/// The messages of one attempt whose steps have these results.
fn attempt(id: &str, results: [&str; 3], will_be_retried: bool) -> Vec<String> {
    let mut messages = vec![started(id, "c1")];
    let steps = ["t0", "t1", "t2"];
    messages.extend(
        steps
            .into_iter()
            .zip(results)
            .map(|(name, result)| step(id, name, result)),
    );
    messages.push(finished(id, will_be_retried));
    messages
}

/// A run of these attempts.
fn run(attempts: &[Vec<String>]) -> String {
    let mut messages = vec![DOCUMENT, PICKLE, HOOK, RUN_STARTED, CASE];
    messages.extend(attempts.iter().flatten().map(String::as_str));
    messages.push(RUN_FINISHED);
    shown(&messages)
}

const PASSED: &str = r#""status":"PASSED""#;

const SKIPPED: &str = r#""status":"SKIPPED""#;

const FAILED: &str = concat!(
    r#""status":"FAILED","message":"boom\n at x","exception":{"type":"TaxError","#,
    r#""message":"boom","stackTrace":"boom\n at x"}"#
);

#[test]
fn the_worst_step_decides() {
    let status = |word: &str| format!("\"status\":\"{word}\"");
    let results = [
        [PASSED, PASSED, PASSED].map(str::to_owned),
        [PASSED, FAILED, SKIPPED].map(str::to_owned),
        [FAILED, SKIPPED, SKIPPED].map(str::to_owned),
        [PASSED.into(), PASSED.into(), status("SKIPPED")],
        [PASSED.into(), status("PENDING"), status("SKIPPED")],
        [PASSED.into(), status("UNDEFINED"), status("SKIPPED")],
        [PASSED.into(), status("AMBIGUOUS"), status("SKIPPED")],
        [PASSED.into(), status("UNKNOWN"), status("SKIPPED")],
        [PASSED.into(), status("UNKNOWN"), status("FAILED")],
        [PASSED.into(), status("ODD"), PASSED.into()],
    ];
    let attempts: Vec<_> = results
        .iter()
        .enumerate()
        .map(|(at, results)| {
            let results = [&*results[0], &*results[1], &*results[2]];
            attempt(&format!("x{at}"), results, false)
        })
        .collect();
    insta::assert_snapshot!(run(&attempts), @r#"
    6: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    11: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! TaxError: "boom" / "boom\n at x" covers SHOP-12 [Given a cart: failed 2ms "boom"] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    16: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! TaxError: "boom" / "boom\n at x" covers SHOP-12 [Before login: failed 2ms "boom"] [Given a cart: skipped 2ms] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    21: Tax | adds = Skipped 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    26: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "pending: Given a cart" covers SHOP-12 [Given a cart: pending 2ms] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    31: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "undefined: Given a cart" covers SHOP-12 [Given a cart: undefined 2ms] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    36: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "ambiguous: Given a cart" covers SHOP-12 [Given a cart: ambiguous 2ms] [When I pay: skipped 2ms] file=f/tax.feature #@jira:SHOP-12
    invalid in.ndjson:41:1: `UNKNOWN` is not a valid status; use passed, failed, skipped or planned
    46: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "failed: When I pay" covers SHOP-12 [Given a cart: unknown 2ms] [When I pay: failed 2ms] file=f/tax.feature #@jira:SHOP-12
    invalid in.ndjson:51:1: `ODD` is not a valid status; use passed, failed, skipped or planned
    "#);
}

#[test]
fn the_last_attempt_counts() {
    let first = attempt("x1", [PASSED, PASSED, FAILED], true);
    let second = attempt("x2", [PASSED, PASSED, PASSED], false);
    insta::assert_snapshot!(run(&[first.clone(), second]), @r#"11: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z earlier ! TaxError: "boom" / "boom\n at x" covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12"#);
    insta::assert_snapshot!(run(&[first]), @r#"6: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! TaxError: "boom" / "boom\n at x" covers SHOP-12 [Given a cart: passed 2ms] [When I pay: failed 2ms "boom"] file=f/tax.feature #@jira:SHOP-12"#);
}

#[test]
fn an_attempt_without_an_end_is_failed() {
    let whole = attempt("x1", [PASSED, PASSED, PASSED], false);
    let without_end = whole[..4].to_vec();
    let without_step = [&whole[..3], &whole[4..]].concat();
    insta::assert_snapshot!(run(&[without_end]), @r#"6: Tax | adds = Failed 6ms at 2026-11-27T20:52:23.001Z ! "did not end" covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12"#);
    insta::assert_snapshot!(run(&[without_step]), @r#"6: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "one of its steps did not end" covers SHOP-12 [Given a cart: passed 2ms] file=f/tax.feature #@jira:SHOP-12"#);
}

#[test]
fn rows_of_examples_are_distinguished() {
    let pickle = |id: &str, row: &str| {
        format!(
            "{{\"pickle\":{{\"id\":\"{id}\",\"uri\":\"f/tax.feature\",\"name\":\"pays\",\"astNodeIds\":[\"a2\",\"{row}\"],\"steps\":[]}}}}"
        )
    };
    let case = |id: &str, pickle: &str| {
        format!("{{\"testCase\":{{\"id\":\"{id}\",\"pickleId\":\"{pickle}\",\"testSteps\":[]}}}}")
    };
    let messages = [
        DOCUMENT.to_owned(),
        pickle("p1", "r1"),
        pickle("p2", "r2"),
        case("c1", "p1"),
        case("c2", "p2"),
        started("x1", "c1"),
        finished("x1", false),
        started("x2", "c2"),
        finished("x2", false),
        RUN_FINISHED.to_owned(),
    ];
    insta::assert_snapshot!(shown(&messages.each_ref().map(String::as_str)), @"
    6: Tax | Cards - pays <sum> - small - Example #1.1 = Passed 1.499s at 2026-11-27T20:52:23.001Z file=f/tax.feature <sum=1>
    8: Tax | Cards - pays <sum> - small - Example #1.2 = Passed 1.499s at 2026-11-27T20:52:23.001Z file=f/tax.feature <sum=2>
    ");
}

#[test]
fn attachments_and_links_are_kept() {
    let whole = attempt("x1", [PASSED, PASSED, PASSED], false);
    let attachments = [
        r#"{"attachment":{"testCaseStartedId":"x1","body":"AAAA","mediaType":"image/png","fileName":"a.png","contentEncoding":"BASE64"}}"#,
        r#"{"attachment":{"testCaseStartedId":"x1","body":"hello","mediaType":"text/x.cucumber.log+plain"}}"#,
        r#"{"attachment":{"testCaseStartedId":"x1","body":"https://ci.example/1","mediaType":"text/uri-list"}}"#,
        r#"{"externalAttachment":{"testCaseStartedId":"x1","url":"b.zip","mediaType":"application/zip"}}"#,
    ]
    .map(str::to_owned);
    let messages = [&whole[..2], &attachments, &whole[2..]].concat();
    insta::assert_snapshot!(run(&[messages]), @"6: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12 link=https://ci.example/1 file(a.png,,image/png) file(,b.zip,application/zip)");
}

#[test]
fn what_fails_outside_of_scenarios_is_told() {
    let whole = attempt("x1", [PASSED, PASSED, PASSED], false);
    let hook = r#"{"testRunHookFinished":{"testRunHookStartedId":"h","result":{"status":"FAILED","message":"no database\nat x"}}}"#;
    let unsuccessful = r#"{"testRunFinished":{"success":false}}"#;
    let parse_error =
        r#"{"parseError":{"source":{"uri":"f/odd.feature"},"message":"(1:1): expected: #EOF"}}"#;
    let with = |last: &[&str]| {
        let mut messages = vec![DOCUMENT, PICKLE, RUN_STARTED, CASE];
        messages.extend(whole.iter().map(String::as_str));
        messages.extend(last);
        shown(&messages)
    };
    insta::assert_snapshot!(with(&[hook, unsuccessful]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    10: [hook] = Failed ! "no database" / "no database\nat x"
    "#);
    insta::assert_snapshot!(with(&[unsuccessful]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    10: [run] = Failed ! "the run was not successful"
    "#);
    insta::assert_snapshot!(with(&[parse_error, unsuccessful]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    10: f/odd.feature = Failed ! "(1:1): expected: #EOF" / "(1:1): expected: #EOF"
    "#);
    insta::assert_snapshot!(with(&[]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    9: [run] = Failed ! "the run did not end"
    "#);
    insta::assert_snapshot!(with(&[r#"{"testRunFini"#]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    10: [run] = Failed ! "the run did not end"
    error in.ndjson:10:1: unexpected end of file; the file is truncated
    "#);
    insta::assert_snapshot!(with(&["{]}", RUN_FINISHED]), @r#"
    5: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    10: [run] = Failed ! "the run did not end"
    error in.ndjson:10:1: malformed JSON: key must be a string at line 1 column 2
    "#);
    insta::assert_snapshot!(shown(&[parse_error, unsuccessful]), @"
    warning in.ndjson:1:1: failed outside of the tests: (1:1): expected: #EOF
    warning in.ndjson:1:1: contains no test results
    ");
    insta::assert_snapshot!(shown(&[DOCUMENT, PICKLE, RUN_STARTED, RUN_FINISHED]), @"warning in.ndjson:1:1: contains no test results");
}

#[test]
fn a_run_that_did_not_end_after_a_failure_is_a_warning() {
    let failed = attempt("x1", [PASSED, PASSED, r#""status":"FAILED""#], false);
    let shown_of = |last: &[&str]| {
        let messages = [DOCUMENT, PICKLE, RUN_STARTED, CASE].into_iter();
        let messages = messages.chain(failed.iter().map(String::as_str));
        shown(&messages.chain(last.iter().copied()).collect::<Vec<_>>())
    };
    let warning = "\nwarning in.ndjson:9:1: the run did not end; results may be missing";
    assert!(shown_of(&[]).ends_with(warning), "{}", shown_of(&[]));
    let unfinished = started("x2", "c1");
    for last in [RUN_FINISHED, &unfinished] {
        assert!(!shown_of(&[last]).contains("warning"), "{last}");
    }
}

#[test]
fn two_scenarios_of_one_name_are_distinguished() {
    let pickle = |id: &str, uri: &str| {
        format!(
            "{{\"pickle\":{{\"id\":\"{id}\",\"uri\":\"{uri}\",\"name\":\"adds\",\"astNodeIds\":[],\"steps\":[]}}}}"
        )
    };
    let mut messages = Vec::new();
    for (id, uri) in [("1", "a.feature"), ("2", "a.feature"), ("3", "b.feature")] {
        messages.push(pickle(id, uri));
        messages.push(format!(
            "{{\"testCase\":{{\"id\":\"c{id}\",\"pickleId\":\"{id}\",\"testSteps\":[]}}}}"
        ));
        messages.push(started(id, &format!("c{id}")));
        messages.push(finished(id, false));
    }
    messages.push(RUN_FINISHED.to_owned());
    let messages: Vec<_> = messages.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&messages), @"
    3: a.feature | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z file=a.feature
    7: a.feature | adds (2) = Passed 1.499s at 2026-11-27T20:52:23.001Z file=a.feature
    11: b.feature | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z file=b.feature
    ");
}

#[test]
fn messages_of_several_runs_may_be_in_one_file() {
    let meta = r#"{"meta":{"protocolVersion":"31.1.0"}}"#;
    let passed = attempt("x1", [PASSED, PASSED, PASSED], false);
    let without_end = [started("x1", "c1")];
    let run = |messages: &[String]| {
        let mut run = [meta, DOCUMENT, PICKLE, RUN_STARTED, CASE].join("\n");
        messages
            .iter()
            .for_each(|message| run += &format!("\n{message}"));
        run
    };
    let messages = [run(&without_end), run(&passed), RUN_FINISHED.to_owned()];
    insta::assert_snapshot!(shown(&messages.each_ref().map(String::as_str)), @r#"
    6: Tax | adds = Failed at 2026-11-27T20:52:23.001Z ! "did not end" covers SHOP-12 file=f/tax.feature #@jira:SHOP-12
    12: Tax | adds = Passed 1.499s at 2026-11-27T20:52:23.001Z covers SHOP-12 [Given a cart: passed 2ms] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12
    "#);
}

#[test]
fn a_step_that_its_test_case_does_not_have_did_not_run() {
    let case = |steps: &str| {
        format!(r#"{{"testCase":{{"id":"c1","pickleId":"p1","testSteps":[{steps}]}}}}"#)
    };
    let shown_with = |steps: &str, done: &[&str]| {
        let (case, started, finished) = (case(steps), started("x1", "c1"), finished("x1", false));
        let done: Vec<_> = done.iter().map(|id| step("x1", id, PASSED)).collect();
        let mut messages = vec![DOCUMENT, PICKLE, RUN_STARTED, &case, &started];
        messages.extend(done.iter().map(String::as_str));
        messages.extend([&finished, RUN_FINISHED]);
        shown(&messages)
    };
    insta::assert_snapshot!(shown_with("", &[]), @r#"5: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "one of its steps did not run" covers SHOP-12 file=f/tax.feature #@jira:SHOP-12"#);
    let some = r#"{"id":"t0","hookId":"h1"},{"id":"t1","pickleStepId":"ps0"}"#;
    insta::assert_snapshot!(shown_with(some, &["t0", "t1"]), @r#"5: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "one of its steps did not run" covers SHOP-12 [Given a cart: passed 2ms] file=f/tax.feature #@jira:SHOP-12"#);
}

#[test]
fn steps_may_name_the_test_case_instead_of_the_attempt() {
    let failed = r#""status":"FAILED","message":"no cart""#;
    let messages = [
        started("x1", "c1"),
        step("c1", "t0", PASSED),
        step("c1", "t1", failed),
        step("c1", "t2", PASSED),
        // That of another test case.
        step("c2", "t2", PASSED),
        finished("x1", false),
    ];
    let mut all = vec![DOCUMENT, PICKLE, HOOK, RUN_STARTED, CASE];
    all.extend(messages.iter().map(String::as_str));
    all.push(RUN_FINISHED);
    insta::assert_snapshot!(shown(&all), @r#"6: Tax | adds = Failed 1.499s at 2026-11-27T20:52:23.001Z ! "no cart" / "no cart" covers SHOP-12 [Given a cart: failed 2ms "no cart"] [When I pay: passed 2ms] file=f/tax.feature #@jira:SHOP-12"#);
}

#[test]
fn a_scenario_that_is_not_described_has_not_passed() {
    let run = |steps: &[String]| {
        let (started, finished) = (started("a1", "c9"), finished("a1", false));
        let mut messages = vec![DOCUMENT, PICKLE, RUN_STARTED, CASE, &started];
        messages.extend(steps.iter().map(String::as_str));
        messages.extend([&*finished, RUN_FINISHED]);
        shown(&messages)
    };
    for steps in [vec![], vec![step("a1", "t1", PASSED)]] {
        let found = run(&steps);
        let expected = "its test case is not in the report";
        assert!(found.ends_with(expected), "{found}");
    }
    let found = run(&[step("a1", "t1", r#""status":"FAILED""#)]);
    assert!(found.contains("= Failed"), "{found}");
}

#[test]
fn a_hook_that_was_skipped_counts_only_if_no_step_has_passed() {
    for (results, expected) in [
        ([SKIPPED, PASSED, PASSED], "adds = Passed"),
        ([SKIPPED, PASSED, SKIPPED], "adds = Skipped"),
        ([SKIPPED, SKIPPED, SKIPPED], "adds = Skipped"),
        ([SKIPPED, PASSED, FAILED], "adds = Failed"),
    ] {
        let found = run(&[attempt("e1", results, false)]);
        assert!(found.contains(expected), "{results:?}: {found}");
    }
    let mut only = attempt("e1", [SKIPPED, PASSED, PASSED], false);
    only.drain(2..4);
    assert!(run(&[only]).contains("adds = Skipped"));
}
