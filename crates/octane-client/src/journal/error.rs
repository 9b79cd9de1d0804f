//! What can go wrong with an upload's journal.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::UploadId;

/// What can go wrong with an upload's journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder or a file in it cannot be made, read or written.
    #[error("cannot use `{}` to keep uploads", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process works on this upload.
    #[error("another process works on the upload {id}")]
    InUse {
        /// The upload.
        id: UploadId,
    },
    /// There is no such upload.
    #[error("there is no upload {id} in `{}`", folder.display())]
    Unknown {
        /// The upload.
        id: UploadId,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The process died before all was planned, so nothing of it was sent.
    #[error("the upload {id} was never planned to its end; nothing of it was sent")]
    Unplanned {
        /// The upload.
        id: UploadId,
    },
    /// The file was written by a newer version of this library.
    #[error(
        "`{}` was written by a newer version (format {found}, this one knows {known})",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// The file does not hold what was written into it.
    #[error("`{}` is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no room left.
    #[error("there is no room left for `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Suite and module of the upload have not been found yet.
    #[error("the upload {id} has no target yet")]
    Aimless {
        /// The upload.
        id: UploadId,
    },
    /// The upload goes somewhere else than the client speaks to.
    #[error("the upload {id} goes to {planned}, and the client speaks to {here}")]
    Elsewhere {
        /// The upload.
        id: UploadId,
        /// Where the upload goes.
        planned: String,
        /// Where the client speaks to.
        here: String,
    },
    /// The database failed.
    #[error("the journal `{}` failed", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The process was said to have died here; only simulations say so.
    #[error("the process was cut off while writing `{step}`")]
    CutOff {
        /// What was being written.
        step: &'static str,
    },
}

impl JournalError {
    /// Whether there is no room left, so that freeing some helps.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                problem: error.to_string(),
            },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Folder {
                    path,
                    source: io::Error::other(error),
                }
            }
            _ => Self::Database {
                path,
                source: Box::new(error),
            },
        }
    }
}
