//! Walks folders: which files are found, and which of them are skipped.
//!
//! | what is in the folder | what happens |
//! | --- | --- |
//! | a file | is found if it is wanted |
//! | a link to a file inside the folder | is found if it is wanted; a file that is found in several ways counts once |
//! | a link to a folder inside the folder | is entered, but not twice, and never in a circle |
//! | a link that leads out of the folder | is skipped, unless links are to be followed: anyone who can create a link could make the program read any file of this machine |
//! | a link to nothing | cannot be read, if it is wanted |
//! | a pipe, a device or a socket | is skipped, if it is wanted: it may have no end |
//! | a subfolder that cannot be listed | cannot be read |
//! | the data of an HTML report of Allure | is skipped without mention, as what Allure keeps with its results: they are the same results again |

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::io_reason::io_reason;
use crate::source::left_out::{LeftOut, LeftOutReason, UnreadablePath};

/// What was found in a folder.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The wanted files, sorted.
    pub(super) paths: Vec<PathBuf>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) unreadable: Vec<UnreadablePath>,
    /// Files that are not wanted, sorted.
    pub(super) others: Vec<PathBuf>,
    /// Whether anything was excluded.
    pub(super) has_excluded: bool,
}

/// Walks the folder `root`. What is excluded is not even mentioned.
pub(super) fn walk(
    root: &Path,
    is_wanted: &dyn Fn(&Path) -> bool,
    is_excluded: &dyn Fn(&Path) -> bool,
    follow_links: bool,
) -> Walked {
    let mut walk = Walk {
        is_wanted,
        is_excluded,
        follow_links,
        root: fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()),
        entered: HashSet::new(),
        links: Vec::new(),
        walked: Walked::default(),
    };
    let mut found = Vec::new();
    let mut entries = WalkDir::new(root).follow_links(true).into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => match walk.judge(&entry) {
                Verdict::Found(file) => found.push(file),
                Verdict::Skipped if entry.file_type().is_dir() => entries.skip_current_dir(),
                Verdict::Skipped | Verdict::Entered => {}
            },
            Err(error) => walk.failed(&error),
        }
    }
    let mut walked = walk.walked;
    walked.paths = unique(found);
    walked.others.sort();
    walked
        .left_out
        .sort_by(|one, other| one.path.cmp(&other.path));
    walked
        .unreadable
        .sort_by(|one, other| one.path.cmp(&other.path));
    walked
}

struct Walk<'w> {
    is_wanted: &'w dyn Fn(&Path) -> bool,
    is_excluded: &'w dyn Fn(&Path) -> bool,
    follow_links: bool,
    root: PathBuf,
    /// The folders that links inside other links have led to.
    entered: HashSet<PathBuf>,
    /// The links that led to where the walk is, from the outermost inwards.
    links: Vec<PathBuf>,
    walked: Walked,
}

/// A wanted file.
struct FoundFile {
    path: PathBuf,
    /// The file itself, by whatever path it was found.
    file: PathBuf,
    is_direct: bool,
}

enum Verdict {
    Found(FoundFile),
    /// A folder whose files are judged next.
    Entered,
    Skipped,
}

