//! Finds dependencies that a crate declares and does not use.
//!
//! Simple on purpose: a dependency is used if its name is a word of a source file that may use it, outside of
//! comments and texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::source::{Token, files, tokens};

/// Fails if a crate of the workspace has an unused dependency.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let mut unused = Vec::new();
    for package in list(&metadata["packages"]) {
        let manifest = Path::new(text(&package["manifest_path"]));
        let folder = manifest.parent().context("a manifest is in a folder")?;
        let library = words(&[folder.join("src"), folder.join("build.rs")])?;
        // Tests, benchmarks, examples, and examples in the documentation that are files of their own.
        let all = words(&[folder])?;
        for dependency in list(&package["dependencies"]) {
            let renamed = dependency["rename"].as_str();
            let name = renamed.unwrap_or(text(&dependency["name"]));
            let may_use = if dependency["kind"] == "dev" {
                &all
            } else {
                &library
            };
            if !may_use.contains(&name.replace('-', "_")) {
                unused.push(format!("{}: {name}", manifest.display()));
            }
        }
    }
    if unused.is_empty() {
        return Ok(());
    }
    bail!(
        "unused dependencies; remove them from the manifest:\n{}",
        unused.join("\n")
    )
}

/// The words of all Rust files in these places.
fn words(places: &[impl AsRef<Path>]) -> Result<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    for place in places {
        for file in files(place.as_ref())? {
            words.extend(
                tokens(&fs::read_to_string(&file)?)
                    .into_iter()
                    .filter_map(|token| match token {
                        Token::Word(word) => Some(word),
                        Token::Mark(_) => None,
                    }),
            );
        }
    }
    Ok(words)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
