//! Reading all inputs before anything is sent.
//!
//! What can be thrown away, a file or the draft of an upload, is written while they are read for the first time; it stands if all
//! results can be used and each is the only one of its test. Otherwise they are read again: tests with several results are looked
//! at more closely, and then the upload is planned once more.

use std::cell::Cell;

pub(crate) mod buffers;
mod file_state;
pub(crate) mod finding;
pub(crate) mod pipe;
pub(crate) mod reading;
mod tally;
pub(crate) mod warnings;
mod workers;

use octane_client::{InvalidResults, ReportedProblem};
use octane_model::plural::{plural, thousands};
use octane_results::{
    Arrangement, InvalidCell, InvalidRow, JiraMap, JiraSources, ReadError, ReadOptions, Record,
    RepeatedRun, ResultField, Source, Status, SuitePath, TestRun, UnreadablePath, read,
};

use crate::args::{ColumnMapping, InputArgs, JiraSource, StatusMapping};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::hints;
use file_state::FileState;
use warnings::Warnings;
use workers::Workers;

/// What the inputs contain, after all of them were read once.
#[derive(Debug)]
pub(crate) struct Input {
    /// The inputs that have valid results.
    readable: Vec<Source>,
    options: ReadOptions,
    /// All invalid rows.
    pub(crate) invalid: Vec<InvalidRow>,
    /// Files that cannot be read completely, with the number of valid results before the error.
    pub(crate) unreadable: Vec<(ReadError, usize)>,
    /// Folders and files that could not even be looked at.
    unreadable_paths: Vec<UnreadablePath>,
    pub(crate) warnings: Warnings,
    pub(crate) files: usize,
    /// The name of the first input: the default name of suite and suite run.
    pub(crate) name: String,
    /// How many results are valid, by status.
    statuses: [(Status, usize); 4],
    /// When the first of them started.
    pub(crate) first_started: Option<jiff::Timestamp>,
    /// How several results of one test are distinguished and ordered.
    arrangement: Arrangement,
    /// Whether each result is the only one of its test.
    pub(crate) are_distinct: bool,
    /// How many results the last reading has found so far, after the first one.
    read_again: Cell<Option<usize>>,
    /// What the files were like when they were opened first.
    states: Vec<FileState>,
}

