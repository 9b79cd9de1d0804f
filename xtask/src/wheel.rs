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
use crate::program::{self, Build, Kind, ZIG};

/// Builds wheels.
const MATURIN: &str = "maturin==1.16.0";

/// By the words after `cargo xtask wheel`.
pub(crate) fn kind(words: &[String]) -> Result<Kind> {
    match words {
        [] => Ok(Kind::Native),
        [word] if word == "--dev" => Ok(Kind::Dev),
        [word] if word == "--manylinux" => Ok(Kind::Manylinux),
        _ => bail!("cannot read {words:?}; use `--dev` or `--manylinux`, or nothing"),
    }
}

/// Builds a wheel and returns its path; says why if that is not possible.
pub(crate) fn build(shell: &Shell, root: &Path, kind: Kind) -> Result<PathBuf> {
    let requirements = match kind {
        Kind::Manylinux => [&[MATURIN], ZIG].concat(),
        Kind::Dev | Kind::Native => vec![MATURIN],
    };
    let name = if kind == Kind::Manylinux {
        "wheel-zig"
    } else {
        "wheel"
    };
    let shell = program::tools(shell, root, name, &requirements)?;
    let program = program::build(&shell, root, &Build::whole(kind))?;
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
