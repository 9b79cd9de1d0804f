//! Bundles: an upload in a single file, to be resumed on another machine.
//!
//! A bundle is a line of text and, after it, the journal's database:
//!
//! ```text
//! octane-upload/1 u-01jd8x2m5k3q7r 45056 <SHA-256 of the database>
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::batch::batches;
use super::database::{Journal, Opened, Seams, existing_database};
use super::error::JournalError;
use super::files::{create_folder, database, private, remove, remove_each};
use super::lock::lock;
use super::row_table::check_facts;
use super::spool::Spool;
use super::summary::UploadSummary;
use crate::plan::hexadecimal;
use crate::upload_id::UploadId;

/// The first word of a bundle, with the version of its layout.
const MAGIC: &str = "octane-upload/1";

/// No first line is longer.
const HEADER_BYTES_MAX: u64 = 200;

/// Why an upload could not be exported or imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The upload cannot be read or stored.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is a file already where the bundle should go.
    #[error("`{}` exists already", .0.display())]
    FileExists(PathBuf),
    /// The bundle cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    #[non_exhaustive]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The bundle.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a bundle, or not a complete one.
    #[error("`{}` cannot be imported: {problem}", path.display())]
    #[non_exhaustive]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder has this upload already.
    #[error("upload {id} is already stored in `{}`", folder.display())]
    #[non_exhaustive]
    Stored {
        /// The upload.
        id: UploadId,
        /// The folder.
        folder: PathBuf,
    },
}

impl Journal {
    /// Writes the upload as it is now into a new file that only its owner can read; see [`Spool::export`]. A process that works on it may continue.
    pub fn export(&self, file: &Path) -> Result<u64, BundleError> {
        self.manifest()?;
        let copy = Temporary::new(self.path().with_extension("export"))?;
        self.read(|connection| {
            let path = copy.0.to_string_lossy();
            connection.execute("VACUUM INTO ?", [path])
        })
        .map_err(|error| error.at(&copy.0))?;
        let mut database = File::open(&copy.0).map_err(|source| folder_error(&copy.0, source))?;
        let (bytes, digest) = digest(&mut database).map_err(failed("read", &copy.0))?;
        let header = format!("{MAGIC} {} {bytes} {digest}\n", self.id());
        write(file, &header, &copy.0, self.is_unsynced())
    }
}

impl Spool {
    /// Writes an upload on which no process is working into a new file that only its owner can read. Returns the
    /// file's size in bytes. The upload stays where it is.
    ///
    /// Both copies may be resumed: what Octane has received from one, it recognises from the other.
    pub fn export(&self, id: &UploadId, file: &Path) -> Result<u64, BundleError> {
        if file.exists() {
            return Err(BundleError::FileExists(file.to_owned()));
        }
        self.open(id)?.export(file)
    }

    /// Stores the upload that is in a bundle, after it was checked. Fails if it is stored here already.
    pub fn import(&self, file: &Path) -> Result<UploadSummary, BundleError> {
        let invalid = |problem: &str| BundleError::Invalid {
            path: file.to_owned(),
            problem: problem.to_owned(),
        };
        let Some(folder) = self.folder() else {
            return Err(invalid("there is no folder to store it in"));
        };
        let mut bundle = BufReader::new(File::open(file).map_err(failed("read", file))?);
        let header = Header::read(&mut bundle)
            .map_err(failed("read", file))?
            .ok_or_else(|| invalid("it is not an exported upload"))?;
        let id = &header.id;
        create_folder(folder)?;
        let path = database(folder, id);
        let stored = || BundleError::Stored {
            id: id.clone(),
            folder: folder.to_owned(),
        };
        if path.exists() {
            return Err(stored());
        }
        let locked = lock(folder, id)?;
        // Another process may have been faster.
        if path.exists() {
            return Err(stored());
        }
        let imported = unpack(&header, bundle, file, &path, &self.seams().for_looking());
        if imported.is_err() {
            remove(&path)?;
        }
        drop(locked);
        imported?;
        Ok(self.summary(id)?)
    }
}

