//! The lines of TAP.

use super::suffix::{
    Directive, unescaped, without_directive, without_prefix, without_time, without_time_inside,
};
use crate::read::report::Took;

/// A line, without its indentation.
#[derive(Debug)]
pub(super) enum Line<'l> {
    /// The number of the version; 0 if it is none.
    Version(u64),
    /// The number of the first test and how many tests there should be.
    Plan {
        first: u64,
        planned: u64,
    },
    Point(Point),
    BailOut(&'l str),
    /// `# Subtest: pays`.
    Subtest(&'l str),
    Comment(&'l str),
    /// `}`, which ends a subtest that began with `{`.
    Close,
    /// The beginning of a block with diagnostics.
    Block,
    Other,
}

/// A line such as `not ok 2 - pays # TODO later`.
#[derive(Debug, Default)]
pub(super) struct Point {
    pub(super) is_ok: bool,
    pub(super) number: Option<u64>,
    /// The reason of the directive if the test has no name.
    pub(super) name: String,
    pub(super) has_name: bool,
    /// Whether a dash is before the name.
    pub(super) has_dash: bool,
    pub(super) directive: Directive,
    pub(super) took: Took,
    /// Whether a `{` follows, and the tests of a subtest.
    pub(super) is_open: bool,
    /// Whether there is nothing but `ok` or `not ok`.
    pub(super) is_bare: bool,
    /// Whether another word says that it was skipped, which is not part of the protocol.
    pub(super) is_skip: bool,
}

/// The number of spaces before `line`.
pub(super) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

pub(super) fn parse(line: &str) -> Line<'_> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        let comment = comment.trim();
        return match comment.strip_prefix("Subtest") {
            Some(name) if name.is_empty() || name.starts_with(':') => {
                Line::Subtest(name.trim_start_matches(':').trim())
            }
            _ => Line::Comment(comment),
        };
    }
    match line {
        "}" => return Line::Close,
        "---" => return Line::Block,
        _ => {}
    }
    if let Some(reason) = without_prefix(line, "bail out!") {
        return Line::BailOut(reason.trim());
    }
    let version = without_prefix(line, "tap version ").map(str::trim);
    if let Some(version) = version.filter(|rest| starts_with_digit(rest)) {
        return Line::Version(number(version).map_or(0, |(version, _)| version));
    }
    plan(line)
        .map(|(first, planned)| Line::Plan { first, planned })
        .or_else(|| point(line).or_else(|| skip(line)).map(Line::Point))
        .unwrap_or(Line::Other)
}

/// Whether a report in another format begins with this line, or it is a row of a table in JSON.
pub(super) fn begins_report(line: &str) -> bool {
    line.starts_with("<?xml ")
        || line.starts_with("<testsuite")
        || line.starts_with("{\"") && line.contains("\"status\"")
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}

/// The number and what follows it.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().ok()?;
    Some((number, &text[digits..]))
}

fn plan(line: &str) -> Option<(u64, u64)> {
    let (first, rest) = number(line)?;
    let (last, rest) = number(rest.strip_prefix("..")?)?;
    let rest = rest.trim_start();
    let is_plan = rest.is_empty() || rest.starts_with('#');
    // `1..0` is the plan of no test; what is further down is none.
    let after_last = last.saturating_add(1);
    (is_plan && first <= after_last).then(|| (first, after_last - first))
}

