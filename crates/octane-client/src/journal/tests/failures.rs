//! Disks that are full or cannot be written, and files that are not as they were left.

use std::fs;
use std::path::PathBuf;

use octane_model::Encoding;

use super::*;
use crate::journal::Retention;

fn stored() -> (tempfile::TempDir, Spool, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let journal = prepared(&spool, tests(40), &in_batches_of(10));
    journal.set_target(&target()).unwrap();
    (folder, spool, journal)
}

/// Ends the work on an upload.
fn close(journal: Journal) -> (UploadId, PathBuf) {
    let closed = (journal.id().clone(), journal.path().to_owned());
    drop(journal);
    closed
}

#[test]
fn a_full_disk_is_reported_and_the_plan_is_still_there() {
    let (_folder, spool, journal) = stored();
    // No page more than there are.
    let pages: i64 = journal
        .read(|connection| connection.query_row("PRAGMA page_count", [], |row| row.get(0)))
        .unwrap();
    journal
        .read(|connection| connection.pragma_update(None, "max_page_count", pages))
        .unwrap();
    let found: Vec<ServerRun> = tests(2000)
        .iter()
        .enumerate()
        .map(|(number, test)| shown(&number.to_string(), test, Some("passed"), 0))
        .collect();
    let error = journal.add_server_runs(&found).unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert!(
        error.to_string().starts_with("disk full while writing"),
        "{error}"
    );
    let (id, _) = close(journal);
    let journal = spool.open(&id).unwrap();
    for batch in journal.open_batches().unwrap() {
        journal.payload(&batch).unwrap();
    }
    journal.add_server_runs(&found).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (_folder, _spool, journal) = stored();
    journal
        .read(|connection| connection.pragma_update(None, "query_only", true))
        .unwrap();
    let error = journal.refused(1, "no").unwrap_err();
    assert!(matches!(error, JournalError::Folder { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&journal.id().to_string()),
        "{error}"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let spool = Spool::at(file.join("below"));
    let error = spool.create(UploadId::new()).unwrap_err();
    assert!(matches!(error, JournalError::Folder { .. }), "{error:?}");
    assert!(error.to_string().contains("file/below"), "{error}");
}

#[test]
fn a_journal_of_a_newer_version_is_named_and_not_changed() {
    let (_folder, spool, journal) = stored();
    journal
        .read(|connection| connection.pragma_update(None, "user_version", 99))
        .unwrap();
    let (id, path) = close(journal);
    let before = fs::read(&path).unwrap();
    for error in [
        spool.open(&id).unwrap_err(),
        spool.summary(&id).unwrap_err(),
        spool.unreadable().unwrap().remove(0),
    ] {
        assert!(
            matches!(error, JournalError::Newer { found: 99, .. }),
            "{error:?}"
        );
    }
    assert!(spool.list().unwrap().is_empty());
    let far = jiff::Timestamp::MAX;
    assert_eq!(spool.prune(&Retention::default(), far).unwrap(), []);
    assert_eq!(fs::read(&path).unwrap(), before);
    spool.remove(&id).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_journal_is_reported_as_corrupted() {
    let (_folder, spool, journal) = stored();
    let (id, path) = close(journal);
    fs::write(
        &path,
        "no database at all, however long one looks at it\n".repeat(99),
    )
    .unwrap();
    let error = spool.open(&id).unwrap_err();
    assert!(matches!(error, JournalError::Corrupted { .. }), "{error:?}");
    assert_eq!(spool.unreadable().unwrap().len(), 1);
    assert!(spool.list().unwrap().is_empty());
    let far = jiff::Timestamp::MAX;
    assert_eq!(
        spool.prune(&Retention::default(), far).unwrap(),
        [],
        "it may be saved yet"
    );
}

#[test]
fn a_truncated_file_gives_an_error_and_never_other_bytes() {
    let (_folder, spool, journal) = stored();
    let payloads: Vec<_> = journal
        .open_batches()
        .unwrap()
        .iter()
        .map(|batch| journal.payload(batch).unwrap())
        .collect();
    let (id, path) = close(journal);
    let whole = fs::read(&path).unwrap();
    let mut errors = 0;
    for end in (4096..whole.len()).step_by(4096) {
        fs::write(&path, &whole[..end]).unwrap();
        let read = || -> Result<Vec<_>, JournalError> {
            let journal = spool.open(&id)?;
            let batches = journal.open_batches()?;
            batches.iter().map(|batch| journal.payload(batch)).collect()
        };
        match read() {
            Ok(read) => assert_eq!(read, payloads, "cut at {end}"),
            Err(JournalError::Corrupted { .. }) => errors += 1,
            Err(error) => panic!("cut at {end}: {error:?}"),
        }
    }
    assert!(errors > 0);
}

#[test]
fn bytes_that_changed_are_not_sent() {
    for change in [
        "UPDATE bodies SET xml = CAST(substr(xml, 1, 99) || x'00' || substr(xml, 101) AS BLOB) WHERE batch = 2",
        "UPDATE bodies SET crc = crc + 1 WHERE batch = 2",
        "UPDATE batches SET comment = '<!-- x -->' WHERE number = 2",
        "UPDATE batches SET checksum = NULL, sha256 = '00' WHERE number = 2",
    ] {
        let (_folder, _spool, journal) = stored();
        journal
            .write("test", |transaction| transaction.execute_batch(change))
            .unwrap();
        let batches = journal.open_batches().unwrap();
        assert!(journal.payload(&batches[0]).is_ok());
        for error in [
            journal.payload(&batches[1]).unwrap_err(),
            journal.encoded(&batches[1], Encoding::Gzip).unwrap_err(),
            // They are not taken for what was planned, either.
            journal.set_target(&target()).unwrap_err(),
        ] {
            let message = error.to_string();
            let expected = "batch 2 does not match its checksum";
            assert!(message.contains(expected), "{message}");
        }
    }
    let (_folder, _spool, journal) = stored();
    let change = "UPDATE upload SET value = value || ' ' WHERE key = 'prefix'";
    journal
        .write("test", |transaction| transaction.execute_batch(change))
        .unwrap();
    let batches = journal.open_batches().unwrap();
    assert!(journal.encoded(&batches[0], Encoding::Gzip).is_err());
}

#[test]
fn a_process_that_dies_before_a_commit_has_written_nothing_and_after_it_all() {
    for (moment, expected) in [
        (CommitPoint::Before, BatchState::Ready),
        (CommitPoint::After, BatchState::InFlight),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let crashing = Spool::at(folder.path())
            .fault_hook(move |step, at| step != "in_flight" || at != moment);
        let journal = prepared(&crashing, tests(1), &UploadSettings::default());
        journal.set_target(&target()).unwrap();
        let batch = journal.open_batches().unwrap().remove(0);
        let error = journal.begin_sending(batch.number, "").unwrap_err();
        assert!(
            matches!(error, JournalError::SimulatedCrash { step: "in_flight" }),
            "{error:?}"
        );
        let (id, _) = close(journal);
        let journal = Spool::at(folder.path()).open(&id).unwrap();
        assert_eq!(journal.open_batches().unwrap()[0].state, expected);
    }
}
