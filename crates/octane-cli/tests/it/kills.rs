//! The program is killed in the middle of its work, again and again, with a server that often fails: every result
//! is ingested exactly once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::program::{Done, Started};
use crate::remote::Remote;

const KILLS: u64 = 100;
const RESULTS: u64 = 6;
/// More lines than an upload usually prints.
const LINES_MAX: u64 = 34;
/// After how many interruptions of one upload something must be wrong.
const ATTEMPTS_MAX: u64 = 60;

/// What the server does to its clients.
const FAULTS: &str = r#"
[faults]
seed = 4
plan = [
    { kind = "status", status = 503, rate = 0.05 },
    { kind = "reset-after", path = "*/test-results", rate = 0.1 },
    { kind = "reset-before", rate = 0.02 },
    { kind = "truncated-body", method = "POST", path = "*/test-results", rate = 0.05 },
    { kind = "slow-body", bytes-per-second = 20000, rate = 0.05 },
    { kind = "session-expired", rate = 0.03 },
]
"#;

/// Pseudo-random numbers, the same each time: the `SplitMix64` generator (Steele, Lea and Flood,
/// 2014).
fn random(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Kills a command when it has printed this many lines, unless it has already ended.
fn killed(mut command: Started, lines: u64) -> Option<Done> {
    for _ in 0..lines {
        if command.line().is_none() {
            return Some(command.wait());
        }
    }
    command.kill();
    None
}

#[test]
fn one_hundred_kills_lose_and_duplicate_nothing() {
    let server = Remote::start(FAULTS);
    let (mut kills, mut uploads, mut steps) = (0, 0, 0);
    while kills < KILLS {
        let name = format!("upload-{uploads}");
        let rows = (0..RESULTS).map(|row| {
            let key = if row == 0 { "SHOP-101" } else { "" };
            format!("{name}-{row},passed,{key}\n")
        });
        let table = format!("name,status,jira\n{}", rows.collect::<String>());
        server.place.file(&format!("{name}.csv"), &table);
        uploads += 1;
        let file = format!("{name}.csv");
        let more = ["-vv", "--rate", "1000", "--retries", "9"];
        let upload = ["upload", &file, "--suite", &name, "-y", "--batch-size", "1"];
        let upload = [&upload[..], &["--suite-run", "r"], &more].concat();
        let resume = [&["resume", "--all"][..], &more].concat();
        let mut is_planned = false;
        for attempt in 0.. {
            assert!(attempt < ATTEMPTS_MAX, "{name} does not end");
            steps += 1;
            let command = server.client(if is_planned { &resume } else { &upload });
            let is_nothing_left = |done: &Done| done.stderr.contains("nothing to resume");
            match killed(command, random(steps) % LINES_MAX) {
                None => {
                    kills += 1;
                    is_planned = true;
                }
                // The process died before the upload was planned.
                Some(done) if is_planned && is_nothing_left(&done) => is_planned = false,
                Some(done) if done.code == 0 => break,
                // The server failed too often; the upload is saved.
                Some(done) if done.code == 8 => is_planned = true,
                Some(done) => panic!("{name}: {done:?}"),
            }
        }
    }
    assert!(uploads > 4, "no upload finished between the kills");

    let cleared = server.client(&["api", "DELETE", "/_sandbox/faults"]).wait();
    assert_eq!(cleared.code, 0, "{cleared:?}");
    let mut seen: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for run in server.list("automated_runs", "name,covered_content") {
        let name = run["name"].as_str().unwrap().to_owned();
        let seen = seen.entry(name).or_insert((0, Value::Null));
        *seen = (seen.0 + 1, run["covered_content"]["total_count"].clone());
    }
    let expected = (0..uploads).flat_map(|upload| {
        (0..RESULTS).map(move |row| {
            let links = u64::from(row == 0);
            (format!("upload-{upload}-{row}"), (1, json!(links)))
        })
    });
    assert_eq!(seen, expected.collect::<BTreeMap<_, _>>());
    assert_eq!(
        server.list("previous_runs", "name"),
        [] as [Value; 0],
        "results were ingested twice"
    );
    assert_eq!(server.list("test_suites", "name").len() as u64, uploads);
    let uploads = server
        .client(&["uploads", "list", "--format", "json"])
        .wait()
        .json();
    let is_finished = |upload: &Value| upload["is_finished"] == true;
    assert!(
        uploads["uploads"]
            .as_array()
            .unwrap()
            .iter()
            .all(is_finished),
        "{uploads}"
    );
}
