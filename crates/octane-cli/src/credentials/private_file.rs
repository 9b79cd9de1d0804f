//! Files of the user that hold secrets: only their owner can read them, and they are replaced as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use octane_rest::{CredentialError, check_access};

/// Creates a directory that only its owner can read. One that is there already may be readable by others, as the files in it
/// are not, but fails if others could replace them.
pub(crate) fn create_directory(path: &Path) -> Result<(), CredentialError> {
    let unreadable = |error: io::Error| CredentialError::Unreadable {
        location: format!("the directory `{}`", path.display()),
        source: Box::new(error),
    };
    create_private(path).map_err(unreadable)?;
    check_directory(path, &fs::metadata(path).map_err(unreadable)?)
}

/// Creates a directory, and those above it, for its owner alone; one that is there already stays as it is.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

fn check_directory(path: &Path, metadata: &Metadata) -> Result<(), CredentialError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        const WRITE_BY_OTHERS: u32 = 0o022;
        let mode = metadata.mode() & 0o7777;
        if mode & WRITE_BY_OTHERS != 0 {
            let path = path.to_owned();
            return Err(CredentialError::Exposed { path, mode });
        }
    }
    #[cfg(not(unix))]
    let _ = (path, metadata);
    Ok(())
}

/// The content of a file, unless there is none. Fails if others can read it.
pub(crate) fn read(path: &Path) -> Result<Option<String>, CredentialError> {
    let unreadable = |error: io::Error| CredentialError::Unreadable {
        location: format!("the file `{}`", path.display()),
        source: Box::new(error),
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    check_access(path, &file.metadata().map_err(unreadable)?)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

/// Replaces a file at once. A new file is readable by its owner alone from the beginning.
pub(crate) fn write(path: &Path, content: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Opens a lock file that only its owner can read, and creates it if it is not there. It stays there.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Removes a file. Returns whether there was one.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_can_read_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("a/b");
        create_directory(&directory).unwrap();
        let path = directory.join("file");
        for content in ["one", "two"] {
            write(&path, content).unwrap();
            assert_eq!(read(&path).unwrap().unwrap(), content);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        assert!(remove(&path).unwrap() && !remove(&path).unwrap());
        assert_eq!(read(&path).unwrap(), None);
    }

    #[test]
    fn what_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, "x").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(
            read(&path),
            Err(CredentialError::Exposed { mode: 0o644, .. })
        ));
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        create_directory(folder.path()).unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o775)).unwrap();
        let refused = create_directory(folder.path());
        assert!(matches!(
            refused,
            Err(CredentialError::Exposed { mode: 0o775, .. })
        ));
    }
}
