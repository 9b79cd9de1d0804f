//! What a relay leaves on its machine, logs, and suggests to run there.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use octane_sandbox::Settings;

use crate::program::Place;
use crate::relay::{Relay, agent, token};
use crate::server::{SECRET, Server};

const UPLOAD: &str = "upload a.csv --suite S --suite-run r -y";
const TABLE: &str = "name,status\na,passed\n";

/// The directories of this directory that are called like temporary ones.
fn temporary(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.is_dir() && path.to_string_lossy().contains(".tmp"))
        .collect()
}

#[test]
fn what_a_killed_relay_has_unpacked_was_private_and_is_removed_by_the_next_one() {
    let hour = Duration::from_secs(3600);
    let server = Server::with(Settings::default().ingest_delay(hour));
    server.place.file("a.csv", TABLE);
    let folder = server.place.path().join("relay");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0"], None);
    assert_eq!(agent(&server, &relay.url, &token, UPLOAD).code, 0);
    let delivering = folder.join("delivering");
    let left = loop {
        let found = temporary(&delivering).into_iter();
        let mut found = found.filter(|path| path.join("uploads").is_dir());
        if let Some(found) = found.next() {
            break found;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mode = std::fs::metadata(&left).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    relay.kill();
    assert!(left.join("uploads").is_dir());
    let _relay = Relay::start(&server, &["--port", "0"], None);
    assert!(!left.exists());
    assert!(temporary(&folder.join("received")).is_empty());
}

/// The commands between backticks.
fn commands(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts
        .filter(|part| part.starts_with("octane "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_commands_that_a_relay_suggests_act_on_its_own_store() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", SECRET),
    ];
    let arguments = ["relay", "--relay-data", "my relay", "--port", "0"];
    let mut relay = server.place.start(&arguments, &variables);
    let note = relay.says("no agent can hand anything over yet");
    let started = relay.lines_until("Ctrl-C");
    relay.kill();
    let own = ["--relay-data", "my relay"];
    let elsewhere = Place::new();
    let mut created = 0;
    for command in commands(&note).into_iter().chain(commands(&started)) {
        let done = elsewhere.shell(&command.replace("PROJECT", "shop"), &[]);
        assert_eq!(done.code, 0, "{command}: {done:?}");
        created += 1;
    }
    let list = [&["relay", "token", "list", "--format", "json"], &own[..]].concat();
    let list = server.place.octane(&list).json();
    assert_eq!(list["tokens"].as_array().unwrap().len(), created);
    assert_eq!(created, 2, "{note}{started}");
    for (line, hint) in [
        (vec!["retry", "u-01jd8x2m5k3q7r"], "octane relay status"),
        (vec!["close", "none"], "octane relay status"),
        (
            vec!["token", "revoke", "00000000"],
            "octane relay token list",
        ),
    ] {
        let line = [&["relay"], &line[..], &own].concat();
        let refused = server.place.octane(&line);
        let suggested = commands(&refused.stderr);
        let [suggested] = &suggested[..] else {
            panic!("{refused:?}")
        };
        assert!(suggested.starts_with(hint), "{refused:?}");
        let done = elsewhere.shell(suggested, &[]);
        assert_eq!(done.code, 0, "{suggested}: {done:?}");
    }
}

#[test]
fn the_attempt_that_a_status_suggests_is_made_in_the_same_store() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0"], None);
    // The suite does not exist.
    let upload = "upload a.csv --suite None --suite-run r --wait 1m";
    let refused = agent(&server, &relay.url, &token, upload);
    assert_ne!(refused.code, 0, "{refused:?}");
    let status = ["relay", "status", "--relay-data", "relay"];
    let shown = server.place.octane(&status);
    let suggested = commands(&shown.stderr);
    let retry = suggested.iter().find(|command| command.contains("retry"));
    let retry = retry.unwrap_or_else(|| panic!("{shown:?}"));
    let done = Place::new().shell(retry, &[]);
    assert_eq!(done.code, 0, "{retry}: {done:?}");
}

#[test]
fn a_relay_says_without_being_asked_what_is_wrong_with_it() {
    // Octane does not accept the relay's API key.
    let server = Server::with_secret(Settings::default(), "another");
    server.place.file("a.csv", TABLE);
    let token = token(&server, None);
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", SECRET),
    ];
    let arguments = ["relay", "--relay-data", "relay", "--port", "0"];
    let arguments = [&arguments[..], &["--format", "json"]].concat();
    let mut relay = server.place.start(&arguments, &variables);
    let at = relay.answer()["url"].as_str().unwrap().to_owned();
    assert_eq!(agent(&server, &at, &token, UPLOAD).code, 0);
    let said = relay.says("attempt ended");
    assert!(said.contains("warning") && said.contains("401"), "{said}");
    relay.kill();
}

#[test]
fn commands_about_a_store_that_does_not_exist_create_none() {
    let place = Place::new();
    for line in [
        "relay status",
        "relay token list",
        "relay token revoke 00000000",
        "relay retry u-01jd8x2m5k3q7r",
        "relay delete u-01jd8x2m5k3q7r",
        "relay close nightly",
    ] {
        let line: Vec<&str> = line.split(' ').chain(["--relay-data", "typo"]).collect();
        let refused = place.octane(&line);
        refused.fails(
            3,
            &["there is no store of a relay in `typo`", "--relay-data"],
        );
    }
    assert!(!place.path().join("typo").exists());
}

#[test]
fn a_shard_is_awaited_and_said_to_be_in_words() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0", "--rate", "1000"], None);
    let upload = "upload a.csv --suite S --suite-run r -y --shard 1/3 --wait 1m";
    let shown = agent(&server, &relay.url, &token, upload);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown.stdout.contains("`octane relay close NAME`"),
        "{shown:?}"
    );
    assert!(!shown.stdout.contains("octane merge"), "{shown:?}");
    let lines = crate::relay::audit_log(&server);
    let stored = lines.iter().find(|line| line["event"] == "stored").unwrap();
    let id = stored["upload_id"].as_str().unwrap();
    let own = ["--relay-data", "relay"];
    let delete = server
        .place
        .octane(&[&["relay", "delete", id], &own[..]].concat());
    delete.fails(
        2,
        &["is waiting for other shards: its results are in Octane"],
    );
    let retry = server
        .place
        .octane(&[&["relay", "retry", id], &own[..]].concat());
    retry.fails(
        2,
        &[
            "is waiting for other shards",
            "octane relay close --suite=S --relay-data",
        ],
    );
    // A shard of another number of shards does not wait for it without a word.
    let upload = "upload a.csv --suite S --suite-run r -y --shard 2/4 --wait 1m";
    let shown = agent(&server, &relay.url, &token, upload);
    assert_eq!(shown.code, 5, "{shown:?}");
    assert!(
        shown.stdout.contains("2/4") && shown.stdout.contains("1/3"),
        "{shown:?}"
    );
    let status = server
        .place
        .octane(&[&["relay", "status"], &own[..]].concat());
    assert!(
        status.stderr.contains("does not belong to the suite run"),
        "{status:?}"
    );
}

