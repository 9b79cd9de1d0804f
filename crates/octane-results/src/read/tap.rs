//! The Test Anything Protocol, of version 12, 13 or 14.
//!
//! | line | result |
//! | --- | --- |
//! | `ok` | passed |
//! | `ok # TODO` | passed; skipped where tests have a time (`# time=12ms`, `duration_ms`): those tools do not run it, or do not count it as passed |
//! | `not ok`, or `ok` after a line that is only `not`, as on VMS | failed |
//! | `ok # SKIP`, `not ok # SKIP` | skipped; failed if Bats says below it where: the test was skipped, and its clean-up failed |
//! | `not ok # TODO`, `not ok # XFAIL` | skipped |
//! | `skip 2 pays`, `todo 3 pays`, as testem writes it, with the next number | skipped |
//! | a subtest with tests in it | its tests; it is a failed result itself only if it is `not ok` and none of them failed |
//! | tests of a subtest that is `not ok # TODO`, in a stream without a version, as Perl writes it | skipped if they failed |
//! | a plan at the beginning or the end with more tests than there are | one failed result, called `plan` |
//! | a plan that was met, but is followed by tests with the next numbers, or in a subtest by any, of which none failed | the same |
//! | a plan with a number that no test has, because another one is given twice or is beyond the plan, and no test failed | the same |
//! | no plan, and no test failed: the run ended before it, even directly after the version | the same |
//! | `# fail 1`, `# failed 1` or `# failed 1 of 2 tests` below the tests, of which none has failed and fewer are `not ok` | one failed result, called `summary` |
//! | a comment of `node:test` on an error after the end of its test or outside of tests, or on a threshold of the coverage, if no test failed | one failed result, called `[run]` |
//! | `Bail out!` | one failed result |
//! | a subtest that ends in the middle | one failed result, unless one of its tests failed |
//! | `Dubious, test returned 1` of `prove -v`, where all tests ran and none failed, or none ran | one failed result, called `exit status` |
//! | `# Looks like your test exited with 3` or `died` of `Test::More`, if no test failed | the same |
//! | a last line without a line end that ends within `# SKIP` or `# TODO` | invalid: it is cut off |
//! | `Result: FAIL` of `prove -v`, where no test has failed: their numbers are not in order, for example | one failed result, called `summary` |
//! | `1..0 # SKIP` | none |
//!
//! What the protocol leaves open is decided like this:
//!
//! - The numbers of a plan such as `0..2` begin with its first one. Those of a subtest may go on from an earlier subtest.
//! - More tests than planned, or no plan where a test failed, is a warning: what ran is known.
//! - A `not ok` whose indentation is not that of a subtest, and what looks like another report after the last test, are not read,
//!   with a warning.
//! - After a plan at the end that was met, another plan or a new version line, another stream begins, as where files were
//!   put together. The `ok` that `prove -v` prints below the tests of a file is not a test; the file is given as the origin.
//! - Subtests are indented by four spaces, or as far as the first plan or `# Subtest` that is indented. They are named by a
//!   `# Subtest: name` before them or at their beginning, or by the test point with a `{` before them; a test belongs to the class
//!   `outer > inner`.
//! - A comment directly before a test point is the class of the tests that follow, as `tape` writes it, if the report has
//!   a version and no plan at the beginning, and if there is one before the first test point already. Comments that are
//!   indented, and those below the `initTestCase()` of Qt, are what tests print, and a `#` that is indented belongs to a subtest.
//! - Two tests of one name are distinguished as `pays` and `pays (2)`; a test without a name is called by the
//!   `# Subtest` before it, or by what follows after `# SKIP` or `# TODO`, or by its number. The time in `pays  (0.11s)`, as Criterion
//!   writes it, in `Chrome - [5 ms] - pays`, as testem does, or in `pays in 12ms`, if Bats has written one in the first test too, is the
//!   duration and not part of the name.
//! - Of a block with diagnostics, which may be JSON, `message` or `error`, `name`, `severity`, `duration_ms` and `stack` are read. Without a
//!   block, the comments and other lines below a failed test are its details, and the message is the first line, or the
//!   last line of a traceback of Python.
//!
//! Memory grows with the number of different names, of which a digest is kept. Without a version, the results of a subtest are held
//! until it ends.

use std::sync::Arc;

use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::report::lines::LineFormat;
use super::report::seen::Seen;
use super::report::{Draft, ReportFile};
use crate::colors::without_colors;

mod block;
mod comments;
mod level;
mod line;
mod pending;
mod results;
mod subtests;
mod suffix;

