//! Reading all inputs before anything is sent.

use octane_client::ReportedProblem;
use octane_results::{
    Format, InvalidRow, ReadError, ReadOptions, Record, Source, SuitePath, TestRun, UnknownField,
    Warning, read, sources,
};

use crate::args::InputArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Everything that the inputs hold.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) runs: Vec<TestRun>,
    /// Rows that cannot be used, all of them.
    pub(crate) invalid: Vec<InvalidRow>,
    /// Files that cannot be read to their end, with the rows that were read before.
    pub(crate) unreadable: Vec<(ReadError, usize)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) files: usize,
    /// The name of the first input, by which suite and suite run go where nobody named them.
    pub(crate) name: String,
}

impl Input {
    /// Reads all of `args`.
    pub(crate) fn read(args: &InputArgs) -> Outcome<Self> {
        let sources = sources(&args.inputs, &args.exclude)?;
        let options = options(args)?;
        let mut input = Self {
            name: stem(args),
            files: sources.len(),
            ..Self::default()
        };
        for source in &sources {
            input.add(source, &options);
        }
        Ok(input)
    }

    /// Adds one file, all of it or nothing: a report that breaks off says nothing about the tests that
    /// came later, so its results are not taken for the whole.
    fn add(&mut self, source: &Source, options: &ReadOptions) {
        let before = self.runs.len();
        let invalid_before = self.invalid.len();
        let result = read(source, options).and_then(|records| {
            for record in records {
                match record? {
                    Record::Run(run) => self.runs.push(run),
                    Record::Invalid(row) => self.invalid.push(row),
                    Record::Warning(warning) => self.warnings.push(warning),
                }
            }
            Ok(())
        });
        if let Err(error) = result {
            let rows = self.runs.len() - before + self.invalid.len() - invalid_before;
            self.runs.truncate(before);
            self.invalid.truncate(invalid_before);
            self.unreadable.push((error, rows));
        }
    }

    /// How many results there were, usable or not.
    pub(crate) fn read_count(&self) -> usize {
        self.runs.len() + self.skipped_count()
    }

    /// How many results cannot be used.
    pub(crate) fn skipped_count(&self) -> usize {
        self.invalid.len() + self.unreadable.iter().map(|(_, rows)| rows).sum::<usize>()
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
        if self.runs.is_empty() && !args.allow_empty {
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
