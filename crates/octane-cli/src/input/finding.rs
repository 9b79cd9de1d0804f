//! Which files are read.

use octane_results::{FindOptions, Found, SourceError, SourceProblem, sources};

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
    let is_missing = |input: &&String| missing.iter().any(|problem| problem.pattern() == *input);
    let inputs = args.inputs.iter();
    let existing: Vec<&String> = inputs.filter(|input| !is_missing(input)).collect();
    let found = sources(&existing, &options).map_err(Box::new)?;
    Ok((found, missing))
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
