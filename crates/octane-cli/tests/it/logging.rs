//! Log lines: what `-v` and `OCTANE_LOG` show.

use octane_sandbox::Fault;

use crate::program::{Done, Place};
use crate::server::{SECRET, Server};

const UPLOAD: [&str; 5] = ["upload", "a.csv", "--suite", "S", "-y"];

fn server() -> Server {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    server
}

fn requests(done: &Done) -> usize {
    let lines = done.stderr.lines();
    lines
        .filter(|line| line.starts_with("debug: octane_rest"))
        .count()
}

/// How many lines of any log there are; progress is not a part of it.
fn logged(done: &Done) -> usize {
    let lines = done.stderr.lines();
    lines.filter(|line| line.contains(": octane_")).count()
}

#[test]
fn requests_are_logged_with_vv_only() {
    let server = server();
    let quiet = server.octane(&UPLOAD, SECRET);
    assert_eq!((quiet.code, logged(&quiet)), (0, 0), "{quiet:?}");
    let v = server.octane(&[&UPLOAD[..], &["-v"]].concat(), SECRET);
    assert_eq!((v.code, requests(&v)), (0, 0), "{v:?}");
    let vv = server.octane(&[&UPLOAD[..], &["-vv"]].concat(), SECRET);
    assert!(vv.code == 0 && requests(&vv) > 3, "{vv:?}");
}

#[test]
fn a_filter_in_the_environment_chooses_what_is_logged() {
    let server = server();
    let with_filter = |filter| server.octane_with(&UPLOAD, SECRET, &[("OCTANE_LOG", filter)]);
    let done = with_filter("octane_rest=debug");
    assert!(done.code == 0 && requests(&done) > 3, "{done:?}");
    let done = with_filter("octane_client=debug");
    assert_eq!((done.code, requests(&done)), (0, 0), "{done:?}");
    with_filter("octane_rest=loud").fails(3, &["OCTANE_LOG", "octane_rest=loud", "hint:"]);
    // An empty variable counts as unset, as CI systems set those.
    let done = with_filter("");
    assert_eq!((done.code, logged(&done)), (0, 0), "{done:?}");
}

#[test]
fn neither_the_secret_nor_a_cookie_is_logged_at_any_level() {
    let server = server();
    server.fail_next(Fault::status(401).path("*/test-results").times(1));
    let log = [("OCTANE_LOG", "trace")];
    let done = server.octane_with(&UPLOAD, SECRET, &log);
    assert!(requests(&done) > 3, "{done:?}");
    assert!(done.stderr.contains("trace: octane_rest"), "{done:?}");
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
    let is_cookie = |line: &&str| {
        let value = line.split("LWSSO_COOKIE_KEY=").nth(1);
        value.is_some_and(|value| value.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    assert_eq!(done.stderr.lines().find(is_cookie), None);
}

#[test]
fn json_on_standard_output_is_not_disturbed_by_the_log() {
    let place = Place::new();
    let arguments = ["suite", "list", "--sandbox", "--format", "json", "-vvv"];
    let done = place.octane(&arguments);
    assert!(
        done.json()["suites"].is_array() && requests(&done) > 0,
        "{done:?}"
    );
}
