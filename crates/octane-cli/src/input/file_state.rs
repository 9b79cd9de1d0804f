//! What shows that a file was changed.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use octane_results::Source;

/// What a file was like at some time.
#[derive(Debug)]
pub(super) struct FileState {
    path: PathBuf,
    name: String,
    stamp: Stamp,
}

/// Length and time of the last change.
type Stamp = (u64, Option<SystemTime>);

impl FileState {
    /// The present state, if the input is a regular file.
    pub(super) fn of(source: &Source) -> Option<Self> {
        let path = source.as_path()?.to_owned();
        let stamp = stamp(&path)?;
        let name = source.name().to_owned();
        Some(Self { path, name, stamp })
    }

    /// The name of the file, as in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the file is another one now. One that was deleted was read as it was.
    pub(super) fn has_changed(&self) -> bool {
        stamp(&self.path).is_some_and(|stamp| stamp != self.stamp)
    }
}

fn stamp(path: &std::path::Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((metadata.len(), metadata.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_or_is_written_again_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        fs::write(&path, "name").unwrap();
        let source = Source::path(&path);
        let state = FileState::of(&source).unwrap();
        assert!(!state.has_changed());
        fs::write(&path, "name,status").unwrap();
        assert!(state.has_changed());
        let state = FileState::of(&source).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(later).unwrap();
        assert!(state.has_changed());
        fs::remove_file(&path).unwrap();
        assert!(!state.has_changed());
        assert!(FileState::of(&source).is_none());
        assert!(FileState::of(&Source::bytes("a", *b"a")).is_none());
    }
}