use block::{Block, Taken};
use comments::Comments;
use level::{Indent, Level};
use line::{Line, Point, begins_report, indentation, parse};
use pending::Pending;
use suffix::is_directive_cut_off;

/// The name of the result for tests that are planned and did not run.
const PLAN: &str = "plan";

/// The name of the result for a file of which `prove` says that it failed, though its tests did not.
const EXIT: &str = "exit status";

/// The name of the result for an aborted run.
const BAIL_OUT: &str = "Bail out!";

/// The name of the result for a stream that says itself that tests failed, though all of them are `ok`.
const SUMMARY: &str = "summary";

/// The first version that streams name.
const VERSION_MIN: u64 = 12;

/// The deepest subtest that is distinguished from what is around it.
const DEPTH_MAX: usize = 100;

#[derive(Debug)]
pub(crate) struct Tap {
    /// The stream, and the subtests that are open in it.
    levels: Vec<Level>,
    indent: Indent,
    /// The last test point, to which diagnostics may follow.
    pending: Option<Pending>,
    block: Option<Block>,
    has_version: bool,
    /// Whether that is a version of the protocol, so that tests must follow.
    is_announced: bool,
    /// Nothing counts any more until another stream begins.
    has_bailed_out: bool,
    comments: Comments,
    /// Whether a test point had a time.
    has_times: bool,
    /// The file that `prove -v` names.
    file: Option<Arc<str>>,
    /// The results of the subtest that is open, whose test point may say that it is a TODO test.
    held: Vec<Draft>,
    /// The TODO tests that are `ok`, before the first test with a time.
    todo: Vec<Draft>,
    /// Whether the line that is read may be cut off.
    is_unended: bool,
    /// Whether a line that looks like a result was not read.
    has_unread: bool,
    /// Whether a result is failed.
    has_failed: bool,
    /// Whether Bats has written a time after the name of each test.
    is_timed_bats: bool,
    /// Whether the line before is `not` alone.
    is_negated: bool,
    /// Where `prove` says that the tests failed.
    proved: Option<LineColumn>,
    seen: Seen,
    place: LineColumn,
}

impl Default for Tap {
    fn default() -> Self {
        Self {
            levels: vec![Level::default()],
            indent: Indent::default(),
            pending: None,
            block: None,
            has_version: false,
            is_announced: false,
            has_bailed_out: false,
            comments: Comments::default(),
            has_times: false,
            file: None,
            held: Vec::new(),
            todo: Vec::new(),
            is_unended: false,
            has_unread: false,
            has_failed: false,
            is_timed_bats: false,
            is_negated: false,
            proved: None,
            seen: Seen::default(),
            place: LineColumn::START,
        }
    }
}

impl LineFormat for Tap {
    fn line_without_end(&mut self) {
        self.is_unended = true;
    }

    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        self.place = place;
        let line = without_colors(line.trim_start_matches('\u{feff}'));
        let line = &*line;
        if let Some(mut block) = self.block.take() {
            match block.take(line) {
                Taken::Inside => {
                    self.block = Some(block);
                    return Ok(());
                }
                taken => {
                    self.add_block(&block);
                    if taken == Taken::End {
                        return Ok(());
                    }
                }
            }
        }
        self.other_line(line, file);
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        if let Some(block) = self.block.take() {
            self.add_block(&block);
        }
        self.end_stream(file);
        if let Some(place) = self.proved.filter(|_| !self.has_failed) {
            self.place = place;
            self.file = None;
            let message = "`prove` says `Result: FAIL`, but none of the tests has failed";
            self.push_failed(SUMMARY, message.to_owned(), file);
        }
    }
}

