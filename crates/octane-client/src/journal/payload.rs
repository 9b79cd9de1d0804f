//! The bytes that are sent: the same every time.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::batch::{StoredBatch, batches};
use super::database::{Journal, set_document};
use super::error::JournalError;
use crate::plan::{Envelope, hexadecimal, nonce_comment};
use crate::server::Server;
use crate::target::{MODULE_PLACEHOLDER, SUITE_PLACEHOLDER, Target};

impl Journal {
    /// Writes the IDs of the target into the envelope of all payloads, and stores the digest of each payload. From
    /// here on the bytes are fixed, unless the target changes before anything is sent.
    pub(crate) fn set_target(&self, target: &Target) -> Result<(), JournalError> {
        let document =
            serde_json::to_string(target).map_err(|error| self.corrupted(error.to_string()))?;
        let batches = self.checked_batches()?;
        self.write("target", |transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO upload (key, value)
                 SELECT 'planned_prefix', value FROM upload WHERE key = 'prefix'",
                [],
            )?;
            set_ids(transaction, &batches, target)?;
            transaction.execute(
                "INSERT OR REPLACE INTO upload (key, value) VALUES ('target', ?)",
                [document],
            )?;
            Ok(())
        })
    }

    /// Whether the target may still change: nothing was sent, and the envelope is known as it was planned.
    pub(crate) fn may_change_target(&self) -> Result<bool, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM upload WHERE key = 'planned_prefix'
                     AND NOT EXISTS (SELECT 1 FROM batches WHERE state <> 'ready')",
                )?
                .exists([])
        })
    }

    /// All batches, after their bytes were compared with their checksums: where those are computed again, a byte that
    /// has changed on the disk would count as planned.
    fn checked_batches(&self) -> Result<Vec<StoredBatch>, JournalError> {
        let batches = self.read(|connection| batches(connection, "1"))?;
        for batch in &batches {
            self.payload(batch)?;
        }
        Ok(batches)
    }

    /// Sends the upload to another place: to `server` and, if it was resolved before, to `target`. What was found out
    /// about the old place says nothing about the new one. All results are open again, and what may have arrived is
    /// sent with the same bytes, which the new place recognises if it is the old one under another name.
    pub(crate) fn relocate(
        &self,
        server: &Server,
        target: Option<&Target>,
    ) -> Result<(), JournalError> {
        let mut manifest = self.manifest()?;
        manifest.server = server.clone();
        let batches = self.checked_batches()?;
        let has_planned_prefix =
            self.read(|connection| Ok(part(connection, "planned_prefix").is_ok()))?;
        if let (false, Some(old), Some(new)) = (has_planned_prefix, self.target()?, target)
            && (old.suite.id, old.module.map(|module| module.id))
                != (new.suite.id, new.module.as_ref().map(|module| module.id))
        {
            return Err(JournalError::Fixed {
                id: self.id().clone(),
            });
        }
        self.write("relocate", |transaction| {
            set_document(transaction, "manifest", &manifest)?;
            let Some(target) = target else {
                return Ok(());
            };
            if has_planned_prefix {
                set_ids(transaction, &batches, target)?;
            }
            set_document(transaction, "target", target)?;
            transaction.execute_batch(
                "DELETE FROM upload WHERE key IN ('last_attempt', 'resent');
                 DELETE FROM problems WHERE stage IN ('delivery', 'links');
                 UPDATE batches SET state = CASE WHEN state = 'ready' OR ended_as = 'refused' THEN 'ready'
                     ELSE 'in_flight' END, ended_as = NULL, task = NULL, is_duplicate = 0, task_log = NULL, reason = NULL;
                 UPDATE rows SET state = 'open', reason = NULL, message = NULL, observed = NULL;",
            )
        })
    }

    /// The bytes of a batch: the same every time.
    pub(crate) fn payload(&self, batch: &StoredBatch) -> Result<Bytes, JournalError> {
        let payload = self.read(|connection| payload(connection, batch))?;
        if hexadecimal(&Sha256::digest(&payload)) == batch.sha256 {
            Ok(payload.into())
        } else {
            Err(self.corrupted(format!(
                "batch {} does not match its checksum",
                batch.number
            )))
        }
    }

    /// A payload without results: what every batch has in common.
    pub(crate) fn empty_payload(&self) -> Result<Bytes, JournalError> {
        self.read(|connection| {
            let parts = [part(connection, "prefix")?, part(connection, "suffix")?];
            Ok(parts.concat().into())
        })
    }
}

