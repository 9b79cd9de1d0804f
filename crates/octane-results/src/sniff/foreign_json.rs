//! Recognises results of tests in JSON that is in no supported format, nor a table with the required columns.

use super::json::{Names, is_page_of_allure, is_tap_event, names};
use crate::read::field::ResultField;
use crate::read::json_reader::{JsonError, JsonKind, JsonReader, SliceText};
use crate::read::spelling::folded;
use crate::read::status_aliases::StatusAliases;
use crate::status::Status;

/// Words that are also said of things other than tests, such as jobs, requests and users.
const VAGUE: [&str; 18] = [
    "ok",
    "success",
    "successful",
    "succeeded",
    "failure",
    "error",
    "errored",
    "pending",
    "ignored",
    "disabled",
    "blocked",
    "planned",
    "aborted",
    "interrupted",
    "undefined",
    "skipped",
    "cancelled",
    "canceled",
];

/// Names of flags that say how a test ended.
const FLAGS: [&str; 6] = ["passed", "failed", "pass", "success", "successful", "ok"];

/// Describes a document, or lines, in JSON by a writer whose reports are not supported.
pub(super) fn kind(text: &str) -> Option<&'static str> {
    if is_tap_event(text.as_bytes()) {
        return Some(
            "the JSON of node-tap, which is not supported (use its reporter `tap` or `junit`)",
        );
    }
    let names = names(text);
    let is_of_rust = !names.is_array
        && names.have(&["type", "event"])
        && names.have_any(&["name", "test_count", "exec_time"]);
    let is_of_newman = names.have(&["collection", "run"]);
    [
        (
            is_robot(text, &names),
            "JSON of Robot Framework, which is not supported (write `output.xml` instead: `robot --output output.xml`)",
        ),
        (
            is_of_rust,
            "the JSON of Rust's test harness, which is not supported (use the JUnit reports of `cargo nextest`: set `junit.path` in the \
             profile)",
        ),
        (
            is_of_newman,
            "the JSON report of Newman, which is not supported (use its JUnit reports: `--reporters junit`)",
        ),
        (
            is_page_of_allure(&names),
            "part of an HTML report of Allure (use the results it was made of: `allure-results`)",
        ),
    ]
    .into_iter()
    .find_map(|(is_it, kind)| is_it.then_some(kind))
}

/// Whether a document is what Robot Framework writes as JSON.
fn is_robot(text: &str, names: &Names) -> bool {
    let generator = || {
        let (_, after) = text.split_once("\"generator\"")?;
        let value = after.trim_start().strip_prefix(':')?;
        value.trim_start().strip_prefix('"')
    };
    let is_by_robot = || {
        let by = generator().unwrap_or_default();
        by.starts_with("Robot ") || by.starts_with("Rebot ")
    };
    names.has("generator") && is_by_robot()
}

/// Whether JSON that begins with `text` seems to have results of tests: an object with a name and a word for a status. A word that is
/// also said of other things counts if names such as `testCase` are in the document. The trends that `cucumber-reporting` keeps are results
/// of earlier runs, those of Trivy are about security, and what Azure's API lists are deployments and other resources.
pub(super) fn has_results(text: &str, aliases: &StatusAliases) -> bool {
    let names = names(text);
    let is_other = names.have(&["buildNumbers", "durations"])
        || names.have(&["SchemaVersion", "Results"])
        || names.has("value") && text.contains("\"/subscriptions/");
    if is_other {
        return false;
    }
    let mut search = Search {
        json: JsonReader::new(SliceText::new(text)),
        aliases,
        is_certain: false,
        is_possible: false,
        is_about_tests: false,
    };
    while matches!(search.json.has_next(), Ok(true)) && search.value().is_ok() {}
    search.is_certain || search.is_possible && search.is_about_tests
}

/// Whether this word for a status is also said of things other than tests.
pub(super) fn is_vague(word: &str, aliases: &StatusAliases) -> bool {
    aliases.own(word).is_none() && VAGUE.contains(&folded(word).as_str())
}

struct Search<'s> {
    json: JsonReader<SliceText<'s>>,
    aliases: &'s StatusAliases,
    is_certain: bool,
    /// Whether there is an object that may be a result.
    is_possible: bool,
    is_about_tests: bool,
}

