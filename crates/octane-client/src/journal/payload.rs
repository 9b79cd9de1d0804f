//! The bytes that are sent: the same every time.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use octane_model::Encoding;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use sha2::{Digest, Sha256};

use super::batch::{StoredBatch, batches};
use super::database::{Journal, set_document};
use super::error::JournalError;
use super::packed::{Packed, Unreadable};
use super::row_table::{ensure_rows, unreadable};
use super::untouched_run::RELOCATED;
use crate::plan::{Envelope, hexadecimal, nonce_comment};
use crate::report::BatchReport;
use crate::server::Server;
use crate::target::{MODULE_PLACEHOLDER, SUITE_PLACEHOLDER, Target};

impl Journal {
    /// Writes the IDs of the target into the envelope of all payloads, and stores a checksum of each payload. From
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
            self.checked(batch)?;
        }
        Ok(batches)
    }

    /// The payload of a batch, after it was compared with its checksum.
    fn checked(&self, batch: &StoredBatch) -> Result<Payload, JournalError> {
        let payload = self.read(|connection| Payload::read(connection, batch))?;
        let is_planned = match &batch.checksum {
            Some(checksum) => payload.checksum().as_ref() == Some(checksum),
            None => {
                payload
                    .sha256()
                    .map_err(|error| self.unreadable(batch, &error))?
                    == batch.sha256
            }
        };
        if is_planned {
            return Ok(payload);
        }
        Err(self.corrupted(format!(
            "batch {} does not match its checksum",
            batch.number
        )))
    }

    fn unreadable(&self, batch: &StoredBatch, error: &Unreadable) -> JournalError {
        self.corrupted(format!("batch {}: {error}", batch.number))
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
            set_document(transaction, RELOCATED, &true)?;
            transaction.execute_batch(
                "DELETE FROM upload WHERE key IN ('untouched_before', 'last_attempt', 'resent', 'merged',
                     'merged_ingested', 'sent_again', 'removed_stale_links') OR key LIKE 'sent_there/%';
                 DELETE FROM problems WHERE stage IN ('delivery', 'links');
                 UPDATE batches SET state = CASE WHEN state = 'ready' OR ended_as = 'refused' THEN 'ready'
                     ELSE 'in_flight' END, ended_as = NULL, task = NULL, is_duplicate = 0, task_log = NULL, reason = NULL;
                 DELETE FROM row_states;",
            )
        })
    }

    /// The bytes of a batch: the same every time.
    pub(crate) fn payload(&self, batch: &StoredBatch) -> Result<Bytes, JournalError> {
        let payload = self.checked(batch)?.assemble();
        Ok(payload
            .map_err(|error| self.unreadable(batch, &error))?
            .into())
    }

    /// The bytes of a batch as they are sent, the same every time, and the SHA-256 of the payload in hexadecimal.
    pub(crate) fn encoded(
        &self,
        batch: &StoredBatch,
        encoding: Encoding,
    ) -> Result<(Bytes, String), JournalError> {
        let payload = self.checked(batch)?;
        let encoded = (|| {
            let bytes = match encoding {
                Encoding::Gzip => payload.gzip()?,
                Encoding::Plain => payload.assemble()?,
            };
            let sha256 = match &*batch.sha256 {
                "" => payload.sha256()?,
                known => known.to_owned(),
            };
            Ok((bytes.into(), sha256))
        })();
        encoded.map_err(|error| self.unreadable(batch, &error))
    }

    /// The batches as the report lists them: halves in the place of the batch that was split.
    pub(crate) fn batch_reports(&self) -> Result<Vec<BatchReport>, JournalError> {
        self.read(|connection| {
            let batches = batches(connection, "1")?.into_iter().map(|batch| {
                let sha256 = match &*batch.sha256 {
                    // It was not sent.
                    "" => Payload::read(connection, &batch)?
                        .sha256()
                        .map_err(unreadable)?,
                    known => known.to_owned(),
                };
                Ok(BatchReport {
                    shard: None,
                    number: batch.number,
                    results: batch.results,
                    status: batch.state.to_string(),
                    sha256,
                    task: batch.task,
                    is_duplicate: batch.is_duplicate,
                })
            });
            batches.collect()
        })
    }

    /// A payload without results: what every batch has in common.
    pub(crate) fn empty_payload(&self) -> Result<Bytes, JournalError> {
        self.read(|connection| {
            let parts = [part(connection, "prefix")?, part(connection, "suffix")?];
            Ok(parts.concat().into())
        })
    }
}

/// Writes the IDs of the target into the envelope, and stores a checksum of each payload.
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
    let mut update =
        transaction.prepare("UPDATE batches SET sha256 = ?, checksum = ? WHERE number = ?")?;
    for batch in batches {
        let payload = Payload::read(transaction, batch)?;
        let checksum = payload.checksum();
        let sha256 = match checksum {
            // It takes longer, and there is time when the batch is sent.
            Some(_) => String::new(),
            None => payload.sha256().map_err(unreadable)?,
        };
        update.execute((sha256, checksum, batch.number))?;
    }
    Ok(())
}

