//! Uploads that are sent to another place, and journals that were created before that was possible.

use super::*;
use crate::server::Server;

fn elsewhere() -> Server {
    Server {
        url: "http://octane2.invalid".to_owned(),
        space: 1001,
        workspace: 1002,
        sandbox: None,
    }
}

/// An upload of three batches: one is in, one is refused, one is not sent.
fn delivered(spool: &Spool) -> Journal {
    let journal = prepared(spool, tests(3), &in_batches_of(1));
    journal.set_target(&target()).unwrap();
    end(&journal, 1, "success", None);
    journal.refused(2, "no").unwrap();
    journal
        .add_server_runs(&[shown("1", &tests(1)[0], Some("passed"), 0)])
        .unwrap();
    journal.judge(RUNS).unwrap();
    assert_eq!(journal.row_counts().unwrap().ingested, 1);
    journal
}

/// Makes of a journal what the versions wrote that knew nothing of sandboxes, options and other places.
fn as_written_before(journal: &Journal) {
    journal
        .write("test", |transaction| {
            transaction.execute_batch(
                "DELETE FROM upload WHERE key IN ('planned_prefix', 'resent');
                 UPDATE upload SET value = json_remove(value, '$.options', '$.server.sandbox') WHERE key = 'manifest';",
            )
        })
        .unwrap();
}

fn payloads(journal: &Journal) -> Vec<String> {
    let batches = journal.open_batches().unwrap();
    let payload = |batch| journal.payload(batch).unwrap().to_vec();
    let payloads = batches.iter().map(payload);
    payloads
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect()
}

#[test]
fn in_another_place_everything_is_open_and_what_may_have_arrived_has_the_same_bytes() {
    let journal = delivered(&Spool::off());
    journal.relocate(&elsewhere(), Some(&target())).unwrap();
    let reports = journal.batch_reports().unwrap();
    let states: Vec<&str> = reports.iter().map(|batch| batch.status.as_str()).collect();
    assert_eq!(states, ["in_flight", "ready", "ready"]);
    assert!(reports.iter().all(|batch| batch.task.is_none()));
    assert_eq!(journal.row_counts().unwrap().open, 3);
    let same = ready(tests(3), &in_batches_of(1));
    assert_eq!(payloads(&journal), payloads(&same));
}

#[test]
fn in_another_place_it_was_not_merged_with_other_shards() {
    let journal = delivered(&Spool::off());
    journal.set("merged", &jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert!(journal.summary(false).unwrap().merged.is_some());
    journal.relocate(&elsewhere(), Some(&target())).unwrap();
    assert_eq!(journal.summary(false).unwrap().merged, None);
}

#[test]
fn in_another_place_the_state_of_the_suite_run_is_noted_before_anything_is_sent_there() {
    let journal = delivered(&Spool::off());
    assert!(!journal.is_unsent().unwrap());
    let relocated = || {
        journal.relocate(&elsewhere(), Some(&target())).unwrap();
        assert!(journal.is_unsent().unwrap());
    };
    relocated();
    // What cannot be read before something is sent is not read afterwards.
    journal.set_untouched_before(None).unwrap();
    assert!(!journal.is_unsent().unwrap());
    relocated();
    journal.set_untouched_before(Some(5)).unwrap();
    assert!(!journal.is_unsent().unwrap());
    end(&journal, 1, "failed", None);
    assert_eq!(journal.untouched_before().unwrap(), Some(5));
    // It is the same server under another name.
    journal.note_known_from_before().unwrap();
    assert_eq!(journal.untouched_before().unwrap(), None);
}

#[test]
fn the_ids_of_the_other_place_are_in_all_payloads() {
    let journal = delivered(&Spool::off());
    let other = Target::new(SuiteId::new(9), "nightly-1");
    journal.relocate(&elsewhere(), Some(&other)).unwrap();
    assert_eq!(journal.target().unwrap(), Some(other));
    for payload in payloads(&journal) {
        assert!(
            payload.contains("id=\"9\"") && !payload.contains("7045"),
            "{payload}"
        );
    }
    journal.relocate(&elsewhere(), Some(&target())).unwrap();
    assert!(
        payloads(&journal)
            .iter()
            .all(|payload| payload.contains("7045"))
    );
}

#[test]
fn a_journal_without_options_and_sandbox_is_opened_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path());
    let journal = delivered(&spool);
    as_written_before(&journal);
    let id = journal.id().clone();
    drop(journal);
    let summary = spool.summary(&id).unwrap();
    assert_eq!((summary.sandbox, summary.options.len()), (None, 0));
    assert_eq!(
        summary.url.as_deref(),
        Some("http://octane.invalid/ui/?p=1001/1002")
    );
    let journal = spool.open(&id).unwrap();
    journal.prepare_resume(Look::Read).unwrap();
    assert_eq!(payloads(&journal).len(), 2);
}

#[test]
fn a_journal_that_knows_no_other_ids_is_sent_only_where_they_are_the_same() {
    let journal = delivered(&Spool::off());
    as_written_before(&journal);
    let other = Target::new(SuiteId::new(9), "nightly-1");
    let refused = journal.relocate(&elsewhere(), Some(&other)).unwrap_err();
    assert!(matches!(refused, JournalError::Fixed { .. }), "{refused}");
    assert_eq!(
        journal.row_counts().unwrap().ingested,
        1,
        "nothing has changed"
    );
    journal.relocate(&elsewhere(), Some(&target())).unwrap();
    assert_eq!(journal.row_counts().unwrap().open, 3);
}
