//! Files: who may read them, who may work on them, and when they go.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use octane_results::PayloadError;

use super::*;
use crate::journal::{LastAttempt, Retention};
use crate::outcome::Outcome;
use crate::plan::PlanError;
use crate::prepare::PrepareError;
use crate::target::ModuleChoice;

fn place() -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::at(folder.path().join("state/uploads"));
    (folder, spool)
}

/// An upload that is planned and not in use.
fn left(spool: &Spool) -> UploadId {
    prepared(spool, tests(2), &UploadSettings::default())
        .id()
        .clone()
}

/// An upload of which nothing is left to do.
fn finished(spool: &Spool) -> UploadId {
    ended(spool, false)
}

/// An upload of which nothing is left to do, or nothing but what the merge with other shards does.
fn ended(spool: &Spool, is_awaiting_shards: bool) -> UploadId {
    let id = left(spool);
    let journal = spool.open(&id).unwrap();
    let last = LastAttempt {
        outcome: Outcome::Success,
        is_finished: !is_awaiting_shards,
        is_awaiting_shards,
    };
    journal.set("last_attempt", &last).unwrap();
    id
}

fn ids(spool: &Spool) -> Vec<UploadId> {
    let mut ids: Vec<UploadId> = spool
        .list()
        .unwrap()
        .into_iter()
        .map(|one| one.id)
        .collect();
    ids.sort();
    ids
}

/// So long after an upload was planned.
fn after(spool: &Spool, id: &UploadId, days: i64) -> Timestamp {
    spool.summary(id).unwrap().created + jiff::SignedDuration::from_hours(24 * days)
}

#[test]
fn a_resumed_upload_is_unfinished_until_it_ends_again() {
    let (_folder, spool) = place();
    let id = finished(&spool);
    assert!(spool.summary(&id).unwrap().is_finished);
    spool.open(&id).unwrap().prepare_resume(Look::Read).unwrap();
    let summary = spool.summary(&id).unwrap();
    assert!(!summary.is_finished && summary.outcome.is_none());
}

#[test]
fn one_process_at_a_time_works_on_an_upload_and_others_may_look() {
    let (_folder, spool) = place();
    let id = left(&spool);
    let journal = spool.open(&id).unwrap();
    let refused = spool.open(&id).unwrap_err();
    assert!(matches!(refused, JournalError::InUse { .. }), "{refused}");
    assert!(matches!(spool.remove(&id), Err(JournalError::InUse { .. })));
    let summary = spool.summary(&id).unwrap();
    assert!(summary.is_in_use && !summary.is_finished);
    assert!(spool.problems(&id).unwrap().is_empty());
    drop(journal);
    assert!(!spool.summary(&id).unwrap().is_in_use);
    drop(spool.open(&id).unwrap());
    spool.remove(&id).unwrap();
    assert!(matches!(spool.open(&id), Err(JournalError::Unknown { .. })));
    let folder = spool.folder().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_an_upload() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, spool) = place();
    let planning = spool.create(UploadId::new()).unwrap();
    let journal = prepared(&spool, tests(2), &UploadSettings::default());
    journal.set_target(&target()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = spool.folder().unwrap();
    assert_eq!(
        (mode(folder), mode(folder.parent().unwrap())),
        (0o700, 0o700)
    );
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(
        files.len(),
        6,
        "a journal, two files of SQLite's, a lock; a plan, a lock: {files:?}"
    );
    for file in files {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop((planning, journal));
}

#[test]
fn no_file_holds_the_secret_of_the_key() {
    let (_folder, spool) = place();
    let _journal = prepared(&spool, tests(2), &UploadSettings::default());
    for file in std::fs::read_dir(spool.folder().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("a-secret-that-must-not-show"));
    }
}

#[test]
fn old_uploads_are_pruned_and_unfinished_ones_later() {
    let (_folder, spool) = place();
    let (done, open) = (finished(&spool), left(&spool));
    let retention = Retention::default();
    let prune = |days| spool.prune(&retention, after(&spool, &open, days)).unwrap();
    assert_eq!(prune(13), []);
    assert_eq!(prune(15), [done]);
    assert_eq!(prune(89), []);
    let used = spool.open(&open).unwrap();
    assert_eq!(prune(91), [], "it is in use");
    drop(used);
    assert_eq!(prune(91), std::slice::from_ref(&open));
    assert_eq!(ids(&spool), []);
}

#[test]
fn uploads_are_looked_at_once_an_hour_unless_they_take_too_much_space() {
    let (_folder, spool) = place();
    let first = finished(&spool);
    let mut retention = Retention::default();
    let at = |minutes: i64| after(&spool, &first, 15) + jiff::SignedDuration::from_mins(minutes);
    let (now, soon, later) = (at(0), at(59), at(60));
    assert_eq!(spool.prune_if_due(&retention, now).unwrap(), [first]);
    let second = finished(&spool);
    retention.finished_age_max = Duration::ZERO;
    assert_eq!(spool.prune_if_due(&retention, soon).unwrap(), []);
    assert_eq!(spool.prune_if_due(&retention, later).unwrap(), [second]);
    let third = finished(&spool);
    assert_eq!(spool.prune_if_due(&retention, later).unwrap(), []);
    retention.bytes_max = 0;
    assert_eq!(spool.prune_if_due(&retention, later).unwrap(), [third]);
    // A clock that was set back.
    assert_eq!(spool.prune_if_due(&retention, soon).unwrap(), []);
    assert_eq!(Spool::off().prune_if_due(&retention, now).unwrap(), []);
}

