//! What becomes of the records of a part.

use std::sync::Arc;

use crate::read::cleaned::Cleaner;
use crate::read::options::ReadOptions;
use crate::read::process::{Process, Processed};
use crate::read::record::Record;
use crate::run::TestRun;

/// Makes the identities of results final, and processes them.
pub(crate) struct Sink<P: Process> {
    process: Arc<P>,
    pub(crate) cleaner: Cleaner,
    /// What is being made of results.
    output: Option<P::Output>,
}

impl<P: Process> Sink<P> {
    pub(crate) fn new(process: Arc<P>, options: &ReadOptions) -> Self {
        Self {
            process,
            cleaner: Cleaner::new(options),
            output: None,
        }
    }

    /// Adds a record, and returns a result that is no longer needed.
    pub(crate) fn add(
        &mut self,
        record: Record,
        found: &mut impl FnMut(Processed<P::Output>),
    ) -> Option<Box<TestRun>> {
        match record {
            Record::Run(mut run) => {
                if let Some(warning) = self.cleaner.clean(&mut run) {
                    self.flush(found);
                    found(Processed::Warning(warning));
                }
                let output = self.output.get_or_insert_with(|| self.process.begin());
                self.process.run(&mut run, output);
                return Some(run);
            }
            Record::Invalid(row) => {
                self.flush(found);
                found(Processed::Invalid(row));
            }
            Record::Warning(warning) => {
                self.flush(found);
                found(Processed::Warning(warning));
            }
        }
        None
    }

    /// Ends what is being made of results.
    pub(crate) fn flush(&mut self, found: &mut impl FnMut(Processed<P::Output>)) {
        if let Some(mut output) = self.output.take() {
            self.process.end(&mut output);
            found(Processed::Runs(output));
        }
    }
}
