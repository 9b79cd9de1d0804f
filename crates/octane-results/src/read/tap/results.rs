//! How test points become results.

use super::Tap;
use super::level::class_of;
use super::pending::Pending;
use crate::read::report::{Draft, Outcome, ReportFile};
use crate::run::Failure;
use crate::status::Status;
use crate::warning::WarningKind;

impl Tap {
    /// Adds a failed result of the innermost subtest that no test point stands for.
    pub(super) fn push_failed(&mut self, name: &str, message: String, file: &mut ReportFile) {
        self.push_failure(name, Failure::new(message), file);
    }

    pub(super) fn push_failure(&mut self, name: &str, failure: Failure, file: &mut ReportFile) {
        let failed = Draft {
            class: class_of(&self.levels, self.comments.heading()),
            failure: Some(failure),
            ..Draft::new(self.place, name, Outcome::Known(Status::Failed))
        };
        self.push(failed, file);
    }

    /// Adds the result of the last test point.
    pub(super) fn flush(&mut self, file: &mut ReportFile) {
        if let Some(pending) = self.pending.take() {
            self.push_pending(pending, file);
        }
    }

    pub(super) fn push_pending(&mut self, pending: Pending, file: &mut ReportFile) {
        if !pending.is_result {
            return;
        }
        let levels = &self.levels[..self.levels.len().min(pending.depth + 1)];
        let class = class_of(levels, self.comments.heading());
        if pending.is_passed_todo() && !self.has_times {
            let draft = self.complete(pending.draft(class));
            self.todo.push(draft);
        } else {
            self.push(pending.draft(class), file);
        }
    }

    /// Counts a result, and adds what is not in its test point.
    fn complete(&mut self, mut draft: Draft) -> Draft {
        if let Some(level) = self.levels.last_mut() {
            level.results += 1;
            level.failed += u64::from(draft.outcome.is_failed());
        }
        self.seen
            .number((&draft.class, &self.file), &mut draft.name);
        draft.is_class_whole = true;
        draft.origin.file.clone_from(&self.file);
        draft
    }

    fn push(&mut self, draft: Draft, file: &mut ReportFile) {
        let draft = self.complete(draft);
        if self.levels.len() == 1 || self.has_version {
            self.hand_out(file);
            self.has_failed |= draft.outcome.is_failed();
            file.push(draft);
        } else {
            self.held.push(draft);
        }
    }

    /// Adds the results that were held.
    pub(super) fn hand_out(&mut self, file: &mut ReportFile) {
        for draft in self.held.drain(..) {
            self.has_failed |= draft.outcome.is_failed();
            file.push(draft);
        }
    }

    /// Adds the TODO tests that are `ok`.
    pub(super) fn hand_out_todo(&mut self, file: &mut ReportFile) {
        for mut draft in self.todo.drain(..) {
            if self.has_times {
                draft.outcome = Outcome::Known(Status::Skipped);
            }
            file.push(draft);
        }
    }

    /// Whether lines that follow are about a test that failed.
    pub(super) fn takes_notes(&self) -> bool {
        self.pending.as_ref().is_some_and(Pending::takes_notes)
    }

    /// A line that looks like a result, or like the beginning of other ones, and is not read.
    pub(super) fn unread(&mut self, line: &str, file: &mut ReportFile) {
        if !self.takes_notes() && !std::mem::replace(&mut self.has_unread, true) {
            let line = line.trim().to_owned();
            file.warn(self.place, WarningKind::UnreadLine { line });
        }
        self.note(line);
    }
}

#[cfg(test)]
mod tests {
    use indoc::indoc;

    use crate::read::report::listing::listing;

    fn shown(stream: &str) -> String {
        listing("in.tap", stream)
    }

    #[test]
    fn a_printed_line_says_nothing_of_how_subtests_are_indented() {
        let stream = "1..1\n    printed\n# Subtest: s\n  1..1\n  not ok 1 - b\nnot ok 1 - s\n";
        let found = shown(stream);
        assert!(found.contains("s | b = Failed"), "{found}");
    }

