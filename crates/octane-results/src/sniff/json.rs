//! Recognises formats in JSON.

use crate::format::Format;
use crate::read::json_reader::{JsonError, JsonKind, JsonReader, SliceText};

/// How many names are looked at.
const NAMES_MAX: usize = 200;

/// The keys with which a line of Cucumber messages begins.
const MESSAGES: [&str; 17] = [
    "meta",
    "source",
    "gherkinDocument",
    "pickle",
    "stepDefinition",
    "hook",
    "parameterType",
    "undefinedParameterType",
    "testCase",
    "testRunStarted",
    "testRunFinished",
    "testRunHookStarted",
    "testRunHookFinished",
    "testCaseStarted",
    "testStepStarted",
    "attachment",
    "parseError",
];

/// The names in the first value of a document, as far as they are in its first bytes.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Those of the value itself, or of the first object in it if it is an array.
    outer: Vec<String>,
    /// Those of the values of the outer ones, as `outer.inner`; of the first object in arrays.
    inner: Vec<String>,
    /// Those of the outer ones whose values are objects.
    objects: Vec<String>,
    pub(super) is_array: bool,
    /// Whether the first bytes end before that object does.
    is_cut: bool,
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.outer.iter().any(|outer| outer == name)
    }

    pub(super) fn has_inner(&self, path: &str) -> bool {
        self.inner.iter().any(|inner| inner == path)
    }

    /// Whether all of these are there.
    pub(super) fn have(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// Whether one of these is there.
    pub(super) fn have_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }
}

/// The format of a document, or of lines, in JSON, by the names of its first object; `None` for a table or something
/// else.
pub(super) fn format(text: &str) -> Option<Format> {
    if is_mocha_event(text.as_bytes()) {
        return Some(Format::Mocha);
    }
    // A row for each result may have a `uuid` and a `status` as well.
    let is_rows = |format: &Format| *format == Format::Allure && has_objects_in_lines(text);
    format_by(&names(text)).filter(|format| !is_rows(format))
}

/// Whether `text` begins with an object, or a list of them.
pub(super) fn has_names(text: &str) -> bool {
    !names(text).outer.is_empty()
}

/// Whether the first object does not end in `text` and what is there of it, such as a long text, says nothing of the format.
pub(super) fn is_undecided(text: &str) -> bool {
    let names = names(text);
    names.is_cut && !is_mocha_event(text.as_bytes()) && format_by(&names).is_none()
}

fn format_by(names: &Names) -> Option<Format> {
    // What Dart writes of a test has no status, and a feature has its elements or its place.
    let is_row = names.have(&["name", "status"]);
    if names.is_array {
        // A line of the daemon of Flutter, before those of its tests.
        let is_daemon = names.have(&["event", "params"]);
        let is_row = is_row && !names.have_any(&["elements", "uri", "location"]);
        return ((is_feature(names) && !is_row).then_some(Format::Cucumber))
            .or(is_daemon.then_some(Format::Dart));
    }
    let is_message = matches!(&names.outer[..], [name] if MESSAGES.contains(&name.as_str()));
    if is_message {
        return Some(Format::CucumberMessages);
    }
    let is_features = ["elements", "keyword"]
        .iter()
        .any(|name| names.has_inner(&format!("features.{name}")))
        || names.has("elements") && is_feature(names);
    let candidates = [
        (is_features, Format::Cucumber),
        (
            // A run without tests has no suites.
            names.has_inner("testsuites.testsuite")
                || names.have(&["tests", "failures", "disabled", "testsuites"]),
            Format::Googletest,
        ),
        (is_ctrf(names), Format::Ctrf),
        (is_playwright(names), Format::Playwright),
        (is_mocha(names), Format::Mocha),
        (is_jest(names), Format::Jest),
        (
            names.has("Action")
                && names.have_any(&["Time", "Package", "Test", "ImportPath", "Output"]),
            Format::GoTest,
        ),
        (
            names.has("exitcode") && names.have_any(&["root", "environment", "summary", "created"])
                || names.has("$report_type"),
            Format::PytestJson,
        ),
        (
            names.have(&["protocolVersion", "type"])
                || !is_row
                    && names.have(&["type", "time"])
                    && names.have_any(&["suite", "test", "group", "testID", "count", "success"]),
            Format::Dart,
        ),
        (is_rspec(names), Format::Rspec),
        (is_allure(names), Format::Allure),
    ];
    candidates
        .into_iter()
        .find(|(is_it, _)| *is_it)
        .map(|(_, format)| format)
}

