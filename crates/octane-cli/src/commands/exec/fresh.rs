//! Which reports a command has written: those that are there afterwards, and were not there before as they are now.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use octane_results::{Found, Source};

use crate::args::InputArgs;
use crate::input::finding::{Inputs, matching_files};

/// How much earlier than the start a file may seem to be modified that was written afterwards: some file systems round times
/// down to two seconds.
const ROUNDING_MAX: Duration = Duration::from_secs(2);

/// How many reports are named in an error.
const NAMED_MAX: usize = 3;

/// What a file system says about a file, from which it follows whether it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    /// On Unix the file's number and the time of its last change, which no program can set.
    identity: (u64, i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let identity = (0, 0, 0);
        Some(Self {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
            identity,
        })
    }
}

/// Whether a command that began at `start` has written a file.
///
/// | before | now | written |
/// | --- | --- | --- |
/// | not there | modified since the start | yes |
/// | not there | modified before the start: moved, unpacked or copied with its times | no, it is of an earlier run |
/// | there | the same | no |
/// | there | different, modified since the start | yes |
/// | there | different, modified before the start: renamed, or its permissions changed | no |
fn is_written(before: Option<Stamp>, now: Stamp, start: SystemTime) -> bool {
    let is_since_start = now
        .modified
        .is_none_or(|modified| modified + ROUNDING_MAX >= start);
    before != Some(now) && is_since_start
}

/// The reports before the command runs.
#[derive(Debug)]
pub(super) struct Snapshot {
    start: SystemTime,
    stamps: HashMap<PathBuf, Stamp>,
}

impl Snapshot {
    /// That of the files that are there now.
    pub(super) fn of(found: &Found) -> Self {
        let paths = found.sources.iter().filter_map(Source::as_path);
        let stamps = paths.filter_map(|path| Some((real(path), Stamp::of(path)?)));
        Self {
            stamps: stamps.collect(),
            start: SystemTime::now(),
        }
    }

    /// What has been written since, of the files that were found with the patterns of these arguments.
    ///
    /// A pattern is missing if no file that it matches was written, whichever pattern the file is listed for; the name of a file that
    /// is excluded is not.
    pub(super) fn fresh(&self, mut found: Found, args: &InputArgs) -> Fresh {
        let (fresh, stale) = std::mem::take(&mut found.sources)
            .into_iter()
            .partition(|source| self.is_fresh(source));
        found.sources = fresh;
        let has = |number: usize, pattern: &str| {
            let mut sources = found.sources.iter();
            sources.any(|source| source.pattern() == number)
                || matching_files(args, pattern)
                    .is_none_or(|files| files.iter().any(|source| self.is_fresh(source)))
        };
        let patterns = args.inputs.iter().enumerate();
        let missing = patterns.filter(|(number, pattern)| !has(*number, pattern));
        Fresh {
            missing: missing.map(|(_, pattern)| pattern.clone()).collect(),
            found,
            stale,
        }
    }

    fn is_fresh(&self, source: &Source) -> bool {
        let stamp = source
            .as_path()
            .and_then(|path| Some((path, Stamp::of(path)?)));
        stamp.is_none_or(|(path, stamp)| {
            let before = self.stamps.get(&real(path)).copied();
            is_written(before, stamp, self.start)
        })
    }
}

/// The file itself, by whatever path it is found.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The reports of a command.
#[derive(Debug)]
pub(super) struct Fresh {
    found: Found,
    /// Reports of earlier runs.
    stale: Vec<Source>,
    /// Patterns of which none was written.
    pub(super) missing: Vec<String>,
}

impl Fresh {
    pub(super) fn is_empty(&self) -> bool {
        self.found.sources.is_empty() && self.found.unreadable.is_empty()
    }

    /// The first reports of earlier runs, as the end of a message that nothing was written; empty if there are none.
    pub(super) fn older(&self) -> String {
        let names = self.stale.iter().take(NAMED_MAX);
        let names: Vec<String> = names.map(|source| format!("`{}`", source.name())).collect();
        let names = names.join(", ");
        match self.stale.len() {
            0 => String::new(),
            1..=NAMED_MAX => format!("; older reports are not uploaded: {names}"),
            all => format!(
                "; older reports are not uploaded: {names} and {} more",
                all - NAMED_MAX
            ),
        }
    }

    /// What is read.
    pub(super) fn inputs(self) -> Inputs {
        let missing = self.missing.iter();
        let missing =
            missing.map(|pattern| ("missing", format!("no report was written as `{pattern}`")));
        let stale = self.stale.iter();
        let stale = stale.map(|source| {
            let message = format!("ignored: {}: the command did not write it", source.name());
            ("older_report", message)
        });
        Inputs {
            warnings: missing.chain(stale).collect(),
            found: self.found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn stamp(modified: u64, bytes: u64, changed: i64) -> Stamp {
        Stamp {
            modified: Some(at(modified)),
            bytes,
            identity: (7, changed, 0),
        }
    }

    #[test]
    fn every_row_of_the_table_holds() {
        let start = at(1000);
        let old = stamp(500, 80, 500);
        let rows = [
            (None, stamp(1001, 80, 1001), true),
            (None, stamp(500, 80, 1001), false),
            (Some(old), old, false),
            (Some(old), stamp(1001, 80, 1001), true),
            (Some(old), stamp(500, 80, 1001), false),
        ];
        for (before, now, expected) in rows {
            assert_eq!(
                is_written(before, now, start),
                expected,
                "{before:?} {now:?}"
            );
        }
    }

    #[test]
    fn a_time_that_was_rounded_down_counts_as_since_the_start() {
        let start = at(1000) + Duration::from_millis(900);
        assert!(is_written(None, stamp(1000, 80, 1000), start));
        assert!(!is_written(None, stamp(998, 80, 1000), start));
    }

    #[test]
    fn a_file_that_was_written_again_within_the_same_moment_is_recognised_by_its_size_or_its_change()
     {
        let start = at(1000);
        let before = stamp(1000, 80, 1000);
        assert!(is_written(Some(before), stamp(1000, 81, 1000), start));
        assert!(is_written(Some(before), stamp(1000, 80, 1001), start));
    }
}
