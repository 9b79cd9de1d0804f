//! Journals of older formats, brought up to date.
//!
//! Each step is one entry of [`STEPS`] and takes a file from one format to the next. A new format adds an entry, and a
//! test that opens a file of the format before.

use rusqlite::{Connection, Transaction};

use super::schema;

/// The oldest format that can be migrated.
pub(super) const OLDEST: i64 = 1;

/// One step per format, the oldest first.
const STEPS: [&str; 6] = [FROM_1, FROM_2, FROM_3, FROM_4, FROM_5, FROM_6];

/// Format 1 had no explicit states for rows: `kept` with a message was an unconfirmed result, without one an open one.
/// Its bytes stay the same: the comment that made a batch's bytes differ is stored as it was.
const FROM_1: &str = "
    ALTER TABLE batches RENAME COLUMN n TO number;
    ALTER TABLE batches RENAME COLUMN first TO first_row;
    ALTER TABLE batches RENAME COLUMN last TO last_row;
    ALTER TABLE batches RENAME COLUMN again TO nonce;
    ALTER TABLE batches RENAME COLUMN follows TO after_previous;
    ALTER TABLE batches RENAME COLUMN known TO is_duplicate;
    ALTER TABLE batches RENAME COLUMN complaints TO task_log;
    ALTER TABLE batches ADD COLUMN comment TEXT NOT NULL DEFAULT '';
    ALTER TABLE batches ADD COLUMN ended_as TEXT;
    UPDATE batches SET comment = '<!-- again ' || nonce || ' -->' || char(10) WHERE nonce > 0;
    DELETE FROM batches WHERE state = 'split';
    UPDATE batches SET ended_as = CASE
        WHEN state = 'refused' THEN 'refused'
        WHEN status = 'lost' THEN 'forgotten'
        WHEN status IN ('success', 'warning', 'failed', 'error') THEN status
        ELSE 'task:' || COALESCE(status, '') END
        WHERE state IN ('settled', 'refused');
    DROP INDEX batches_open;
    UPDATE batches SET state = CASE state
        WHEN 'planned' THEN 'ready' WHEN 'sending' THEN 'in_flight' WHEN 'sent' THEN 'accepted' ELSE 'ended' END;
    CREATE INDEX batches_open ON batches (number) WHERE state <> 'ended';
    ALTER TABLE batches DROP COLUMN status;

    ALTER TABLE rows RENAME COLUMN n TO number;
    ALTER TABLE rows RENAME COLUMN position TO column;
    ALTER TABLE rows RENAME COLUMN until TO body_end;
    ALTER TABLE rows RENAME COLUMN fate TO state;
    ALTER TABLE rows ADD COLUMN reason TEXT;
    ALTER TABLE rows ADD COLUMN observed TEXT;
    UPDATE rows SET state = 'open' WHERE state = 'kept' AND message IS NULL;
    UPDATE rows SET state = 'unconfirmed' WHERE state = 'kept';
    UPDATE rows SET reason = (
        SELECT CASE b.ended_as WHEN 'refused' THEN 'refused' WHEN 'forgotten' THEN 'forgotten' WHEN 'success' THEN 'missing'
            ELSE CASE rows.state WHEN 'rejected' THEN 'task' ELSE 'not_readable' END END
        FROM batches b WHERE b.body = rows.batch AND rows.number BETWEEN b.first_row AND b.last_row)
        WHERE state IN ('unconfirmed', 'rejected');

    DROP INDEX IF EXISTS found_by_key;
    ALTER TABLE found RENAME TO server_runs;
    CREATE INDEX server_runs_by_key ON server_runs (key);
    DROP INDEX former_by_run;
    ALTER TABLE former RENAME TO previous_runs;
    CREATE INDEX previous_runs_by_run ON previous_runs (run);
    ALTER TABLE problems RENAME COLUMN position TO column;

    UPDATE upload SET key = 'prefix' WHERE key = 'head';
    UPDATE upload SET key = 'suffix' WHERE key = 'tail';
    UPDATE upload SET key = 'manifest', value = json_remove(json_set(value,
            '$.counts.invalid', json_extract(value, '$.counts.skipped'),
            '$.counts.pending', json_extract(value, '$.counts.kept'),
            '$.counts.duplicate', json_extract(value, '$.counts.known'),
            '$.target_spec', json(json_extract(value, '$.destination'))),
        '$.counts.skipped', '$.counts.kept', '$.counts.known', '$.destination') WHERE key = 'plan';
    UPDATE upload SET key = 'last_attempt' WHERE key = 'ending';
";

/// Format 2 did not know how runs are called that have names of their own.
const FROM_2: &str = "ALTER TABLE rows ADD COLUMN run_name TEXT";

/// Format 3 stored what became of a result next to the result, and nothing was compressed.
const FROM_3: &str = "
    ALTER TABLE bodies ADD COLUMN length INTEGER;
    ALTER TABLE bodies ADD COLUMN crc INTEGER;
    ALTER TABLE batches ADD COLUMN checksum BLOB;
    CREATE TABLE row_states (
        number INTEGER PRIMARY KEY, state TEXT NOT NULL, reason TEXT, message TEXT, observed TEXT);
    INSERT INTO row_states SELECT number, state, reason, message, observed FROM rows
        WHERE state <> 'open' OR observed IS NOT NULL;
    DROP INDEX IF EXISTS rows_by_batch;
    ALTER TABLE rows DROP COLUMN state;
    ALTER TABLE rows DROP COLUMN reason;
    ALTER TABLE rows DROP COLUMN message;
    ALTER TABLE rows DROP COLUMN observed;
";

/// Format 4 knew no shards: the manifest has no `shard`, and versions that do not know it would link the runs of one.
const FROM_4: &str = "";

/// Format 5 had a row for each result.
const FROM_5: &str = "
    CREATE TABLE facts (
        batch INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, last_row INTEGER NOT NULL, has_jira INTEGER NOT NULL, packed BLOB);
    INSERT INTO facts SELECT batch, MIN(number), MAX(number), MAX(jira IS NOT NULL), NULL FROM rows GROUP BY batch;
";

/// Format 6 knew no features, and versions that do not know them would look for their runs among those of tests.
const FROM_6: &str = "CREATE TABLE features (number INTEGER PRIMARY KEY, results INTEGER NOT NULL)";

/// Whether a journal has an older format that can be migrated.
pub(super) fn is_needed(connection: &Connection) -> rusqlite::Result<bool> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((OLDEST..schema::VERSION).contains(&found))
}

/// Takes a journal of the format `from` to the current one.
pub(super) fn migrate(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(from - OLDEST).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", schema::VERSION)
}
