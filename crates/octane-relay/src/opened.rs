//! Journals in a folder of their own, for as long as a relay works on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use octane_client::{BundleError, Journal, JournalError, Spool, UploadId, UploadSummary};
use rusqlite::ErrorCode;

use crate::chain::Chain;
use crate::packed::{pack, unpack};
use crate::store::Job;
use crate::work_folder::WorkFolder;

/// A temporary folder with journals, which is deleted with it. All of its functions block.
#[derive(Clone)]
pub(crate) struct Opened {
    folder: Arc<WorkFolder>,
    spool: Spool,
}

/// Why a journal cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// It is not the journal of an upload, or not one that this version knows.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What the store has of it is damaged.
    #[error("cannot be decompressed")]
    Packed(#[source] io::Error),
    /// There is no place for it.
    #[error("cannot use `{}`", path.display())]
    Folder { path: PathBuf, source: io::Error },
}

impl Unusable {
    /// Whether it may be usable later: what is wrong is this machine, not the journal.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Bundle(BundleError::Journal(error)) | Self::Journal(error) => {
                is_of_machine(error)
            }
            Self::Bundle(error) => matches!(error, BundleError::File { .. }),
            Self::Packed(_) => false,
            Self::Folder { .. } => true,
        }
    }

    /// Whether it is this version that is too old.
    pub(crate) fn is_newer(&self) -> bool {
        matches!(
            self,
            Self::Bundle(BundleError::Journal(JournalError::Newer { .. }))
                | Self::Journal(JournalError::Newer { .. })
        )
    }

    /// Whether it never becomes usable.
    pub(crate) fn is_damaged(&self) -> bool {
        !self.is_retryable() && !self.is_newer()
    }

    /// What is wrong with the journal, without the path of a file that only this machine has; none if nothing is known to be.
    pub(crate) fn of_content(&self) -> Option<String> {
        let error = match self {
            Self::Bundle(BundleError::Invalid { problem, .. }) => return Some(problem.clone()),
            Self::Bundle(BundleError::Journal(error)) | Self::Journal(error) => error,
            Self::Packed(_) => return Some("it cannot be decompressed".to_owned()),
            Self::Bundle(_) | Self::Folder { .. } => return None,
        };
        match error {
            JournalError::Corrupted { problem, .. } => Some(problem.clone()),
            JournalError::Newer {
                found, supported, ..
            } => Some(format!(
                "its format is {found}, and this relay knows {supported}"
            )),
            JournalError::Older {
                found, supported, ..
            } => Some(format!(
                "its format is {found}, and this relay knows {supported} and newer"
            )),
            JournalError::Database { source, .. } if !is_of_machine(error) => {
                Some(Chain(&**source).to_string())
            }
            _ => None,
        }
    }
}

/// Whether a journal never becomes usable.
pub(crate) fn is_damaged(error: &JournalError) -> bool {
    !is_of_machine(error) && !matches!(error, JournalError::Newer { .. })
}

/// Whether this machine is what is wrong, and not the journal.
fn is_of_machine(error: &JournalError) -> bool {
    match error {
        JournalError::Folder { .. }
        | JournalError::Full { .. }
        | JournalError::InUse { .. }
        | JournalError::Unknown { .. } => true,
        JournalError::Database { source, .. } => {
            let error = source.downcast_ref::<rusqlite::Error>();
            error.is_none_or(|error| {
                matches!(
                    error.sqlite_error_code(),
                    Some(
                        ErrorCode::DatabaseBusy
                            | ErrorCode::DatabaseLocked
                            | ErrorCode::FileLockingProtocolFailed
                            | ErrorCode::OperationInterrupted
                            | ErrorCode::OutOfMemory
                            | ErrorCode::SystemIoFailure
                    )
                )
            })
        }
        _ => false,
    }
}

impl Opened {
    /// An empty folder below `folder`, which only its owner can read. `is_inline`: journals do their work on the calling thread.
    pub(crate) fn new(folder: &Path, is_inline: bool) -> Result<Self, Unusable> {
        let folder = WorkFolder::create(folder).map_err(failed(folder))?;
        // A relay that dies begins again with what the store has.
        let spool = Spool::at(folder.path().join("uploads")).unsynced();
        Ok(Self {
            spool: if is_inline { spool.inline() } else { spool },
            folder: Arc::new(folder),
        })
    }

    /// Stores a journal, after it was checked.
    pub(crate) fn add(&self, journal: &[u8]) -> Result<UploadSummary, Unusable> {
        let written = self.folder.write("bundle", journal);
        let file = written.map_err(failed(self.folder.path()))?;
        let summary = self.spool.import(&file)?;
        fs::remove_file(&file).map_err(failed(&file))?;
        Ok(summary)
    }

    /// Stores a journal that comes from a store, so that work on it goes on.
    pub(crate) fn restore(&self, job: &Job) -> Result<UploadSummary, Unusable> {
        let summary = self.add(&unpack(&job.journal).map_err(Unusable::Packed)?)?;
        if job.may_have_sent {
            self.open(&job.id)?.assume_sent()?;
        }
        Ok(summary)
    }

    /// Writes a new journal.
    pub(crate) fn prepare(
        &self,
        prepare: impl FnOnce(&Spool) -> Result<Journal, JournalError>,
    ) -> Result<Journal, Unusable> {
        Ok(prepare(&self.spool)?)
    }

    /// Opens a journal to work on it.
    pub(crate) fn open(&self, id: &UploadId) -> Result<Journal, Unusable> {
        Ok(self.spool.open(id)?)
    }

    /// How far a journal is on which no process works.
    pub(crate) fn summary(&self, id: &UploadId) -> Result<UploadSummary, Unusable> {
        Ok(self.spool.summary(id)?)
    }

    /// A journal as it is now, also while it is worked on, for a store.
    pub(crate) fn packed(&self, journal: &Journal) -> Result<Vec<u8>, Unusable> {
        let file = self.folder.path().join(format!("{}.bundle", journal.id()));
        journal.export(&file)?;
        let read = fs::read(&file);
        let removed = fs::remove_file(&file);
        let journal = removed.and(read).map_err(failed(&file))?;
        pack(&journal).map_err(failed(&file))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Unusable + '_ {
    move |source| Unusable::Folder {
        path: path.to_owned(),
        source,
    }
}