impl Input {
    /// The valid results, read once more and arranged; see [`Self::verify_unchanged`].
    pub(crate) fn runs(&self) -> impl Iterator<Item = TestRun> + '_ {
        self.read_again.set(Some(0));
        let read = || Workers::start(self.readable.clone(), &self.options).runs();
        let runs = self.arrangement.apply(read);
        runs.inspect(|_| self.read_again.update(|read| read.map(|read| read + 1)))
    }

    /// Whether the order in which results are read, and their names, are not those that are sent.
    pub(crate) fn is_arranged(&self) -> bool {
        !self.arrangement.is_empty()
    }

    /// The runs with several results.
    pub(crate) fn repeated(&self) -> &[RepeatedRun] {
        &self.arrangement.repeated
    }

    /// The valid results of one input.
    fn runs_of(&self, source: &Source) -> impl Iterator<Item = TestRun> + use<> {
        let records = read(source, &self.options).into_iter().flatten();
        records.filter_map(|record| match record {
            Ok(Record::Run(run)) => Some(*run),
            _ => None,
        })
    }

    /// Fails if a file has changed since it was opened first, or if a second reading did not find what the first one did. A
    /// file to which results are still written has not been read as a whole.
    pub(crate) fn verify_unchanged(&self) -> Result<()> {
        if let Some(changed) = self.states.iter().find(|state| state.has_changed()) {
            let message = format!("`{}` changed while it was being read", changed.name());
            return Err(changed_input(&message));
        }
        match self.read_again.get() {
            Some(found) if found != self.usable() => Err(changed_input(&format!(
                "the input changed while it was being read ({}, then {})",
                plural(self.usable(), "result"),
                thousands(found)
            ))),
            _ => Ok(()),
        }
    }

    /// The inputs that have valid results.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.readable.iter()
    }

    /// How a command ends that has used what is valid: not with success if that was not everything.
    pub(crate) fn exit(&self) -> Exit {
        if self.is_valid() {
            Exit::Success
        } else {
            Exit::Partial
        }
    }

    /// How many results have this status.
    pub(crate) fn count(&self, status: Status) -> usize {
        let known = self.statuses.iter().find(|(known, _)| *known == status);
        known.map_or(0, |(_, count)| *count)
    }

    /// How many results are valid.
    pub(crate) fn usable(&self) -> usize {
        self.statuses.iter().map(|(_, count)| count).sum()
    }

    /// How many results there were, valid or not.
    pub(crate) fn read_count(&self) -> usize {
        self.usable() + self.invalid_count()
    }

    /// How many results are invalid; a file that cannot be read counts as one.
    pub(crate) fn invalid_count(&self) -> usize {
        self.invalid.len() + self.unreadable.len() + self.unreadable_paths.len()
    }

    /// What is invalid, for the report of an upload.
    pub(crate) fn invalid_input(&self) -> InvalidResults {
        InvalidResults::new(self.problems(), self.invalid_count())
            .unread_keys(self.warnings.has_invalid_jira_key())
    }

    /// Whether everything is valid.
    pub(crate) fn is_valid(&self) -> bool {
        self.invalid_count() == 0
    }

    /// What is invalid, as problems.
    pub(crate) fn problems(&self) -> Vec<ReportedProblem> {
        let files = self.unreadable.iter().map(|(error, rows)| {
            let message = match rows {
                0 => hints::unreadable(error),
                rows => format!(
                    "{error}; only {} before the error can be read",
                    plural(*rows, "result")
                ),
            };
            ReportedProblem::new("unreadable", message).at(error.position())
        });
        let rows = self.invalid.iter().map(|row| {
            let mut message = hints::invalid_row(row);
            if row.cells.last().is_some_and(InvalidCell::has_invalid_bytes) {
                message.push_str(" with `--encoding`");
            }
            ReportedProblem::new("invalid_row", message).at(Some(row.position.clone()))
        });
        let paths = self.unreadable_paths.iter();
        let paths = paths.map(|path| ReportedProblem::new("unreadable", path.to_string()));
        paths.chain(files).chain(rows).collect()
    }

    /// What to do about what is invalid.
    fn hint(&self) -> String {
        let mut cells = self.invalid.iter().flat_map(|row| &row.cells);
        let mut ways = vec!["fix them"];
        if cells.any(InvalidCell::has_invalid_bytes) {
            ways.push("set the encoding with `--encoding` (for example `--encoding windows-1252`)");
        }
        let mut files = self.unreadable.iter().map(|(error, _)| error.file());
        if files.any(|file| file != "-") || !self.unreadable_paths.is_empty() {
            ways.push("leave files out with `--exclude`");
        }
        ways.push("skip them with `--skip-invalid`");
        let last = ways.pop().unwrap_or_default();
        format!("{}, or {last}", ways.join(", "))
    }

    /// Fails if fewer tests ran than there should be. Several results of one test count as one; as it is not known of which of them
    /// it ran, all of them but one are skipped.
    pub(crate) fn check_count(&self, min_tests: Option<usize>) -> Result<()> {
        let results = self.count(Status::Passed) + self.count(Status::Failed);
        let repeats: usize = self.repeated().iter().map(|run| run.results - 1).sum();
        let ran = results.saturating_sub(repeats);
        match min_tests {
            Some(expected) if ran < expected => {
                let message = format!(
                    "only {} ran, and {expected} or more are expected; nothing was sent",
                    plural(ran, "test")
                );
                Err(Failure::message(Exit::Input, message)
                    .hint("did all tests run, and are all reports there? `--min-tests` says how many are expected")
                    .warnings(self.warnings.json()))
            }
            _ => Ok(()),
        }
    }

    /// Fails if anything is invalid, unless it may be skipped, and if there are no results, unless that is allowed. `undone` is
    /// what was not done then: `sent` or `written`.
    pub(crate) fn check(&self, args: &InputArgs, undone: &str) -> Result<()> {
        if !self.is_valid() && !args.skip_invalid {
            let problems = self.problems();
            let message = match problems.len() {
                1 => format!("1 row or file is invalid; nothing was {undone}"),
                found => format!("{found} rows or files are invalid; nothing was {undone}"),
            };
            return Err(Failure::message(Exit::Input, message)
                .hint(self.hint())
                .problems(problems)
                .warnings(self.warnings.json()));
        }
        if self.usable() == 0 && !args.allow_empty {
            let message = match self.files {
                0 => "no file contains results".to_owned(),
                1 => format!("`{}` contains no usable results", args.inputs.join(" ")),
                files => format!("{files} files contain no usable results"),
            };
            return Err(Failure::message(Exit::Input, message)
                .hint("`octane validate` shows what was found; use `--allow-empty` if no results are expected")
                .problems(self.problems())
                .warnings(self.warnings.json()));
        }
        Ok(())
    }
}

