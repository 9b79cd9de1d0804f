//! What is uploaded: results that can be read several times.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use octane_client::{InvalidResults, PartPlanner, PlanPart, ReportedProblem};
use octane_model::plural::plural;
use octane_results::{
    Arrangement, Dialect, FindOptions, InvalidCell, InvalidRow, LeftOut, Process, ReadError,
    ReadOptions, Record, Records, Reruns, Source, Survey, Tag, TestRun, UnreadablePath, Warning,
    WarningKind, read, sources,
};
use serde_json::{Value, json};

use crate::error::Failure;
use crate::table::{Records as TableRecords, Table};

/// How many warnings of an input are kept.
const WARNINGS_MAX: usize = 1000;
/// How many results are planned together.
const PART_RUNS: usize = 512;
/// How many invalid rows a message lists; the exception has all of them.
const LISTED_MAX: usize = 5;

/// Where results come from.
pub(crate) enum Input {
    /// Files, found by these patterns.
    Files(Vec<String>),
    /// A table of Python objects.
    Table(Box<Table>),
    /// Results as they are.
    Runs(Vec<TestRun>),
}

/// What was found when all of it was read for the first time.
#[derive(Default)]
pub(crate) struct Findings {
    /// The files that have valid results.
    sources: Vec<Source>,
    invalid: Vec<InvalidRow>,
    unreadable: Vec<(ReadError, usize)>,
    unreadable_paths: Vec<UnreadablePath>,
    pub(crate) warnings: Vec<ReportedProblem>,
    unused: Vec<String>,
    /// Whether a start time without a time zone has been met.
    has_time_without_zone: bool,
    usable: usize,
    /// What they say, whatever their order.
    content: Content,
    arrangement: Arrangement,
    /// Whether each result is the only one of its test.
    pub(crate) are_distinct: bool,
}

/// The tests of results and their statuses, in any order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content(u64);

impl Content {
    fn add(&mut self, run: &TestRun) {
        let mut hasher = DefaultHasher::new();
        (&run.identity, &run.run_name, run.status.as_str()).hash(&mut hasher);
        self.0 = self.0.wrapping_add(hasher.finish());
    }
}

/// How results are read.
pub(crate) struct Reading {
    pub(crate) options: ReadOptions,
    /// The start of results that have none.
    pub(crate) started: Option<Timestamp>,
    /// Whether several results of one test are attempts, and not rows.
    pub(crate) are_attempts: bool,
}

impl Reading {
    fn complete(&self, run: &mut TestRun) {
        run.started = run.started.or(self.started);
        run.may_be_retry |= self.are_attempts;
    }
}

/// What is accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acceptance {
    pub(crate) skip_invalid: bool,
    pub(crate) allow_empty: bool,
    pub(crate) forbid_unused: bool,
    pub(crate) warn_unused: bool,
}

impl Input {
    /// The valid results, while everything is read for the first time.
    pub(crate) fn first<'a>(
        &'a self,
        reading: &'a Reading,
        is_cancelled: &'a dyn Fn() -> bool,
        dialect: Dialect,
    ) -> Result<FirstReading<'a>, Failure> {
        let mut found = Findings::default();
        let steps = match self {
            Self::Runs(runs) => Steps::Runs(runs.iter()),
            Self::Table(table) => Steps::Table(Box::new(table.records(&reading.options)?)),
            Self::Files(patterns) => {
                let files = sources(patterns, &FindOptions::default())?;
                found.unreadable_paths = files.unreadable;
                for left_out in &files.left_out {
                    found.left_out(left_out);
                }
                Steps::Files {
                    sources: files.sources.into_iter(),
                    options: &reading.options,
                    current: None,
                }
            }
        };
        Ok(FirstReading {
            input: self,
            reading,
            is_cancelled,
            steps,
            found,
            survey: Survey::of_dialect(dialect),
            unreadable: None,
            before: 0,
            failure: None,
        })
    }

    /// The names of the columns, if it is a table.
    pub(crate) fn header(&self) -> &[String] {
        match self {
            Self::Table(table) => &table.header,
            Self::Files(_) | Self::Runs(_) => &[],
        }
    }

    /// Reads the valid results once more, with the number of the input that each is from. Returns what they say.
    pub(crate) fn each(
        &self,
        found: &Findings,
        reading: &Reading,
        is_cancelled: &dyn Fn() -> bool,
        visit: &mut dyn FnMut(&mut TestRun, usize),
    ) -> Result<Content, Failure> {
        let mut content = Content::default();
        let mut visit = |run: &mut TestRun, input| {
            reading.complete(run);
            content.add(run);
            visit(run, input);
            if is_cancelled() {
                Err(cancelled())
            } else {
                Ok(())
            }
        };
        match self {
            Self::Files(_) => {
                for source in &found.sources {
                    runs_of_file(source, &reading.options)
                        .try_for_each(|mut run| visit(&mut run, source.pattern()))?;
                }
            }
            Self::Runs(runs) => runs.iter().try_for_each(|run| visit(&mut run.clone(), 0))?,
            Self::Table(table) => {
                let mut records = table.records(&reading.options)?;
                while let Some(record) = records.next() {
                    if let Record::Run(mut run) = record? {
                        visit(&mut run, 0)?;
                        records.recycle(run);
                    }
                }
            }
        }
        Ok(content)
    }

    /// The valid results, arranged. `count` and `has_failed` say afterwards whether they are those of the survey.
    pub(crate) fn runs<'a>(
        &'a self,
        found: &'a Findings,
        reading: &'a Reading,
        again: &'a Again,
    ) -> impl Iterator<Item = TestRun> + 'a {
        let read = move || -> Box<dyn Iterator<Item = TestRun> + 'a> {
            match self {
                Self::Runs(runs) => Box::new(runs.iter().cloned()),
                Self::Files(_) => {
                    let sources = found.sources.iter();
                    Box::new(sources.flat_map(|source| runs_of_file(source, &reading.options)))
                }
                Self::Table(table) => match table.records(&reading.options) {
                    Ok(records) => Box::new(records.filter_map(|record| match record {
                        Ok(Record::Run(run)) => Some(*run),
                        Ok(_) => None,
                        Err(_) => {
                            again.has_failed.store(true, Ordering::Relaxed);
                            None
                        }
                    })),
                    Err(_) => {
                        again.has_failed.store(true, Ordering::Relaxed);
                        Box::new(std::iter::empty())
                    }
                },
            }
        };
        let read = move || {
            read().map(|mut run| {
                reading.complete(&mut run);
                run
            })
        };
        let runs = found.arrangement.apply(read);
        runs.inspect(|_| {
            again.count.fetch_add(1, Ordering::Relaxed);
        })
    }
}

