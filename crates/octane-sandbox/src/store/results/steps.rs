//! Steps of runs.

use rusqlite::{CachedStatement, params};

use crate::error::ApiError;
use crate::store::writer::Writer;

/// A step of a run, or a scenario that contains steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StepRow<'a> {
    /// The scenario that it belongs to.
    pub(crate) parent: Option<i64>,
    pub(crate) name: &'a str,
    pub(crate) iteration: Option<&'a str>,
    pub(crate) outline_index: Option<i64>,
    pub(crate) status: Option<&'a str>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) external_step_id: Option<&'a str>,
    pub(crate) error_message: Option<&'a str>,
    /// JSON.
    pub(crate) input_parameters: Option<&'a str>,
    /// JSON.
    pub(crate) output_parameters: Option<&'a str>,
}

/// Writes the steps of runs.
pub(crate) struct Steps<'a> {
    now: i64,
    forget: CachedStatement<'a>,
    create: CachedStatement<'a>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(writer: Writer<'a>) -> Result<Self, ApiError> {
        Ok(Self {
            now: writer.now,
            forget: writer
                .connection
                .prepare_cached("DELETE FROM run_steps WHERE run = ?")?,
            create: writer.connection.prepare_cached(
                "INSERT INTO run_steps (run, step_order, parent_step, description, iteration,
                 outline_index, native_result, duration, external_step_id, actual, input_parameters,
                 output_parameters, creation_time, last_modified, result)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13,
                 (SELECT id FROM list_nodes WHERE logical_name = 'list_node.run_native_status.' || ?7
                 COLLATE NOCASE))",
            )?,
        })
    }

    /// Deletes the steps of an earlier result.
    pub(crate) fn forget(&mut self, run: i64) -> Result<(), ApiError> {
        self.forget.execute([run])?;
        Ok(())
    }

    /// Writes a step, which is the `order`th of its run; returns its row ID.
    pub(crate) fn create(
        &mut self,
        run: i64,
        order: i64,
        step: &StepRow<'_>,
    ) -> Result<i64, ApiError> {
        let StepRow {
            parent,
            name,
            iteration,
            outline_index,
            status,
            duration_ms,
            external_step_id,
            error_message,
            input_parameters,
            output_parameters,
        } = *step;
        Ok(self.create.insert(params![
            run,
            order,
            parent,
            name,
            iteration,
            outline_index,
            status,
            duration_ms,
            external_step_id,
            error_message,
            input_parameters,
            output_parameters,
            self.now,
        ])?)
    }
}

#[cfg(test)]
impl super::row::Statements for Steps<'_> {
    fn statements(&self) -> Vec<&rusqlite::Statement<'_>> {
        vec![&self.forget, &self.create]
    }
}
