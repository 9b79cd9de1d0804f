//! Reports of `Catch2`, as versions 2 and 3 write them.

use indoc::indoc;

use crate::format::Format;
use crate::read::report::xml::testing::{self, runs};

fn shown(report: &str) -> String {
    testing::shown(Format::Catch2, report)
}

/// The status of a test case with these tags and this content.
fn status(tags: &str, content: &str) -> String {
    let report = format!("<Catch><TestCase name='t' tags='{tags}'>{content}</TestCase></Catch>");
    let shown = shown(&report);
    let status = ["Passed", "Failed", "Skipped", "invalid"];
    let mut found = status.into_iter().filter(|status| shown.contains(status));
    let status = found.next().unwrap_or_default().to_owned();
    assert_eq!(found.next(), None, "{shown}");
    status
}

#[test]
fn each_row_of_the_table_is_as_it_says() {
    let failed = "<Expression success='false' type='CHECK'><Original>a</Original></Expression>";
    let tolerated = failed.replace("CHECK", "CHECK_NOFAIL");
    let within = format!("<Section name='s'>{failed}</Section>");
    let passed = "<OverallResult success='true' skips='0'/>";
    for (tags, content, expected) in [
        ("", "", "Passed"),
        ("", failed, "Passed"),
        ("[!mayfail]", failed, "Skipped"),
        ("[cart][!shouldfail]", &within, "Skipped"),
        ("[!mayfail]", &tolerated, "Passed"),
        ("[!mayfail]", "", "Passed"),
        ("[!mayfail]", "<Exception>boom</Exception>", "Skipped"),
    ] {
        let found = status(tags, &format!("{content}{passed}"));
        assert_eq!(found, expected, "{tags} {content}");
        let failed = format!("{content}<OverallResult success='false' skips='1'/>");
        assert_eq!(status(tags, &failed), "Failed", "{tags} {content}");
    }
    assert_eq!(
        status("", "<OverallResult success='true' skips='1'/>"),
        "Skipped"
    );
    assert_eq!(status("", "<OverallResult success='amber'/>"), "invalid");
    assert_eq!(status("", "<OverallResult/>"), "invalid");
    assert_eq!(status("", ""), "invalid");
}

