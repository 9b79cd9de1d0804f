//! Exported uploads and journals in files and directories.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use octane_client::UploadId;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// What is in files and directories.
#[derive(Default)]
pub(super) struct Found {
    /// Files of `octane uploads export`.
    pub(super) bundles: Vec<PathBuf>,
    /// Journals, with their directory.
    pub(super) journals: Vec<(PathBuf, UploadId)>,
    /// The directories that were entered: links may lead to one again.
    entered: HashSet<PathBuf>,
}

impl Found {
    /// Looks into a file or directory; `is_given` says that it was typed, so that it has to be something. Elsewhere pipes, sockets and
    /// devices are skipped: opening one may never end.
    pub(super) fn look(&mut self, path: &Path, is_given: bool) -> Result<()> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Input, error).context(format!("cannot read `{}`", path.display()))
        };
        if path.is_dir() {
            if !self.entered.insert(fs::canonicalize(path).map_err(failed)?) {
                return Ok(());
            }
            let entries: std::io::Result<Vec<_>> = fs::read_dir(path).map_err(failed)?.collect();
            let mut paths: Vec<PathBuf> = entries
                .map_err(failed)?
                .iter()
                .map(fs::DirEntry::path)
                .collect();
            paths.sort();
            return paths.iter().try_for_each(|path| self.look(path, false));
        }
        if !is_given && !path.is_file() {
            return Ok(());
        }
        let is_journal = path.extension().is_some_and(|extension| extension == "db");
        let name = path.file_stem().and_then(|name| name.to_str());
        let id = name.and_then(|name| name.parse().ok());
        if let (true, Some(id)) = (is_journal, id) {
            let folder = path.parent().unwrap_or(Path::new(""));
            self.journals.push((folder.to_owned(), id));
        } else if is_bundle(path).map_err(failed)? {
            self.bundles.push(path.to_owned());
        } else if is_given {
            let message = format!("`{}` is not an exported upload", path.display());
            return Err(Failure::message(Exit::Input, message)
                .hint("give a file of `octane uploads export`, or a directory of `--spool`"));
        }
        Ok(())
    }
}

/// Whether a file begins as an exported upload does, of whatever version.
fn is_bundle(path: &Path) -> std::io::Result<bool> {
    const START: &[u8] = b"octane-upload/";
    let mut start = Vec::new();
    File::open(path)?
        .take(START.len() as u64)
        .read_to_end(&mut start)?;
    Ok(start == START)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_opened_and_a_directory_is_entered_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("below")).unwrap();
        fs::write(path.join("below/bundle"), b"octane-upload/1").unwrap();
        std::os::unix::fs::symlink("..", path.join("below/up")).unwrap();
        std::os::unix::fs::symlink("nothing", path.join("dangling")).unwrap();
        let fifo = std::process::Command::new("mkfifo")
            .arg(path.join("pipe"))
            .status();
        assert!(fifo.unwrap().success());
        let mut found = Found::default();
        found.look(path, true).unwrap();
        assert_eq!(found.bundles, [path.join("below/bundle")]);
        assert!(found.look(&path.join("dangling"), true).is_err());
    }
}
