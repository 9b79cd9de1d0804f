//! The man pages of the program, from the definitions of its command line.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::output::say;

/// Where they are written to.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("target/man")
}

/// Writes them to `target/man`, and checks that each has a name, a synopsis and a description.
pub(crate) fn write(shell: &Shell, root: &Path) -> Result<()> {
    let folder = folder(root);
    shell.remove_path(&folder)?;
    cmd!(
        shell,
        "cargo run --quiet --package octane-cli --features man -- man {folder}"
    )
    .run()?;
    let pages = shell.read_dir(&folder)?;
    for page in &pages {
        let text = shell.read_file(page)?;
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            ensure!(
                text.contains(section),
                "`{}` has no `{section}`",
                page.display()
            );
        }
    }
    ensure!(
        pages.iter().any(|page| page.ends_with("octane-upload.1")),
        "no page for `octane upload`"
    );
    say(&format!(
        "{} man pages in {}",
        pages.len(),
        folder.display()
    ));
    Ok(())
}
