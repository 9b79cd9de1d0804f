//! Detects the format of an input.

mod foreign_json;
mod json;
mod lines;
mod printed;

pub(crate) use json::is_mocha_event;

use std::path::Path;

use crate::format::Format;
use crate::read::encoding::{TextEncoding, in_utf_8};
use crate::read::field::ResultField;
use crate::read::status_aliases::StatusAliases;

/// Detects the format from the first bytes and the extension; on failure describes the bytes.
///
/// The bytes take precedence, since a wrong extension is more common than a table that starts with `<`.
pub(crate) fn sniff(head: &[u8], extension: Option<&str>) -> Result<Format, &'static str> {
    if let Some(kind) = foreign_bytes(head) {
        return Err(kind);
    }
    if let Some(format) = columnar_format(head) {
        return Ok(format);
    }
    let head = &*in_utf_8(head, None);
    let by_extension = extension.and_then(Format::from_extension);
    let text = text(head);
    let text = start(&text);
    match first_byte(head) {
        Some(b'<') if is_web_page(head) => Err("a web page"),
        Some(b'<') => Ok(xml_format(text)),
        Some(b'{' | b'[') if by_extension != Some(Format::Csv) || json::has_names(text) => {
            let format = json::format(text);
            if format.is_none()
                && let Some(kind) = foreign_json::kind(text)
            {
                return Err(kind);
            }
            Ok(format.unwrap_or(match by_extension {
                Some(Format::Json) if json::has_objects_in_lines(text) => Format::Ndjson,
                Some(format @ (Format::Json | Format::Ndjson)) => format,
                _ if text.starts_with('[') => Format::Json,
                _ => Format::Ndjson,
            }))
        }
        _ if by_extension == Some(Format::Csv) => Ok(Format::Csv),
        _ => Ok(lines::format(text).or(by_extension).unwrap_or(Format::Csv)),
    }
}

/// Whether these first bytes do not say what the format is, and further ones may: there is a long comment before the root
/// element, a long text in the first object, or what a build printed before its tests.
pub(crate) fn is_undecided(head: &[u8], extension: Option<&str>) -> bool {
    if foreign_bytes(head).is_some() || columnar_format(head).is_some() {
        return false;
    }
    let head = &*in_utf_8(head, None);
    let text = text(head);
    let by_extension = extension.and_then(Format::from_extension);
    match first_byte(head) {
        Some(b'<') => !is_web_page(head) && root(&text).is_none(),
        Some(_) if by_extension == Some(Format::Csv) => !lines::has_header(&text),
        Some(b'{' | b'[') => json::is_undecided(start(&text)),
        Some(_) if by_extension == Some(Format::Tap) => false,
        Some(_) => lines::is_undecided(start(&text)),
        None => false,
    }
}

/// The bytes as text.
fn text(head: &[u8]) -> String {
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&text).into_owned()
}

/// A text without a byte order mark and space at its beginning.
fn start(text: &str) -> &str {
    text.trim_start_matches(|char: char| !char.is_ascii() || char.is_whitespace())
}

/// Whether an input is a document in XML.
pub(crate) fn is_xml(head: &[u8]) -> bool {
    first_byte(head) == Some(b'<')
}

/// The format of a document in XML, by its root element.
fn xml_format(text: &str) -> Format {
    // The reader of JUnit says what is wrong with any other one.
    match root(text).and_then(format_of_root) {
        None if is_fragment_of_testng(text) => Format::Testng,
        Some(Format::Allure) if is_fragment_of_nunit(text) => Format::Nunit,
        format => format.unwrap_or(Format::Junit),
    }
}

fn format_of_root(root: &str) -> Option<Format> {
    match root {
        "testsuites" | "testsuite" | "testrun" => Some(Format::Junit),
        "test-results" | "test-run" => Some(Format::Nunit),
        "assemblies" | "assembly" => Some(Format::Xunit),
        "TestRun" => Some(Format::Trx),
        "testng-results" => Some(Format::Testng),
        "robot" => Some(Format::Robot),
        "test_result" => Some(Format::Octane),
        "test-suite" => Some(Format::Allure),
        "Catch" | "Catch2TestRun" => Some(Format::Catch2),
        _ => None,
    }
}