#[test]
fn the_command_that_completes_a_suite_run_works_as_it_is_printed() {
    let server = Server::new();
    server.place.file("a.csv", TABLE);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0", "--rate", "1000"], None);
    for suite in ["S", "T"] {
        let upload =
            format!("upload a.csv --suite {suite} --suite-run=-r -y --shard 1/2 --wait 1m");
        let shown = agent(&server, &relay.url, &token, &upload);
        assert_eq!(shown.code, 0, "{shown:?}");
    }
    let stored = crate::relay::audit_log(&server);
    let stored = stored
        .iter()
        .find(|line| line["event"] == "stored")
        .unwrap();
    let id = stored["upload_id"].as_str().unwrap();
    let retry = ["relay", "retry", id, "--relay-data", "relay"];
    let retry = server.place.octane(&retry);
    let printed = retry
        .stderr
        .split('`')
        .find(|part| part.starts_with("octane relay close"));
    let printed = printed.unwrap().strip_prefix("octane ").unwrap();
    let arguments: Vec<&str> = printed.split(' ').collect();
    let closed = server.place.octane(&arguments);
    assert_eq!(closed.code, 0, "{printed}: {closed:?}");
    assert!(
        closed.stdout.contains("suite run `-r` of `S`"),
        "{closed:?}"
    );
}

#[test]
fn the_answer_to_a_revocation_says_whose_token_it_was() {
    let server = Server::new();
    for (whose, project) in [("shop", Some("shop")), ("--operator", None)] {
        let own = ["--relay-data", "relay", "--format", "json"];
        let create = [&["relay", "token", "create", whose], &own[..]].concat();
        let created = server.place.octane(&create).json();
        let id = created["id"].as_str().unwrap();
        let revoke = [&["relay", "token", "revoke", id], &own[..]].concat();
        let revoked = server.place.octane(&revoke).json();
        assert_eq!(revoked["project"].as_str(), project);
        assert_eq!(revoked["is_operator"], project.is_none());
        assert_eq!(revoked["token"], serde_json::Value::Null);
    }
}
