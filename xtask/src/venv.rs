//! Python, and virtual environments.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::output::say;
use crate::setup;

/// The oldest Python that the package supports.
pub(crate) const PYTHON_MIN: (u32, u32) = (3, 10);

/// A Python that is new enough: `OCTANE_PYTHON`, or one in `PATH`.
pub(crate) fn find(shell: &Shell) -> Option<PathBuf> {
    let named = std::env::var_os("OCTANE_PYTHON").map(PathBuf::from);
    let found = ["python3", "python"].into_iter().filter_map(setup::find);
    named.into_iter().chain(found).find(|python| {
        let version = "import sys; print(*sys.version_info[:2])";
        let version = cmd!(shell, "{python} -c {version}").quiet().ignore_stderr();
        let version = version.read().unwrap_or_default();
        let mut numbers = version.split(' ').filter_map(|number| number.parse().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        version >= PYTHON_MIN
    })
}

/// The Python of a virtual environment with these packages, made unless it is there.
pub(crate) fn install(
    shell: &Shell,
    python: &Path,
    environment: &Path,
    requirements: &[&str],
) -> Result<Option<PathBuf>> {
    let own = if cfg!(windows) {
        environment.join("Scripts/python.exe")
    } else {
        environment.join("bin/python")
    };
    let stamp = environment.join("requirements.txt");
    let wanted = format!("{}\n{}\n", python.display(), requirements.join("\n"));
    if own.is_file() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Some(own));
    }
    say(&format!(
        "installing {} with pip into {}",
        requirements.join(", "),
        environment.display()
    ));
    if environment.exists() {
        fs::remove_dir_all(environment)?;
    }
    let installed = cmd!(shell, "{python} -m venv {environment}")
        .run()
        .and_then(|()| {
            cmd!(
                shell,
                "{own} -m pip install --quiet --disable-pip-version-check {requirements...}"
            )
            .run()
        });
    if installed.is_err() {
        return Ok(None);
    }
    fs::write(stamp, wanted)?;
    Ok(Some(own))
}
