//! Reports in which a test has several results.

use indoc::indoc;
use octane_results::{
    Arrangement, ReadOptions, Record, Reruns, Source, Survey, Tag, TestRun, read,
};

/// The results of reports, as an upload would send them.
fn arranged(reports: &[(&str, &str)]) -> Vec<TestRun> {
    let runs = || {
        reports.iter().flat_map(|(name, report)| {
            let source = Source::bytes(*name, report.as_bytes());
            let records = read(&source, &ReadOptions::default()).unwrap();
            records.filter_map(|record| match record.unwrap() {
                Record::Run(run) => Some(*run),
                Record::Invalid(_) | Record::Warning(_) => None,
            })
        })
    };
    let mut survey = Survey::default();
    runs().for_each(|run| survey.add(&run));
    let arrangement = survey
        .finish()
        .map_or_else(Arrangement::default, |mut repeats| {
            runs().for_each(|run| repeats.add(&run, 0));
            repeats.arrange(Reruns::Last, &[])
        });
    arrangement.apply(runs).collect()
}

fn names(reports: &[(&str, &str)]) -> Vec<String> {
    let shown = |run: TestRun| {
        format!(
            "{} {}",
            run.run_name.unwrap_or(run.identity.name),
            run.status
        )
    };
    arranged(reports).into_iter().map(shown).collect()
}

