//! A headless Chromium, driven over its driver's JSON protocol.
//!
//! There is a crate for this, but it depends on one with a copyleft licence; the part of the protocol that the
//! tests need is small. All calls block, so a test that serves pages to the browser needs a multi-threaded
//! runtime: `#[tokio::test(flavor = "multi_thread")]`.

mod axe;
mod element;
mod protocol;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use octane_test_support::program;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use axe::Axe;
pub use element::{Element, Key};
use protocol::{Session, text};

/// How long the browser waits for an element, in milliseconds.
const WAIT_MS: u64 = 10_000;

/// How many drivers are started until one has found a port.
const DRIVERS_MAX: u32 = 5;

/// Nothing is stored, the browser does not use the network on its own, and it can run as root in a container.
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

/// The colour scheme that the browser prefers.
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
    /// Kept open, so that the driver can write to it.
    _output: BufReader<ChildStdout>,
    session: Session,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser; `None` if `chromium` or `chromedriver` is not installed, which is a failure on CI.
    pub fn start() -> Option<Self> {
        let chromium = program("chromium", "chromium")?;
        let chromedriver = program("chromedriver", "chromium-driver")?;
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let (mut driver, output, port) = driver(&chromedriver, profile.path());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": WAIT_MS },
        } } });
        let session = Session::open(address, &wanted).unwrap_or_else(|error| {
            let _ = driver.kill();
            panic!("the browser does not start: {error}");
        });
        let browser = Self {
            driver,
            _output: output,
            session,
            _profile: profile,
        };
        browser.resize(1280, 1000);
        Some(browser)
    }

    /// Sets the size of the window in pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let body = json!({ "width": width, "height": height });
        self.session.command("POST", "/window/rect", &body);
    }

    /// Lays pages out for a screen of this size in pixels; windows cannot be narrower than 500.
    pub fn emulate(&self, width: u32, height: u32) {
        let parameters =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", &parameters);
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, address: &str) {
        self.session
            .command("POST", "/url", &json!({ "url": address }));
    }

    /// The address of the page that is shown.
    pub fn address(&self) -> String {
        text(&self.session.command("GET", "/url", &Value::Null))
    }

    /// The first element that a CSS selector finds. Waits for it, and panics if it does not appear.
    pub fn find(&self, selector: &str) -> Element<'_> {
        self.locate("css selector", selector)
    }

    /// The first element that an `XPath` finds. Waits for it, and panics if it does not appear.
    pub fn find_path(&self, path: &str) -> Element<'_> {
        self.locate("xpath", path)
    }

    fn locate(&self, using: &str, value: &str) -> Element<'_> {
        let body = json!({ "using": using, "value": value });
        Element::new(
            &self.session,
            &self.session.command("POST", "/element", &body),
        )
    }

    /// The element that has the focus.
    pub fn focused(&self) -> Element<'_> {
        Element::new(
            &self.session,
            &self.session.command("GET", "/element/active", &Value::Null),
        )
    }

    /// Runs a script and returns its value.
    pub fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.session.command("POST", "/execute/sync", &body)
    }

    /// Runs a script and returns what it passes to its last argument, a function.
    pub fn run_async(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.session.command("POST", "/execute/async", &body)
    }

    /// The messages of the console since the last call.
    pub fn console(&self) -> Vec<String> {
        let entries = self
            .session
            .command("POST", "/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| text(&entry["message"]))
            .collect()
    }

    /// Sends a command of the Chrome `DevTools` protocol.
    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.session.command("POST", "/goog/cdp/execute", &body)
    }

    /// Prefers this colour scheme from now on.
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

    /// Allows or forbids scripts on pages from now on.
    pub fn allow_script(&self, is_allowed: bool) {
        let parameters = json!({ "value": !is_allowed });
        self.chromium("Emulation.setScriptExecutionDisabled", &parameters);
    }

    /// A screenshot of the window, as a PNG in Base64.
    pub fn screenshot(&self) -> String {
        text(&self.session.command("GET", "/screenshot", &Value::Null))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes the browser at the end of the session; if it were killed first, the browser would keep
        // running. Errors do not matter here: the test is over, and the driver is killed in any case.
        self.session.close();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A driver, its output and the port on which it listens.
///
/// It takes a free port of IPv4, and ends if the same one of IPv6 is in use, as by a test that runs at the same time; then another
/// one is started.
fn driver(program: &Path, home: &Path) -> (Child, BufReader<ChildStdout>, u16) {
    for _ in 0..DRIVERS_MAX {
        let mut driver = Command::new(program)
            .arg("--port=0")
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut output = BufReader::new(driver.stdout.take().expect("its output is piped"));
        if let Some(port) = port(&mut output) {
            return (driver, output, port);
        }
        driver.wait().expect("chromedriver has ended");
    }
    panic!("chromedriver printed no port, {DRIVERS_MAX} times");
}

/// The port on which the driver listens; `None` if it ends without one.
fn port(output: &mut impl BufRead) -> Option<u16> {
    let mut lines = output.lines().map_while(Result::ok);
    lines.find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    })
}
