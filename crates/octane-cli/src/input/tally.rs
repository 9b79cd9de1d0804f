//! Counts of valid results.

use jiff::Timestamp;
use octane_results::{Dialect, Process, Status, Survey, TestRun};

/// What is counted of valid results.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(super) survey: Survey,
    /// How many there are of each of [`Status::ALL`].
    pub(super) statuses: [usize; Status::ALL.len()],
    /// When the first of them started.
    pub(super) first_started: Option<Timestamp>,
}

impl Tally {
    /// Of results that go into payloads of this dialect.
    pub(super) fn of_dialect(dialect: Dialect) -> Self {
        Self {
            survey: Survey::of_dialect(dialect),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, run: &TestRun) {
        self.survey.add(run);
        for (count, status) in self.statuses.iter_mut().zip(Status::ALL) {
            *count += usize::from(status == run.status);
        }
        self.started(run.started);
    }

    /// Adds results that follow.
    pub(super) fn append(&mut self, later: Self) {
        self.survey.append(later.survey);
        for (count, later) in self.statuses.iter_mut().zip(later.statuses) {
            *count += later;
        }
        self.started(later.first_started);
    }

    fn started(&mut self, started: Option<Timestamp>) {
        self.first_started = self.first_started.into_iter().chain(started).min();
    }

    /// How many results there are.
    pub(super) fn results(&self) -> usize {
        self.statuses.iter().sum()
    }

    pub(super) fn statuses(&self) -> [(Status, usize); Status::ALL.len()] {
        let mut counts = self.statuses.into_iter();
        Status::ALL.map(|status| (status, counts.next().unwrap_or_default()))
    }
}

/// Counts results, and processes them.
#[derive(Debug)]
pub(super) struct Tallied<P> {
    pub(super) process: P,
    pub(super) dialect: Dialect,
}

impl<P: Process> Process for Tallied<P> {
    type Output = (Tally, P::Output);

    fn begin(&self) -> Self::Output {
        (Tally::of_dialect(self.dialect), self.process.begin())
    }

    fn run(&self, run: &mut TestRun, (tally, output): &mut Self::Output) {
        tally.add(run);
        self.process.run(run, output);
    }

    fn end(&self, (_, output): &mut Self::Output) {
        self.process.end(output);
    }
}