#[test]
fn one_test_in_two_browsers_is_two_runs_with_their_environments() {
    let report = indoc! {r#"
        <testsuites>
          <testsuite name="cart.spec.ts" hostname="chromium"><testcase classname="cart" name="adds"/></testsuite>
          <testsuite name="cart.spec.ts" hostname="firefox">
            <testcase classname="cart" name="adds"><failure message="no"/></testcase>
          </testsuite>
        </testsuites>"#};
    let runs = arranged(&[("report.xml", report)]);
    let environments: Vec<_> = runs
        .iter()
        .map(|run| run.context.environment.clone())
        .collect();
    assert_eq!(
        environments,
        [
            [Tag::new("Browser", "Chromium")],
            [Tag::new("Browser", "Firefox")]
        ]
    );
    assert_eq!(
        names(&[("report.xml", report)]),
        ["adds [chromium] Passed", "adds [firefox] Failed"]
    );
}

#[test]
fn suites_files_and_projects_tell_results_of_a_test_apart() {
    let report = indoc! {r#"
        <testsuites>
          <testsuite name="api"><testcase classname="c" name="by suite"/></testsuite>
          <testsuite name="ui">
            <testsuite name="api"><testcase classname="c" name="by suite"/></testsuite>
            <testcase classname="c" name="by file" file="a.c"/>
            <testcase classname="c" name="by file" file="b.c"/>
            <testcase classname="c" name="by project" project="one"/>
            <testcase classname="c" name="by project" project="two"/>
          </testsuite>
        </testsuites>"#};
    assert_eq!(
        names(&[("report.xml", report)]),
        [
            "by suite [api] Passed",
            "by suite [ui > api] Passed",
            "by file [a.c] Passed",
            "by file [b.c] Passed",
            "by project [one] Passed",
            "by project [two] Passed"
        ]
    );
}

#[test]
fn a_failed_set_up_of_two_suites_of_one_name_is_two_runs() {
    let report = indoc! {r#"
        <testsuites>
          <testsuite name="cart" hostname="h1"><error message="a"/></testsuite>
          <testsuite name="cart" hostname="h2"><error message="b"/></testsuite>
        </testsuites>"#};
    assert_eq!(
        names(&[("report.xml", report)]),
        ["cart [h1] Failed", "cart [h2] Failed"]
    );
}

#[test]
fn the_attempt_that_started_last_is_sent_last_wherever_its_file_stands() {
    let attempt = |hour: u8, child: &str| {
        format!(
            r#"<testsuite name="s" timestamp="2026-01-01T{hour:02}:00:00"><testcase classname="c" name="t">{child}</testcase></testsuite>"#
        )
    };
    let (passed, failed) = (attempt(10, ""), attempt(9, "<failure/>"));
    let forward = names(&[("a.xml", &passed), ("b.xml", &failed)]);
    let backward = names(&[("b.xml", &failed), ("a.xml", &passed)]);
    assert_eq!(forward, ["t Failed", "t Passed"]);
    assert_eq!(backward, forward);
}

#[test]
fn a_failure_among_repetitions_is_sent_last_and_one_before_a_retry_is_not() {
    let run = |second: u8, action: &str| {
        format!(
            concat!(
                r#"{{"Time":"2026-01-01T10:00:0{second}Z","Action":"run","Package":"shop","Test":"TestPays"}}"#,
                "\n",
                r#"{{"Time":"2026-01-01T10:00:0{second}.5Z","Action":"{action}","Package":"shop","Test":"TestPays","Elapsed":0.5}}"#,
                "\n"
            ),
            second = second,
            action = action
        )
    };
    let end = r#"{"Time":"2026-01-01T10:00:09Z","Action":"fail","Package":"shop","Elapsed":9}"#;
    // `-count=3` repeats tests in one run of the package, and a tool that tries failed tests again runs the package again.
    for (actions, between, expected) in [
        (&["pass", "fail", "pass"][..], "", "TestPays Failed"),
        (&["fail", "pass", "pass"], "", "TestPays Failed"),
        (&["fail", "fail", "pass"], "", "TestPays Failed"),
        (&["fail", "fail", "pass"], end, "TestPays Passed"),
        (&["pass", "fail", "pass"], end, "TestPays Failed"),
    ] {
        let events: String = (1..)
            .zip(actions)
            .map(|(second, action)| format!("{}{between}\n", run(second, action)))
            .collect();
        let names = names(&[("go.json", &format!("{events}{end}\n"))]);
        let of_test = names.iter().rfind(|name| name.starts_with("TestPays"));
        assert_eq!(of_test.unwrap(), expected, "{actions:?} {between}");
    }
}

#[test]
fn a_failed_row_is_sent_last_where_no_attempt_looks_like_a_row() {
    let surefire = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report-3.0.xsd""#;
    let junit = |root: &str, attributes: &str| {
        format!(
            r#"<testsuites name="{root}"><testsuite name="c" {attributes}>
                 <testcase classname="c" name="t"><failure message="row 1"/></testcase>
                 <testcase classname="c" name="t"/>
               </testsuite></testsuites>"#
        )
    };
    // node:test, testthat and others.
    let bare = |case: &str| {
        format!(
            "<testsuites><testsuite name='a - b.R'><testcase {case}><failure message='row 1'/></testcase>\
             <testcase {case}/></testsuite></testsuites>"
        )
    };
    let trx = indoc! {r#"
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
          <UnitTestResult testId="1" testName="t" outcome="Failed"/>
          <UnitTestResult testId="1" testName="t" outcome="Passed"/>
        </Results></TestRun>"#};
    for (report, shown) in [
        (junit("gradle", ""), "t Passed"),
        (junit("", surefire), "t Failed"),
        (junit("jest tests", ""), "t Failed"),
        (junit("vitest tests", ""), "t Failed"),
        (junit("Mocha Tests", ""), "t Failed"),
        (junit("bun test", ""), "t Failed"),
        (junit("deno test", ""), "t Failed"),
        (junit("AllTests", r#"tests="2" failures="1""#), "t Failed"),
        (junit("TAP Tests", ""), "t Failed"),
        (junit("Tap-Junit", ""), "t Failed"),
        (junit("", r#"flakes="0""#), "t Passed"),
        (
            junit("", "").replace(
                "<testcase",
                "<properties><property name='browser.fullName' value='x'/></properties><testcase",
            ),
            "t Failed",
        ),
        (
            junit("", "").replace("classname=\"c\"", "classname=\"Minitest::Result\""),
            "t Failed",
        ),
        (
            bare("name='t' classname='c'").replace("name='a - b.R'", "name='a' file='a.bru'"),
            "t Failed",
        ),
        (junit("", r#"hostname="tbd""#), "t Failed"),
        (junit("", r#"doctest_version="2.4.11""#), "t Failed"),
        (
            junit("", "").replace("name=\"c\"", "name=\"rspec\""),
            "t Failed",
        ),
        (
            junit("", "").replace("name=\"c\"", "name=\"rspec2\""),
            "t Failed",
        ),
        (
            junit("", "").replace("name=\"c\"", "name=\"rspec-rails\""),
            "t Passed",
        ),
        (
            junit("", "").replace("name=\"c\"", "name=\"module 'c'\""),
            "t Failed",
        ),
        (junit("pytest tests", ""), "t Passed"),
        (bare("name='t' time='1' classname='test'"), "t Failed"),
        (bare("time='1' classname='a_b.R' name='t'"), "t Failed"),
        (bare("time='1' classname='a' name='t'"), "t Passed"),
        (bare("name='t' time='1' classname='a_b.R'"), "t Passed"),
        ("name,status\nt,failed\nt,passed\n".to_owned(), "t Failed"),
        (
            r#"[{"name":"t","status":"failed"},{"name":"t","status":"passed"}]"#.to_owned(),
            "t Failed",
        ),
        (trx.to_owned(), "t Failed"),
    ] {
        let names = names(&[("report", &report)]);
        assert_eq!(names.len(), 2, "{report}");
        assert_eq!(names[1], shown, "{report}");
    }
}

#[test]
fn a_failure_among_cases_of_one_name_is_sent_last() {
    let report = indoc! {r#"
        <testsuite name="s" timestamp="2026-01-01T10:00:00">
          <testcase classname="c" name="t"/>
          <testcase classname="c" name="t"><failure message="row 2"/></testcase>
          <testcase classname="c" name="t"/>
        </testsuite>"#};
    assert_eq!(
        names(&[("r.xml", report)]),
        ["t Passed", "t Passed", "t Failed"]
    );
}

#[test]
fn a_file_of_the_same_directory_does_not_hide_a_failure_if_nothing_says_which_is_later() {
    let report = |child: &str| {
        format!(
            r#"<testsuite name="s"><testcase classname="c" name="t">{child}</testcase></testsuite>"#
        )
    };
    let (passed, failed) = (report(""), report("<failure/>"));
    for reports in [
        [("a.xml", &*passed), ("b.xml", &*failed)],
        [("a.xml", &*failed), ("b.xml", &*passed)],
    ] {
        assert_eq!(names(&reports).last().unwrap(), "t Failed");
    }
}

#[test]
fn failures_before_a_pass_that_the_report_names_itself_are_kept() {
    let report = indoc! {r#"
        <testsuite name="s" flakes="1">
          <testcase classname="c" name="t"><flakyFailure message="first">at a</flakyFailure></testcase>
          <testcase classname="c" name="u"><failure message="no"/></testcase>
          <testcase classname="c" name="v" flaky="true"><failure message="once"/></testcase>
        </testsuite>"#};
    let runs = arranged(&[("report.xml", report)]);
    let messages: Vec<Vec<Option<&str>>> = runs
        .iter()
        .map(|run| {
            let failures = run.earlier_failures.iter();
            failures.map(|failure| failure.message.as_deref()).collect()
        })
        .collect();
    assert_eq!(
        messages,
        [vec![Some("first")], Vec::new(), vec![Some("once")]]
    );
}
