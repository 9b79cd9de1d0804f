//! Builds the program `octane`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::venv;

/// Links for an old glibc, without a container.
pub(crate) const ZIG: &[&str] = &["ziglang==0.15.2", "cargo-zigbuild==0.24.1"];

/// The oldest glibc of manylinux2014.
pub(crate) const GLIBC: &str = "2.17";

/// For which machines something is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Quickly, for this machine, for tests.
    Dev,
    /// For this machine.
    Native,
    /// For any Linux with the glibc of manylinux2014 or a newer one.
    Manylinux,
}

/// How the program is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) kind: Kind,
    /// The profile, unless the build is a quick one.
    pub(crate) profile: &'a str,
    /// Options for cargo, about features.
    pub(crate) features: &'a [&'a str],
}

impl Build<'static> {
    /// The whole program, as most people want it.
    pub(crate) fn whole(kind: Kind) -> Self {
        Self {
            kind,
            profile: "dist",
            features: &[],
        }
    }
}

/// A shell in which the programs of these Python packages are found first.
pub(crate) fn tools(
    shell: &Shell,
    root: &Path,
    name: &str,
    requirements: &[&str],
) -> Result<Shell> {
    let python = venv::find(shell).context("there is no Python that is new enough")?;
    let environment = target(root).join("python").join(name);
    let tools = venv::install(shell, &python, &environment, requirements)?
        .with_context(|| format!("`pip` cannot install {}", requirements.join(", ")))?;
    let bin = tools.parent().context("a Python is in a folder")?;
    let shell = shell.clone();
    // maturin looks for zig's Python package in the `python` that it finds first.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
    shell.set_var("PATH", std::env::join_paths(folders)?);
    Ok(shell)
}

/// Builds the program and returns its path.
pub(crate) fn build(shell: &Shell, root: &Path, build: &Build) -> Result<PathBuf> {
    let target = target(root);
    let name = format!("octane{}", std::env::consts::EXE_SUFFIX);
    let Build {
        kind,
        profile,
        features,
    } = *build;
    match kind {
        Kind::Dev => {
            cmd!(shell, "cargo build --package octane-cli {features...}").run()?;
            Ok(target.join("debug").join(name))
        }
        Kind::Native => {
            cmd!(
                shell,
                "cargo build --package octane-cli --profile {profile} {features...}"
            )
            .run()?;
            Ok(target.join(profile).join(name))
        }
        Kind::Manylinux => {
            let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
            let old = format!("{triple}.{GLIBC}");
            cmd!(
                shell,
                "cargo-zigbuild zigbuild --package octane-cli --profile {profile} --target {old} {features...}"
            )
            .run()?;
            Ok(target.join(triple).join(profile).join(name))
        }
    }
}
