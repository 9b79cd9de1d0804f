//! Which files are read.

use std::path::Path;

use octane_results::{FindOptions, Found, Source, SourceError, SourceProblem, sources};

use crate::args::InputArgs;
use crate::failure::Result;

/// The files to read.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) found: Found,
    /// What is unusual about them: a code and a message each.
    pub(crate) warnings: Vec<(&'static str, String)>,
}

/// The files of a command: those of all its patterns, unless `--allow-missing` is given.
pub(crate) fn find(args: &InputArgs) -> Result<Inputs> {
    if !args.allow_missing {
        let found = sources(&args.inputs, &options(args))?;
        return Ok(Inputs {
            found,
            warnings: Vec::new(),
        });
    }
    let (found, missing) = find_existing(args)?;
    let missing = missing.iter();
    Ok(Inputs {
        found,
        warnings: missing
            .map(|problem| ("missing", problem.to_string()))
            .collect(),
    })
}

/// The files that exist, and the patterns without any. Only an invalid glob is an error.
pub(crate) fn find_existing(
    args: &InputArgs,
) -> Result<(Found, Vec<SourceProblem>), Box<SourceError>> {
    let options = options(args);
    let error = match sources(&args.inputs, &options) {
        Ok(found) => return Ok((found, Vec::new())),
        Err(error) => error,
    };
    let is_invalid = |problem: &SourceProblem| matches!(problem, SourceProblem::Glob { .. });
    if error.problems.iter().any(is_invalid) {
        return Err(Box::new(error));
    }
    let missing = error.problems;
    let is_missing = |input: &str| missing.iter().any(|problem| problem.pattern() == input);
    let inputs = args.inputs.iter().enumerate();
    let (numbers, existing): (Vec<usize>, Vec<&String>) =
        inputs.filter(|(_, input)| !is_missing(input)).unzip();
    let mut found = sources(&existing, &options).map_err(Box::new)?;
    // The numbers are those of all patterns.
    let sources = std::mem::take(&mut found.sources).into_iter();
    found.sources = sources
        .map(|source| {
            let number = numbers[source.pattern()];
            source.with_pattern(number)
        })
        .collect();
    Ok((found, missing))
}

/// The files that a pattern matches, whichever others match them too. Nothing if it is the name of a file that is excluded.
pub(crate) fn matching_files(args: &InputArgs, pattern: &str) -> Option<Vec<Source>> {
    match sources(&[pattern], &options(args)) {
        Ok(found) => Some(found.sources),
        Err(error) => {
            let is_excluded =
                |problem: &SourceProblem| matches!(problem, SourceProblem::Excluded { .. });
            let is_name = error.problems.iter().any(is_excluded) && Path::new(pattern).is_file();
            (!is_name).then(Vec::new)
        }
    }
}

fn options(args: &InputArgs) -> FindOptions {
    FindOptions::default()
        .excludes(&args.exclude)
        .follow_links(args.follow_links)
}

impl From<Box<SourceError>> for crate::failure::Failure {
    fn from(error: Box<SourceError>) -> Self {
        (*error).into()
    }
}
