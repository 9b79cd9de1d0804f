//! The events of Mocha (`json-stream`): an array with a name and an object a line.

use serde_json::{Value, json};

use super::RUN;
use super::test::Test;
use crate::read::error::ReadErrorKind;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::field;
use crate::read::report::lines::{LineFormat, whole_line};
use crate::read::report::seen::Seen;
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::sniff::is_mocha_event;
use crate::status::Status;
use crate::warning::WarningKind;

#[derive(Debug, Default)]
pub(crate) struct MochaStream {
    seen: Seen,
    has_failed: bool,
    has_begun: bool,
    /// Whether there are tests to run.
    has_tests: bool,
    has_ended: bool,
    /// How many tests have failed, and how many have ended, as the run says at its end.
    failures: u64,
    ended: u64,
    /// How many of them were read.
    tests: u64,
    place: LineColumn,
}

impl LineFormat for MochaStream {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let line = line.trim();
        // Tests may print between the events.
        if !is_mocha_event(line.as_bytes()) {
            return Ok(());
        }
        self.place = place;
        let event = whole_line(line)?;
        let [Value::String(name), about] = event.as_array().map_or(&[][..], Vec::as_slice) else {
            return Ok(());
        };
        match name.as_str() {
            "start" => {
                self.end(file);
                *self = Self {
                    seen: std::mem::take(&mut self.seen),
                    has_begun: true,
                    has_tests: about.get("total").and_then(Value::as_u64) > Some(0),
                    ..Self::default()
                };
            }
            "end" => {
                self.has_ended = true;
                let number = |name| about.get(name).and_then(Value::as_u64).unwrap_or(0);
                self.failures = number("failures");
                self.ended = number("passes").saturating_add(self.failures);
            }
            "pass" => self.push(about, Status::Passed, file),
            _ => self.push(about, Status::Failed, file),
        }
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        if self.ended > self.tests {
            // Something that was printed may be in the same line as an event.
            let kind = WarningKind::Totals {
                suite: String::new(),
                what: "tests",
                declared: self.ended,
                found: self.tests,
            };
            file.warn(self.place, kind);
        }
        let message = match self.has_ended {
            true if self.failures > 0 => {
                "the run says that tests failed, but none of its results has"
            }
            false if self.has_begun && (self.has_tests || file.results > 0) => {
                "the run did not end"
            }
            _ => return,
        };
        if self.has_failed && !self.has_ended {
            file.warn(self.place, WarningKind::NoEnd);
        }
        if !std::mem::replace(&mut self.has_failed, true) {
            file.push(Draft::failed(self.place, RUN, Failure::new(message)));
        }
    }
}

impl MochaStream {
    fn push(&mut self, about: &Value, status: Status, file: &mut ReportFile) {
        let mut about = about.clone();
        if let (Some(message), Value::Object(fields)) = (field(&about, "err"), &mut about) {
            let error = json!({"message": message, "stack": fields.get("stack")});
            fields.insert("err".to_owned(), error);
        }
        self.has_failed |= status == Status::Failed;
        let test = Test::new(&about, self.place, String::new(), "");
        let mut draft = test.draft(Outcome::Known(status));
        self.seen.number(&draft.class, &mut draft.name);
        self.tests += 1;
        file.push(draft);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::report::shown::shown;

    const TESTS: &str = r#"["start",{"total":3}]
["pass",{"title":"adds","fullTitle":"Cart tax adds","file":"/w/a.js","duration":3,"currentRetry":0,"speed":"fast"}]
printed by a test
["fail",{"title":"pays","fullTitle":"Cart pays","file":"/w/a.js","duration":1,"currentRetry":0,"err":"1 is not 2","stack":"AssertionError: 1 is not 2\n    at a.js:3"}]
"#;

    #[test]
    fn events_of_tests_are_results() {
        let end = r#"["end",{"suites":1,"tests":2,"passes":1,"pending":1,"failures":1}]"#;
        assert_eq!(
            shown(&format!("{TESTS}{end}\n")),
            "Passed Cart tax.adds 3ms\nFailed Cart.pays 1ms AssertionError: 1 is not 2"
        );
    }

    #[test]
    fn a_run_that_failed_or_did_not_end_is_not_green() {
        let passed = TESTS.replace(r#"["fail""#, r#"["pass""#);
        let failed = shown(&format!("{passed}[\"end\",{{\"failures\":1}}]"));
        assert!(
            failed.ends_with(
                "Failed [run] `the run says that tests failed, but none of its results has`"
            ),
            "{failed}"
        );
        let cut = shown(&passed);
        assert!(cut.ends_with("Failed [run] `the run did not end`"), "{cut}");
        let cut = shown(TESTS);
        let expected = "\nwarning in.json:4:1: the run did not end; results may be missing";
        assert!(cut.ends_with(expected), "{cut}");
        let nothing = shown("[\"start\",{\"total\":3}]\n");
        assert_eq!(nothing, "Failed [run] `the run did not end`");
        let broken = shown(
            r#"["start",{"total":1}]
["fail",{"title":"a"#,
        );
        assert!(broken.contains("error in.json:2:1: "), "{broken}");
        // A pass in a line with what a test has printed is not an event.
        let lost = TESTS.replace(r#"["pass""#, r#"printed["pass""#);
        let lost = shown(&format!("{lost}[\"end\",{{\"passes\":1,\"failures\":1}}]"));
        let expected = "declares 2 tests but contains 1";
        assert!(lost.ends_with(expected), "{lost}");
        let empty = shown("[\"start\",{\"total\":0}]\n[\"end\",{\"failures\":0}]\n");
        assert_eq!(empty, "warning in.json:1:1: contains no test results");
    }
}
