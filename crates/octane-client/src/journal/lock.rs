//! One process at a time works on an upload.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::JournalError;
use super::files::private;
use crate::upload_id::UploadId;

fn lock_of(folder: &Path, id: &UploadId) -> PathBuf {
    folder.join(format!("{id}.lock"))
}

/// Whether a process is working on an upload.
pub(super) fn is_locked(folder: &Path, id: &UploadId) -> bool {
    let file = File::open(lock_of(folder, id));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// A process that only looks holds the lock for a moment, so it is tried this often before it counts as taken.
const LOCK_ATTEMPTS_MAX: usize = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Locks a suite run, so that one process at a time completes it; `None` if another one does. There are few such files, whatever
/// uploads there are, so two suite runs may share one.
pub(super) fn lock_suite_run(folder: &Path, name: &str) -> Result<Option<File>, JournalError> {
    let slot = name
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
        % 16;
    let path = folder.join(format!("suite-run-{slot}.lock"));
    let failed = |source| JournalError::Folder {
        path: path.clone(),
        source,
    };
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Locks an upload. The system releases the lock when the process ends, however it ends.
pub(super) fn lock(folder: &Path, id: &UploadId) -> Result<File, JournalError> {
    let path = lock_of(folder, id);
    let failed = |source| JournalError::Folder {
        path: path.clone(),
        source,
    };
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(&path)
        .map_err(failed)?;
    for _ in 0..LOCK_ATTEMPTS_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Err(JournalError::InUse { id: id.clone() })
}
