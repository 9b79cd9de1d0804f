//! Where files go once it is decided what becomes of them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use octane_model::clean;

/// A folder next to the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What is stored.
    Done,
    /// What is not, with the reason in a text file.
    Refused,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// Whether a folder of this name is one.
    pub(super) fn is_one(name: &str) -> bool {
        [Self::Done, Self::Refused].map(Self::name).contains(&name)
    }
}

/// Moves a file to a place next to it, where nothing is overwritten. Its reason is there before it. A file that is gone was moved by another
/// relay.
pub(super) fn to(place: Place, file: &Path, reason: Option<&str>) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(".")).join(place.name());
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A user who can write to the same folder could let it point elsewhere.
    if !fs::symlink_metadata(&folder)?.is_dir() {
        let message = format!("`{}` is not a directory", folder.display());
        return Err(io::Error::other(message));
    }
    let target = free(&folder, file)?;
    let text = beside(&target, REASON);
    if let Some(reason) = reason {
        let mut text = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&text)?;
        writeln!(text, "{}", clean(reason))?;
    }
    let moved = fs::rename(file, &target);
    if moved.is_err() && reason.is_some() {
        fs::remove_file(text)?;
    }
    match moved {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

/// What the name of a reason has in addition to that of its file.
const REASON: &str = ".reason.txt";

/// A path in `folder` that does not exist, nor its reason.
fn free(folder: &Path, file: &Path) -> io::Result<PathBuf> {
    let name = Path::new(file.file_name().unwrap_or_default());
    for number in 1..=u32::MAX {
        let target = match number {
            1 => folder.join(name),
            _ => folder.join(beside(name, &format!(".{number}"))),
        };
        let is_free = |path: &Path| match fs::symlink_metadata(path) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        };
        if is_free(&target)? && is_free(&beside(&target, REASON))? {
            return Ok(target);
        }
    }
    Err(io::Error::other("there are too many files of one name"))
}

/// The path with something added to its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}
