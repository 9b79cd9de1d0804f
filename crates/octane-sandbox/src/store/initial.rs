//! What a database contains before anyone writes to it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::writer::Writer;
use super::{bootstrap, saved_fields, tasks};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::settings::AccessSettings;

/// Writes the sample data of a new database.
pub(crate) type SampleData = fn(Writer<'_>) -> Result<(), ApiError>;

/// What a database contains before anyone writes to it.
#[derive(Debug)]
pub(super) struct Initial {
    /// The catalog according to the settings.
    pub(super) base: Arc<Catalog>,
    /// Writes the sample data of a new database.
    pub(super) sample_data: Option<SampleData>,
    pub(super) access: AccessSettings,
    pub(super) clock: Clock,
}

impl Initial {
    /// Adds what a database lacks, in one transaction: everything if it is new, columns of a newer catalog,
    /// users that are new in the settings. Returns its catalog, which includes the fields in the data.
    pub(super) fn complete(&self, connection: &mut Connection) -> Result<Arc<Catalog>, ApiError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let catalog = saved_fields::load(&transaction, &self.base)?;
        tasks::requeue(&transaction)?;
        let writer = Writer {
            connection: &transaction,
            catalog: &catalog,
            current_user: None,
            now: self.clock.now().as_millisecond(),
        };
        let sql = "SELECT 1 FROM sandbox WHERE key = 'filled'";
        let filled: Option<i64> = transaction
            .query_row(sql, [], |row| row.get(0))
            .optional()?;
        if filled.is_none() {
            self.fill(writer)?;
        } else {
            bootstrap::complete(writer)?;
        }
        bootstrap::people(writer, &self.access)?;
        transaction.commit()?;
        Ok(catalog)
    }

    fn fill(&self, writer: Writer<'_>) -> Result<(), ApiError> {
        bootstrap::fill(writer, &self.access)?;
        if let Some(write_sample_data) = self.sample_data {
            write_sample_data(writer)?;
        }
        let sql = "INSERT INTO sandbox (key, value) VALUES ('filled', '1')";
        writer.connection.execute(sql, [])?;
        Ok(())
    }
}
