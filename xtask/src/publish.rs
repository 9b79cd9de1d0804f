//! Packs the crates as crates.io would get them, without uploading anything.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::output::say;

/// The limits of crates.io: bytes of a package, keywords, characters of a keyword, categories.
const BYTES_MAX: u64 = 10 << 20;
const KEYWORDS_MAX: usize = 5;
const KEYWORD_CHARS_MAX: usize = 20;
const CATEGORIES_MAX: usize = 5;

/// What a package has besides its source.
const FILES: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Whether the packages are built as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// They are packed.
    Pack,
    /// They are packed, and built from what was packed; this takes minutes.
    Build,
}

impl Depth {
    /// By the words after `cargo xtask publish`.
    pub(crate) fn parse(words: &[String]) -> Result<Self> {
        match words {
            [] => Ok(Self::Build),
            [word] if word == "--no-verify" => Ok(Self::Pack),
            _ => bail!("cannot read {words:?}; use `--no-verify`, or nothing"),
        }
    }
}

/// Checks the manifests of all published crates, and runs `cargo publish --dry-run` for them together, since they depend on
/// each other.
pub(crate) fn check(shell: &Shell, root: &Path, depth: Depth) -> Result<()> {
    let packages = published(shell)?;
    let problems: Vec<String> = packages.iter().flat_map(problems).collect();
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    // Not the usual folder, so that what is built for one purpose is not built again for the other.
    let folder = target(root).join("publish");
    let verify: &[&str] = match depth {
        Depth::Pack => &["--no-verify"],
        Depth::Build => &[],
    };
    cmd!(
        shell,
        "cargo publish --workspace --dry-run --allow-dirty --quiet {verify...}"
    )
    .env("CARGO_TARGET_DIR", &folder)
    .run()?;
    for package in &packages {
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        // A dry run of several packages leaves them in a registry of its own.
        let file = format!("{name}-{version}.crate");
        let places =
            ["package/tmp-registry", "package"].map(|place| folder.join(place).join(&file));
        let sizes = places.iter().filter_map(|place| fs::metadata(place).ok());
        let bytes = sizes.map(|file| file.len()).next();
        let bytes = bytes.with_context(|| format!("`cargo publish` made no `{file}`"))?;
        ensure!(
            bytes <= BYTES_MAX,
            "`{name}` has {bytes} bytes; crates.io accepts {BYTES_MAX}"
        );
        let list = cmd!(shell, "cargo package --list --allow-dirty --package {name}");
        let list = list.quiet().read()?;
        check_files(name, &list)?;
        let files = list.lines().count();
        say(&format!(
            "{name} {version}: {files} files, {bytes} bytes compressed"
        ));
    }
    Ok(())
}

/// The packages of the workspace that are published.
pub(crate) fn published(shell: &Shell) -> Result<Vec<Value>> {
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let packages = metadata["packages"].as_array();
    let packages = packages.context("`cargo metadata` lists packages")?;
    // `publish` is an empty list for what is not published.
    let published = packages.iter().filter(|one| one["publish"].is_null());
    Ok(published.cloned().collect())
}

/// What crates.io would refuse or not show of a package.
fn problems(package: &Value) -> Vec<String> {
    let name = text(&package["name"]);
    let mut problems = Vec::new();
    for field in [
        "description",
        "license",
        "readme",
        "repository",
        "rust_version",
    ] {
        if text(&package[field]).is_empty() {
            problems.push(format!("`{name}` has no `{}`", field.replace('_', "-")));
        }
    }
    let (keywords, categories) = (list(&package["keywords"]), list(&package["categories"]));
    if !(1..=KEYWORDS_MAX).contains(&keywords.len()) {
        problems.push(format!(
            "`{name}` has {} keywords; there have to be 1 to {KEYWORDS_MAX}",
            keywords.len()
        ));
    }
    if !(1..=CATEGORIES_MAX).contains(&categories.len()) {
        problems.push(format!(
            "`{name}` has {} categories; there have to be 1 to {CATEGORIES_MAX}",
            categories.len()
        ));
    }
    for keyword in keywords.iter().map(text) {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-+".contains(letter);
        if keyword.len() > KEYWORD_CHARS_MAX || !keyword.chars().all(is_allowed) {
            problems.push(format!("`{name}`: `{keyword}` is not a valid keyword"));
        }
    }
    for dependency in list(&package["dependencies"]) {
        // Cargo leaves out dependencies of tests that have no version.
        let is_needed = dependency["kind"] != "dev" && !dependency["path"].is_null();
        if is_needed && text(&dependency["req"]) == "*" {
            let dependency = text(&dependency["name"]);
            problems.push(format!("`{name}` depends on no version of `{dependency}`"));
        }
    }
    problems
}

/// Checks what is in a package: a path a line.
fn check_files(name: &str, paths: &str) -> Result<()> {
    for file in FILES {
        ensure!(
            paths.lines().any(|path| path == file),
            "the package of `{name}` has no `{file}`"
        );
    }
    let foreign = ["tests/", "benches/", "target/", "proptest-regressions/"];
    for path in paths.lines() {
        ensure!(
            !foreign.iter().any(|folder| path.starts_with(folder)),
            "the package of `{name}` has `{path}`; change `include` in its manifest"
        );
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod unit_tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_crates_io_would_refuse_is_found_in_the_manifest() {
        let good = json!({
            "name": "a", "description": "d", "license": "MIT", "readme": "README.md", "repository": "https://example.com",
            "rust_version": "1.89", "keywords": ["octane"], "categories": ["api-bindings"], "dependencies": [
                { "name": "b", "kind": null, "path": "/b", "req": "^0.1.0" },
                { "name": "c", "kind": "dev", "path": "/c", "req": "*" },
            ],
        });
        assert_eq!(problems(&good), Vec::<String>::new());
        for (field, value, problem) in [
            ("readme", json!(null), "`a` has no `readme`"),
            ("rust_version", json!(null), "`a` has no `rust-version`"),
            (
                "keywords",
                json!([]),
                "`a` has 0 keywords; there have to be 1 to 5",
            ),
            (
                "categories",
                json!([]),
                "`a` has 0 categories; there have to be 1 to 5",
            ),
            (
                "keywords",
                json!(["two words"]),
                "`a`: `two words` is not a valid keyword",
            ),
            (
                "dependencies",
                json!([{ "name": "b", "kind": null, "path": "/b", "req": "*" }]),
                "`a` depends on no version of `b`",
            ),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(problems(&bad), [problem]);
        }
    }

    #[test]
    fn a_package_has_its_licences_and_no_tests() {
        let good = "Cargo.toml\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs";
        assert!(check_files("a", good).is_ok());
        let error = check_files("a", "Cargo.toml\nREADME.md").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the package of `a` has no `LICENSE-APACHE`"
        );
        let error = check_files("a", &format!("{good}\ntests/it.rs")).unwrap_err();
        assert!(error.to_string().contains("`tests/it.rs`"), "{error}");
    }
}
