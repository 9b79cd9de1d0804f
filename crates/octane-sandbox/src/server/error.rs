//! Why a sandbox cannot start or do what it was told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::ApiError;

/// Why a sandbox cannot start or do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A setting cannot be.
    #[error("the settings are contradictory: {mistake}")]
    Settings {
        /// Which one and why.
        mistake: String,
    },
    /// The file of the database or the lock beside it cannot be made.
    #[error("failed to open `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another sandbox works on the same file.
    #[error("`{}` is in use by another sandbox", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("failed to open the database `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is the database of another version of the sandbox, or of another program. It was left as
    /// it is.
    #[error(
        "`{}` was not made by this version of the sandbox (its layout is {found}, not {known}); \
         move the file away to begin anew, or let `storage` name another one", path.display()
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The number of its layout; 0 where it tells none.
        found: i32,
        /// The number of the layout that this version knows.
        known: i32,
    },
    /// The database cannot be brought into shape.
    #[error("failed to prepare the database: {problem}")]
    Prepare {
        /// What is wrong with it.
        problem: String,
    },
    /// The address cannot be listened on.
    #[error("failed to listen on `{address}`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What was asked of the running sandbox cannot be done.
    #[error("{problem}")]
    Refused {
        /// Why not.
        problem: String,
    },
}

impl From<ApiError> for SandboxError {
    fn from(error: ApiError) -> Self {
        let problem = error.into_problem().description;
        Self::Refused { problem }
    }
}