/// Stores what is before and after the runs of every payload.
pub(super) fn set_envelope(
    connection: &Connection,
    envelope: &Envelope<'_>,
) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO upload (key, value) VALUES (?, CAST(? AS TEXT))")?;
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
    store_digests(transaction)?;
    let mut other =
        transaction.prepare_cached("SELECT 1 FROM batches WHERE sha256 = ? AND number <> ?")?;
    loop {
        batch.comment = nonce_comment(of_upload.as_deref(), batch.nonce);
        let payload = Payload::read(transaction, batch)?;
        batch.sha256 = payload.sha256().map_err(unreadable)?;
        batch.checksum = payload.checksum();
        if !other.exists((&batch.sha256, batch.number))? {
            return Ok(());
        }
        batch.nonce += 1;
    }
}

/// Stores the digests that have not been computed yet.
fn store_digests(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    for batch in batches(transaction, "sha256 = ''")? {
        let sha256 = Payload::read(transaction, &batch)?.sha256();
        transaction
            .prepare_cached("UPDATE batches SET sha256 = ? WHERE number = ?")?
            .execute((sha256.map_err(unreadable)?, batch.number))?;
    }
    Ok(())
}

/// The payload of a batch in its parts.
struct Payload {
    prefix: Vec<u8>,
    body: Body,
    /// Which bytes of the body are of the batch.
    range: Range<usize>,
    comment: String,
    suffix: Vec<u8>,
}

/// The runs of a planned batch as they are stored.
enum Body {
    /// By an older version.
    Plain(Vec<u8>),
    Packed(Packed),
}

impl Payload {
    fn read(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<Self> {
        let body = connection
            .prepare_cached("SELECT xml, length, crc FROM bodies WHERE batch = ?")?
            .query_row([batch.body], Body::read)?;
        let is_whole = connection
            .prepare_cached(
                "SELECT 1 FROM facts WHERE batch = ? AND first_row = ? AND last_row = ?",
            )?
            .exists((batch.body, batch.first_row, batch.last_row))?;
        let range = if is_whole {
            0..body.length()
        } else {
            piece(connection, batch)?
        };
        Ok(Self {
            prefix: part(connection, "prefix")?,
            body,
            range,
            comment: batch.comment.clone(),
            suffix: part(connection, "suffix")?,
        })
    }

    /// A checksum of the parts as they are stored, if the batch holds all runs of a compressed body.
    fn checksum(&self) -> Option<[u8; 32]> {
        let Body::Packed(packed) = &self.body else {
            return None;
        };
        let is_whole = self.range == (0..packed.length);
        let (prefix, comment, suffix) = (&self.prefix, &self.comment, &self.suffix);
        is_whole.then(|| checksum(prefix, packed, comment, suffix))
    }

    /// The digest of the payload, in hexadecimal.
    fn sha256(&self) -> Result<String, Unreadable> {
        let digest = Sha256::new()
            .chain_update(&self.prefix)
            .chain_update(self.runs()?)
            .chain_update(&self.comment)
            .chain_update(&self.suffix)
            .finalize();
        Ok(hexadecimal(&digest))
    }

    fn assemble(&self) -> Result<Vec<u8>, Unreadable> {
        let runs = self.runs()?;
        Ok([&self.prefix, &*runs, self.comment.as_bytes(), &self.suffix].concat())
    }

    fn gzip(&self) -> Result<Vec<u8>, Unreadable> {
        let end = [self.comment.as_bytes(), &self.suffix].concat();
        match &self.body {
            Body::Packed(packed) if self.range == (0..packed.length) => {
                Ok(packed.gzip(&self.prefix, &end))
            }
            _ => Ok(Packed::new(&self.runs()?).gzip(&self.prefix, &end)),
        }
    }

    /// The runs of the batch.
    fn runs(&self) -> Result<Cow<'_, [u8]>, Unreadable> {
        match &self.body {
            Body::Plain(plain) => {
                let runs = plain.get(self.range.clone()).ok_or(Unreadable)?;
                Ok(runs.into())
            }
            Body::Packed(packed) => {
                let mut plain = packed.plain()?;
                plain.get(self.range.clone()).ok_or(Unreadable)?;
                plain.truncate(self.range.end);
                plain.drain(..self.range.start);
                Ok(plain.into())
            }
        }
    }
}

/// Which bytes of the body are of a batch that is a piece of the planned one.
fn piece(connection: &Connection, batch: &StoredBatch) -> rusqlite::Result<Range<usize>> {
    ensure_rows(connection)?;
    let body_end = |row: i64| {
        connection
            .prepare_cached("SELECT body_end FROM rows WHERE number = ? AND batch = ?")?
            .query_row((row, batch.body), |row| row.get::<_, usize>(0))
            .optional()
    };
    // The first row of a body has none before it.
    let start = body_end(batch.first_row - 1)?.unwrap_or(0);
    let end = body_end(batch.last_row)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(start..end)
}

impl Body {
    fn length(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Packed(packed) => packed.length,
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let bytes = row.get(0)?;
        let stored: (Option<usize>, Option<u32>) = (row.get(1)?, row.get(2)?);
        Ok(match stored {
            (Some(length), Some(crc)) => Self::Packed(Packed {
                deflated: bytes,
                crc,
                length,
            }),
            _ => Self::Plain(bytes),
        })
    }
}

/// A checksum of a payload in its parts as they are stored.
pub(super) fn checksum(prefix: &[u8], body: &Packed, comment: &str, suffix: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [prefix, &body.deflated, comment.as_bytes(), suffix] {
        // The length keeps neighbours apart.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.update((body.length as u64).to_le_bytes());
    digest.update(body.crc.to_le_bytes());
    digest.finalize().into()
}
