//! Comments: the names of groups, what tests print, and the summary at the end.

use super::line::Point;
use crate::read::run_errors::RunErrors;

/// The words with which the comments begin that tools write at the end of a report.
const SUMMARY_WORDS: [&str; 11] = [
    "tests",
    "suites",
    "pass",
    "fail",
    "failed",
    "ok",
    "cancelled",
    "skipped",
    "skip",
    "todo",
    "duration_ms",
];

/// The first test of every class of Qt.
const QT_FIRST: &str = "initTestCase()";

/// What the comments of a stream say.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// The last comment that may be a heading, if nothing came after it.
    pub(super) last: Option<Heading>,
    /// The first one.
    first: Option<Heading>,
    /// What `tape` writes before the tests of a group.
    heading: Option<String>,
    convention: Convention,
    /// How many tests failed, as the summary below the tests says.
    pub(super) failed: u64,
    /// How many test points are `not ok`, whatever their directives.
    pub(super) not_ok: u64,
    /// What `node:test` says of the run.
    pub(super) errors: RunErrors,
    /// What `Test::More` says of a program that failed after its last test.
    pub(super) exit: Option<String>,
}

/// A comment that may be a heading.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    text: String,
    /// Whether it is the same in each run.
    is_stable: bool,
}

/// What a comment before a test point is, which is known from the first test point.
#[derive(Debug, Default, Clone, Copy)]
enum Convention {
    #[default]
    Unknown,
    /// Tests are grouped by headings.
    Headings,
    /// Whatever follows was printed by tests.
    Output,
}

impl Comments {
    pub(super) fn heading(&self) -> Option<&str> {
        self.heading.as_deref()
    }

    /// Forgets the heading, for results that belong to the whole stream.
    pub(super) fn end_group(&mut self) {
        self.heading = None;
    }

    /// Counts a test point. A summary comes after all of them, so what was read before it does not count.
    pub(super) fn count(&mut self, point: &Point) {
        self.failed = 0;
        self.not_ok += u64::from(!point.is_ok);
    }

    /// Takes the comment before a test point for the name of a group.
    pub(super) fn head(&mut self, comment: Option<Heading>, point: &Point) {
        if matches!(self.convention, Convention::Output) {
            return;
        }
        let is_first = matches!(self.convention, Convention::Unknown);
        let is_qt = is_first && point.name == QT_FIRST;
        let comment = match self.first.take() {
            Some(first) if is_qt => comment.map(|_| first),
            _ => comment,
        };
        if is_first {
            self.convention = match &comment {
                Some(comment) if !is_qt && comment.text != point.name => Convention::Headings,
                _ => Convention::Output,
            };
        }
        if let Some(comment) = comment.filter(|comment| comment.is_stable) {
            self.heading = Some(comment.text).filter(|text| *text != point.name);
        }
    }

    /// Notes a comment that may be a heading.
    pub(super) fn note(&mut self, text: &str, line: &str) {
        // One whose `#` is indented belongs to a subtest, of which a test point is the end.
        let is_of_subtest = line.starts_with(char::is_whitespace);
        let is_printed = is_indented(line) || text.contains(" remaining in ");
        let is_heading = !text.is_empty() && !is_of_subtest && !is_printed;
        self.last = is_heading.then(|| Heading {
            text: text.to_owned(),
            is_stable: !is_measurement(text),
        });
        if self.first.is_none() {
            self.first.clone_from(&self.last);
        }
    }

    /// Whether a comment says that the program failed, such as `Looks like your test exited with 3 just after 2.`
    pub(super) fn is_exit(&mut self, text: &str) -> bool {
        let how = text.strip_prefix("Looks like your test ").unwrap_or("");
        let code = how.strip_prefix("exited with ");
        let is_bad = how.starts_with("died") || code.is_some_and(|code| !code.starts_with("0 "));
        if is_bad {
            self.exit = Some(text.to_owned());
        }
        is_bad
    }

    /// Whether a comment is one of those with which tools end a report, such as `tests 12`.
    pub(super) fn is_summary(&mut self, text: &str, line: &str) -> bool {
        let Some((word, number)) = summary(text) else {
            return false;
        };
        if matches!(word, "fail" | "failed") && line.starts_with('#') && !is_indented(line) {
            self.failed = number.parse().unwrap_or(self.failed);
        }
        true
    }
}

