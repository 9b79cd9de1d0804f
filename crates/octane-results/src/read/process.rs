//! Results that are processed on the threads that read them.

use std::sync::Arc;

use crate::invalid::InvalidRow;
use crate::read::error::ReadError;
use crate::read::record::{Record, Records};
use crate::run::TestRun;
use crate::warning::Warning;

/// How many results are processed together.
const RUNS_MAX: usize = 512;

/// What is done with each result on the thread that has read it.
pub trait Process: Send + Sync + 'static {
    /// What is made of several results.
    type Output: Send + 'static;

    /// What is made of no results yet.
    fn begin(&self) -> Self::Output;

    /// Adds a result, the next one. It may be one that is read again later, whose output is thrown away.
    fn run(&self, run: &mut TestRun, output: &mut Self::Output);

    /// Completes what was made of some results; no further ones are added.
    fn end(&self, _output: &mut Self::Output) {}
}

/// A part of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed<T> {
    /// What was made of some results.
    Runs(T),
    /// An invalid row; reading continues.
    Invalid(InvalidRow),
    /// A warning; reading continues.
    Warning(Warning),
}

/// Processes records one after the other.
pub(super) struct ProcessEach<P: Process> {
    records: Records,
    process: Arc<P>,
    /// What was read after the last results.
    next: Option<Result<Record, ReadError>>,
}

impl<P: Process> ProcessEach<P> {
    pub(super) fn new(records: Records, process: Arc<P>) -> Self {
        Self {
            records,
            process,
            next: None,
        }
    }
}

impl<P: Process> Iterator for ProcessEach<P> {
    type Item = Result<Processed<P::Output>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut output = None;
        for _ in 0..RUNS_MAX {
            match self.next.take().or_else(|| self.records.next()) {
                Some(Ok(Record::Run(mut run))) => {
                    let output = output.get_or_insert_with(|| self.process.begin());
                    self.process.run(&mut run, output);
                    self.records.recycle(run);
                }
                other => {
                    self.next = other;
                    break;
                }
            }
        }
        if let Some(mut output) = output {
            self.process.end(&mut output);
            return Some(Ok(Processed::Runs(output)));
        }
        Some(match self.next.take()? {
            Ok(Record::Invalid(row)) => Ok(Processed::Invalid(row)),
            Ok(Record::Warning(warning)) => Ok(Processed::Warning(warning)),
            // Was processed above.
            Ok(Record::Run(_)) => return None,
            Err(error) => Err(error),
        })
    }
}
