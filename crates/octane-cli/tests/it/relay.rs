//! `octane relay`, and uploads that are handed over to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use octane_tests::relays::Plan;
use serde_json::{Value, json};

use crate::program::{Done, Place};
use crate::server::{SECRET, Server};

const CSV: &str = "name,status\na,passed\nb,failed\nc,passed\n";

/// A relay in a process of its own, which delivers to a sandbox.
pub(crate) struct Relay {
    process: Child,
    pub(crate) url: String,
}

impl Relay {
    pub(crate) fn start(server: &Server, more: &[&str], database: Option<&str>) -> Self {
        Self::start_at(&server.place, &server.url(), more, database)
    }

    /// The same in a directory, for a workspace with this URL.
    pub(crate) fn start_at(
        place: &Place,
        url: &str,
        more: &[&str],
        database: Option<&str>,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octane"));
        command
            .args(["relay", "--format", "json", "--relay-data", "relay"])
            .args(more)
            .current_dir(place.path())
            .env_clear()
            .envs([("OCTANE_URL", url), ("OCTANE_CLIENT_ID", "ci")])
            .env("OCTANE_CLIENT_SECRET", SECRET)
            .stdout(Stdio::piped());
        if let Some(url) = database {
            command.env("OCTANE_RELAY_DATABASE", url);
        }
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let violations = crate::json_schema::violations(&started);
        assert!(violations.is_empty(), "{violations:?}");
        let url = started["url"].as_str().unwrap().to_owned();
        Self { process, url }
    }

