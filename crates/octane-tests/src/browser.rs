//! A headless Chromium, driven over its driver's JSON protocol.
//!
//! There is a crate for this, but it pulls one with a copyleft licence; what the tests need of the
//! protocol fits here. All calls block, so a test that serves pages to the browser needs a runtime with
//! threads of its own: `#[tokio::test(flavor = "multi_thread")]`.

mod element;
mod wire;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use element::{Element, Key};
use wire::exchange;

/// How long the browser looks for an element that is not there yet, in milliseconds.
const WAIT_MS: u64 = 10_000;

/// Nothing is kept, nothing goes to the network on its own, and it runs as root in a container.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// Which colours a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A browser with one window. Dropping it closes the browser and its driver.
pub struct Browser {
    driver: Child,
    /// Kept open, so that the driver can go on talking.
    _talk: BufReader<ChildStdout>,
    address: SocketAddr,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser; `None` where there is no `chromium` or no `chromedriver`, which on CI is an error.
    pub fn start() -> Option<Self> {
        let programs = ["chromium", "chromedriver"].map(program);
        let [Some(chromium), Some(chromedriver)] = programs else {
            skip();
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut talk = BufReader::new(driver.stdout.take().expect("its output is piped"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port(&mut talk)));
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": WAIT_MS },
        } } });
        let mut browser = Self {
            driver,
            _talk: talk,
            address,
            session: String::new(),
            _profile: profile,
        };
        let session = exchange(address, "POST", "/session", &wanted);
        let session = session.expect("the browser starts");
        browser.session = text(&session["sessionId"]);
        browser.resize(1280, 1000);
        Some(browser)
    }

    /// Sends a command of the session and gives its value.
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        exchange(self.address, method, &path, body)
            .unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// Makes the window so many pixels large.
    pub fn resize(&self, width: u32, height: u32) {
        let body = json!({ "width": width, "height": height });
        self.command("POST", "/window/rect", &body);
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, address: &str) {
        self.command("POST", "/url", &json!({ "url": address }));
    }

    /// The address that is shown.
    pub fn address(&self) -> String {
        text(&self.command("GET", "/url", &Value::Null))
    }

    /// The first element that a CSS selector finds. Waits for it, and panics where it does not come.
    pub fn find(&self, selector: &str) -> Element<'_> {
        self.locate("css selector", selector)
    }

    /// The first element that an `XPath` finds. Waits for it, and panics where it does not come.
    pub fn find_path(&self, path: &str) -> Element<'_> {
        self.locate("xpath", path)
    }

    fn locate(&self, using: &str, value: &str) -> Element<'_> {
        let body = json!({ "using": using, "value": value });
        Element::new(self, &self.command("POST", "/element", &body))
    }

    /// The element that has the focus.
    pub fn focused(&self) -> Element<'_> {
        Element::new(self, &self.command("GET", "/element/active", &Value::Null))
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.command("POST", "/execute/sync", &body)
    }

    /// What the console said since it was last asked.
    pub fn console(&self) -> Vec<String> {
        let entries = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| text(&entry["message"]))
            .collect()
    }

    /// Sends a command of Chromium's own protocol.
    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.command("POST", "/goog/cdp/execute", &body)
    }

    /// Asks pages for these colours from now on.
    pub fn prefer(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.chromium(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
    }

    /// Whether pages may run script from now on.
    pub fn allow_script(&self, is_allowed: bool) {
        let parameters = json!({ "value": !is_allowed });
        self.chromium("Emulation.setScriptExecutionDisabled", &parameters);
    }

    /// What the window shows, as a PNG in base 64.
    pub fn screenshot(&self) -> String {
        text(&self.command("GET", "/screenshot", &Value::Null))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session; killed without, it would leave it behind. What
        // goes wrong here goes wrong after the test, and the driver is killed in any case.
        let path = format!("/session/{}", self.session);
        if !self.session.is_empty() {
            let _ = exchange(self.address, "DELETE", &path, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The port that the driver chose.
fn port(talk: &mut impl BufRead) -> u16 {
    let lines = talk.lines().map_while(Result::ok);
    let mut ports = lines.filter_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    ports.next().expect("chromedriver tells its port")
}

/// Where a program lies.
fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skip() {
    assert!(
        std::env::var_os("CI").is_none(),
        "chromium and chromedriver are needed on CI"
    );
    eprintln!("SKIPPED: no chromium or no chromedriver (Debian: chromium, chromium-driver)");
}