/// Whether a document is the part of a report of `TestNG` that has one suite, or one test.
fn is_fragment_of_testng(text: &str) -> bool {
    matches!(root(text), Some("suite" | "test"))
        && ["started-at", "duration-ms"]
            .iter()
            .all(|name| root_has(text, name))
}

/// Whether a document with the root `test-suite` is a suite of `NUnit`; those of Allure have no result.
fn is_fragment_of_nunit(text: &str) -> bool {
    root_has(text, "type") && root_has(text, "result")
}

/// Whether the root element has an attribute.
fn root_has(text: &str, attribute: &str) -> bool {
    let tag = root_tag(text).and_then(|tag| tag.split('>').next());
    tag.is_some_and(|tag| tag.contains(&format!(" {attribute}=")))
}

/// The name of the root element without its prefix, if it starts in `text`.
fn root(text: &str) -> Option<&str> {
    let tag = root_tag(text)?;
    let end = tag.find(|char: char| char.is_whitespace() || matches!(char, '>' | '/'))?;
    let name = &tag[..end];
    Some(name.rsplit_once(':').map_or(name, |(_, name)| name))
}

/// The text from the name of the root element on.
fn root_tag(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')?..];
        rest = if let Some(comment) = rest.strip_prefix("<!--") {
            &comment[comment.find("-->")?..]
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            &rest[rest.find('>')?..]
        } else {
            return Some(&rest[1..]);
        }
    }
}

/// The first byte that is neither part of a byte order mark nor whitespace; also works for UTF-16.
fn first_byte(head: &[u8]) -> Option<u8> {
    let rest = [&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF"]
        .into_iter()
        .find_map(|mark| head.strip_prefix(mark))
        .unwrap_or(head);
    (rest.iter().copied()).find(|byte| *byte != 0 && !byte.is_ascii_whitespace())
}

/// The format of tables that are no text.
fn columnar_format(head: &[u8]) -> Option<Format> {
    // A stream begins with a message: a mark, the length of its metadata, which is padded to 8 bytes, and the metadata.
    let is_stream = || {
        let length = head.strip_prefix(b"\xFF\xFF\xFF\xFF")?.first_chunk()?;
        let length = i32::from_le_bytes(*length);
        Some(length > 0 && length % 8 == 0)
    };
    if head.starts_with(b"PAR1") {
        Some(Format::Parquet)
    } else if head.starts_with(b"ARROW1") || is_stream() == Some(true) {
        Some(Format::Arrow)
    } else {
        None
    }
}

/// Describes `head` if it is certainly in an unsupported format.
fn foreign_bytes(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PARE", "an encrypted Parquet file"),
        (b"FEA1", "a Feather file of version 1"),
        (b"%PDF", "a PDF document"),
        (b"\xD0\xCF\x11\xE0", "an old Office document"),
    ];
    (known.into_iter())
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, kind)| kind)
}

fn is_web_page(head: &[u8]) -> bool {
    const START: &[u8] = b"<!doctype html";
    let start = head.trim_ascii_start();
    start.len() >= START.len() && start[..START.len()].eq_ignore_ascii_case(START)
}

/// The extension of a file name, without that of compression.
pub(crate) fn extension(name: &str) -> Option<&str> {
    let name = match name.rsplit_once('.') {
        Some((name, last)) if last.eq_ignore_ascii_case("gz") => name,
        _ => name,
    };
    Path::new(name).extension()?.to_str()
}