impl Walk<'_> {
    fn judge(&mut self, entry: &DirEntry) -> Verdict {
        let path = entry.path();
        if entry.depth() > 0 && (self.is_excluded)(path) {
            self.walked.has_excluded |= entry.file_type().is_dir() || (self.is_wanted)(path);
            return Verdict::Skipped;
        }
        let is_link = entry.path_is_symlink() && entry.depth() > 0;
        let is_folder = entry.file_type().is_dir();
        let is_wanted = !is_folder && (self.is_wanted)(path);
        let target = (is_link || is_wanted)
            .then(|| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
        if let Some(target) = target.as_deref().filter(|_| is_link) {
            if !target.starts_with(&self.root) && !self.follow_links {
                if is_folder || is_wanted {
                    self.leave_out(path, LeftOutReason::LinkOutside);
                }
                return Verdict::Skipped;
            }
            if is_folder {
                if self.is_inside_link(path) && !self.entered.insert(target.to_owned()) {
                    return Verdict::Skipped;
                }
                self.links.push(path.to_owned());
            }
        }
        if is_folder && entry.depth() > 0 && is_data_of_allure(path) {
            return Verdict::Skipped;
        }
        if is_folder {
            return Verdict::Entered;
        }
        match target {
            Some(file) if is_wanted => {
                if !entry.file_type().is_file() {
                    self.leave_out(path, LeftOutReason::NotRegular);
                    return Verdict::Skipped;
                }
                Verdict::Found(FoundFile {
                    path: path.to_owned(),
                    is_direct: !is_link && !self.is_inside_link(path),
                    file,
                })
            }
            _ => {
                if entry.file_type().is_file() && !is_link {
                    self.walked.others.push(path.to_owned());
                }
                Verdict::Skipped
            }
        }
    }

    /// Whether a link has led to this path. The folders are walked one inside the other, so only the last link matters.
    fn is_inside_link(&mut self, path: &Path) -> bool {
        while self.links.pop_if(|link| !path.starts_with(link)).is_some() {}
        !self.links.is_empty()
    }

    fn leave_out(&mut self, path: &Path, reason: LeftOutReason) {
        self.walked.left_out.push(LeftOut::new(path, reason));
    }

    /// A subfolder that cannot be listed, or a link that leads nowhere. One that leads back to a folder around it leads
    /// to nothing new.
    fn failed(&mut self, error: &walkdir::Error) {
        if error.loop_ancestor().is_some() {
            return;
        }
        let path = error.path().unwrap_or(&self.root);
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        if (self.is_excluded)(path) || (is_link && !(self.is_wanted)(path)) {
            return;
        }
        let reason = match error.io_error() {
            Some(error) if is_link && error.kind() == io::ErrorKind::NotFound => {
                "is a broken symbolic link".to_owned()
            }
            Some(error) => format!("cannot be read: {}", io_reason(error)),
            None => format!("cannot be read: {error}"),
        };
        self.walked
            .unreadable
            .push(UnreadablePath::new(path, reason));
    }
}

/// Whether a folder has the data of an HTML report of Allure 2 or 3.
fn is_data_of_allure(folder: &Path) -> bool {
    let is_called_so = folder
        .file_name()
        .is_some_and(|name| name == "data" || name == "widgets");
    let Some(site) = folder.parent().filter(|_| is_called_so) else {
        return false;
    };
    let has = |path: &str| site.join(path).exists();
    has("widgets/summary.json")
        || has("widgets/status-chart.json")
        || has("widgets") && has("data/test-results") && has("index.html")
}

