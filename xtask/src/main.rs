//! Everything a contributor does: `cargo xtask` lists it.

mod conformance;
mod samples;

use std::path::Path;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

const USAGE: &str = "\
cargo xtask test         run all tests (unit, integration, documentation)
cargo xtask conformance  drive the sandbox with the vendor's JavaScript SDK (needs Node.js and npm)
cargo xtask ci           what CI runs: format, lints, documentation, conformance, tests
cargo xtask screenshots  write docs/screenshots/ anew (needs Chromium and its driver)
cargo xtask simulate     play seeds of the simulation: `--seeds N` until one fails, `--seed K` to see one
cargo xtask samples      write samples/ anew: nightly.csv, and self-junit.xml from the last test run";

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    let shell = Shell::new()?;
    shell.change_dir(root);
    let task = std::env::args().nth(1);
    match task.as_deref() {
        Some("test") => test(&shell),
        Some("conformance") => conformance::run(&shell, root),
        Some("ci") => ci(&shell, root),
        // An example, so that the tasks need not be built with all that the tests need.
        Some("screenshots") => Ok(cmd!(
            shell,
            "cargo run --package octane-tests --example screenshots"
        )
        .run()?),
        Some("simulate") => {
            let words = std::env::args().skip(2);
            Ok(cmd!(
                shell,
                "cargo run --quiet --release --package octane-tests --example simulate -- {words...}"
            )
            .run()?)
        }
        Some("samples") => samples::write(root),
        None | Some("help" | "--help" | "-h") => {
            say(USAGE);
            Ok(())
        }
        Some(other) => bail!("there is no task `{other}`\n\n{USAGE}"),
    }
}

/// Documentation examples first, so that the output ends in the closing line of the other tests.
fn test(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo test --workspace --doc").run()?;
    if cmd!(shell, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
    {
        cmd!(shell, "cargo nextest run --workspace").run()?;
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

fn ci(shell: &Shell, root: &Path) -> Result<()> {
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(
        shell,
        "cargo clippy --workspace --all-targets -- --deny warnings"
    )
    .run()?;
    cmd!(
        shell,
        "cargo doc --workspace --no-deps --document-private-items"
    )
    .env("RUSTDOCFLAGS", "--deny warnings")
    .run()?;
    conformance::run(shell, root)?;
    test(shell)
}

#[expect(clippy::print_stdout, reason = "a task list is printed")]
fn say(text: &str) {
    println!("{text}");
}
