//! Measures requests over HTTP: how many a second two threads serve, and what one costs the server. The clients
//! are 16 connections of one thread in the same process, so they need a part of the same processors.
//!
//! `cargo bench -p octane-sandbox --bench reads [-- --results 2000000 --seconds 5]`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use std::time::Duration;

use octane_sandbox::{Running, Sandbox, Settings, Storage};
use support::load::{Load, sign_in};
use support::{Client, argument, payload, usual_or_trial};

/// How many results a payload has.
const RUNS: usize = 20_000;

fn main() {
    let time = usual_or_trial(Duration::from_secs(5), Duration::from_millis(50));
    let time = argument("--seconds").map_or(time, Duration::from_secs);
    let results: usize = argument("--results").unwrap_or(usual_or_trial(0, 1000));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let start = |settings: Settings| runtime.block_on(Sandbox::start_with(settings)).unwrap();
    let story = "/api/shared_spaces/1001/workspaces/1002/stories/{story}?fields=name,phase";
    let stories = "/api/shared_spaces/1001/workspaces/1002/stories?limit=50&fields=name,phase";
    let runs = "/api/shared_spaces/1001/workspaces/1002/runs?order_by=-id&limit=50";
    println!("16 connections, {} s each\n", time.as_secs_f64());
    println!(
        "{:<34} requests/s   server's CPU each   clients' CPU each",
        ""
    );
    let sandbox = start(Settings::default());
    for (what, path) in [("a story", story), ("50 stories", stories)] {
        measure(&format!("{what}, in memory"), &sandbox, path, time);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let sandbox = start(Settings::default().storage(Storage::File(file)));
    runtime.block_on(fill(&sandbox, results));
    for (what, path) in [
        ("a story", story),
        ("50 stories", stories),
        ("the newest 50 runs", runs),
        ("the front page", "/"),
    ] {
        measure(&format!("{what}, in a file"), &sandbox, path, time);
    }
}

fn measure(what: &str, sandbox: &Running, path: &str, time: Duration) {
    let cookies = sign_in(sandbox.address());
    let load = Load::new(sandbox.address(), path, &cookies);
    load.run(time.min(Duration::from_millis(300)));
    let done = load.run(time);
    println!(
        "{what:<34} {:>10.0} {:>17.1} µs {:>16.1} µs",
        done.per_second(),
        done.server_each().as_secs_f64() * 1e6,
        done.clients_each().as_secs_f64() * 1e6,
    );
}

async fn fill(sandbox: &Running, results: usize) {
    if results == 0 {
        return;
    }
    let client = Client::of(sandbox.sandbox().app()).await;
    let suite = client.suite().await;
    for number in 0..results.div_ceil(RUNS) {
        let payload = payload(&suite, &format!("run {number}"), RUNS);
        client.upload(payload).await;
    }
}
