//! Makes what is released a second time, from a copy of the project in another folder, and compares the bytes.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use super::archive::checksums;
use crate::folders::target;
use crate::output::say;

/// The second build is made from the last commit, so the first one has to be, too.
pub(super) fn ensure_committed(shell: &Shell) -> Result<()> {
    let changes = cmd!(shell, "git status --porcelain").quiet().read()?;
    ensure!(
        changes.is_empty(),
        "commit these files first, as the second build is made from the last commit:\n{changes}"
    );
    Ok(())
}

/// Builds and packs everything in another folder, and compares it with what was `made` here.
pub(super) fn check(shell: &Shell, root: &Path, made: &Path) -> Result<()> {
    let copy = target(root).join("distribution-twice");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    cmd!(shell, "git clone --quiet {root} {copy}").run()?;
    {
        let shell = shell.clone();
        shell.change_dir(&copy);
        cmd!(shell, "cargo xtask dist")
            .env_remove("CARGO_TARGET_DIR")
            .run()?;
    }
    let (first, second) = (
        checksums(made)?,
        checksums(&copy.join("target/distribution"))?,
    );
    let different = differences(&first, &second);
    ensure!(
        different.is_empty(),
        "built again in `{}`, these files have other bytes:\n{}",
        copy.display(),
        different.join("\n")
    );
    fs::remove_dir_all(&copy)?;
    say("built twice, in two folders: the same bytes");
    Ok(())
}

/// The files that are not the same in two lists of checksums, sorted by name.
fn differences<'a>(first: &'a str, second: &'a str) -> Vec<&'a str> {
    let only = |these: &'a str, those: &'a str| {
        these
            .lines()
            .filter(move |line| !those.lines().any(|other| other == *line))
    };
    let lines = only(first, second).chain(only(second, first));
    let mut names: Vec<&str> = lines
        .map(|line| line.split_once("  ").map_or(line, |(_, name)| name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod unit_tests {
    use super::differences;

    #[test]
    fn files_differ_by_content_or_by_being_there() {
        let first = "11  a\n22  b\n33  c\n";
        assert_eq!(differences(first, first), [""; 0]);
        assert_eq!(differences(first, "11  a\n99  b\n44  d\n"), ["b", "c", "d"]);
    }
}
