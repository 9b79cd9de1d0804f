//! Where journals are kept.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::lock::{is_locked, lock};
use super::{Journal, JournalError, Moment, UploadSummary};
use crate::{ReportedProblem, UploadId};

/// The folder in which uploads are kept: one file each, readable by its owner alone.
///
/// With [`Spool::off`] an upload is kept in a private temporary file that ends with it, so nothing can be
/// resumed after the process has gone.
///
/// ```
/// use octane_client::Spool;
///
/// let folder = tempfile::tempdir()?;
/// let spool = Spool::at(folder.path());
/// assert!(spool.list()?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Spool {
    folder: Option<PathBuf>,
    hook: Option<WriteHook>,
}

/// Is told before and after each commit; `false` stands for a process that dies there.
pub(super) type WriteHook = Arc<dyn Fn(&'static str, Moment) -> bool + Send + Sync>;

impl Spool {
    /// Keeps uploads in this folder, which is made when the first one comes.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: Some(folder.into()),
            hook: None,
        }
    }

    /// Keeps nothing beyond the process.
    pub fn off() -> Self {
        Self {
            folder: None,
            hook: None,
        }
    }

    /// Is asked before and after each commit of a journal whether the process goes on; a simulation says
    /// `false` to let it die there.
    pub fn on_write(
        mut self,
        hook: impl Fn(&'static str, Moment) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// The folder, unless nothing is kept.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A new and empty journal.
    pub(crate) fn create(&self, id: UploadId) -> Result<Journal, JournalError> {
        let Some(folder) = &self.folder else {
            // An empty name is a temporary file of SQLite's own, gone when it is closed.
            let path = PathBuf::from("(temporary)");
            let connection =
                Connection::open("").map_err(|error| JournalError::of(&path, error))?;
            return Journal::create(connection, path, None, id, self.hook.clone());
        };
        make_folder(folder)?;
        let lock = lock(folder, &id)?;
        let path = file_of(folder, &id);
        let failed = |source| JournalError::Folder {
            path: path.clone(),
            source,
        };
        // Made before SQLite opens it, so that nobody else can ever read it; SQLite gives the files
        // beside it the same permissions.
        private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .map_err(failed)?;
        let connection = Connection::open(&path).map_err(|error| JournalError::of(&path, error))?;
        Journal::create(connection, path.clone(), Some(lock), id, self.hook.clone())
            // Nothing is in it yet. What cannot be removed now is pruned some day.
            .inspect_err(|_| drop(remove_files(&path)))
    }

    /// The journal of an upload, for nobody else to work on meanwhile.
    pub fn open(&self, id: &UploadId) -> Result<Journal, JournalError> {
        let (folder, path) = self.existing(id)?;
        let lock = lock(folder, id)?;
        let journal = existing_database(&path)?;
        Journal::open(journal, path, Some(lock), id.clone(), self.hook.clone())
    }

    /// All uploads, the newest first. Those that cannot be read are left out, see
    /// [`unreadable`](Self::unreadable).
    pub fn list(&self) -> Result<Vec<UploadSummary>, JournalError> {
        let summaries = self.summaries()?;
        let mut readable: Vec<UploadSummary> = summaries.into_iter().flatten().collect();
        readable.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
        Ok(readable)
    }

    /// Why some uploads cannot be read. One whose planning has not ended is not among them: nothing of it
    /// was sent.
    pub fn unreadable(&self) -> Result<Vec<JournalError>, JournalError> {
        let errors = self.summaries()?.into_iter().filter_map(Result::err);
        let is_trouble = |error: &JournalError| {
            !matches!(
                error,
                JournalError::Unplanned { .. } | JournalError::Unknown { .. }
            )
        };
        Ok(errors.filter(is_trouble).collect())
    }

    fn summaries(&self) -> Result<Vec<Result<UploadSummary, JournalError>>, JournalError> {
        let ids = self.folder.as_deref().map_or(Ok(Vec::new()), ids)?;
        Ok(ids.iter().map(|id| self.summary(id)).collect())
    }

    /// How far an upload is. Looking takes no lock, so it works while somebody uploads.
    pub fn summary(&self, id: &UploadId) -> Result<UploadSummary, JournalError> {
        let (folder, _) = self.existing(id)?;
        self.look(id)?.summary(is_locked(folder, id))
    }

    /// Everything that is not as it should be with an upload, as its last report says it.
    pub fn problems(&self, id: &UploadId) -> Result<Vec<ReportedProblem>, JournalError> {
        let journal = self.look(id)?;
        let mut problems = journal.problems()?;
        problems.extend(journal.row_problems()?);
        Ok(problems)
    }

    /// The journal of an upload, to be read only, whoever works on it.
    fn look(&self, id: &UploadId) -> Result<Journal, JournalError> {
        let (_, path) = self.existing(id)?;
        Journal::open(existing_database(&path)?, path, None, id.clone(), None)
    }

    /// Forgets an upload, whatever state it is in.
    pub fn remove(&self, id: &UploadId) -> Result<(), JournalError> {
        let (folder, path) = self.existing(id)?;
        let _lock = lock(folder, id)?;
        remove_files(&path)
    }

    fn existing(&self, id: &UploadId) -> Result<(&Path, PathBuf), JournalError> {
        let unknown = |folder: &Path| JournalError::Unknown {
            id: id.clone(),
            folder: folder.to_owned(),
        };
        let folder = self
            .folder
            .as_deref()
            .ok_or_else(|| unknown(Path::new("")))?;
        let path = file_of(folder, id);
        if path.is_file() {
            Ok((folder, path))
        } else {
            Err(unknown(folder))
        }
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

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

fn file_of(folder: &Path, id: &UploadId) -> PathBuf {
    folder.join(format!("{id}.db"))
}

/// The journal, what SQLite keeps beside it, and the lock. Without what is beside it the journal would be an older
/// one, so it goes first.
pub(super) fn remove_files(path: &Path) -> Result<(), JournalError> {
    for ending in ["db", "db-wal", "db-shm", "lock"] {
        match fs::remove_file(path.with_extension(ending)) {
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

fn make_folder(folder: &Path) -> Result<(), JournalError> {
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

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Opens what is there: a journal that somebody drops at this moment is not made anew.
fn existing_database(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| JournalError::of(path, error))
}