/// Whether an input begins with an event of Mocha, such as `["pass",{"title":"adds"}]`.
pub(crate) fn is_mocha_event(head: &[u8]) -> bool {
    event(head).is_some_and(|(name, about)| has_name_of_mocha(name, about))
}

/// Whether an input begins with an event of node-tap, such as `["pass",{"ok":true,"name":"adds"}]`.
pub(super) fn is_tap_event(head: &[u8]) -> bool {
    event(head).is_some_and(|(name, about)| {
        !has_name_of_mocha(name, about) && memchr::memmem::find(about, b"\"name\"").is_some()
    })
}

/// The name of the event that an input begins with, if Mocha has one of this name, and what its line says of it.
fn event(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = head.trim_ascii_start().strip_prefix(b"[")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let (name, rest) = rest.split_at(rest.iter().position(|byte| *byte == b'"')?);
    let about = rest[1..].trim_ascii_start().strip_prefix(b",")?;
    let is_known = matches!(name, b"start" | b"pass" | b"fail" | b"end");
    let is_event = is_known && about.trim_ascii_start().starts_with(b"{");
    let end = memchr::memchr(b'\n', about).unwrap_or(about.len());
    is_event.then(|| (name, &about[..end]))
}

/// Whether an event of this name has one of the names that Mocha writes there.
fn has_name_of_mocha(name: &[u8], about: &[u8]) -> bool {
    let known: &[&str] = match name {
        b"start" => &["\"total\""],
        b"end" => &["\"suites\"", "\"passes\"", "\"failures\""],
        _ => &["\"title\"", "\"fullTitle\""],
    };
    (known.iter()).any(|known| memchr::memmem::find(about, known.as_bytes()).is_some())
}

/// Whether the first two lines that are not empty are an object each.
pub(super) fn has_objects_in_lines(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().is_some_and(|line| {
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object())
    });
    first && lines.next().is_some_and(|line| line.starts_with('{'))
}

/// A feature: with what each writer has, or, where the first bytes end before that, by its first element. Cucumber-JVM writes the
/// time and the hooks of that, which may have screenshots, first.
fn is_feature(names: &Names) -> bool {
    const OF_ELEMENT: [&str; 7] = [
        "type",
        "steps",
        "keyword",
        "start_timestamp",
        "before",
        "after",
        "line",
    ];
    let is_named = names.have_any(&["uri", "id", "name", "location"]);
    names.have_any(&["elements", "keyword"]) && is_named
        || OF_ELEMENT
            .iter()
            .any(|name| names.has_inner(&format!("elements.{name}")))
}

/// What may be in the results of a report in CTRF.
const IN_RESULTS: [&str; 5] = [
    "results.tool",
    "results.summary",
    "results.tests",
    "results.environment",
    "results.extra",
];

fn is_ctrf(names: &Names) -> bool {
    let is_mochawesome = ["uuid", "suites", "title"]
        .iter()
        .any(|name| names.has_inner(&format!("results.{name}")));
    let is_summary = || {
        let is_known = |name: &String| IN_RESULTS.contains(&&**name);
        names.outer == ["results"] && names.inner.iter().all(is_known)
    };
    names.has_inner("results.tool")
        || names.has_inner("results.tests") && !is_mochawesome
        || names.has_inner("results.summary") && is_summary()
        || names.have(&["reportFormat", "specVersion"])
        || names.have(&["reportFormat", "results"])
        || names.have(&["tool", "summary", "tests"])
}

/// The configuration, which comes first, may be longer than the first bytes.
fn is_playwright(names: &Names) -> bool {
    const CONFIG: [&str; 8] = [
        "configFile",
        "rootDir",
        "forbidOnly",
        "fullyParallel",
        "globalTimeout",
        "failOnFlakyTests",
        "filteredProjects",
        "projects",
    ];
    let known = CONFIG
        .iter()
        .filter(|name| names.has_inner(&format!("config.{name}")));
    let is_mocha = names.has_inner("suites.tests")
        || names.has_inner("suites.uuid")
        || has_stats_of_mocha(names)
        || has_suite_of_mochawesome(names);
    names.has_inner("suites.specs")
        || names.has_inner("suites.suites") && !is_mocha
        || names.has_inner("suites.column")
        || known.count() > 1
        || names.has_inner("stats.unexpected") && names.has_inner("stats.flaky")
}

