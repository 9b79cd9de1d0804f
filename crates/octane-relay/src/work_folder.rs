//! Temporary folders of a relay: for its own user alone, and removed by another process if theirs was killed.
//!
//! Each has a file that is locked for as long as it is used. A lock ends with its process, so a folder whose file is not locked is
//! abandoned. While folders are looked through, none is created, so that none is taken for abandoned before it is locked.

use std::fs::{self, DirEntry, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A temporary folder, which is deleted with it.
#[derive(Debug)]
pub(crate) struct WorkFolder {
    folder: TempDir,
    _lock: File,
}

/// How the folders are called, followed by something random.
const PREFIX: &str = ".tmp";
/// The file in a folder that is locked while it is used, and the one next to the folders that is locked while some are created or removed.
const LOCK: &str = ".lock";
/// After this time without a change, a folder without a lock is abandoned: earlier versions made such folders, and changed them every few
/// seconds.
const UNLOCKED_MAX: Duration = Duration::from_secs(3600);

impl WorkFolder {
    /// A new folder in `parent`, which is created if it does not exist.
    pub(crate) fn create(parent: &Path) -> io::Result<Self> {
        private_folder(parent)?;
        let creating = lock_file(&parent.join(LOCK))?;
        creating.lock_shared()?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let folder = builder.tempdir_in(parent)?;
        let lock = lock_file(&folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in it, which only its owner can read.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let file = self.path().join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        io::Write::write_all(&mut options.open(&file)?, content)?;
        Ok(file)
    }
}

/// Removes the folders that processes have left which were killed. Those that are in use stay. Returns how many were removed.
pub fn remove_abandoned(parent: &Path) -> io::Result<usize> {
    if !parent.is_dir() {
        return Ok(0);
    }
    let removing = lock_file(&parent.join(LOCK))?;
    removing.lock()?;
    let mut removed = 0;
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Not what a link points to.
        if is_ours && entry.file_type()?.is_dir() && is_abandoned(&entry)? {
            fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn is_abandoned(entry: &DirEntry) -> io::Result<bool> {
    match File::open(entry.path().join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
            Ok(age.is_ok_and(|age| age >= UNLOCKED_MAX))
        }
        Err(error) => Err(error),
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn lock_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    private(&mut options);
    options.open(file)
}

/// For a file that only its owner can read.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        // As a directory of data may be that was created by a person.
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let received = parent.path().join("received");
        let folder = WorkFolder::create(&received).unwrap();
        let file = folder.write("bundle", b"results").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&received), 0o700);
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn what_a_killed_process_has_left_is_removed_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = WorkFolder::create(parent.path()).unwrap();
        let WorkFolder {
            folder,
            _lock: lock,
        } = WorkFolder::create(parent.path()).unwrap();
        // Nothing is deleted, and the lock ends, as if the process had been killed.
        let left = folder.keep();
        drop(lock);
        fs::create_dir(left.join("uploads")).unwrap();
        fs::write(left.join("uploads/u.db"), "results").unwrap();
        let without_lock = parent.path().join(".tmpOther");
        fs::create_dir(&without_lock).unwrap();
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        assert_eq!(remove_abandoned(parent.path()).unwrap(), 1);
        assert!(!left.exists());
        assert!(used.path().exists() && without_lock.exists() && other.exists());
        let old = SystemTime::now() - UNLOCKED_MAX;
        let opened = File::open(&without_lock).unwrap();
        opened.set_modified(old).unwrap();
        assert_eq!(remove_abandoned(parent.path()).unwrap(), 1);
        assert!(!without_lock.exists());
        assert_eq!(remove_abandoned(&parent.path().join("none")).unwrap(), 0);
    }
}
