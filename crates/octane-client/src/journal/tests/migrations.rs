//! Journals of older formats.

use rusqlite::Connection;

use super::*;
use crate::journal::packed::Packed;
use crate::journal::row_table::ensure_rows;
use crate::journal::schema;
use crate::run_kind::RunKind;

/// A journal of format 1 with batches in every state: 1 is partly confirmed, 2 refused, 3 forgotten, 4 failed, 5 split
/// (7 is in flight, 8 accepted), and 6 is to be sent with changed bytes.
const FORMAT_1: &str = include_str!("journal-v1.sql");
const ID: &str = "u-1m8fmqftf6xheg";

fn spool_with_format_1() -> (tempfile::TempDir, Spool, UploadId) {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join(format!("{ID}.db"))).unwrap();
    connection.execute_batch(FORMAT_1).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let spool = Spool::at(folder.path());
    (folder, spool, ID.parse().unwrap())
}

#[test]
fn a_journal_of_the_previous_format_is_opened_with_everything_in_it() {
    let (_folder, spool, id) = spool_with_format_1();
    let journal = spool.open(&id).unwrap();
    let batches = journal.batch_reports().unwrap();
    let batches: Vec<_> = batches
        .iter()
        .map(|batch| (batch.number, batch.results, batch.status.as_str()))
        .collect();
    assert_eq!(
        batches,
        [
            (1, 2, "success"),
            (2, 2, "refused"),
            (3, 2, "forgotten"),
            (4, 2, "failed"),
            (7, 1, "in_flight"),
            (8, 1, "accepted"),
            (6, 1, "ready"),
        ]
    );
    let words: Vec<String> = states(&journal)
        .into_iter()
        .map(|(state, _)| state)
        .collect();
    let expected = [
        "ingested",
        "unconfirmed",
        "rejected",
        "rejected",
        "unconfirmed",
        "unconfirmed",
        "rejected",
        "rejected",
        "open",
        "open",
        "open",
    ];
    assert_eq!(words, expected);
    let counts = journal.row_counts().unwrap();
    assert_eq!((counts.unconfirmed, counts.forgotten), (1, 2));
    assert_eq!(journal.target().unwrap(), Some(target()));
    assert_eq!(journal.target_spec().unwrap(), target_spec());
    assert_eq!(journal.problems().unwrap().len(), 1 + 7);
}

#[test]
fn a_journal_of_format_2_is_opened_and_has_no_names_of_runs() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let mut run = TestRun::new("pays", Status::Passed);
    run.run_name = Some("pays [firefox]".to_owned());
    let journal = prepared(&spool, vec![run], &in_batches_of(1));
    let id = journal.id().clone();
    let connection = in_format_5(journal);
    connection.execute_batch(TO_3).unwrap();
    store_plain(&connection);
    connection
        .execute_batch("ALTER TABLE rows DROP COLUMN run_name; PRAGMA user_version = 2")
        .unwrap();
    drop(connection);
    let journal = spool.open(&id).unwrap();
    assert_eq!(journal.row_counts().unwrap().open, 1);
}

/// Makes a journal one of format 5 again: with a row for each result, and the digests of all batches.
fn in_format_5(journal: Journal) -> Connection {
    let batches = journal.batch_reports().unwrap();
    let path = journal.path().to_owned();
    drop(journal);
    let connection = Connection::open(path).unwrap();
    ensure_rows(&connection).unwrap();
    let table = schema::ROWS.replace("CREATE TEMP TABLE rows", "CREATE TABLE main.rows");
    connection.execute_batch(&table).unwrap();
    connection
        .execute_batch(
            "INSERT INTO main.rows SELECT * FROM temp.rows; DROP TABLE temp.rows; DROP TABLE facts;
             DROP TABLE features; PRAGMA user_version = 5",
        )
        .unwrap();
    for batch in batches {
        let sql = "UPDATE batches SET sha256 = ? WHERE number = ?";
        connection
            .execute(sql, (batch.sha256, batch.number))
            .unwrap();
    }
    connection
}