/// Writes the IDs of the target into the envelope, and stores the digest of each payload.
fn set_ids(
    transaction: &Transaction<'_>,
    batches: &[StoredBatch],
    target: &Target,
) -> rusqlite::Result<()> {
    let prefix = String::from_utf8_lossy(&part(transaction, "planned_prefix")?)
        .replace(&SUITE_PLACEHOLDER.to_string(), &target.suite.id.to_string());
    let prefix = match &target.module {
        Some(module) => prefix.replace(&MODULE_PLACEHOLDER.to_string(), &module.id.to_string()),
        None => prefix,
    };
    transaction.execute("UPDATE upload SET value = ? WHERE key = 'prefix'", [prefix])?;
    let mut update = transaction.prepare("UPDATE batches SET sha256 = ? WHERE number = ?")?;
    for batch in batches {
        update.execute((digest(transaction, batch)?, batch.number))?;
    }
    Ok(())
}

/// Stores what is before and after the runs of every payload.
pub(super) fn set_envelope(
    transaction: &Transaction<'_>,
    envelope: &Envelope<'_>,
) -> rusqlite::Result<()> {
    let mut insert = transaction
        .prepare_cached("INSERT INTO upload (key, value) VALUES (?, CAST(? AS TEXT))")?;
    insert.execute(("prefix", envelope.prefix))?;
    insert.execute(("suffix", envelope.suffix))?;
    if let Some(nonce) = envelope.nonce {
        insert.execute(("nonce", nonce))?;
    }
    Ok(())
}

/// A part of the envelope.
fn part(connection: &Connection, key: &str) -> rusqlite::Result<Vec<u8>> {
    connection
        .prepare_cached("SELECT CAST(value AS BLOB) FROM upload WHERE key = ?")?
        .query_row([key], |row| row.get(0))
}

/// The digest of a batch's payload.
fn digest(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<String> {
    Ok(hexadecimal(&Sha256::digest(payload(connection, batch)?)))
}

/// Stores the digest of a batch, and changes its nonce until no other batch has the same bytes: Octane would ignore
/// the later one. A batch whose comment has the mark of results that are sent again keeps it; the mark is not for others,
/// whose bytes stay those that every upload of the same results has.
pub(super) fn ensure_unique_bytes(
    transaction: &Transaction<'_>,
    batch: &mut StoredBatch,
) -> rusqlite::Result<()> {
    let stored = |key: &str| -> rusqlite::Result<Option<String>> {
        transaction
            .prepare_cached("SELECT value FROM upload WHERE key = ?")?
            .query_row([key], |row| row.get(0))
            .optional()
    };
    let mark = stored("mark")?.filter(|mark| {
        let marked = nonce_comment(Some(mark), 0);
        let marked = marked.trim_end_matches(" -->\n");
        batch.comment.starts_with(marked)
    });
    let of_upload = match stored("nonce")? {
        Some(nonce) => Some(nonce),
        None => mark,
    };
    let mut other =
        transaction.prepare_cached("SELECT 1 FROM batches WHERE sha256 = ? AND number <> ?")?;
    loop {
        batch.comment = nonce_comment(of_upload.as_deref(), batch.nonce);
        batch.sha256 = digest(transaction, batch)?;
        if !other.exists((&batch.sha256, batch.number))? {
            return Ok(());
        }
        batch.nonce += 1;
    }
}

/// The bytes of a batch.
fn payload(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<Vec<u8>> {
    let body_end = |row: i64| {
        connection
            .prepare_cached("SELECT body_end FROM rows WHERE number = ? AND batch = ?")?
            .query_row((row, batch.body), |row| row.get::<_, usize>(0))
            .optional()
    };
    // The first row of a body has none before it.
    let start = body_end(batch.first_row - 1)?.unwrap_or(0);
    let end = body_end(batch.last_row)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let mut payload = part(connection, "prefix")?;
    connection
        .prepare_cached("SELECT xml FROM bodies WHERE batch = ?")?
        .query_row([batch.body], |row| {
            let xml = row.get_ref(0)?.as_blob()?;
            let runs = xml.get(start..end).unwrap_or_default();
            payload.extend_from_slice(runs);
            Ok(())
        })?;
    payload.extend_from_slice(batch.comment.as_bytes());
    payload.extend_from_slice(&part(connection, "suffix")?);
    Ok(payload)
}
