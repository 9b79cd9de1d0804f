//! Reports with very many of something in one place: reading them takes time and memory in proportion to their size. If the time
//! grew with the square of it, these tests would not end.

use std::fmt::Write as _;

use octane_results::{Format, ReadOptions, Record, Source, TestRun, read};

const MANY: usize = 100_000;

fn results(format: Format, report: String) -> Vec<TestRun> {
    let options = ReadOptions::default().format(format);
    read(&Source::bytes("report", report.into_bytes()), &options)
        .unwrap()
        .filter_map(|record| match record.unwrap() {
            Record::Run(run) => Some(*run),
            Record::Warning(_) => None,
            Record::Invalid(row) => panic!("{row}"),
        })
        .collect()
}

/// `item` for each number, with `separator` between them.
fn each(separator: &str, item: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0..MANY {
        let separator = if at == 0 { "" } else { separator };
        let _ = write!(text, "{separator}{}", item(at));
    }
    text
}

fn only(format: Format, report: String) -> TestRun {
    let mut found = results(format, report);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn tags(run: &TestRun) -> usize {
    run.metadata
        .as_ref()
        .map_or(0, |metadata| metadata.tags.len())
}

#[test]
fn a_test_may_have_many_jira_keys() {
    let keys = each(" ", |at| format!("SHOP-{at}"));
    let junit = format!(
        r#"<testsuite name="s"><testcase name="a"><properties><property name="jira" value="{keys}"/></properties></testcase></testsuite>"#
    );
    assert_eq!(only(Format::Junit, junit).jira.len(), MANY);
    let csv = format!("name,status,jira\na,passed,{keys}\n");
    assert_eq!(only(Format::Csv, csv).jira.len(), MANY);
    let links = each(",", |at| {
        format!(r#"{{"type":"issue","description":"https://jira.example.com/browse/SHOP-{at}"}}"#)
    });
    let playwright = format!(
        r#"{{"config":{{}},"suites":[{{"title":"a.ts","file":"a.ts","specs":[{{"title":"a","tests":[{{"status":"expected",
        "expectedStatus":"passed","annotations":[{links}],"results":[{{"status":"passed"}}]}}]}}]}}]}}"#
    );
    assert_eq!(only(Format::Playwright, playwright).jira.len(), MANY);
}

#[test]
fn many_scenarios_may_run_at_the_same_time() {
    let started = each("", |at| {
        format!("{{\"testCaseStarted\":{{\"id\":\"r{at}\",\"testCaseId\":\"c{at}\"}}}}\n")
    });
    let steps = each("", |_| {
        "{\"testStepFinished\":{\"testCaseStartedId\":\"x\",\"testStepResult\":{\"status\":\"PASSED\"}}}\n".to_owned()
    });
    let messages = format!("{started}{steps}{{\"testRunFinished\":{{\"success\":true}}}}\n");
    assert_eq!(results(Format::CucumberMessages, messages).len(), MANY);
}

#[test]
fn a_test_may_have_many_tags() {
    let categories = each("", |at| {
        format!(r#"<property name="Category" value="c{at}"/>"#)
    });
    let nunit = format!(
        r#"<test-run><test-suite type="TestFixture" name="F"><test-case name="a" result="Passed"><properties>{categories}</properties></test-case></test-suite></test-run>"#
    );
    assert_eq!(tags(&only(Format::Nunit, nunit)), MANY);
    let groups = each("", |at| {
        format!(r#"<group name="g{at}"><method name="a" class="p.C"/></group>"#)
    });
    let testng = format!(
        r#"<testng-results><suite name="s"><groups>{groups}</groups><test name="t"><class name="p.C"><test-method name="a" status="PASS"/></class></test></suite></testng-results>"#
    );
    assert_eq!(tags(&only(Format::Testng, testng)), MANY);
    let named = each(",", |at| format!(r#"{{"name":"@t{at}"}}"#));
    let cucumber = format!(
        r#"[{{"uri":"a","name":"F","elements":[{{"type":"scenario","id":"a","name":"a","tags":[{named}],"steps":[]}}]}}]"#
    );
    assert_eq!(tags(&only(Format::Cucumber, cucumber)), MANY);
}

#[test]
fn a_scenario_may_have_many_steps() {
    let list = |item: &dyn Fn(usize) -> String| each(",", item);
    let pickle_steps = list(&|at| format!(r#"{{"id":"s{at}","text":"x"}}"#));
    let steps = list(&|at| format!(r#"{{"id":"t{at}","pickleStepId":"s{at}"}}"#));
    let finished = each("", |at| {
        let result = r#"{"status":"PASSED"}"#;
        format!(
            "{{\"testStepFinished\":{{\"testCaseStartedId\":\"r\",\"testStepId\":\"t{at}\",\"testStepResult\":{result}}}}}\n"
        )
    });
    let messages = format!(
        r#"{{"pickle":{{"id":"p","uri":"a.feature","name":"a","steps":[{pickle_steps}]}}}}
{{"testCase":{{"id":"c","pickleId":"p","testSteps":[{steps}]}}}}
{{"testCaseStarted":{{"id":"r","testCaseId":"c","attempt":0}}}}
{finished}{{"testCaseFinished":{{"testCaseStartedId":"r","willBeRetried":false}}}}
{{"testRunFinished":{{"success":true}}}}
"#
    );
    let run = only(Format::CucumberMessages, messages);
    assert_eq!(
        run.steps
            .iter()
            .map(|steps| steps.steps.len())
            .sum::<usize>(),
        MANY
    );
}

#[test]
fn many_tests_may_have_one_name() {
    let test =
        |error: &str| format!(r#"{{"title":"a","fullTitle":"S a","duration":1,"err":{error}}}"#);
    let (passed, failed) = (test("{}"), test(r#"{"message":"m"}"#));
    let both = format!("{failed},{passed}");
    let mocha = format!(
        r#"{{"stats":{{}},"tests":[{}],"pending":[],"failures":[{}],"passes":[{}]}}"#,
        each(",", |_| both.clone()),
        each(",", |_| failed.clone()),
        each(",", |_| passed.clone()),
    );
    let runs = results(Format::Mocha, mocha);
    assert_eq!(runs.len(), 2 * MANY);
    let names: std::collections::HashSet<_> = runs.iter().map(|run| &run.identity.name).collect();
    assert_eq!(names.len(), 2 * MANY);
}

#[test]
fn each_row_may_have_a_key_of_its_own_and_a_key_may_be_repeated() {
    let rows = each(",", |at| {
        format!(r#"{{"name":"a{at}","status":"passed","c{at}":1}}"#)
    });
    assert_eq!(results(Format::Json, format!("[{rows}]")).len(), MANY);
    let keys = each(",", |at| format!(r#""jira":"SHOP-{at}""#));
    let row = format!(r#"[{{"name":"a","status":"passed",{keys}}}]"#);
    assert_eq!(only(Format::Json, row).jira.len(), MANY);
}

#[test]
fn many_tests_may_inherit_many_categories() {
    let categories = each("", |at| {
        format!(r#"<property name="Category" value="c{at}"/>"#)
    });
    let cases = each("", |at| {
        format!(r#"<test-case name="a{at}" result="Passed"/>"#)
    });
    let report = format!(
        r#"<test-run><test-suite type="TestFixture" name="F"><properties>{categories}</properties>{cases}</test-suite></test-run>"#
    );
    let runs = results(Format::Nunit, report);
    assert_eq!(runs.len(), MANY);
    assert!(runs.iter().all(|run| tags(run) == MANY));
}