#[test]
fn a_journal_of_format_5_is_opened_with_a_row_for_each_result() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let mut runs = tests(5);
    runs[1].jira = vec!["SHOP-1".to_owned()];
    runs[2].run_name = Some("t3 [firefox]".to_owned());
    let journal = prepared(&spool, runs.clone(), &in_batches_of(2));
    journal.set_target(&target()).unwrap();
    end(&journal, 1, "success", None);
    end(&journal, 3, "success", None);
    let id = journal.id().clone();
    let payloads = |journal: &Journal| -> Vec<bytes::Bytes> {
        let batches = journal.open_batches().unwrap();
        let payload = |batch| journal.payload(batch).unwrap();
        batches.iter().map(payload).collect()
    };
    let sent = payloads(&journal);
    let names = journal.first_names(RunKind::Test).unwrap();
    let ends = &names.names[..names.ends];
    drop(in_format_5(journal));
    let journal = spool.open(&id).unwrap();
    assert_eq!(payloads(&journal), sent);
    assert_eq!(journal.first_names(RunKind::Test).unwrap().names, ends);
    assert!(journal.has_jira_keys().unwrap());
    let found = [
        shown("1", &runs[0], Some("passed"), 0),
        shown("2", &runs[1], Some("passed"), 0),
    ];
    journal.add_server_runs(&found).unwrap();
    journal.finish_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    let counts = journal.row_counts().unwrap();
    assert_eq!(
        (counts.ingested, counts.unconfirmed, counts.open),
        (2, 1, 2)
    );
    // A piece of a batch is found by the rows.
    let [first, last] = journal.split(&journal.open_batches().unwrap()[0]).unwrap();
    let piece = |batch| String::from_utf8(journal.payload(batch).unwrap().to_vec()).unwrap();
    assert!(piece(&first).contains("\"t3\"") && !piece(&first).contains("\"t4\""));
    assert!(piece(&last).contains("\"t4\"") && !piece(&last).contains("\"t3\""));
}

/// Makes a journal one of format 3 again.
const TO_3: &str = "
    ALTER TABLE rows ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
    ALTER TABLE rows ADD COLUMN reason TEXT;
    ALTER TABLE rows ADD COLUMN message TEXT;
    ALTER TABLE rows ADD COLUMN observed TEXT;
    UPDATE rows SET (state, reason, message, observed) = (
        SELECT state, reason, message, observed FROM row_states s WHERE s.number = rows.number)
        WHERE number IN (SELECT number FROM row_states);
    DROP TABLE row_states;
    ALTER TABLE batches DROP COLUMN checksum;
    CREATE INDEX rows_by_batch ON rows (batch, number);
    PRAGMA user_version = 3;
";

/// Stores the results of all batches as they are, as format 3 did.
fn store_plain(connection: &Connection) {
    let bodies: Vec<(i64, Packed)> = connection
        .prepare("SELECT batch, xml, length, crc FROM bodies")
        .unwrap()
        .query_map([], |row| {
            let packed = Packed {
                deflated: row.get(1)?,
                length: row.get(2)?,
                crc: row.get(3)?,
            };
            Ok((row.get(0)?, packed))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    connection
        .execute_batch("ALTER TABLE bodies DROP COLUMN length; ALTER TABLE bodies DROP COLUMN crc;")
        .unwrap();
    for (batch, body) in bodies {
        let plain = body.plain().unwrap();
        let sql = "UPDATE bodies SET xml = ? WHERE batch = ?";
        connection.execute(sql, (plain, batch)).unwrap();
    }
}

#[test]
fn a_journal_of_format_3_is_opened_with_what_became_of_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let runs = tests(4);
    let journal = prepared(&spool, runs.clone(), &in_batches_of(1));
    journal.set_target(&target()).unwrap();
    end(&journal, 1, "success", None);
    end(&journal, 2, "failed", Some("t2 is not welcome"));
    end(&journal, 3, "success", None);
    let found = [shown("1", &runs[0], Some("passed"), 0)];
    journal.add_server_runs(&found).unwrap();
    journal.finish_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    let (before, counts) = (states(&journal), journal.row_counts().unwrap());
    let words: Vec<&str> = before.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(words, ["ingested", "rejected", "unconfirmed", "open"]);
    let payloads = |journal: &Journal| -> Vec<bytes::Bytes> {
        let batches = journal.open_batches().unwrap();
        let payload = |batch| journal.payload(batch).unwrap();
        batches.iter().map(payload).collect()
    };
    let (problems, sent) = (journal.problems().unwrap(), payloads(&journal));
    let id = journal.id().clone();
    let connection = in_format_5(journal);
    connection.execute_batch(TO_3).unwrap();
    store_plain(&connection);
    drop(connection);
    let journal = spool.open(&id).unwrap();
    assert_eq!(
        (states(&journal), journal.row_counts().unwrap()),
        (before, counts)
    );
    assert_eq!(
        (journal.problems().unwrap(), payloads(&journal)),
        (problems, sent)
    );
    journal.judge(RUNS).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let open: Vec<usize> = journal
        .open_batches()
        .unwrap()
        .iter()
        .map(|batch| batch.number)
        .collect();
    assert_eq!(open, [2, 4]);
}

#[test]
fn the_bytes_of_a_migrated_journal_are_those_that_were_planned() {
    let (_folder, spool, id) = spool_with_format_1();
    let journal = spool.open(&id).unwrap();
    let mut payloads = Vec::new();
    for batch in journal.open_batches().unwrap() {
        // Fails if a byte differs from the stored checksum.
        let payload = journal.payload(&batch).unwrap();
        payloads.push(String::from_utf8(payload.to_vec()).unwrap());
    }
    assert_eq!(payloads.len(), 3);
    assert!(payloads[2].contains("<!-- again 2 -->"), "{}", payloads[2]);
}

#[test]
fn a_migrated_journal_can_be_resumed_and_is_migrated_once() {
    let (_folder, spool, id) = spool_with_format_1();
    let summary = spool.summary(&id).unwrap();
    assert_eq!((summary.counts.read, summary.counts.ingested), (11, 1));
    assert_eq!((summary.counts.pending, summary.counts.rejected), (6, 4));
    assert!(!summary.is_finished);
    let journal = spool.open(&id).unwrap();
    journal.judge(RUNS).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    let open: Vec<usize> = journal
        .open_batches()
        .unwrap()
        .iter()
        .map(|batch| batch.number)
        .collect();
    assert_eq!(open, [2, 3, 4, 7, 8, 6]);
}

#[test]
fn an_older_journal_is_not_migrated_while_another_process_uses_it() {
    let (_folder, spool, id) = spool_with_format_1();
    let folder = spool.folder().unwrap();
    let _lock = super::super::lock::lock(folder, &id).unwrap();
    let error = spool.summary(&id).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error:?}");
    let file = folder.join(format!("{ID}.db"));
    let version: i64 = Connection::open(file)
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
}

