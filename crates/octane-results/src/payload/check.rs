//! Checks a payload against the schema.

use super::problem::{CheckError, CheckProblem};
use super::schema::Schema;
use super::schema_walker::SchemaWalker;

/// Checks that `xml` is a payload that the official schema of ALM Octane accepts.
///
/// Some constructs are rejected although XML or XML Schema allow them, because no payload needs them: a
/// document type declaration, an encoding other than UTF-8, `xsi:type`, a `CDATA` section of whitespace
/// between elements, and undeclared prefixes. Limits keep the cost of hostile documents low: 256 levels of
/// elements, 256 attributes per element, 64 namespaces declared at the same time.
///
/// ```
/// use octane_results::check;
///
/// let error = check(b"<test_result><test_runs><test_run name='a' status='passed'/></test_runs></test_result>")
///     .unwrap_err();
/// assert_eq!(
///     error.problems()[0].to_string(),
///     "1:44: test_result/test_runs/test_run[1]: \
///      attribute `status` is `passed`, not one of `Passed`, `Failed`, `Skipped`, `Planned`"
/// );
/// ```
pub fn check(xml: &[u8]) -> Result<(), CheckError> {
    check_with(xml, Schema::Official)
}

/// Checks that `xml` is a payload that `schema` accepts, like [`check`].
pub fn check_with(xml: &[u8], schema: Schema) -> Result<(), CheckError> {
    SchemaWalker::new(decode(xml)?, schema.root(), false).finish()
}

