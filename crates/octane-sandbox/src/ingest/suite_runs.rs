//! The suite runs of a payload's runs.

use std::collections::HashMap;

use super::context::{Resolved, Suite};
use crate::error::ApiError;
use crate::settings::SuiteRunWithoutId;
use crate::store::Writer;
use crate::store::results::SuiteRunRow;

/// Finds and creates suite runs, and updates them at the end.
pub(super) struct SuiteRuns<'a> {
    writer: Writer<'a>,
    without_id: SuiteRunWithoutId,
    /// By suite and external run ID.
    known: HashMap<i64, HashMap<String, SuiteRun>>,
}

#[derive(Debug)]
struct SuiteRun {
    row_id: i64,
    /// When its earliest run in this payload started.
    started: Option<i64>,
}

impl<'a> SuiteRuns<'a> {
    pub(super) fn new(writer: Writer<'a>, without_id: SuiteRunWithoutId) -> Self {
        Self {
            writer,
            without_id,
            known: HashMap::new(),
        }
    }

    /// The suite run of a run that started then; `None` without a suite.
    pub(super) fn of(
        &mut self,
        context: &Resolved,
        started: Option<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(suite) = &context.suite else {
            return Ok(None);
        };
        let known = self.known.entry(suite.row_id).or_default();
        if let Some(known) = known.get_mut(&suite.external_run_id) {
            known.started = known.started.into_iter().chain(started).min();
            return Ok(Some(known.row_id));
        }
        let row_id = find_or_create(self.writer, self.without_id, suite)?;
        let row = SuiteRunRow {
            release: context.release,
            milestone: context.milestone,
            program: context.program,
            component: suite.component.as_deref(),
        };
        self.writer.describe_suite_run(row_id, &row)?;
        known.insert(suite.external_run_id.clone(), SuiteRun { row_id, started });
        Ok(Some(row_id))
    }

    /// Updates what derives from the runs.
    pub(super) fn finish(&self) -> Result<(), ApiError> {
        for SuiteRun { row_id, started } in self.known.values().flat_map(HashMap::values) {
            self.writer.refresh_suite_run(*row_id, *started)?;
        }
        Ok(())
    }
}

fn find_or_create(
    writer: Writer<'_>,
    without_id: SuiteRunWithoutId,
    suite: &Suite,
) -> Result<i64, ApiError> {
    let has_id = !suite.external_run_id.is_empty();
    let name = if has_id {
        suite.external_run_id.clone()
    } else {
        writer.suite_name(suite.row_id)?
    };
    let may_be_there = has_id || without_id == SuiteRunWithoutId::Shared;
    if may_be_there && let Some(row_id) = writer.suite_run_named(suite.row_id, &name)? {
        return Ok(row_id);
    }
    writer.create_suite_run(suite.row_id, &name)
}