/// The valid results of an input, while everything is read for the first time, to find what is invalid while nothing has been sent.
pub(crate) struct FirstReading<'a> {
    input: &'a Input,
    reading: &'a Reading,
    is_cancelled: &'a dyn Fn() -> bool,
    steps: Steps<'a>,
    found: Findings,
    survey: Survey,
    /// Why the rest of the current file cannot be read.
    unreadable: Option<ReadError>,
    /// How many valid results were before the current file.
    before: usize,
    /// Why nothing else is read.
    failure: Option<Failure>,
}

/// What comes next in an input.
enum Step {
    Record(Record),
    /// The rest of a file cannot be read.
    Unreadable(ReadError),
    /// The end of a file.
    End(Source),
    /// The rest of the input cannot be read.
    Failed(Failure),
}

/// Everything in an input.
enum Steps<'a> {
    Runs(std::slice::Iter<'a, TestRun>),
    Table(Box<TableRecords<'a>>),
    Files {
        sources: std::vec::IntoIter<Source>,
        options: &'a ReadOptions,
        /// The file that is being read, and what is left of it.
        current: Option<(Source, Option<Records>)>,
    },
}

impl Iterator for Steps<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        match self {
            Self::Runs(runs) => {
                let run = runs.next()?.clone();
                Some(Step::Record(Record::Run(Box::new(run))))
            }
            Self::Table(records) => Some(records.next()?.map_or_else(Step::Failed, Step::Record)),
            Self::Files {
                sources,
                options,
                current,
            } => {
                if let Some((_, records)) = current {
                    if let Some(record) = records.as_mut().and_then(Iterator::next) {
                        return Some(record.map_or_else(Step::Unreadable, Step::Record));
                    }
                    return current.take().map(|(source, _)| Step::End(source));
                }
                let source = sources.next()?;
                let (records, error) = match read(&source, options) {
                    Ok(records) => (Some(records), None),
                    Err(error) => (None, Some(error)),
                };
                *current = Some((source, records));
                error.map_or_else(|| self.next(), |error| Some(Step::Unreadable(error)))
            }
        }
    }
}

impl Steps<'_> {
    /// Uses the memory of a result that is no longer needed for a later one.
    fn recycle(&mut self, run: Box<TestRun>) {
        match self {
            Self::Table(records) => records.recycle(run),
            Self::Files {
                current: Some((_, Some(records))),
                ..
            } => records.recycle(run),
            Self::Runs(_) | Self::Files { .. } => {}
        }
    }
}

/// The valid results of one file.
fn runs_of_file(source: &Source, options: &ReadOptions) -> impl Iterator<Item = TestRun> + use<> {
    let records = read(source, options).into_iter().flatten();
    records.filter_map(|record| match record {
        Ok(Record::Run(run)) => Some(*run),
        _ => None,
    })
}

