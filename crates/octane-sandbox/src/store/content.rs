//! The content of attachments.

use rusqlite::{OptionalExtension, params};

use super::read::Reader;
use super::writer::Writer;
use crate::error::ApiError;

impl Reader<'_> {
    /// The content of an attachment; `None` if it was never set.
    pub(crate) fn content(self, attachment: i64) -> Result<Vec<u8>, ApiError> {
        let sql = "SELECT content FROM attachments WHERE id = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let content: Option<Option<Vec<u8>>> = statement
            .query_row([attachment], |row| row.get(0))
            .optional()?;
        Ok(content.flatten().unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Sets the content of an attachment.
    pub(crate) fn set_content(self, attachment: i64, content: &[u8]) -> Result<(), ApiError> {
        let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("UPDATE attachments SET content = ?2, size = ?3 WHERE id = ?1")?
            .execute(params![attachment, content, size])?;
        Ok(())
    }
}
