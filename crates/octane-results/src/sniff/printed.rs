//! What was printed before a report in JSON, or instead of one.

use super::{foreign_json, json, lines};
use crate::read::status_aliases::StatusAliases;

/// How many lines may be the beginning of a report.
const CANDIDATES_MAX: usize = 10;

/// The line of a text in which a report in JSON begins.
pub(super) fn line_of_json(text: &str) -> Option<u64> {
    let begins_json = |line: &str| {
        let rest = line.strip_prefix(['{', '[']).map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['{', '[', '"']))
    };
    let is_report = |report: &str| {
        json::format(report).is_some()
            || foreign_json::kind(report).is_some()
            || foreign_json::has_results(report, &StatusAliases::default())
    };
    let mut from = 0;
    let lines = (1..).zip(text.split_inclusive('\n')).map(|(number, line)| {
        from += line.len();
        (number, line, from - line.len())
    });
    let candidates = lines.filter(|(_, line, _)| begins_json(line));
    let mut candidates = candidates.take(CANDIDATES_MAX);
    let found = candidates.find(|(_, _, from)| is_report(&text[*from..]));
    let (number, ..) = found.filter(|_| !lines::is_table(text))?;
    Some(number)
}

/// Whether `text` is what a reporter printed that failed before it wrote its report. A comment may be part of a configuration, a single value is
/// JSON too, and code or the pointer of Git LFS is something else.
pub(super) fn is_instead_of_json(text: &str) -> bool {
    const OTHERS: [&str; 11] = [
        "/",
        "#",
        ")]}'",
        "for (;;)",
        "for(;;)",
        "while(1)",
        "version https://git-lfs",
        "export ",
        "import ",
        "const ",
        "'use strict'",
    ];
    !OTHERS.iter().any(|other| text.starts_with(other))
        && !is_code(text)
        && serde_json::from_str::<serde_json::Value>(text).is_err()
}

/// Whether `text` begins as a script around JSON does: `module.exports = {`, `var x = [` or `callback({`.
fn is_code(text: &str) -> bool {
    let text = ["var ", "let "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '$' | '.');
    let rest = text.trim_start_matches(is_part);
    let inner = (rest.strip_prefix('(')).or_else(|| rest.trim_start().strip_prefix('='));
    rest.len() < text.len() && inner.is_some_and(|inner| inner.trim_start().starts_with(['{', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_found_below_what_was_printed() {
        let report = "{\"numTotalTestSuites\":1,\n\"numTotalTests\":1}\n";
        for (text, expected) in [
            (
                format!("> jest --json\n\n[INFO] x\n[1] y\n{report}"),
                Some(5),
            ),
            (
                "printed\n{\"level\":\"info\"}\n{\"title\":\"a\",\"status\":\"failed\"}\n"
                    .to_owned(),
                Some(2),
            ),
            (
                "printed\n[\n{\"title\":\"a\",\"status\":\"failed\"}]\n".to_owned(),
                Some(2),
            ),
            (format!("name,status\n{report}"), None),
            ("printed\n{\"level\":\"info\"}\n".to_owned(), None),
            (format!("{}{report}", "{\n".repeat(CANDIDATES_MAX)), None),
        ] {
            assert_eq!(line_of_json(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_comment_or_a_value_is_not_printed() {
        for text in [
            "npm ERR! code 1",
            "Segmentation fault",
            "nul",
            "Traceback (most recent call last):\n",
            "'jest' is not recognized",
            "export: not found",
            "Error: x = {",
        ] {
            assert!(is_instead_of_json(text), "{text}");
        }
        for text in [
            "// a",
            "# a",
            "null",
            "\"a\"",
            "-1",
            "version https://git-lfs.github.com/spec/v1\noid sha256:aa\n",
            ")]}'\n{\"a\":1}",
            "module.exports = {}\n",
            "export default {}",
            "var x = [1]",
            "callback({\"a\":1})",
        ] {
            assert!(!is_instead_of_json(text), "{text}");
        }
    }
}