fn point(line: &str) -> Option<Point> {
    let (is_ok, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    if !(rest.is_empty() || rest.starts_with([' ', '\t', '-'])) {
        return None;
    }
    let is_bare = rest.is_empty();
    let (number, rest) = match number(rest.trim_start()) {
        Some((number, after))
            if after.is_empty() || after.starts_with([' ', '\t', '-', '#', '{']) =>
        {
            (Some(number), after)
        }
        _ => (None, rest),
    };
    let text = without_dash(rest);
    let (text, is_open) = match text.strip_suffix('{') {
        Some(before) if before.is_empty() || before.ends_with(' ') => (before.trim_end(), true),
        _ => (text, false),
    };
    let (text, took) = without_time(text);
    let (name, directive) = without_directive(text);
    let name = name.trim();
    let (name, took) = without_time_inside(name).unwrap_or_else(|| (name.to_owned(), took));
    let has_name = !name.is_empty();
    let name = if has_name {
        unescaped(&name)
    } else {
        // Some tools, such as lab and busted, write the name there.
        directive.reason().unwrap_or_default().to_owned()
    };
    Some(Point {
        is_ok,
        number,
        name,
        has_name,
        has_dash: rest.trim_start().starts_with('-'),
        directive,
        took,
        is_open,
        is_bare,
        is_skip: false,
    })
}

/// A line such as `skip 2 - pays` or `todo 3 pays`, as testem writes it.
fn skip(line: &str) -> Option<Point> {
    let rest = ["skip ", "todo "]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    let (number, after) = number(rest)?;
    if !after.starts_with(' ') {
        return None;
    }
    let name = without_dash(after).trim();
    let (name, took) = without_time_inside(name).unwrap_or((name.to_owned(), Took::Unknown));
    Some(Point {
        is_ok: true,
        number: Some(number),
        name: unescaped(&name),
        has_name: true,
        has_dash: false,
        directive: Directive::Skip(String::new()),
        took,
        is_open: false,
        is_bare: false,
        is_skip: true,
    })
}

/// The description after the number and the dash that may be between them.
fn without_dash(rest: &str) -> &str {
    let text = rest.trim_start();
    let Some(after) = text.strip_prefix('-') else {
        return text;
    };
    let is_attached = text.len() == rest.len();
    if is_attached || after.is_empty() || after.starts_with([' ', '\t', '#']) {
        after.trim_start()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        match parse(line) {
            Line::Point(point) => {
                let Point {
                    is_ok,
                    number,
                    name,
                    directive,
                    took,
                    is_open,
                    ..
                } = point;
                let number = number.map(|number| number.to_string()).unwrap_or_default();
                let word = if is_ok { "ok" } else { "not ok" };
                let open = if is_open { " {" } else { "" };
                format!("{word} `{number}` `{name}` {directive:?} {took:?}{open}")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn test_points_are_read_in_all_spellings() {
        let lines = [
            "ok",
            "not ok",
            "ok 1",
            "ok 1 - pays",
            "ok 1 pays",
            "ok 2-pays",
            "ok - pays",
            "ok-pays",
            "ok 3 -5 is negative",
            "ok 4 - # SKIP no network",
            "ok 5 pays # skip",
            "not ok 5 lexer # skips empty lines",
            "ok 5 pays # SKIPPED: slow",
            "ok 5-# Skipped: slow",
            "not ok 6 pays # TODO not yet",
            "not ok 6 pays # todo",
            "not ok 6 see # todolist",
            "not ok 6 pays # XFAIL known",
            "not ok 6 pays # TIMEOUT 45 seconds",
            "not ok 6 pays # exit=1",
            r"ok 7 issue \# SKIP \\ path",
            "ok 8 issue #12",
            "ok 9 - pays # time=1.5ms",
            "ok 9 - pays # time=2ms {",
            "ok 9 pays # in 12 ms",
            "ok 10 - group {",
            "ok 11 tasks # SKIP slow # time=3ms",
            "ok 12 # SKIP (12) outer skips",
            "ok 13 # skip no network",
            "ok - s1::passes  (0.11s)",
            "ok - waits (0.11s)",
            "ok - waits  (0.1s)",
            "ok 2 Chrome 120 - [5 ms] - pays",
            "not ok 2 Chrome 120 - [undefined ms] - pays",
            "ok 2 waits - [5 s] - pays",
            "skip 2 Chrome 120 - [0 ms] - pays",
            "skip 2 pays",
            "todo 3 - pays",
            "okay",
            "notok 3",
            "skip pays",
            "todo 3",
        ];
        let shown: Vec<_> = lines.into_iter().map(shown).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        ok `` `` None Unknown
        not ok `` `` None Unknown
        ok `1` `` None Unknown
        ok `1` `pays` None Unknown
        ok `1` `pays` None Unknown
        ok `2` `pays` None Unknown
        ok `` `pays` None Unknown
        ok `` `pays` None Unknown
        ok `3` `-5 is negative` None Unknown
        ok `4` `no network` Skip("no network") Unknown
        ok `5` `pays` Skip("") Unknown
        not ok `5` `lexer # skips empty lines` None Unknown
        ok `5` `pays` Skip("slow") Unknown
        ok `5` `slow` Skip("slow") Unknown
        not ok `6` `pays` Todo("not yet") Unknown
        not ok `6` `pays` Todo("") Unknown
        not ok `6` `see # todolist` None Unknown
        not ok `6` `pays` Todo("known") Unknown
        not ok `6` `pays` None Unknown
        not ok `6` `pays` None Unknown
        ok `7` `issue # SKIP \ path` None Unknown
        ok `8` `issue #12` None Unknown
        ok `9` `pays` None Milliseconds("1.5")
        ok `9` `pays` None Milliseconds("2") {
        ok `9` `pays` None Milliseconds("12")
        ok `10` `group` None Unknown {
        ok `11` `tasks` Skip("slow") Milliseconds("3")
        ok `12` `(12) outer skips` Skip("(12) outer skips") Unknown
        ok `13` `no network` Skip("no network") Unknown
        ok `` `s1::passes` None Seconds("0.11")
        ok `` `waits (0.11s)` None Unknown
        ok `` `waits  (0.1s)` None Unknown
        ok `2` `Chrome 120 - pays` None Milliseconds("5")
        not ok `2` `Chrome 120 - pays` None Unknown
        ok `2` `waits - [5 s] - pays` None Unknown
        ok `2` `Chrome 120 - pays` Skip("") Milliseconds("0")
        ok `2` `pays` Skip("") Unknown
        ok `3` `pays` Skip("") Unknown
        Other
        Other
        Other
        Other
        "#);
    }

    #[test]
    fn other_lines_are_told_apart() {
        let lines = [
            "TAP version 13",
            "tap version 14",
            "TAP this is the footer",
            "1..5",
            "1..0 # skip all",
            "1..0 #skip",
            "3..5",
            "1..5 extra",
            "100..1",
            "0..18446744073709551615",
            "1..99999999999999999999999",
            "Bail out! no database",
            "bail out!",
            "# Subtest: pays",
            "# Subtest",
            "# Subtests",
            "#",
            "}",
            "---",
            "pragma +strict",
            "at line 3",
        ];
        let shown: Vec<_> = lines.into_iter().map(shown).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        Version(13)
        Version(14)
        Other
        Plan { first: 1, planned: 5 }
        Plan { first: 1, planned: 0 }
        Plan { first: 1, planned: 0 }
        Plan { first: 3, planned: 3 }
        Other
        Other
        Plan { first: 0, planned: 18446744073709551615 }
        Other
        BailOut("no database")
        BailOut("")
        Subtest("pays")
        Subtest("")
        Comment("Subtests")
        Comment("")
        Close
        Block
        Other
        Other
        "#);
    }
}
