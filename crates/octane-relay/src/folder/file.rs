//! The files in a folder, without trust: everyone who can write into it may have put anything there.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::moved::Place;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The oldest first, and what is of one age by its name.
    pub(super) candidates: Vec<Candidate>,
    pub(super) unreadable: Vec<(PathBuf, io::Error)>,
    /// The folders that are deeper than those of projects, or next to the files of the only project.
    pub(super) ignored: Vec<PathBuf>,
}

/// Something that may be an upload.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Whose it is, unless it lies where no project is known.
    pub(super) project: Option<String>,
    pub(super) stamp: Stamp,
    /// Why it cannot be an upload, if that is certain.
    pub(super) fault: Option<&'static str>,
}

/// What changes while a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// Endings of files that are still being written.
const UNFINISHED: [&str; 5] = [".part", ".partial", ".filepart", ".tmp", ".crdownload"];

/// Looks through a folder of one project, or one with a folder for each.
pub(super) fn look(folder: &Path, project: Option<&str>) -> Looked {
    let mut looked = Looked::default();
    let folders = looked.add(folder, project);
    for (folder, name) in folders {
        if project.is_some() {
            looked.ignored.push(folder);
        } else {
            let deeper = looked.add(&folder, Some(&name)).into_iter();
            looked.ignored.extend(deeper.map(|(folder, _)| folder));
        }
    }
    let age = |candidate: &Candidate| candidate.stamp.modified;
    let candidates = &mut looked.candidates;
    candidates.sort_by(|a, b| (age(a), &a.path).cmp(&(age(b), &b.path)));
    looked
}

impl Looked {
    /// Adds the files in a folder, and returns the folders in it with their names.
    fn add(&mut self, folder: &Path, project: Option<&str>) -> Vec<(PathBuf, String)> {
        let mut folders = Vec::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable.push((folder.to_owned(), error));
                return folders;
            }
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    self.unreadable.push((folder.to_owned(), error));
                    continue;
                }
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if is_ignored(&name) {
                continue;
            }
            let found = metadata(&path);
            self.add_entry(project, &path, &name, found, &mut folders);
        }
        folders
    }

    /// Adds a file or a folder, of which this is known. One of which nothing is known does not hide the others.
    fn add_entry(
        &mut self,
        project: Option<&str>,
        path: &Path,
        name: &str,
        found: io::Result<Option<Metadata>>,
        folders: &mut Vec<(PathBuf, String)>,
    ) {
        match found {
            Ok(Some(metadata)) if metadata.is_dir() && Place::is_one(name) => {}
            Ok(Some(metadata)) if metadata.is_dir() => {
                folders.push((path.to_owned(), name.to_owned()));
            }
            Ok(Some(metadata)) => self.candidates.push(Candidate {
                project: project.map(str::to_owned),
                stamp: Stamp::of(&metadata),
                fault: fault(&metadata),
                path: path.to_owned(),
            }),
            Ok(None) => {}
            Err(error) => self.unreadable.push((path.to_owned(), error)),
        }
    }
}

fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end))
}

fn fault(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_file() {
        None
    } else if metadata.is_symlink() {
        Some("it is a symbolic link, which is not followed")
    } else {
        Some("it is not a regular file")
    }
}

/// None if it has just been moved away.
fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The content of a file; none if it is not the one any more that was found.
pub(super) fn read(path: &Path, stamp: Stamp) -> io::Result<Option<Vec<u8>>> {
    let Some(found) = metadata(path)?.filter(Metadata::is_file) else {
        return Ok(None);
    };
    let file = File::open(path)?;
    let opened = file.metadata()?;
    if !is_same(&found, &opened) || Stamp::of(&opened) != stamp {
        return Ok(None);
    }
    let mut content = Vec::new();
    // One more than expected, to see whether it grows.
    file.take(stamp.length + 1).read_to_end(&mut content)?;
    Ok((content.len() as u64 == stamp.length).then_some(content))
}

/// Whether what was opened is what lies there, and not the target of a link that has just been put in its place.
fn is_same(found: &Metadata, opened: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (found.dev(), found.ino()) == (opened.dev(), opened.ino())
    }
    #[cfg(not(unix))]
    {
        found.is_file() && opened.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_in_which_no_file_is_taken_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["shop/deeper/more", "shop/done", "refused", ".hidden"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        for name in ["a", "shop/b", "shop/deeper/c"] {
            fs::write(path(name), "").unwrap();
        }
        let taken = |looked: &Looked| -> Vec<PathBuf> {
            let candidates = looked.candidates.iter();
            let mut paths: Vec<PathBuf> = candidates.map(|found| found.path.clone()).collect();
            paths.sort();
            paths
        };
        let by_folder = look(folder.path(), None);
        assert_eq!(taken(&by_folder), [path("a"), path("shop/b")]);
        assert_eq!(by_folder.ignored, [path("shop/deeper")]);
        let of_one = look(folder.path(), Some("shop"));
        assert_eq!(taken(&of_one), [path("a")]);
        assert_eq!(of_one.ignored, [path("shop")]);
    }

    #[test]
    fn an_entry_that_cannot_be_read_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let (bad, good) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&good, "").unwrap();
        let mut looked = Looked::default();
        let mut folders = Vec::new();
        let denied = Err(io::Error::from(io::ErrorKind::PermissionDenied));
        for (path, name, found) in [(&bad, "a", denied), (&good, "b", metadata(&good))] {
            looked.add_entry(Some("shop"), path, name, found, &mut folders);
        }
        assert_eq!(looked.unreadable[0].0, bad);
        assert_eq!(looked.candidates[0].path, good);
    }
}
