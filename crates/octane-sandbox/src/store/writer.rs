//! A transaction in which entities are written.

use rusqlite::Connection;

use super::read::Reader;
use crate::catalog::Catalog;
use crate::error::ApiError;

/// A transaction in which entities are written.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) catalog: &'a Catalog,
    /// The user who sent the request, if there is one.
    pub(crate) current_user: Option<i64>,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) now: i64,
}

impl<'a> Writer<'a> {
    pub(crate) fn reader(self) -> Reader<'a> {
        Reader {
            connection: self.connection,
            catalog: self.catalog,
        }
    }

    /// The same writer on behalf of the user with this name.
    pub(crate) fn on_behalf_of(self, name: &str) -> Result<Self, ApiError> {
        let current_user = self.reader().user_named(name)?;
        Ok(Self {
            current_user,
            ..self
        })
    }

    /// Performs `work` completely or not at all, whatever happens to the rest of the transaction.
    pub(crate) fn attempt<T>(
        self,
        work: impl FnOnce() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.connection.execute_batch("SAVEPOINT attempt")?;
        let result = work();
        self.connection.execute_batch(if result.is_ok() {
            "RELEASE attempt"
        } else {
            "ROLLBACK TO attempt; RELEASE attempt"
        })?;
        result
    }
}
