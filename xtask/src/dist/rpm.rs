//! The package for Fedora, Red Hat, SUSE and their like.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::cmd;

use super::archive::Archiver;
use super::edition::{EDITIONS, Edition, VERSION};
use crate::program::GLIBC;
use crate::setup;

/// Packs what is in a folder; says why if that is not possible.
pub(super) fn write(
    archiver: &Archiver,
    edition: &Edition,
    folder: &Path,
    output: &Path,
) -> Result<Option<String>> {
    if setup::find("rpmbuild").is_none() {
        return Ok(Some(
            "a package for Red Hat (`rpmbuild` is not installed; Debian: `apt-get install rpm`)"
                .to_owned(),
        ));
    }
    archiver.touch(folder)?;
    let work = tempfile::tempdir()?;
    let description = work.path().join("octane.spec");
    let top = work.path().join("top");
    fs::write(&description, spec(edition, &files(folder)?))?;
    let architecture = std::env::consts::ARCH;
    let macros = [
        format!("_topdir {}", top.display()),
        // The same on every machine, and as the tools find it: without a build ID, without stripping, without a date of today.
        "_buildhost localhost".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
        "_build_id_links none".to_owned(),
        "__os_install_post %{nil}".to_owned(),
        "debug_package %{nil}".to_owned(),
        format!("_binary_payload w{}.gzdio", archiver.level),
        format!("staged {}", folder.display()),
    ];
    let defines = macros.iter().flat_map(|one| ["--define", one.as_str()]);
    let packing = cmd!(
        archiver.shell,
        "rpmbuild --quiet -bb --target {architecture} {defines...} {description}"
    );
    packing.quiet().ignore_stdout().ignore_stderr().run()?;
    let built = top.join("RPMS").join(architecture).join(file_name(edition));
    fs::copy(&built, output.join(file_name(edition)))
        .with_context(|| format!("`rpmbuild` made no `{}`", built.display()))?;
    Ok(None)
}

pub(super) fn file_name(edition: &Edition) -> String {
    format!(
        "{}-{VERSION}-1.{}.rpm",
        edition.name,
        std::env::consts::ARCH
    )
}

/// The paths of all files in a folder, as they are installed.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(format!("/{}", path.strip_prefix(folder)?.display()));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The description of the package.
fn spec(edition: &Edition, files: &[String]) -> String {
    let others = EDITIONS.iter().map(|other| other.name);
    let conflicts: String = others
        .filter(|other| *other != edition.name)
        .map(|other| format!("Conflicts: {other}\n"))
        .collect();
    format!(
        "Name: {name}\nVersion: {VERSION}\nRelease: 1\nSummary: {summary}\nLicense: MIT OR Apache-2.0\nURL: {homepage}\n\
         AutoReqProv: no\nRequires: glibc >= {GLIBC}\nRecommends: ca-certificates\n{conflicts}\n\
         %description\nReads the reports of test runners, uploads them to ALM Octane, waits until they are ingested, and links the\n\
         runs to the stories that they cover.\n\n\
         %install\nmkdir -p %{{buildroot}}\ncp -a %{{staged}}/. %{{buildroot}}/\n\n\
         %files\n%defattr(-,root,root)\n/usr/share/doc/{name}\n{files}\n",
        name = edition.name,
        summary = edition.summary,
        homepage = env!("CARGO_PKG_REPOSITORY"),
        files = files
            .iter()
            .filter(|file| !file.starts_with("/usr/share/doc/"))
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn every_file_is_listed_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["usr/bin/octane", "usr/share/doc/octane-client/README.md"] {
            super::super::stage::add(&folder.path().join(path), b"x", 0o644).unwrap();
        }
        let spec = spec(&EDITIONS[0], &files(folder.path()).unwrap());
        assert!(
            spec.ends_with("/usr/share/doc/octane-client\n/usr/bin/octane\n"),
            "{spec}"
        );
    }
}
