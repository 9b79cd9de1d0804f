//! Runs all tests.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::folders::target;
use crate::output::say;
use crate::stages::Stages;
use crate::{python, skipped};

/// Runs all tests, and says how long each kind takes.
pub(crate) fn run(shell: &Shell, root: &Path) -> Result<()> {
    let mut stages = Stages::default();
    let result = run_stages(shell, root, &mut stages);
    say(&stages.summary());
    result
}

/// Documentation examples first, so that the output ends in the summary of the other tests, followed by what was
/// skipped.
pub(crate) fn run_stages(shell: &Shell, root: &Path, stages: &mut Stages) -> Result<()> {
    let record = skipped::Record::new(&target(root))?;
    let shell = &shell.clone();
    shell.set_var(skipped::VARIABLE, record.path());
    let documentation = stages.run("examples of the documentation", || {
        cmd!(shell, "cargo test --workspace --doc").run()
    });
    let others = stages.run("tests", || others(shell));
    let arrow = stages.run("tests of Arrow and Parquet", || arrow(shell));
    let benchmarks = stages.run("benchmarks, once", || benchmarks(shell));
    let keyring = stages.run("tests of the keyring", || keyring(shell));
    let python = stages.run("tests of the Python package", || python::test(shell, root));
    say(&record.summary()?);
    if let Ok(Some(reason)) = &python {
        say(&format!("not run: {reason}"));
    }
    documentation?;
    others?;
    arrow?;
    benchmarks?;
    keyring?;
    python.map(drop)
}

/// Runs all tests but those of the documentation.
fn others(shell: &Shell) -> Result<()> {
    if has_nextest(shell) {
        let threads = threads().to_string();
        cmd!(
            shell,
            "cargo nextest run --workspace --test-threads {threads}"
        )
        .run()?;
    } else {
        // The same tests without the nicer runner: a machine with Rust alone is enough.
        cmd!(
            shell,
            "cargo test --workspace --lib --bins --tests --no-fail-fast"
        )
        .run()?;
    }
    Ok(())
}

/// How many tests run at once. Many wait for processes and servers: with one for each processor, those are idle for a third of the time.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |processors| processors.get() * 2)
}

/// Runs each benchmark of the sandbox once, with little data: what is never run stops working unnoticed.
fn benchmarks(shell: &Shell) -> Result<()> {
    Ok(cmd!(shell, "cargo test --package octane-sandbox --benches").run()?)
}

/// Runs the tests of the feature that reads and writes Arrow and Parquet, which is off by default.
fn arrow(shell: &Shell) -> Result<()> {
    let package = ["--package", "octane-results", "--features", "arrow"];
    let names = ["arrow", "parquet"];
    if has_nextest(shell) {
        cmd!(shell, "cargo nextest run {package...} --lib {names...}").run()?;
    } else {
        cmd!(shell, "cargo test {package...} --lib -- {names...}").run()?;
    }
    Ok(())
}

/// Runs the tests of the feature that keeps secrets in the keyring of the operating system, which is off by default.
fn keyring(shell: &Shell) -> Result<()> {
    let selected = [
        "--workspace",
        "--features",
        "octane-cli/keyring",
        "--test",
        "keyring",
    ];
    // By their names: the modules that they share with other tests have tests of their own.
    if has_nextest(shell) {
        cmd!(shell, "cargo nextest run {selected...} keyring").run()?;
    } else {
        cmd!(shell, "cargo test {selected...} -- keyring").run()?;
    }
    Ok(())
}

/// Builds all tests but those of the documentation, and returns the program `octane` that is built for them.
pub(crate) fn build(shell: &Shell, root: &Path) -> Result<PathBuf> {
    if has_nextest(shell) {
        cmd!(shell, "cargo nextest run --workspace --no-run").run()?;
    } else {
        cmd!(
            shell,
            "cargo test --workspace --lib --bins --tests --no-run"
        )
        .run()?;
    }
    Ok(target(root)
        .join("debug")
        .join("octane")
        .with_extension(std::env::consts::EXE_EXTENSION))
}

fn has_nextest(shell: &Shell) -> bool {
    cmd!(shell, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}
