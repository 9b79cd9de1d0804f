//! Which test points belong to which subtest.

use octane_model::plural::plural;

use super::level::Level;
use super::line::Point;
use super::pending::{Pending, status};
use super::suffix::{Directive, without_time_of_bats};
use super::{BAIL_OUT, DEPTH_MAX, EXIT, PLAN, SUMMARY, Tap};
use crate::read::report::{Outcome, ReportFile, Took};
use crate::read::run_errors::RUN;
use crate::status::Status;
use crate::warning::WarningKind;

impl Tap {
    pub(super) fn point(&mut self, point: &Point, depth: usize, file: &mut ReportFile) {
        if depth == 0 && self.levels.len() == 1 {
            let root = &mut self.levels[0];
            if point.is_bare && point.is_ok && root.is_met() {
                self.end_stream(file);
                return;
            }
            if root.is_plan_last && root.is_met() {
                // With the next number it is not the first one of another stream.
                root.is_plan_inside |= point.number == Some(root.number(root.points + 1));
                if !root.is_plan_inside {
                    self.end_stream(file);
                }
            }
        }
        self.comments.count(point);
        self.flush(file);
        self.has_times |= !matches!(point.took, Took::Unknown);
        let is_parent = self.reach(depth, file);
        let level = &mut self.levels[depth];
        level.is_plan_inside |= depth > 0 && level.is_plan_last && level.is_met();
        level.count(point.number);
        let mut name = if point.name.is_empty() {
            format!("test {}", point.number.unwrap_or(level.points))
        } else {
            point.name.clone()
        };
        if is_parent {
            self.end_subtest(point, name, file);
            return;
        }
        if let Some(announced) = level.announced.take().filter(|_| !point.has_name) {
            name = announced;
        }
        let is_open = point.is_open;
        let at = (depth, self.indent.of(depth));
        let mut pending = Pending::new(self.place, at, name, point);
        pending.skip_todo(self.has_times);
        if is_open && depth < DEPTH_MAX {
            self.levels.push(Level::of_point(pending));
        } else {
            self.pending = Some(pending);
        }
    }

    /// Ends the stream before a subtest if all of its tests have run, since the subtest belongs to another one then.
    pub(super) fn end_before_subtest(&mut self, file: &mut ReportFile) {
        if let [root] = &mut self.levels[..]
            && root.is_plan_last
            && root.is_met()
        {
            let announced = root.announced.take();
            self.end_stream(file);
            self.levels[0].announced = announced;
        }
    }

    /// A test point without the time that Bats has written after its name, if the first test point of the stream has one.
    pub(super) fn without_time_of_bats(&mut self, mut point: Point) -> Point {
        let found = without_time_of_bats(&point.name);
        let found = found.map(|(name, took)| (name.to_owned(), took));
        let [root, inner @ ..] = &self.levels[..] else {
            return point;
        };
        if inner.is_empty() && root.points == 0 {
            self.is_timed_bats =
                found.is_some() && root.planned.is_some() && !self.has_version && !point.has_dash;
        }
        if let Some((name, took)) = found.filter(|_| self.is_timed_bats) {
            point.name = name;
            point.took = took;
        }
        point
    }

    /// Makes the subtest at `depth` the innermost one. Returns whether a subtest is open below it of which the test point
    /// that comes is the summary.
    fn reach(&mut self, depth: usize, file: &mut ReportFile) -> bool {
        while self.levels.len() > depth + 2 {
            self.abandon(false, file);
        }
        while self.levels.len() <= depth {
            let name = self
                .levels
                .last_mut()
                .and_then(|level| level.announced.take());
            self.levels.push(Level {
                held_before: self.held.len(),
                ..Level::named(name)
            });
        }
        let is_below = self.levels.len() == depth + 2;
        if is_below && self.levels[depth + 1].point.is_some() {
            self.close_open(file);
            return false;
        }
        is_below
    }

    /// Ends the innermost subtest, of which `point` is the summary.
    fn end_subtest(&mut self, point: &Point, name: String, file: &mut ReportFile) {
        let is_failed = status(point) == Status::Failed;
        if !is_failed {
            self.check_plan(file);
        }
        let Some(mut level) = self.leave() else {
            return;
        };
        if let (Directive::Todo(reason), false) = (&point.directive, point.is_ok) {
            self.forgive(&mut level, reason);
        }
        let depth = self.levels.len().saturating_sub(1);
        let at = (depth, self.indent.of(depth));
        let own_name = level.name.take().filter(|_| !point.has_name);
        let mut pending = Pending::new(self.place, at, own_name.unwrap_or(name), point);
        pending.is_result = level.results == 0 || is_failed && level.failed == 0;
        self.pending = Some(pending);
    }

