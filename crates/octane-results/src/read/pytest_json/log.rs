//! The log of `pytest-reportlog`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{SESSION, of_collector, of_session, of_test};
use crate::read::error::ReadErrorKind;
use crate::read::line_column::LineColumn;
use crate::read::report::fields::untold_failures;
use crate::read::report::json::{items, text};
use crate::read::report::lines::{LineFormat, unmarked, whole_line};
use crate::read::report::{Draft, Moment, ReportFile};
use crate::run::Failure;
use crate::status::Status;

/// By what a line of it is recognised.
pub(crate) const TYPE: &str = "$report_type";

#[derive(Debug, Default)]
pub(crate) struct PytestLog {
    /// The tests that run, by their names and the process that they run in.
    open: BTreeMap<(String, String), OpenTest>,
    has_begun: bool,
    has_failed: bool,
    has_ended: bool,
    /// How the session ended, and where it says so.
    session: Option<(LineColumn, i64)>,
    place: LineColumn,
}

/// A test that runs.
#[derive(Debug, Default)]
struct OpenTest {
    place: LineColumn,
    started: Option<String>,
    /// Its phases, as they are in the report of `pytest-json-report`.
    phases: Map<String, Value>,
    /// Whether this attempt is to be repeated.
    is_repeated: bool,
    earlier_failures: Vec<Failure>,
    /// Why it was expected to fail.
    expected: Option<String>,
    /// A subtest that failed.
    subtest: Option<Value>,
    properties: Value,
}

impl LineFormat for PytestLog {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        self.place = place;
        let line = unmarked(line);
        if line.is_empty() {
            return Ok(());
        }
        let report = whole_line(line)?;
        let kind = text(report.get(TYPE));
        match kind.as_deref() {
            Some("SessionStart") => {
                // Logs of several sessions may be in one file.
                self.end(file);
                *self = Self {
                    place,
                    ..Self::default()
                };
            }
            Some("SessionFinish") => {
                self.has_ended = true;
                let code = report.get("exitstatus").and_then(Value::as_i64);
                self.session = code.map(|code| (place, code));
            }
            Some("CollectReport") => {
                if let Some(draft) = of_collector(&with_text(&report), place) {
                    self.has_failed = true;
                    file.push(draft);
                }
            }
            Some("TestReport") => self.phase(&report, file),
            Some("SubTestReport" | "SubtestReport") if may_fail(&report) => {
                self.open(&report).subtest.get_or_insert(phase(&report));
            }
            _ => {}
        }
        self.has_begun |= kind.is_some();
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        for ((name, _), mut test) in std::mem::take(&mut self.open) {
            let end = json!({"outcome": "failed", "longrepr": "the test did not end"});
            test.phases.entry("teardown").or_insert(end);
            self.push(&name, test, file);
        }
        let message = match self.session {
            Some((_, code)) => of_session(code),
            None if self.has_ended => None,
            None => Some("the run did not end".to_owned()),
        };
        let Some(message) = message.filter(|_| self.has_begun && !self.has_failed) else {
            return;
        };
        let place = self.session.map_or(self.place, |(place, _)| place);
        file.push(Draft::failed(place, SESSION, Failure::new(message)));
    }
}

impl PytestLog {
    /// The test that a report is about.
    fn open(&mut self, report: &Value) -> &mut OpenTest {
        let field = |name| text(report.get(name)).unwrap_or_default();
        let place = self.place;
        let key = (field("nodeid"), field("worker_id"));
        self.open.entry(key).or_insert_with(|| OpenTest {
            place,
            started: text(report.get("start")).filter(|start| start != "0"),
            ..OpenTest::default()
        })
    }

