//! Uploads that are carried to another machine in a file.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::*;
use crate::journal::BundleError;

/// Two folders of uploads, and a planned upload in the first one.
struct Machines {
    folder: tempfile::TempDir,
    here: Spool,
    there: Spool,
    id: UploadId,
}

impl Machines {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Spool::at(folder.path().join("here"));
        let there = Spool::at(folder.path().join("there"));
        let journal = prepared(&here, tests(5), &in_batches_of(2));
        journal.set_target(&target()).unwrap();
        end(&journal, 1, "success", None);
        let id = journal.id().clone();
        Self {
            folder,
            here,
            there,
            id,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("upload.octane")
    }

    fn exported(&self) -> PathBuf {
        let bytes = self.here.export(&self.id, &self.file()).unwrap();
        assert_eq!(std::fs::metadata(self.file()).unwrap().len(), bytes);
        self.file()
    }

    /// Imports the bundle after `change`, which must fail, and returns why. Nothing may be left of it.
    fn refused(&self, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut bytes = std::fs::read(self.file()).unwrap();
        change(&mut bytes);
        let changed = self.folder.path().join("changed.octane");
        std::fs::write(&changed, bytes).unwrap();
        let error = self.there.import(&changed).unwrap_err();
        assert_eq!(names(self.there.folder().unwrap()), [] as [&str; 0]);
        error.to_string()
    }

    /// The bundle with this database in it.
    fn bundle_of(&self, database: &Path) -> Vec<u8> {
        let database = std::fs::read(database).unwrap();
        let digest = crate::plan::hexadecimal(&sha2::Digest::finalize(
            <sha2::Sha256 as sha2::Digest>::new_with_prefix(&database),
        ));
        let (id, bytes) = (&self.id, database.len());
        let header = format!("octane-upload/1 {id} {bytes} {digest}\n");
        [header.as_bytes(), &database].concat()
    }

