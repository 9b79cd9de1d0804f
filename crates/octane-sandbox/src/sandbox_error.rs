//! Why a sandbox could not start or perform an operation.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::ApiError;

/// Why a sandbox could not start or perform an operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The settings are invalid.
    #[error("invalid sandbox settings: {problem}")]
    Settings {
        /// Which setting, and why.
        problem: String,
    },
    /// The database file or its lock file could not be created.
    #[error("failed to open `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another sandbox is using the same file.
    #[error("`{}` is in use by another sandbox", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The database could not be opened.
    #[error("failed to open the database `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was created by another version of the sandbox or by another program. It was not changed.
    #[error(
        "`{}` was created by another program or another version of the sandbox (its layout version is {found}, \
         expected {known}); move the file away to start over, or set `storage` to another file", path.display()
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout version of the file; 0 if it has none.
        found: i32,
        /// The layout version that this version supports.
        known: i32,
    },
    /// The database could not be initialized.
    #[error("failed to prepare the database: {problem}")]
    Prepare {
        /// What is wrong with it.
        problem: String,
    },
    /// The sandbox could not listen on the address.
    #[error("failed to listen on `{address}`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The operation was rejected.
    #[error("{problem}")]
    Refused {
        /// Why.
        problem: String,
    },
}

impl From<ApiError> for SandboxError {
    fn from(error: ApiError) -> Self {
        let problem = error.into_problem().description;
        Self::Refused { problem }
    }
}
