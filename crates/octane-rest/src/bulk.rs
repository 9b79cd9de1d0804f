//! The outcome of writing many entities, some of which may be rejected.

use std::collections::BTreeMap;

use http::StatusCode;
use octane_model::{Entity, Page, Problem};

use crate::error::Error;
use crate::redact;
use crate::response::Response;

/// Which entities of a bulk write were written, and which were rejected.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
#[must_use]
pub struct BulkOutcome {
    /// The entities that were written, in order, with the few fields that the server returns.
    pub done: Vec<Entity>,
    /// The rejected ones: the position in the whole input, counted from 0, and the reason.
    pub failed: Vec<(usize, Problem)>,
}

impl BulkOutcome {
    /// Whether all entities were written.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// Adds the response to a chunk of `count` entities that starts at `start`. A failure of the whole
    /// chunk, or a response that does not say of each entity whether it was written, is an error.
    pub(crate) fn add(
        &mut self,
        start: usize,
        count: usize,
        response: Response,
    ) -> Result<(), Error> {
        let is_partial = response.status == StatusCode::CONFLICT;
        if !response.is_success() && !is_partial {
            return Err(response.into_error());
        }
        let page = match response.json::<Page<Entity>>() {
            Ok(page) => page,
            Err(_) if is_partial => return Err(response.into_error()),
            Err(error) => return Err(error),
        };
        // A conflict about the request as a whole has neither entities nor errors with positions.
        if is_partial && page.errors.is_empty() {
            return Err(response.into_error());
        }
        let mut failed = BTreeMap::new();
        for problem in page.errors {
            let problem = redact::problem(problem, &response.context().redactor);
            match problem.index.or((count == 1).then_some(0)) {
                // Of several problems with one entity, the first one.
                Some(index) if index < count => {
                    failed.entry(start + index).or_insert(problem);
                }
                _ => return Err(response.into_error()),
            }
        }
        // A server, or what is in front of it, that answers with other JSON has written nothing for certain.
        let written = page.total_count.unwrap_or(0).max(page.data.len() as u64);
        let missing = (count as u64).saturating_sub(written + failed.len() as u64);
        if missing > 0 {
            let reason = format!("{missing} of {count} entities are missing");
            return Err(response.invalid_response(&reason));
        }
        self.failed.extend(failed);
        self.done.extend(page.data);
        Ok(())
    }
}
