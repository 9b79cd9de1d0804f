//! Everything a contributor does: `cargo xtask` lists it.

#![forbid(unsafe_code)]

mod ci;
mod circles;
mod conformance;
mod deny;
mod dist;
mod folders;
mod man;
mod output;
mod program;
mod publish;
mod python;
mod samples;
mod setup;
mod skipped;
mod source;
mod stages;
mod tests;
mod unused;
mod venv;
mod wheel;

use std::path::Path;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use output::say;

const USAGE: &str = "\
cargo xtask test         run all tests (unit, integration, documentation, the Python package); as root on Debian, install
                         the programs that they need
cargo xtask python       run the tests of the Python package alone
cargo xtask wheel        build and check the wheel of the Python package, with the program in it: for this machine, `--manylinux` for any
                         Linux with glibc 2.17 or newer, `--dev` quickly for tests
cargo xtask conformance  drive the sandbox and a relay with the vendor's JavaScript SDK and with Python's requests (needs Node.js and npm)
cargo xtask ci           run what CI runs: format, dependencies, lints, documentation, conformance, tests
cargo xtask circles      check that the files of a crate do not depend on each other in circles
cargo xtask dependencies check for unused dependencies; licences, versions and sources with cargo-deny
cargo xtask screenshots  regenerate docs/screenshots/ (needs Chromium and its driver)
cargo xtask simulate     run seeds of the simulation: `--seeds N` until one fails, `--seed K` to see one
cargo xtask relay        measure relays over PostgreSQL with a standby, under load; `--disrupt` while machines and networks fail
                         (`--help` lists the options)
cargo xtask race         upload from many processes at once: `--processes N` (default: 8), `--rounds N` (default: 5)
cargo xtask bench        measure `upload [RESULTS]` and `python [ROWS …]`, uploads of files and of data frames, against plain
                         Python scripts, or `convert` against the least that reading could cost
cargo xtask dist         make and check what is released: archives, packages for Debian and Red Hat, images, checksums, SBOM (minutes;
                         `--dev`: with a program that is built quickly; `--twice`: again in another folder, to compare the bytes)
cargo xtask publish      pack all crates that are published as crates.io would get them, and build them from these packages;
                         upload nothing (`--no-verify`: build nothing)
cargo xtask man          write the man pages of all commands to target/man
cargo xtask samples      regenerate samples/: nightly.csv, and self-junit.xml from the last test run";

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask is in the workspace")?;
    let shell = Shell::new()?;
    shell.change_dir(root);
    let task = std::env::args().nth(1);
    let words: Vec<String> = std::env::args().skip(2).collect();
    match task.as_deref() {
        Some("test") => {
            setup::install_missing(&shell);
            tests::run(&shell, root)
        }
        Some("python") => {
            python::test(&shell, root)?;
            Ok(())
        }
        Some("wheel") => {
            let wheel = wheel::build(&shell, root, wheel::kind(&words)?)?;
            python::check_wheel(&shell, root, &wheel)
        }
        Some("conformance") => conformance::run(&shell, root, None),
        Some("ci") => ci::run(&shell, root),
        Some("dependencies") => {
            unused::check(&shell)?;
            deny::check(&shell, root)?
                .into_iter()
                .for_each(|reason| say(&format!("skipped: {reason}")));
            Ok(())
        }
        Some("circles") => circles::check(root),
        // Examples, so that the tasks need not be built with all that the tests need.
        Some("screenshots") => Ok(cmd!(
            shell,
            "cargo run --package octane-tests --example screenshots"
        )
        .run()?),
        Some("simulate") => Ok(cmd!(
            shell,
            "cargo run --quiet --release --package octane-tests --example simulate -- {words...}"
        )
        .run()?),
        Some("relay") => {
            cmd!(shell, "cargo build --quiet --release --package octane-cli").run()?;
            Ok(cmd!(
                shell,
                "cargo run --quiet --release --package octane-tests --example relay -- {words...}"
            )
            .run()?)
        }
        Some("race") => race(&shell, &words),
        Some("bench") => bench(&shell, root, &words),
        Some("dist") => {
            let skipped = dist::run(&shell, root, &words)?;
            skipped
                .into_iter()
                .for_each(|reason| say(&format!("skipped: {reason}")));
            Ok(())
        }
        Some("publish") => publish::check(&shell, root, publish::Depth::parse(&words)?),
        Some("man") => man::write(&shell, root),
        Some("samples") => samples::write(root),
        None | Some("help" | "--help" | "-h") => {
            say(USAGE);
            Ok(())
        }
        Some(other) => bail!("unknown task `{other}`\n\n{USAGE}"),
    }
}

/// Runs a benchmark, and builds the program for it where it measures that.
fn bench(shell: &Shell, root: &Path, words: &[String]) -> Result<()> {
    let (name, words) = words.split_first().context(USAGE)?;
    let package = match name.as_str() {
        "python" => return python::bench(shell, root, words),
        "upload" => {
            cmd!(shell, "cargo build --quiet --release --package octane-cli").run()?;
            "octane-tests"
        }
        "convert" => "octane-results",
        other => bail!("unknown benchmark `{other}`\n\n{USAGE}"),
    };
    Ok(cmd!(
        shell,
        "cargo bench --quiet --package {package} --bench {name} -- {words...}"
    )
    .run()?)
}

/// Runs the tests of simultaneous uploads, which read their numbers from the environment.
fn race(shell: &Shell, words: &[String]) -> Result<()> {
    let mut command = cmd!(
        shell,
        "cargo test --quiet --package octane-cli --test it -- races::"
    );
    for option in words.chunks(2) {
        command = match option {
            [name, number] if name == "--processes" => command.env("OCTANE_RACE_PROCESSES", number),
            [name, number] if name == "--rounds" => command.env("OCTANE_RACE_ROUNDS", number),
            _ => bail!("cannot read {option:?}\n\n{USAGE}"),
        };
    }
    Ok(command.run()?)
}
