//! What a database contains before anyone writes to it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::writer::Writer;
use super::{bootstrap, saved_fields, schema, tasks};
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
        let state = self.state(&transaction)?;
        match state {
            State::New => schema::create_all(&transaction, &self.base)?,
            State::Begun | State::Older => schema::create_missing(&transaction, &self.base)?,
            State::Complete => {}
        }
        let catalog = saved_fields::load(&transaction, &self.base)?;
        let writer = Writer {
            connection: &transaction,
            catalog: &catalog,
            current_user: None,
            now: self.clock.now().as_millisecond(),
        };
        match state {
            State::New | State::Begun => self.fill(writer)?,
            State::Older => {
                if !Arc::ptr_eq(&catalog, &self.base) {
                    schema::create_missing(&transaction, &catalog)?;
                }
                bootstrap::complete(writer)?;
            }
            State::Complete => {}
        }
        if state != State::Complete {
            let sql = "INSERT OR REPLACE INTO sandbox (key, value) VALUES ('filled', ?)";
            transaction.execute(sql, [self.digest()])?;
        }
        tasks::requeue(&transaction)?;
        bootstrap::people(writer, &self.access)?;
        transaction.commit()?;
        Ok(catalog)
    }

    fn state(&self, connection: &Connection) -> Result<State, ApiError> {
        if !connection.table_exists(None, "sandbox")? {
            return Ok(State::New);
        }
        let sql = "SELECT value FROM sandbox WHERE key = 'filled'";
        let filled_for: Option<String> =
            connection.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(match filled_for {
            Some(digest) if digest == self.digest() => State::Complete,
            Some(_) => State::Older,
            None => State::Begun,
        })
    }

    /// A digest of what a database has to contain.
    fn digest(&self) -> String {
        format!("{} {}", schema::digest(&self.base), bootstrap::digest())
    }

    fn fill(&self, writer: Writer<'_>) -> Result<(), ApiError> {
        bootstrap::fill(writer, &self.access)?;
        if let Some(write_sample_data) = self.sample_data {
            write_sample_data(writer)?;
        }
        Ok(())
    }
}

/// What a database contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing.
    New,
    /// Tables, but not what belongs into them: an early version was killed.
    Begun,
    /// Possibly less than it has to: another version, or other settings, completed it.
    Older,
    /// All that it has to.
    Complete,
}