/// Writes the checked database of a bundle to `path`, whose upload is locked.
fn unpack(
    header: &Header,
    mut bundle: BufReader<File>,
    file: &Path,
    path: &Path,
    seams: &Seams,
) -> Result<(), BundleError> {
    let invalid = |problem: String| BundleError::Invalid {
        path: file.to_owned(),
        problem,
    };
    let copy = Temporary::new(path.with_extension("import"))?;
    let mut target = OpenOptions::new()
        .write(true)
        .open(&copy.0)
        .map_err(|source| folder_error(&copy.0, source))?;
    let written = io::copy(&mut (&mut bundle).take(header.bytes), &mut target);
    let written = written.map_err(failed("write", &copy.0))?;
    if !seams.is_unsynced {
        target.sync_all().map_err(failed("write", &copy.0))?;
    }
    let mut rest = [0];
    if written < header.bytes {
        let (found, expected) = (written, header.bytes);
        return Err(invalid(format!(
            "it is cut off after {found} of {expected} bytes"
        )));
    }
    if bundle.read(&mut rest).map_err(failed("read", file))? > 0 {
        return Err(invalid("something follows the upload".to_owned()));
    }
    let mut target = File::open(&copy.0).map_err(failed("read", &copy.0))?;
    let (_, found) = digest(&mut target).map_err(failed("read", &copy.0))?;
    if found != header.digest {
        return Err(invalid("it does not match its checksum".to_owned()));
    }
    check(&copy.0, &header.id, seams.clone()).map_err(|error| match error {
        JournalError::Corrupted { problem, .. } => invalid(problem),
        error => error.at(file).into(),
    })?;
    // What a process that was killed has left of an upload of this ID would be applied to this one.
    remove_each(path, &["db-wal", "db-shm"])?;
    fs::rename(&copy.0, path).map_err(|source| folder_error(path, source))?;
    Ok(())
}

/// Checks that a database is a journal that this version can use, with the bytes that were planned; an older one is
/// migrated.
fn check(path: &Path, id: &UploadId, seams: Seams) -> Result<(), JournalError> {
    let connection = existing_database(path)?;
    let corrupted = |problem: String| JournalError::Corrupted {
        path: path.to_owned(),
        problem,
    };
    let looked = look(&connection).map_err(|error| JournalError::of(path, error))?;
    if let Some(problem) = looked {
        return Err(corrupted(problem));
    }
    let journal = Journal::open(Opened {
        connection,
        path: path.to_owned(),
        id: id.clone(),
        lock: None,
        seams,
    })?;
    journal.manifest()?;
    journal.read(check_facts)?;
    for batch in journal.read(|connection| batches(connection, "1"))? {
        journal.payload(&batch)?;
    }
    Ok(())
}

/// What is wrong with a database that comes from elsewhere, if anything is. Only tables and indexes are expected: a
/// trigger could change what the program stores.
fn look(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.pragma_update(None, "trusted_schema", false)?;
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Ok(Some(verdict));
    }
    let unexpected: Option<String> = connection
        .query_row(
            "SELECT type || ' ' || name FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(unexpected.map(|what| format!("it contains the {what}")))
}

/// The first line of a bundle.
struct Header {
    id: UploadId,
    bytes: u64,
    digest: String,
}

impl Header {
    /// `None` if the file does not begin with one.
    fn read(bundle: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = Vec::new();
        bundle.take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let mut words = line.trim_end().split(' ');
        let mut next = || words.next().unwrap_or_default();
        if next() != MAGIC {
            return Ok(None);
        }
        let (id, bytes, digest) = (next().parse(), next().parse(), next().to_owned());
        Ok(match (id, bytes) {
            (Ok(id), Ok(bytes)) => Some(Self { id, bytes, digest }),
            _ => None,
        })
    }
}

/// A file that is removed again unless it is renamed.
struct Temporary(PathBuf);

impl Temporary {
    /// An empty file that only its owner can read. One that was left by a process that died is replaced.
    fn new(path: PathBuf) -> Result<Self, JournalError> {
        let _ = fs::remove_file(&path);
        private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .map_err(|source| folder_error(&path, source))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn folder_error(path: &Path, source: io::Error) -> JournalError {
    JournalError::Folder {
        path: path.to_owned(),
        source,
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> BundleError {
    move |source| BundleError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

/// The size and the SHA-256 of a file.
fn digest(file: &mut File) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((bytes, hexadecimal(&hasher.finalize())));
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// Writes a new bundle. Nothing is left of it if that fails.
fn write(
    file: &Path,
    header: &str,
    database: &Path,
    is_unsynced: bool,
) -> Result<u64, BundleError> {
    let opened = private(OpenOptions::new().write(true).create_new(true)).open(file);
    let mut bundle = opened.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BundleError::FileExists(file.to_owned()),
        _ => failed("write", file)(source),
    })?;
    let written = (|| {
        bundle.write_all(header.as_bytes())?;
        let bytes = io::copy(&mut File::open(database)?, &mut bundle)?;
        if !is_unsynced {
            bundle.sync_all()?;
        }
        Ok(header.len() as u64 + bytes)
    })();
    written.map_err(|source| {
        let _ = fs::remove_file(file);
        failed("write", file)(source)
    })
}