fn changed_input(message: &str) -> Failure {
    Failure::message(Exit::Input, format!("{message}; nothing was sent"))
        .hint("wait until the tests have finished writing, then run the command again")
}

/// Fails if the options of reading are not valid. Nothing is read.
pub(crate) fn check(args: &InputArgs) -> Result<()> {
    options(args).map(drop)
}

fn options(args: &InputArgs) -> Result<ReadOptions> {
    let mut options = ReadOptions::default();
    options.format = args.input_format.0;
    options.encoding = args.encoding;
    for StatusMapping { word, status } in &args.status_map {
        if let Some(other) = options.status_aliases.own(word)
            && other != *status
        {
            let message = format!(
                "`--status-map {word}={status}`: the word is mapped to {other} as well, and upper and lower case are the same",
                status = in_lower_case(*status),
                other = in_lower_case(other)
            );
            return Err(Failure::message(Exit::Usage, message).hint("keep one of them"));
        }
        options.status_aliases = options.status_aliases.with(word, *status);
    }
    check_columns(&args.column)?;
    for ColumnMapping { header, field } in &args.column {
        options.columns = match field {
            None => options.columns.without(header),
            Some(field) => options.columns.with(header, *field),
        };
    }
    for template in &args.identity {
        let invalid = |error| {
            Failure::new(Exit::Usage, error)
                .context(format!("`--identity {template}` is not valid"))
        };
        options.identity = options.identity.with(template).map_err(invalid)?;
    }
    for volatile in &args.normalize {
        options.scrub = options.scrub.normalize(*volatile);
    }
    for pattern in &args.scrub {
        options.scrub = options.scrub.with(pattern.clone());
    }
    options.jira_sources = jira_sources(args);
    if let Some(file) = &args.jira_map {
        let map = JiraMap::read(file);
        options.jira_map = Some(map.map_err(|error| {
            Failure::new(Exit::Configuration, error)
                .context("the table of `--jira-map` cannot be used")
        })?);
    }
    options.time_zone.clone_from(&args.time_zone);
    if let Some(path) = &args.suite_path {
        options.suite_path = SuitePath::new(path);
    }
    Ok(options)
}

/// Fails if a column is mapped to different fields.
fn check_columns(columns: &[ColumnMapping]) -> Result<()> {
    for (at, ColumnMapping { header, field }) in columns.iter().enumerate() {
        let is_other = |other: &&ColumnMapping| other.header == *header && other.field != *field;
        if let Some(other) = columns[..at].iter().find(is_other) {
            let shown = |field: Option<ResultField>| field.map_or("", ResultField::as_str);
            let message = format!(
                "`--column {header}={}`: the column is mapped to `{}` as well",
                shown(*field),
                shown(other.field)
            );
            return Err(Failure::message(Exit::Usage, message).hint("keep one of them"));
        }
    }
    Ok(())
}