/// The word and the number of a comment with which tools end a report, or a subtest: `tests 12`, and by node-tap `skip: 1`
/// and `failed 1 of 2 tests`.
fn summary(text: &str) -> Option<(&str, &str)> {
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    let (word, number) = match words[..] {
        [word @ ("skip:" | "todo:"), number] => (word, number),
        [word, number] if SUMMARY_WORDS.contains(&word) => (word, number),
        ["failed", number, "of", _, "test" | "tests"] => ("failed", number),
        _ => return None,
    };
    number.parse::<f64>().is_ok().then_some((word, number))
}

/// Whether there is more than a blank between the `#` and the text, as before what a test of AVA prints.
fn is_indented(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix('#').unwrap_or_default();
    comment.starts_with("  ") || comment.starts_with('\t')
}

/// Whether a comment contains a number that may be another one next time, such as a time.
fn is_measurement(comment: &str) -> bool {
    let is_time = |word: &str| {
        let digits = word.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
        digits.len() < word.len() && matches!(digits, "ms" | "s" | "sec" | "%" | "MB" | "kB")
    };
    comment.contains('=') || comment.split(' ').any(is_time)
}

#[cfg(test)]
mod tests {
    use indoc::indoc;

    use crate::read::report::listing::listing;

    fn shown(stream: &str) -> String {
        listing("in.tap", stream)
    }

