//! Archives and checksums that depend on the content alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// Where the checksums of the files in a folder are.
const CHECKSUMS: &str = "SHA256SUMS";

/// Makes archives, all with the same time.
pub(super) struct Archiver {
    pub(super) shell: Shell,
    /// Seconds since 1970.
    pub(super) epoch: u64,
    /// How hard to compress, from 1 to 9.
    pub(super) level: u8,
}

impl Archiver {
    /// What is released is compressed well, anything else quickly.
    pub(super) fn new(shell: Shell, epoch: u64, is_release: bool) -> Result<Self> {
        shell.set_var("SOURCE_DATE_EPOCH", epoch.to_string());
        // Options that someone has set for these tools would change what is packed.
        for name in ["GZIP", "TAR_OPTIONS", "DPKG_DEB_COMPRESSOR_TYPE"] {
            shell.set_var(name, "");
        }
        let level = if is_release { 9 } else { 1 };
        let archiver = Self {
            shell,
            epoch,
            level,
        };
        archiver
            .date()
            .context("`date`, `tar` and `gzip` of GNU are needed")?;
        Ok(archiver)
    }

    /// The time as in `2026-11-28T00:00:00Z`.
    pub(super) fn date(&self) -> Result<String> {
        let time = format!("@{}", self.epoch);
        let date = cmd!(self.shell, "date --utc --date {time} +%Y-%m-%dT%H:%M:%SZ");
        Ok(date.quiet().read()?)
    }

    /// Gives everything in a folder that time.
    pub(super) fn touch(&self, folder: &Path) -> Result<()> {
        let (time, file) = (format!("@{}", self.epoch), "{}");
        let files = cmd!(
            self.shell,
            "find {folder} -exec touch --no-dereference --date {time} {file} +"
        );
        Ok(files.quiet().run()?)
    }

    /// Packs what is in a folder, for root and uncompressed.
    pub(super) fn tar(&self, folder: &Path, file: &Path) -> Result<()> {
        self.tar_for(folder, file, 0, "--create", &["."])
    }

    /// Packs some paths in a folder for a user.
    pub(super) fn tar_for(
        &self,
        folder: &Path,
        file: &Path,
        user: u32,
        operation: &str,
        paths: &[&str],
    ) -> Result<()> {
        let (time, user) = (format!("@{}", self.epoch), user.to_string());
        let tar = cmd!(
            self.shell,
            "tar {operation} --file {file} --directory {folder} --sort name --format gnu --mtime {time} --numeric-owner --owner {user} --group {user} {paths...}"
        );
        Ok(tar.quiet().run()?)
    }

    /// Compresses a file; its name gets the extension `gz`.
    pub(super) fn gzip(&self, file: &Path) -> Result<()> {
        let level = format!("-{}", self.level);
        Ok(cmd!(self.shell, "gzip --no-name --force {level} {file}")
            .quiet()
            .run()?)
    }

    /// Packs what is in a folder as a file that ends in `.tar.gz`.
    pub(super) fn archive(&self, folder: &Path, file: &Path) -> Result<()> {
        let tar = file.with_extension("");
        self.tar(folder, &tar)?;
        self.gzip(&tar)
    }

    /// The SHA-256 of a file.
    pub(super) fn digest(&self, file: &Path) -> Result<String> {
        let line = cmd!(self.shell, "sha256sum {file}").quiet().read()?;
        let digest = line.split(' ').next().unwrap_or_default();
        // Names with special characters begin with a backslash.
        Ok(digest.trim_start_matches('\\').to_owned())
    }

    /// Writes `SHA256SUMS` of all files in a folder.
    pub(super) fn checksums(&self, folder: &Path) -> Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name());
        }
        names.sort();
        self.shell.set_var("LC_ALL", "C");
        let _folder = self.shell.push_dir(folder);
        let sums = cmd!(self.shell, "sha256sum {names...}").quiet().read()?;
        fs::write(folder.join(CHECKSUMS), format!("{sums}\n"))?;
        Ok(())
    }
}

/// The checksums of the files in a folder, once they have been [written](Archiver::checksums).
pub(super) fn checksums(folder: &Path) -> Result<String> {
    let path = folder.join(CHECKSUMS);
    fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))
}
