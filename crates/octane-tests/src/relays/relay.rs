//! A relay in a process of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::link::Link;
use super::plan::Failure;
use super::server::{CLIENT_ID, CLIENT_SECRET};

/// A relay, and the links by which it reaches the world.
pub(super) struct Relay {
    process: Child,
    settings: Settings,
    port: u16,
    pub(super) links: Links,
    /// The most memory that one of its processes has had, in bytes.
    pub(super) memory_max: u64,
}

/// How a relay is started.
pub(super) struct Settings {
    /// The program `octane`.
    pub(super) program: PathBuf,
    /// Where it works.
    pub(super) folder: PathBuf,
    /// The URL of the database, unless it is reached by links.
    pub(super) database: Option<String>,
    /// The workspace to which it delivers, as in the browser.
    pub(super) octane: String,
    pub(super) rate: u32,
}

/// The links of a relay.
pub(super) struct Links {
    /// It is a proxy for the relay, so that all relays know the server by the same URL.
    pub(super) octane: Link,
    pub(super) primary: Link,
    pub(super) standby: Link,
}

impl Links {
    /// The URL of the database that relays use: of two servers, the one that can be written to.
    pub(super) fn database(&self) -> String {
        let (primary, standby) = (self.primary.address, self.standby.address);
        format!(
            "postgres://postgres@{primary},{standby}/relay?sslmode=disable&target_session_attrs=read-write"
        )
    }

    /// Cuts the links to the databases, or mends them.
    pub(super) fn set_databases_up(&self, is_up: bool) {
        self.primary.set_up(is_up);
        self.standby.set_up(is_up);
    }
}

impl Relay {
    pub(super) fn start(settings: Settings, links: Links) -> Result<Self, Failure> {
        fs::create_dir_all(&settings.folder)?;
        let (process, port) = spawn(&settings, &links, 0)?;
        Ok(Self {
            process,
            settings,
            port,
            links,
            memory_max: 0,
        })
    }

    /// Where agents reach it.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How the database knows it.
    pub(super) fn holder(&self) -> String {
        format!("process {}", self.process.id())
    }

    /// As if its machine had lost its power.
    pub(super) fn kill(&mut self) -> Result<(), Failure> {
        self.note_memory();
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again where it was.
    pub(super) fn restart(&mut self) -> Result<(), Failure> {
        (self.process, _) = spawn(&self.settings, &self.links, self.port)?;
        Ok(())
    }

    /// Stops its process in the middle of what it is doing, or lets it go on.
    pub(super) fn set_running(&self, is_running: bool) -> Result<(), Failure> {
        let signal = if is_running { "-CONT" } else { "-STOP" };
        let process = self.process.id().to_string();
        let done = Command::new("kill").args([signal, &process]).status()?;
        done.success()
            .then_some(())
            .ok_or_else(|| format!("`kill {signal} {process}` failed").into())
    }

    /// Looks how much memory it has had.
    pub(super) fn note_memory(&mut self) {
        self.memory_max = self
            .memory_max
            .max(memory_max(self.process.id()).unwrap_or(0));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(settings: &Settings, links: &Links, port: u16) -> Result<(Child, u16), Failure> {
    let log = settings.folder.join("log");
    let output = File::options().create(true).append(true).open(&log)?;
    let (rate, port) = (settings.rate.to_string(), port.to_string());
    let database = settings.database.clone();
    let database = database.unwrap_or_else(|| links.database());
    let mut process = Command::new(&settings.program)
        .args(["relay", "-v", "--format", "json", "--relay-data", "data"])
        .args(["--rate", &rate, "--port", &port, "--quota", "1000000"])
        .current_dir(&settings.folder)
        .env_clear()
        .env("OCTANE_RELAY_DATABASE", database)
        .env("OCTANE_URL", &settings.octane)
        .env("OCTANE_PROXY", format!("http://{}", links.octane.address))
        .env("OCTANE_CLIENT_ID", CLIENT_ID)
        .env("OCTANE_CLIENT_SECRET", CLIENT_SECRET)
        .stdout(Stdio::piped())
        .stderr(output)
        .spawn()?;
    let stdout = process.stdout.take().ok_or("the relay has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let started: Result<Value, _> = serde_json::from_str(&line);
    let port = started.ok().and_then(|started| {
        let url = started["url"].as_str()?;
        url.rsplit(':').next()?.parse().ok()
    });
    let Some(port) = port else {
        let log = fs::read_to_string(log)?;
        let _ = process.kill();
        return Err(format!("a relay does not start: {:?}\n{log}", process.wait()?).into());
    };
    Ok((process, port))
}

/// The most memory that a process has had, in bytes.
fn memory_max(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