    /// Takes the test that ran in a process that crashed for the one that `report` is about, which does not name the process as
    /// others do, but as `<WorkerController gw1>`.
    fn adopt(&mut self, report: &Value) {
        let field = |name| text(report.get(name)).unwrap_or_default();
        let (name, node) = (field("nodeid"), field("node"));
        let is_it = |(known, worker): &&(String, String)| {
            *known == name && !worker.is_empty() && node.ends_with(&format!(" {worker}>"))
        };
        let key = self.open.keys().find(is_it).cloned();
        if let Some(test) = key.and_then(|key| self.open.remove(&key)) {
            self.open.insert((name, field("worker_id")), test);
        }
    }

    /// A phase of a test has ended.
    fn phase(&mut self, report: &Value, file: &mut ReportFile) {
        let when = text(report.get("when")).unwrap_or_default();
        let word = text(report.get("outcome")).unwrap_or_default();
        let is_phase = matches!(when.as_str(), "setup" | "call" | "teardown");
        if !is_phase {
            self.adopt(report);
        }
        let test = self.open(report);
        if when == "setup" && test.phases.contains_key("teardown") {
            test.phases.clear();
            test.earlier_failures.extend(untold_failures(1));
        }
        if word == "rerun" {
            test.is_repeated = true;
            test.earlier_failures.push(failure(report));
        } else {
            let name = match (is_phase, test.phases.contains_key("call")) {
                (true, _) => when.as_str(),
                (false, false) => "call",
                (false, true) => "teardown",
            };
            test.phases.insert(name.to_owned(), phase(report));
        }
        let expected = text(report.get("wasxfail"));
        test.expected = test.expected.take().or(expected);
        if let Some(properties) = report.get("user_properties") {
            test.properties = properties.clone();
        }
        match when.as_str() {
            "setup" | "call" => {}
            "teardown" if test.is_repeated && !may_fail(report) => {
                test.is_repeated = false;
                test.phases.clear();
            }
            "teardown" if word == "rerun" && !test.phases.values().any(may_fail) => {
                test.is_repeated = false;
                test.phases.clear();
            }
            // `flaky` reports the call of the last attempt alone.
            "teardown" if outcome(&test.phases).is_none() => {}
            // A process that crashed has no phases.
            _ => {
                let key = ["nodeid", "worker_id"].map(|name| text(report.get(name)));
                let [name, worker] = key.map(Option::unwrap_or_default);
                if let Some(test) = self.open.remove(&(name.clone(), worker)) {
                    self.push(&name, test, file);
                }
            }
        }
    }

    fn push(&mut self, name: &str, test: OpenTest, file: &mut ReportFile) {
        let OpenTest {
            place,
            started,
            mut phases,
            earlier_failures,
            expected,
            subtest,
            properties,
            ..
        } = test;
        if let Some(failed) = subtest {
            let is_failed = phases.get("call").is_some_and(may_fail);
            if !is_failed {
                phases.insert("call".to_owned(), failed);
            }
        }
        let outcome = outcome(&phases);
        phases.insert("nodeid".to_owned(), json!(name));
        phases.insert("user_properties".to_owned(), properties);
        if let Some(outcome) = outcome {
            phases.insert("outcome".to_owned(), json!(outcome));
        }
        let mut draft = of_test(&Value::Object(phases), place, "", file);
        draft.started = started.map_or(Moment::Unknown, Moment::Text);
        draft.earlier_failures = earlier_failures;
        if draft.description.is_none() && draft.outcome.is(Status::Skipped) {
            draft.description = expected.filter(|reason| !reason.is_empty());
        }
        self.has_failed |= draft.outcome.may_have_failed();
        file.push(draft);
    }
}

/// The outcome of a test by those of its phases: that of the first one that is not `passed`.
fn outcome(phases: &Map<String, Value>) -> Option<String> {
    let words = || {
        phases
            .values()
            .filter_map(|phase| text(phase.get("outcome")))
    };
    let of = |wanted: fn(&str) -> bool| words().find(|word| wanted(word));
    of(|word| matches!(word, "failed" | "error"))
        .map(|_| "failed".to_owned())
        .or_else(|| of(|word| word != "passed"))
        .or_else(|| text(phases.get("call")?.get("outcome")))
}