/// What the last reading has found.
#[derive(Default)]
pub(crate) struct Again {
    count: AtomicUsize,
    has_failed: AtomicBool,
}

pub(crate) fn cancelled() -> Failure {
    Failure::new("Cancelled", "cancelled while reading; nothing was sent")
}

impl FirstReading<'_> {
    /// The next valid results, planned; `None` if there are no more.
    pub(crate) fn plan(&mut self, planner: &PartPlanner) -> Option<PlanPart> {
        let mut part = None;
        for _ in 0..PART_RUNS {
            let Some(mut run) = self.next() else {
                break;
            };
            planner.run(&mut run, part.get_or_insert_with(|| planner.begin()));
            self.steps.recycle(run);
        }
        part
    }

    /// What was found, once all of it was read; `environment` is that of all runs.
    pub(crate) fn finish(
        mut self,
        reruns: Reruns,
        environment: &[Tag],
    ) -> Result<Findings, Failure> {
        self.by_ref().for_each(drop);
        let Self {
            input,
            reading,
            is_cancelled,
            mut found,
            survey,
            failure,
            ..
        } = self;
        if let Some(failure) = failure {
            return Err(failure);
        }
        match survey.finish() {
            None => found.are_distinct = true,
            Some(mut repeats) => {
                let mut add = |run: &mut TestRun, input| repeats.add(run, input);
                if input.each(&found, reading, is_cancelled, &mut add)? != found.content {
                    let message = "the input changed while it was being read; nothing was sent";
                    let hint = "a frame that is computed has to give the same rows each time; for example, upload `frame.collect()`";
                    return Err(Failure::new("InputError", message).hint(hint));
                }
                found.arrangement = repeats.arrange(reruns, environment);
            }
        }
        Ok(found)
    }

    /// Ends a file. One that was found in a folder and is of another kind is skipped.
    fn close(&mut self, source: Source) {
        let runs = self.found.usable - self.before;
        self.before = self.found.usable;
        if let Some(error) = self.unreadable.take() {
            if runs == 0 && !source.is_named() && error.is_other_kind() {
                self.found.left_out(&LeftOut::other_kind(&error));
                return;
            }
            self.found.unreadable.push((error, runs));
        }
        if runs > 0 {
            self.found.sources.push(source);
        }
    }
}

impl Iterator for FirstReading<'_> {
    type Item = Box<TestRun>;

    fn next(&mut self) -> Option<Box<TestRun>> {
        while self.failure.is_none() {
            match self.steps.next()? {
                Step::Record(Record::Run(mut run)) => {
                    self.found.usable += 1;
                    self.reading.complete(&mut run);
                    self.found.content.add(&run);
                    self.survey.add(&run);
                    if (self.is_cancelled)() {
                        self.failure = Some(cancelled());
                    }
                    return Some(run);
                }
                Step::Record(Record::Invalid(row)) => self.found.invalid.push(row),
                Step::Record(Record::Warning(warning)) => self.found.warning(&warning),
                Step::Unreadable(error) => self.unreadable = Some(error),
                Step::End(source) => self.close(source),
                Step::Failed(failure) => self.failure = Some(failure),
            }
            if (self.is_cancelled)() {
                self.failure.get_or_insert_with(cancelled);
            }
        }
        None
    }
}

impl Findings {
    /// Whether the results have to be arranged, so that they are sent in another order or with other names than they were read.
    pub(crate) fn is_arranged(&self) -> bool {
        !self.arrangement.is_empty()
    }

    fn warning(&mut self, warning: &Warning) {
        if let WarningKind::UnusedColumn { column } = &warning.kind {
            self.unused.push(column.clone());
        } else if let WarningKind::NoTimeZone { .. } = &warning.kind {
            // One parameter decides for all files.
            if !self.has_time_without_zone {
                self.has_time_without_zone = true;
                let hint = "say which one it is in, for example `timezone=\"Europe/Berlin\"`";
                let message = format!("{warning}; {hint}");
                let problem = ReportedProblem::new("no_time_zone", message);
                self.warnings
                    .push(problem.at(Some(warning.position.clone())));
            }
        } else if self.warnings.len() < WARNINGS_MAX {
            let problem = ReportedProblem::new("warning", warning.to_string());
            self.warnings
                .push(problem.at(Some(warning.position.clone())));
        }
    }

    fn left_out(&mut self, left_out: &LeftOut) {
        let message = format!("ignored: {left_out}");
        self.warnings
            .push(ReportedProblem::new("left_out", message));
    }

    fn invalid_count(&self) -> usize {
        self.invalid.len() + self.unreadable.len() + self.unreadable_paths.len()
    }