    /// What the relay answers to `GET` with a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Value {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// As if the machine had lost its power.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of the audit log.
pub(crate) fn audit_log(server: &Server) -> Vec<Value> {
    let file = server.place.path().join("relay/audit.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// A token of the project `shop`.
pub(crate) fn token(server: &Server, database: Option<&str>) -> String {
    token_at(&server.place, database)
}

/// The same in a directory.
pub(crate) fn token_at(place: &Place, database: Option<&str>) -> String {
    let variables: Vec<(&str, &str)> = database
        .iter()
        .map(|url| ("OCTANE_RELAY_DATABASE", *url))
        .collect();
    let arguments = [
        "relay",
        "token",
        "create",
        "shop",
        "--relay-data",
        "relay",
        "--format",
        "json",
    ];
    let created = place.octane_with(&arguments, &variables);
    created.json()["token"].as_str().unwrap().to_owned()
}

/// Runs a command as an agent: without an API key.
pub(crate) fn agent(server: &Server, relay: &str, token: &str, line: &str) -> Done {
    let arguments: Vec<&str> = line.split(' ').collect();
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_VIA", relay),
        ("OCTANE_RELAY_TOKEN", token),
        ("OCTANE_SPOOL", "spool"),
    ];
    server.place.octane_with(&arguments, &variables)
}

const UPLOAD: &str = "upload a.csv --suite S --suite-run r -y --format json";

#[test]
fn what_is_handed_over_is_not_called_uploaded_and_is_delivered() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let handed = agent(&server, &relay.url, &token, UPLOAD);
    assert_eq!(handed.code, 0, "{handed:?}");
    let json = handed.json();
    assert_eq!(
        (&json["schema"], &json["exit_code"]),
        (&"octane.hand_over/1".into(), &0.into())
    );
    assert_eq!(json["uploads"][0]["results"], 3);
    // It has moved.
    let list = agent(&server, &relay.url, &token, "uploads list --format json");
    assert_eq!(list.json()["count"], 0);
    let human = agent(
        &server,
        &relay.url,
        &token,
        "upload a.csv --suite S --suite-run r2 -y",
    );
    assert!(human.stdout.contains("not in Octane yet"), "{human:?}");
    assert!(!human.stdout.contains("ploaded"), "{human:?}");
    let waited = agent(
        &server,
        &relay.url,
        &token,
        "upload a.csv --suite S --suite-run r3 -y --format json --wait 5m",
    );
    assert_eq!(waited.code, 0, "{waited:?}");
    let report = waited.json();
    assert_eq!(
        (&report["schema"], &report["outcome"]),
        (&"octane.upload/1".into(), &"success".into())
    );
    assert_eq!(report["counts"]["ingested"], 3);
    let status = server.place.octane(&[
        "relay",
        "status",
        "--relay-data",
        "relay",
        "--format",
        "json",
    ]);
    assert_eq!(
        status.json()["lanes"].as_array().unwrap().len(),
        3,
        "{status:?}"
    );
    assert!(!handed.stdout.contains(&token) && !handed.stderr.contains(&token));
}

#[test]
fn an_agent_that_waits_learns_what_has_changed_since_the_suite_run_before() {
    let server = Server::new();
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let file = |rows: &str| {
        let table = format!("class,name,status\n{rows}");
        server.place.file("a.csv", &table);
    };
    let upload = |suite_run: &str, more: &str| {
        let line = format!(
            "upload a.csv --suite S --suite-run {suite_run} -y --format json --wait 5m {more}"
        );
        let done = agent(&server, &relay.url, &token, line.trim_end());
        assert_eq!(done.code, 0, "{done:?}");
        done.json()["comparison"].clone()
    };
    file("C,fails,passed\nC,mended,failed\n");
    assert_eq!(upload("r1", ""), Value::Null);
    file("C,fails,failed\nC,mended,passed\n");
    let since = upload("r2", "");
    assert_eq!(since["suite_run"]["name"], "r1");
    assert_eq!(since["newly_failed"], serde_json::json!(["C.fails"]));
    assert_eq!(since["fixed"], serde_json::json!(["C.mended"]));
    file("C,mended,failed\n");
    assert_eq!(upload("r3", "--compare off"), Value::Null);
    // Of shards, what all of them have brought.
    assert_eq!(upload("r4", "--shard 1/2"), Value::Null);
    file("C,fails,failed\n");
    let since = upload("r4", "--shard 2/2");
    assert_eq!(since["suite_run"]["name"], "r3");
    assert_eq!(since["newly_failed"], serde_json::json!(["C.fails"]));
    assert_eq!(since["still_failing"], 1);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_relay_bounds_what_its_allocator_keeps_and_stays_the_process_that_was_started() {
    let server = Server::new();
    let relay = Relay::start(&server, &["--port", "0"], None);
    let read = |file: &str| {
        let read = std::fs::read(format!("/proc/{}/{file}", relay.process.id())).unwrap();
        String::from_utf8(read).unwrap()
    };
    let environment = read("environ");
    let arenas = environment
        .split('\0')
        .filter_map(|one| one.strip_prefix("MALLOC_ARENA_MAX="));
    assert_eq!(arenas.collect::<Vec<_>>(), ["2"]);
    let line = read("cmdline");
    let arguments: Vec<&str> = line.trim_end_matches('\0').split('\0').collect();
    assert_eq!(arguments[0], env!("CARGO_BIN_EXE_octane"));
    let rest = [
        "relay",
        "--format",
        "json",
        "--relay-data",
        "relay",
        "--port",
        "0",
    ];
    assert_eq!(arguments[1..], rest);
}

/// Who did what in a line of the audit log, and the state.
fn said(line: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (actor, event) = (word(&line["actor"]["type"]), word(&line["event"]));
    format!("{actor} {event} {}", word(&line["state"]))
}

/// What the audit log says of relays.
fn of_relay(lines: &[Value]) -> Vec<String> {
    let said = lines.iter().map(said);
    said.filter(|line| line.starts_with("relay")).collect()
}

#[test]
fn the_audit_log_says_who_decided_what_and_contains_no_secrets() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let line = format!("{UPLOAD} --wait 5m");
    assert_eq!(agent(&server, &relay.url, &token, &line).code, 0);
    let wrong = format!("octane-relay_00000000_{}", "0".repeat(64));
    let other = UPLOAD.replace("run r", "run other");
    assert_eq!(agent(&server, &relay.url, &wrong, &other).code, 7);
    // The relay writes what it does on its own, after the agent may know.
    while of_relay(&audit_log(&server)).len() < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = token.split('_').nth(1).unwrap();
    let own = ["--relay-data", "relay"];
    let mut stored = audit_log(&server).into_iter();
    let stored = stored.find(|line| line["event"] == "stored");
    let stored = stored.unwrap();
    assert_eq!(stored["actor"], json!({ "type": "token", "id": id }));
    let upload = stored["upload_id"].as_str().unwrap();
    let delete = ["relay", "delete", upload];
    let revoke = ["relay", "token", "revoke", id];
    for line in [&delete[..], &revoke] {
        let dry = [line, &own, &["--dry-run"]].concat();
        assert_eq!(server.place.octane(&dry).code, 0);
        assert_eq!(server.place.octane(&[line, &own].concat()).code, 0);
    }
    let lines = audit_log(&server);
    let by_relay = ["relay leased -", "relay attempt_ended delivered"];
    assert_eq!(of_relay(&lines), by_relay);
    let by_others: Vec<String> = lines.iter().map(said).collect();
    let by_others = by_others.iter().filter(|line| !line.starts_with("relay"));
    assert_eq!(
        by_others.collect::<Vec<_>>(),
        [
            "user token_created -",
            "token stored -",
            "- refused -",
            "user deleted delivered",
            "user token_revoked -",
        ]
    );
    let refused = lines.iter().find(|line| line["event"] == "refused");
    assert_eq!(refused.unwrap()["code"], "unauthorized");
    let text = format!("{lines:?}");
    let secret = token.split('_').nth(2).unwrap();
    assert!(!text.contains(secret) && !text.contains(SECRET), "{text}");
    let file = server.place.path().join("relay/audit.jsonl");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    // It can be rotated by renaming it, and what cannot be written is known before anything is done.
    std::fs::rename(&file, file.with_extension("1")).unwrap();
    let create = ["relay", "token", "create", "depot"];
    let create = [&create[..], &own].concat();
    assert_eq!(server.place.octane(&create).code, 0);
    assert_eq!(audit_log(&server).len(), 1);
    let elsewhere = [&create[..], &["--audit-log", "nowhere/audit"]].concat();
    let refused = server.place.octane(&elsewhere);
    refused.fails(3, &["cannot write the audit log", "--audit-log"]);
    let printed = [&create[..], &["--audit-log", "-"]].concat();
    let printed = server.place.octane(&printed).stdout;
    assert!(printed.contains("\"event\":\"token_created\""), "{printed}");
    let silent = [&create[..], &["--audit-log", "off"]].concat();
    assert_eq!(server.place.octane(&silent).code, 0);
    assert_eq!(audit_log(&server).len(), 1);
}

#[test]
fn a_file_that_was_exported_is_delivered_through_a_folder() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    // A machine without any network, and without an API key.
    let url = server.url();
    let variables = [
        ("OCTANE_URL", &*url),
        ("OCTANE_VIA", "http://127.0.0.1:1"),
        ("OCTANE_RELAY_TOKEN", "none"),
        ("OCTANE_SPOOL", "spool"),
    ];
    let offline = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        server.place.octane_with(&arguments, &variables)
    };
    let planned = offline(&format!("{UPLOAD} --retries 0"));
    assert_eq!(planned.code, 8, "{planned:?}");
    let id = planned.json()["upload_id"].as_str().unwrap().to_owned();
    let exported = offline(&format!("uploads export {id} -o upload.octane"));
    assert_eq!(exported.code, 0, "{exported:?}");
    let missing = ["relay", "--folder", "in", "--relay-data", "relay"];
    server
        .octane(&missing, SECRET)
        .fails(3, &["cannot read the folder `in`"]);
    let folder = server.place.path().join("in/shop");
    std::fs::create_dir_all(&folder).unwrap();
    let _relay = Relay::start(&server, &["--port", "0", "--folder", "in"], None);
    std::fs::rename(
        server.place.path().join("upload.octane"),
        folder.join("upload.octane"),
    )
    .unwrap();
    let delivered = "relay attempt_ended delivered";
    while !of_relay(&audit_log(&server))
        .iter()
        .any(|line| line == delivered)
    {
        std::thread::sleep(Duration::from_millis(50));
    }
    let lines = audit_log(&server);
    let stored = lines.iter().find(|line| line["event"] == "stored").unwrap();
    let actor = json!({ "type": "file", "id": Path::new("shop").join("upload.octane") });
    assert_eq!(
        (&stored["actor"], &stored["project"]),
        (&actor, &"shop".into())
    );
    assert_eq!(
        (&stored["upload_id"], &stored["results"]),
        (&id.into(), &3.into())
    );
    assert!(folder.join("done/upload.octane").exists());
}

