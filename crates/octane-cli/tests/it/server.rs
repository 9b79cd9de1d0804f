//! The program and a server outside of its process: credentials, and what is printed about them.

use std::net::SocketAddr;

use octane_sandbox::{Fault, ReceivedRequest, Running, Sandbox, Settings};
use tokio::runtime::Runtime;

use crate::program::{Done, Place, Started};

pub(crate) const SECRET: &str = "a-secret-that-must-not-show";

/// A sandbox on the loopback, and a directory whose variables point to it.
pub(crate) struct Server {
    pub(crate) place: Place,
    settings: Settings,
    address: SocketAddr,
    sandbox: Option<Running>,
    // Dropped last: the sandbox runs on it.
    runtime: Runtime,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::with_secret(settings, SECRET)
    }

    /// A sandbox whose API key has this secret.
    pub(crate) fn with_secret(settings: Settings, secret: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let settings = settings.api_key("ci", secret);
        let running = Sandbox::start_with(settings.clone());
        let running = runtime.block_on(running).unwrap();
        Self {
            place: Place::new(),
            settings,
            address: running.address(),
            sandbox: Some(running),
            runtime,
        }
    }

    /// Stops the server.
    pub(crate) fn go_away(&mut self) {
        if let Some(running) = self.sandbox.take() {
            self.runtime.block_on(running.shutdown());
        }
    }

    /// Starts an empty server at the same address.
    pub(crate) fn come_back(&mut self) {
        let sandbox = Sandbox::open(self.settings.clone()).unwrap();
        let running = self.runtime.block_on(sandbox.bind(self.address));
        self.sandbox = Some(running.unwrap());
    }

    fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap().sandbox()
    }

    /// The requests that it has received, as its log shows them.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.sandbox().requests()
    }

    /// The workspace in the browser.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/ui/?p=1001/1002", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The variables of a CI job that uses this server, with this secret.
    pub(crate) fn variables(&self, secret: &str) -> Vec<(&'static str, String)> {
        vec![
            ("OCTANE_URL", self.url()),
            ("OCTANE_CLIENT_ID", "ci".to_owned()),
            ("OCTANE_CLIENT_SECRET", secret.to_owned()),
        ]
    }

    /// Runs `octane` with this secret in the environment.
    pub(crate) fn octane(&self, arguments: &[&str], secret: &str) -> Done {
        self.octane_with(arguments, secret, &[])
    }

    /// The same with more variables.
    pub(crate) fn octane_with(
        &self,
        arguments: &[&str],
        secret: &str,
        more: &[(&str, &str)],
    ) -> Done {
        let own = self.variables(secret);
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        self.place.octane_with(arguments, &variables)
    }

    /// Starts `octane`, to be watched while it works.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        let own = self.variables(SECRET);
        let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, &**value)).collect();
        self.place.start(arguments, &own)
    }

    /// The next request that matches has this fault.
    pub(crate) fn fail_next(&self, fault: Fault) {
        self.sandbox().fail_next(fault).unwrap();
    }

    /// How many sign-ins there were.
    pub(crate) fn sign_ins(&self) -> usize {
        let requests = self.sandbox().requests();
        let is_sign_in = |request: &&ReceivedRequest| request.path.ends_with("/sign_in");
        requests.iter().filter(is_sign_in).count()
    }

    /// Waits until a request is in flight that its fault holds.
    pub(crate) fn holds(&self, path: &str) {
        let is_held = |request: &ReceivedRequest| {
            request.path.ends_with(path) && request.method == "POST" && request.status.is_none()
        };
        while !self.sandbox().requests().iter().any(is_held) {
            std::thread::yield_now();
        }
    }

    /// How many runs the workspace has, and how many earlier results of them.
    pub(crate) fn runs(&self) -> (usize, usize) {
        let count = |collection: &str| {
            let path = format!("{collection}?limit=1&fields=id");
            let done = self.octane(&["api", "GET", &path], SECRET);
            usize::try_from(done.json()["total_count"].as_u64().unwrap()).unwrap()
        };
        (count("automated_runs"), count("previous_runs"))
    }

    /// Moves the sandbox's clock, so that what waits for it continues.
    pub(crate) fn advance(&self, by: std::time::Duration) {
        self.sandbox().clock().advance(by);
    }
}

#[test]
fn a_url_from_the_browser_and_a_key_from_the_environment_are_enough() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y", "-vv"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let path = "/api/shared_spaces/1001/workspaces/1002/test-results";
    let is_request = |line: &str| line.contains(path) && line.contains("202");
    assert!(done.stderr.lines().any(is_request), "{done:?}");
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
}

#[test]
fn the_report_leads_to_the_suite_run_in_the_web_pages() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let summary = server.place.path().join("summary.md");
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let upload = ["upload", "a.csv", "--suite", "S", "--suite-run", "r", "-y"];
    let done = server.octane_with(&upload, SECRET, &github);
    let url = format!(
        "http://{}/ui/entity-navigation?p=1001/1002&entityType=run&id=7001",
        server.address
    );
    assert!(
        done.stdout.contains(&format!("\nView      {url}\n")),
        "{done:?}"
    );
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains(&format!("]({url})")), "{summary}");
    let done = server.octane(&[&upload[..], &["--format", "json"]].concat(), SECRET);
    assert_eq!(done.json()["target"]["url"], url);
    // A sandbox in the process ends with it, and so would the link.
    let done = server
        .place
        .octane(&["upload", "a.csv", "--sandbox", "--format", "json"]);
    assert_eq!(done.json()["target"]["url"], serde_json::Value::Null);
}

#[test]
fn off_a_terminal_an_upload_says_on_standard_error_that_it_begins_and_that_it_has_ended() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y"];
    let done = server.octane(&upload, SECRET);
    let lines: Vec<&str> = done.stderr.lines().collect();
    assert_eq!(lines[0], "prepared 1 result in 1 batch", "{done:?}");
    let last = lines[lines.len() - 1];
    assert!(
        last.starts_with("ended after ") && last.ends_with("1/1 ingested"),
        "{done:?}"
    );
    let quiet = server.octane(&[&upload[..], &["--quiet"]].concat(), SECRET);
    assert_eq!((quiet.code, &*quiet.stderr), (0, ""));
}

#[test]
fn a_wrong_secret_is_exit_7_and_is_never_printed() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let wrong = "wrong-and-still-secret";
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y", "-vv"], wrong);
    done.fails(7, &["OCTANE_CLIENT_SECRET", "hint:"]);
    assert!(!format!("{done:?}").contains(wrong), "{done:?}");
}

#[test]
fn credentials_in_quotes_are_recognised_when_they_are_rejected() {
    let server = Server::new();
    let quoted = format!("\"{SECRET}\"");
    let done = server.octane(&["suite", "list"], &quoted);
    done.fails(
        7,
        &["hint: OCTANE_CLIENT_SECRET has quotes around its value"],
    );
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
}

#[test]
fn a_missing_permission_says_what_is_missing_and_that_nothing_was_sent() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    server.fail_next(Fault::status(403).path("*/test_suites"));
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y"], SECRET);
    done.fails(
        6,
        &[
            "/test_suites returned 403",
            "hint: nothing was sent; give the API key",
        ],
    );
}

#[test]
fn incomplete_credentials_name_the_missing_variable() {
    let server = Server::new();
    let done = server.octane(&["suite", "list"], "");
    done.fails(3, &["OCTANE_CLIENT_SECRET"]);
}
