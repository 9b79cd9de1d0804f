//! What Go prints about a test.

use crate::colors::without_colors;
use crate::read::report::output::Output;

/// What was printed, without colours, which tests print if they are asked to or print to a terminal.
pub(super) fn plain(output: &Output) -> String {
    without_colors(&output.text()).into_owned()
}

/// Whether a text is a line by which Go frames the output of a test, such as `=== RUN   TestPays`.
pub(super) fn is_frame(text: &str) -> bool {
    let line = text.trim_start();
    [
        "=== RUN ",
        "=== PAUSE ",
        "=== CONT ",
        "=== NAME ",
        "=== ATTR ",
    ]
    .iter()
    .chain(&["--- PASS: ", "--- FAIL: ", "--- SKIP: ", "--- BENCH: "])
    .any(|frame| line.starts_with(frame))
}

/// Whether a text is the measurement of a benchmark.
pub(super) fn is_measured(text: &str) -> bool {
    text.contains(" ns/op")
}

/// Whether a line says that a package has no tests.
pub(super) fn is_about_no_tests(line: &str) -> bool {
    line.contains("\tcoverage: 0.0% of statements") || line.contains("[no test files]")
}

/// The text that a line such as `    tax_test.go:12: got 3` logs.
fn logged(line: &str) -> Option<&str> {
    let mut rest = line;
    loop {
        let at = rest.find(".go:")? + ".go:".len();
        rest = &rest[at..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(logged) = rest[digits..].strip_prefix(':').filter(|_| digits > 0) {
            return Some(logged.trim());
        }
    }
}

/// The message in the output of a failed test: that of a panic, of an assertion library, or the first thing that was
/// logged or printed.
pub(super) fn message(output: &str) -> Option<String> {
    let lines = || {
        output
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let panic = lines().find(|line| line.starts_with("panic: "));
    let assertion = || {
        // As testify writes it, below a line with nothing but the place.
        let named = lines().filter_map(|line| line.strip_prefix("Error:"));
        named.map(str::trim).find(|text| !text.is_empty())
    };
    let logs = || {
        let logs = lines().filter_map(logged);
        logs.into_iter().find(|text| !text.is_empty())
    };
    let message = panic.or_else(assertion).or_else(logs);
    message.or_else(|| lines().next()).map(str::to_owned)
}

/// The last thing that a skipped test logged.
pub(super) fn skip_reason(output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().collect();
    let last = lines.iter().rposition(|line| logged(line).is_some())?;
    let mut reason = logged(lines[last])?.to_owned();
    for line in &lines[last + 1..] {
        if !line.starts_with("        ") {
            break;
        }
        reason.push('\n');
        reason.push_str(line.trim());
    }
    Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_what_tells_most() {
        for (output, expected) in [
            ("    tax_test.go:12: got 3", Some("got 3")),
            ("    TestTax: tax_test.go:12: got 3", Some("got 3")),
            ("printed\n    tax_test.go:9: got 3\n", Some("got 3")),
            ("printed\n", Some("printed")),
            ("    tax_test.go:9: a\npanic: boom\n", Some("panic: boom")),
            (
                "    tax_test.go:9: \n        \tError Trace:\ttax_test.go:9\n        \tError:      \tNot equal: \n",
                Some("Not equal:"),
            ),
            ("", None),
        ] {
            assert_eq!(message(output).as_deref(), expected, "{output}");
        }
    }

    #[test]
    fn the_reason_of_a_skipped_test_is_what_it_logged_last() {
        for (output, expected) in [
            ("    a_test.go:1: one\n    a_test.go:2: two\n", Some("two")),
            ("    a_test.go:1: one\n        more\n", Some("one\nmore")),
            ("    C:/w/a_test.go:1: one", Some("one")),
            ("printed", None),
        ] {
            assert_eq!(skip_reason(output).as_deref(), expected, "{output}");
        }
    }
}