    #[test]
    fn comments_before_tests_are_the_groups_of_tape() {
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            # adds tax
            ok 1 should be equal
            not ok 2 should be equal
              ---
                operator: equal
                expected: 7
                actual:   3
              ...
            # pays
            ok 3 should be equal
            # took 12ms
            ok 4 should be equal
            # ava
            ok 5 ava

            1..5
            # tests 5
            # fail  1
        "}), @r#"
        3: adds tax | should be equal = Passed
        4: adds tax | should be equal (2) = Failed ! equal: / "operator: equal\nexpected: 7\nactual:   3"
        11: pays | should be equal = Passed
        13: pays | should be equal (2) = Passed
        15: ava = Passed
        "#);
        insta::assert_snapshot!(shown("1..2\n# comment\nok 1 - a\n# comment\nok 2 - b\n"), @"
        3: a = Passed
        5: b = Passed
        ");
    }

    #[test]
    fn what_ends_a_subtest_is_not_the_name_of_a_group() {
        let stream = |second: &str, summary: &str, ok: &str| {
            shown(&format!(
                "TAP version 13\n# Subtest: adds\n    ok 1 - one\n    {second} 2 - two\n    1..2\n{summary}{ok} 1 - adds # time=14ms\n# Subtest: pays\n    ok 1 - three\n    1..1\nok 2 - pays\nok 3 - ships\n1..3\n"
            ))
        };
        let passed = stream("ok", "", "ok");
        assert!(passed.contains(": pays | three = Passed\n"), "{passed}");
        assert!(passed.ends_with(": ships = Passed"), "{passed}");
        let places = |shown: &str| -> Vec<String> {
            let lines = shown.lines().filter_map(|line| line.split_once(": "));
            let names = lines.filter_map(|(_, line)| line.split_once(" = "));
            names.map(|(name, _)| name.to_owned()).collect()
        };
        for (second, summary, ok) in [
            ("not ok", "    # failed 1 of 2 tests\n", "not ok"),
            ("not ok", "# failed 1 of 2 tests\n", "not ok"),
            ("ok", "    # skip: 1\n", "ok"),
            ("ok", "# todo: 1\n", "ok"),
            ("ok", "    # printed\n", "ok"),
        ] {
            let found = stream(second, summary, ok);
            assert_eq!(places(&found), places(&passed), "{found}");
        }
        let found = shown("ok 1 - a\n1..1\n# failed 1 of 2 tests\n");
        assert!(found.contains(": summary = Failed"), "{found}");
    }

    #[test]
    fn a_summary_that_tells_of_failures_is_not_green() {
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            # T
            ok 1 - initTestCase()
            ok 2 - xpass() # TODO 'true' returned TRUE unexpectedly. ()
            ok 3 - cleanupTestCase()
            1..3
            # tests 3
            # pass 2
            # fail 1
        "}), @r#"
        3: T | initTestCase() = Passed
        5: T | cleanupTestCase() = Passed
        4: T | xpass() = Passed ('true' returned TRUE unexpectedly. ())
        9: summary = Failed ! "the stream declares 1 failure, but none of its tests has failed"
        "#);
        // Another stream, or what `prove -v` prints, may follow.
        for next in ["ok", "ok 1 - b\n1..1"] {
            let found = shown(&format!("ok 1 - a\n1..1\n# fail 1\n{next}\n"));
            assert!(found.contains(": summary = Failed"), "{found}");
        }
        // What a test prints is not a summary. One that counts tests which may fail does not matter.
        insta::assert_snapshot!(shown("1..2\nok 1 - a\n# fail 1\nok 2 - b\n#   failed 1\n"), @"
        2: a = Passed
        4: b = Passed
        ");
        insta::assert_snapshot!(shown("1..1\nnot ok 1 - a # TODO later\n# failed 1\n"), @"2: a = Skipped (later)");
        insta::assert_snapshot!(shown("1..1\nnot ok 1 - a # TODO later\n# failed 2\n"), @r#"
        2: a = Skipped (later)
        3: summary = Failed ! "the stream declares 2 failures, but none of its tests has failed"
        "#);
    }

    #[test]
    fn a_program_that_failed_after_its_last_test_is_not_green() {
        let stream = |points: &str, how: &str| {
            shown(&format!("1..2\n{points}\n# Looks like your test {how}\n"))
        };
        for how in [
            "exited with 3 just after 2.",
            "died just after 2.",
            "exited with 255 before it could output anything.",
        ] {
            let found = stream("ok 1\nok 2", how);
            let failed = format!("exit status = Failed ! \"Looks like your test {how}\"");
            assert!(found.ends_with(&failed), "{found}");
            let found = stream("ok 1\nnot ok 2", how);
            assert!(!found.contains("exit status"), "{found}");
        }
        let found = stream("ok 1\nok 2", "exited with 0 just after 2.");
        assert!(!found.contains("Failed"), "{found}");
        // `prove -v` says so again.
        let found = shown(
            "a.t ..\n1..1\nok 1\n# Looks like your test exited with 3 just after 1.\nDubious, test returned 3 (wstat 768, 0x300)\n",
        );
        assert_eq!(found.matches("= Failed").count(), 1, "{found}");
    }

    #[test]
    fn an_error_of_the_run_is_not_green() {
        let late = |point: &str| {
            shown(&format!(
                "TAP version 13\n# Subtest: a\n{point}\n  ---\n  duration_ms: 2.7\n  ...\n1..1\n# Error: Test \"a\" at a.js:2:1 generated asynchronous activity after the test ended. This activity created the error \"Error: x\" and would have caused the test to fail, but did not.\n# tests 1\n# pass 1\n# fail 0\n"
            ))
        };
        let found = late("ok 1 - a");
        assert!(
            found.contains("[run] = Failed ! \"Error: Test \\\"a\\\" at a.js:2:1 generated"),
            "{found}"
        );
        let found = late("not ok 1 - a");
        assert!(!found.contains("[run]"), "{found}");
        for error in [
            "Error: A resource generated asynchronous activity after the test ended. This activity created the error 'x' which triggered an uncaughtException event, caught by the test runner.",
            "Error: 60.00% line coverage does not meet threshold of 100%.",
        ] {
            let found = shown(&format!(
                "TAP version 13\nok 1 - a\n1..1\n# fail 0\n# {error}\n"
            ));
            let failed = format!("[run] = Failed ! {error:?}");
            assert!(found.ends_with(&failed), "{found}");
        }
    }

    #[test]
    fn what_tests_print_is_no_group() {
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            ok 1 - logs in
            #   order 4711 of 2026
            ok 2 - pays
            # 1 test remaining in pays.mjs
            ok 3 - ships
            # printed
            ok 4 - returns
            1..4
        "}), @"
        2: logs in = Passed
        4: pays = Passed
        6: ships = Passed
        8: returns = Passed
        ");
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            # T
            # w <x>
            ok 1 - initTestCase()
            # w <y>
            ok 2 - pays()
            1..2
        "}), @"
        4: T | initTestCase() = Passed
        6: T | pays() = Passed
        ");
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            # pays
            ok 1 is equal
            #   order 4711
            # 2 tests remaining in pays.mjs
            ok 2 is less
            # ships
            ok 3 is equal
            1..3
        "}), @"
        3: pays | is equal = Passed
        6: pays | is less = Passed
        8: ships | is equal = Passed
        ");
    }

    #[test]
    fn a_heading_with_a_number_does_not_hide_the_others() {
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 13
            # waits 5ms
            ok 1 is equal
            # pays
            ok 2 is equal
            1..2
        "}), @"
        3: is equal = Passed
        5: pays | is equal = Passed
        ");
    }
}
