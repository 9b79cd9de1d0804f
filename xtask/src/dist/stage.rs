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
            if !self.edition.has_sandbox && name.starts_with("octane-sandbox") {
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

/// Writes a file and the folders that it is in.
pub(super) fn add(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    #[cfg(not(unix))]
    let _ = mode;
    Ok(())
}
