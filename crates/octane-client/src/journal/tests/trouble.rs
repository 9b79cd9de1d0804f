//! Disks that are full or cannot be written, and files that are not as they were left.

use std::fs;

use super::*;

fn kept() -> (tempfile::TempDir, Spool, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let journal = planned(&spool, tests(40), &in_batches_of(10));
    journal.aim(&target()).unwrap();
    (folder, spool, journal)
}

/// Ends the work on an upload.
fn close(journal: Journal) -> (UploadId, PathBuf) {
    let closed = (journal.id().clone(), journal.path().to_owned());
    drop(journal);
    closed
}

#[test]
fn a_full_disk_is_said_and_what_was_planned_is_still_there() {
    let (_folder, spool, journal) = kept();
    // No page more than there are.
    let pages: i64 = journal
        .read(|connection| connection.query_row("PRAGMA page_count", [], |row| row.get(0)))
        .unwrap();
    journal
        .read(|connection| connection.pragma_update(None, "max_page_count", pages))
        .unwrap();
    let found: Vec<FoundRun> = tests(2000)
        .iter()
        .enumerate()
        .map(|(number, test)| shown(&number.to_string(), test, Some("passed"), 0))
        .collect();
    let error = journal.add_found(&found).unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert!(
        error.to_string().starts_with("there is no room left for"),
        "{error}"
    );
    let (id, _) = close(journal);
    let journal = spool.open(&id).unwrap();
    for batch in journal.open_batches().unwrap() {
        journal.payload(&batch).unwrap();
    }
    journal.add_found(&found).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (_folder, _spool, journal) = kept();
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
fn a_journal_of_a_newer_version_is_refused_named_and_left_as_it_is() {
    let (_folder, spool, journal) = kept();
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
fn a_file_of_something_else_is_damaged_and_told() {
    let (_folder, spool, journal) = kept();
    let (id, path) = close(journal);
    fs::write(
        &path,
        "no database at all, however long one looks at it\n".repeat(99),
    )
    .unwrap();
    let error = spool.open(&id).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error:?}");
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
fn a_file_that_lost_its_end_gives_an_error_and_never_other_bytes() {
    let (_folder, spool, journal) = kept();
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
            Err(JournalError::Damaged { .. } | JournalError::Unplanned { .. }) => errors += 1,
            Err(error) => panic!("cut at {end}: {error:?}"),
        }
    }
    assert!(errors > 0);
}

#[test]
fn bytes_that_changed_are_not_sent() {
    let (_folder, _spool, journal) = kept();
    journal
        .write("test", |transaction| {
            transaction.execute_batch(
                "UPDATE bodies SET xml = CAST(replace(CAST(xml AS TEXT), 't11', 't99') AS BLOB)",
            )
        })
        .unwrap();
    let batches = journal.open_batches().unwrap();
    assert!(journal.payload(&batches[0]).is_ok());
    let error = journal.payload(&batches[1]).unwrap_err();
    assert!(
        error.to_string().contains("batch 2 has not the bytes"),
        "{error}"
    );
}

#[test]
fn a_process_that_dies_before_a_commit_has_written_nothing_and_after_it_all() {
    for (moment, expected) in [
        (Moment::BeforeCommit, State::Planned),
        (Moment::AfterCommit, State::Sending),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mortal =
            Spool::at(folder.path()).on_write(move |step, at| step != "sending" || at != moment);
        let journal = planned(&mortal, tests(1), &UploadSettings::default());
        journal.aim(&target()).unwrap();
        let batch = journal.open_batches().unwrap().remove(0);
        let error = journal.begin_sending(&batch).unwrap_err();
        assert!(
            matches!(error, JournalError::CutOff { step: "sending" }),
            "{error:?}"
        );
        let (id, _) = close(journal);
        let journal = Spool::at(folder.path()).open(&id).unwrap();
        assert_eq!(journal.open_batches().unwrap()[0].state, expected);
    }
}
