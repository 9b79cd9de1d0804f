//! Finds the inputs that match patterns.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

use crate::sniff::Format;
use crate::source::{Source, SourceError, SourceProblem};

/// Finds the inputs that match `patterns`.
///
/// A pattern is `-` for standard input, a file, a folder (all files with a supported extension in it and
/// in its subfolders) or a glob, in which `*` matches within a folder and `**` across folders. If a file
/// with the name of the pattern exists, the pattern means this file, even if it looks like a glob. The
/// inputs are in the order of the patterns, sorted by path within each; a file that matches several
/// patterns is listed once.
///
/// `excludes` are globs as well and take precedence. A glob without a separator is matched against the
/// file name, any other glob against the path.
pub fn sources(
    patterns: &[impl AsRef<str>],
    excludes: &[impl AsRef<str>],
) -> Result<Vec<Source>, SourceError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut unwanted = Vec::new();
    for pattern in excludes {
        match Exclude::new(pattern.as_ref()) {
            Ok(exclude) => unwanted.push(exclude),
            Err(problem) => problems.push(problem),
        }
    }

    for (number, pattern) in patterns.iter().enumerate() {
        let pattern = pattern.as_ref();
        if pattern == "-" {
            if seen.insert(PathBuf::from("-")) {
                found.push(Source::stdin().with_pattern(number));
            }
            continue;
        }
        let paths = match expand(pattern) {
            Ok(paths) => paths,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let mut all_excluded = true;
        for path in paths {
            if unwanted.iter().any(|exclude| exclude.matches(&path)) {
                continue;
            }
            all_excluded = false;
            if seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                found.push(Source::path(path).with_pattern(number));
            }
        }
        if all_excluded {
            let pattern = pattern.to_owned();
            problems.push(SourceProblem::Excluded { pattern });
        }
    }

    if problems.is_empty() {
        Ok(found)
    } else {
        Err(SourceError { problems, found })
    }
}

/// The files that match one pattern, sorted; at least one.
fn expand(pattern: &str) -> Result<Vec<PathBuf>, SourceProblem> {
    let path = Path::new(pattern);
    if path.is_dir() {
        let paths = walk(pattern, path, |path| {
            (path.extension().and_then(|extension| extension.to_str()))
                .is_some_and(|extension| Format::from_extension(extension).is_some())
        })?;
        return if paths.is_empty() {
            let pattern = pattern.to_owned();
            Err(SourceProblem::EmptyFolder { pattern })
        } else {
            Ok(paths)
        };
    }
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let Some((root, rest)) = split_glob(pattern) else {
        let pattern = pattern.to_owned();
        return Err(SourceProblem::Missing { pattern });
    };
    let matcher = glob(pattern, rest)?;
    let root = Path::new(if root.is_empty() { "." } else { root });
    let mut paths = Vec::new();
    if root.is_dir() {
        paths = walk(pattern, root, |path| {
            path.strip_prefix(root)
                .is_ok_and(|below| matcher.is_match(below))
        })?;
    }
    if paths.is_empty() {
        let pattern = pattern.to_owned();
        return Err(SourceProblem::NoMatch { pattern });
    }
    Ok(paths)
}

fn walk(
    pattern: &str,
    root: &Path,
    is_wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, SourceProblem> {
    let mut paths = Vec::new();
    for entry in WalkDir::new(root) {
        let entry = entry.map_err(|source| SourceProblem::Walk {
            pattern: pattern.to_owned(),
            source,
        })?;
        // A link to a file counts as the file; links to folders are not followed, as they may be circular.
        if is_wanted(entry.path()) && entry.path().is_file() {
            let path = entry.into_path();
            paths.push(match path.strip_prefix(".") {
                Ok(below) if !pattern.starts_with('.') => below.to_owned(),
                _ => path,
            });
        }
    }
    paths.sort();
    Ok(paths)
}

/// Splits a pattern before the first segment with a glob character: the folder to search, and the glob.
fn split_glob(pattern: &str) -> Option<(&str, &str)> {
    let is_glob = |char| matches!(char, '*' | '?' | '[' | '{') || (char == '\\' && cfg!(unix));
    let first = pattern.find(is_glob)?;
    let cut = pattern[..first]
        .rfind(std::path::is_separator)
        .map_or(0, |separator| separator + 1);
    Some((&pattern[..cut], &pattern[cut..]))
}

fn glob(pattern: &str, glob: &str) -> Result<GlobMatcher, SourceProblem> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map(|glob: Glob| glob.compile_matcher())
        .map_err(|source| SourceProblem::Glob {
            pattern: pattern.to_owned(),
            source,
        })
}

