//! Screenshots of the sandbox's pages for `docs/screenshots`: `cargo xtask screenshots`.
//!
//! Twelve nights of a part of `samples/nightly.csv` are uploaded, each with its own failures. The screenshots are
//! the same each time, except for ids and the time of day.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use octane_client::{ModuleChoice, SuiteChoice, TargetSpec};
use octane_results::{Failure, ReadOptions, Record, Source, Status, TestRun, read};
use octane_sandbox::Fault;
use octane_tests::{Browser, Scheme, World};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const NIGHTS: u64 = 12;
/// Only every n-th row of the sample is used.
const ROWS_EVERY: usize = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Done {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("docs/screenshots");
    std::fs::create_dir_all(&folder)?;
    let browser = Browser::start().ok_or("chromium and chromedriver are needed")?;
    let world = World::new().await;
    let sample = sample(&root)?;
    for night in 0..NIGHTS {
        upload(&world, "Nightly", night, &sample).await?;
        if night % 3 == 0 {
            let has_passed = |run: &&TestRun| run.status == Status::Passed;
            let contract: Vec<TestRun> = sample
                .iter()
                .filter(has_passed)
                .step_by(40)
                .cloned()
                .collect();
            upload(&world, "Contract tests", night, &contract).await?;
        }
        if night % 2 == 0 {
            let smoke: Vec<TestRun> = sample.iter().step_by(12).cloned().collect();
            upload(&world, "Smoke tests", night, &smoke).await?;
        }
    }
    fail_some_requests(&world).await?;
    take(&browser, &world, &folder).await
}

/// A part of the sample, without the rows that are invalid on purpose.
fn sample(root: &Path) -> Done<Vec<TestRun>> {
    let source = Source::path(root.join("samples/nightly.csv"));
    let mut runs = Vec::new();
    for record in read(&source, &ReadOptions::default())? {
        if let Record::Run(run) = record? {
            runs.push(*run);
        }
    }
    Ok(runs.into_iter().step_by(ROWS_EVERY).collect())
}

/// The results of one night: some tests that passed now fail, and the other way round.
fn of_night(sample: &[TestRun], night: u64) -> Vec<TestRun> {
    let nth = |run: &TestRun, row: usize| {
        let mut run = run.clone();
        let dice = (row as u64 + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29 + u32::try_from(night).unwrap_or_default())
            .wrapping_mul(0xBF58_476D_1CE4_E5B9)
            >> 32;
        let weak =
            [4, 2, 3, 9, 16, 7, 3, 2, 1, 5, 2, 1][usize::try_from(night).unwrap_or_default() % 12];
        if run.status == Status::Passed && dice % 100 < weak {
            run.status = Status::Failed;
            run.failure = Some(failure(dice));
        } else if run.status == Status::Failed && !dice.is_multiple_of(3) {
            run.status = Status::Passed;
            run.failure = None;
        }
        run.duration = run.duration * u32::try_from(60 + dice % 90).unwrap_or(100) / 100;
        let behind = DAY * u32::try_from(NIGHTS - night).unwrap_or_default();
        run.started = run.started.map(|started| started - behind);
        run
    };
    sample
        .iter()
        .enumerate()
        .map(|(row, run)| nth(run, row))
        .collect()
}

/// One of several errors, with numbers that differ from run to run.
fn failure(dice: u64) -> Failure {
    let number = dice % 997;
    let (error_type, message) = match dice / 100 % 8 {
        0..4 => (
            "AssertionError",
            format!("expected total 41.90 EUR but was {number}.00 EUR"),
        ),
        4..6 => (
            "TimeoutException",
            format!("no answer from payments after {number} ms"),
        ),
        6 => (
            "ConnectException",
            format!("connection to 10.0.4.17:{} refused", 40_000 + number),
        ),
        _ => (
            "NoSuchElementException",
            "no element `#voucher` on the page".to_owned(),
        ),
    };
    let details = format!(
        "{error_type}: {message}\n\tat example.checkout.CartTotalsTest.total(CartTotalsTest.java:84)\n"
    );
    Failure {
        error_type: Some(error_type.into()),
        message: Some(message),
        details,
    }
}

