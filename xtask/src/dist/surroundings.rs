//! What differs from one machine to another, and must not change a byte of what is packed.

use std::fs;
use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;
use xshell::Shell;

/// Where, and for whom, something is packed.
pub(super) struct Surroundings {
    pub(super) shell: Shell,
    /// A folder for files that are needed until this is dropped.
    pub(super) work: TempDir,
    _mask: Option<Mask>,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn own(shell: &Shell) -> Result<Self> {
        Ok(Self {
            shell: shell.clone(),
            work: tempfile::tempdir()?,
            _mask: None,
        })
    }

    /// Another folder, another language, another time zone, and new files that only their owner can read.
    pub(super) fn other(shell: &Shell, folder: &Path) -> Result<Self> {
        let shell = shell.clone();
        for (name, value) in [
            ("LC_ALL", "C.UTF-8"),
            ("LANGUAGE", "de"),
            ("TZ", "Pacific/Kiritimati"),
        ] {
            shell.set_var(name, value);
        }
        fs::create_dir_all(folder)?;
        Ok(Self {
            shell,
            work: tempfile::tempdir_in(folder)?,
            _mask: Some(Mask::owner_only()),
        })
    }
}

/// What new files are not allowed, until it is dropped.
#[cfg(unix)]
struct Mask(rustix::fs::Mode);

#[cfg(unix)]
impl Mask {
    fn owner_only() -> Self {
        let mask = rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO;
        Self(rustix::process::umask(mask))
    }
}

#[cfg(unix)]
impl Drop for Mask {
    fn drop(&mut self) {
        rustix::process::umask(self.0);
    }
}

#[cfg(not(unix))]
struct Mask;

#[cfg(not(unix))]
impl Mask {
    fn owner_only() -> Self {
        Self
    }
}
