//! Reading all inputs before anything is sent.
//!
//! They are read twice: first to find every row that cannot be used while nothing has happened yet, then to
//! be planned. That costs a second or so for a million results, and no memory at all.

use std::cell::Cell;

use octane_client::{ReportedProblem, Skipped};
use octane_results::{
    Format, InvalidRow, ReadError, ReadOptions, Record, Source, Status, SuitePath, TestRun,
    UnknownField, Warning, read, sources,
};

use crate::args::InputArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// What the inputs hold, after a first look at all of them.
#[derive(Debug)]
pub(crate) struct Input {
    /// The inputs that can be read to their end.
    readable: Vec<Source>,
    options: ReadOptions,
    /// Rows that cannot be used, all of them.
    pub(crate) invalid: Vec<InvalidRow>,
    /// Files that cannot be read to their end, with the rows that were read before.
    pub(crate) unreadable: Vec<(ReadError, usize)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) files: usize,
    /// The name of the first input, by which suite and suite run go where nobody named them.
    pub(crate) name: String,
    /// How many results can be used, by status.
    statuses: [(Status, usize); 4],
    /// When the first of them started.
    pub(crate) first_started: Option<jiff::Timestamp>,
    /// How many results the second look has found so far.
    read_again: Cell<usize>,
}

impl Input {
    /// Looks at all of `args`.
    pub(crate) fn read(args: &InputArgs) -> Outcome<Self> {
        let mut input = Self {
            readable: Vec::new(),
            options: options(args)?,
            invalid: Vec::new(),
            unreadable: Vec::new(),
            warnings: Vec::new(),
            files: 0,
            name: stem(args),
            statuses: [
                Status::Passed,
                Status::Failed,
                Status::Skipped,
                Status::Planned,
            ]
            .map(|status| (status, 0)),
            first_started: None,
            read_again: Cell::new(0),
        };
        for source in sources(&args.inputs, &args.exclude)? {
            input.files += 1;
            let source = kept(source)?;
            input.add(source);
        }
        Ok(input)
    }

    /// Looks at one file, all of it or nothing: a report that breaks off says nothing about the tests that
    /// came later, so its results are not taken for the whole.
    fn add(&mut self, source: Source) {
        let invalid_before = self.invalid.len();
        let mut runs = 0;
        let mut statuses = self.statuses;
        let mut first_started = self.first_started;
        let result = read(&source, &self.options).and_then(|records| {
            for record in records {
                match record? {
                    Record::Run(run) => {
                        runs += 1;
                        for (status, count) in &mut statuses {
                            *count += usize::from(*status == run.status);
                        }
                        first_started = first_started.into_iter().chain(run.started).min();
                    }
                    Record::Invalid(row) => self.invalid.push(row),
                    Record::Warning(warning) => self.warnings.push(warning),
                }
            }
            Ok(())
        });
        match result {
            Ok(()) => {
                self.statuses = statuses;
                self.first_started = first_started;
                self.readable.push(source);
            }
            Err(error) => {
                let rows = runs + self.invalid.len() - invalid_before;
                self.invalid.truncate(invalid_before);
                self.unreadable.push((error, rows));
            }
        }
    }

