//! Drives the sandbox, and a relay in front of it, with clients that others wrote: the vendor's JavaScript SDK, and Python's `requests`.
//!
//! The scenarios are in `conformance/`. They are copied into a folder below `target/`, the SDK and its dependencies
//! are installed there in the versions of the lock file, and Node's test runner runs the scenarios against the
//! programs `octane sandbox` and `octane relay`. The client in Python has an environment of its own in the same folder.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xshell::{Shell, cmd};

use crate::output::say;
use crate::venv;

/// The oldest Node.js whose test runner can run the scenarios.
const NODE_MAJOR_MIN: u32 = 18;

/// Installs the SDK, starts a sandbox and runs all scenarios; with `program` if that is built already.
pub(crate) fn run(shell: &Shell, root: &Path, program: Option<&Path>) -> Result<()> {
    check_tools(shell)?;
    let folder = root.join("target/conformance");
    install(shell, &root.join("conformance"), &folder)?;

    let server = Server::start(root, program)?;
    let address = &server.address;
    let relay = Relay::start(root, program, &folder.join("relay"), address)?;
    let shell = shell.clone();
    shell.change_dir(&folder);
    shell.set_var("SANDBOX_URL", &address.url);
    shell.set_var("SANDBOX_CLIENT_ID", &address.client_id);
    shell.set_var("SANDBOX_CLIENT_SECRET", &address.client_secret);
    shell.set_var("SANDBOX_SPACE", &address.space);
    shell.set_var("SANDBOX_WORKSPACE", &address.workspace);
    shell.set_var("RELAY_URL", &relay.url);
    shell.set_var("RELAY_TOKEN_ID", &relay.token.id);
    shell.set_var("RELAY_TOKEN", &relay.token.token);
    // The server is on this machine: a proxy that is set in the environment must not be used.
    shell.set_var("NO_PROXY", "127.0.0.1");
    shell.set_var("no_proxy", "127.0.0.1");
    cmd!(shell, "node prepare.mjs").quiet().run()?;
    let scenarios = scenarios(&folder)?;
    cmd!(shell, "node --test --test-reporter=spec {scenarios...}").run()?;
    run_python(&shell, root)
}

/// The client in Python, in the version that the scenario was written for.
const REQUESTS: &str = "requests==2.32.5";

/// Runs the client in Python; where there is none, says so.
fn run_python(shell: &Shell, root: &Path) -> Result<()> {
    let environment = root.join("target/conformance-python");
    let python = match venv::find(shell) {
        Some(python) => venv::install(shell, &python, &environment, &[REQUESTS])?,
        None => None,
    };
    let Some(python) = python else {
        say("skipped the client in Python: there is no Python 3.10 with pip");
        return Ok(());
    };
    cmd!(shell, "{python} relay_requests.py").run()?;
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
        let mut program = octane(root, program)
            .args(["sandbox", "--memory", "--port", "0", "--format", "json"])
            .spawn()
            .context("cannot start `octane sandbox`")?;
        match first_value(&mut program, "octane sandbox") {
            Ok(address) => Ok(Self { program, address }),
            Err(error) => {
                stop(&mut program);
                Err(error)
            }
        }
    }
}

/// The program `octane`, to be started with arguments.
fn octane(root: &Path, program: Option<&Path>) -> Command {
    let mut command = Command::new(program.unwrap_or(Path::new("cargo")));
    if program.is_none() {
        command.args(["run", "--quiet", "--package", "octane-cli", "--"]);
    }
    command.current_dir(root).stdout(Stdio::piped());
    command
}

/// The first JSON value that a program prints. The program keeps running.
fn first_value<T: DeserializeOwned>(program: &mut Child, name: &str) -> Result<T> {
    let Some(output) = program.stdout.as_mut() else {
        bail!("`{name}` has no standard output");
    };
    let mut values = serde_json::Deserializer::from_reader(output).into_iter();
    let value = values
        .next()
        .with_context(|| format!("`{name}` ended before it printed anything"))?;
    value.with_context(|| format!("cannot read what `{name}` has printed"))
}

/// A token of a relay, as it is printed when it is created.
#[derive(Debug, Deserialize)]
struct Token {
    id: String,
    token: String,
}

/// The program `octane relay`, which delivers to the sandbox and is stopped when this value is dropped.
struct Relay {
    program: Child,
    url: String,
    token: Token,
}

impl Relay {
    fn start(root: &Path, program: Option<&Path>, data: &Path, to: &Address) -> Result<Self> {
        #[derive(Deserialize)]
        struct Listening {
            url: String,
        }
        let command = |arguments: &[&str]| {
            let mut command = octane(root, program);
            command.args(arguments).args(["--format", "json"]);
            command.arg("--relay-data").arg(data);
            command
        };
        let created = command(&["relay", "token", "create", "conformance"])
            .output()
            .context("cannot run `octane relay token create`")?;
        let token = serde_json::from_slice(&created.stdout)
            .context("cannot read the token that `octane relay token create` has printed")?;
        let mut program = command(&["relay", "--port", "0"])
            .env("OCTANE_URL", &to.url)
            .env("OCTANE_SHARED_SPACE", &to.space)
            .env("OCTANE_WORKSPACE", &to.workspace)
            .env("OCTANE_CLIENT_ID", &to.client_id)
            .env("OCTANE_CLIENT_SECRET", &to.client_secret)
            .env("NO_PROXY", "127.0.0.1")
            .spawn()
            .context("cannot start `octane relay`")?;
        match first_value::<Listening>(&mut program, "octane relay") {
            Ok(Listening { url }) => Ok(Self {
                program,
                url,
                token,
            }),
            Err(error) => {
                stop(&mut program);
                Err(error)
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        stop(&mut self.program);
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
