//! Drives the sandbox with a client that others wrote: the vendor's JavaScript SDK.
//!
//! The scenarios are in `conformance/`. They are copied into a folder below `target/`, the SDK and its dependencies
//! are installed there in the versions of the lock file, and Node's test runner runs the scenarios against the
//! program `octane sandbox`.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use xshell::{Shell, cmd};

/// The oldest Node.js whose test runner can run the scenarios.
const NODE_MAJOR_MIN: u32 = 18;

/// Installs the SDK, starts a sandbox and runs all scenarios; with `program` if that is built already.
pub(crate) fn run(shell: &Shell, root: &Path, program: Option<&Path>) -> Result<()> {
    check_tools(shell)?;
    let folder = root.join("target/conformance");
    install(shell, &root.join("conformance"), &folder)?;

    let server = Server::start(root, program)?;
    let address = &server.address;
    let shell = shell.clone();
    shell.change_dir(&folder);
    shell.set_var("SANDBOX_URL", &address.url);
    shell.set_var("SANDBOX_CLIENT_ID", &address.client_id);
    shell.set_var("SANDBOX_CLIENT_SECRET", &address.client_secret);
    shell.set_var("SANDBOX_SPACE", &address.space);
    shell.set_var("SANDBOX_WORKSPACE", &address.workspace);
    // The server is on this machine: a proxy that is set in the environment must not be used.
    shell.set_var("NO_PROXY", "127.0.0.1");
    shell.set_var("no_proxy", "127.0.0.1");
    cmd!(shell, "node prepare.mjs").quiet().run()?;
    let scenarios = scenarios(&folder)?;
    cmd!(shell, "node --test --test-reporter=spec {scenarios...}").run()?;
    Ok(())
}

/// Fails with a hint if Node.js or npm is missing or too old.
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

/// Recreates the folder: the scenarios, and the packages of the lock file.
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
    // Packages may not run install scripts, and what is in npm's cache is not downloaded again.
    cmd!(
        shell,
        "npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error"
    )
    .run()
    .context("cannot install the packages of `conformance/package-lock.json`")
}

/// The files with tests, sorted by name.
fn scenarios(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") {
            names.push(name);
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "no scenarios in `{}`", folder.display());
    Ok(names)
}

/// What the sandbox prints when it listens.
#[derive(Debug, Deserialize)]
struct Address {
    url: String,
    client_id: String,
    client_secret: String,
    space: String,
    workspace: String,
}

/// The program `octane sandbox`, which is stopped when this value is dropped.
struct Server {
    program: Child,
    address: Address,
}

impl Server {
    fn start(root: &Path, program: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(program.unwrap_or(Path::new("cargo")));
        if program.is_none() {
            command.args(["run", "--quiet", "--package", "octane-cli", "--"]);
        }
        let mut program = command
            .args(["sandbox", "--memory", "--port", "0", "--format", "json"])
            .current_dir(root)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `octane sandbox`")?;
        let Some(output) = program.stdout.as_mut() else {
            bail!("`octane sandbox` has no standard output");
        };
        // The program keeps running; only its first JSON value is read.
        let mut values = serde_json::Deserializer::from_reader(output).into_iter();
        let address = values
            .next()
            .context("`octane sandbox` ended before it printed its address")?;
        match address {
            Ok(address) => Ok(Self { program, address }),
            Err(error) => {
                stop(&mut program);
                Err(error).context("cannot read the address of `octane sandbox`")
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
    // Both only fail if the program has already ended.
    let _ = program.kill();
    let _ = program.wait();
}