#[test]
fn a_report_of_version_2_is_read_as_a_whole() {
    let report = indoc! {r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Catch name="shop">
          <Randomness seed="1"/>
          <Group name="shop">
            <TestCase name="adds" tags="[cart][jira:SHOP-7]" filename="cart.cpp" line="6">
              <OverallResult success="true" durationInSeconds="3.3e-05"/>
            </TestCase>
            <TestCase name="sections" filename="src\cart.cpp" line="8">
              <Section name="first" filename="cart.cpp" line="8">
                <OverallResults successes="1" failures="0" expectedFailures="0" durationInSeconds="0.5"/>
              </Section>
              <Info>
                some info &lt;x>
              </Info>
              <Section name="second" filename="cart.cpp" line="8">
                <Expression success="false" type="CHECK" filename="cart.cpp" line="9">
                  <Original>
                    1+1==x
                  </Original>
                  <Expanded>
                    2 == 3
                  </Expanded>
                </Expression>
                <Section name="inner" filename="cart.cpp" line="8">
                  <Expression success="false" type="CHECK_THROWS_AS" filename="cart.cpp" line="17">
                    <Original>throw 1, std::exception</Original>
                    <Exception filename="cart.cpp" line="17">Unknown exception</Exception>
                  </Expression>
                  <OverallResults successes="1" failures="1" expectedFailures="0"/>
                </Section>
                <OverallResults successes="1" failures="2" expectedFailures="0"/>
              </Section>
              <OverallResult success="false" durationInSeconds="0.25"/>
            </TestCase>
            <TestCase name="benchmark" filename="cart.cpp" line="21">
              <BenchmarkResults name="fib" samples="100"><mean value="25"/></BenchmarkResults>
              <OverallResult success="true"><StdOut>much</StdOut></OverallResult>
            </TestCase>
            <OverallResults successes="8" failures="2" expectedFailures="0"/>
            <OverallResultsCases successes="2" failures="1" expectedFailures="0"/>
          </Group>
          <OverallResults successes="8" failures="2" expectedFailures="0"/>
          <OverallResultsCases successes="2" failures="1" expectedFailures="0"/>
        </Catch>
    "#};
    insta::assert_snapshot!(shown(report), @r#"
    5:5 |shop|global|adds Passed 0ns covers SHOP-7
      file cart.cpp
      tag cart
      tag jira:SHOP-7
    8:5 |shop|global|sections Failed 250ms
      failure Some("CHECK") Some("CHECK( 1+1==x )") "info: some info <x>\ncart.cpp:9 in second: CHECK( 1+1==x )\n  with expansion: 2 == 3\ncart.cpp:17 in second/inner: CHECK_THROWS_AS( throw 1, std::exception ): Unknown exception"
      step first passed 500ms
      step second failed 0ns
      step second/inner failed 0ns
      file src/cart.cpp
    35:5 |shop|global|benchmark Passed 0ns
      file cart.cpp
    "#);
    let run = &runs(Format::Catch2, report)[1];
    let steps: Vec<String> = run.steps[0]
        .steps
        .iter()
        .map(|step| format!("{}: {} {:?}", step.name, step.status, step.duration))
        .collect();
    assert_eq!(
        steps,
        [
            "first: passed 500ms",
            "second: failed 0ns",
            "second/inner: failed 0ns"
        ]
    );
}

#[test]
fn a_report_of_version_3_is_read_as_a_whole() {
    let report = indoc! {r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <Catch2TestRun name="shop" rng-seed="3941186801" xml-format-version="3" catch2-version="3.8.0">
          <TestCase name="skips" tags="[cart]" filename="cart.cpp" line="13">
            <Section name="in" filename="cart.cpp" line="14">
              <Skip filename="cart.cpp" line="15">
                not today
              </Skip>
              <OverallResults successes="0" failures="0" expectedFailures="0" skipped="true"/>
            </Section>
            <OverallResult success="true" skips="1" durationInSeconds="0.001"/>
          </TestCase>
          <TestCase name="crashes" filename="cart.cpp" line="23">
            <FatalErrorCondition filename="cart.cpp" line="23">
              SIGSEGV - Segmentation violation signal
            </FatalErrorCondition>
            <OverallResult success="false" skips="0"/>
          </TestCase>
          <OverallResults successes="0" failures="1" expectedFailures="0" skips="1"/>
          <OverallResultsCases successes="0" failures="1" expectedFailures="0" skips="1"/>
        </Catch2TestRun>
    "#};
    insta::assert_snapshot!(shown(report), @r#"
    3:3 |shop|global|skips Skipped 1ms (not today)
      step in skipped 0ns
      file cart.cpp
      tag cart
    12:3 |shop|global|crashes Failed 0ns
      failure None Some("SIGSEGV - Segmentation violation signal") "cart.cpp:23: SIGSEGV - Segmentation violation signal"
      file cart.cpp
    "#);
}

#[test]
fn failures_that_are_only_counted_are_a_failed_result_and_a_report_that_breaks_off_is_an_error() {
    let case = "<TestCase name='t'><OverallResult success='true'/></TestCase>";
    let report = format!(
        "<Catch name='shop'>{case}<OverallResultsCases successes='1' failures='1'/></Catch>"
    );
    insta::assert_snapshot!(shown(&report), @r#"
    1:20 |shop|global|t Passed 0ns
    1:1 |shop||shop Failed 0ns
      failure None Some("the report declares 1 failure, but none of its results has failed") ""
    "#);
    let cut = shown(&format!("<Catch name='shop'>{case}<TestCase name='u'>"));
    assert!(
        cut.starts_with("1:20 |shop|global|t Passed 0ns\nerror "),
        "{cut}"
    );
}
