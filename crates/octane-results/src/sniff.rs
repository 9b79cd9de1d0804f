//! Detects the format of an input.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use crate::read::field::ResultField;
use crate::read::status_aliases::StatusAliases;

/// A supported format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `JUnit` XML in all of its dialects.
    Junit,
    /// A table with a header line and columns separated by commas, semicolons or tabs.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Junit, Self::Csv];

    /// The extensions of the files that are read from a folder, in lower case.
    pub const EXTENSIONS: [&'static str; 3] = ["xml", "csv", "tsv"];

    /// The name, for example `junit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Csv => "csv",
        }
    }

    /// The usual format of files with this extension; case-insensitive.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xml" => Some(Self::Junit),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not the name of a [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unsupported format `{word}`; supported: junit, csv")]
#[non_exhaustive]
pub struct UnknownFormat {
    /// The word.
    pub word: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownFormat {
                word: word.to_owned(),
            })
    }
}

/// Detects the format from the first bytes and the extension; on failure describes the bytes.
///
/// The bytes take precedence, since a wrong extension is more common than a table that starts with `<`.
pub(crate) fn sniff(head: &[u8], extension: Option<&str>) -> Result<Format, &'static str> {
    if let Some(kind) = foreign_bytes(head) {
        return Err(kind);
    }
    let by_extension = extension.and_then(Format::from_extension);
    match first_byte(head) {
        Some(b'<') if is_web_page(head) => Err("a web page"),
        Some(b'<') => Ok(Format::Junit),
        Some(b'{' | b'[') if by_extension != Some(Format::Csv) => Err("JSON"),
        _ => Ok(by_extension.unwrap_or(Format::Csv)),
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

/// Describes `head` if it is certainly in an unsupported format.
fn foreign_bytes(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1F\x8B", "gzip-compressed data"),
        (b"PAR1", "a Parquet file"),
        (b"ARROW1", "an Arrow file"),
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

/// Whether files with this extension are taken from a folder. That includes results in a format that is not supported
/// yet: they are refused, not overlooked.
pub(crate) fn is_results_extension(extension: &str) -> bool {
    Format::from_extension(extension).is_some() || extension.eq_ignore_ascii_case("trx")
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
    root == "html" || (foreign_root(root).is_none() && !is_about_tests())
}

/// Whether an input that is neither a report nor a table of results is plainly of another kind, by its first bytes: a
/// coverage table, a configuration, a log, an image. Whatever may be results, or what is left of them, is not.
pub(crate) fn is_other_kind(head: &[u8], name: &str, aliases: &StatusAliases) -> bool {
    let path = Path::new(name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_hidden = || {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with('.')
    };
    let is_results_file = extension.map_or_else(|| !is_hidden(), is_results_extension);
    match foreign_bytes(head) {
        Some("a Parquet file" | "an Arrow file" | "an old Office document") => return false,
        Some(_) => return true,
        None => {}
    }
    let text: Vec<u8> = head.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&text);
    match first_byte(head) {
        None => return !is_results_file,
        Some(b'<') => return is_web_page(head),
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
    let is_table_of_results = extension.and_then(Format::from_extension) == Some(Format::Csv)
        && lines.clone().next().is_some_and(is_about_tests);
    !is_table_of_results && !lines.clone().any(has_status)
}

/// Describes the document with the root element `root`, if it is a known unsupported one.
pub(crate) fn foreign_root(root: &str) -> Option<&'static str> {
    match root {
        "test-results" | "test-run" => Some("NUnit reports are not supported yet"),
        "TestRun" => Some("TRX reports are not supported yet"),
        "assemblies" | "assembly" => Some("xUnit.net reports are not supported yet"),
        "robot" => Some("Robot Framework reports are not supported yet"),
        "testng-results" => Some("use the JUnit reports that TestNG writes as well"),
        "TestLog" | "TestResult" => Some("Boost.Test reports are not supported yet"),
        "Catch" | "Catch2TestRun" => Some("use Catch2's JUnit reports"),
        "doctest" => Some("use doctest's JUnit reports"),
        "Site" => Some("CTest reports are not supported yet"),
        "Results" => Some("UFT reports are not supported yet"),
        "test-suite" => Some("Allure reports are not supported yet"),
        "events" | "execution" => Some("Open Test Reporting is not supported yet"),
        "test_result" => Some("this is a payload for Octane, not a report"),
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
    }

    #[test]
    fn unsupported_formats_are_described() {
        assert_eq!(sniff(b"PK\x03\x04..", Some("csv")), Err("a ZIP archive"));
        assert_eq!(sniff(b"{\"name\": 1}", None), Err("JSON"));
        assert_eq!(
            foreign_root("TestRun"),
            Some("TRX reports are not supported yet")
        );
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
            is_other_kind(text.as_bytes(), &name, &StatusAliases::default())
        };
        assert!(is_other_kind(b"", "r/.gitkeep", &StatusAliases::default()));
        let others = [
            ("sku,price\n1,2\n", Some("csv")),
            ("id,name,email\n1,Jane,j@x\n", Some("csv")),
            ("12:00 INFO test passed\nOK\n", Some("log")),
            ("{\"scripts\": {\"test\": \"jest\"}}", Some("json")),
            ("\u{89}PNG\r\n", Some("png")),
            ("%PDF-1.7", Some("pdf")),
            ("<!DOCTYPE html><br>", Some("html")),
            ("", Some("log")),
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
            ("PAR1", Some("parquet")),
        ];
        for (text, extension) in results {
            assert!(!is_other(text, extension), "{text}");
        }
    }

    #[test]
    fn formats_print_as_they_parse() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        assert!("nunit".parse::<Format>().is_err());
    }
}
