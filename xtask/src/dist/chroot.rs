//! Installs what was packed into empty folders, and runs it there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::cmd;

use super::archive::Archiver;
use super::edition::{Edition, VERSION};
use super::image::USER;
use super::{deb, rpm};
use crate::setup;

const REPORT: &str = "<testsuite name='cart'><testcase classname='shop.TaxTest' name='adds tax' time='0.1'>\
                      <properties><property name='jira' value='SHOP-101'/></properties></testcase></testsuite>";

/// Runs the program of each package of an edition; says what was not possible.
pub(super) fn check(archiver: &Archiver, edition: &Edition, output: &Path) -> Result<Vec<String>> {
    let shell = &archiver.shell;
    let user = cmd!(shell, "id --user").quiet().read()?;
    let Some(chroot) = setup::find("chroot").filter(|_| user == "0") else {
        let reason = "the check that packages run in an empty folder (only root may use `chroot`)";
        return Ok(vec![reason.to_owned()]);
    };
    let mut skipped = Vec::new();
    let folder = tempfile::tempdir()?;
    let place = |name: &str| folder.path().join(name);

    let image = place("image");
    unpack_image(archiver, edition, output, &image)?;
    run(archiver, edition, &chroot, &image).context("the program in the image does not run")?;

    // The other packages need the C library of a system.
    let system = |name: &str| -> Result<_> {
        let place = place(name);
        cmd!(shell, "cp --archive {image} {place}").quiet().run()?;
        fs::remove_file(place.join("usr/bin/octane"))?;
        Ok(place)
    };
    let package = output.join(deb::file_name(edition));
    if package.is_file() {
        let place = system("deb")?;
        fs::create_dir_all(place.join("var/lib/dpkg/updates"))?;
        fs::create_dir_all(place.join("var/lib/dpkg/info"))?;
        fs::write(place.join("var/lib/dpkg/status"), "")?;
        let install = cmd!(
            shell,
            "dpkg --root {place} --force-depends --force-not-root --install {package}"
        );
        install.quiet().ignore_stdout().ignore_stderr().run()?;
        run(archiver, edition, &chroot, &place)
            .context("the program of the package for Debian does not run")?;
    }
    let package = output.join(rpm::file_name(edition));
    if package.is_file() && setup::find("rpm").is_some() {
        let place = system("rpm")?;
        let install = cmd!(
            shell,
            "rpm --root {place} --nodeps --noscripts --ignorearch --install {package}"
        );
        install.quiet().ignore_stdout().ignore_stderr().run()?;
        run(archiver, edition, &chroot, &place)
            .context("the program of the package for Red Hat does not run")?;
    } else if package.is_file() {
        skipped.push(
            "the check that the package for Red Hat can be installed (`rpm` is not installed)"
                .to_owned(),
        );
    }
    Ok(skipped)
}

/// Unpacks the layers of the image as a container engine does, and checks their digests.
fn unpack_image(archiver: &Archiver, edition: &Edition, output: &Path, place: &Path) -> Result<()> {
    let shell = &archiver.shell;
    let name = format!(
        "{}-{VERSION}-{}-linux-oci.tar",
        edition.name,
        std::env::consts::ARCH
    );
    let file = output.join(name);
    let layout = tempfile::tempdir()?;
    let folder = layout.path();
    cmd!(shell, "tar --extract --file {file} --directory {folder}")
        .quiet()
        .run()?;
    let read =
        |path: &Path| -> Result<Value> { Ok(serde_json::from_str(&shell.read_file(path)?)?) };
    let blob = |described: &Value| -> Result<_> {
        let digest = described["digest"].as_str().context("a digest")?;
        let digest = digest.strip_prefix("sha256:").context("a SHA-256")?;
        let path = folder.join("blobs/sha256").join(digest);
        ensure!(
            archiver.digest(&path)? == digest,
            "the blob {digest} is another one"
        );
        ensure!(
            described["size"] == fs::metadata(&path)?.len(),
            "the size of blob {digest}"
        );
        Ok(path)
    };
    let index = read(&folder.join("index.json"))?;
    let manifest = read(&blob(&index["manifests"][0])?)?;
    let config = read(&blob(&manifest["config"])?)?;
    ensure!(
        config["config"]["User"] == format!("{USER}:{USER}"),
        "the image runs as another user"
    );
    fs::create_dir_all(place)?;
    for layer in manifest["layers"].as_array().context("a list of layers")? {
        let layer = blob(layer)?;
        cmd!(
            shell,
            "tar --extract --gzip --same-owner --file {layer} --directory {place}"
        )
        .quiet()
        .run()?;
    }
    Ok(())
}

/// Runs the program there, not as root: without a shell, without `/proc`, without anything else.
fn run(archiver: &Archiver, edition: &Edition, chroot: &Path, place: &Path) -> Result<()> {
    fs::write(place.join("work/results.xml"), REPORT)?;
    let shell = archiver.shell.clone();
    let user = format!("--userspec={USER}:{USER}");
    let octane = |words: &[&str]| -> Result<String> {
        let program = ["/usr/bin/octane"];
        let command = cmd!(
            shell,
            "env --ignore-environment HOME=/home/octane {chroot} {user} {place} {program...} {words...}"
        );
        Ok(command.quiet().read()?)
    };
    let version = octane(&["--version"])?;
    ensure!(version.contains(VERSION), "`--version` printed `{version}`");
    let report = octane(&["validate", "/work/results.xml"])?;
    ensure!(
        report.contains("1 result in 1 file"),
        "`validate` printed `{report}`"
    );
    if !edition.lacks.contains(&"sandbox") {
        let report = octane(&[
            "upload",
            "/work/results.xml",
            "--sandbox",
            "--quiet",
            "--suite",
            "Nightly",
            "-y",
            "--format",
            "json",
        ])?;
        let report: Value = serde_json::from_str(&report)?;
        ensure!(
            report["links"]["linked"] == 1,
            "the upload did not link the run: {report}"
        );
    }
    Ok(())
}
