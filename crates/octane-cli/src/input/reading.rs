//! The first reading of all inputs.

use std::cell::Cell;
use std::vec::IntoIter;

use octane_results::{
    Arrangement, FindOptions, LeftOut, ReadError, Record, Reruns, Source, Survey, Tag, TestRun,
    sources,
};

use super::warnings::Warnings;
use super::workers::{Part, Workers};
use super::{Input, STATUSES, default_name, options};
use crate::args::InputArgs;
use crate::failure::{Failure, Result};

/// The valid results of all inputs, in order, while they are read for the first time.
///
/// A file that was found in a folder and is of another kind is left out. If a file breaks off, the results before that
/// point are complete, and the file itself counts as one invalid result: what came after that point is not known.
#[derive(Debug)]
pub(crate) struct Reading {
    input: Input,
    survey: Survey,
    reruns: Reruns,
    workers: Workers,
    /// What has been read and not been returned yet.
    block: IntoIter<Record>,
    /// The first result, if it was looked at and not returned yet.
    waiting: Option<TestRun>,
    /// How many valid results the current file has had so far.
    runs: usize,
    failed: Option<Failure>,
}

impl Reading {
    /// Finds the inputs.
    pub(crate) fn new(args: &InputArgs) -> Result<Self> {
        let mut input = Input {
            readable: Vec::new(),
            options: options(args)?,
            invalid: Vec::new(),
            unreadable: Vec::new(),
            unreadable_paths: Vec::new(),
            warnings: Warnings::default(),
            files: 0,
            name: default_name(args),
            statuses: STATUSES.map(|status| (status, 0)),
            first_started: None,
            arrangement: Arrangement::default(),
            are_distinct: true,
            read_again: Cell::new(0),
        };
        let options = FindOptions::default()
            .excludes(&args.exclude)
            .follow_links(args.follow_links);
        let found = sources(&args.inputs, &options)?;
        for left_out in &found.left_out {
            input.warnings.add_left_out(left_out);
        }
        input.unreadable_paths = found.unreadable;
        if let Some(map) = &input.options.jira_map {
            map.warnings()
                .for_each(|warning| input.warnings.add(warning));
        }
        let workers = Workers::start(found.sources, &input.options);
        Ok(Self {
            input,
            survey: Survey::default(),
            reruns: args.reruns,
            workers,
            block: Vec::new().into_iter(),
            waiting: None,
            runs: 0,
            failed: None,
        })
    }

    /// The name of the first input.
    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// The first result, before any was read.
    pub(crate) fn first(&mut self) -> Option<&TestRun> {
        self.waiting = self.next();
        self.waiting.as_ref()
    }

    /// What the inputs contain, once all results have been read; `environment` is that of all runs.
    pub(crate) fn finish(mut self, environment: &[Tag]) -> Result<Input> {
        // The rest of what has been taken one by one.
        self.waiting = None;
        while self.block.len() > 0 {
            self.next();
        }
        self.each(&mut |_| Ok(()))?;
        if let Some(failure) = self.failed {
            return Err(failure);
        }
        let mut input = self.input;
        if let Some(map) = &input.options.jira_map {
            (map.unused()).for_each(|warning| input.warnings.add(&warning));
        }
        if let Some(mut repeats) = self.survey.finish() {
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
    fn close(&mut self, source: Source, runs: usize, error: Option<ReadError>) {
        let input = &mut self.input;
        if let Some(error) = error {
            if runs == 0 && !source.is_named() && error.is_other_kind() {
                input.warnings.add_left_out(&LeftOut::other_kind(&error));
                return;
            }
            input.unreadable.push((error, runs));
        }
        input.files += 1;
        if runs > 0 {
            input.readable.push(source);
        }
    }

    fn count(&mut self, run: &TestRun) {
        self.survey.add(run);
        let input = &mut self.input;
        for (status, count) in &mut input.statuses {
            *count += usize::from(*status == run.status);
        }
        let started = input.first_started.into_iter().chain(run.started);
        input.first_started = started.min();
    }
}

impl Reading {
    /// Passes each valid result to `each`, until that fails; the others are only counted. Much faster than the iterator, because
    /// the reader threads use the memory of each result again.
    pub(crate) fn each(&mut self, each: &mut dyn FnMut(&mut TestRun) -> Result<()>) -> Result<()> {
        let mut failed = None;
        loop {
            match self.workers.next() {
                Some(Part::Records(mut records)) => {
                    for record in &mut records {
                        match record {
                            Record::Run(run) => {
                                self.runs += 1;
                                self.count(run);
                                if failed.is_none() {
                                    failed = each(run).err();
                                }
                            }
                            Record::Invalid(row) => self.input.invalid.push(row.clone()),
                            Record::Warning(warning) => self.input.warnings.add(warning),
                        }
                    }
                    self.workers.give_back(records);
                }
                Some(part) => self.end(part),
                None => return failed.map_or(Ok(()), Err),
            }
        }
    }

    /// Notes the end of an input.
    fn end(&mut self, part: Part) {
        match part {
            Part::Records(_) => {}
            Part::End(source, error) => {
                let runs = std::mem::take(&mut self.runs);
                self.close(source, runs, error);
            }
            Part::Failed(failure) => {
                self.failed.get_or_insert(failure);
            }
        }
    }
}

impl Iterator for Reading {
    type Item = TestRun;

    fn next(&mut self) -> Option<TestRun> {
        if let Some(first) = self.waiting.take() {
            return Some(first);
        }
        loop {
            let Some(record) = self.block.next() else {
                match self.workers.next()? {
                    Part::Records(records) => self.block = records.into_iter(),
                    part => self.end(part),
                }
                continue;
            };
            match record {
                Record::Run(run) => {
                    self.runs += 1;
                    self.count(&run);
                    return Some(*run);
                }
                Record::Invalid(row) => self.input.invalid.push(row),
                Record::Warning(warning) => self.input.warnings.add(&warning),
            }
        }
    }
}
