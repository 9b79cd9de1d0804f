//! The Python package: its tests, in virtual environments of their own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::folders::target;
use crate::output::say;
use crate::program::Kind;
use crate::{venv, wheel};

/// What the tests need.
const TOOLS: &[&str] = &["pytest==9.2.0", "pytest-xdist==3.8.0"];

/// The data frames that the package reads, and none of which it needs.
const FRAMES: &[&str] = &[
    "pandas==3.1.1",
    "polars==2.1.0",
    "pyarrow==26.0.1",
    "duckdb==2.0.1",
];

/// The generation of pandas before, whose columns of texts are objects.
const PANDAS_2: &[&str] = &["pandas==2.3.3", "numpy==2.2.6", "pyarrow==19.0.1"];

/// pandas that cannot export Arrow.
const PANDAS_ALONE: &[&str] = &["pandas==3.1.1"];

/// What checks types.
const CHECKERS: &[&str] = &["mypy==2.4.1", "pyright==1.1.414"];

/// Runs the tests of the package: all of them without any data frame, those of frames and types with all of them, and those of
/// frames with other versions of pandas. Says why if that is not possible.
pub(crate) fn test(shell: &Shell, root: &Path) -> Result<Option<String>> {
    let Some(python) = venv::find(shell) else {
        let (major, minor) = venv::PYTHON_MIN;
        return missing(format!(
            "there is no Python {major}.{minor} or newer, so the Python package was not tested"
        ));
    };
    let folder = target(root).join("python");
    let wheel = wheel::build(shell, root, Kind::Dev)?;
    let package = stage(root, &folder.join("package"), "debug")?;
    for (name, packages, selection) in [
        ("plain", vec![], "not frames and not types"),
        ("frames", [FRAMES, CHECKERS].concat(), "frames or types"),
        ("pandas-2", PANDAS_2.to_vec(), "frames"),
        ("pandas-alone", PANDAS_ALONE.to_vec(), "frames"),
    ] {
        let requirements = [TOOLS, packages.as_slice()].concat();
        let environment = folder.join(name);
        let Some(python) = venv::install(shell, &python, &environment, &requirements)? else {
            return missing(format!(
                "`pip` cannot install {}, so the Python package was not tested",
                requirements.join(", ")
            ));
        };
        let mut tests = pytest(shell, root, &python, &wheel);
        if name == "plain" {
            // The wheel alone, as users have it. The files of the repository are not in the path.
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ];
            let options = ["--no-index", "--no-deps", "--force-reinstall"];
            cmd!(shell, "{python} {pip...} {options...} {wheel}").run()?;
        } else {
            tests = tests.env("PYTHONPATH", &package);
        }
        if name.starts_with("pandas") {
            // The documentation shows all kinds of frames.
            let documentation = root.join("crates/octane-python/tests/test_docs.py");
            tests = tests.arg("--ignore").arg(documentation);
        }
        tests
            .args(["--numprocesses", "2", "-m", selection])
            .arg(root.join("crates/octane-python/tests"))
            .run()?;
    }
    Ok(None)
}

/// Checks what is in a wheel, which glibc it wants, and that it works without anything else.
pub(crate) fn check_wheel(shell: &Shell, root: &Path, wheel: &Path) -> Result<()> {
    let python = venv::find(shell).context("there is no Python that is new enough")?;
    let environment = target(root).join("python/wheel-check");
    let python = venv::install(shell, &python, &environment, TOOLS)?;
    let python = python.with_context(|| format!("`pip` cannot install {}", TOOLS.join(", ")))?;
    let test = root.join("crates/octane-python/tests/test_wheel.py");
    pytest(shell, root, &python, wheel)
        .args(["--noconftest".into(), test])
        .run()?;
    Ok(())
}

/// pytest with the tests of the package.
fn pytest<'s>(shell: &'s Shell, root: &Path, python: &Path, wheel: &Path) -> Cmd<'s> {
    let package = root.join("crates/octane-python");
    let settings = package.join("pyproject.toml");
    let words = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"];
    cmd!(
        shell,
        "{python} {words...} --rootdir {package} --config-file {settings}"
    )
    .env_remove("PYTHONPATH")
    .env("OCTANE_WHEEL", wheel)
    .env("PYTHONDONTWRITEBYTECODE", "1")
}

/// Measures uploads of data frames, against a plain Python script.
pub(crate) fn bench(shell: &Shell, root: &Path, words: &[String]) -> Result<()> {
    let python = venv::find(shell).context("there is no Python that is new enough")?;
    cmd!(
        shell,
        "cargo build --quiet --release --package octane-python"
    )
    .run()?;
    let folder = target(root).join("python");
    let package = stage(root, &folder.join("bench-package"), "release")?;
    let requirements = [FRAMES, &["requests==2.32.5"]].concat();
    let python = venv::install(shell, &python, &folder.join("bench"), &requirements)?;
    let python =
        python.with_context(|| format!("`pip` cannot install {}", requirements.join(", ")))?;
    let script = root.join("crates/octane-python/benches/bench.py");
    cmd!(shell, "{python} {script} {words...}")
        .env("PYTHONPATH", &package)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()?;
    Ok(())
}

/// On CI, the tests have to run.
fn missing(reason: String) -> Result<Option<String>> {
    if std::env::var_os("CI").is_some() {
        bail!("on CI, {reason}");
    }
    say(&format!("WARNING: {reason}"));
    Ok(Some(reason))
}

/// Puts a build of the extension into `folder` with the Python files, as an installer would.
fn stage(root: &Path, folder: &Path, profile: &str) -> Result<PathBuf> {
    let source = root.join("crates/octane-python/python/octane_client");
    let package = folder.join("octane_client");
    if package.exists() {
        fs::remove_dir_all(&package)?;
    }
    copy(&source, &package)?;
    let (built, installed) = if cfg!(windows) {
        ("_core.dll", "_core.pyd")
    } else if cfg!(target_os = "macos") {
        ("lib_core.dylib", "_core.abi3.so")
    } else {
        ("lib_core.so", "_core.abi3.so")
    };
    let built = target(root).join(profile).join(built);
    let installed = package.join(installed);
    fs::copy(&built, &installed).with_context(|| {
        format!(
            "cannot copy `{}` to `{}`",
            built.display(),
            installed.display()
        )
    })?;
    Ok(folder.to_owned())
}

/// Copies Python files.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("an entry has a name")?;
        let is_ours = ["py", "pyi", "typed"].map(Into::into).map(Some);
        if path.is_dir() && name != "__pycache__" {
            copy(&path, &to.join(name))?;
        } else if path.is_file() && is_ours.contains(&path.extension().map(ToOwned::to_owned)) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
