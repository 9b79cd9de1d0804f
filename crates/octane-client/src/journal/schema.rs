//! The tables of a journal.

/// The format of the file, in SQLite's `user_version`. A file with a higher one is refused, one with a lower one is
/// [migrated](super::migrate).
pub(super) const VERSION: i64 = 7;

pub(super) const TABLES: &str = "
    -- One JSON document a key (`manifest`, `target`, `relocated`, `untouched_before`, `last_attempt`, `resent`, `merged`,
    -- `merged_ingested`, `sent_again`, `sent_there/1`, `removed_stale_links`), and the envelope of every payload:
    -- `prefix`, `suffix` and the upload's `nonce`. `planned_prefix` has no IDs of a target yet; absent before it has one.
    CREATE TABLE upload (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    -- The rendered runs of a planned batch; its halves are pieces of the same bytes. They are deflated, and `length` and `crc` are
    -- those of the bytes themselves; where `crc` is NULL they are plain.
    CREATE TABLE bodies (batch INTEGER PRIMARY KEY, xml BLOB NOT NULL, length INTEGER, crc INTEGER);
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY,
        -- The planned batch that it is, or is a part of.
        body INTEGER NOT NULL,
        first_row INTEGER NOT NULL,
        last_row INTEGER NOT NULL,
        -- Of the payload. Empty until the batch is sent, if there is a checksum.
        sha256 TEXT NOT NULL,
        -- Of its parts as they are stored, where it holds all runs of a body: comparing it needs no decompression.
        checksum BLOB,
        -- How many times its bytes were changed on purpose, and the comment in the payload that does it.
        nonce INTEGER NOT NULL DEFAULT 0,
        comment TEXT NOT NULL DEFAULT '',
        -- Whether it repeats a test of an earlier batch, and so must be sent after it.
        after_previous INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'ready',
        -- How it ended; only where the state is `ended`.
        ended_as TEXT,
        -- None of a piece of a batch that ended as `forgotten`, as the piece was never sent itself.
        task INTEGER,
        -- Whether Octane had received these bytes before this upload sent them.
        is_duplicate INTEGER NOT NULL DEFAULT 0,
        -- What the task's log says.
        task_log TEXT,
        -- Why it was delayed or refused.
        reason TEXT
    );
    CREATE INDEX batches_by_body ON batches (body);
    CREATE INDEX batches_open ON batches (number) WHERE state <> 'ended';
    CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    -- The results of each planned batch, as they were planned: `packed` holds what is known of each, in a few bytes. NULL in a
    -- journal of an older format, which has the table `rows` instead.
    CREATE TABLE facts (
        batch INTEGER PRIMARY KEY,
        first_row INTEGER NOT NULL,
        last_row INTEGER NOT NULL,
        -- Whether any of them carries a Jira key.
        has_jira INTEGER NOT NULL,
        packed BLOB
    );
    -- The rows that are runs of features, and how many results each of them stands for.
    CREATE TABLE features (number INTEGER PRIMARY KEY, results INTEGER NOT NULL);
    -- What became of them; a row without an entry is `open`. Apart from the rows, so that a judgement writes a few bytes a row.
    CREATE TABLE row_states (
        number INTEGER PRIMARY KEY,
        state TEXT NOT NULL,
        -- Why it is in this state, as a code and as a text.
        reason TEXT,
        message TEXT,
        -- What the suite run showed of it: `exact`, `newer`, `later_row` or `absent`.
        observed TEXT
    );
    -- The automated runs that the suite run holds, as last read.
    CREATE TABLE server_runs (
        run TEXT PRIMARY KEY,
        key BLOB NOT NULL,
        status TEXT,
        started INTEGER,
        duration INTEGER,
        test TEXT,
        links TEXT
    ) WITHOUT ROWID;
    -- What those runs held before, where that was asked for.
    CREATE TABLE previous_runs (run TEXT NOT NULL, status TEXT, started INTEGER, duration INTEGER);
    CREATE TABLE problems (
        stage TEXT NOT NULL,
        code TEXT NOT NULL,
        test TEXT,
        file TEXT,
        line INTEGER,
        column INTEGER,
        message TEXT NOT NULL
    );
";

/// The results, a row each; see [`row_table`](super::row_table).
pub(super) const ROWS: &str = "
    CREATE TEMP TABLE rows (
        number INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        -- What makes a run the same run, digested.
        key BLOB NOT NULL,
        test TEXT NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        -- Milliseconds since 1970-01-01 UTC.
        started INTEGER,
        -- Milliseconds.
        duration INTEGER NOT NULL,
        file INTEGER,
        line INTEGER,
        column INTEGER,
        -- A JSON list of keys, or NULL for none.
        jira TEXT,
        -- Where its bytes end in the body of the planned batch; they begin where the row before ends.
        body_end INTEGER NOT NULL,
        -- The name of the run, where it is not that of the test.
        run_name TEXT
    );
";

/// Finds what a run held before. In journals that were created earlier, another one may find it too, in longer time.
pub(super) const INDEX_OF_PREVIOUS_RUNS: &str =
    "CREATE INDEX IF NOT EXISTS previous_runs_by_result ON previous_runs
         (run, COALESCE(status, '?'), COALESCE(duration, -1), started)";

/// Created once all runs have been read: building an index at the end is faster than keeping it up to date.
pub(super) const INDEX_OF_SERVER_RUNS: &str =
    "CREATE INDEX IF NOT EXISTS server_runs_by_key ON server_runs (key)";