/// What an object says of how a test ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Nothing,
    /// Something that is also said of other things.
    Vague,
    Status,
}

impl Search<'_> {
    fn value(&mut self) -> Result<(), JsonError> {
        match self.json.peek()? {
            JsonKind::Object => {
                let (mut has_name, mut said) = (false, Said::Nothing);
                let read = self.fields(&mut has_name, &mut said);
                // What is there of one that is cut off counts.
                self.is_certain |= has_name && said == Said::Status;
                self.is_possible |= has_name && said == Said::Vague;
                read
            }
            JsonKind::Array => {
                self.json.begin()?;
                while self.json.has_next()? {
                    self.value()?;
                }
                self.json.end()
            }
            _ => self.json.skip(),
        }
    }

    fn fields(&mut self, has_name: &mut bool, said: &mut Said) -> Result<(), JsonError> {
        self.json.begin()?;
        while self.json.has_next()? {
            let name = self.json.name()?;
            let name = folded(&name);
            self.is_about_tests |= is_about_tests(&name);
            *has_name |= is_name(&name);
            match self.json.peek()? {
                JsonKind::Object | JsonKind::Array => self.value()?,
                JsonKind::String if is_status(&name) => {
                    let word = self.json.value()?;
                    *said = (*said).max(self.said_by(word.as_str().unwrap_or_default()));
                }
                kind => {
                    let is_flag = kind == JsonKind::Boolean && FLAGS.contains(&name.as_str());
                    if is_flag || kind == JsonKind::Number && name == "statusid" {
                        *said = (*said).max(Said::Vague);
                    }
                    self.json.skip()?;
                }
            }
        }
        self.json.end()
    }

    fn said_by(&self, word: &str) -> Said {
        let status: Option<Status> = self.aliases.status(word);
        match status {
            None => Said::Nothing,
            Some(_) if is_vague(word, self.aliases) => Said::Vague,
            Some(_) => Said::Status,
        }
    }
}

/// Whether a field called `name` may be a status; libtest calls it `event`.
fn is_status(name: &str) -> bool {
    let field = ResultField::Status;
    name == field.as_str() || name == "event" || field.look_alikes().contains(&name)
}