fn in_lower_case(status: Status) -> String {
    status.as_str().to_ascii_lowercase()
}

/// Where Jira keys are looked for.
fn jira_sources(args: &InputArgs) -> JiraSources {
    let mut sources = JiraSources::none();
    for source in &args.jira_from {
        sources = match source {
            JiraSource::Properties => sources.default_properties(),
            JiraSource::Property(name) => sources.property(name),
            JiraSource::Tags => sources.tags(),
            JiraSource::Names => sources.names(),
        };
    }
    match &args.jira_pattern {
        Some(pattern) => sources.pattern(pattern.clone()),
        None => sources,
    }
}

/// `nightly` for `samples/nightly.csv` and for `samples/nightly/*.xml`.
fn default_name(args: &InputArgs) -> String {
    let first = args.inputs.first().map_or("-", String::as_str);
    let fixed: Vec<&str> = first
        .split(['/', '\\'])
        .take_while(|segment| !segment.contains(['*', '?', '[', '{']))
        .filter(|segment| !matches!(*segment, "" | "." | ".."))
        .collect();
    let last = fixed.last().copied().unwrap_or("results");
    let stem = last
        .split('.')
        .next()
        .filter(|stem| !stem.is_empty())
        .unwrap_or(last);
    if stem == "-" {
        "results".to_owned()
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::reading::Reading;
    use super::*;

    fn args(input: &str) -> InputArgs {
        InputArgs {
            inputs: vec![input.to_owned()],
            exclude: Vec::new(),
            follow_links: false,
            input_format: crate::args::InputFormat(None),
            encoding: None,
            status_map: Vec::new(),
            column: Vec::new(),
            identity: Vec::new(),
            normalize: Vec::new(),
            scrub: Vec::new(),
            jira_map: None,
            jira_from: Vec::new(),
            jira_pattern: None,
            time_zone: None,
            suite_path: None,
            reruns: octane_results::Reruns::Last,
            skip_invalid: false,
            allow_empty: false,
            allow_missing: false,
        }
    }

    #[test]
    fn an_input_is_named_after_its_file_or_directory() {
        let name = |input: &str| default_name(&args(input));
        assert_eq!(name("samples/nightly.csv"), "nightly");
        assert_eq!(name("build/reports/**/TEST-*.xml"), "reports");
        assert_eq!(name("../corpus/pytest/"), "pytest");
        assert_eq!(name("-"), "results");
        assert_eq!(name("*.xml"), "results");
    }

    #[test]
    fn a_file_to_which_results_are_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "name,status\na,passed\n").unwrap();
        let args = args(&path.display().to_string());
        let append = || {
            let file = std::fs::File::options().append(true).open(&path);
            file.unwrap().write_all(b"b,failed\n").unwrap();
        };
        let mut reading = Reading::new(&args).unwrap();
        assert!(reading.next().is_some());
        append();
        let refused = |failure: &Failure| {
            let message = failure.error.to_string();
            failure.exit == Exit::Input
                && message.contains("a.csv` changed while it was being read")
        };
        assert!(reading.finish(&[]).is_err_and(|failure| refused(&failure)));
        let input = Reading::new(&args).unwrap().finish(&[]).unwrap();
        assert!(input.verify_unchanged().is_ok());
        append();
        assert!(
            input
                .verify_unchanged()
                .is_err_and(|failure| refused(&failure))
        );
    }

    #[test]
    fn a_column_is_mapped_to_one_field() {
        let mapped = |columns: &[&str]| {
            let column = columns
                .iter()
                .map(|column| column.parse().unwrap())
                .collect();
            options(&InputArgs {
                column,
                ..args("-")
            })
        };
        assert!(mapped(&["cls=class", "cls=class", "x=name"]).is_ok());
        let failure = mapped(&["cls=class", "cls=package"]).unwrap_err();
        assert_eq!(
            failure.error.to_string(),
            "`--column cls=package`: the column is mapped to `class` as well"
        );
    }
}