/// Each file once, by the path without links if it has one; sorted.
fn unique(found: Vec<FoundFile>) -> Vec<PathBuf> {
    let mut files: HashMap<PathBuf, (bool, PathBuf)> = HashMap::with_capacity(found.len());
    for FoundFile {
        path,
        file,
        is_direct,
    } in found
    {
        let candidate = (!is_direct, path);
        files
            .entry(file)
            .and_modify(|best| {
                if candidate < *best {
                    best.clone_from(&candidate);
                }
            })
            .or_insert(candidate);
    }
    let mut paths: Vec<_> = files.into_values().map(|(_, path)| path).collect();
    paths.sort();
    paths
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A folder `in`, and one next to it.
    fn folders() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "in/a.xml",
            "in/sub/b.xml",
            "in/notes.txt",
            "out/c.xml",
            "out/deep/d.xml",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn walked(folder: &tempfile::TempDir, follow_links: bool) -> String {
        let root = folder.path().join("in");
        let is_xml = |path: &Path| path.extension().is_some_and(|extension| extension == "xml");
        let Walked {
            paths,
            left_out,
            unreadable,
            ..
        } = walk(
            &root,
            &is_xml,
            &|path| path.ends_with("excluded"),
            follow_links,
        );
        let below = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
        let mut lines: Vec<_> = paths.iter().map(|path| below(path)).collect();
        lines.extend(
            left_out
                .iter()
                .map(|left| left.to_string().replace(&*root.to_string_lossy(), "in")),
        );
        lines.extend(
            unreadable
                .iter()
                .map(|path| path.to_string().replace(&*root.to_string_lossy(), "in")),
        );
        lines.join("\n")
    }

    #[test]
    fn links_inside_the_folder_are_followed_and_a_file_counts_once() {
        let folder = folders();
        let root = folder.path().join("in");
        symlink("sub", root.join("latest")).unwrap();
        symlink("notes.txt", root.join("really.xml")).unwrap();
        symlink("a.xml", root.join("Z.xml")).unwrap();
        assert_eq!(walked(&folder, false), "a.xml\nreally.xml\nsub/b.xml");
    }

    #[test]
    fn the_data_of_an_html_report_of_allure_are_skipped() {
        let folder = folders();
        let files = |paths: &[&str]| {
            for file in paths {
                let path = folder.path().join("in").join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
        };
        files(&[
            "site/widgets/w.xml",
            "site/data/d.xml",
            "site/data/attachments/e.xml",
            "site/f.xml",
        ]);
        files(&[
            "new/widgets/w.xml",
            "new/data/test-results/d.xml",
            "new/index.html",
        ]);
        files(&["data/g.xml"]);
        let found = walked(&folder, false);
        assert!(found.contains("site/widgets/w.xml"), "{found}");
        assert!(!found.contains("new/"), "{found}");
        files(&["site/widgets/summary.json"]);
        assert_eq!(
            walked(&folder, false),
            "a.xml\ndata/g.xml\nsite/f.xml\nsub/b.xml"
        );
    }

    #[test]
    fn circles_end() {
        let folder = folders();
        let root = folder.path().join("in");
        symlink(".", root.join("self")).unwrap();
        symlink("../..", root.join("sub/up")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        for number in 0..12 {
            let one = root.join(format!("d{number}"));
            fs::create_dir(&one).unwrap();
            for other in 0..12 {
                symlink(format!("../d{other}"), one.join(format!("l{other}"))).unwrap();
            }
        }
        assert_eq!(
            walked(&folder, false),
            "a.xml\nsub/b.xml\n`in/sub/up` is a symbolic link that points outside the directory"
        );
        assert!(walked(&folder, true).contains("a.xml"));
    }

    #[test]
    fn links_that_lead_out_are_left_out_unless_they_are_to_be_followed() {
        let folder = folders();
        let root = folder.path().join("in");
        symlink("../out", root.join("linked")).unwrap();
        symlink("../out/c.xml", root.join("c.xml")).unwrap();
        symlink("../out/c.xml", root.join("c.txt")).unwrap();
        symlink("../out", root.join("excluded")).unwrap();
        assert_eq!(
            walked(&folder, false),
            "a.xml\nsub/b.xml\n`in/c.xml` is a symbolic link that points outside the directory\n`in/linked` is a symbolic link that points outside the directory"
        );
        assert_eq!(
            walked(&folder, true),
            "a.xml\nc.xml\nlinked/deep/d.xml\nsub/b.xml"
        );
    }

    #[test]
    fn a_link_to_nothing_and_what_is_no_file_are_named() {
        let folder = folders();
        let root = folder.path().join("in");
        symlink("gone", root.join("gone.xml")).unwrap();
        symlink("gone", root.join("gone.txt")).unwrap();
        let _socket = UnixListener::bind(root.join("socket.xml")).unwrap();
        assert_eq!(
            walked(&folder, false),
            "a.xml\nsub/b.xml\n`in/socket.xml` is not a regular file\n`in/gone.xml` is a broken symbolic link"
        );
    }
}
