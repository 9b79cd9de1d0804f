//! The first reading of all inputs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::vec::IntoIter;

use octane_results::{
    Arrangement, Dialect, LeftOut, Process, Processed, ReadError, Record, Reruns, Source, Status,
    Tag, TestRun,
};

use super::file_state::FileState;
use super::finding::{Inputs, find};
use super::tally::{Tallied, Tally};
use super::warnings::Warnings;
use super::workers::{Part, Workers};
use super::{Input, default_name, options};
use crate::args::InputArgs;
use crate::failure::{Failure, Result};

/// The valid results of all inputs, in order, while they are read for the first time.
///
/// A file that was found in a folder and is of another kind is skipped. If a file breaks off, the results before that
/// point are complete, and the file itself counts as one invalid result: what came after that point is not known.
#[derive(Debug)]
pub(crate) struct Reading {
    input: Input,
    tally: Tally,
    /// That of the payloads.
    dialect: Dialect,
    reruns: Reruns,
    /// The inputs that no thread reads yet.
    sources: Vec<Source>,
    workers: Option<Workers<Vec<Record>>>,
    /// What has been read and not been returned yet.
    block: IntoIter<Record>,
    /// How many valid results the current file has had so far.
    runs: usize,
    /// How many all of them have had.
    read: Arc<AtomicUsize>,
    failed: Option<Failure>,
}

impl Reading {
    /// Finds the inputs.
    pub(crate) fn new(args: &InputArgs) -> Result<Self> {
        Self::of(args, find)
    }

    /// Reads the inputs that `find` finds, once it is known how.
    pub(crate) fn of(
        args: &InputArgs,
        find: impl FnOnce(&InputArgs) -> Result<Inputs>,
    ) -> Result<Self> {
        let mut input = Input {
            readable: Vec::new(),
            options: options(args)?,
            invalid: Vec::new(),
            unreadable: Vec::new(),
            unreadable_paths: Vec::new(),
            warnings: Warnings::default(),
            files: 0,
            name: default_name(args),
            statuses: Status::ALL.map(|status| (status, 0)),
            first_started: None,
            arrangement: Arrangement::default(),
            are_distinct: true,
            read_again: Cell::new(None),
            states: Vec::new(),
        };
        let Inputs { found, warnings } = find(args)?;
        for (code, message) in warnings {
            input.warnings.add_message(code, message);
        }
        for left_out in &found.left_out {
            input.warnings.add_left_out(left_out);
        }
        input.unreadable_paths = found.unreadable;
        if let Some(map) = &input.options.jira_map {
            map.warnings()
                .for_each(|warning| input.warnings.add(warning));
        }
        Ok(Self {
            input,
            tally: Tally::default(),
            dialect: Dialect::Standard,
            reruns: args.reruns,
            sources: found.sources,
            workers: None,
            block: Vec::new().into_iter(),
            runs: 0,
            read: Arc::default(),
            failed: None,
        })
    }

    /// Counts the valid results where they can be looked at while they are read.
    pub(crate) fn counting(self, read: Arc<AtomicUsize>) -> Self {
        Self { read, ..self }
    }

    /// For payloads of this dialect.
    pub(crate) fn of_dialect(self, dialect: Dialect) -> Self {
        Self {
            tally: Tally::of_dialect(dialect),
            dialect,
            ..self
        }
    }

    fn count(&mut self, run: &TestRun) {
        self.runs += 1;
        self.read.fetch_add(1, Ordering::Relaxed);
        self.tally.add(run);
    }

    /// The name of the first input.
    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// What the inputs contain, once all results have been read; `environment` is that of all runs.
    pub(crate) fn finish(mut self, environment: &[Tag]) -> Result<Input> {
        // The rest of what has been taken one by one.
        while self.block.len() > 0 {
            self.next();
        }
        self.each(&mut |_| Ok(()))?;
        if let Some(failure) = self.failed {
            return Err(failure);
        }
        let mut input = self.input;
        input.verify_unchanged()?;
        if let Some(map) = &input.options.jira_map {
            (map.unused()).for_each(|warning| input.warnings.add(&warning));
        }
        input.statuses = self.tally.statuses();
        input.first_started = self.tally.first_started;
        if let Some(mut repeats) = self.tally.survey.finish() {
            input.are_distinct = false;
            for source in &input.readable {
                for run in input.runs_of(source) {
                    repeats.add(&run, source.pattern());
                }
            }
            input.arrangement = repeats.arrange(self.reruns, environment);
        }
        Ok(input)
    }

