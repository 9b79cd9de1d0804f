//! Writing many entities, of which some may fail.

use http::StatusCode;
use octane_model::{Entity, Page, Problem};

use crate::{Answer, Error};

/// What became of many entities.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BulkOutcome {
    /// Those that were written, in order, with the few fields that the server answers.
    pub done: Vec<Entity>,
    /// Those that were not: the position in the whole input, counted from 0, and why.
    pub failed: Vec<(usize, Problem)>,
}

impl BulkOutcome {
    /// Whether all were written.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// Adds the answer to a chunk of `count` entities that began at `start`. An answer that is about
    /// the whole chunk, or that does not say which entities failed, is an error.
    pub(crate) fn add(&mut self, start: usize, count: usize, answer: Answer) -> Result<(), Error> {
        let is_partial = answer.status == StatusCode::CONFLICT;
        if !answer.is_success() && !is_partial {
            return Err(answer.into_error());
        }
        let page = match answer.json::<Page<Entity>>() {
            Ok(page) => page,
            Err(_) if is_partial => return Err(answer.into_error()),
            Err(error) => return Err(error),
        };
        // A conflict about the request as a whole has neither entities nor errors with positions.
        if is_partial && page.errors.is_empty() {
            return Err(answer.into_error());
        }
        let mut failed = Vec::with_capacity(page.errors.len());
        for problem in page.errors {
            match problem.index.or((count == 1).then_some(0)) {
                Some(index) if index < count => failed.push((start + index, problem)),
                _ => return Err(answer.into_error()),
            }
        }
        failed.sort_by_key(|(position, _)| *position);
        self.failed.extend(failed);
        self.done.extend(page.data);
        Ok(())
    }
}
