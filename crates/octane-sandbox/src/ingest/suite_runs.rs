//! The suite runs that a payload's runs belong to.

use std::collections::HashMap;

use super::context::{Resolved, Suite};
use crate::error::ApiError;
use crate::settings::SuiteRunWithoutId;
use crate::store::Writer;
use crate::store::results::SuiteRunRow;

/// Finds and makes suite runs, and brings them up to date in the end.
pub(super) struct SuiteRuns<'a> {
    writer: Writer<'a>,
    without_id: SuiteRunWithoutId,
    /// By suite and external run id.
    known: HashMap<i64, HashMap<String, SuiteRun>>,
}

#[derive(Debug)]
struct SuiteRun {
    key: i64,
    /// When the earliest of its runs here started.
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

    /// The suite run of a run that started then; none for one without a suite.
    pub(super) fn of(
        &mut self,
        context: &Resolved,
        started: Option<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(suite) = &context.suite else {
            return Ok(None);
        };
        let known = self.known.entry(suite.key).or_default();
        if let Some(known) = known.get_mut(&suite.external_run_id) {
            known.started = known.started.into_iter().chain(started).min();
            return Ok(Some(known.key));
        }
        let key = find_or_create(self.writer, self.without_id, suite)?;
        let row = SuiteRunRow {
            release: context.release,
            milestone: context.milestone,
            program: context.program,
            component: suite.component.as_deref(),
        };
        self.writer.describe_suite_run(key, &row)?;
        known.insert(suite.external_run_id.clone(), SuiteRun { key, started });
        Ok(Some(key))
    }

    /// Derives what follows from the runs.
    pub(super) fn finish(&self) -> Result<(), ApiError> {
        for SuiteRun { key, started } in self.known.values().flat_map(HashMap::values) {
            self.writer.refresh_suite_run(*key, *started)?;
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
        writer.suite_name(suite.key)?
    };
    let may_be_there = has_id || without_id == SuiteRunWithoutId::Shared;
    if may_be_there && let Some(key) = writer.suite_run_named(suite.key, &name)? {
        return Ok(key);
    }
    writer.create_suite_run(suite.key, &name)
}