#[test]
fn a_clock_that_was_set_back_prunes_nothing() {
    let (_folder, spool) = place();
    let id = finished(&spool);
    let now = after(&spool, &id, -10_000);
    assert_eq!(spool.prune(&Retention::default(), now).unwrap(), []);
}

#[test]
fn above_the_size_limit_the_oldest_finished_upload_is_pruned() {
    let (_folder, spool) = place();
    let mut uploads = [finished(&spool), finished(&spool), left(&spool)];
    uploads.sort_by_key(|id| spool.summary(id).unwrap().created);
    let now = after(&spool, &uploads[0], 1);
    let bytes: u64 = spool.list().unwrap().iter().map(|one| one.bytes).sum();
    let mut retention = Retention {
        bytes_max: bytes,
        ..Retention::default()
    };
    assert_eq!(spool.prune(&retention, now).unwrap(), []);
    retention.bytes_max = bytes - 1;
    let gone = spool.prune(&retention, now).unwrap();
    assert_eq!(gone, uploads[..1]);
    retention.bytes_max = 0;
    retention.unfinished_age_max = Duration::MAX;
    assert_eq!(spool.prune(&retention, now).unwrap(), uploads[1..2]);
    assert_eq!(ids(&spool), uploads[2..], "what is not done stays");
}

#[test]
fn shards_that_await_others_are_pruned_by_age_and_not_to_make_room() {
    let (_folder, spool) = place();
    let uploads = [ended(&spool, true), ended(&spool, true), finished(&spool)];
    let retention = Retention {
        bytes_max: 0,
        ..Retention::default()
    };
    let prune = |days| {
        let now = after(&spool, &uploads[0], days);
        let mut gone = spool.prune(&retention, now).unwrap();
        gone.sort();
        gone
    };
    assert_eq!(prune(1), uploads[2..]);
    let mut awaiting = uploads[..2].to_vec();
    awaiting.sort();
    assert_eq!(prune(15), awaiting);
}

#[test]
fn an_upload_that_died_while_planning_is_pruned_without_a_warning() {
    let (_folder, spool) = place();
    let id = UploadId::new();
    let journal = spool.create(id.clone()).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(
        spool.prune(&Retention::default(), now).unwrap(),
        [],
        "it lives"
    );
    drop(journal);
    assert!(spool.list().unwrap().is_empty() && spool.unreadable().unwrap().is_empty());
    assert!(matches!(
        spool.summary(&id),
        Err(JournalError::Unknown { .. })
    ));
    assert_eq!(spool.prune(&Retention::default(), now).unwrap(), [id]);
    assert_eq!(
        std::fs::read_dir(spool.folder().unwrap()).unwrap().count(),
        0
    );
}

#[test]
fn a_journal_that_was_emptied_is_named_and_not_pruned() {
    let (_folder, spool) = place();
    let id = left(&spool);
    let path = spool.folder().unwrap().join(format!("{id}.db"));
    std::fs::write(path, "").unwrap();
    let now = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 1000);
    assert_eq!(spool.prune(&Retention::default(), now).unwrap(), []);
    assert!(spool.list().unwrap().is_empty());
    let unreadable = spool.unreadable().unwrap();
    assert!(
        matches!(&unreadable[..], [JournalError::Corrupted { .. }]),
        "{unreadable:?}"
    );
}

#[test]
fn results_that_cannot_be_planned_leave_no_files() {
    let (_folder, spool) = place();
    let settings = UploadSettings {
        dialect: octane_results::Dialect::Evidence,
        ..UploadSettings::default()
    };
    let run = TestRun::new("without a start", Status::Passed);
    let spec = target_spec().module(ModuleChoice::Path("Shop".to_owned()));
    let planned = CLIENT.prepare([run], &spec, &settings, &spool, UploadId::new());
    assert!(matches!(
        planned,
        Err(PrepareError::Plan(PlanError::Payload(
            PayloadError::StartMissing { .. }
        )))
    ));
    assert_eq!(
        std::fs::read_dir(spool.folder().unwrap()).unwrap().count(),
        0
    );
}

#[test]
fn without_a_spool_an_upload_works_and_leaves_no_file() {
    let spool = Spool::off();
    let journal = prepared(&spool, tests(3), &in_batches_of(2));
    journal.set_target(&target()).unwrap();
    assert_eq!(journal.saved_path(), None);
    let batches = journal.open_batches().unwrap();
    assert!(journal.payload(&batches[1]).is_ok());
    assert!(spool.list().unwrap().is_empty() && spool.unreadable().unwrap().is_empty());
    assert!(matches!(
        spool.open(journal.id()),
        Err(JournalError::Unknown { .. })
    ));
}

#[test]
fn an_unsynced_journal_waits_for_no_disk_wherever_it_is_opened() {
    let (folder, spool) = place();
    let level = |journal: &Journal| -> i64 {
        let read = journal
            .read(|connection| connection.query_row("PRAGMA synchronous", [], |row| row.get(0)));
        read.unwrap()
    };
    let (off, normal) = (0, 1);
    for (spool, expected) in [(spool.clone(), normal), (spool.unsynced(), off)] {
        let journal = prepared(&spool, tests(2), &UploadSettings::default());
        assert_eq!(level(&journal), expected);
        let bundle = folder.path().join(format!("{expected}.octane"));
        journal.export(&bundle).unwrap();
        let id = journal.id().clone();
        assert_eq!(level(&spool.look(&id).unwrap()), expected);
        drop(journal);
        spool.remove(&id).unwrap();
        spool.import(&bundle).unwrap();
        assert_eq!(level(&spool.open(&id).unwrap()), expected);
    }
}
