//! The files of a package, in a folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::cmd;

use super::archive::Archiver;
use super::edition::Edition;
use super::licences;
use crate::man;

/// What all packages of an edition have in common.
pub(super) struct Stage<'a> {
    pub(super) archiver: &'a Archiver,
    pub(super) root: &'a Path,
    pub(super) edition: &'a Edition,
    pub(super) program: &'a Path,
    /// The licences of all that is linked.
    pub(super) licences: &'a str,
    /// The list of all that is linked.
    pub(super) bill: &'a str,
}

/// The mode of files that are not programs.
const PLAIN: u32 = 0o644;
const EXECUTABLE: u32 = 0o755;

impl Stage<'_> {
    /// An archive to unpack anywhere.
    pub(super) fn plain(&self, folder: &Path) -> Result<()> {
        self.add_program(&folder.join("octane"))?;
        self.add_man_pages(&folder.join("man/man1"))?;
        self.add_completions(
            &folder.join("completions/octane.bash"),
            &folder.join("completions/_octane"),
            &folder.join("completions/octane.fish"),
        )?;
        self.add_documents(folder)
    }

    /// What a package of a distribution installs, with the place where its zsh looks for completions.
    pub(super) fn installed(&self, folder: &Path, zsh: &str) -> Result<()> {
        self.add_program(&folder.join("usr/bin/octane"))?;
        self.add_man_pages(&folder.join("usr/share/man/man1"))?;
        self.add_completions(
            &folder.join("usr/share/bash-completion/completions/octane"),
            &folder.join(zsh).join("_octane"),
            &folder.join("usr/share/fish/vendor_completions.d/octane.fish"),
        )?;
        self.add_documents(&folder.join("usr/share/doc").join(self.edition.name))
    }

    pub(super) fn add_program(&self, path: &Path) -> Result<()> {
        let program = fs::read(self.program)
            .with_context(|| format!("cannot read `{}`", self.program.display()))?;
        add(path, &program, EXECUTABLE)
    }

    fn add_man_pages(&self, folder: &Path) -> Result<()> {
        let pages = self.archiver.shell.read_dir(man::folder(self.root))?;
        for page in pages {
            let name = page
                .file_name()
                .context("a page has a name")?
                .to_string_lossy();
            if self
                .edition
                .lacks
                .iter()
                .any(|command| is_page_of(&name, command))
            {
                continue;
            }
            let copy = folder.join(&*name);
            add(&copy, &fs::read(&page)?, PLAIN)?;
            self.archiver.gzip(&copy)?;
        }
        Ok(())
    }

    fn add_completions(&self, bash: &Path, zsh: &Path, fish: &Path) -> Result<()> {
        let program = self.program;
        for (shell, path) in [("bash", bash), ("zsh", zsh), ("fish", fish)] {
            let script = cmd!(self.archiver.shell, "{program} completions {shell}");
            add(path, script.quiet().output()?.stdout.as_slice(), PLAIN)?;
        }
        Ok(())
    }

    pub(super) fn add_documents(&self, folder: &Path) -> Result<()> {
        for name in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            add(&folder.join(name), &fs::read(self.root.join(name))?, PLAIN)?;
        }
        if let Some(page) = licences::of_standard_library(&self.archiver.shell)? {
            add(&folder.join("RUST-STANDARD-LIBRARY.html"), &page, PLAIN)?;
        }
        add(
            &folder.join("THIRD-PARTY-LICENSES"),
            self.licences.as_bytes(),
            PLAIN,
        )?;
        add(&folder.join("sbom.cdx.json"), self.bill.as_bytes(), PLAIN)
    }
}

/// Whether this is the man page of a command of `octane`, or of one of its own commands.
fn is_page_of(name: &str, command: &str) -> bool {
    let rest = name.strip_prefix("octane-");
    let rest = rest.and_then(|rest| rest.strip_prefix(command));
    rest.is_some_and(|rest| rest.starts_with(['-', '.']))
}

/// Writes a file and the folders that it is in. Their modes do not depend on those that this user usually gives to new files.
pub(super) fn add(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    add_folder(path.parent().context("a file is in a folder")?)?;
    fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    set_mode(path, mode)
}

/// Creates a folder and those that it is in.
pub(super) fn add_folder(folder: &Path) -> Result<()> {
    let missing = folder.ancestors().take_while(|folder| !folder.exists());
    let missing: Vec<&Path> = missing.collect();
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    missing
        .into_iter()
        .try_for_each(|folder| set_mode(folder, EXECUTABLE))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    Ok(fs::set_permissions(path, mode)?)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod unit_tests {
    use super::is_page_of;

    #[test]
    fn pages_are_those_of_a_command_and_its_own_commands() {
        assert!(is_page_of("octane-relay.1", "relay"));
        assert!(is_page_of("octane-relay-status.1", "relay"));
        assert!(!is_page_of("octane-relays.1", "relay"));
        assert!(!is_page_of("octane.1", "relay"));
    }
}
