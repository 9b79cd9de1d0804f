//! The files of journals: their names, who may read them, and removing them.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::error::JournalError;
use crate::upload_id::UploadId;

/// The uploads in a folder; none if there is no folder.
pub(super) fn ids(folder: &Path) -> Result<Vec<UploadId>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(JournalError::Folder {
                path: folder.to_owned(),
                source,
            });
        }
    };
    let id = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        name.strip_suffix(".db")?.parse().ok()
    };
    Ok(entries.filter_map(id).collect())
}

/// The journal of an upload.
pub(super) fn database(folder: &Path, id: &UploadId) -> PathBuf {
    folder.join(format!("{id}.db"))
}

/// Removes a journal, SQLite's files next to it, what an export or import has left, and the lock. Without those files the journal would be an older one,
/// so it goes first.
pub(super) fn remove(path: &Path) -> Result<(), JournalError> {
    for extension in ["db", "db-wal", "db-shm", "export", "import", "lock"] {
        match fs::remove_file(path.with_extension(extension)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(JournalError::Folder {
                    path: path.to_owned(),
                    source,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Creates a folder that only its owner can read.
pub(super) fn create_folder(folder: &Path) -> Result<(), JournalError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
        .create(folder)
        .map_err(|source| JournalError::Folder {
            path: folder.to_owned(),
            source,
        })
}

/// Lets only its owner read a file that is created.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}
