//! All texts of the program, to be read as a whole: each command's help, a success, and typical mistakes.
//!
//! What differs between runs is replaced. After a change of a text, run the tests with `INSTA_UPDATE=always` and review
//! the difference of `snapshots/`.

mod entities;
mod input;
mod uploads;

use self::entities::server_with_runs;
use crate::program::Place;
use crate::transcript::Transcript;

#[test]
fn help_is_clear() {
    let place = Place::new();
    for command in [
        "",
        "upload",
        "resume",
        "merge",
        "status",
        "wait",
        "uploads",
        "uploads list",
        "uploads show",
        "uploads delete",
        "uploads prune",
        "validate",
        "convert",
        "module",
        "module get",
        "module list",
        "module create",
        "module ensure",
        "suite",
        "suite get",
        "suite list",
        "suite create",
        "suite ensure",
        "suite-run",
        "suite-run get",
        "suite-run list",
        "suite-run close",
        "run",
        "run get",
        "run list",
        "story",
        "story get",
        "story list",
        "story coverage",
        "jira",
        "jira resolve",
        "link",
        "unlink",
        "doctor",
        "auth",
        "auth login",
        "auth status",
        "auth logout",
        "api",
        "ci",
        "ci env",
        "sandbox",
        "sandbox replay",
        "compat",
        "config",
        "config show",
        "config path",
        "config init",
        "config schema",
        "completions",
        "schema",
        "version",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let mut transcript = Transcript::of(&place);
        transcript.offline(&arguments);
        transcript.check(
            arguments
                .join("-")
                .replace("--", "")
                .replace("-help", "_help")
                .trim_start_matches('-'),
        );
    }
}

#[test]
fn the_program_and_its_version() {
    let place = Place::new();
    let mut transcript = Transcript::of(&place);
    transcript.offline(&["version"]);
    transcript.offline(&["--version"]);
    transcript.offline(&["version", "now"]);
    transcript.offline(&["version", "--url", "https://octane.example"]);
    transcript.offline(&["version", "--format", "xml"]);
    transcript.offline(&["uplaod", "a.csv"]);
    transcript.offline(&["-h"]);
    transcript.check("version");
}

#[test]
fn requests() {
    let (server, _) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["api", "GET", "suite_runs?limit=1&fields=name"][..],
        &["api", "GET", "nonsense"],
        &["api", "PATCH", "releases"],
        &["api", "POST", "releases"],
        &["api", "POST", "releases", "--data", "{name:R1}"],
        &["api", "POST", "releases", "--data", "@nowhere.json"],
        &["api", "GET", "releases", "--xml"],
        &["api", "GET"],
        &["api", "GET", "https://elsewhere.example/x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("api");
}

#[test]
fn sandbox() {
    let place = Place::new();
    place.file("settings.toml", "[access]\nsession-idel = '10m'\n");
    place.file("broken.toml", "[access\n");
    let mut transcript = Transcript::of(&place);
    let arguments = ["sandbox", "--memory", "--port", "0"];
    let mut started = place.start(&arguments, &[]);
    let lines = started.lines_until("Press Ctrl-C");
    started.signal("INT");
    let mut done = started.wait();
    done.stdout.insert_str(0, &lines);
    transcript.add(&arguments, &done);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    let taken = place.octane(&["sandbox", "--memory", "--port", &port]);
    transcript.add(&["sandbox", "--memory", "--port", "8484"], &taken);
    for arguments in [
        &["--port", "x"][..],
        &["--port", "70000"],
        &["--listen", "everywhere"],
        &["--sandbox-data", "x"],
        &["--settings", "nowhere.toml"],
        &["--settings", "settings.toml"],
        &["--settings", "broken.toml"],
        &["--set", "x"],
        &["--set", "results.queue-mix=4"],
        &["--set", "results.queue-max=many"],
        &["--set", "results.queue-max=-1"],
    ] {
        transcript.offline(&[&["sandbox", "--memory"], arguments].concat());
    }
    transcript.check("sandbox");
}

#[test]
fn schemas_of_the_answers() {
    let place = Place::new();
    let mut transcript = Transcript::of(&place);
    transcript.offline(&["schema"]);
    transcript.offline(&["schema", "version"]);
    transcript.offline(&["schema", "octane.upload/1"]);
    transcript.offline(&["schema", "uplaod"]);
    transcript.offline(&["schema", "upload", "status"]);
    transcript.offline(&["schema", "--url", "https://octane.example"]);
    transcript.check("schema");
}
