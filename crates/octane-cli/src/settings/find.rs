//! Which files with settings are looked for.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The name of a file with settings.
pub(crate) const FILE_NAME: &str = "octane.toml";

/// What marks the root of a repository; settings above it belong to others.
const REPOSITORIES: [&str; 5] = [".git", ".hg", ".jj", ".svn", ".fslckout"];

/// Whose settings a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// Those of a project, for all who work on it.
    Project,
    /// Those of one user, for all projects.
    User,
}

impl Owner {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

/// A place where a file with settings may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) owner: Owner,
    pub(crate) path: PathBuf,
    /// Whether the file is there.
    pub(crate) exists: bool,
    /// Whether its settings count: of the files of a project, those of the nearest one.
    pub(crate) is_used: bool,
}

/// All places for a command in this directory, nearest first.
///
/// | where | which files |
/// |---|---|
/// | in a repository | in the directory, and in those above it up to the root of the repository; the first one counts |
/// | elsewhere | in the directory alone: a file further up (in `/tmp`, say) may be anyone's |
/// | the user | `octane-client/octane.toml` in the directory for configuration |
pub(crate) fn candidates(
    directory: Option<&Path>,
    configuration: Option<&Path>,
    exists: impl Fn(&Path) -> bool,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    if let Some(directory) = directory {
        let mut is_found = false;
        for above in directory.ancestors().take(depth(directory, &exists)) {
            let path = above.join(FILE_NAME);
            let exists = exists(&path);
            found.push(Candidate {
                owner: Owner::Project,
                path,
                exists,
                is_used: exists && !is_found,
            });
            is_found |= exists;
        }
    }
    if let Some(configuration) = configuration {
        let path = configuration.join("octane-client").join(FILE_NAME);
        let exists = exists(&path);
        found.push(Candidate {
            owner: Owner::User,
            path,
            exists,
            is_used: exists,
        });
    }
    found
}

/// How many directories are searched: up to the root of the repository, or one.
fn depth(directory: &Path, exists: impl Fn(&Path) -> bool) -> usize {
    let is_root = |directory: &Path| {
        let mut marks = REPOSITORIES.iter();
        marks.any(|mark| exists(&directory.join(mark)))
    };
    directory
        .ancestors()
        .position(is_root)
        .map_or(1, |above| above + 1)
}

/// The places for this process.
pub(crate) fn here() -> Vec<Candidate> {
    let directory = std::env::current_dir().ok();
    let configuration = etcetera::choose_base_strategy().ok();
    let configuration = configuration.map(|base| base.config_dir());
    candidates(directory.as_deref(), configuration.as_deref(), Path::exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in `/work/shop/tests` if these paths exist: the used files, then the number of all places.
    fn found(existing: &[&str]) -> (Vec<String>, usize) {
        let exists = |path: &Path| existing.iter().any(|existing| path == Path::new(existing));
        let all = candidates(
            Some(Path::new("/work/shop/tests")),
            Some(Path::new("/home/me/.config")),
            exists,
        );
        let used = all.iter().filter(|candidate| candidate.is_used);
        let used = used
            .map(|candidate| candidate.path.display().to_string())
            .collect();
        (used, all.len())
    }

    #[test]
    fn the_nearest_file_up_to_the_root_of_the_repository_counts() {
        let root = "/work/shop/.git";
        let near = "/work/shop/tests/octane.toml";
        let far = "/work/shop/octane.toml";
        assert_eq!(found(&[root, near, far]), (vec![near.to_owned()], 3));
        assert_eq!(found(&[root, far]), (vec![far.to_owned()], 3));
    }

    #[test]
    fn no_file_above_the_root_or_outside_of_a_repository_counts() {
        let above = "/work/octane.toml";
        assert_eq!(found(&["/work/shop/.git", above]).0, [""; 0]);
        assert_eq!(found(&["/work/shop/octane.toml"]), (Vec::new(), 2));
    }

    #[test]
    fn the_file_of_the_user_counts_everywhere() {
        let user = "/home/me/.config/octane-client/octane.toml";
        assert_eq!(found(&[user]).0, [user]);
        let near = "/work/shop/tests/octane.toml";
        assert_eq!(found(&[user, near]).0, [near, user]);
    }

    #[test]
    fn a_process_without_directories_has_no_files() {
        assert_eq!(candidates(None, None, |_| true), []);
    }
}
