//! Builds the wheel: the extension, the Python files, and the program `octane`.
//!
//! The program goes to `wheel-data/scripts` first, from where maturin takes what an installer puts next to `python`: without it, the
//! wheel would silently be without the program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::output::say;
use crate::venv;

/// Builds wheels.
const MATURIN: &str = "maturin==1.16.0";

/// Links for an old glibc, without a container.
const ZIG: &[&str] = &["ziglang==0.15.2", "cargo-zigbuild==0.24.1"];

/// How a wheel is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Quickly, for this machine, for tests.
    Dev,
    /// For this machine.
    Native,
    /// For any Linux with the glibc of manylinux2014 or a newer one.
    Manylinux,
}

impl Kind {
    /// By the words after `cargo xtask wheel`.
    pub(crate) fn parse(words: &[String]) -> Result<Self> {
        match words {
            [] => Ok(Self::Native),
            [word] if word == "--dev" => Ok(Self::Dev),
            [word] if word == "--manylinux" => Ok(Self::Manylinux),
            _ => bail!("cannot read {words:?}; use `--dev` or `--manylinux`, or nothing"),
        }
    }
}

/// Builds a wheel and returns its path; says why if that is not possible.
pub(crate) fn build(shell: &Shell, root: &Path, kind: Kind) -> Result<PathBuf> {
    let python = venv::find(shell).context("there is no Python that is new enough")?;
    let requirements = match kind {
        Kind::Manylinux => [&[MATURIN], ZIG].concat(),
        Kind::Dev | Kind::Native => vec![MATURIN],
    };
    let name = if kind == Kind::Manylinux {
        "wheel-zig"
    } else {
        "wheel"
    };
    let environment = target(root).join("python").join(name);
    let tools = venv::install(shell, &python, &environment, &requirements)?
        .with_context(|| format!("`pip` cannot install {}", requirements.join(", ")))?;
    let bin = tools.parent().context("a Python is in a folder")?;
    let shell = shell.clone();
    // maturin looks for zig's Python package in the `python` that it finds first.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
    shell.set_var("PATH", std::env::join_paths(folders)?);

    let program = program(&shell, root, kind)?;
    let package = root.join("crates/octane-python");
    let scripts = package.join("wheel-data/scripts");
    fs::create_dir_all(&scripts)?;
    let name = program.file_name().context("a program has a name")?;
    fs::copy(&program, scripts.join(name))
        .with_context(|| format!("cannot copy `{}`", program.display()))?;
    // maturin takes licences from the folder of the package.
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root.join(name), package.join(name))
            .with_context(|| format!("cannot copy `{name}`"))?;
    }

    let wheels = target(root).join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    let manifest = package.join("Cargo.toml");
    let options: &[&str] = match kind {
        // The extension as `cargo build` makes it, so that it need not be built twice.
        Kind::Dev => &[
            "--profile",
            "dev",
            "--compatibility",
            "linux",
            "--strip",
            "false",
        ],
        Kind::Native => &["--profile", "dist"],
        Kind::Manylinux => &[
            "--profile",
            "dist",
            "--zig",
            "--compatibility",
            "manylinux2014",
        ],
    };
    cmd!(
        shell,
        "maturin build --manifest-path {manifest} --out {wheels} {options...}"
    )
    .run()?;
    let mut found = fs::read_dir(&wheels)?;
    let wheel = found.next().context("maturin has built a wheel")??.path();
    say(&format!("built {}", wheel.display()));
    Ok(wheel)
}

/// Builds the program `octane`.
fn program(shell: &Shell, root: &Path, kind: Kind) -> Result<PathBuf> {
    let target = target(root);
    let name = format!("octane{}", std::env::consts::EXE_SUFFIX);
    match kind {
        Kind::Dev => {
            cmd!(shell, "cargo build --package octane-cli").run()?;
            Ok(target.join("debug").join(name))
        }
        Kind::Native => {
            cmd!(shell, "cargo build --package octane-cli --profile dist").run()?;
            Ok(target.join("dist").join(name))
        }
        Kind::Manylinux => {
            let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
            let old = format!("{triple}.2.17");
            cmd!(
                shell,
                "cargo-zigbuild zigbuild --package octane-cli --profile dist --target {old}"
            )
            .run()?;
            Ok(target.join(triple).join("dist").join(name))
        }
    }
}