/// Whether the files with this name are taken from a folder. What Allure keeps with its results is not, nor are hidden files
/// in JSON, such as the notes that Playwright keeps of its last run.
pub(crate) fn is_results_name(name: &str) -> bool {
    const UUID_DIGITS: usize = 32;
    let is_attachment = |name: &str| {
        name.split_once("-attachment.").is_some_and(|(id, _)| {
            let is_uuid = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
            id.len() >= UUID_DIGITS && id.bytes().all(is_uuid)
        })
    };
    let is_beside = || {
        let stem = Path::new(name).file_name().and_then(|name| name.to_str());
        stem.is_some_and(|name| {
            is_attachment(name)
                || name.starts_with('.') && extension(name) == Some("json")
                || name.ends_with("-trend.json")
                || ["categories.json", "executor.json", "history.json"].contains(&name)
        })
    };
    extension(name).is_some_and(|extension| Format::from_extension(extension).is_some())
        && !is_beside()
}

/// Whether a document with this root element is plainly no report of tests: neither in a known format nor in one that,
/// by its name, may be about tests.
pub(crate) fn is_other_root(root: &str) -> bool {
    let is_about_tests = || {
        let root = root.to_lowercase();
        ["test", "junit", "nunit", "xunit"]
            .iter()
            .any(|word| root.contains(word))
    };
    let is_known =
        || format_of_root(root).is_some() || foreign_root(root, std::iter::empty()).is_some();
    root == "html" || !(is_known() || is_about_tests())
}

/// Whether a document in JSON, by its first bytes, has results of tests although it is in no supported format.
pub(crate) fn has_json_results(head: &[u8], aliases: &StatusAliases) -> bool {
    let text = text(head);
    let text = start(&text);
    foreign_json::kind(text).is_some() || foreign_json::has_results(text, aliases)
}

/// Whether this word for a status is also said of things other than tests.
pub(crate) fn is_vague(word: &str, aliases: &StatusAliases) -> bool {
    foreign_json::is_vague(word, aliases)
}

/// Whether an input is, by its first bytes, a report or a table of results, whatever it is called.
pub(crate) fn is_report(head: &[u8]) -> bool {
    let head = &*in_utf_8(head, None);
    let text = text(head);
    match first_byte(head) {
        _ if columnar_format(head).is_some() => true,
        Some(b'<') => root(&text).and_then(format_of_root).is_some(),
        Some(b'{' | b'[') => {
            json::format(start(&text)).is_some()
                || has_json_results(head, &StatusAliases::default())
        }
        _ => lines::begins_report(start(&text)),
    }
}

/// The line in which a report in JSON begins, if something was printed before it.
pub(crate) fn line_of_json(head: &[u8], extension: Option<&str>) -> Option<u64> {
    let is_table = extension.and_then(Format::from_extension) == Some(Format::Csv);
    let begins_otherwise = matches!(first_byte(head), None | Some(b'{' | b'[' | b'<'));
    (!is_table && !begins_otherwise).then(|| printed::line_of_json(&text(head)))?
}

