//! The bytes that are sent: the same each time.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::batch::{COLUMNS, StoredBatch, batch};
use super::{Journal, JournalError};
use crate::Target;
use crate::plan::hexadecimal;
use crate::target::{MODULE_PLACEHOLDER, SUITE_PLACEHOLDER};

impl Journal {
    /// Puts the ids of the target into what all payloads share, and notes the digest of each payload. From
    /// here on the bytes are fixed.
    pub(crate) fn aim(&self, target: &Target) -> Result<(), JournalError> {
        let document =
            serde_json::to_string(target).map_err(|error| self.damaged(error.to_string()))?;
        let batches: Vec<StoredBatch> = self.read(|connection| {
            connection
                .prepare(&format!("SELECT {COLUMNS} FROM batches ORDER BY n"))?
                .query_map([], batch)?
                .collect()
        })?;
        for batch in &batches {
            // From here on a byte that has changed on the disk would count as planned.
            self.payload(batch)?;
        }
        self.write("aim", |transaction| {
            let [head, _] = frame(transaction)?;
            let mut head = String::from_utf8_lossy(&head)
                .replace(&SUITE_PLACEHOLDER.to_string(), &target.suite.id.to_string());
            if let Some(module) = &target.module {
                head = head.replace(&MODULE_PLACEHOLDER.to_string(), &module.id.to_string());
            }
            transaction.execute("UPDATE upload SET value = ? WHERE key = 'head'", [head])?;
            let mut update = transaction.prepare("UPDATE batches SET sha256 = ? WHERE n = ?")?;
            for batch in batches {
                update.execute((digest(transaction, &batch)?, batch.number))?;
            }
            transaction.execute(
                "INSERT INTO upload (key, value) VALUES ('target', ?)",
                [document],
            )?;
            Ok(())
        })
    }

    /// The bytes of a batch: the same each time.
    pub(crate) fn payload(&self, batch: &StoredBatch) -> Result<Bytes, JournalError> {
        let payload = self.read(|connection| payload(connection, batch))?;
        if hexadecimal(&Sha256::digest(&payload)) == batch.sha256 {
            Ok(payload.into())
        } else {
            Err(self.damaged(format!(
                "batch {} has not the bytes that were planned",
                batch.number
            )))
        }
    }

    /// A payload of no results at all: what every batch has in common.
    pub(crate) fn empty_payload(&self) -> Result<Bytes, JournalError> {
        self.read(|connection| Ok(frame(connection)?.concat().into()))
    }
}

/// What stands before the runs and behind them in every payload.
fn frame(connection: &Connection) -> rusqlite::Result<[Vec<u8>; 2]> {
    let part = |key: &str| {
        connection
            .prepare_cached("SELECT CAST(value AS BLOB) FROM upload WHERE key = ?")?
            .query_row([key], |row| row.get(0))
    };
    Ok([part("head")?, part("tail")?])
}

fn payload(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<Vec<u8>> {
    piece(
        connection,
        batch.body,
        (batch.first, batch.last),
        batch.again,
    )
}

/// The digest of a batch's payload.
fn digest(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<String> {
    Ok(hexadecimal(&Sha256::digest(payload(connection, batch)?)))
}

/// Notes the digest of a batch, and changes its bytes until no other batch has the same: Octane would ignore the
/// later one.
pub(super) fn make_unlike_others(
    transaction: &Transaction<'_>,
    batch: &mut StoredBatch,
) -> rusqlite::Result<()> {
    let mut other =
        transaction.prepare_cached("SELECT 1 FROM batches WHERE sha256 = ? AND n <> ?")?;
    loop {
        batch.sha256 = digest(transaction, batch)?;
        if !other.exists((&batch.sha256, batch.number))? {
            return Ok(());
        }
        batch.again += 1;
    }
}

/// A payload of the rows from `first` to `last`, which are planned anew for the time `again`.
fn piece(
    connection: &Connection,
    body: usize,
    (first, last): (i64, i64),
    again: i64,
) -> rusqlite::Result<Vec<u8>> {
    let until = |row: i64| {
        connection
            .prepare_cached("SELECT until FROM rows WHERE n = ? AND batch = ?")?
            .query_row((row, body), |row| row.get::<_, usize>(0))
            .optional()
    };
    // The first row of a body has none before it.
    let start = until(first - 1)?.unwrap_or(0);
    let end = until(last)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let [mut payload, tail] = frame(connection)?;
    connection
        .prepare_cached("SELECT xml FROM bodies WHERE batch = ?")?
        .query_row([body], |row| {
            let xml = row.get_ref(0)?.as_blob()?;
            let runs = xml.get(start..end).unwrap_or_default();
            payload.extend_from_slice(runs);
            Ok(())
        })?;
    if again > 0 {
        payload.extend_from_slice(format!("<!-- again {again} -->\n").as_bytes());
    }
    payload.extend_from_slice(&tail);
    Ok(payload)
}