    #[test]
    fn subtests_are_indented_as_the_first_one_is() {
        insta::assert_snapshot!(shown(indoc! {"
            TAP version 14
            1..2
              1..2
              ok 1 - a
                # Subtest: deep
                not ok 1 - b
                  ---
                  message: 'wrong'
                  ...
                1..1
              not ok 2 - deep
            ok 1 - outer
            # Subtest: last
              ok 1 - c
              1..1
            ok 2 - last
        "}), @r#"
        4: a = Passed
        6: deep | b = Failed ! "wrong" / "message: 'wrong'"
        14: last | c = Passed
        "#);
        // The plan comes last, so it is not known in time.
        let found = shown("1..1\n  ok 1 - a\n  1..1\nok 1 - outer\n");
        assert!(found.contains("plan = Failed"), "{found}");
    }

    #[test]
    fn a_line_that_looks_like_a_result_is_not_dropped_silently() {
        insta::assert_snapshot!(shown("1..1\n  not ok 1 - inner\n  not ok 2 - b\nok 1 - outer\n"), @"
        warning in.tap:2:1: `not ok 1 - inner` looks like a result, but is not part of the TAP stream; ignored
        4: outer = Passed
        ");
        // What is printed below a failed test.
        let found = shown("1..1\nnot ok 1 - a\n  not ok 1 - printed\n");
        assert!(!found.contains("warning"), "{found}");
        for report in [
            "<?xml version=\"1.0\"?>",
            "<testsuite name=\"s\">",
            "{\"name\":\"b\",\"status\":\"failed\"}",
        ] {
            for stream in ["1..1\nok 1 - a\n", "ok 1 - a\n1..1\n"] {
                let found = shown(&format!("{stream}{report}\n"));
                let expected = format!("warning in.tap:3:1: `{report}` looks like");
                assert!(found.contains(&expected), "{found}");
            }
            // What a test prints.
            let found = shown(&format!("1..2\nok 1 - a\n{report}\nok 2 - b\n"));
            assert!(!found.contains("warning"), "{found}");
        }
    }

    #[test]
    fn a_todo_test_before_the_first_time_is_skipped_too() {
        for timed in [
            "ok 2 - b # time=2ms",
            "ok 2 - b\n  ---\n  duration_ms: 2\n  ...",
        ] {
            let found = shown(&format!("1..2\nok 1 - a # TODO later\n{timed}\n"));
            assert!(found.ends_with("2: a = Skipped (later)"), "{found}");
        }
        let found = shown("1..2\nok 1 - a # TODO later\nok 2 - b\n");
        assert!(found.ends_with("2: a = Passed (later)"), "{found}");
    }

    #[test]
    fn a_directive_that_is_cut_off_is_invalid() {
        for cut in ["#", "# S", "# SKI", "# to", "# TOD"] {
            let found = shown(&format!("1..2\nok 1 - a\nok 2 - b {cut}"));
            let expected = "invalid in.tap:3:1: the report is cut off here";
            assert!(found.ends_with(expected), "{found}");
            assert!(!found.contains("plan"), "{found}");
            let found = shown(&format!("1..2\nok 1 - a\nok 2 - b {cut}\n"));
            assert!(found.contains("= Passed"), "{found}");
        }
        for whole in ["b # SKIP", "b # TODO", "b # 12", "b #12", "b"] {
            let found = shown(&format!("1..1\nok 1 - {whole}"));
            assert!(!found.contains("invalid"), "{found}");
        }
    }

    #[test]
    fn a_plan_inside_of_a_subtest_is_not_green() {
        let plan = |found: &str| found.matches("plan = Failed").count();
        for (stream, failures) in [
            ("1..1\n    ok 1 - a\n    1..1\n    ok 2 - b\nok 1 - s\n", 1),
            ("1..1\n    ok - a\n    1..1\n    ok - b\nok 1 - s\n", 1),
            ("1..1\n    ok 1 - a\n    1..3\n    ok 2 - b\nok 1 - s\n", 1),
            ("1..1\n    ok 1 - a\n    1..1\n    1..3\nok 1 - s\n", 1),
            ("1..1\n    ok 1 - a\n    1..2\n    ok 2 - b\nok 1 - s\n", 0),
            (
                "1..1\n    ok 1 - a\n    1..1\n    not ok 2 - b\nnot ok 1 - s\n",
                0,
            ),
            // Subtests follow the plan of the stream.
            ("ok 1 - a\n1..1\n    ok 1 - b\n    1..1\nok 2 - s\n", 1),
            ("ok - a\n1..1\n    ok - b\n    1..1\nok - s\n", 1),
            ("ok 1 - a\n1..1\n    ok 1 - b\n    1..1\nok 1 - s\n", 1),
            // Another stream.
            (
                "ok 1 - a\n1..1\n    ok 1 - b\n    1..1\nok 1 - s\n1..1\n",
                0,
            ),
        ] {
            let found = shown(stream);
            assert_eq!(plan(&found), failures, "{stream}\n{found}");
        }
        // Something that a test printed.
        let found = shown("ok 1 - a\n1..1\n    skip 7 rows\n# fail 1\n");
        assert!(found.contains("summary = Failed"), "{found}");
        let found = shown("ok 1 - a\n1..1\n# Subtest: s\n    ok 1 - b\n    1..1\nok 1 - s\n1..1\n");
        assert!(found.ends_with("4: s | b = Passed"), "{found}");
    }
}
