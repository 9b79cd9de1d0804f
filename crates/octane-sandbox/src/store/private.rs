//! Files that only their owner can read: a database may hold results that are confidential.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::Path;

/// Creates a folder, and those above it, for its owner alone; one that exists stays as it is.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Opens a file for writing, creates it if there is none, and takes the permissions of others away.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        let file = options.open(path)?;
        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            // The file of another user, such as one in a shared folder, can be used as it is.
            let _ = file.set_permissions(permissions);
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_private_and_files_of_older_versions_become_so() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("deep/folder");
        create_folder(&folder).unwrap();
        let file = folder.join("octane.db");
        open(&file).unwrap();
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        fs::write(&file, b"x").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        open(&file).unwrap();
        assert_eq!(
            (mode(&file), fs::read(&file).unwrap()),
            (0o600, b"x".to_vec())
        );
    }
}
