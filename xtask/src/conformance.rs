//! The sandbox under a client that others wrote: the vendor's JavaScript SDK.
//!
//! The scenarios lie in `conformance/`. They, the SDK and everything it needs, in the versions of the
//! lock file there, are put into a folder of their own, and Node's test runner drives the program
//! `octane sandbox`.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// The oldest Node.js whose test runner the scenarios fit.
const NODE_MAJOR_MIN: u32 = 18;

/// Installs the SDK, starts a sandbox and runs all scenarios.
pub(crate) fn run(shell: &Shell, root: &Path) -> Result<()> {
    check_tools(shell)?;
    let folder = root.join("target/conformance");
    install(shell, &root.join("conformance"), &folder)?;

    let server = Server::start(root)?;
    let place = &server.place;
    let shell = shell.clone();
    shell.change_dir(&folder);
    shell.set_var("SANDBOX_URL", &place.url);
    shell.set_var("SANDBOX_CLIENT_ID", &place.client_id);
    shell.set_var("SANDBOX_CLIENT_SECRET", &place.client_secret);
    shell.set_var("SANDBOX_SPACE", place.space.to_string());
    shell.set_var("SANDBOX_WORKSPACE", place.workspace.to_string());
    // A proxy of the environment is not for a server on this machine.
    shell.set_var("NO_PROXY", "127.0.0.1");
    shell.set_var("no_proxy", "127.0.0.1");
    cmd!(shell, "node prepare.mjs").quiet().run()?;
    let scenarios = scenarios(&folder)?;
    cmd!(shell, "node --test --test-reporter=spec {scenarios...}").run()?;
    Ok(())
}

/// Says what to install where Node.js or npm are missing or too old.
fn check_tools(shell: &Shell) -> Result<()> {
    let hint = format!(
        "the conformance tests need Node.js {NODE_MAJOR_MIN} or newer with npm (Debian: `apt-get install nodejs npm`)"
    );
    let version = |tool: &str| {
        let output = cmd!(shell, "{tool} --version").quiet().ignore_stderr();
        output
            .read()
            .with_context(|| format!("cannot run `{tool}`; {hint}"))
    };
    version("npm")?;
    let node = version("node")?;
    let major = node.trim_start_matches('v').split('.').next();
    let major: u32 = major.unwrap_or_default().parse().unwrap_or_default();
    ensure!(major >= NODE_MAJOR_MIN, "Node.js is `{node}`; {hint}");
    Ok(())
}

/// Makes the folder anew: the scenarios, and the packages of the lock file.
fn install(shell: &Shell, from: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot empty `{}`", folder.display()))?;
    }
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    let shell = shell.clone();
    shell.change_dir(folder);
    // No package may run a script of its own here, and what was fetched once is not fetched again.
    cmd!(
        shell,
        "npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error"
    )
    .run()
    .context("cannot install the packages of `conformance/package-lock.json`")
}

/// The files with tests, in the order of their names.
fn scenarios(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") {
            names.push(name);
        }
    }
    names.sort();
    ensure!(
        !names.is_empty(),
        "there are no scenarios in `{}`",
        folder.display()
    );
    Ok(names)
}

/// Where the sandbox is, as it says itself.
#[derive(Debug, Deserialize)]
struct Place {
    url: String,
    client_id: String,
    client_secret: String,
    space: u64,
    workspace: u64,
}

/// The program `octane sandbox`; it ends with this value.
struct Server {
    program: Child,
    place: Place,
}

impl Server {
    fn start(root: &Path) -> Result<Self> {
        let mut program = Command::new("cargo")
            .args(["run", "--quiet", "--package", "octane-cli", "--"])
            .args(["sandbox", "--memory", "--port", "0", "--format", "json"])
            .current_dir(root)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `octane sandbox`")?;
        let Some(output) = program.stdout.as_mut() else {
            bail!("`octane sandbox` has no standard output");
        };
        // The program goes on; only its first value is awaited.
        let mut values = serde_json::Deserializer::from_reader(output).into_iter();
        let place = values
            .next()
            .context("`octane sandbox` ended before it said where it listens")?;
        match place {
            Ok(place) => Ok(Self { program, place }),
            Err(error) => {
                stop(&mut program);
                Err(error).context("cannot read where `octane sandbox` listens")
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.program);
    }
}

fn stop(program: &mut Child) {
    // Either fails only where the program has ended already.
    let _ = program.kill();
    let _ = program.wait();
}