    /// The results of a TODO subtest are not failed.
    fn forgive(&mut self, level: &mut Level, reason: &str) {
        let first = level.held_before.min(self.held.len());
        for draft in &mut self.held[first..] {
            if !draft.outcome.is_failed() {
                continue;
            }
            draft.outcome = Outcome::Known(Status::Skipped);
            draft.failure = None;
            draft.description = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
            level.failed = level.failed.saturating_sub(1);
            if let Some(outer) = self.levels.last_mut() {
                outer.failed = outer.failed.saturating_sub(1);
            }
        }
    }

    /// Ends a subtest that began with `{`.
    fn close_open(&mut self, file: &mut ReportFile) {
        self.flush(file);
        let point = self.levels.last().and_then(|level| level.point.as_ref());
        let Some(is_failed) = point.map(|point| point.status == Status::Failed) else {
            return;
        };
        if !is_failed {
            self.check_plan(file);
        }
        let Some(mut level) = self.leave() else {
            return;
        };
        if let Some(mut pending) = level.point.take() {
            pending.is_result = level.results == 0 || is_failed && level.failed == 0;
            self.push_pending(pending, file);
        }
    }

    /// Ends the innermost subtest, which has no summary. Where nothing of it has begun, and the stream does not end, a test has printed
    /// something that looks like the name of a subtest.
    fn abandon(&mut self, is_end: bool, file: &mut ReportFile) {
        self.flush(file);
        let [.., outer, level] = &self.levels[..] else {
            return;
        };
        let failed = outer.failed;
        let is_open = level.point.is_some();
        let has_begun = level.has_begun();
        let is_printed = !is_end && !is_open && !has_begun && level.results == 0;
        let name = level.name.clone();
        if is_open {
            self.close_open(file);
        } else {
            self.check_plan(file);
            self.leave();
        }
        let is_named = self
            .levels
            .last()
            .is_some_and(|outer| outer.failed > failed);
        if !is_named && !is_printed && (has_begun || !is_open) {
            let name = name.unwrap_or_else(|| "subtest".to_owned());
            self.push_failed(&name, "did not end".to_owned(), file);
        }
    }

    /// Leaves the innermost subtest.
    fn leave(&mut self) -> Option<Level> {
        let level = self.levels.pop()?;
        if let Some(outer) = self.levels.last_mut() {
            outer.add(&level);
            outer.announced = None;
        }
        Some(level)
    }

    pub(super) fn plan(&mut self, first: u64, planned: u64, depth: usize, file: &mut ReportFile) {
        self.flush(file);
        while self.levels.len() > depth + 1 {
            self.abandon(false, file);
        }
        self.reach(depth, file);
        if depth == 0 && self.levels[0].planned.is_some() {
            self.end_stream(file);
        }
        let level = &mut self.levels[depth];
        if level.planned.is_none() {
            level.is_plan_last = level.points > 0;
        }
        // Of two plans of a subtest, the larger one counts.
        if level.planned < Some(planned) {
            level.first = Some(first);
            level.planned = Some(planned);
        }
    }

    pub(super) fn subtest(&mut self, name: &str, depth: usize, file: &mut ReportFile) {
        self.flush(file);
        while self.levels.len() > depth + 1 {
            self.abandon(false, file);
        }
        let is_new = self.levels.len() <= depth;
        let is_announced = self
            .levels
            .last()
            .is_some_and(|level| level.announced.is_some());
        self.reach(depth, file);
        let level = &mut self.levels[depth];
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        if is_new && !is_announced {
            level.name = name;
        } else {
            level.announced = name;
        }
    }

    /// A `}` ends the subtest below `depth`.
    pub(super) fn close(&mut self, depth: usize, file: &mut ReportFile) {
        while self.levels.len() > depth + 2 {
            self.abandon(false, file);
        }
        if self.levels.len() == depth + 2 {
            self.close_open(file);
        }
    }

    pub(super) fn bail_out(&mut self, reason: &str, file: &mut ReportFile) {
        self.flush(file);
        self.levels.truncate(1);
        self.has_bailed_out = true;
        let reason = if reason.is_empty() {
            "the run was aborted"
        } else {
            reason
        };
        self.comments.end_group();
        self.push_failed(BAIL_OUT, reason.to_owned(), file);
    }