/// Whether an input that is neither a report nor a table of results is plainly of another kind, by its first bytes: a
/// coverage table, a configuration, a log, an image. Whatever may be results, or what is left of them, is not.
pub(crate) fn is_other_kind(
    head: &[u8],
    name: &str,
    aliases: &StatusAliases,
    encoding: Option<TextEncoding>,
) -> bool {
    let extension = extension(name);
    let is_hidden = || {
        let name = Path::new(name).file_name().unwrap_or_default();
        name.to_string_lossy().starts_with('.')
    };
    let is_results_file = extension.map_or_else(|| !is_hidden(), |_| is_results_name(name));
    match foreign_bytes(head) {
        Some(
            "an encrypted Parquet file" | "a Feather file of version 1" | "an old Office document",
        ) => {
            return false;
        }
        Some(_) => return true,
        None => {}
    }
    if columnar_format(head).is_some() {
        return false;
    }
    let head = &*in_utf_8(head, encoding);
    let text = text(head);
    let format = extension.and_then(Format::from_extension);
    let is_for_json = matches!(format, Some(Format::Json | Format::Ndjson));
    match first_byte(head) {
        None => return !is_results_file,
        Some(b'<') => return is_web_page(head),
        Some(b'{' | b'[') if has_json_results(head, aliases) => return false,
        Some(b'{' | b'[') => {
            let words = [
                "\"status\"",
                "\"passed\"",
                "\"failed\"",
                "\"failures\"",
                "testresults",
                "\"outcome\"",
            ];
            let text = text.to_lowercase();
            return !words.iter().any(|word| text.contains(word));
        }
        Some(_) if is_for_json && printed::is_instead_of_json(start(&text)) => return false,
        Some(_) => {}
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let has_status = |line: &str| {
        let cells = line
            .split([',', ';', '\t', '|'])
            .map(|cell| cell.trim_matches(['"', ' ']));
        let is_status = |cell: &str| {
            aliases.status(cell).is_some()
                || ResultField::from_header(cell) == Some(ResultField::Status)
        };
        cells.clone().count() > 1 && cells.clone().any(is_status)
    };
    let is_about_tests = |line: &str| {
        let line = line.to_lowercase();
        [
            "test", "result", "status", "outcome", "verdict", "passed", "failed",
        ]
        .iter()
        .any(|word| line.contains(word))
    };
    let is_table_of_results =
        format == Some(Format::Csv) && lines.clone().next().is_some_and(is_about_tests);
    !is_table_of_results && !lines.clone().any(has_status)
}

/// Describes the document with the root element `root` and these attributes of it, if it is a known unsupported one.
pub(crate) fn foreign_root<'x>(
    root: &str,
    mut attributes: impl Iterator<Item = (&'x str, &'x str)>,
) -> Option<&'static str> {
    let mut has = |name: &str, start: &str| {
        attributes.any(|(known, value)| known == name && value.starts_with(start))
    };
    match root {
        "TestResult" if has("xmlns", "http://checklists.nist.gov/xccdf") => {
            Some("results of OpenSCAP (XCCDF) are not supported")
        }
        "TestLog" | "TestResult" => Some("Boost.Test reports are not supported yet"),
        "doctest" => Some("use doctest's JUnit reports"),
        "TestCase" => Some("use QtTest's JUnit reports (`-o FILE,junitxml`)"),
        "CUNIT_TEST_RUN_REPORT" => Some("use CUnit's JUnit reports"),
        "unittest-results" => Some("UnitTest++ reports are not supported yet"),
        "Site" => Some("CTest reports are not supported yet"),
        "Results" => Some("UFT reports are not supported yet"),
        "events" | "execution" => Some("Open Test Reporting is not supported yet"),
        "testExecutions" => {
            Some("test data for SonarQube is not supported; use the JUnit reporter")
        }
        // A hook that passed after a step that failed, or was undefined, makes it passed there.
        "features" if has("version", "1") => Some(
            "files of Octane's Gherkin formatter may show failed steps as passed; use those of Cucumber's \
             formatter `message` or `json`",
        ),
        "suite" if has("id", "s1") => {
            Some("use the whole output of Robot Framework: `rebot --output output.xml FILE`")
        }
        "result" if has("plugin", "junit@") => {
            Some("this is how Jenkins stores results; use the JUnit reports that it has read")
        }
        "html" => Some("this is a web page, not a report"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_take_precedence_over_the_extension() {
        for head in ["<testsuites/>", "\u{FEFF}<?xml", " \n<a>"] {
            assert_eq!(sniff(head.as_bytes(), Some("csv")), Ok(Format::Junit));
            assert_eq!(sniff(head.as_bytes(), None), Ok(Format::Junit));
        }
        assert_eq!(sniff(b"\xFF\xFE<\0?\0", None), Ok(Format::Junit));
        assert_eq!(sniff(b"name,status\n", Some("txt")), Ok(Format::Csv));
        assert_eq!(sniff(b"", Some("XML")), Ok(Format::Junit));
        assert_eq!(sniff(b"[a],status", Some("csv")), Ok(Format::Csv));
        assert_eq!(sniff(b"{a},status", Some("csv")), Ok(Format::Csv));
        assert_eq!(sniff(b"[{\"name\":\"a\"", Some("csv")), Ok(Format::Json));
        assert_eq!(
            sniff(b"{\"name\":\"a\"}\n", Some("csv")),
            Ok(Format::Ndjson)
        );
    }

    #[test]
    fn unsupported_formats_are_described() {
        assert_eq!(sniff(b"PK\x03\x04..", Some("csv")), Err("a ZIP archive"));
        assert_eq!(sniff(b"<!doctype html><p>", None), Err("a web page"));
        let robot = |name: &str| {
            format!("{{\"generator\": \"{name} 7.1 (Python 3)\", \"rpa\": false, \"suite\": {{")
        };
        for name in ["Robot", "Rebot"] {
            let robot = robot(name);
            let found = sniff(robot.as_bytes(), Some("json"));
            assert!(found.is_err_and(|kind| kind.contains("robot --output output.xml")));
            assert!(!is_other_kind(
                robot.as_bytes(),
                "output.json",
                &StatusAliases::default(),
                None
            ));
        }
        let other = robot("Gen");
        assert_eq!(sniff(other.as_bytes(), Some("json")), Ok(Format::Json));
        assert!(is_other_kind(
            other.as_bytes(),
            "output.json",
            &StatusAliases::default(),
            None
        ));
        for (root, attribute, expected) in [
            ("TestLog", ("a", "b"), "Boost.Test"),
            ("TestCase", ("a", "b"), "QtTest"),
            ("CUNIT_TEST_RUN_REPORT", ("a", "b"), "CUnit"),
            ("TestResult", ("result", "passed"), "Boost.Test"),
            (
                "TestResult",
                ("xmlns", "http://checklists.nist.gov/xccdf/1.2"),
                "XCCDF",
            ),
            ("testExecutions", ("version", "1"), "JUnit"),
            ("features", ("version", "1"), "`message` or `json`"),
            ("suite", ("id", "s1"), "rebot"),
            ("result", ("plugin", "junit@1.5"), "Jenkins"),
        ] {
            let hint = foreign_root(root, [attribute].into_iter()).unwrap_or_default();
            assert!(hint.contains(expected), "{root}: {hint}");
        }
        for root in ["features", "suite", "result"] {
            assert_eq!(foreign_root(root, [("id", "x")].into_iter()), None);
        }
    }

    #[test]
    fn formats_are_recognised_by_their_content() {
        for (head, expected) in [
            (
                "<?xml version='1.0'?><!-- <robot> --><test-run id='2'>",
                Format::Nunit,
            ),
            ("<test-results name='x'>", Format::Nunit),
            ("\u{FEFF}<assemblies>", Format::Xunit),
            ("<!DOCTYPE x>\n<TestRun id='1'>", Format::Trx),
            ("<testng-results>", Format::Testng),
            (
                "<suite started-at='x' name='s' duration-ms='1'><test",
                Format::Testng,
            ),
            (
                "<?xml version='1.0'?><test name='t' duration-ms='1' started-at='x'>",
                Format::Testng,
            ),
            (
                "<suite name='s'><a started-at='x' duration-ms='1'/>",
                Format::Junit,
            ),
            ("<robot generator='Robot 7'>", Format::Robot),
            ("<test_result>", Format::Octane),
            ("<t:testsuite xmlns:t='x'>", Format::Junit),
            ("<testrun name='x'>", Format::Junit),
            ("<ns2:test-suite xmlns:ns2='x'>", Format::Allure),
            ("<test-suite start='1' stop='2'>", Format::Allure),
            (
                "<test-suite type='Assembly' name='a.dll' result='Passed'>",
                Format::Nunit,
            ),
            ("<Catch name='x'>", Format::Catch2),
            ("<Catch2TestRun name='x'>", Format::Catch2),
            (
                r#"{"tests":1,"testsuites":[{"name":"S","testsuite":[{"name":"A"}]}]}"#,
                Format::Googletest,
            ),
            ("<unknown/>", Format::Junit),
            ("TAP version 14\n1..2", Format::Tap),
            ("# building\nok 1 - adds\n", Format::Tap),
            ("not ok\n", Format::Tap),
            (
                "go: downloading x\n{\"Time\":\"2026\",\"Action\":\"run\"}",
                Format::GoTest,
            ),
            ("[{\"name\":\"adds\",\"status\":\"ok\"}]", Format::Json),
            ("{\"name\":\"adds\",\"status\":\"ok\"}\n", Format::Ndjson),
            ("name,status\nok,passed\n", Format::Csv),
            ("okay,status\n", Format::Csv),
        ] {
            assert_eq!(sniff(head.as_bytes(), None), Ok(expected), "{head}");
        }
        assert_eq!(sniff(b"{\"tests\": [", Some("json")), Ok(Format::Json));
        for (head, expected) in [
            (&b"PAR1\x15"[..], Format::Parquet),
            (b"ARROW1\0\0", Format::Arrow),
            (b"\xFF\xFF\xFF\xFF\x78\0\0\0", Format::Arrow),
            (b"\xFF\xFF\xFF\xFF\x79\0\0\0", Format::Csv),
        ] {
            assert_eq!(sniff(head, None), Ok(expected), "{head:?}");
        }
        assert_eq!(sniff(b"", Some("feather")), Ok(Format::Arrow));
        assert_eq!(extension("a/b.xml.GZ"), Some("xml"));
        assert!(!is_results_name("r/.last-run.json"));
        assert!(is_results_name("r/mail-attachment.csv"));
        assert!(!is_results_name(
            "r/0b5d4e0c-8e0c-4c0e-9a43-2f1a5c2f7b11-attachment.csv"
        ));
        assert!(is_results_name("TEST-a.xml.gz") && !is_results_name("r/history-trend.json"));
    }

    #[test]
    fn another_kind_of_file_is_recognised_and_what_may_be_results_is_not() {
        for root in [
            "coverage",
            "report",
            "checkstyle",
            "project",
            "suite",
            "html",
            "phpunit",
        ] {
            assert!(is_other_root(root), "{root}");
        }
        for root in [
            "TestRun",
            "test-run",
            "Results",
            "assemblies",
            "testcase",
            "MyTests",
            "robot",
            "test_result",
        ] {
            assert!(!is_other_root(root), "{root}");
        }
        let is_other = |text: &str, extension: Option<&str>| {
            let name = extension.map_or("r/x".to_owned(), |extension| format!("r/x.{extension}"));
            is_other_kind(text.as_bytes(), &name, &StatusAliases::default(), None)
        };
        assert!(is_other_kind(
            b"",
            "r/.gitkeep",
            &StatusAliases::default(),
            None
        ));
        let others = [
            ("sku,price\n1,2\n", Some("csv")),
            ("id,name,email\n1,Jane,j@x\n", Some("csv")),
            ("12:00 INFO test passed\nOK\n", Some("log")),
            ("{\"scripts\": {\"test\": \"jest\"}}", Some("json")),
            ("\u{89}PNG\r\n", Some("png")),
            ("%PDF-1.7", Some("pdf")),
            ("<!DOCTYPE html><br>", Some("html")),
            ("", Some("log")),
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n",
                Some("json"),
            ),
            ("// for editors\n{\"a\": 1}", Some("json")),
            ("\"text\"", Some("json")),
        ];
        for (text, extension) in others {
            assert!(is_other(text, extension), "{text}");
        }
        let results = [
            ("", Some("csv")),
            ("", Some("xml")),
            ("", None),
            ("adds,passed\npays,failed\n", Some("csv")),
            ("Testfall;Ergebnis\n", Some("csv")),
            ("timeStamp,elapsed,label,success\n", Some("csv")),
            (
                "Exported on,2026\n\nID,Title,Verdict\nT-1,x,PASSED\n",
                Some("csv"),
            ),
            ("adds,passed\n", Some("txt")),
            ("{\"numFailedTests\": 1, \"testResults\": []}", Some("json")),
            ("<testsuite", Some("xml")),
            ("npm ERR! code 1\n", Some("json")),
            ("PAR1", Some("parquet")),
        ];
        for (text, extension) in results {
            assert!(!is_other(text, extension), "{text}");
        }
    }
}