/// Whether it is a list of tests with the hooks around them.
fn is_allure_container(names: &Names) -> bool {
    const KNOWN: [&str; 10] = [
        "uuid",
        "name",
        "children",
        "description",
        "descriptionHtml",
        "befores",
        "afters",
        "links",
        "start",
        "stop",
    ];
    names.has("uuid")
        && names.have_any(&["children", "befores", "afters"])
        && names
            .outer
            .iter()
            .all(|name| KNOWN.contains(&name.as_str()))
}

/// Whether it is what an HTML report of Allure has of a test, which lacks half of the result.
pub(super) fn is_page_of_allure(names: &Names) -> bool {
    names.has("uid")
        && names.has_inner("time.duration")
        && (names.has_inner("time.start") || names.has_inner("time.stop"))
}

/// A result of Allure, or what failed outside of all tests. Some adapters write a long error, or the steps, before what a result
/// is known by.
fn is_allure(names: &Names) -> bool {
    if is_page_of_allure(names) {
        return false;
    }
    let is_global = || names.outer.len() == 2 && names.have(&["attachments", "errors"]);
    if is_global() {
        return true;
    }
    let is_timed = names.has_inner("steps.start") || names.has_inner("steps.stage");
    is_allure_container(names)
        || names.has("uuid") && names.have_any(&["status", "stage", "historyId", "fullName"])
        || names.have(&["historyId", "status"])
        || names.have(&["historyId", "labels"])
        || names.have(&["status", "statusDetails"])
        || names.has("status") && names.has_inner("labels.value") && names.has_inner("labels.name")
        || names.have(&["name", "status", "steps"]) && is_timed
        || names.have(&["name", "status"]) && names.has_inner("attachments.source")
}

fn has_stats_of_mocha(names: &Names) -> bool {
    ["stats.passes", "stats.testsRegistered"]
        .iter()
        .any(|name| names.has_inner(name))
}

/// Mochawesome 1 and 2 have one suite where Playwright has a list.
fn has_suite_of_mochawesome(names: &Names) -> bool {
    let is_suite =
        names.objects.iter().any(|name| name == "suites") && names.has_inner("suites.title");
    is_suite
        && ["suites", "tests", "uuid"]
            .iter()
            .any(|name| names.has_inner(&format!("suites.{name}")))
}

/// Mocha, whose lists have full titles; or Mochawesome, whose results are suites.
fn is_mocha(names: &Names) -> bool {
    let lists = ["tests", "passes", "failures", "pending"];
    let is_listed = |list: &str| {
        let has = |name: &str| names.has_inner(&format!("{list}.{name}"));
        has("fullTitle") || has("currentRetry") && has("err")
    };
    has_stats_of_mocha(names)
        || has_suite_of_mochawesome(names)
        || names.has("stats") && names.have_any(&lists)
        || lists.iter().any(|list| is_listed(list))
        || ["beforeHooks", "rootEmpty", "fullFile"]
            .iter()
            .any(|name| names.has_inner(&format!("results.{name}")))
        || names.have(&["stats", "suites", "copyrightYear"])
}

fn is_jest(names: &Names) -> bool {
    names.has_inner("testResults.assertionResults")
        || names.has("numTotalTestSuites") && names.has("numTotalTests")
        || names.has("testResults")
            && names.have_any(&["numFailedTests", "numTotalTests", "numPassedTests"])
        || names.have(&["numFailedTestSuites", "numFailedTests"])
}

/// A run without examples has a summary alone.
fn is_rspec(names: &Names) -> bool {
    let is_counted = |name: &str| names.has_inner(&format!("summary.{name}"));
    names.has_inner("examples.full_description")
        || names.has("examples") && (names.has("summary_line") || is_counted("example_count"))
        || is_counted("errors_outside_of_examples_count")
}

pub(super) fn names(text: &str) -> Names {
    let mut names = Names::default();
    let mut json = JsonReader::new(SliceText::new(text));
    let read = read_outer(&mut json, &mut names);
    names.is_cut = matches!(read, Err(JsonError::Truncated));
    names
}

type Json<'t> = JsonReader<SliceText<'t>>;

