//! Finds the inputs that match patterns.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};

use crate::io_reason::io_reason;
use crate::sniff::is_results_name;
use crate::source::left_out::{LeftOut, UnreadablePath, overlooked};
use crate::source::walk::{Walked, walk};
use crate::source::{Source, SourceError, SourceProblem};

/// How inputs are searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
#[non_exhaustive]
pub struct FindOptions {
    /// Globs of files that are not wanted; they take precedence. One without a separator is matched against the file
    /// name, any other against the path.
    pub excludes: Vec<String>,
    /// Whether links that lead out of a folder are followed.
    pub follow_links: bool,
}

impl FindOptions {
    /// Sets the globs of files that are not wanted.
    pub fn excludes<G: Into<String>>(mut self, globs: impl IntoIterator<Item = G>) -> Self {
        self.excludes = globs.into_iter().map(Into::into).collect();
        self
    }

    /// Fails if this is not a glob of files that are not wanted.
    pub fn check_exclude(glob: &str) -> Result<(), SourceProblem> {
        Exclude::new(glob).map(drop)
    }

    /// Sets whether links that lead out of a folder are followed.
    pub fn follow_links(mut self, follow_links: bool) -> Self {
        self.follow_links = follow_links;
        self
    }
}

/// What a search for inputs found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Found {
    /// The inputs, in the order of the patterns, sorted by path within each.
    pub sources: Vec<Source>,
    /// What is not read, although it is in a folder or matches a glob.
    pub left_out: Vec<LeftOut>,
    /// Folders and files that cannot be read, so that results may be missing.
    pub unreadable: Vec<UnreadablePath>,
}

