//! The records of an input whose results are processed.

use std::sync::Arc;

use crate::read::cleaned::Cleaned;
use crate::read::csv::{self, Csv};
use crate::read::error::ReadError;
use crate::read::junit;
use crate::read::junit::parts::part::Setting;
use crate::read::options::ReadOptions;
use crate::read::process::{Process, ProcessEach, Processed};
use crate::read::record::Records;
use crate::read::report::file::Input;

/// The records of one input, in order, whose results are processed; ends with the input or after the first error.
#[must_use]
pub struct ProcessedRecords<P: Process>(Reading<P>);

enum Reading<P: Process> {
    Records(Box<ProcessEach<P>>),
    Report(Box<junit::parts::Parts<P>>),
    Table(Box<csv::parts::Parts<P>>),
}

impl<P: Process> ProcessedRecords<P> {
    pub(super) fn of(records: Records, process: Arc<P>) -> Self {
        Self(Reading::Records(Box::new(ProcessEach::new(
            records, process,
        ))))
    }

    /// The records of a `JUnit` report that begins with `head` and may be cut.
    pub(super) fn of_report(
        setting: Setting<P>,
        input: Input,
        head: Vec<u8>,
        threads: usize,
    ) -> Self {
        let parts = junit::parts::Parts::new(setting, input, head, threads);
        Self(Reading::Report(Box::new(parts)))
    }

    /// The records of a table.
    pub(super) fn of_table(
        table: Csv<Input>,
        options: &ReadOptions,
        process: Arc<P>,
        threads: usize,
    ) -> Self {
        match csv::parts::crew(&table, &process, threads) {
            Some(crew) => Self(Reading::Table(Box::new(csv::parts::Parts::new(
                table, crew,
            )))),
            None => Self::of(Records::new(Cleaned::new(table, options)), process),
        }
    }
}

impl<P: Process> Iterator for ProcessedRecords<P> {
    type Item = Result<Processed<P::Output>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Reading::Records(records) => records.next(),
            Reading::Report(parts) => parts.next(),
            Reading::Table(parts) => parts.next(),
        }
    }
}

impl<P: Process> std::fmt::Debug for ProcessedRecords<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessedRecords").finish_non_exhaustive()
    }
}
