//! The folder in which journals are stored.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::database::{CommitPoint, Journal, Opened, Seams, existing_database};
use super::error::JournalError;
use super::files;
use super::lock::{is_locked, lock, lock_suite_run};
use super::migrate;
use super::summary::UploadSummary;
use crate::report::ReportedProblem;
use crate::upload_id::UploadId;

/// The folder in which uploads are stored: one file each, readable by its owner only.
///
/// With [`Spool::off`] an upload is stored in a private temporary file that ends with it, so nothing can be resumed
/// once the process has ended.
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
    seams: Seams,
}

impl Spool {
    /// Stores uploads in this folder, which is created for the first one.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: Some(folder.into()),
            seams: Seams::default(),
        }
    }

    /// Stores nothing beyond the process.
    pub fn off() -> Self {
        Self {
            folder: None,
            seams: Seams::default(),
        }
    }

    /// Does not wait until what is stored is on the disk, which is several times as fast: for copies of uploads that are stored
    /// elsewhere. What is here survives the death of the process, but not a power failure.
    #[must_use]
    pub fn unsynced(mut self) -> Self {
        self.seams.is_unsynced = true;
        self
    }

    pub(super) fn seams(&self) -> &Seams {
        &self.seams
    }

    /// Calls `hook` before and after each commit of a journal; a simulation returns `false` to let the process
    /// die there.
    #[doc(hidden)]
    pub fn fault_hook(
        mut self,
        hook: impl Fn(&'static str, CommitPoint) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.seams.fault_hook = Some(std::sync::Arc::new(hook));
        self
    }

    /// Does the work of journals on the calling thread, so that a simulation does not depend on how threads are
    /// scheduled.
    #[doc(hidden)]
    pub fn inline(mut self) -> Self {
        self.seams.is_inline = true;
        self
    }

    /// The folder, unless nothing is stored.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A new and empty journal.
    pub(crate) fn create(&self, id: UploadId) -> Result<Journal, JournalError> {
        let seams = self.seams.clone();
        let Some(folder) = &self.folder else {
            // An empty name is a temporary file of SQLite's own, gone when it is closed.
            let path = PathBuf::from("(temporary)");
            let connection =
                Connection::open("").map_err(|error| JournalError::of(&path, error))?;
            return Journal::create(Opened {
                connection,
                path,
                id,
                lock: None,
                seams,
            });
        };
        files::create_folder(folder)?;
        let lock = lock(folder, &id)?;
        let path = files::database(folder, &id);
        let failed = |source| JournalError::Folder {
            path: path.clone(),
            source,
        };
        // Created before SQLite opens it, so that no one else can ever read it; SQLite gives the files next to
        // it the same permissions.
        let plan = files::plan(&path);
        files::private(OpenOptions::new().write(true).create_new(true))
            .open(&plan)
            .map_err(failed)?;
        let connection = Connection::open(&plan).map_err(|error| JournalError::of(&path, error))?;
        let created = Journal::create(Opened {
            connection,
            path: path.clone(),
            id,
            lock: Some(lock),
            seams,
        });
        // Nothing is in it yet. What cannot be removed now is pruned later.
        created.inspect_err(|_| drop(files::remove(&path)))
    }

    /// The journal of an upload, locked against other processes.
    pub fn open(&self, id: &UploadId) -> Result<Journal, JournalError> {
        let (folder, path) = self.existing(id)?;
        let lock = lock(folder, id)?;
        Journal::open(Opened {
            connection: existing_database(&path)?,
            path,
            id: id.clone(),
            lock: Some(lock),
            seams: self.seams.clone(),
        })
    }

    /// All uploads, the newest first. Those that cannot be read are not in the list, see
    /// [`unreadable`](Self::unreadable).
    pub fn list(&self) -> Result<Vec<UploadSummary>, JournalError> {
        let summaries = self.summaries()?;
        let mut readable: Vec<UploadSummary> = summaries.into_iter().flatten().collect();
        readable.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
        Ok(readable)
    }

    /// The newest upload; none if there are no uploads. Fails if a newer one cannot be read, so that an older one is not taken for it.
    pub fn newest(&self) -> Result<Option<UploadId>, JournalError> {
        let newest = self.list()?.into_iter().next().map(|summary| summary.id);
        let ids = self.folder.as_deref().map_or(Ok(Vec::new()), files::ids)?;
        let newer = ids.iter().filter(|id| Some(*id) > newest.as_ref());
        for error in newer.filter_map(|id| self.summary(id).err()) {
            if !matches!(error, JournalError::Unknown { .. }) {
                return Err(error);
            }
        }
        Ok(newest)
    }

    /// Why some uploads cannot be read.
    pub fn unreadable(&self) -> Result<Vec<JournalError>, JournalError> {
        let errors = self.summaries()?.into_iter().filter_map(Result::err);
        // Those that are deleted at this moment are not stored any more.
        let is_stored = |error: &JournalError| !matches!(error, JournalError::Unknown { .. });
        Ok(errors.filter(is_stored).collect())
    }

    fn summaries(&self) -> Result<Vec<Result<UploadSummary, JournalError>>, JournalError> {
        let ids = self.folder.as_deref().map_or(Ok(Vec::new()), files::ids)?;
        Ok(ids.iter().map(|id| self.summary(id)).collect())
    }

    /// How far an upload is. Looking needs no lock, so it works while the upload is running.
    pub fn summary(&self, id: &UploadId) -> Result<UploadSummary, JournalError> {
        let (folder, _) = self.existing(id)?;
        self.look(id)?.summary(is_locked(folder, id))
    }

    /// All shards of the suite run that an upload is a shard of, with itself.
    pub fn shards_of(&self, shard: &UploadSummary) -> Result<Vec<UploadSummary>, JournalError> {
        let mut shards = self.list()?;
        shards.retain(|other| other.shard.is_some() && other.is_same_suite_run(shard));
        Ok(shards)
    }

    /// Locks the suite run of a shard until the file is dropped, so that one process at a time completes it. `None` if another
    /// process does.
    pub fn lock_suite_run(&self, shard: &UploadSummary) -> Result<Option<File>, JournalError> {
        let (folder, _) = self.existing(&shard.id)?;
        lock_suite_run(folder, &shard.suite_run)
    }

    /// Every problem of an upload, as its last report lists them.
    pub fn problems(&self, id: &UploadId) -> Result<Vec<ReportedProblem>, JournalError> {
        self.look(id)?.problems()
    }

    /// The journal of an upload for reading only, whether or not a process is working on it.
    pub(super) fn look(&self, id: &UploadId) -> Result<Journal, JournalError> {
        let (_, path) = self.existing(id)?;
        let connection = existing_database(&path)?;
        if migrate::is_needed(&connection).map_err(|error| JournalError::of(&path, error))? {
            // No process may be working on it while it changes.
            drop(self.open(id)?);
        }
        Journal::open(Opened {
            connection,
            path,
            id: id.clone(),
            lock: None,
            seams: self.seams.for_looking(),
        })
    }

    /// Deletes an upload, whatever state it is in.
    pub fn remove(&self, id: &UploadId) -> Result<(), JournalError> {
        let (folder, path) = self.existing(id)?;
        let _lock = lock(folder, id)?;
        files::remove(&path)
    }

    /// Deletes an upload that is not fully prepared, unless a process is at it. Returns whether there was one.
    pub(super) fn remove_plan(&self, id: &UploadId) -> Result<bool, JournalError> {
        let Some(folder) = &self.folder else {
            return Ok(false);
        };
        if is_locked(folder, id) {
            return Ok(false);
        }
        let path = files::database(folder, id);
        let _lock = lock(folder, id)?;
        // Its process may have finished in the meantime.
        let is_left = !path.exists() && files::plan(&path).exists();
        if is_left {
            files::remove(&path)?;
        }
        Ok(is_left)
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
        let path = files::database(folder, id);
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