/// Finds the inputs that match `patterns`.
///
/// A pattern is `-` for standard input, a file, a folder (all files with the extension of results in it and
/// in its subfolders) or a glob, in which `*` matches within a folder and `**` across folders. If a file
/// with the name of the pattern exists, the pattern means this file, even if it looks like a glob, and whatever it is;
/// in a folder and by a glob only regular files are found. A file that matches several patterns is listed once.
pub fn sources(patterns: &[impl AsRef<str>], options: &FindOptions) -> Result<Found, SourceError> {
    let mut found = Found::default();
    let mut problems = Vec::new();
    let mut excludes = Vec::new();
    for pattern in &options.excludes {
        match Exclude::new(pattern) {
            Ok(exclude) => excludes.push(exclude),
            Err(problem) => problems.push(problem),
        }
    }
    let search = Search {
        excludes,
        follow_links: options.follow_links,
    };
    let mut unwanted = Vec::new();
    // The place of each file among the inputs.
    let mut seen: HashMap<PathBuf, usize> = HashMap::new();
    for (number, pattern) in patterns.iter().enumerate() {
        let pattern = pattern.as_ref();
        if pattern == "-" {
            seen.entry(PathBuf::from("-")).or_insert_with(|| {
                found.sources.push(Source::stdin().with_pattern(number));
                found.sources.len() - 1
            });
            continue;
        }
        let Matches { paths, are_named } = match search.matches(pattern, &mut found) {
            Ok(matches) => matches,
            // A shell writes the names of all files where a glob was given, also of those that are not wanted.
            Err(problem @ SourceProblem::Excluded { .. }) if Path::new(pattern).is_file() => {
                unwanted.push(problem);
                continue;
            }
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for path in paths {
            let file = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            let place = *seen.entry(file).or_insert_with(|| {
                found.sources.push(Source::found(path).with_pattern(number));
                found.sources.len() - 1
            });
            found.sources[place].is_named |= are_named;
        }
    }
    if found.sources.is_empty() && found.left_out.is_empty() && found.unreadable.is_empty() {
        problems.append(&mut unwanted);
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        let found = found.sources;
        Err(SourceError { problems, found })
    }
}

/// The files that match a pattern.
#[derive(Default)]
struct Matches {
    paths: Vec<PathBuf>,
    /// Whether the pattern is the name of the file.
    are_named: bool,
}

struct Search {
    excludes: Vec<Exclude>,
    follow_links: bool,
}

impl Search {
    /// The files that match one pattern: at least one, unless something that matches is skipped or cannot be read.
    fn matches(&self, pattern: &str, found: &mut Found) -> Result<Matches, SourceProblem> {
        let path = Path::new(pattern);
        let owned = || pattern.to_owned();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let mut walked = self.walk(pattern, path, &|path| {
                    // Only its extension matters, which is text where the rest may not be.
                    let name = path.file_name().map(OsStr::to_string_lossy);
                    name.is_some_and(|name| is_results_name(&name))
                });
                for path in std::mem::take(&mut walked.others) {
                    if let Some(reason) = overlooked(&path) {
                        walked.left_out.push(LeftOut::new(&path, reason));
                    }
                }
                return found.take(walked, pattern, |pattern| SourceProblem::EmptyFolder {
                    pattern,
                });
            }
            Ok(_) if self.is_excluded(path) => {
                return Err(SourceProblem::Excluded { pattern: owned() });
            }
            Ok(_) => {
                return Ok(Matches {
                    paths: vec![path.to_owned()],
                    are_named: true,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let reason = format!("cannot be read: {}", io_reason(&error));
                found.unreadable.push(UnreadablePath::new(path, reason));
                return Ok(Matches::default());
            }
            Err(_) => {}
        }
        let Some((root, rest)) = split_glob(pattern) else {
            return Err(SourceProblem::Missing { pattern: owned() });
        };
        let matcher = glob(pattern, rest)?;
        let root = Path::new(if root.is_empty() { "." } else { root });
        if !root.is_dir() {
            return Err(SourceProblem::NoMatch { pattern: owned() });
        }
        let walked = self.walk(pattern, root, &|path| {
            path.strip_prefix(root)
                .is_ok_and(|below| matcher.is_match(below))
        });
        found.take(walked, pattern, |pattern| SourceProblem::NoMatch {
            pattern,
        })
    }

    fn walk(&self, pattern: &str, root: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Walked {
        let is_excluded = |path: &Path| self.is_excluded(path);
        let mut walked = walk(root, &is_wanted, &is_excluded, self.follow_links);
        if !pattern.starts_with('.') {
            for path in walked.paths.iter_mut().chain(&mut walked.others) {
                if let Ok(below) = path.strip_prefix(".") {
                    *path = below.to_owned();
                }
            }
        }
        walked
    }

    fn is_excluded(&self, path: &Path) -> bool {
        self.excludes.iter().any(|exclude| exclude.matches(path))
    }
}

impl Found {
    /// Adds what was found in a folder, except for the inputs, which are returned.
    fn take(
        &mut self,
        walked: Walked,
        pattern: &str,
        nothing: fn(String) -> SourceProblem,
    ) -> Result<Matches, SourceProblem> {
        let Walked {
            paths,
            left_out,
            unreadable,
            others: _,
            has_excluded,
        } = walked;
        let is_nothing = paths.is_empty() && left_out.is_empty() && unreadable.is_empty();
        self.left_out.extend(left_out);
        self.unreadable.extend(unreadable);
        if is_nothing {
            let pattern = pattern.to_owned();
            return Err(if has_excluded {
                SourceProblem::Excluded { pattern }
            } else {
                nothing(pattern)
            });
        }
        Ok(Matches {
            paths,
            are_named: false,
        })
    }
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

    /// Whether it matches a file, or everything in a folder.
    fn matches(&self, path: &Path) -> bool {
        self.matches_path(path) || self.matches_path(&path.join("file"))
    }

    fn matches_path(&self, path: &Path) -> bool {
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
        let options = FindOptions::default().excludes(excludes.iter().copied());
        let found = sources(&patterns, &options).unwrap().sources;
        found.into_iter().map(relative).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_file_whose_name_is_not_utf_8_is_found_in_a_folder() {
        use std::os::unix::ffi::OsStrExt;

        let folder = folder(&["a.xml"]);
        let name = OsStr::from_bytes(b"b-\xFC.xml");
        // Some file systems refuse such names.
        if fs::write(folder.path().join(name), "<testsuite/>").is_ok() {
            assert_eq!(names(&folder, &[""], &[]), ["a.xml", "b-\u{FFFD}.xml"]);
            assert_eq!(names(&folder, &["*.xml"], &["b-*"]), ["a.xml"]);
        }
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
    fn a_named_file_can_be_excluded_beside_others() {
        let folder = folder(&FILES);
        let found = names(&folder, &["b/odd1.xml", "b/TEST-z.xml"], &["TEST-*"]);
        assert_eq!(found, ["b/odd1.xml"]);
    }

    #[test]
    fn all_patterns_without_inputs_are_reported_at_once() {
        let folder = folder(&["a.csv", "empty/notes.txt"]);
        let root = folder.path().display().to_string();
        let patterns = ["a.csv", "gone.xml", "*.json", "empty", "[", "no/such/*.xml"]
            .map(|pattern| format!("{root}/{pattern}"));
        let error = sources(&patterns, &FindOptions::default()).unwrap_err();
        assert_eq!(error.found.len(), 1);
        insta::assert_snapshot!(error.to_string().replace(&root, "ROOT"), @"no such file or directory: `ROOT/gone.xml`; no file matches `ROOT/*.json`; no results file in the directory `ROOT/empty`; searched for *.xml, *.trx, *.json, *.jsonl, *.ndjson, *.tap, *.csv, *.tsv, *.parquet, *.arrow, *.arrows, *.feather, *.ipc; invalid glob `ROOT/[`: error parsing glob '[': unclosed character class; missing ']'; no file matches `ROOT/no/such/*.xml`");
        let error =
            sources(&patterns[..1], &FindOptions::default().excludes(["*.csv"])).unwrap_err();
        assert!(matches!(
            error.problems[..],
            [SourceProblem::Excluded { .. }]
        ));
    }

    #[test]
    fn a_file_is_named_if_a_pattern_is_its_name() {
        let folder = folder(&FILES);
        let root = folder.path().display().to_string();
        let patterns = ["b", "b/*.xml", "b/odd1.xml"].map(|pattern| format!("{root}/{pattern}"));
        let found = sources(&patterns, &FindOptions::default()).unwrap();
        let named = found.sources.iter().filter(|source| source.is_named());
        let named: Vec<_> = named.map(|source| source.name().to_owned()).collect();
        assert_eq!(named, [format!("{root}/b/odd1.xml")]);
        assert_eq!(found.sources.len(), 4);
    }

    #[test]
    fn files_of_a_folder_that_may_be_results_are_mentioned() {
        let folder = folder(&["a.xml", "notes.txt"]);
        for (name, content) in [
            ("junit", &b"<testsuite/>"[..]),
            ("b.xml.gz", b"\x1F\x8B\x08"),
            ("b.xml.zip", b"PK\x03\x04"),
            ("c.trx", b"<TestRun/>"),
            ("Test.class", b"\xCA\xFE"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let root = folder.path().display().to_string();
        let found = sources(&[&root], &FindOptions::default()).unwrap();
        let names = found.sources.iter().map(Source::name);
        let left_out = found.left_out.iter().map(ToString::to_string);
        let shown = names
            .map(str::to_owned)
            .chain(left_out)
            .collect::<Vec<_>>()
            .join("\n");
        insta::assert_snapshot!(shown.replace(&root, "ROOT"), @r"
        ROOT/a.xml
        ROOT/b.xml.gz
        ROOT/c.trx
        `ROOT/b.xml.zip` is compressed
        `ROOT/junit` looks like a report but has an unsupported extension
        ");
    }
}