/// The document as text, without a byte order mark.
pub(super) fn decode(xml: &[u8]) -> Result<&str, CheckError> {
    let text = std::str::from_utf8(xml).map_err(|error| {
        let valid = String::from_utf8_lossy(&xml[..error.valid_up_to()]);
        let (line, column) =
            super::problem::LineIndex::new(&valid).line_and_column(error.valid_up_to());
        CheckError::new(vec![CheckProblem {
            line,
            column,
            path: String::new(),
            message: "invalid UTF-8, which is the only encoding of payloads".to_owned(),
        }])
    })?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of a payload, one per line.
    fn problems(xml: &str) -> String {
        match check(xml.as_bytes()) {
            Ok(()) => String::new(),
            Err(error) => {
                let lines: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
                lines.join("\n")
            }
        }
    }

    fn with_run(attributes: &str, content: &str) -> String {
        format!(
            "<test_result><test_runs><test_run name=\"n\" duration=\"1\" status=\"Passed\"{attributes}>{content}</test_run></test_runs></test_result>"
        )
    }

    fn with_file(attributes: &str, content: &str) -> String {
        format!(
            "<test_result><test_runs><gherkin_test_run name=\"\" duration=\"1\" status=\"Passed\"><feature name=\"\" path=\"p\" tag=\"\" started=\"1\"><file{attributes}>{content}</file></feature></gherkin_test_run></test_runs></test_result>"
        )
    }

    const XSI: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

    #[test]
    fn many_problems_are_reported_at_once() {
        insta::assert_snapshot!(problems(indoc::indoc! {r#"
            <test_result>
              <release_name>R</release_name>
              <test_fields><test_field field_type="Framework" value=""/></test_fields>
              <suite_ref id="x"> </suite_ref>
              <test_runs>text
                <test_run name="a" duration="1.5" status="Passed" colour="red"/>
                <gherkin_test_run/>
                <test_run duration="1" status="Passed"><steps><step name="s" duration="1" status="x"><input_parameters/></step></steps></test_run>
              </test_runs>
            </test_result>
        "#}), @"
        2:3: test_result: unknown element `release_name`; expected `build`, `suite_ref`, `program_ref`, `release_ref`, `release`, `milestone_ref`, `backlog_items`, `product_areas`, `test_fields`, `environment` or `test_runs`
        3:28: test_result/test_fields/test_field[1]: unknown attribute `field_type`
        3:51: test_result/test_fields/test_field[1]: attribute `value` is empty
        3:16: test_result/test_fields/test_field[1]: attribute `type` is missing
        4:3: test_result: misplaced or repeated `suite_ref`; expected `environment` or `test_runs`
        4:14: test_result/suite_ref: attribute `id` is `x`, not a 64-bit integer
        4:21: test_result/suite_ref: text in an element that must be empty
        5:14: test_result/test_runs: text between elements
        6:24: test_result/test_runs/test_run[1]: attribute `duration` is `1.5`, not a 64-bit integer
        6:55: test_result/test_runs/test_run[1]: unknown attribute `colour`
        7:5: test_result/test_runs: misplaced or repeated `gherkin_test_run`; expected `test_run` or the end
        7:5: test_result/test_runs/gherkin_test_run: attribute `name` is missing
        7:5: test_result/test_runs/gherkin_test_run: attribute `duration` is missing
        7:5: test_result/test_runs/gherkin_test_run: attribute `status` is missing
        7:5: test_result/test_runs/gherkin_test_run: `feature` is missing
        8:5: test_result/test_runs/test_run[2]: attribute `name` is missing
        8:90: test_result/test_runs/test_run[2]/steps[1]/step[1]/input_parameters: `parameter` is missing
        ");
    }

    #[test]
    fn a_missing_element_is_reported() {
        insta::assert_snapshot!(problems("<test_result><suite_ref id='1'/></test_result>"), @"1:1: test_result: `test_runs` is missing");
    }

    #[test]
    fn a_check_stops_after_twenty_problems() {
        let xml = format!("<test_result>{}</test_result>", "<x/>".repeat(50));
        let error = check(xml.as_bytes()).unwrap_err();
        assert_eq!(error.problems().len(), CheckError::PROBLEMS_MAX);
        assert!(
            error.to_string().ends_with("(and at least 19 more)"),
            "{error}"
        );
    }

    #[test]
    fn errors_and_descriptions_contain_text_and_no_elements() {
        assert_eq!(
            problems(&with_run(
                "",
                "<error>a<![CDATA[<b>]]>&#10;</error><description> </description>"
            )),
            ""
        );
        for bad in [
            "<error><b/></error>",
            "<description>a<b/></description>",
            "<description lang='en'/>",
            "<description/><error/>",
        ] {
            assert_ne!(problems(&with_run("", bad)), "", "{bad}");
        }
    }

    #[test]
    fn a_file_may_contain_anything_but_an_invalid_payload() {
        for good in [
            "x<a b='1'><c/></a>&amp;<xml:q/>",
            "<test_result><test_runs/></test_result>",
            "<a xmlns='u'><test_result/></a>",
        ] {
            assert_eq!(problems(&with_file(" c='d'", good)), "", "{good}");
        }
        for bad in ["<a><test_result/></a>", "<p:a/>", "<a p:b=''/>", "<a"] {
            assert_ne!(problems(&with_file("", bad)), "", "{bad}");
        }
    }

    #[test]
    fn schema_locations_are_the_only_attributes_allowed_from_a_namespace() {
        let root =
            |attributes: &str| format!("<test_result{attributes}><test_runs/></test_result>");
        for good in [
            root(&format!("{XSI} xsi:noNamespaceSchemaLocation='x.xsd'")),
            root(" xmlns:p='u'"),
            root(" xmlns=''"),
            with_run("", &format!("<description{XSI} xsi:schemaLocation='a b'/>")),
            with_file(
                &format!("{XSI} xsi:other=''"),
                &format!("<a{XSI} xsi:nil='true'/>"),
            ),
        ] {
            assert_eq!(problems(&good), "");
        }
        for bad in [
            root(&format!("{XSI} xsi:nil='false'")),
            root(&format!("{XSI} xsi:type='payload'")),
            root(&format!("{XSI} xsi:other=''")),
            root(" xmlns='u'"),
            root(" xml:lang='en'"),
            root(" p:a=''"),
            with_file(&format!("{XSI} xsi:nil='true'"), ""),
            with_file("", "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>"),
        ] {
            assert_ne!(problems(&bad), "", "{bad}");
        }
    }

    #[test]
    fn evidence_is_accepted_by_its_schema_only() {
        let evidence = b"<test_result><suite_ref id='1'/><release_name/><test_runs/><test_fields><test_field field_type='Framework' value='x'/></test_fields></test_result>";
        assert!(check(evidence).is_err());
        assert_eq!(check_with(evidence, Schema::OfficialOrEvidence), Ok(()));
        let both = b"<test_result><test_runs/><test_fields><test_field field_type='Framework' type='Framework' value='x'/></test_fields></test_result>";
        assert!(check_with(both, Schema::OfficialOrEvidence).is_err());
    }

    #[test]
    fn one_byte_order_mark_is_ignored_and_a_second_one_is_an_error() {
        let xml = "\u{FEFF}<test_result><test_runs/></test_result>";
        assert_eq!(problems(xml), "");
        assert_eq!(
            problems(&format!("\u{FEFF}{xml}")),
            "1:1: second byte order mark at the beginning"
        );
    }

    #[test]
    fn invalid_utf_8_has_a_position() {
        let error = check(b"<test_result>\n\xFF").unwrap_err();
        assert_eq!(
            (error.problems()[0].line, error.problems()[0].column),
            (2, 1)
        );
    }
}
