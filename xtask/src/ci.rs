//! What CI runs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::output::say;
use crate::stages::Stages;
use crate::{circles, conformance, deny, dist, publish, setup, tests, unused};

/// All checks, the quick ones first.
pub(crate) fn run(shell: &Shell, root: &Path) -> Result<()> {
    let mut stages = Stages::default();
    let result = checks(shell, root, &mut stages);
    say(&stages.summary());
    for reason in result? {
        say(&format!("skipped: {reason}"));
    }
    Ok(())
}

/// Returns what was skipped.
fn checks(shell: &Shell, root: &Path, stages: &mut Stages) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    stages.run("Debian packages", || setup::install_missing(shell));
    stages.run("format", || cmd!(shell, "cargo fmt --all --check").run())?;
    stages.run("circles of files", || circles::check(root))?;
    stages.run("unused dependencies", || unused::check(shell))?;
    skipped.extend(stages.run("licences", || deny::check(shell, root))?);
    stages.run("Clippy", || clippy(shell))?;
    stages.run("few features", || minimal_features(shell))?;
    stages.run("crate packages", || {
        publish::check(shell, root, publish::Depth::Pack)
    })?;
    skipped.extend(stages.run("oldest Rust", || minimum_rust(shell, root))?);
    stages.run("documentation", || documentation(shell))?;
    let program = stages.run("build of the tests", || tests::build(shell, root))?;
    stages.run("conformance", || {
        conformance::run(shell, root, Some(&program))
    })?;
    skipped.extend(stages.run("distribution", || dist::quick(shell, root, &program))?);
    tests::run_stages(shell, root, stages)?;
    Ok(skipped)
}

fn clippy(shell: &Shell) -> Result<()> {
    let flags = ["--deny", "warnings"];
    Ok(cmd!(
        shell,
        "cargo clippy --workspace --all-targets -- {flags...}"
    )
    .run()?)
}

fn documentation(shell: &Shell) -> Result<()> {
    let documentation = cmd!(
        shell,
        "cargo doc --workspace --no-deps --document-private-items"
    );
    Ok(documentation.env("RUSTDOCFLAGS", "--deny warnings").run()?)
}

/// Builds what is published with as few features as possible, and the program with each of its own alone.
fn minimal_features(shell: &Shell) -> Result<()> {
    for package in publish::published(shell)? {
        let name = package["name"].as_str().context("a package has a name")?;
        cmd!(shell, "cargo check --package {name} --no-default-features").run()?;
    }
    for feature in ["relay", "sandbox"] {
        cmd!(
            shell,
            "cargo check --package octane-cli --no-default-features --features {feature}"
        )
        .run()?;
    }
    Ok(())
}

/// Builds with the oldest Rust that the manifest promises, if it is installed. Otherwise Clippy's lint
/// `incompatible_msrv`, which is on, finds at least what the standard library did not have then.
fn minimum_rust(shell: &Shell, root: &Path) -> Result<Option<String>> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .context("the manifest has a `rust-version`")?
        .trim_matches('"');
    let list = cmd!(shell, "rustup toolchain list")
        .quiet()
        .ignore_stderr()
        .read();
    let toolchains = list.unwrap_or_default();
    let mut names = toolchains
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let Some(toolchain) = names.find(|name| is_release(name, version)) else {
        return Ok(Some(format!(
            "a build with Rust {version}, which is not installed (Clippy's `incompatible_msrv` was checked instead)"
        )));
    };
    cmd!(shell, "rustup run {toolchain} cargo check --workspace").run()?;
    Ok(None)
}

/// Whether a toolchain such as `1.89.0-x86_64-unknown-linux-gnu` is a release of this version.
fn is_release(toolchain: &str, version: &str) -> bool {
    let rest = toolchain.strip_prefix(version);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

#[cfg(test)]
mod unit_tests {
    use super::is_release;

    #[test]
    fn a_toolchain_is_recognised_by_its_version() {
        assert!(is_release("1.89.0-x86_64-unknown-linux-gnu", "1.89"));
        assert!(is_release("1.89-x86_64-unknown-linux-gnu", "1.89"));
        assert!(!is_release("1.8.0-x86_64-unknown-linux-gnu", "1.89"));
        assert!(!is_release("stable-x86_64-unknown-linux-gnu", "1.89"));
    }
}
