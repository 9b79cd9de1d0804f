//! The record of skipped tests, which ends the output of `cargo xtask test`.
//!
//! Test runners hide the output of tests that pass, and a skipped test passes. So tests append a line to a file
//! (see `crates/octane-test-support`), and the file is summarised once all of them have run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The variable that names the file to the tests.
pub(crate) const VARIABLE: &str = "OCTANE_SKIPPED_TESTS";

/// The record of one test run.
pub(crate) struct Record {
    path: PathBuf,
}

impl Record {
    /// An empty record below `target`.
    pub(crate) fn new(target: &Path) -> Result<Self> {
        fs::create_dir_all(target)?;
        let path = target.join("skipped-tests.tsv");
        fs::write(&path, "").with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was skipped and why.
    pub(crate) fn summary(&self) -> Result<String> {
        Ok(summary(&fs::read_to_string(&self.path)?))
    }
}

/// Summarises lines of a reason, a tab and the name of a test.
fn summary(record: &str) -> String {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (reason, test) in record.lines().filter_map(|line| line.split_once('\t')) {
        reasons.entry(reason).or_default().insert(test);
    }
    let tests: BTreeSet<&str> = reasons.values().flatten().copied().collect();
    let mut summary = match tests.len() {
        0 => return "no test was skipped".to_owned(),
        1 => "1 test was skipped, or a part of it:".to_owned(),
        count => format!("{count} tests were skipped, or parts of them:"),
    };
    for (reason, tests) in reasons {
        summary.push_str(&format!("\n{:>4} × {reason}", tests.len()));
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_summary_counts_tests_by_reason() {
        let record = "no corpus\ta\nno corpus\tb\nno corpus\tb\nno `node`\tc\n";
        let expected =
            "3 tests were skipped, or parts of them:\n   1 × no `node`\n   2 × no corpus";
        assert_eq!(summary(record), expected);
        assert_eq!(summary(""), "no test was skipped");
    }
}