    /// The bundle after SQL was run on its database.
    fn with_sql(&self, bytes: &mut Vec<u8>, sql: &str) {
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let path = self.folder.path().join("database");
        std::fs::write(&path, &bytes[header + 1..]).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        *bytes = self.bundle_of(&path);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let names = std::fs::read_dir(folder).into_iter().flatten().map(name);
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn an_imported_upload_sends_the_same_bytes_and_knows_what_was_sent() {
    let machines = Machines::new();
    let file = machines.exported();
    let summary = machines.there.import(&file).unwrap();
    assert_eq!(
        (summary.id.clone(), summary.counts.read),
        (machines.id.clone(), 5)
    );
    let payloads = |spool: &Spool| -> Vec<_> {
        let journal = spool.open(&machines.id).unwrap();
        let batches = journal.open_batches().unwrap();
        let payload = |batch| journal.payload(batch).unwrap();
        batches.iter().map(payload).collect()
    };
    let there = payloads(&machines.there);
    assert_eq!((there.len(), there), (2, payloads(&machines.here)));
    let files = [
        names(machines.here.folder().unwrap()),
        names(machines.there.folder().unwrap()),
    ];
    for name in files.iter().flatten() {
        let is_left = name.ends_with("export") || name.ends_with("import");
        assert!(!is_left, "{files:?}");
    }
}

#[test]
fn what_a_process_that_was_killed_has_left_is_not_applied_to_an_imported_upload() {
    let machines = Machines::new();
    let file = machines.exported();
    let folder = machines.there.folder().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let left = ["db-wal", "db-shm"].map(|kind| folder.join(format!("{}.{kind}", machines.id)));
    for path in &left {
        std::fs::write(path, "frames of a database that is gone").unwrap();
    }
    machines.there.import(&file).unwrap();
    assert!(left.iter().all(|path| !path.exists()));
    assert!(machines.there.summary(&machines.id).is_ok());
}

#[test]
fn a_length_that_cannot_be_true_is_refused_before_memory_is_taken_for_it() {
    let machines = Machines::new();
    machines.exported();
    let problem = machines.refused(|bytes| {
        let sql = "UPDATE bodies SET length = 1 << 40; UPDATE batches SET checksum = NULL";
        machines.with_sql(bytes, sql);
    });
    assert!(problem.contains("cannot be read"), "{problem}");
}

#[test]
fn nothing_is_overwritten_and_an_upload_in_use_is_not_exported() {
    let machines = Machines::new();
    let journal = machines.here.open(&machines.id).unwrap();
    let error = machines.here.export(&machines.id, &machines.file());
    assert!(
        matches!(error, Err(BundleError::Journal(JournalError::InUse { .. }))),
        "{error:?}"
    );
    assert!(!machines.file().exists());
    drop(journal);
    let file = machines.exported();
    let error = machines.here.export(&machines.id, &file).unwrap_err();
    assert!(matches!(error, BundleError::FileExists(_)), "{error}");
    machines.there.import(&file).unwrap();
    let error = machines.there.import(&file).unwrap_err();
    assert!(matches!(error, BundleError::Stored { .. }), "{error}");
    assert!(machines.there.summary(&machines.id).is_ok());
}

#[test]
fn a_file_that_is_damaged_or_something_else_is_not_imported() {
    let machines = Machines::new();
    machines.exported();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| machines.refused(change);
    assert!(refused(&|bytes| bytes.truncate(9000)).contains("cut off after"));
    assert!(refused(&|bytes| bytes[9000] ^= 1).contains("checksum"));
    assert!(refused(&|bytes| bytes.push(0)).contains("something follows"));
    assert!(refused(&|bytes| bytes[0] = b'O').contains("not an exported upload"));
    assert!(refused(&Vec::clear).contains("not an exported upload"));
    assert!(
        refused(&|bytes| bytes[16..18].copy_from_slice(b"..")).contains("not an exported upload")
    );
}

#[test]
fn a_bundle_whose_database_is_not_a_complete_journal_is_not_imported() {
    let machines = Machines::new();
    machines.exported();
    let refused = |sql: &str| machines.refused(|bytes| machines.with_sql(bytes, sql));
    assert!(refused("PRAGMA user_version = 99").contains("newer version"));
    assert!(refused("DELETE FROM upload WHERE key = 'manifest'").contains("no `manifest`"));
    assert!(refused("UPDATE bodies SET crc = crc + 1").contains("checksum"));
    assert!(refused("UPDATE facts SET packed = x'0000'").contains("what is known of the results"));
    assert!(
        refused("UPDATE facts SET last_row = last_row + 1")
            .contains("what is known of the results")
    );
    let trigger = "CREATE TRIGGER green AFTER UPDATE ON row_states BEGIN UPDATE row_states SET state = 'ingested'; END";
    assert!(refused(trigger).contains("trigger green"));
}

#[test]
fn a_bundle_holds_no_secret_and_only_its_owner_can_read_it() {
    let machines = Machines::new();
    let file = machines.exported();
    let bytes = std::fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("a-secret-that-must-not-show"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        machines.there.import(&file).unwrap();
        let stored = format!("{}.db", machines.id);
        assert_eq!(mode(&machines.there.folder().unwrap().join(stored)), 0o600);
    }
}

#[test]
fn an_upload_that_is_worked_on_can_be_copied_and_the_copy_has_all_that_was_done() {
    let machines = Machines::new();
    let journal = machines.here.open(&machines.id).unwrap();
    end(&journal, 2, "success", None);
    let bytes = journal.export(&machines.file()).unwrap();
    assert_eq!(std::fs::metadata(machines.file()).unwrap().len(), bytes);
    machines.there.import(&machines.file()).unwrap();
    let copy = machines.there.open(&machines.id).unwrap();
    assert_eq!(copy.open_batches().unwrap().len(), 1);
    // Two copies of the same state are the same bytes.
    let again = machines.folder.path().join("again.octane");
    journal.export(&again).unwrap();
    let read = |path: &Path| std::fs::read(path).unwrap();
    assert_eq!(read(&again), read(&machines.file()));
}

#[test]
fn what_a_lost_copy_may_have_sent_counts_as_sent() {
    let machines = Machines::new();
    let journal = machines.here.open(&machines.id).unwrap();
    let before: Vec<_> = journal.open_batches().unwrap();
    assert!(before.iter().all(|batch| batch.state == BatchState::Ready));
    journal.assume_sent().unwrap();
    let open = journal.open_batches().unwrap();
    assert_eq!(open.len(), before.len());
    assert!(open.iter().all(|batch| batch.state == BatchState::InFlight));
    for (before, now) in before.iter().zip(&open) {
        assert_eq!(
            journal.payload(now).unwrap(),
            journal.payload(before).unwrap()
        );
    }
    // The copy may have split a batch as well.
    for (whole, state) in [
        (&before[0], BatchState::Ready),
        (&open[1], BatchState::InFlight),
    ] {
        let halves = journal.split(whole).unwrap();
        assert_eq!(halves.map(|half| half.state), [state.clone(), state]);
    }
}
