//! The package for Debian, Ubuntu and their like.

use std::fs;
use std::path::Path;

use anyhow::Result;
use xshell::cmd;

use super::archive::Archiver;
use super::edition::{EDITIONS, Edition, VERSION};
use super::stage::add;
use crate::program::GLIBC;
use crate::setup;

/// Packs what is in a folder; says why if that is not possible.
pub(super) fn write(
    archiver: &Archiver,
    edition: &Edition,
    folder: &Path,
    output: &Path,
) -> Result<Option<String>> {
    if setup::find("dpkg-deb").is_none() {
        return Ok(Some(
            "a package for Debian (`dpkg-deb` is not installed)".to_owned(),
        ));
    }
    let shell = &archiver.shell;
    let size = installed_size(folder)?;
    // Debian wants licences in a file of this name.
    let documents = folder.join("usr/share/doc").join(edition.name);
    add(
        &documents.join("copyright"),
        copyright(edition).as_bytes(),
        0o644,
    )?;
    add(
        &folder.join("DEBIAN/control"),
        control(edition, size).as_bytes(),
        0o644,
    )?;
    archiver.touch(folder)?;
    let file = output.join(file_name(edition));
    let level = format!("-z{}", archiver.level);
    let build = cmd!(
        shell,
        "dpkg-deb --root-owner-group -Zgzip {level} --build {folder} {file}"
    );
    build.quiet().ignore_stdout().run()?;
    fs::remove_dir_all(folder.join("DEBIAN"))?;
    Ok(None)
}

pub(super) fn file_name(edition: &Edition) -> String {
    format!("{}_{VERSION}-1_{}.deb", edition.name, architecture())
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// How much space a folder takes, in KiB, the same on every file system: each file is rounded up, and a folder counts as 1.
fn installed_size(folder: &Path) -> Result<u64> {
    let mut size = 1;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        size += if entry.file_type()?.is_dir() {
            installed_size(&entry.path())?
        } else {
            entry.metadata()?.len().div_ceil(1024)
        };
    }
    Ok(size)
}

/// The description of the package; `size` is in KiB.
fn control(edition: &Edition, size: u64) -> String {
    let (name, architecture) = (edition.name, architecture());
    let others: Vec<&str> = EDITIONS
        .iter()
        .map(|other| other.name)
        .filter(|other| *other != name)
        .collect();
    let others = others.join(", ");
    format!(
        "Package: {name}\nVersion: {VERSION}-1\nArchitecture: {architecture}\n\
         Maintainer: The Octane Client authors <octane-client@users.noreply.github.com>\nInstalled-Size: {size}\n\
         Depends: libc6 (>= {GLIBC})\nRecommends: ca-certificates\nConflicts: {others}\nReplaces: {others}\n\
         Section: devel\nPriority: optional\nHomepage: {homepage}\nDescription: {summary}\n\
         \x20Reads the reports of test runners, uploads them to ALM Octane, waits until they are ingested, and links the runs to\n\
         \x20the stories that they cover.\n",
        homepage = env!("CARGO_PKG_REPOSITORY"),
        summary = edition.summary,
    )
}

fn copyright(edition: &Edition) -> String {
    format!(
        "Octane Client, {homepage}\nCopyright The Octane Client authors\n\nLicensed under MIT or Apache-2.0, at your option; see LICENSE-MIT and \
         LICENSE-APACHE in /usr/share/doc/{name}.\nTHIRD-PARTY-LICENSES has the licences of what the program is linked with.\n",
        homepage = env!("CARGO_PKG_REPOSITORY"),
        name = edition.name,
    )
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        add(&folder.path().join("usr/bin/octane"), &[0; 1025], 0o755).unwrap();
        add(&folder.path().join("usr/empty"), b"", 0o644).unwrap();
        // The folder, `usr`, `usr/bin`, and two for the program.
        assert_eq!(installed_size(folder.path()).unwrap(), 5);
    }

    #[test]
    fn the_two_editions_replace_each_other() {
        for (edition, other) in [(0, "octane-client-uploader"), (1, "octane-client")] {
            let control = control(&EDITIONS[edition], 100);
            assert!(
                control.contains(&format!("\nConflicts: {other}\nReplaces: {other}\n")),
                "{control}"
            );
            assert!(control.ends_with('\n'));
        }
    }
}