/// Whether a field called `name` may say which test it is.
fn is_name(name: &str) -> bool {
    const ENDS: [&str; 6] = ["name", "title", "description", "desc", "key", "path"];
    ResultField::Name.look_alikes().contains(&name)
        || is_about_tests(name)
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a field of this name is about tests. `latest` is not.
fn is_about_tests(name: &str) -> bool {
    let name = name.replace("latest", "");
    name.starts_with("test")
        || ["testcase", "testsuite", "testname", "testpath"]
            .iter()
            .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_results(text: &str) -> bool {
        super::has_results(text, &StatusAliases::default())
    }

    #[test]
    fn writers_are_recognised_by_what_they_write() {
        for (text, writer) in [
            (
                r#"{"type":"suite","event":"started","test_count":3}"#,
                "Rust",
            ),
            (
                r#"{ "type": "test", "event": "failed", "name": "pays" }"#,
                "Rust",
            ),
            (r#"{"collection":{"info":{}},"run":{"stats":{}}}"#, "Newman"),
            (r#"["start",{"name":"TAP Tests","level":0}]"#, "node-tap"),
            (
                r#"[{"uid":"f6b1","name":"adds","time":{"start":1,"stop":2,"duration":1},"status":"passed"}]"#,
                "Allure",
            ),
            (
                r#"{"uid":"f6b1","name":"adds","historyId":"h","time":{"start":1,"stop":2,"duration":1},"status":"passed"}"#,
                "Allure",
            ),
        ] {
            let found = kind(text);
            assert!(found.is_some_and(|kind| kind.contains(writer)), "{text}");
        }
        for text in [
            r#"[{"name":"pays","status":"failed"}]"#,
            r#"{"collection":{"info":{}}}"#,
            r#"{"type":"push","event":"x"}"#,
            r#"["start",{"total":3}]"#,
            "{",
            "",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn results_are_recognised_in_whatever_shape_they_are() {
        for text in [
            r#"[{"title":"pays","status":"failed"}]"#,
            "{\"title\":\"adds\"}\n{\"title\":\"pays\",\"outcome\":\"Passed\"}",
            r#"[{"id":1},{"name":"pays","status":"failed"}]"#,
            // TestRail, Xray, Azure DevOps, Zephyr, Unreal Engine and Salesforce.
            r#"{"tests":[{"id":1,"status_id":5,"title":"pays"}]}"#,
            r#"{"info":{},"tests":[{"testKey":"A-1","status":"PASSED"}]}"#,
            r#"{"list":[{"outcome":"Failed","testCase":{"name":"pays"},"testCaseTitle":"pays"}]}"#,
            r#"{"executions":[{"source":"X.y","result":"Passed","testCase":{"name":"T"}}]}"#,
            r#"{"items":[{"testDisplayName":"a","fullTestPath":"b","state":"Success"}]}"#,
            r#"{"result":{"tests":[{"MethodName":"a","Outcome":"Fail"}]}}"#,
            r#"{"all":{"tests":[{"title":"a","pass":false}]}}"#,
            r#"{"jobs":[{"name":"deploy","conclusion":"skipped"},{"name":"pays","conclusion":"failed"}]}"#,
            r#"{"tests":[{"testName":"pays","conclusion":"skipped"}]}"#,
            // Cut off.
            r#"{"deep":{"list":[{"title":"pays","status":"failed","more":"#,
        ] {
            assert!(has_results(text), "{text}");
        }
        let own = StatusAliases::default().with("rot", Status::Failed);
        let text = r#"[{"title":"pays","status":"rot"}]"#;
        assert!(!has_results(text));
        assert!(super::has_results(text, &own));
    }

    #[test]
    fn what_has_the_words_of_results_and_is_something_else_is_not_one() {
        for text in [
            r#"{"total":{"lines":{"total":10,"covered":8,"skipped":0,"pct":80}}}"#,
            r#"[{"filePath":"/a.js","messages":[{"ruleId":"x","message":"failed"}],"errorCount":1}]"#,
            r#"{"name":"demo","version":"1.0.0","scripts":{"test":"jest"},"tests":[]}"#,
            r#"{"name":"demo","lockfileVersion":3,"packages":{"a":{"version":"1","resolved":"https://x/latest"}}}"#,
            r#"{"SchemaVersion":2,"Results":[{"Target":"a","Vulnerabilities":[{"Status":"fixed","PkgName":"x","Title":"failed"}]}]}"#,
            r#"{"SchemaVersion":2,"Results":[{"Target":"Dockerfile","Misconfigurations":[{"Title":"root user","Status":"FAIL"}]}]}"#,
            r#"{"jobs":[{"id":1,"name":"deploy","status":"completed","conclusion":"skipped"}],"total_count":1}"#,
            r#"{"jobs":[{"name":"deploy","conclusion":"cancelled"},{"name":"ship","conclusion":"success"}]}"#,
            r#"{"value":[{"id":"/subscriptions/1","name":"deploy","status":"Failed"}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":"x","level":"error"}]}]}"#,
            r#"[{"name":"Ignored tests","matchedStatuses":["skipped"]}]"#,
            r#"{"0a1b":{"statistic":{"failed":1},"items":[{"uid":"1","status":"failed"}]}}"#,
            r#"{"status":"failed","failedTests":["a"]}"#,
            r#"{"buildNumbers":["1"],"durations":[3],"featuresDetail":[[{"featureName":"a","scenarioName":"b","status":"FAILED"}]]}"#,
            r#"{"kind":"List","items":[{"metadata":{"name":"a"},"status":{"phase":"Failed","conditions":[{"type":"Ready","status":"True"}]}}]}"#,
            r#"{"item":[{"name":"orders","response":[{"name":"sample","status":"OK","code":200}]}],"event":[{"listen":"test"}]}"#,
            r#"[{"user":"Jane","state":"disabled","latestName":"x"}]"#,
            "",
            "{",
        ] {
            assert!(!has_results(text), "{text}");
        }
    }
}
