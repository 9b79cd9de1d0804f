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
