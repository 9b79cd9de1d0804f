//! What a database contains before anyone writes to it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::schema_object::Object;
use super::writer::Writer;
use super::{bootstrap, create, open, saved_fields, schema, tasks};
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
    ///
    /// `objects` are all of the base catalog, and `is_reserved` says whether the database has pages for them already.
    pub(super) fn complete(
        &self,
        connection: &mut Connection,
        objects: &[Object],
        is_reserved: bool,
    ) -> Result<Arc<Catalog>, ApiError> {
        // Of what a database has to contain.
        let digest = format!("{} {}", schema::digest(objects), bootstrap::digest());
        let state = state(connection, &digest)?;
        if state == State::New {
            // There is nothing yet that a power failure could destroy, and SQLite ignores a log that was written in part.
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        if state == State::New && !is_reserved {
            create::reserve(connection, objects)?;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match state {
            State::New => {
                create::create(&transaction, objects)?;
                schema::begin_ids(&transaction, &self.base)?;
            }
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
            transaction.execute(sql, [digest])?;
        }
        tasks::requeue(&transaction)?;
        bootstrap::people(writer, &self.access)?;
        transaction.commit()?;
        open::synchronize(connection)?;
        Ok(catalog)
    }

    fn fill(&self, writer: Writer<'_>) -> Result<(), ApiError> {
        bootstrap::fill(writer, &self.access)?;
        if let Some(write_sample_data) = self.sample_data {
            write_sample_data(writer)?;
        }
        Ok(())
    }
}

fn state(connection: &Connection, digest: &str) -> Result<State, ApiError> {
    let mut objects = connection.prepare("SELECT 1 FROM sqlite_schema")?;
    if !objects.exists([])? {
        return Ok(State::New);
    }
    let sql = "SELECT value FROM sandbox WHERE key = 'filled'";
    let filled_for: Option<String> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(match filled_for {
        Some(filled_for) if filled_for == digest => State::Complete,
        Some(_) => State::Older,
        None => State::Begun,
    })
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