#[test]
fn tests_that_failed_count_although_the_results_are_only_handed_over() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let line = format!("{UPLOAD} --on-test-failure fail");
    let handed = agent(&server, &relay.url, &token, &line);
    assert_eq!((handed.code, &handed.json()["exit_code"]), (9, &9.into()));
}

#[test]
fn a_relay_that_is_away_costs_nothing_and_the_printed_command_hands_over_later() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let url = relay.url.clone();
    let port = url.rsplit(':').next().unwrap().to_owned();
    relay.kill();
    let line = format!("{UPLOAD} --retries 0");
    let failed = agent(&server, &url, &token, &line);
    assert_eq!(failed.code, 8, "{failed:?}");
    let error = failed.json();
    let hint = error["hint"].as_str().unwrap();
    let command = hint.split('`').nth(1).unwrap();
    assert!(command.starts_with("octane resume u-"), "{hint}");
    let _relay = Relay::start(&server, &["--rate", "1000", "--port", &port], None);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let resumed = agent(
        &server,
        &url,
        &token,
        &format!("{} --wait 5m --format json", words.join(" ")),
    );
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(resumed.json()["counts"]["ingested"], 3);
}

#[test]
fn without_a_valid_token_nothing_is_handed_over_and_nothing_is_lost() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let relay = Relay::start(&server, &["--port", "0"], None);
    let wrong = format!("octane-relay_00000000_{}", "0".repeat(64));
    let refused = agent(&server, &relay.url, &wrong, UPLOAD);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(!refused.stderr.contains(&wrong) && !refused.stdout.contains(&wrong));
    let without = agent(&server, &relay.url, "", UPLOAD);
    assert_eq!(without.code, 3, "{without:?}");
    let list = agent(&server, &relay.url, "", "uploads list --format json");
    assert_eq!(list.json()["count"], 1);
}

