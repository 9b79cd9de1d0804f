//! Large tables, of which several threads read chunks at once.
//!
//! Chunks begin and end between rows, so each can be read by itself. What is said once of a table is said at its first
//! occurrence in the chunks, or at the end.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::chunk::Chunk;
use super::records::RowRecords;
use super::table::{Seen, Table};
use super::{Csv, CsvInput, TableChunks, unreadable};
use crate::read::cleaned::Cleaner;
use crate::read::error::ReadError;
use crate::read::parts::can_be_shared;
use crate::read::parts::crew::Crew;
use crate::read::parts::sink::Sink;
use crate::read::process::{Process, Processed};
use crate::read::record::Record;
use crate::read::report::file::Input;
use crate::read::start_times::StartTimes;
use crate::warning::WarningKind;

/// The records of a table that several threads read.
pub(crate) struct Parts<P: Process> {
    chunks: TableChunks<Input>,
    table: Arc<Table>,
    crew: TableCrew<P>,
    /// What has not been returned yet.
    ready: VecDeque<Processed<P::Output>>,
    /// Whether these have warned already.
    start_times: StartTimes,
    cleaner: Cleaner,
    seen: Seen,
    /// How the chunks ended.
    end: Option<Result<(), ReadError>>,
    has_ended: bool,
}

/// Threads that read chunks.
pub(crate) type TableCrew<P> = Crew<Chunk, Outcome<<P as Process>::Output>>;

/// What a chunk contains.
pub(crate) struct Outcome<T> {
    /// The chunk, whose memory is used again.
    chunk: Chunk,
    found: Vec<Processed<T>>,
    seen: Seen,
    error: Option<ReadError>,
}

/// Starts up to `count` threads that read the rest of `table`; none if it cannot be shared, or if there is no rest.
pub(crate) fn crew<P: Process>(
    table: &Csv<Input>,
    process: &Arc<P>,
    count: usize,
) -> Option<TableCrew<P>> {
    let header = table.records.table();
    let is_raw = matches!(table.chunks.input().get_ref(), CsvInput::Raw(_));
    if count < 2 || !is_raw || table.chunks.has_ended() || !can_be_shared(&header.options) {
        return None;
    }
    let crew = Crew::start(count, || {
        let commas = table.records.commas().clone();
        let mut records = RowRecords::new(Arc::clone(header), commas);
        let mut sink = Sink::new(Arc::clone(process), &header.options);
        move |chunk| read_chunk(chunk, &mut records, &mut sink)
    });
    (!crew.is_empty()).then_some(crew)
}

fn read_chunk<P: Process>(
    chunk: Chunk,
    records: &mut RowRecords,
    sink: &mut Sink<P>,
) -> Outcome<P::Output> {
    records.begin(chunk);
    let mut found = Vec::new();
    let mut push = |processed| found.push(processed);
    let mut error = None;
    while let Some(record) = records.next() {
        match record {
            Ok(record) => {
                if let Some(run) = sink.add(record, &mut push) {
                    records.recycle(run);
                }
            }
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
    }
    sink.flush(&mut push);
    Outcome {
        chunk: records.begin(Chunk::default()),
        found,
        seen: std::mem::take(&mut records.seen),
        error,
    }
}

impl<P: Process> Parts<P> {
    /// The records of `table`, which `crew` reads.
    pub(crate) fn new(table: Csv<Input>, mut crew: TableCrew<P>) -> Self {
        let Csv {
            chunks,
            mut records,
            is_over: _,
        } = table;
        let table = Arc::clone(records.table());
        let before_rows = records.pending.drain(..).filter_map(|record| match record {
            Record::Warning(warning) => Some(Processed::Warning(warning)),
            Record::Invalid(row) => Some(Processed::Invalid(row)),
            Record::Run(_) => None,
        });
        let ready = before_rows.collect();
        // The rows after the header.
        crew.give(records.begin(Chunk::default()));
        Self {
            cleaner: Cleaner::new(&table.options),
            chunks,
            table,
            crew,
            ready,
            start_times: StartTimes::default(),
            seen: Seen::default(),
            end: None,
            has_ended: false,
        }
    }

    /// Takes what is in the next chunk, or what is said at the end.
    fn advance(&mut self) -> Result<(), ReadError> {
        self.cut();
        if self.crew.waiting() == 0 {
            self.has_ended = true;
            self.end.take().unwrap_or(Ok(()))?;
            let encoding = self.chunks.input().get_ref().encoding();
            let warnings = self.table.last_warnings(self.seen, encoding);
            self.ready.extend(warnings.map(Processed::Warning));
            return Ok(());
        }
        let Some(outcome) = self.crew.take() else {
            self.has_ended = true;
            let error = io::Error::other("a thread that reads it has ended unexpectedly");
            return Err(ReadError::io(Arc::clone(&self.table.file), error));
        };
        for processed in outcome.found {
            if self.is_worth_saying(&processed) {
                self.ready.push_back(processed);
            }
        }
        self.seen.append(outcome.seen);
        self.chunks.recycle(outcome.chunk);
        if let Some(error) = outcome.error {
            self.end = Some(Err(error));
            self.crew = Crew::default();
        }
        Ok(())
    }

    /// Gives further chunks to the threads.
    fn cut(&mut self) {
        while self.end.is_none() && self.crew.wants_more() {
            match self.chunks.next() {
                Ok(Some(chunk)) => self.crew.give(chunk),
                Ok(None) => self.end = Some(Ok(())),
                Err(error) => self.end = Some(Err(unreadable(&self.table.file, error))),
            }
        }
    }

    /// Whether it is no warning that was given before.
    fn is_worth_saying(&mut self, processed: &Processed<P::Output>) -> bool {
        let Processed::Warning(warning) = processed else {
            return true;
        };
        match warning.kind {
            WarningKind::MemoryAddress { .. } => self.cleaner.warns_first(),
            WarningKind::NoTimeZone { .. } => self.start_times.warns_first(),
            _ => true,
        }
    }
}

impl<P: Process> Iterator for Parts<P> {
    type Item = Result<Processed<P::Output>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(processed) = self.ready.pop_front() {
                return Some(Ok(processed));
            }
            if self.has_ended {
                return None;
            }
            if let Err(error) = self.advance() {
                self.has_ended = true;
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests;
