//! Measures lists among a million runs: of a suite run, filtered and sorted, at any depth.
//!
//! `cargo bench -p octane-sandbox --bench pages`

#![expect(clippy::print_stdout, reason = "a benchmark prints its numbers")]
#![expect(dead_code, reason = "each benchmark uses its part of what they share")]

mod support;

use support::{Client, payload, spread, timed, usual_or_trial};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (suite_runs, runs_each, rounds) = usual_or_trial((100, 10_000, 41), (2, 500, 1));
    let folder = tempfile::tempdir().unwrap();
    let client = Client::open(&folder.path().join("sandbox.sqlite")).await;
    let suite = client.suite().await;
    let (time, ()) = timed(async {
        for number in 0..suite_runs {
            let payload = payload(&suite, &format!("run {number}"), runs_each);
            client.upload(payload).await;
        }
    })
    .await;
    println!(
        "{} runs in {suite_runs} suite runs, ingested in {:.1} s; {rounds} rounds; median (least to greatest)\n",
        suite_runs * runs_each,
        time.as_secs_f64(),
    );
    let suite_run = client
        .get(&format!(
            "suite_run?query=\"name EQ ^run {}^\"",
            suite_runs / 2
        ))
        .await;
    let suite_run = suite_run["data"][0]["id"].as_str().unwrap().to_owned();
    let of = format!("parent_suite EQ {{id EQ {suite_run}}}");
    let failed = "native_status EQ {id EQ ^list_node.run_native_status.failed^}";
    let passed = "native_status EQ {id EQ ^list_node.run_native_status.passed^}";
    // The fields that the client requests.
    let fields = "name,test_name,component,package,class_name,test,native_status,started";
    let list = |what: &str, query: &str, tail: &str| {
        let path = format!("automated_runs?fields={fields}&query=\"{query}\"&{tail}");
        (what.to_owned(), path)
    };
    let runs = |what: &str, query: &str, tail: &str| {
        let path = format!("runs?fields=name,native_status&query=\"{query}\"&{tail}");
        (what.to_owned(), path)
    };
    for (what, path) in [
        list("100 runs by id", &of, "order_by=id&limit=100"),
        list(
            "100 runs by id, deep",
            &of,
            "order_by=id&limit=100&offset=9900",
        ),
        list("100 newest runs", &of, "order_by=-id&limit=100"),
        list(
            "100 failed runs",
            &format!("{of};{failed}"),
            "order_by=id&limit=100",
        ),
        list(
            "100 passed runs, deep",
            &format!("{of};{passed}"),
            "order_by=-id&limit=100&offset=8000",
        ),
        list("100 longest runs", &of, "order_by=-duration&limit=100"),
        list("100 runs by name", &of, "order_by=name&limit=100"),
        list(
            "100 failed runs by name",
            &format!("{of};{failed}"),
            "order_by=name&limit=100",
        ),
        list("1000 runs by id", &of, "order_by=id&limit=1000"),
        runs("100 runs of any type", &of, "order_by=id&limit=100"),
        list("100 of all failed runs", failed, "order_by=-id&limit=100"),
        list("100 of all runs", "id GT 0", "order_by=-id&limit=100"),
        (
            "50 newest runs".to_owned(),
            "runs?order_by=-id&limit=50".to_owned(),
        ),
    ] {
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..rounds {
            let (time, response) = timed(client.get(&path)).await;
            times.push(time);
            total = response["total_count"].as_u64().unwrap();
        }
        println!("{what:<26} of {total:>7} {}", spread(&mut times));
    }
    for (what, path) in [
        ("front page", "/".to_owned()),
        ("web page of a suite", format!("/suites/{suite}")),
        (
            "web page of a suite run",
            format!("/suite-runs/{suite_run}"),
        ),
        (
            "its new failures",
            format!("/suite-runs/{suite_run}?change=new"),
        ),
        ("matrix", "/matrix".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let (time, _) = timed(client.page(&path)).await;
            times.push(time);
        }
        println!("{what:<37} {}", spread(&mut times));
    }
}