#[test]
fn something_else_in_the_place_of_a_relay_is_never_a_success() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    // The sandbox has no such path.
    let url = format!("http://{}", server.address());
    let token = format!("octane-relay_00000000_{}", "0".repeat(64));
    let failed = agent(&server, &url, &token, &format!("{UPLOAD} --retries 0"));
    assert_eq!(failed.code, 8, "{failed:?}");
}

#[test]
fn what_needs_octane_itself_is_refused_before_anything_is_read() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    for option in [
        "--dry-run",
        "--sandbox",
        "--spool off",
        "--tolerate unstable",
        "--report a.json",
    ] {
        let done = agent(
            &server,
            "http://127.0.0.1:1",
            "x",
            &format!("{UPLOAD} {option}"),
        );
        assert_eq!(done.code, 3, "{option}: {done:?}");
    }
}

#[test]
fn a_suite_run_of_which_a_shard_does_not_arrive_is_completed_by_its_timeout_or_by_a_person() {
    let server = Server::new();
    server.place.file("a.csv", CSV);
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--rate", "1000", "--port", "0"], None);
    let shard = |name: &str, more: &str| {
        let line = format!(
            "upload a.csv --suite S --suite-run {name} --shard 1/2 -y --format json --wait 5m {more}"
        );
        agent(&server, &relay.url, &token, line.trim_end())
    };
    // It is merged at once.
    let timed_out = shard("timed-out", "--shard-timeout 0");
    assert_eq!(timed_out.code, 5, "{timed_out:?}");
    let report = timed_out.json();
    assert_eq!(report["shards"]["missing"], serde_json::json!([2]));
    assert_eq!(report["counts"]["ingested"], 3);
    // Another one waits for a person.
    let awaiting = shard("closed", "");
    assert_eq!(awaiting.code, 0, "{awaiting:?}");
    let close = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        server.place.octane(&arguments)
    };
    let closed = close("relay close closed --relay-data relay --format json");
    assert_eq!(closed.code, 0, "{closed:?}");
    assert_eq!(closed.json()["shards"], 1);
    let unknown = close("relay close other --relay-data relay");
    assert_eq!(unknown.code, 2, "{unknown:?}");
    loop {
        let status = close("relay status --relay-data relay --format json").json();
        let waiting = status["waiting"].as_array().unwrap();
        let found = waiting
            .iter()
            .find(|upload| upload["suite_run"] == "closed");
        if let Some(found) = found {
            assert_eq!(found["state"], "incomplete");
            let reason = found["reason"].as_str().unwrap();
            assert!(
                reason.contains("shard 2 has not arrived (of 2)"),
                "{reason}"
            );
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs relays over PostgreSQL, and checks what must hold then.
fn run(plan: &Plan) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(octane_tests::relays::run(plan)).unwrap();
}

#[test]
fn relays_and_databases_that_are_killed_stopped_and_cut_off_lose_double_and_reorder_nothing() {
    run(&Plan {
        program: env!("CARGO_BIN_EXE_octane").into(),
        uploads: 120,
        rows: 20,
        agents: 12,
        relays: 3,
        // There is something to do for as long as something happens.
        rate: 25,
        think_time_max: Duration::from_secs(8),
        has_faults: true,
        is_disrupted: true,
        stopped_min: Duration::ZERO,
        are_shards: false,
    });
}

#[test]
fn shards_that_several_relays_receive_at_once_make_one_module_one_suite_and_one_suite_run() {
    run(&Plan {
        program: env!("CARGO_BIN_EXE_octane").into(),
        uploads: 16,
        rows: 20,
        agents: 16,
        relays: 3,
        rate: 1000,
        think_time_max: Duration::ZERO,
        has_faults: false,
        is_disrupted: false,
        stopped_min: Duration::ZERO,
        are_shards: true,
    });
}