fn read_outer(json: &mut Json<'_>, names: &mut Names) -> Result<(), JsonError> {
    if json.peek()? == JsonKind::Array {
        names.is_array = true;
        json.begin()?;
        if !json.has_next()? {
            return Ok(());
        }
        // Some writers leave the places of what they have no result of.
        while json.peek()? == JsonKind::Null {
            json.skip()?;
            if !json.has_next()? {
                return Ok(());
            }
        }
    }
    if json.peek()? != JsonKind::Object {
        return Ok(());
    }
    json.begin()?;
    while json.has_next()? && names.inner.len() < NAMES_MAX {
        let outer = json.name()?;
        names.outer.push(outer.clone());
        match json.peek()? {
            JsonKind::Object => {
                names.objects.push(outer.clone());
                read_inner(json, &outer, names)?;
            }
            JsonKind::Array => {
                json.begin()?;
                if json.has_next()? && json.peek()? == JsonKind::Object {
                    read_inner(json, &outer, names)?;
                }
                while json.has_next()? {
                    json.skip()?;
                }
                json.end()?;
            }
            _ => json.skip()?,
        }
    }
    Ok(())
}

fn read_inner(json: &mut Json<'_>, outer: &str, names: &mut Names) -> Result<(), JsonError> {
    json.begin()?;
    while json.has_next()? {
        let inner = json.name()?;
        if names.inner.len() < NAMES_MAX {
            names.inner.push(format!("{outer}.{inner}"));
        }
        json.skip()?;
    }
    json.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_the_names_of_their_first_object() {
        for (text, expected) in [
            (
                r#"[{"uri":"a.feature","elements":[{"type":"#,
                Some(Format::Cucumber),
            ),
            (
                r#"{"meta":{"protocolVersion":"1"}}"#,
                Some(Format::CucumberMessages),
            ),
            (r#"{"gherkinDocument":{"#, Some(Format::CucumberMessages)),
            (
                r#"{"config":{"rootDir":"/w","projects":[{"#,
                Some(Format::Playwright),
            ),
            (
                r#"{"stats":{"suites":1,"tests":2},"tests":["#,
                Some(Format::Mocha),
            ),
            (
                r#"{"Time":"2026-11-28T05:00:00Z","Action":"run","Test":"TestPays"}"#,
                Some(Format::GoTest),
            ),
            (
                r#"{"created":1.5,"duration":2,"exitcode":0,"root":"/w"}"#,
                Some(Format::PytestJson),
            ),
            (
                r#"{"protocolVersion":"0.1.1","type":"start","time":0}"#,
                Some(Format::Dart),
            ),
            (
                r#"{"suite":{"id":0},"type":"suite","time":0}"#,
                Some(Format::Dart),
            ),
            (
                r#"{"uuid":"u","historyId":"h","status":"passed"}"#,
                Some(Format::Allure),
            ),
            (
                r#"{"pytest_version":"9.0","$report_type":"SessionStart"}"#,
                Some(Format::PytestJson),
            ),
            (r#"["start",{"total":2}]"#, Some(Format::Mocha)),
            (
                r#"{"results":{"tool":{"name":"jest"},"summary":{"#,
                Some(Format::Ctrf),
            ),
            (
                r#"{"reportFormat":"CTRF","specVersion":"0.0.0","results":{"#,
                Some(Format::Ctrf),
            ),
            (
                r#"[{"event":"test.startedProcess","params":{}}]"#,
                Some(Format::Dart),
            ),
            (r#"[{"name":"pays","status":"passed"}]"#, None),
            (r#"[{"name":"pays","status":"passed","keyword":"x"}]"#, None),
            (
                r#"{"name":"a","status":"failed","type":"unit","time":1.2,"suite":"X"}"#,
                None,
            ),
            (
                r#"[{"keyword":"Feature","location":"a.feature:1","name":"a","status":"skipped"}]"#,
                Some(Format::Cucumber),
            ),
            (r#"{"name":"pays","status":"passed"}"#, None),
            (
                "{\"uuid\":\"u\",\"name\":\"pays\",\"status\":\"passed\"}\n{\"uuid\":\"v\"",
                None,
            ),
            (
                "{\n\"uuid\":\"u\",\n\"name\":\"pays\",\n\"status\":\"passed\"\n}\n",
                Some(Format::Allure),
            ),
            ("[]", None),
            ("{", None),
        ] {
            assert_eq!(format(text), expected, "{text}");
        }
    }

    #[test]
    fn formats_are_recognised_in_the_shapes_of_all_writers() {
        for (text, expected) in [
            (
                r#"[{"description":"","elements":[{"description":"","id":"cart;adds","keyword":"Scenario","#,
                Some(Format::Cucumber),
            ),
            (
                r#"[{"line":1,"elements":[{"start_timestamp":"2026-11-28T05:00:00Z","before":[{"embeddings":[{"data":"iVBOR"#,
                Some(Format::Cucumber),
            ),
            (
                r#"[{"description":"","elements":[{"after":[{"embeddings":[{"data":"iVBOR"#,
                Some(Format::Cucumber),
            ),
            (
                r#"{"features": [{"elements": [{"keyword": "Scenario", "#,
                Some(Format::Cucumber),
            ),
            (
                r#"[{"elements": [{"keyword": "Scenario", "location": "a.feature:3", "#,
                Some(Format::Cucumber),
            ),
            (
                r#"{"config":{"configFile":"/w/c.ts","rootDir":"/w","forbidOnly":false,"metadata":{"gitDiff":"#,
                Some(Format::Playwright),
            ),
            (
                r#"{"suites":[{"title":"a.spec.ts","file":"a.spec.ts","specs":[{"#,
                Some(Format::Playwright),
            ),
            (
                r#"{"suites":[{"suites":[{"specs":[{"#,
                Some(Format::Playwright),
            ),
            (
                r#"{"failures":[],"passes":[{"currentRetry":0,"duration":1,"err":{},"file":"#,
                Some(Format::Mocha),
            ),
            (
                r#"{"results":[{"uuid":"u","title":"","fullFile":"","tests":[],"suites":[{"#,
                Some(Format::Mocha),
            ),
            (
                r#"{"stats":{"suites":1,"passes":0},"suites":{"title":"","suites":[{"tests":[{"code":"aaaa"#,
                Some(Format::Mocha),
            ),
            (
                r#"{"suites":{"title":"","suites":[{"tests":[{"code":"aaaa"#,
                Some(Format::Mocha),
            ),
            (
                r#"{"suites":[{"title":"a.spec.ts","suites":[{"title":"aaaa"#,
                Some(Format::Playwright),
            ),
            (
                r#"{"meta":{},"results":[{"afterHooks":[],"beforeHooks":[],"duration":1,"suites":[{"#,
                Some(Format::Mocha),
            ),
            (
                r#"{"numFailedTestSuites":0,"numFailedTests":0,"numPassedTests":1,"#,
                Some(Format::Jest),
            ),
            (
                r#"{"testResults":[{"assertionResults":[{"#,
                Some(Format::Jest),
            ),
            (
                r#"{"results":{"environment":{},"tests":[{"name":"adds","#,
                Some(Format::Ctrf),
            ),
            (
                r#"{"name": "test_adds", "status": "failed", "statusDetails": {"message": "x", "trace": "#,
                Some(Format::Allure),
            ),
            (
                r#"{"name": "test_adds", "status": "passed", "steps": [{"name": "a", "status": "passed", "start": 1}"#,
                Some(Format::Allure),
            ),
            (
                r#"{"fullName":"a#b","labels":[{"name":"suite","value":"a"}],"name":"b","status":"passed","#,
                Some(Format::Allure),
            ),
            (
                r#"{"uuid":"u","children":["a"],"befores":[{"name":"open"}]}"#,
                Some(Format::Allure),
            ),
            (
                r#"{"uuid":"u","children":["a"],"start":1}"#,
                Some(Format::Allure),
            ),
            (
                r#"{"uuid":"u","children":["a"],"befores":[],"nodes":[]}"#,
                None,
            ),
        ] {
            assert_eq!(format(text), expected, "{text}");
        }
    }

    #[test]
    fn a_report_of_rspec_has_examples_or_counts_them() {
        for (text, expected) in [
            (
                r#"{"version":"3.13.0","examples":[{"id":"./a_spec.rb[1:1]","description":"pays","full_description":"Cart pays","sta"#,
                Some(Format::Rspec),
            ),
            (
                r#"{"version":"3.13.0","messages":["x"],"examples":[],"summary":{"duration":0,"example_count":0,"#,
                Some(Format::Rspec),
            ),
            (r#"{"examples":[],"summary":"of a document"}"#, None),
        ] {
            assert_eq!(format(text), expected, "{text}");
        }
    }

    #[test]
    fn a_document_is_undecided_while_a_long_text_hides_what_it_is() {
        for (text, expected) in [
            (r#"{"note":"aaaa"#, true),
            (r#"[{"note":["aaaa","#, true),
            (r#"{"stats":{"passes":1},"note":"aaaa"#, false),
            (r#"["start",{"total":"#, false),
            (r#"[{"name":"adds","status":"passed"},{"name":"#, false),
            ("{\"name\":\"adds\"}\n{\"name\":", false),
            (r#"{"name"}"#, false),
        ] {
            assert_eq!(is_undecided(text), expected, "{text}");
        }
    }
}
