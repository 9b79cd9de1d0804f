//! The image for containers: nothing but the program and what it needs, in the layout of the Open Container Initiative.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use xshell::cmd;

use super::edition::VERSION;
use super::stage::{Stage, add, add_folder};

/// The user that the program runs as; not root.
pub(super) const USER: u32 = 65532;

/// Writes the image as a file that `podman load`, `docker load` and `skopeo` read.
pub(super) fn write(stage: &Stage, work: &Path, file: &Path) -> Result<()> {
    let archiver = stage.archiver;
    let content = work.join("content");
    fill(stage, &content)?;
    let layer = work.join("layer.tar");
    // What everybody reads belongs to root; what the program writes belongs to its user.
    let own = ["./home/octane", "./work"];
    let entries = entries(&content)?;
    let others: Vec<&str> = entries
        .iter()
        .map(String::as_str)
        .filter(|path| !own.contains(path))
        .collect();
    let others = [&["--no-recursion"], others.as_slice()].concat();
    archiver.tar_for(&content, &layer, 0, "--create", &others)?;
    archiver.tar_for(&content, &layer, USER, "--append", &own)?;
    let unpacked = archiver.digest(&layer)?;
    archiver.gzip(&layer)?;

    let layout = work.join("layout");
    let date = archiver.date()?;
    let layer = store(stage, &layout, &fs::read(work.join("layer.tar.gz"))?)?;
    let config = json!({
        "created": date, "architecture": architecture(), "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"), "WorkingDir": "/work", "Entrypoint": ["/usr/bin/octane"],
            "Env": ["PATH=/usr/bin", "HOME=/home/octane"],
            "Labels": {
                "org.opencontainers.image.title": stage.edition.name,
                "org.opencontainers.image.version": VERSION,
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
                "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{unpacked}")] },
        "history": [{ "created": date, "created_by": "cargo xtask dist" }],
    });
    let config = store(stage, &layout, &serde_json::to_vec(&config)?)?;
    let described = |kind: &str, (digest, size): &(String, usize)| -> Value {
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": format!("sha256:{digest}"), "size": size })
    };
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described("config.v1+json", &config),
        "layers": [described("layer.v1.tar+gzip", &layer)],
    });
    let manifest = store(stage, &layout, &serde_json::to_vec(&manifest)?)?;
    let mut named = described("manifest.v1+json", &manifest);
    named["annotations"] = json!({
        "org.opencontainers.image.ref.name": format!("{}:{VERSION}", stage.edition.name),
        "io.containerd.image.name": format!("localhost/{}:{VERSION}", stage.edition.name),
    });
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [named],
    });
    let index = serde_json::to_vec(&index)?;
    add(&layout.join("index.json"), &index, 0o644)?;
    let version = br#"{"imageLayoutVersion":"1.0.0"}"#;
    add(&layout.join("oci-layout"), version, 0o644)?;
    archiver.tar(&layout, file)
}

/// Puts all that the image contains into a folder.
fn fill(stage: &Stage, folder: &Path) -> Result<()> {
    stage.add_program(&folder.join("usr/bin/octane"))?;
    stage.add_documents(&folder.join("usr/share/doc").join(stage.edition.name))?;
    add_glibc(stage, folder)?;
    add(
        &folder.join("etc/ssl/certs/ca-certificates.crt"),
        certificates().as_bytes(),
        0o644,
    )?;
    let users = format!(
        "root:x:0:0::/:/sbin/nologin\noctane:x:{USER}:{USER}::/home/octane:/sbin/nologin\n"
    );
    add(&folder.join("etc/passwd"), users.as_bytes(), 0o644)?;
    let groups = format!("root:x:0:\noctane:x:{USER}:\n");
    add(&folder.join("etc/group"), groups.as_bytes(), 0o644)?;
    add(
        &folder.join("etc/nsswitch.conf"),
        b"hosts: files dns\n",
        0o644,
    )?;
    for (path, mode) in [("tmp", "1777"), ("work", "755"), ("home/octane", "700")] {
        let path = folder.join(path);
        add_folder(&path)?;
        cmd!(stage.archiver.shell, "chmod {mode} {path}")
            .quiet()
            .run()?;
    }
    Ok(())
}

/// Adds the C library of this machine, which the program is linked with when it starts.
fn add_glibc(stage: &Stage, folder: &Path) -> Result<()> {
    let program = stage.program;
    let list = cmd!(stage.archiver.shell, "ldd {program}").quiet().read()?;
    let libraries = libraries(&list)?;
    ensure!(!libraries.is_empty(), "`ldd` lists no library:\n{list}");
    for library in libraries {
        let content =
            fs::read(&library).with_context(|| format!("cannot read `{}`", library.display()))?;
        add(&folder.join(library.strip_prefix("/")?), &content, 0o755)?;
    }
    for package in ["libc6", "libgcc-s1"] {
        let copyright = Path::new("usr/share/doc").join(package).join("copyright");
        // Where Debian has them; the C library of other systems comes without.
        if let Ok(text) = fs::read(Path::new("/").join(&copyright)) {
            add(&folder.join(copyright), &text, 0o644)?;
        }
    }
    Ok(())
}

/// The paths of the libraries in what `ldd` prints.
fn libraries(list: &str) -> Result<BTreeSet<PathBuf>> {
    let mut libraries = BTreeSet::new();
    for line in list.lines().map(str::trim) {
        ensure!(!line.ends_with("not found"), "a library is missing: {line}");
        let path = line.split_once(" => ").map_or(line, |(_, path)| path);
        let path = path.split(" (").next().unwrap_or_default();
        if path.starts_with('/') {
            libraries.insert(PathBuf::from(path));
        }
    }
    Ok(libraries)
}

/// The certificate authorities that Mozilla trusts, as PEM: those of the machine that builds may have others, which others must not trust.
fn certificates() -> String {
    let mut text = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(certificate).as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// All paths below a folder, as `./a/b`, sorted, folders before what is in them.
fn entries(folder: &Path) -> Result<Vec<String>> {
    let mut folders = vec![folder.to_owned()];
    let mut entries = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            entries.push(format!("./{}", path.strip_prefix(folder)?.display()));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    entries.sort();
    Ok(entries)
}

/// Stores a blob in the layout; returns its digest and size.
fn store(stage: &Stage, layout: &Path, blob: &[u8]) -> Result<(String, usize)> {
    let blobs = layout.join("blobs/sha256");
    let file = blobs.join("new");
    add(&file, blob, 0o644)?;
    let digest = stage.archiver.digest(&file)?;
    fs::rename(file, blobs.join(&digest))?;
    Ok((digest, blob.len()))
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_with_a_path() {
        let list = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n";
        let paths: Vec<PathBuf> = libraries(list).unwrap().into_iter().collect();
        assert_eq!(
            paths,
            [
                PathBuf::from("/lib/x86_64-linux-gnu/libc.so.6"),
                PathBuf::from("/lib64/ld-linux-x86-64.so.2"),
            ]
        );
        assert!(libraries("\tlibx.so => not found\n").is_err());
    }

    #[test]
    fn the_certificates_are_pem() {
        let text = certificates();
        assert!(text.matches("-----BEGIN CERTIFICATE-----").count() > 50);
        assert!(text.lines().all(|line| line.len() <= 64));
    }
}
