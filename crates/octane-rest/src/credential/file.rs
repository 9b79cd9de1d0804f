//! A secret in a file that only its owner can read.
//!
//! | owner of the file | group | others | |
//! | --- | --- | --- | --- |
//! | anyone | nothing | nothing | read |
//! | root | read | nothing | read: so do container platforms hand secrets to a process that is not root |
//! | anyone else | anything | nothing | refused |
//! | anyone | write | nothing | refused |
//! | anyone | any | anything | refused |
//!
//! A pipe has no permissions that matter. On Windows a file inherits the permissions of its directory, and nothing is checked.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::CredentialError;
use super::origin::Origin;
use crate::secret::Secret;

/// How files begin that are encrypted with age: <https://age-encryption.org/v1>.
const AGE: [&[u8]; 2] = [
    b"age-encryption.org/v1",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
];

/// How long a pipe may stay silent.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A file that holds a secret and nothing else. White space at its ends does not count.
///
/// It is read at each sign-in, so that a secret that is replaced there is used. A file that other users of this machine can
/// read is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    path: PathBuf,
    named_by: Option<String>,
    /// Whether others may read it, because what it holds is not secret.
    is_public: bool,
}

impl SecretFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            named_by: None,
            is_public: false,
        }
    }

    /// A file with a name, such as a client ID, that others may read.
    pub(crate) fn public(path: impl Into<PathBuf>) -> Self {
        Self {
            is_public: true,
            ..Self::new(path)
        }
    }

    /// What names the file, for example an option or a variable; messages show it.
    pub fn named_by(mut self, name: impl Into<String>) -> Self {
        self.named_by = Some(name.into());
        self
    }

    /// Where the secret comes from.
    pub fn origin(&self) -> Origin {
        Origin::File {
            path: self.path.clone(),
            named_by: self.named_by.clone(),
        }
    }

    /// The secret.
    pub async fn read(&self) -> Result<Secret, CredentialError> {
        let file = self.clone();
        let reading = tokio::task::spawn_blocking(move || file.read_blocking());
        match tokio::time::timeout(WAIT_MAX, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => Err(self.unreadable(io::Error::other(error))),
            Err(_) => {
                let message = format!("nothing was written to it within {} s", WAIT_MAX.as_secs());
                Err(self.unreadable(io::Error::new(io::ErrorKind::TimedOut, message)))
            }
        }
    }

    fn read_blocking(&self) -> Result<Secret, CredentialError> {
        let file = File::open(&self.path).map_err(|error| self.unreadable(error))?;
        let metadata = file.metadata().map_err(|error| self.unreadable(error))?;
        if metadata.is_dir() {
            return Err(self.invalid("it is a directory"));
        }
        if !self.is_public {
            check_access(&self.path, &metadata)?;
        }
        let mut start = Vec::new();
        let longest = AGE.iter().map(|start| start.len()).max().unwrap_or(0);
        let beginning = (&file).take(longest as u64).read_to_end(&mut start);
        beginning.map_err(|error| self.unreadable(error))?;
        if AGE.iter().any(|age| start.starts_with(age)) {
            let path = self.path.display();
            return Err(self.invalid(&format!(
                "it is encrypted with age; use a secret command that decrypts it, such as `age --decrypt --identity KEY {path}`"
            )));
        }
        Secret::read_from(start.chain(file)).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => self.invalid(&error.to_string()),
            _ => self.unreadable(error),
        })
    }

    fn unreadable(&self, error: io::Error) -> CredentialError {
        CredentialError::Unreadable {
            location: self.origin().to_string(),
            source: Box::new(error),
        }
    }

    fn invalid(&self, reason: &str) -> CredentialError {
        CredentialError::Invalid {
            location: self.origin().to_string(),
            reason: reason.to_owned(),
        }
    }
}

/// Fails if other users of this machine can access a file that holds a secret. A pipe or a directory never fails.
pub fn check_access(path: &Path, metadata: &Metadata) -> Result<(), CredentialError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = metadata.mode() & 0o7777;
        if metadata.is_file() && is_exposed(mode, metadata.uid() == 0) {
            let path = path.to_owned();
            return Err(CredentialError::Exposed { path, mode });
        }
    }
    #[cfg(not(unix))]
    let _ = (path, metadata);
    Ok(())
}

/// The table above.
#[cfg(unix)]
fn is_exposed(mode: u32, is_of_root: bool) -> bool {
    const GROUP_READ: u32 = 0o040;
    const ALL_BUT_OWNER: u32 = 0o077;
    let allowed = if is_of_root { GROUP_READ } else { 0 };
    mode & ALL_BUT_OWNER & !allowed != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn each_row_of_the_table_holds() {
        for (mode, is_of_root, expected) in [
            (0o600, false, false),
            (0o400, true, false),
            (0o440, true, false),
            (0o440, false, true),
            (0o640, false, true),
            (0o620, true, true),
            (0o610, false, true),
            (0o644, true, true),
            (0o604, false, true),
            (0o602, true, true),
        ] {
            assert_eq!(
                is_exposed(mode, is_of_root),
                expected,
                "{mode:o} {is_of_root}"
            );
        }
    }

    fn file(folder: &tempfile::TempDir, content: &[u8], mode: u32) -> SecretFile {
        let path = folder.path().join("secret");
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = mode;
        SecretFile::new(path).named_by("`--secret-file`")
    }

    #[tokio::test]
    async fn a_secret_is_read_without_white_space_at_its_ends() {
        let folder = tempfile::tempdir().unwrap();
        for content in ["s3cret", " s3cret\r\n", "\u{feff}s3cret\n\n"] {
            let read = file(&folder, content.as_bytes(), 0o600).read().await;
            assert_eq!(read.unwrap().expose(), "s3cret");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_secret_is_named_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let large = vec![b'x'; 70_000];
        for (content, expected) in [
            (&b"\n"[..], "it is empty"),
            (b"user: s3cret\nx", "more than one line"),
            (b"s3cret\xff", "not UTF-8"),
            (&large, "larger than 64 KiB"),
            (
                b"age-encryption.org/v1\n-> X25519 s3cret\n\xff",
                "encrypted with age",
            ),
            (
                b"-----BEGIN AGE ENCRYPTED FILE-----\ns3cret\n",
                "age --decrypt --identity KEY",
            ),
        ] {
            let error = file(&folder, content, 0o600).read().await.unwrap_err();
            let error = error.to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("(`--secret-file`)") && !error.contains("s3cret"));
        }
        let missing = SecretFile::new(folder.path().join("none")).read().await;
        assert!(matches!(missing, Err(CredentialError::Unreadable { .. })));
        let directory = SecretFile::new(folder.path()).read().await.unwrap_err();
        assert!(directory.to_string().contains("it is a directory"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = file(&folder, b"s3cret", 0o644).read().await.unwrap_err();
        let CredentialError::Exposed { mode, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(mode, 0o644);
    }
}