    /// What is invalid, for the report of an upload.
    pub(crate) fn invalid_results(&self) -> InvalidResults {
        let paths = self.unreadable_paths.iter();
        let paths = paths.map(|path| ReportedProblem::new("unreadable", path.to_string()));
        let files = self.unreadable.iter().map(|(error, _)| {
            ReportedProblem::new("unreadable", error.to_string()).at(error.position())
        });
        let rows = self.invalid.iter().map(|row| {
            let message = with_hints(row).to_string();
            ReportedProblem::new("invalid_row", message).at(Some(row.position.clone()))
        });
        InvalidResults::new(paths.chain(files).chain(rows), self.invalid_count())
    }

    /// Fails if anything is invalid and that is not accepted.
    pub(crate) fn check(&mut self, acceptance: Acceptance) -> Result<(), Failure> {
        if !self.unused.is_empty() {
            let columns: Vec<String> = self.unused.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("no meaning is known for {}", columns.join(", "));
            if acceptance.forbid_unused {
                return Err(Failure::new("InputError", format!("columns: {message}"))
                    .hint("map them with `columns=`, or ignore them with `extra=\"ignore\"`"));
            }
            if acceptance.warn_unused {
                let message = format!("columns that are not used: {message}");
                self.warnings
                    .insert(0, ReportedProblem::new("unused_column", message));
            }
        }
        if self.invalid_count() > 0 && !acceptance.skip_invalid {
            return Err(self.failure());
        }
        if self.usable == 0 && !acceptance.allow_empty {
            if self.invalid_count() > 0 {
                return Err(self.failure());
            }
            return Err(
                Failure::new("InputError", "there are no results; nothing was sent")
                    .hint("use `allow_empty=True` if that may be"),
            );
        }
        Ok(())
    }

    fn failure(&self) -> Failure {
        if let ([], [(error, _)], []) = (&*self.invalid, &*self.unreadable, &*self.unreadable_paths)
        {
            let position = error.position();
            return Failure::new("ReportParseError", format!("{error}; nothing was sent"))
                .with("file", error.file())
                .with("line", position.map(|position| position.line));
        }
        let rows: Vec<InvalidRow> = self.invalid.iter().map(with_hints).collect();
        let files = self.unreadable.iter().map(|(error, _)| error.to_string());
        let paths = self.unreadable_paths.iter().map(ToString::to_string);
        let lines: Vec<String> = rows
            .iter()
            .map(ToString::to_string)
            .chain(files)
            .chain(paths)
            .collect();
        let mut message = format!(
            "{} cannot be used; nothing was sent",
            plural(lines.len(), "row or file").replace("row or files", "rows or files")
        );
        for line in lines.iter().take(LISTED_MAX) {
            message.push_str("\n  ");
            message.push_str(line);
        }
        if lines.len() > LISTED_MAX {
            message.push_str(&format!("\n  and {} more", lines.len() - LISTED_MAX));
        }
        let cells = rows.iter().flat_map(|row| {
            let position = &row.position;
            row.cells.iter().map(move |cell| cell_json(position, cell))
        });
        Failure::new("SchemaError", message)
            .with("rows", cells.collect::<Vec<Value>>())
            .hint("correct them, or leave them out with `skip_invalid=True`")
    }

    /// Fails unless the last reading has found what the first one did.
    pub(crate) fn verify(&self, again: &Again) -> Result<(), Failure> {
        let count = again.count.load(Ordering::Relaxed);
        if count == self.usable && !again.has_failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let message = format!(
            "the input changed while it was being read ({}, then {count}); nothing was sent",
            plural(self.usable, "result")
        );
        Err(Failure::new("InputError", message))
    }
}

fn cell_json(position: &octane_results::Position, cell: &InvalidCell) -> Value {
    json!({
        "file": &*position.file,
        "row": position.label.as_deref().map_or_else(|| position.line.into(), Value::from),
        "number": position.line,
        "column": cell.column,
        "value": cell.value,
        "message": cell.reason,
        "hint": cell.hint,
    })
}

/// The row, with hints that name parameters of Python.
fn with_hints(row: &InvalidRow) -> InvalidRow {
    let mut row = row.clone();
    for cell in &mut row.cells {
        if cell.is_unit_missing {
            cell.hint = Some("say which it is: `duration_unit=\"s\"` or `\"ms\"`".to_owned());
        } else if cell.is_time_zone_missing {
            cell.hint = Some("say which it is in, for example `timezone=\"UTC\"`".to_owned());
        } else if cell.is_unknown_status
            && !cell
                .hint
                .as_ref()
                .is_some_and(|hint| hint.contains("did you mean"))
        {
            let hint = cell
                .hint
                .take()
                .map_or_else(String::new, |hint| hint + "; ");
            let value = &cell.value;
            cell.hint = Some(format!(
                "{hint}to map it, for example: `status_map={{\"{value}\": \"skipped\"}}`"
            ));
        }
    }
    row
}
