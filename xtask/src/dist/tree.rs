//! The packages that are linked into a program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use xshell::{Shell, cmd};

use super::edition::Edition;

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) licence: String,
    pub(super) repository: Option<String>,
    /// Where its files are.
    pub(super) folder: PathBuf,
    /// Whether it is a crate of this project.
    pub(super) is_own: bool,
    /// The SHA-256 of its archive on crates.io.
    pub(super) checksum: Option<String>,
    /// What it is linked with.
    pub(super) dependencies: BTreeSet<Key>,
}

/// A name and a version.
pub(super) type Key = (String, String);

/// All packages that are linked into a program, without those that only build it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) packages: BTreeMap<Key, Package>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Listed>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Tree {
    /// Asks cargo.
    pub(super) fn read(shell: &Shell, root: &Path, edition: &Edition) -> Result<Self> {
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let features = edition.features;
        let (edges, format) = ("normal,no-proc-macro", "{p}");
        let list = cmd!(
            shell,
            "cargo tree --package octane-cli --target {triple} --edges {edges} --prefix none --no-dedupe --format {format} {features...}"
        );
        let metadata = cmd!(
            shell,
            "cargo metadata --format-version 1 --filter-platform {triple}"
        );
        let lock = shell.read_file(root.join("Cargo.lock"))?;
        let tree = Self::parse(&list.quiet().read()?, &metadata.quiet().read()?, &lock)?;
        ensure!(
            tree.packages.keys().any(|(name, _)| name == "octane-cli"),
            "`cargo tree` does not list the program"
        );
        Ok(tree)
    }

    /// From the answers of `cargo tree` (a package a line) and `cargo metadata`, and from `Cargo.lock`.
    fn parse(list: &str, metadata: &str, lock: &str) -> Result<Self> {
        let linked: BTreeSet<Key> = list.lines().filter_map(key).collect();
        let metadata: Metadata = serde_json::from_str(metadata)?;
        let lock: Lock = toml::from_str(lock)?;
        let checksums: BTreeMap<Key, String> = lock
            .package
            .into_iter()
            .filter_map(|one| Some(((one.name, one.version), one.checksum?)))
            .collect();
        let keys: BTreeMap<&str, Key> = metadata
            .packages
            .iter()
            .map(|one| (one.id.as_str(), (one.name.clone(), one.version.clone())))
            .collect();
        let mut tree = Self::default();
        for one in &metadata.packages {
            let key = (one.name.clone(), one.version.clone());
            if !linked.contains(&key) {
                continue;
            }
            let node = metadata.resolve.nodes.iter().find(|node| node.id == one.id);
            let dependencies = node
                .into_iter()
                .flat_map(|node| &node.deps)
                .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
                .filter_map(|dependency| keys.get(dependency.pkg.as_str()))
                .filter(|key| linked.contains(key))
                .cloned()
                .collect();
            let folder = one.manifest_path.parent();
            let package = Package {
                licence: one.license.clone().unwrap_or_default().replace('/', " OR "),
                repository: one.repository.clone(),
                folder: folder.context("a manifest is in a folder")?.to_owned(),
                is_own: one.source.is_none(),
                checksum: checksums.get(&key).cloned(),
                dependencies,
            };
            tree.packages.insert(key, package);
        }
        ensure!(
            tree.packages.len() == linked.len(),
            "`cargo tree` and `cargo metadata` list different packages"
        );
        Ok(tree)
    }
}

/// `serde v1.0.229 (proc-macro)` as name and version.
fn key(line: &str) -> Option<Key> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?);
    Some((name.to_owned(), version.strip_prefix('v')?.to_owned()))
}

#[cfg(test)]
pub(super) mod unit_tests {
    use super::*;

    /// A program that is linked with one package, and built with another one.
    pub(in crate::dist) fn example() -> Tree {
        let metadata = r#"{
            "packages": [
                { "id": "own", "name": "octane-cli", "version": "0.1.0", "license": "MIT OR Apache-2.0", "repository": null,
                  "manifest_path": "/work/crates/octane-cli/Cargo.toml", "source": null },
                { "id": "url", "name": "url", "version": "2.5.8", "license": "MIT/Apache-2.0",
                  "repository": "https://example.com/url", "manifest_path": "/cargo/url/Cargo.toml", "source": "registry" },
                { "id": "cc", "name": "cc", "version": "1.0.0", "license": "MIT", "repository": null,
                  "manifest_path": "/cargo/cc/Cargo.toml", "source": "registry" }
            ],
            "resolve": { "nodes": [
                { "id": "own", "deps": [
                    { "pkg": "url", "dep_kinds": [{ "kind": null }, { "kind": "dev" }] },
                    { "pkg": "cc", "dep_kinds": [{ "kind": "build" }] }
                ] },
                { "id": "url", "deps": [] },
                { "id": "cc", "deps": [] }
            ] }
        }"#;
        let lock = "[[package]]\nname = \"url\"\nversion = \"2.5.8\"\nchecksum = \"abc\"\n\
                    [[package]]\nname = \"octane-cli\"\nversion = \"0.1.0\"\n";
        let list = "octane-cli v0.1.0 (/work/crates/octane-cli)\nurl v2.5.8\nurl v2.5.8\n";
        Tree::parse(list, metadata, lock).unwrap()
    }

    #[test]
    fn only_what_is_linked_is_in_the_tree() {
        let tree = example();
        let names: Vec<&str> = tree
            .packages
            .keys()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["octane-cli", "url"]);
        let url = ("url".to_owned(), "2.5.8".to_owned());
        let own = &tree.packages[&("octane-cli".to_owned(), "0.1.0".to_owned())];
        assert!(own.is_own);
        assert_eq!(own.dependencies, BTreeSet::from([url.clone()]));
        let url = &tree.packages[&url];
        assert_eq!(url.licence, "MIT OR Apache-2.0");
        assert_eq!(url.checksum.as_deref(), Some("abc"));
    }
}
