//! Reports that are read in parts.

use super::super::scope::{OpenScopes, Scope};
use super::super::suite::Suite;
use super::Report;
use crate::read::start_times::StartTimes;

impl Report {
    /// Whether all open elements, `depth` of them, are suites.
    pub(in crate::read::junit) fn is_between_cases(&self, depth: usize) -> bool {
        self.cases_open.is_empty()
            && self.scopes.are_all(Scope::Suite)
            && [self.scopes.depth(), self.suites.len()] == [depth; 2]
    }

    /// Makes the open suites those that were opened before this part, and forgets everything else.
    pub(in crate::read::junit) fn inherit(&mut self) {
        let suites = std::mem::take(&mut self.suites).into_iter();
        self.suites = suites.map(Suite::without_results).collect();
        self.inherited = self.suites.len();
        self.cases = 0;
        self.ready.clear();
        self.warned.clear();
        self.start_times = StartTimes::default();
    }

    /// Whether there is a record, or the end of a suite, to take.
    pub(in crate::read::junit) fn has_news(&self) -> bool {
        !self.ready.is_empty() || self.closed.is_some()
    }

    /// Whether names in suites that were opened before depend on what is before.
    pub(in crate::read::junit) fn has_unnamed_in_outer(&self) -> bool {
        self.suites[..self.inherited].iter().any(Suite::has_unnamed)
    }

    /// A suite that was opened before this part and has just ended.
    pub(in crate::read::junit) fn take_closed(&mut self) -> Option<Suite> {
        self.closed.take()
    }

    /// Ends the innermost suite, whose last part is `later`.
    pub(in crate::read::junit) fn end_suite(&mut self, later: Suite) {
        if let Some(suite) = self.suites.last_mut() {
            suite.continue_with(later);
        }
        self.close_suite();
    }

    /// Adds what the next part of the report has found of suites that have not ended, and how many results it has.
    pub(in crate::read::junit) fn continue_with(&mut self, part: Self) {
        if self.suites.is_empty() {
            self.root = part.root;
        }
        let mut suites = part.suites;
        let opened = suites.split_off(part.inherited);
        for (suite, later) in self.suites.iter_mut().zip(suites) {
            suite.continue_with(later);
        }
        self.suites.extend(opened);
        self.cases += part.cases;
    }

    /// Makes it a report that is read on where its parts end, inside of suites, and returns the lines of these.
    pub(in crate::read::junit) fn go_on_inside(&mut self) -> impl Iterator<Item = u64> {
        self.scopes = OpenScopes::all(Scope::Suite, self.suites.len());
        self.suites.iter().map(|suite| suite.place.line)
    }
}