    /// The results that can be used, read once more; see [`Self::check_read_again`].
    pub(crate) fn runs(&self) -> impl Iterator<Item = TestRun> + '_ {
        self.read_again.set(0);
        let records = self.readable.iter().flat_map(|source| {
            let records = read(source, &self.options);
            records.into_iter().flatten()
        });
        let runs = records.filter_map(|record| match record {
            Ok(Record::Run(run)) => Some(run),
            _ => None,
        });
        runs.inspect(|_| self.read_again.set(self.read_again.get() + 1))
    }

    /// Whether the second look found what the first one did. A file that was changed in between, or that
    /// could not be read again, has not been sent as a whole.
    pub(crate) fn check_read_again(&self) -> Outcome<()> {
        if self.read_again.get() == self.usable() {
            return Ok(());
        }
        let message = format!(
            "the input has changed while it was read: {} results at first, then {}; nothing was sent",
            self.usable(),
            self.read_again.get()
        );
        Err(Failure::message(Exit::Input, message)
            .hint("wait until the tests have finished writing, then run the command again"))
    }

    /// How many results ended so.
    pub(crate) fn count(&self, status: Status) -> usize {
        let known = self.statuses.iter().find(|(known, _)| *known == status);
        known.map_or(0, |(_, count)| *count)
    }

    /// How many results can be used.
    pub(crate) fn usable(&self) -> usize {
        self.statuses.iter().map(|(_, count)| count).sum()
    }

    /// How many results there were, usable or not.
    pub(crate) fn read_count(&self) -> usize {
        self.usable() + self.skipped_count()
    }

    /// How many results cannot be used.
    pub(crate) fn skipped_count(&self) -> usize {
        self.invalid.len() + self.unreadable.iter().map(|(_, rows)| rows).sum::<usize>()
    }

    /// What cannot be used, for the books.
    pub(crate) fn skipped(&self) -> Skipped {
        Skipped::new(self.problems(), self.skipped_count())
    }

    /// Whether everything can be used.
    pub(crate) fn is_valid(&self) -> bool {
        self.invalid.is_empty() && self.unreadable.is_empty()
    }

    /// What cannot be used, for the report.
    pub(crate) fn problems(&self) -> Vec<ReportedProblem> {
        let files = self.unreadable.iter().map(|(error, rows)| {
            let message = match rows {
                0 => error.to_string(),
                rows => format!("{error}; {rows} results before that are left out with it"),
            };
            ReportedProblem::new("unreadable", message).at(error.position())
        });
        let rows = self.invalid.iter().map(|row| {
            ReportedProblem::new("invalid_row", row.to_string()).at(Some(row.position.clone()))
        });
        files.chain(rows).collect()
    }

    /// Refuses what cannot be used, unless it may be left out; and nothing at all, unless that is fine.
    pub(crate) fn check(&self, args: &InputArgs) -> Outcome<()> {
        if !self.is_valid() && !args.skip_invalid {
            let mut lines: Vec<String> = self
                .problems()
                .into_iter()
                .map(|problem| problem.message)
                .collect();
            let found = lines.len();
            lines.truncate(LISTED_MAX);
            let more = if found > LISTED_MAX {
                format!("\n  and {} more", found - LISTED_MAX)
            } else {
                String::new()
            };
            let message = format!(
                "{found} {} cannot be used; nothing was sent\n  {}{more}",
                if found == 1 {
                    "row or file"
                } else {
                    "rows or files"
                },
                lines.join("\n  ")
            );
            return Err(Failure::message(Exit::Input, message)
                .hint("correct them, or leave them out with `--skip-invalid`"));
        }
        if self.usable() == 0 && !args.allow_empty {
            let message = match self.files {
                0 => "no file matched".to_owned(),
                1 => format!("`{}` holds no usable results", args.inputs.join(" ")),
                files => format!("{files} files hold no usable results"),
            };
            return Err(Failure::message(Exit::Input, message)
                .hint("`octane validate` shows what is read; `--allow-empty` accepts nothing"));
        }
        Ok(())
    }
}

/// Standard input and pipes can be read once, so what comes from them is kept.
fn kept(source: Source) -> Outcome<Source> {
    let is_pipe = || std::fs::metadata(source.name()).is_ok_and(|metadata| !metadata.is_file());
    let name = source.name().to_owned();
    if name != "-" && !is_pipe() {
        return Ok(source);
    }
    let mut bytes = Vec::new();
    source
        .open()
        .and_then(|mut input| input.read_to_end(&mut bytes))
        .map_err(|error| {
            let what = if name == "-" { "standard input" } else { &name };
            Failure::new(Exit::Input, error).context(format!("cannot read {what}"))
        })?;
    Ok(Source::bytes(name, bytes))
}

/// How many bad rows are listed on the terminal; a report in JSON has them all.
const LISTED_MAX: usize = 200;

fn options(args: &InputArgs) -> Outcome<ReadOptions> {
    let mut options = ReadOptions::default();
    options.format = match args.format_in.as_str() {
        "junit" => Some(Format::Junit),
        "csv" => Some(Format::Csv),
        _ => None,
    };
    for mapping in &args.column {
        let (header, meaning) = mapping.rsplit_once('=').ok_or_else(|| {
            Failure::message(Exit::Usage, format!("`--column {mapping}` has no `=`"))
                .hint("write for example `--column 'Test Name=name'`")
        })?;
        options.columns = if meaning.is_empty() {
            options.columns.without(header)
        } else {
            let field = meaning
                .parse()
                .map_err(|error: UnknownField| Failure::new(Exit::Usage, error))?;
            options.columns.with(header, field)
        };
    }
    if let Some(path) = &args.suite_path {
        options.suite_path = SuitePath::new(path);
    }
    Ok(options)
}

/// `nightly` for `samples/nightly.csv` and for `samples/nightly/*.xml`.
fn stem(args: &InputArgs) -> String {
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
    use super::*;

    #[test]
    fn an_input_goes_by_its_file_or_folder() {
        let stem = |input: &str| {
            let args = InputArgs {
                inputs: vec![input.to_owned()],
                exclude: Vec::new(),
                format_in: "auto".to_owned(),
                column: Vec::new(),
                suite_path: None,
                skip_invalid: false,
                allow_empty: false,
            };
            stem(&args)
        };
        assert_eq!(stem("samples/nightly.csv"), "nightly");
        assert_eq!(stem("build/reports/**/TEST-*.xml"), "reports");
        assert_eq!(stem("../corpus/pytest/"), "pytest");
        assert_eq!(stem("-"), "results");
        assert_eq!(stem("*.xml"), "results");
    }
}
