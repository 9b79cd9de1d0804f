//! References in results.

use rusqlite::CachedStatement;

use crate::error::ApiError;
use crate::store::writer::Writer;

/// Writes references of one type; existing ones are not duplicated.
pub(crate) struct Links<'a> {
    insert: CachedStatement<'a>,
    remove_all: CachedStatement<'a>,
}

impl<'a> Links<'a> {
    /// For a link table whose columns are `left` and `right`.
    pub(crate) fn new(
        writer: Writer<'a>,
        (table, left, right): (&str, &str, &str),
    ) -> Result<Self, ApiError> {
        let sql = format!("INSERT OR IGNORE INTO {table} ({left}, {right}) VALUES (?, ?)");
        let insert = writer.connection.prepare_cached(&sql)?;
        let sql = format!("DELETE FROM {table} WHERE {left} = ?");
        let remove_all = writer.connection.prepare_cached(&sql)?;
        Ok(Self { insert, remove_all })
    }

    pub(crate) fn add(&mut self, left: i64, others: &[i64]) -> Result<(), ApiError> {
        for right in others {
            self.insert.execute([left, *right])?;
        }
        Ok(())
    }

    pub(crate) fn remove_all(&mut self, left: i64) -> Result<(), ApiError> {
        self.remove_all.execute([left])?;
        Ok(())
    }
}

#[cfg(test)]
impl super::row::Statements for Links<'_> {
    fn statements(&self) -> Vec<&rusqlite::Statement<'_>> {
        vec![&self.insert, &self.remove_all]
    }
}
