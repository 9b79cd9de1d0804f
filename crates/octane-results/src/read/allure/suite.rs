//! A suite of Allure 1, in XML.

use super::no_status::without_status;
use super::parameters::with_parameters;
use crate::metadata::{Attachment, Property};
use crate::read::report::fields::{as_iteration, nanoseconds, plain, thrown};
use crate::read::report::xml::{Element, Visit, XmlFormat};
use crate::read::report::{Draft, Moment, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::status::Status;
use crate::step::Step;

const WORDS: [(&str, Status); 6] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("broken", Status::Failed),
    ("skipped", Status::Skipped),
    ("canceled", Status::Skipped),
    ("pending", Status::Skipped),
];

/// Labels that are not properties.
const OTHER_LABELS: [&str; 8] = [
    "testClass",
    "testMethod",
    "suite",
    "package",
    "thread",
    "host",
    "tag",
    "owner",
];

/// A suite.
#[derive(Debug, Default)]
pub(crate) struct AllureSuite {
    name: String,
}

impl XmlFormat for AllureSuite {
    fn roots(&self) -> &'static [&'static str] {
        &["test-suite"]
    }

    fn visit(&self, path: &[String], name: &str) -> Visit {
        match name {
            "test-case" => Visit::Collect,
            "name" if path.len() == 1 => Visit::Collect,
            "name" => Visit::Skip,
            _ => Visit::Enter,
        }
    }

    fn element(&mut self, _path: &[String], element: Element, file: &mut ReportFile) {
        if element.name == "test-case" {
            file.push(self.draft(&element, file));
        } else {
            let name = element.text().unwrap_or_default().trim();
            name.clone_into(&mut self.name);
        }
    }
}

impl AllureSuite {
    fn draft(&self, case: &Element, file: &ReportFile) -> Draft {
        let labels: Vec<(&str, &str)> = all(case, "labels", "label")
            .filter_map(|label| Some((label.attribute("name")?, label.attribute("value")?)))
            .collect();
        let first = |name| {
            let found = labels.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let (outcome, untold) = outcome(case, file);
        let mut draft = Draft::new(case.place, name(case), outcome);
        draft.has_invalid_bytes = case.has_invalid_bytes;
        let class = first("testClass").unwrap_or(&self.name);
        class.clone_into(&mut draft.class);
        draft.duration = took(case).map_or(Took::Unknown, Took::Exactly);
        draft.started = (case.attribute("start"))
            .map_or(Moment::Unknown, |start| Moment::Text(start.to_owned()));
        draft.failure = case.child("failure").map(failure);
        draft.failure = draft.failure.or(untold.map(Failure::new));
        draft.description = case.text_of(&["description"]).map(str::to_owned);
        let mut steps = Vec::new();
        add_steps(case, &mut steps);
        draft.steps = as_iteration(steps);
        let metadata = &mut draft.metadata;
        metadata.owner = first("owner").map(str::to_owned);
        metadata.attachments = all(case, "attachments", "attachment")
            .map(attachment)
            .collect();
        for (name, value) in &labels {
            if *name == "tag" {
                metadata.tags.push((*value).to_owned());
            } else if !OTHER_LABELS.contains(name) {
                metadata.properties.push(Property::new(*name, *value));
            }
        }
        draft
    }
}

/// The elements `inner` in the element `outer` of another one.
fn all<'e>(of: &'e Element, outer: &'e str, inner: &'e str) -> impl Iterator<Item = &'e Element> {
    let outer = of.children(outer);
    outer.flat_map(move |outer| outer.children(inner))
}

/// The name, with the arguments that are not in it.
fn name(case: &Element) -> String {
    let name = case.text_of(&["name"]).or(case.text_of(&["title"]));
    let name = name.unwrap_or_default().trim().to_owned();
    let arguments = all(case, "parameters", "parameter").filter(|parameter| {
        parameter
            .attribute("kind")
            .is_none_or(|kind| kind == "argument")
    });
    let value = |parameter: &'_ Element| {
        Some((
            parameter.attribute("name")?.to_owned(),
            parameter.attribute("value").unwrap_or_default().to_owned(),
        ))
    };
    let values: Vec<(String, String)> = arguments.filter_map(value).collect();
    with_parameters(name, &values)
}

/// The outcome of a test, and what is to be said if it does not say why.
fn outcome(case: &Element, file: &ReportFile) -> (Outcome, Option<&'static str>) {
    let has_failed = case.child("failure").is_some();
    let has = |time| case.attribute(time).is_some();
    match case.attribute("status") {
        Some(word) => (file.outcome_with(word, &WORDS, has_failed), None),
        // A test of another format.
        None if case.child("name").is_none() && case.child("title").is_none() => {
            (Outcome::Missing, None)
        }
        None => without_status(has_failed || has("start"), has("stop")),
    }
}

fn took(of: &Element) -> Option<std::time::Duration> {
    let time = |name| nanoseconds(of.attribute(name)?, 6);
    time("stop")?.checked_sub(time("start")?)
}

fn failure(failure: &Element) -> Failure {
    let message = failure.text_of(&["message"]).map(str::trim);
    let trace = failure.text_of(&["stack-trace"]);
    let mut given = thrown(trace.or(message).unwrap_or_default());
    if let Some(message) = message {
        given.message = Some(plain(message));
    }
    given
}