    /// Ends a stream; another one may follow.
    pub(super) fn end_stream(&mut self, file: &mut ReportFile) {
        while self.levels.len() > 1 && !self.has_bailed_out {
            self.abandon(true, file);
        }
        self.flush(file);
        self.hand_out_todo(file);
        if !self.has_bailed_out {
            self.comments.end_group();
            if !self.check_plan(file) {
                self.check_whole(file);
            }
            self.check_summary(file);
        }
        self.hand_out(file);
        let seen = std::mem::take(&mut self.seen);
        *self = Self {
            seen,
            place: self.place,
            file: self.file.take(),
            has_failed: self.has_failed,
            proved: self.proved,
            has_unread: self.has_unread,
            ..Self::default()
        };
    }

    /// Adds a failed result, and returns `true`, if tests of the innermost subtest are missing.
    fn check_plan(&mut self, file: &mut ReportFile) -> bool {
        let Some(level) = self.levels.last() else {
            return false;
        };
        let planned = level.planned.unwrap_or_default();
        let ran = level.points;
        let plan = format!("{}..{}", level.number(1), level.number(planned));
        let is_subtest = self.levels.len() > 1;
        let message = if ran < planned {
            format!("{planned} tests were planned, {ran} ran")
        } else if level.is_plan_inside && level.failed == 0 {
            format!(
                "tests follow the plan `{plan}`, so the run may have ended before all tests ran"
            )
        } else if let Some(missing) = level.missing(is_subtest).filter(|_| level.failed == 0) {
            format!("no test has the number {missing} of the plan `{plan}`")
        } else {
            return false;
        };
        self.push_failed(PLAN, message, file);
        true
    }

    /// Says what the plan of a stream does not: a stream that has none ended before it, or was aborted.
    fn check_whole(&mut self, file: &mut ReportFile) {
        let root = &self.levels[0];
        match root.planned {
            Some(declared) if root.points > declared => {
                let kind = WarningKind::Totals {
                    suite: String::new(),
                    what: "tests",
                    declared,
                    found: root.points,
                };
                file.warn(self.place, kind);
            }
            None if root.failed == 0 && (root.points > 0 || self.is_announced) => {
                let message = "there is no plan (such as `1..3`), so the run may have ended before all tests ran";
                self.push_failed(PLAN, message.to_owned(), file);
            }
            None if root.points > 0 => file.warn(self.place, WarningKind::NoPlan),
            _ => {}
        }
    }

    /// Adds a failed result if the summary counts failures that no test point shows.
    fn check_summary(&mut self, file: &mut ReportFile) {
        if self.levels[0].failed > 0 {
            return;
        }
        let declared = self.comments.failed;
        if declared > self.comments.not_ok {
            let declared = usize::try_from(declared).unwrap_or(usize::MAX);
            let declared = plural(declared, "failure");
            let message =
                format!("the stream declares {declared}, but none of its tests has failed");
            self.push_failed(SUMMARY, message, file);
        } else if let Some(failure) = self.comments.errors.failure() {
            self.push_failure(RUN, failure, file);
        } else if let Some(exit) = self.comments.exit.take() {
            self.push_failed(EXIT, exit, file);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::read::report::listing::listing;

    fn shown(stream: &str) -> String {
        listing("in.tap", stream)
    }

    #[test]
    fn what_looks_like_a_subtest_and_is_printed_is_not_one_that_did_not_end() {
        let printed = "    ok 1 - a\n        # Subtest: printed by the test\n    1..1\n";
        let found = shown(&format!(
            "TAP version 13\n# Subtest: s\n{printed}ok 1 - s\n1..1\n"
        ));
        assert_eq!(found, "3: s | a = Passed");
        // It may have ended the run.
        let found = shown("TAP version 13\n1..1\n    # Subtest: s\n");
        assert!(found.contains("s = Failed ! \"did not end\""), "{found}");
    }

    #[test]
    fn not_in_a_line_of_its_own_belongs_to_the_next_test() {
        insta::assert_snapshot!(shown("1..3\nnot \nok 1 - a\nok 2 - b\nnot now\nok 3 - c\n"), @"
        3: a = Failed !
        4: b = Passed
        6: c = Passed
        ");
    }

    #[test]
    fn colors_do_not_hide_tests() {
        let stream = "\u{1b}[32mok 1 - a\u{1b}[0m\n\u{1b}[31mnot ok 2 - b\u{1b}[0m\n1..2\n";
        assert_eq!(shown(stream), "1: a = Passed\n2: b = Failed !");
    }

    #[test]
    fn a_plan_that_counts_down_is_not_one() {
        assert_eq!(shown("100..1\nok 1 - a\n1..1\n"), "2: a = Passed");
    }
}
