//! What delivery costs, against the least that it could cost: `cargo bench --package octane-client`.
//!
//! Nothing is asserted: numbers and ratios are printed. `cargo bench --package octane-client -- large` also
//! delivers a million results to see that memory stays flat.

#[path = "delivery/stub.rs"]
mod stub;

use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use octane_client::{
    Client, CommitPoint, Prepared, Report, Spool, SuiteChoice, Target, TargetSpec, UploadId,
    UploadSettings,
};
use octane_rest::{ApiKey, Endpoint, EndpointSettings};
use octane_results::{Status, TestRun};
use stub::Stub;

/// Requests a second: the pace is the floor of a large upload.
const RATE: u32 = 20;
const LATENCY: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments
        .iter()
        .position(|argument| argument == "--memory-of")
    {
        memory_of(arguments[at + 1].parse().expect("a number of results"));
        return;
    }
    requests();
    floor();
    let mut counts = vec![10_000, 100_000];
    if arguments.iter().any(|argument| argument == "large") {
        counts.push(1_000_000);
    }
    memory(&counts);
}

fn results(count: u64, jira_every: u64) -> impl Iterator<Item = TestRun> {
    (0..count).map(move |number| {
        let run = TestRun::new(stub::name(number), Status::Passed)
            .package("shop.cart")
            .class("CartTest")
            .duration(Duration::from_millis(number % 1000));
        if jira_every > 0 && number % jira_every == 0 {
            run.jira([format!("SHOP-{}", number % 50 + 1)])
        } else {
            run
        }
    })
}

struct Done {
    report: Report,
    planning: Duration,
    delivery: Duration,
    /// How long commits took while delivering.
    commits: Duration,
    stub: Stub,
}

fn deliver(count: u64, jira_every: u64, rate: u32, latency: Duration) -> Done {
    let stub = Stub::new(count, latency);
    let mut settings = EndpointSettings::default();
    settings.requests_per_second = Some(rate);
    settings.concurrency_max = 16;
    let endpoint = Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("bench", "bench"))
        .settings(settings)
        .transport(stub.clone())
        .build()
        .expect("an address, a space and a workspace are all it takes");
    let client = Client::new(endpoint);
    let folder = tempfile::tempdir().expect("a folder for the journal");
    let commits = Arc::new(Mutex::new((Instant::now(), Duration::ZERO)));
    let spool = Spool::at(folder.path()).fault_hook({
        let commits = Arc::clone(&commits);
        move |_, point| {
            let mut commits = commits.lock().expect("no thread panics here");
            match point {
                CommitPoint::Before => commits.0 = Instant::now(),
                CommitPoint::After => {
                    let took = commits.0.elapsed();
                    commits.1 += took;
                }
            }
            true
        }
    });
    let mut how = UploadSettings::default();
    how.batches_in_flight_max = 8;
    let start = Instant::now();
    let spec = TargetSpec::new(SuiteChoice::Id(5001.into()), "bench");
    let runs = results(count, jira_every);
    let Prepared { journal, .. } = client
        .prepare(runs, &spec, &how, &spool, UploadId::new())
        .expect("these results can be prepared");
    let planning = start.elapsed();
    commits.lock().expect("no thread panics here").1 = Duration::ZERO;
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let report = runtime
        .block_on(
            client
                .delivery(&journal)
                .target(Target::new(5001.into(), "bench"))
                .settings(how)
                .run(),
        )
        .expect("the journal works");
    let delivery = start.elapsed();
    let commits = commits.lock().expect("no thread panics here").1;
    Done {
        report,
        planning,
        delivery,
        commits,
        stub,
    }
}

/// Requests for upload, verification and links of 10,000 runs to 50 stories.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn requests() {
    let done = deliver(10_000, 1, 1000, Duration::ZERO);
    let links = done.report.links.as_ref().map_or(0, |links| links.linked);
    // One sign-in; 20 batches of 500 and a question for each task; the suite run; 10 pages of 1000 runs; one
    // look at the fields of runs and one at those of stories; one query for 50 keys; 50 bulk requests of 200.
    let least = 1 + 20 + 20 + 1 + 10 + 2 + 1 + 50;
    let sent = done.stub.requests();
    println!("requests for 10,000 runs linked to 50 stories");
    println!(
        "  linked {links}, sent {sent}, least {least}, ratio {:.3}",
        ratio(sent, least)
    );
    println!("  {:?}", done.stub.kinds());
}

/// 100,000 results against the floor that pace and latency set.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn floor() {
    let done = deliver(100_000, 0, RATE, LATENCY);
    // 200 batches and a question for each task, the suite run and 100 pages of runs, after the sign-in.
    let least = 200 + 200 + 1 + 100;
    let floor = Duration::from_secs_f64(f64::from(least - 1) / f64::from(RATE)) + 2 * LATENCY;
    let wall = done.planning + done.delivery;
    let journal = done.planning + done.commits;
    println!("100,000 results at {RATE} requests a second and {LATENCY:?} latency");
    println!(
        "  {} ingested in {wall:.2?} (planned in {:.2?}), {} requests; floor {floor:.2?}, ratio {:.3}",
        done.report.counts.ingested,
        done.planning,
        done.stub.requests(),
        wall.as_secs_f64() / floor.as_secs_f64()
    );
    println!(
        "  reading, rendering and journal {:.2?} + commits {:.2?}: {:.1} % of the time",
        done.planning,
        done.commits,
        100.0 * journal.as_secs_f64() / wall.as_secs_f64()
    );
}

/// The largest memory of a process of its own for each count, so that one does not hide another.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn memory(counts: &[u64]) {
    println!("memory (largest resident set)");
    let program = std::env::current_exe().expect("this program has a path");
    for count in counts {
        let output = Command::new(&program)
            .args(["--memory-of", &count.to_string()])
            .output()
            .expect("this program starts");
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn memory_of(count: u64) {
    let done = deliver(count, 100, 1000, Duration::ZERO);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!(
        "  {count:>9} results: {} (planned in {:.1?}, delivered in {:.1?}, {} ingested)",
        peak.map_or("unknown", str::trim),
        done.planning,
        done.delivery,
        done.report.counts.ingested
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
fn ratio(sent: usize, least: usize) -> f64 {
    sent as f64 / least as f64
}
