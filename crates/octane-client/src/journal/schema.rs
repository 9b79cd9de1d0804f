//! The tables of a journal.

/// The format of the file, in SQLite's `user_version`. A file with a higher one is refused.
pub(super) const VERSION: i64 = 1;

pub(super) const TABLES: &str = "
    -- One JSON document a key: what was planned, how far it is, the last report.
    CREATE TABLE upload (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    -- The rendered runs of a planned batch; halves of it are pieces of the same bytes.
    CREATE TABLE bodies (batch INTEGER PRIMARY KEY, xml BLOB NOT NULL);
    CREATE TABLE batches (
        n INTEGER PRIMARY KEY,
        -- The planned batch that it is, or is a part of.
        body INTEGER NOT NULL,
        -- The first and the last of its rows.
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        -- How often it has been planned anew with other bytes, as Octane has failed over the first ones.
        again INTEGER NOT NULL DEFAULT 0,
        -- Whether it repeats a test of an earlier one, and so must come after it.
        follows INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'planned',
        task INTEGER,
        -- Whether Octane had these bytes before this upload sent them.
        known INTEGER NOT NULL DEFAULT 0,
        -- The task's last state, what the server complained of, why it was not taken.
        status TEXT,
        complaints TEXT,
        reason TEXT
    );
    CREATE INDEX batches_by_body ON batches (body);
    CREATE INDEX batches_open ON batches (n) WHERE state IN ('planned', 'sending', 'sent');
    CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE rows (
        n INTEGER PRIMARY KEY,
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
        position INTEGER,
        -- A JSON list of keys, or NULL for none.
        jira TEXT,
        -- Where its bytes end in the body of the planned batch; they begin where the row before ends.
        until INTEGER NOT NULL,
        fate TEXT NOT NULL DEFAULT 'kept',
        message TEXT
    );
    CREATE INDEX rows_by_batch ON rows (batch, n);
    -- The automated runs that the suite run holds, as last read.
    CREATE TABLE found (
        run TEXT PRIMARY KEY,
        key BLOB NOT NULL,
        status TEXT,
        started INTEGER,
        duration INTEGER,
        test TEXT,
        links TEXT
    ) WITHOUT ROWID;
    -- What those runs held before, where that was asked for.
    CREATE TABLE former (run TEXT NOT NULL, status TEXT, started INTEGER, duration INTEGER);
    CREATE INDEX former_by_run ON former (run);
    CREATE TABLE problems (
        stage TEXT NOT NULL,
        code TEXT NOT NULL,
        test TEXT,
        file TEXT,
        line INTEGER,
        position INTEGER,
        message TEXT NOT NULL
    );
";

/// Made once all rows are there: building an index at the end is quicker than keeping it up to date.
pub(super) const INDEX_OF_KEYS: &str = "CREATE INDEX rows_by_key ON rows (key)";

/// Made once all runs have been read, for the same reason.
pub(super) const INDEX_OF_FOUND: &str = "CREATE INDEX IF NOT EXISTS found_by_key ON found (key)";