fn may_fail(report: &Value) -> bool {
    let word = text(report.get("outcome"));
    !matches!(word.as_deref(), Some("passed" | "skipped"))
}

/// A phase as it is in the report of `pytest-json-report`.
fn phase(report: &Value) -> Value {
    let mut phase = with_text(report);
    if let (Some(crash), Value::Object(phase)) = (crash(report), &mut phase) {
        phase.insert("crash".to_owned(), json!({"message": crash}));
    }
    phase
}

/// A report whose `longrepr` is a text.
fn with_text(report: &Value) -> Value {
    let mut report = report.clone();
    if let Value::Object(report) = &mut report {
        let shown = representation(report.get("longrepr"));
        report.insert("longrepr".to_owned(), json!(shown));
    }
    report
}

fn crash(report: &Value) -> Option<String> {
    text(report.get("longrepr")?.get("reprcrash")?.get("message"))
}

fn failure(report: &Value) -> Failure {
    let details = representation(report.get("longrepr"));
    let (error_type, message) = super::error_line(&details);
    Failure {
        error_type,
        message: crash(report).or(message),
        details,
    }
}

/// What pytest would print: a text, the lines of all entries of a traceback, or the place and the reason of a skip.
fn representation(shown: Option<&Value>) -> String {
    if let Some(text) = text(shown) {
        return text;
    }
    if let Some(Value::Array(skip)) = shown {
        return text(skip.last()).unwrap_or_default();
    }
    let traceback = shown.and_then(|shown| shown.get("reprtraceback"));
    let entries = items(traceback.and_then(|traceback| traceback.get("reprentries"))).iter();
    let lines =
        entries.flat_map(|entry| items(entry.get("data").and_then(|data| data.get("lines"))));
    let lines: Vec<String> = lines.filter_map(|line| text(Some(line))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::read::report::shown::{results, shown};

    fn report(nodeid: &str, when: &str, outcome: &str, more: &str) -> String {
        format!(
            r#"{{"nodeid":"{nodeid}","keywords":{{}},"when":"{when}","outcome":"{outcome}","duration":0.5{more},"$report_type":"TestReport"}}"#
        ) + "\n"
    }

    fn log(reports: &[String], exit_code: u8) -> String {
        format!(
            "{{\"pytest_version\":\"9.0.0\",\"$report_type\":\"SessionStart\"}}\n{}{{\"exitstatus\":{exit_code},\"$report_type\":\"SessionFinish\"}}\n",
            reports.concat()
        )
    }

    /// A test with these outcomes of its phases.
    fn test(name: &str, phases: [&str; 3]) -> Vec<String> {
        let names = ["setup", "call", "teardown"].into_iter();
        let phases = names.zip(phases).filter(|(_, outcome)| !outcome.is_empty());
        phases
            .map(|(when, outcome)| report(&format!("t/test_a.py::{name}"), when, outcome, ""))
            .collect()
    }

    #[test]
    fn a_session_without_results_is_not_green_unless_it_says_so() {
        for (code, expected) in [
            (5, "warning in.json:1:1: contains no test results"),
            (
                4,
                "Failed [session] `pytest ended the run with exit code 4`",
            ),
        ] {
            assert_eq!(shown(&log(&[], code)), expected);
        }
        let begun = log(&[], 0);
        let begun = begun.lines().next().unwrap();
        assert_eq!(shown(begun), "Failed [session] `the run did not end`");
    }

    #[test]
    fn a_test_is_as_bad_as_its_worst_phase() {
        for (phases, expected) in [
            (["passed", "passed", "passed"], "Passed"),
            (["passed", "failed", "passed"], "Failed"),
            (["passed", "passed", "failed"], "Failed"),
            (["failed", "", "passed"], "Failed"),
            (["skipped", "", "passed"], "Skipped"),
            (["passed", "skipped", "passed"], "Skipped"),
        ] {
            let found = shown(&log(&test("test_b", phases), 0));
            let (word, _) = found.split_once(' ').unwrap();
            assert_eq!(word, expected, "{phases:?}");
        }
        let amber = shown(&log(&test("test_b", ["passed", "amber", "passed"]), 0));
        assert!(amber.starts_with("invalid in.json:2"), "{amber}");
        let no_call = shown(&log(&test("test_b", ["passed", "", "passed"]), 0));
        assert!(no_call.starts_with("invalid in.json:2"), "{no_call}");
    }

    #[test]
    fn failures_reasons_and_properties_are_kept() {
        let error = r#","start":1795904108.5,"user_properties":[["jira","SHOP-1"]],"longrepr":{"reprcrash":{"path":"a.py","lineno":1,"message":"KeyError: 'x'"},
            "reprtraceback":{"reprentries":[{"type":"ReprEntry","data":{"lines":["    def test_b():",">       d['x']","E       KeyError: 'x'"]}}]}}"#.replace('\n', "");
        let skip = r#","longrepr":["a.py",3,"Skipped: no printer"]"#;
        let expected = r#","wasxfail":"known","longrepr":{}"#;
        let reports = [
            report("a.py::T::test_b", "call", "failed", &error),
            report("a.py::T::test_b", "teardown", "passed", ""),
            report("a.py::test_c", "setup", "skipped", skip),
            report("a.py::test_c", "teardown", "passed", ""),
            report("a.py::test_d", "call", "skipped", expected),
            report("a.py::test_d", "teardown", "passed", ""),
        ];
        assert_eq!(
            shown(&log(&reports, 1)),
            "Failed a.T.test_b 1s at 2026-11-28T22:15:08.5Z KeyError: KeyError: 'x'\n\
             Skipped a.test_c 1s (no printer)\n\
             Skipped a.test_d 1s (known)"
        );
        let runs = results(&log(&reports, 1));
        assert_eq!(runs[0].jira, ["SHOP-1"]);
        assert!(
            runs[0]
                .failure
                .as_ref()
                .unwrap()
                .details
                .starts_with("    def test_b():")
        );
    }

    #[test]
    fn repeated_attempts_are_one_result() {
        let attempts = [
            test("test_b", ["passed", "rerun", "passed"]),
            test("test_b", ["passed", "passed", "passed"]),
            test("test_c", ["passed", "rerun", "passed"]),
            test("test_c", ["passed", "failed", "passed"]),
        ];
        let runs = results(&log(&attempts.concat(), 1));
        let statuses: Vec<String> = runs.iter().map(|run| run.status.to_string()).collect();
        assert_eq!(statuses, ["Passed", "Failed"]);
        assert_eq!(runs[0].earlier_failures.len(), 1);
    }

    #[test]
    fn an_attempt_that_is_repeated_for_its_teardown_is_an_earlier_one() {
        let passed = test("test_b", ["passed", "passed", "passed"]);
        let torn = test("test_b", ["passed", "passed", "rerun"]);
        let both = test("test_b", ["passed", "rerun", "rerun"]);
        for (attempts, status, earlier) in [
            (vec![torn.clone(), passed.clone()], "Passed", 1),
            (
                vec![torn.clone(), torn.clone(), passed.clone()],
                "Passed",
                2,
            ),
            (vec![both, torn.clone(), passed.clone()], "Passed", 3),
            (vec![torn], "Failed", 0),
        ] {
            let runs = results(&log(&attempts.concat(), 0));
            assert_eq!(runs.len(), 1, "{runs:?}");
            assert_eq!(runs[0].status.to_string(), status);
            assert_eq!(runs[0].earlier_failures.len(), earlier);
        }
        // A call that failed, and is not repeated, remains.
        let failed = test("test_b", ["passed", "failed", "rerun"]);
        let found = shown(&log(&[failed, passed].concat(), 1));
        assert!(found.starts_with("Failed t.test_a.test_b"), "{found}");
    }

    #[test]
    fn a_subtest_or_a_collector_that_failed_is_not_hidden() {
        let subtest = report("t/test_a.py::test_b", "call", "failed", "")
            .replace("TestReport", "SubTestReport");
        let reports = [
            vec![subtest],
            test("test_b", ["passed", "passed", "passed"]),
        ];
        assert!(shown(&log(&reports.concat(), 1)).starts_with("Failed t.test_a.test_b"));
        let collector = r#"{"nodeid":"t/test_c.py","outcome":"failed","longrepr":"E   ImportError: x","result":null,"$report_type":"CollectReport"}"#;
        assert_eq!(
            shown(&log(&[format!("{collector}\n")], 2)),
            "Failed t.test_c ImportError: ImportError: x"
        );
    }

    #[test]
    fn what_did_not_end_has_failed() {
        let passed = test("test_b", ["passed", "passed", "passed"]);
        assert!(
            shown(&log(&passed, 2))
                .ends_with("Failed [session] `pytest ended the run with exit code 2`")
        );
        let whole = log(&passed, 0);
        let cut = whole.rsplit_once("{\"exitstatus").unwrap().0;
        assert!(
            shown(cut).ends_with("Failed [session] `the run did not end`"),
            "{}",
            shown(cut)
        );
        let open = shown(&log(&test("test_b", ["passed", "passed", ""]), 0));
        assert_eq!(open, "Failed t.test_a.test_b 1s `the test did not end`");
        let crash = [report("t/test_a.py::test_b", "???", "failed", "")];
        assert!(shown(&log(&crash, 1)).starts_with("Failed t.test_a.test_b"));
    }

    #[test]
    fn each_of_several_sessions_has_its_own_end() {
        let passed = test("test_b", ["passed", "passed", "passed"]);
        let failed = test("test_b", ["passed", "failed", "passed"]);
        let whole = log(&passed, 0);
        let cut = whole.rsplit_once("{\"exitstatus").unwrap().0;
        let one = "Passed t.test_a.test_b 1.5s";
        let no_end = "Failed [session] `the run did not end`";
        for (sessions, expected) in [
            ([whole.as_str(), &whole], format!("{one}\n{one}")),
            ([&whole, cut], format!("{one}\n{one}\n{no_end}")),
            ([cut, &whole], format!("{one}\n{no_end}\n{one}")),
            (
                [&*log(&passed, 2), &whole],
                format!("{one}\nFailed [session] `pytest ended the run with exit code 2`\n{one}"),
            ),
            ([&whole, &log(&[], 5)], one.to_owned()),
        ] {
            assert_eq!(shown(&sessions.concat()), expected);
        }
        let last = shown(&(log(&failed, 1) + cut));
        assert!(last.ends_with(no_end), "{last}");
    }

    #[test]
    fn a_process_that_crashed_is_the_end_of_its_test() {
        let began = |worker: &str| {
            let more = format!(r#","start":1795904108.5,"worker_id":"{worker}""#);
            report("t/test_a.py::test_b", "setup", "passed", &more)
        };
        let crash = r#","start":0,"node":"<WorkerController gw1>","longrepr":"worker 'gw1' crashed while running it""#;
        let crash = report("t/test_a.py::test_b", "???", "failed", crash);
        let found = shown(&log(&[began("gw1"), crash.clone()], 1));
        assert_eq!(
            found,
            "Failed t.test_a.test_b 1s at 2026-11-28T22:15:08.5Z `worker 'gw1' crashed while running it`"
        );
        // What ran in another process did not end.
        let found = shown(&log(&[began("gw10"), crash], 1));
        assert_eq!(
            found.matches("Failed t.test_a.test_b").count(),
            2,
            "{found}"
        );
    }

    #[test]
    fn attempts_without_a_call_are_earlier_ones() {
        let attempts = [
            test("test_b", ["passed", "", "passed"]),
            test("test_b", ["passed", "", "passed"]),
            test("test_b", ["passed", "passed", "passed"]),
        ];
        let runs = results(&log(&attempts.concat(), 0));
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].status.to_string(), "Passed");
        assert_eq!(runs[0].earlier_failures.len(), 2);
    }
}
