//! The sandbox is killed in the middle of its work, again and again: what it acknowledged survives.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use octane_model::{Task, TaskId, TaskStatus};
use octane_rest::{ApiKey, Endpoint, EndpointSettings};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::program::Place;

const ROUNDS: u64 = 50;
const RUNS: usize = 40;
const SENDERS: usize = 4;

/// A sandbox in a process of its own, over a file.
struct Process {
    child: Child,
    endpoint: Endpoint,
}

impl Process {
    fn start(place: &Place) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octane"))
            .args(["sandbox", "--port", "0", "--format", "json"])
            .args(["--set", "seed-data=false"])
            .current_dir(place.path())
            .env_clear()
            .env("OCTANE_RATE", "off")
            .env("OCTANE_SANDBOX_DATA", place.path().join("sandbox"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.as_mut().unwrap();
        let mut answers = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>();
        let answer = answers.next().unwrap().unwrap();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        // An attempt whose answer is lost stays lost: this test counts what was really acknowledged.
        let mut settings = EndpointSettings::default();
        settings.attempts_max = 1;
        settings.requests_per_second = Some(1000);
        let endpoint = Endpoint::builder(text("url"))
            .space(1001)
            .workspace(1002)
            .settings(settings)
            .credentials(ApiKey::new(text("client_id"), text("client_secret")))
            .build()
            .unwrap();
        Self { child, endpoint }
    }

    /// SIGKILL: it cannot clean up.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn payload(suite: &str, number: u64) -> String {
    let runs: String = (0..RUNS)
        .map(|run| {
            format!(r#"<test_run name="p{number}-{run}" class="C" status="Passed" duration="1"/>"#)
        })
        .collect();
    format!(
        r#"<test_result><suite_ref id="{suite}" external_run_id="p{number}"/><test_runs>{runs}</test_runs></test_result>"#
    )
}

/// Sends payloads until the sandbox dies; notes the tasks of those that were acknowledged.
async fn send(
    endpoint: Endpoint,
    suite: String,
    numbers: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<HashMap<u64, TaskId>>>,
    progress: Arc<Notify>,
) {
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let body = payload(&suite, number).into();
        let Ok(sent) = endpoint.test_results().send(body, false).await else {
            return;
        };
        acknowledged.lock().unwrap().insert(number, sent.task.id);
        progress.notify_one();
    }
}

/// How many payloads are acknowledged before the next kill: pseudo-random, the same each time.
fn before_kill(round: u64) -> usize {
    let mixed = (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    1 + usize::try_from(mixed % 9).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_fifty_kills_and_is_ingested_exactly_once() {
    let place = Place::new();
    let mut process = Process::start(&place);
    let body = json!({ "data": [{ "name": "Killed" }] });
    let made = process.endpoint.post("test_suites", &body).await.unwrap();
    let suite = made["data"][0]["id"].as_str().unwrap().to_owned();

    let numbers = Arc::new(AtomicU64::new(0));
    let mut acknowledged: HashMap<u64, TaskId> = HashMap::new();
    let mut waiting_after_kill = 0;
    for round in 0..ROUNDS {
        let (of_round, progress) = (Arc::default(), Arc::new(Notify::new()));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                tokio::spawn(send(
                    process.endpoint.clone(),
                    suite.clone(),
                    Arc::clone(&numbers),
                    Arc::clone(&of_round),
                    Arc::clone(&progress),
                ))
            })
            .collect();
        while of_round.lock().unwrap().len() < before_kill(round) {
            progress.notified().await;
        }
        process.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        process = Process::start(&place);
        let of_round: HashMap<u64, TaskId> = std::mem::take(&mut of_round.lock().unwrap());
        for (number, task) in &of_round {
            let state = process.endpoint.test_results().task(*task).await;
            let state: Task = state.unwrap_or_else(|error| panic!("payload {number}: {error}"));
            assert!(
                matches!(
                    state.status,
                    TaskStatus::Queued | TaskStatus::Running | TaskStatus::Success
                ),
                "payload {number} is {state:?}"
            );
            waiting_after_kill += u32::from(state.status != TaskStatus::Success);
        }
        acknowledged.extend(of_round);
    }

    for (number, task) in &acknowledged {
        loop {
            let state = process.endpoint.test_results().task(*task).await.unwrap();
            match state.status {
                TaskStatus::Queued | TaskStatus::Running => tokio::task::yield_now().await,
                TaskStatus::Success => break,
                _ => panic!("payload {number} ended as {state:?}"),
            }
        }
    }
    let seen = names(&process.endpoint).await;
    for number in 0..numbers.load(Ordering::Relaxed) {
        let counts: Vec<u32> = (0..RUNS)
            .map(|run| seen.get(&format!("p{number}-{run}")).copied().unwrap_or(0))
            .collect();
        // A payload whose acknowledgement was lost is there as a whole or not at all.
        let is_whole = counts.iter().all(|count| *count == 1);
        let is_absent = counts.iter().all(|count| *count == 0);
        assert!(
            is_whole || (is_absent && !acknowledged.contains_key(&number)),
            "payload {number}: {counts:?}"
        );
    }
    // Otherwise every payload was ingested before the kill, and nothing was proved.
    assert!(waiting_after_kill > 0);
    process.kill();
}

/// How often each automated run's name is there.
async fn names(endpoint: &Endpoint) -> HashMap<String, u32> {
    let mut seen = HashMap::new();
    let mut offset = 0;
    loop {
        let path = format!("automated_runs?fields=name&order_by=id&limit=10000&offset={offset}");
        let page = endpoint.get(&path).await.unwrap();
        let data = page["data"].as_array().unwrap();
        if data.is_empty() {
            return seen;
        }
        for run in data {
            *seen
                .entry(run["name"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        offset += data.len();
    }
}