impl Tap {
    /// A line outside of blocks.
    fn other_line(&mut self, line: &str, file: &mut ReportFile) {
        let indentation = indentation(line);
        let parsed = parse(line);
        let is_negated = std::mem::replace(&mut self.is_negated, line.trim_end() == "not");
        let comment = self.comments.last.take();
        if let (Line::Version(version), 0) = (&parsed, indentation) {
            if self.levels[0].has_begun() || self.has_bailed_out {
                self.end_stream(file);
            }
            self.has_version = true;
            self.is_announced = *version >= VERSION_MIN;
            return;
        }
        if self.has_bailed_out && proved_file(line).is_none() {
            return;
        }
        let begins = match parsed {
            Line::Subtest(_) | Line::Version(_) => true,
            Line::Plan { .. } => !self.takes_notes(),
            _ => false,
        };
        let depth = self.indent.depth(indentation, begins);
        let depth = depth.filter(|depth| *depth <= DEPTH_MAX);
        let is_of_test = match &parsed {
            Line::Point(point) => !point.is_skip,
            Line::Plan { .. } | Line::Subtest(_) => true,
            _ => false,
        };
        if is_of_test && depth > Some(0) {
            self.end_before_subtest(file);
        }
        match (parsed, depth) {
            // What a test printed.
            (Line::Point(point), _) if point.is_skip && !self.is_next(&point) => self.note(line),
            (Line::Point(mut point), Some(0)) if is_negated && point.is_ok => {
                point.is_ok = false;
                self.flush(file);
                self.point(&point, 0, file);
            }
            (Line::Point(point), Some(depth)) if self.is_unended && is_directive_cut_off(line) => {
                self.flush(file);
                if let Some(level) = self.levels.get_mut(depth) {
                    level.count(point.number);
                }
                file.push_cut_off(self.place);
            }
            (Line::Point(point), None) if !point.is_ok => self.unread(line, file),
            (Line::Point(point), Some(depth)) => {
                self.flush(file);
                if depth == 0 {
                    let root = &self.levels[0];
                    let may_head =
                        self.has_version && (root.planned.is_none() || root.is_plan_last);
                    self.comments.head(comment.filter(|_| may_head), &point);
                }
                let point = self.without_time_of_bats(point);
                self.point(&point, depth, file);
            }
            (Line::Plan { first, planned }, Some(depth)) => self.plan(first, planned, depth, file),
            (Line::Subtest(name), Some(depth)) => self.subtest(name, depth, file),
            (Line::Close, Some(depth)) => self.close(depth, file),
            (Line::BailOut(reason), _) => self.bail_out(reason, file),
            (Line::Block, _) if self.takes_block(indentation) => {
                self.block = Some(Block::new(indentation));
            }
            (Line::Comment(text), _) => self.note_comment(text, line),
            _ => match proved_file(line) {
                Some(name) => self.begin_file(name, file),
                None if line.starts_with("Dubious, ") => self.dubious(line, file),
                None if line.trim_end() == "Result: FAIL" && self.file.is_some() => {
                    self.proved = Some(self.place);
                }
                None if self.has_all_tests() && begins_report(line) => self.unread(line, file),
                None => self.note(line),
            },
        }
    }

    /// Whether all tests of the stream have run.
    fn has_all_tests(&self) -> bool {
        self.levels.len() == 1 && self.levels[0].is_met()
    }

    fn add_block(&mut self, block: &Block) {
        if let Some(pending) = &mut self.pending {
            pending.add_block(block);
            self.has_times |= pending.has_time();
        }
    }

    /// Whether a point has the number of the next test of the stream.
    fn is_next(&self, point: &Point) -> bool {
        self.levels.len() == 1 && point.number == Some(self.levels[0].points + 1)
    }

    fn takes_block(&self, indentation: usize) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| indentation > pending.indentation && !pending.has_block)
    }

    fn note_comment(&mut self, text: &str, line: &str) {
        if let Some(pending) = &mut self.pending {
            pending.fail_by(text);
        }
        match &self.pending {
            _ if self.comments.is_summary(text, line) || self.comments.errors.note(text) => {}
            _ if self.comments.is_exit(text) => {}
            Some(pending) if pending.takes_notes() => self.note(line),
            _ => self.comments.note(text, line),
        }
    }

    /// The tests of another file follow.
    fn begin_file(&mut self, name: &str, file: &mut ReportFile) {
        let stream = &self.levels[0];
        if stream.has_begun() || stream.results > 0 || self.has_bailed_out {
            self.end_stream(file);
        }
        self.file = Some(Arc::from(name));
    }

    /// `prove` says that a file failed.
    fn dubious(&mut self, line: &str, file: &mut ReportFile) {
        self.flush(file);
        let stream = &self.levels[0];
        // What is missing in a stream that was cut off is named at its end.
        let ran = stream.points;
        let is_cut_off = (stream.planned).map_or(ran > 0, |planned| ran < planned);
        if self.file.is_some() && !is_cut_off && stream.failed == 0 {
            self.push_failed(EXIT, line.to_owned(), file);
        }
    }

    /// A line that is no TAP: diagnostics, or something that was printed.
    fn note(&mut self, line: &str) {
        if let Some(pending) = &mut self.pending {
            pending.note(line);
        }
    }
}

/// The file in a line such as `t/pays.t ..`, which `prove -v` prints before its tests.
fn proved_file(line: &str) -> Option<&str> {
    let (file, dots) = line.trim_end().split_once(' ')?;
    let is_file = file.len() > 2
        && file.strip_suffix(".t").is_some()
        && !dots.is_empty()
        && dots.bytes().all(|byte| byte == b'.');
    is_file.then_some(file)
}

#[cfg(test)]
mod tests;