    /// Ends a file, which has an error unless it was read to its end.
    fn close(
        &mut self,
        source: Source,
        state: Option<FileState>,
        runs: usize,
        error: Option<ReadError>,
    ) {
        let input = &mut self.input;
        if let Some(error) = error {
            if runs == 0 && !source.is_named() && error.is_other_kind() {
                input.warnings.add_left_out(&LeftOut::other_kind(&error));
                return;
            }
            input.unreadable.push((error, runs));
        }
        input.states.extend(state);
        input.files += 1;
        if runs > 0 {
            input.readable.push(source);
        }
    }

    /// The next part of an input; the threads are started for the first one.
    fn next_part(&mut self) -> Option<Part<Vec<Record>>> {
        let (sources, options) = (&mut self.sources, &self.input.options);
        let start = || Workers::start(std::mem::take(sources), options);
        self.workers.get_or_insert_with(start).next()
    }
}

impl Reading {
    /// Passes each valid result to `each`, until that fails; the others are only counted. Much faster than the iterator, because
    /// the reader threads use the memory of each result again.
    pub(crate) fn each(&mut self, each: &mut dyn FnMut(&mut TestRun) -> Result<()>) -> Result<()> {
        let mut failed = None;
        loop {
            match self.next_part() {
                Some(Part::Block(mut records)) => {
                    for record in &mut records {
                        match record {
                            Record::Run(run) => {
                                self.count(run);
                                if failed.is_none() {
                                    failed = each(run).err();
                                }
                            }
                            Record::Invalid(row) => self.input.invalid.push(row.clone()),
                            Record::Warning(warning) => self.input.warnings.add(warning),
                        }
                    }
                    if let Some(workers) = &self.workers {
                        workers.give_back(records);
                    }
                }
                Some(part) => self.end(part),
                None => return failed.map_or(Ok(()), Err),
            }
        }
    }

    /// Processes each valid result on the thread that reads it, and passes what was made of them, in order, to `each`, until that
    /// fails; the others are only counted.
    pub(crate) fn process<P: Process>(
        &mut self,
        process: P,
        each: &mut dyn FnMut(P::Output) -> Result<()>,
    ) -> Result<()> {
        let mut processed = self.processed(process);
        let done = processed.by_ref().try_for_each(each);
        processed.finish();
        done
    }

    /// Processes each valid result on the thread that reads it.
    pub(crate) fn processed<P: Process>(&mut self, process: P) -> ProcessedResults<'_, P> {
        let sources = std::mem::take(&mut self.sources);
        let dialect = self.dialect;
        let tallied = Tallied { process, dialect };
        let workers = Workers::process(sources, &self.input.options, tallied);
        ProcessedResults {
            reading: self,
            workers,
        }
    }

    /// Notes the end of an input.
    fn end<T>(&mut self, part: Part<T>) {
        match part {
            Part::Block(_) => {}
            Part::End(source, state, error) => {
                let runs = std::mem::take(&mut self.runs);
                self.close(source, state, runs, error);
            }
            Part::Failed(failure) => {
                self.failed.get_or_insert(failure);
            }
        }
    }
}

/// What was made of valid results, in order.
pub(crate) struct ProcessedResults<'a, P: Process> {
    reading: &'a mut Reading,
    workers: Workers<Processed<(Tally, P::Output)>>,
}

impl<P: Process> ProcessedResults<'_, P> {
    /// Reads what is left, and counts it.
    pub(crate) fn finish(self) {
        self.for_each(drop);
    }
}

impl<P: Process> Iterator for ProcessedResults<'_, P> {
    type Item = P::Output;

    fn next(&mut self) -> Option<P::Output> {
        loop {
            match self.workers.next()? {
                Part::Block(Processed::Runs((tally, output))) => {
                    self.reading.runs += tally.results();
                    let read = &self.reading.read;
                    read.fetch_add(tally.results(), Ordering::Relaxed);
                    self.reading.tally.append(tally);
                    return Some(output);
                }
                Part::Block(Processed::Invalid(row)) => self.reading.input.invalid.push(row),
                Part::Block(Processed::Warning(warning)) => {
                    self.reading.input.warnings.add(&warning);
                }
                part => self.reading.end(part),
            }
        }
    }
}

impl Iterator for Reading {
    type Item = TestRun;

    fn next(&mut self) -> Option<TestRun> {
        loop {
            let Some(record) = self.block.next() else {
                match self.next_part()? {
                    Part::Block(records) => self.block = records.into_iter(),
                    part => self.end(part),
                }
                continue;
            };
            match record {
                Record::Run(run) => {
                    self.count(&run);
                    return Some(*run);
                }
                Record::Invalid(row) => self.input.invalid.push(row),
                Record::Warning(warning) => self.input.warnings.add(&warning),
            }
        }
    }
}