/// Adds the steps in an element, and those inside of them.
fn add_steps(of: &Element, steps: &mut Vec<Step>) {
    for step in all(of, "steps", "step") {
        let name = step.text_of(&["title"]).or(step.text_of(&["name"]));
        let mut done = Step::new(
            name.unwrap_or("step").trim(),
            step.attribute("status").unwrap_or("unknown"),
        );
        done.duration = took(step).unwrap_or_default();
        steps.push(done);
        add_steps(step, steps);
    }
}

fn attachment(of: &Element) -> Attachment {
    Attachment {
        name: of.attribute("title").map(str::to_owned),
        path: of.attribute("source").unwrap_or_default().to_owned(),
        media_type: of.attribute("type").map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use indoc::indoc;

    use crate::format::Format;
    use crate::read::report::xml::testing;

    fn shown(report: &str) -> String {
        testing::shown(Format::Allure, report)
    }

    #[test]
    fn a_suite_is_read_with_all_that_it_says() {
        insta::assert_snapshot!(shown(indoc! {r#"
            <ns2:test-suite xmlns:ns2="urn:model.allure.qatools.yandex.ru" start="1767250800000" stop="1767250801000" version="1.4.16">
              <name>shop.CartSuite</name>
              <title>Cart</title>
              <test-cases>
                <test-case start="1767250800000" stop="1767250800250" status="passed" severity="normal">
                  <name>adds</name>
                  <title>adds a tax</title>
                  <description>what it is for</description>
                  <parameters><parameter name="amount" value="1.5" kind="argument"/><parameter name="os" value="linux" kind="environment-variable"/></parameters>
                  <labels>
                    <label name="testClass" value="shop.TaxTest"/>
                    <label name="issue" value="SHOP-7"/>
                    <label name="owner" value="jane"/>
                    <label name="tag" value="slow"/>
                  </labels>
                  <steps><step start="1" stop="2" status="passed"><name>opens</name><steps><step status="failed"><name>tries</name></step></steps></step></steps>
                  <attachments><attachment title="shot" source="a-attachment.png" type="image/png" size="3"/></attachments>
                </test-case>
                <test-case status="failed"><name>pays</name><failure><message>1 is not 2</message><stack-trace>java.lang.AssertionError: 1 is not 2
              at x</stack-trace></failure></test-case>
              </test-cases>
            </ns2:test-suite>
        "#}), @r#"
        5:5 |shop|TaxTest|adds [amount=1.5] Passed 250ms at 2026-01-01T07:00:00Z (what it is for) covers SHOP-7
          step opens passed 1ms
          step tries failed 0ns
          owner jane
          tag slow
          property issue=SHOP-7
          attachment Some("shot") a-attachment.png Some("image/png")
        19:5 |shop|CartSuite|pays Failed 0ns
          failure Some("java.lang.AssertionError") Some("1 is not 2") "java.lang.AssertionError: 1 is not 2\n  at x"
        "#);
    }

    #[test]
    fn each_word_means_what_the_table_says() {
        for (case, expected) in [
            ("status='passed'", "Passed"),
            ("status='failed'", "Failed"),
            ("status='broken'", "Failed"),
            ("status='skipped'", "Skipped"),
            ("status='canceled'", "Skipped"),
            ("status='pending'", "Skipped"),
        ] {
            let report = format!(
                "<test-suite><test-cases><test-case {case}><name>a</name></test-case></test-cases></test-suite>"
            );
            assert_eq!(
                shown(&report),
                format!("1:25 |||a {expected} 0ns"),
                "{case}"
            );
        }
        let failed = "<test-suite><test-cases><test-case status='passed'><name>a</name><failure/></test-case></test-cases></test-suite>";
        assert!(shown(failed).contains("Failed"));
        for (times, expected) in [
            ("", "Skipped 0ns"),
            (
                "start='1'",
                "Failed 0ns\n  failure None Some(\"the test began and did not end\") \"\"",
            ),
            (
                "start='1' stop='1'",
                "Failed 0ns\n  failure None Some(\"the result has no status\") \"\"",
            ),
        ] {
            let report = format!(
                "<test-suite><test-cases><test-case {times}><name>a</name></test-case></test-cases></test-suite>"
            );
            assert!(shown(&report).contains(expected), "{times}");
        }
        let of_nunit =
            "<test-suite><results><test-case name='a' result='Success'/></results></test-suite>";
        assert!(shown(of_nunit).starts_with("invalid in.xml:1:22: status is empty"));
    }

    #[test]
    fn rows_are_distinguished_by_parameters_that_are_not_words_of_the_name() {
        let name = |name: &str, value: &str| {
            let report = format!(
                "<test-suite><test-cases><test-case status='passed'><name>{name}</name><parameters>\
                 <parameter name='p' value='{value}' kind='argument'/></parameters></test-case></test-cases></test-suite>"
            );
            let shown = shown(&report);
            let name = shown.rsplit('|').next().unwrap_or_default();
            name.trim_end_matches(" Passed 0ns").to_owned()
        };
        assert_eq!(name("adds", "a"), "adds [p=a]");
        assert_eq!(name("test1", "1"), "test1 [p=1]");
        assert_eq!(name("adds 1", "1"), "adds 1");
        assert_eq!(
            name("adds(&quot;a b&quot;)", "&quot;a b&quot;"),
            "adds(\"a b\")"
        );
        assert_eq!(name("adds", ""), "adds");
    }
}
