//! Recognises formats that consist of lines.

use crate::colors::without_colors;
use crate::format::Format;
use crate::read::field::ResultField;

/// In how many lines a word such as `ok` is looked for, which may begin a line of anything.
const LINES_MAX: usize = 50;

/// The format of lines that are neither XML nor JSON, by the first of them that is certain. A build may print before the tests do.
pub(super) fn format(text: &str) -> Option<Format> {
    let lines_max = if is_table(text) {
        LINES_MAX
    } else {
        usize::MAX
    };
    let mut lines = text.lines().take(lines_max).enumerate();
    lines.find_map(|(at, line)| {
        let line = without_colors(line);
        let line = line.trim();
        let is_event = |keys: &[&str]| keys.iter().any(|key| line.starts_with(key));
        if is_event(&["{\"Time\":", "{\"Action\":", "{\"ImportPath\":"]) {
            Some(Format::GoTest)
        } else if is_event(&["{\"protocolVersion\":", "[{\"event\":\"test."]) {
            Some(Format::Dart)
        } else {
            is_tap(line, at < LINES_MAX).then_some(Format::Tap)
        }
    })
}

/// Whether `text` says nothing of the format, but what follows may, such as the rest of a header.
pub(super) fn is_undecided(text: &str) -> bool {
    if is_table(text) {
        !has_header(text)
    } else {
        format(text).is_none()
    }
}

/// Whether the header of a table is in `text`: as its first line, or in one of as many lines as may be before it.
pub(super) fn has_header(text: &str) -> bool {
    let lines_min = if is_table(text) { 1 } else { LINES_MAX };
    let mut ends = text.trim_start().matches('\n');
    ends.nth(lines_min - 1).is_some()
}

/// Whether a line is TAP; one without a number only where `is_early`.
fn is_tap(line: &str, is_early: bool) -> bool {
    let ends_word = |rest: &str| {
        rest.is_empty() || rest.starts_with(|char: char| char.is_whitespace() || char == '-')
    };
    let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let is_plan = || {
        let count = line.strip_prefix("1..").unwrap_or_default();
        let digits = number(count);
        digits > 0 && ends_word(&count[digits..])
    };
    let is_test = |word| {
        line.strip_prefix(word).is_some_and(|rest| {
            let after = rest.trim_start();
            let digits = number(after);
            let is_numbered = digits > 0 && ends_word(&after[digits..]);
            ends_word(rest) && (is_early || is_numbered)
        })
    };
    line.starts_with("TAP version ") || is_plan() || is_test("ok") || is_test("not ok")
}

/// Whether the first line is the header of a table with statuses, whose cells may have lines of anything.
pub(super) fn is_table(text: &str) -> bool {
    let header = text.lines().find(|line| !line.trim().is_empty());
    header.is_some_and(|header| has_column(header, ResultField::Status))
}

/// Whether a line with several cells has the name of this field in one of them.
fn has_column(line: &str, field: ResultField) -> bool {
    let cells = line.split([',', ';', '\t', '|']);
    let mut cells = cells.map(|cell| cell.trim_matches(['"', ' ']));
    cells.clone().count() > 1 && cells.any(|cell| ResultField::from_header(cell) == Some(field))
}

/// Whether the first line that is not empty is TAP, or the header of a table with the names and statuses of tests.
pub(super) fn begins_report(text: &str) -> bool {
    let Some(line) = text.lines().find(|line| !line.trim().is_empty()) else {
        return false;
    };
    // Without a number, it may be a line of `go test`, such as `ok  	shop/cart	0.012s`.
    is_tap(line, false)
        || matches!(format(line), Some(Format::GoTest | Format::Dart))
        || is_table(line) && has_column(line, ResultField::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_may_print_much_before_its_tests() {
        let printed = "go: downloading example.com/x v1.0.0\n".repeat(10 * LINES_MAX);
        for (line, expected) in [
            (
                "{\"Time\":\"2026\",\"Action\":\"run\"}",
                Some(Format::GoTest),
            ),
            ("{\"protocolVersion\":\"0.1.1\"}", Some(Format::Dart)),
            ("TAP version 14", Some(Format::Tap)),
            ("1..3", Some(Format::Tap)),
            ("not ok 1 - pays", Some(Format::Tap)),
            ("ok 1", Some(Format::Tap)),
            ("ok, 1 file", None),
            ("ok shop/cart 0.1s", None),
            ("not ok", None),
        ] {
            let text = format!("{printed}{line}\n");
            assert_eq!(format(&text), expected, "{line}");
            assert_eq!(is_undecided(&text), expected.is_none(), "{line}");
            let table = format!("name,status,details\n{text}");
            assert_eq!(format(&table), None, "{line}");
            assert!(!is_undecided(&table), "{line}");
        }
        assert!(begins_report("ok 1 - pays\n") && begins_report("name,status\n"));
        assert!(!begins_report("ok  \tshop/cart\t0.012s\n"));
        assert_eq!(format("not ok\n"), Some(Format::Tap));
        assert_eq!(format("\u{1b}[32mok 1 - a\u{1b}[0m\n"), Some(Format::Tap));
    }
}