async fn upload(world: &World, suite: &str, night: u64, sample: &[TestRun]) -> Done {
    let name = format!(
        "{} {}",
        suite.split(' ').next().unwrap_or_default().to_lowercase(),
        4700 + night
    );
    let destination = TargetSpec::new(SuiteChoice::Named(suite.into()), name)
        .module(ModuleChoice::Path("Web Shop".into()))
        .create_missing(true);
    let target = world.client.resolve_target(&destination).await?;
    let _report = world
        .client
        .upload(of_night(sample, night), target)
        .send()
        .await?
        .into_result()?;
    Ok(())
}

/// Sends a few requests that fail on purpose; the client retries them.
async fn fail_some_requests(world: &World) -> Done {
    let faults = [
        Fault::queue_full().path("**/test-results"),
        Fault::status(503).path("**/defects"),
        Fault::reset_before().path("**/stories"),
    ];
    for fault in faults {
        world.sandbox.sandbox().fail_next(fault)?;
    }
    let some: Vec<TestRun> = vec![TestRun::new("opens the shop", Status::Passed)];
    upload(world, "Smoke tests", NIGHTS - 2, &some).await?;
    for collection in ["defects", "stories", "automated_tests"] {
        let list = world.client.endpoint().collection(collection).list();
        list.matching("id LT 3020".parse()?).all().await?;
    }
    Ok(())
}

/// The id of one entity, the latest of those that match.
async fn latest(world: &World, collection: &str, query: &str) -> Done<String> {
    let list = world.client.endpoint().collection(collection).list();
    let found = list.matching(query.parse()?).all().await?;
    let ids = found.iter().filter_map(|entity| entity.id.as_ref());
    let latest = ids.max_by_key(|id| id.to_string().parse::<i64>().unwrap_or_default());
    Ok(latest.ok_or("nothing matches")?.to_string())
}

async fn take(browser: &Browser, world: &World, folder: &Path) -> Done {
    let suite = latest(world, "test_suites", "name EQ ^Nightly^").await?;
    let suite_run = latest(world, "suite_run", &format!("test EQ {{id EQ {suite}}}")).await?;
    let failed = format!(
        "parent_suite EQ {{id EQ {suite_run}}}; native_status EQ {{id EQ ^list_node.run_native_status.failed^}}"
    );
    let run = latest(world, "automated_runs", &failed).await?;
    let test = latest(world, "automated_tests", &format!("run EQ {{id EQ {run}}}")).await?;
    let story = latest(world, "stories", "jira_key_udf EQ ^SHOP-117^").await?;
    let wrong = "native_status+EQUALS+%7Bid+EQ+%5Elist_node.run_native_status.failed%5E%7D";
    let right = "native_status+EQ+%7Bid+EQ+%5Elist_node.run_native_status.failed%5E%7D%3B+name+EQ+%5Erounds*%5E";
    let pages = [
        ("suites", "/".to_owned()),
        ("suite", format!("/suites/{suite}")),
        ("suite-run", format!("/suite-runs/{suite_run}")),
        ("test", format!("/tests/{test}")),
        ("story", format!("/backlog/{story}")),
        ("matrix", "/matrix".to_owned()),
        ("sandbox", "/sandbox".to_owned()),
        ("requests", "/requests".to_owned()),
        (
            "query",
            format!("/query?collection=automated_runs&query={right}"),
        ),
        (
            "query-error",
            format!("/query?collection=automated_runs&query={wrong}"),
        ),
    ];
    for (scheme, ending) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
        browser.prefer(scheme);
        for (name, path) in &pages {
            browser.open(&format!("{}{path}", world.sandbox.url()));
            let png = decode(&browser.screenshot());
            std::fs::write(folder.join(format!("{name}-{ending}.png")), png)?;
        }
    }
    Ok(())
}

/// Decodes Base64, the encoding of screenshots in the driver's protocol.
fn decode(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for value in text
        .bytes()
        .filter_map(|letter| LETTERS.iter().position(|known| *known == letter))
    {
        bits = (bits << 6 | u32::try_from(value).unwrap_or_default()) & 0xFF_FFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap_or_default());
        }
    }
    bytes
}