#[test]
fn a_format_that_is_too_old_is_not_called_newer() {
    let (_folder, spool, id) = spool_with_format_1();
    let file = spool.folder().unwrap().join(format!("{ID}.db"));
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "user_version", -1).unwrap();
    let error = spool.open(&id).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Older {
                found: -1,
                supported: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("older version"), "{error}");
}

#[test]
fn a_journal_of_format_4_is_opened_and_is_no_shard() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let mut settings = in_batches_of(1);
    settings.shard = Some("3/8".parse().unwrap());
    let journal = prepared(&spool, tests(2), &settings);
    let id = journal.id().clone();
    assert_eq!(spool.summary(&id).unwrap().shard, settings.shard);
    let connection = in_format_5(journal);
    connection
        .execute_batch(
            "UPDATE upload SET value = json_remove(value, '$.shard') WHERE key = 'manifest';
             PRAGMA user_version = 4;",
        )
        .unwrap();
    drop(connection);
    let journal = spool.open(&id).unwrap();
    assert_eq!(journal.row_counts().unwrap().open, 2);
    drop(journal);
    assert_eq!(spool.summary(&id).unwrap().shard, None);
    let connection = Connection::open(folder.path().join(format!("{id}.db"))).unwrap();
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, schema::VERSION);
}

#[test]
fn a_journal_of_format_6_is_opened_and_has_no_features() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let runs = tests(5);
    let journal = prepared(&spool, runs.clone(), &in_batches_of(2));
    journal.set_target(&target()).unwrap();
    end(&journal, 1, "success", None);
    end(&journal, 2, "failed", Some("t3 is not welcome"));
    let found = [shown("1", &runs[0], Some("passed"), 0)];
    journal.add_server_runs(&found).unwrap();
    journal.finish_server_runs().unwrap();
    journal.judge(RUNS).unwrap();
    let id = journal.id().clone();
    let before = (states(&journal), journal.row_counts().unwrap());
    let sent = journal.batch_reports().unwrap();
    drop(journal);
    let file = folder.path().join(format!("{id}.db"));
    Connection::open(file)
        .unwrap()
        .execute_batch("DROP TABLE features; PRAGMA user_version = 6")
        .unwrap();
    let journal = spool.open(&id).unwrap();
    assert_eq!((states(&journal), journal.row_counts().unwrap()), before);
    assert_eq!(journal.batch_reports().unwrap(), sent);
    assert_eq!(journal.run_kinds().unwrap(), [RunKind::Test]);
    let version = journal.read(|connection| {
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(version.unwrap(), schema::VERSION);
}
