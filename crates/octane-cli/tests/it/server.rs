//! The program and a server in another process: credentials, and what is said about them.

use octane_sandbox::{Running, Sandbox, Settings};
use tokio::runtime::Runtime;

use crate::program::{Done, Place};

const SECRET: &str = "a-secret-that-must-not-show";

/// A sandbox on the loopback, and a place whose variables point at it.
struct Server {
    place: Place,
    sandbox: Running,
    // Dropped last: the sandbox runs on it.
    _runtime: Runtime,
}

impl Server {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let settings = Settings::default().api_key("ci", SECRET);
        let sandbox = runtime.block_on(Sandbox::start_with(settings)).unwrap();
        Self {
            place: Place::new(),
            sandbox,
            _runtime: runtime,
        }
    }

    /// Runs `octane` with this secret in the environment.
    fn octane(&self, arguments: &[&str], secret: &str) -> Done {
        let url = format!("{}/ui/?p=1001/1002", self.sandbox.url());
        let variables = [
            ("OCTANE_URL", url.as_str()),
            ("OCTANE_CLIENT_ID", "ci"),
            ("OCTANE_CLIENT_SECRET", secret),
        ];
        self.place.octane_with(arguments, &variables)
    }
}

#[test]
fn an_address_from_the_browser_and_a_key_from_the_environment_are_enough() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y", "-vv"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stderr
            .contains("POST /api/shared_spaces/1001/workspaces/1002/test-results → 202"),
        "{done:?}"
    );
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
}

#[test]
fn a_wrong_secret_is_exit_7_and_is_not_repeated_to_anybody() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let wrong = "wrong-and-still-secret";
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y", "-vv"], wrong);
    done.fails(7, &["OCTANE_CLIENT_SECRET", "hint:"]);
    assert!(!format!("{done:?}").contains(wrong), "{done:?}");
}

#[test]
fn half_a_credential_names_the_missing_half() {
    let server = Server::new();
    let done = server.octane(&["suite", "list"], "");
    done.fails(7, &["OCTANE_CLIENT_SECRET"]);
}
