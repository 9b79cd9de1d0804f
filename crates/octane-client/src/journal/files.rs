//! The files of journals: their names, who may read them, and removing them.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::error::JournalError;
use crate::upload_id::UploadId;

/// The uploads in a folder; none if there is no folder.
pub(super) fn ids(folder: &Path) -> Result<Vec<UploadId>, JournalError> {
    let failed = |source| JournalError::Folder {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let id = |entry: io::Result<fs::DirEntry>| match entry {
        Ok(entry) => {
            let name = entry.file_name().into_string().ok()?;
            Some(Ok(name.strip_suffix(".db")?.parse().ok()?))
        }
        // An upload that cannot be seen is not one that is finished.
        Err(source) => Some(Err(failed(source))),
    };
    entries.filter_map(id).collect()
}

/// The journal of an upload.
pub(super) fn database(folder: &Path, id: &UploadId) -> PathBuf {
    folder.join(format!("{id}.db"))
}

/// Where a journal is until everything is planned, so that no one takes it for one that can be delivered.
pub(super) fn plan(database: &Path) -> PathBuf {
    database.with_extension("plan")
}

/// Uploads whose process died while it was planning them, unless it is still at it.
pub(super) fn plans(folder: &Path) -> Vec<UploadId> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let id = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(".plan")?.parse().ok()
    };
    entries.filter_map(id).collect()
}

/// Moves a journal of which everything is planned to where it is found. From then on it survives a power failure, unless it is unsynced.
pub(super) fn publish(database: &Path, is_unsynced: bool) -> Result<(), JournalError> {
    let plan = plan(database);
    let published = (|| {
        if is_unsynced {
            return fs::rename(&plan, database);
        }
        OpenOptions::new().write(true).open(&plan)?.sync_all()?;
        fs::rename(&plan, database)?;
        #[cfg(unix)]
        if let Some(folder) = database.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    })();
    published.map_err(|source| JournalError::Folder {
        path: database.to_owned(),
        source,
    })
}

/// Removes a journal, SQLite's files next to it, what an export or import has left, and the lock. Without those files the journal would be an older one,
/// so it goes first.
pub(super) fn remove(path: &Path) -> Result<(), JournalError> {
    remove_each(
        path,
        &["db", "plan", "db-wal", "db-shm", "export", "import", "lock"],
    )
}

/// Removes files next to a journal, as far as they are there.
pub(super) fn remove_each(path: &Path, extensions: &[&str]) -> Result<(), JournalError> {
    for extension in extensions {
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
