//! What can go wrong with an upload's journal.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::types::Type;

use crate::upload_id::UploadId;

/// What can go wrong with an upload's journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder or a file in it cannot be created, read or written.
    #[error("cannot store uploads in `{}`", path.display())]
    #[non_exhaustive]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is working on this upload.
    #[error("upload {id} is in use by another process")]
    #[non_exhaustive]
    InUse {
        /// The upload.
        id: UploadId,
    },
    /// The folder has no such upload.
    #[error("no upload {id} in `{}`", folder.display())]
    #[non_exhaustive]
    Unknown {
        /// The upload.
        id: UploadId,
        /// The folder.
        folder: PathBuf,
    },
    /// The file was created by a newer version of this library.
    #[error(
        "`{}` was created by a newer version (format {found}; this version supports {supported})",
        path.display()
    )]
    #[non_exhaustive]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version can read.
        supported: i64,
    },
    /// The file was created by an older version of this library, whose format is no longer supported.
    #[error(
        "`{}` was created by an older version (format {found}; this version supports {supported} and newer)",
        path.display()
    )]
    #[non_exhaustive]
    Older {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The oldest format that this version can read.
        supported: i64,
    },
    /// The file does not hold what was written to it.
    #[error("`{}` is corrupted: {problem}", path.display())]
    #[non_exhaustive]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The disk is full.
    #[error("disk full while writing `{}`", path.display())]
    #[non_exhaustive]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The suite and module of the upload have not been resolved yet.
    #[error("upload {id} has no target yet")]
    #[non_exhaustive]
    NoTarget {
        /// The upload.
        id: UploadId,
    },
    /// The upload belongs to another server, space or workspace than the client is connected to.
    #[error("upload {id} belongs to {planned}, but you are connected to {connected}")]
    #[non_exhaustive]
    DifferentServer {
        /// The upload.
        id: UploadId,
        /// Where the upload belongs.
        planned: String,
        /// What the client is connected to.
        connected: String,
    },
    /// The suite or the module has another ID where the upload is sent now, and its journal was created by a version
    /// that did not expect that.
    #[error(
        "upload {id} was prepared for other IDs of suite and module, which cannot be changed any more"
    )]
    #[non_exhaustive]
    Fixed {
        /// The upload.
        id: UploadId,
    },
    /// The suite of the upload was given by its ID, which belongs to another suite where it is sent now.
    #[error(
        "upload {id} goes to suite {suite}, which was `{planned}` and is `{found}` on {server}"
    )]
    #[non_exhaustive]
    DifferentSuite {
        /// The upload.
        id: UploadId,
        /// The suite's ID.
        suite: i64,
        /// Its name when the upload was prepared.
        planned: String,
        /// Its name now.
        found: String,
        /// Where.
        server: String,
    },
    /// The database failed.
    #[error("cannot access the journal `{}`", path.display())]
    #[non_exhaustive]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A simulated process died here.
    #[doc(hidden)]
    #[error("simulated crash while writing `{step}`")]
    SimulatedCrash {
        /// What was being written.
        step: &'static str,
    },
}

impl JournalError {
    /// Whether the disk is full, so that freeing space helps.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// The same error about another file.
    pub(super) fn at(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Folder { path, .. }
            | Self::Newer { path, .. }
            | Self::Older { path, .. }
            | Self::Corrupted { path, .. }
            | Self::Full { path }
            | Self::Database { path, .. } => file.clone_into(path),
            _ => {}
        }
        self
    }

    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if let rusqlite::Error::FromSqlConversionFailure(_, Type::Blob, problem) = &error {
            let problem = problem.to_string();
            return Self::Corrupted { path, problem };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupted {
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