struct Exclude {
    matcher: GlobMatcher,
    matches_file_name: bool,
}

impl Exclude {
    fn new(pattern: &str) -> Result<Self, SourceProblem> {
        let below = pattern.strip_prefix("./").unwrap_or(pattern);
        Ok(Self {
            matcher: glob(pattern, below)?,
            matches_file_name: !below.contains(std::path::is_separator),
        })
    }

    fn matches(&self, path: &Path) -> bool {
        let by_name = || {
            path.file_name()
                .is_some_and(|name| self.matcher.is_match(name))
        };
        self.matcher
            .is_match(path.strip_prefix(".").unwrap_or(path))
            || (self.matches_file_name && by_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir, patterns: &[&str], excludes: &[&str]) -> Vec<String> {
        let root = folder.path().display().to_string();
        let patterns: Vec<_> = (patterns.iter())
            .map(|pattern| format!("{root}/{pattern}"))
            .collect();
        let relative = |source: Source| source.name()[root.len() + 1..].to_owned();
        let found = sources(&patterns, excludes).unwrap();
        found.into_iter().map(relative).collect()
    }

    const FILES: [&str; 6] = [
        "b/TEST-z.xml",
        "b/deep/TEST-a.XML",
        "a.csv",
        "b/notes.txt",
        "b/odd[1].xml",
        "b/odd1.xml",
    ];

    #[test]
    fn a_folder_stands_for_its_supported_files_sorted_by_path() {
        assert_eq!(
            names(&folder(&FILES), &[""], &[]),
            [
                "a.csv",
                "b/TEST-z.xml",
                "b/deep/TEST-a.XML",
                "b/odd1.xml",
                "b/odd[1].xml"
            ]
            .map(|name| name.replace('/', std::path::MAIN_SEPARATOR_STR))
        );
    }

    #[test]
    fn one_star_matches_within_a_folder_and_two_across_folders() {
        let folder = folder(&FILES);
        assert_eq!(names(&folder, &["b/TEST-*"], &[]), ["b/TEST-z.xml"]);
        assert_eq!(
            names(&folder, &["**/TEST-*.{xml,XML}"], &[]),
            ["b/TEST-z.xml", "b/deep/TEST-a.XML"]
        );
        assert_eq!(
            names(&folder, &["b//**/*.XML"], &[]),
            ["b//deep/TEST-a.XML"]
        );
    }

    #[test]
    fn an_existing_file_is_not_a_glob_and_is_listed_once() {
        let folder = folder(&FILES);
        assert_eq!(names(&folder, &["b/odd[1].xml"], &[]), ["b/odd[1].xml"]);
        assert_eq!(
            names(
                &folder,
                &["b/odd[2].xml", "b/odd1.xml", "b/../a.csv", "a.csv"][1..],
                &[]
            ),
            ["b/odd1.xml", "b/../a.csv"]
        );
    }

    #[test]
    fn excludes_take_precedence() {
        let folder = folder(&FILES);
        assert_eq!(
            names(&folder, &["b"], &["odd*", "**/deep/**"]),
            ["b/TEST-z.xml"]
        );
    }

    #[test]
    fn all_patterns_without_inputs_are_reported_at_once() {
        let folder = folder(&["a.csv", "empty/notes.txt"]);
        let root = folder.path().display().to_string();
        let patterns = ["a.csv", "gone.xml", "*.json", "empty", "[", "no/such/*.xml"]
            .map(|pattern| format!("{root}/{pattern}"));
        let error = sources(&patterns, &[] as &[&str]).unwrap_err();
        assert_eq!(error.found.len(), 1);
        insta::assert_snapshot!(error.to_string().replace(&root, "ROOT"), @"no such file or directory: `ROOT/gone.xml`; no file matches `ROOT/*.json`; no results file in the directory `ROOT/empty`; searched for *.xml, *.csv, *.tsv; invalid glob `ROOT/[`: error parsing glob '[': unclosed character class; missing ']'; no file matches `ROOT/no/such/*.xml`");
        let error = sources(&patterns[..1], &["*.csv"]).unwrap_err();
        assert!(matches!(
            error.problems[..],
            [SourceProblem::Excluded { .. }]
        ));
    }
}
