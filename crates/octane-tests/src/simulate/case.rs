//! What a seed makes happen.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use octane_client::{ReportedProblem, Skipped, UploadSettings};
use octane_results::{Dialect, TestRun};

use super::random::Random;
use super::results::Makes;
use super::wire::Order;

/// Everything that a seed decides: what is uploaded, how, and what goes wrong.
#[derive(Debug)]
pub(super) struct Case {
    /// What is uploaded.
    pub(super) rows: Vec<Row>,
    /// What the suite run holds before.
    pub(super) earlier: Vec<TestRun>,
    pub(super) skipped_rows: usize,
    pub(super) upload: UploadSettings,
    pub(super) endpoint: octane_rest::Settings,
    pub(super) server: octane_sandbox::Settings,
    /// What goes wrong in each life of the process but the last.
    pub(super) lives: Vec<Troubles>,
    /// Whether everything that can be read is searched for secrets.
    pub(super) is_overheard: bool,
    /// Whether the same is uploaded once more when it is in.
    pub(super) is_repeated: bool,
    /// What chance on the way begins with.
    pub(super) chance: u64,
}

/// A result, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) run: TestRun,
    pub(super) flaw: Option<Flaw>,
}

/// What is wrong with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The server refuses a payload that has it.
    Refused,
    /// It names a release that does not exist.
    UnknownRelease,
}

/// What goes wrong in one life of the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles {
    /// So many requests at most have a fault.
    pub(super) faults_max: u64,
    /// How many of a hundred requests have one, until then.
    pub(super) percent: u64,
    pub(super) death: Option<Death>,
    /// When the process is asked to stop.
    pub(super) stop: Option<Duration>,
    /// Whether the server starts again before it.
    pub(super) is_restarted: bool,
}

/// How the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// At the commit with this number, before or after it.
    AtCommit { number: u64, is_written: bool },
    /// While the request with this number is under way.
    AtRequest { number: u64, is_done: bool },
    /// At any moment.
    After(Duration),
}

/// What a payload holds that the server refuses.
pub(super) const POISON: &str = "Poison";
/// Their results are known by how long they took: milliseconds from here on.
pub(super) const EARLIER: u64 = 1_000_000;
/// The keys that results may carry, beside some that stand on nothing or on too much.
pub(super) const KEYS: [&str; 8] = [
    "SHOP-101", "SHOP-102", "SHOP-103", "SHOP-12", "SHOP-201", "PAY-1", "shop-104", "PAY-2",
];
pub(super) const UNKNOWN_KEY: &str = "NONE-1";
pub(super) const AMBIGUOUS_KEY: &str = "SHOP-150";

impl Case {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let is_evidence = random.chance(20);
        let rows_max = *random.pick(&[0, 1, 5, 10, 20, 40, 120]);
        let count = random.within(rows_max / 2..=rows_max);
        let makes = Makes::new(random, count, is_evidence);
        let rows: Vec<Row> = (0..count).map(|number| makes.row(random, number)).collect();
        let earlier_max = if random.chance(30) { 6 } else { 0 };
        let earlier = (0..random.within(0..=earlier_max))
            .map(|number| makes.earlier(random, number))
            .collect();
        let skipped_rows = if random.chance(15) {
            random.count(1..=3)
        } else {
            0
        };
        Self {
            rows,
            earlier,
            skipped_rows,
            upload: upload(random, is_evidence, skipped_rows),
            endpoint: endpoint(random),
            server: server(random),
            lives: lives(random),
            is_overheard: random.chance(15),
            is_repeated: random.chance(15),
            chance: random.number(),
        }
    }

    /// Whether each test has one result.
    pub(super) fn has_no_repeats(&self) -> bool {
        let rows = self.rows.iter().map(|row| &row.run);
        let mut seen = HashSet::new();
        rows.chain(&self.earlier)
            .all(|run| seen.insert(&run.identity))
    }

    /// Whether the order of payloads matters.
    pub(super) fn order(&self) -> Order {
        match self.server.results.duplicate_memory {
            _ if self.has_no_repeats() => Order::DoesNotMatter,
            None => Order::Matters,
            Some(_) => Order::IsFragile,
        }
    }

    /// The case in words, a line each.
    pub(super) fn described(&self) -> Vec<String> {
        let Self {
            upload, endpoint, ..
        } = self;
        let settings = format!(
            "{:?}, batches of {}, {} at once, skip errors: {}, link: {}, wait {:?}; {} requests a second, {} \
             at once, {} attempts; {:?}",
            upload.dialect,
            upload.batch_limits.runs_max,
            upload.batches_in_flight_max,
            upload.skip_errors,
            upload.link,
            upload.ingestion_wait_max,
            endpoint.requests_per_second,
            endpoint.concurrency_max,
            endpoint.attempts_max,
            self.server.results,
        );
        let rows = self.rows.iter().map(|row| (&row.run, row.flaw));
        let earlier = self.earlier.iter().map(|run| (run, None));
        let described = |(run, flaw): (&TestRun, Option<Flaw>)| {
            let line = run.position.as_ref().map_or(0, |position| position.line);
            format!(
                "line {line}: {} ({}) {} started {:?} took {:?} {:?} {flaw:?}",
                run.identity,
                run.run_name.as_deref().unwrap_or_default(),
                run.status.as_str(),
                run.started.map(Timestamp::as_millisecond),
                run.duration,
                run.jira
            )
        };
        std::iter::once(settings)
            .chain(earlier.chain(rows).map(described))
            .collect()
    }

    /// How somebody speaks to the server who does not give up.
    pub(super) fn patient_endpoint(&self) -> octane_rest::Settings {
        octane_rest::Settings {
            attempts_max: 1000,
            deadline_seconds: 6000,
            ..self.endpoint.clone()
        }
    }
}

fn upload(random: &mut Random, is_evidence: bool, skipped_rows: usize) -> UploadSettings {
    let mut settings = UploadSettings::default();
    if is_evidence {
        settings.dialect = Dialect::Evidence;
    }
    settings.batch_limits.runs_max = *random.pick(&[1, 2, 3, 7, 20, 500]);
    settings.batches_in_flight_max = random.count(1..=6);
    settings.skip_errors = random.chance(30);
    settings.link = random.chance(90);
    settings.ingestion_wait_max = Duration::from_secs(*random.pick(&[1, 30, 900]));
    let problem = ReportedProblem::new("invalid", "it cannot be used");
    settings.skipped = Skipped::new((0..skipped_rows).map(|_| problem.clone()), skipped_rows);
    settings
}

fn endpoint(random: &mut Random) -> octane_rest::Settings {
    octane_rest::Settings {
        requests_per_second: *random.pick(&[2, 7, 10, 10, 20, 50]),
        concurrency_max: random.count(1..=6),
        attempts_max: *random.pick(&[1, 2, 3, 5]),
        backoff_seed: Some(random.number()),
        deadline_seconds: *random.pick(&[30, 300]),
        attempt_seconds_max: *random.pick(&[5, 60, 120]),
        session_seconds_max: *random.pick(&[0, 30, 3600]),
        page_size: *random.pick(&[2, 7, 1000]),
        bulk_entities_max: *random.pick(&[1, 5, 200]),
        ..octane_rest::Settings::default()
    }
}

fn server(random: &mut Random) -> octane_sandbox::Settings {
    let mut settings = octane_sandbox::Settings::default()
        .run_backlog_field(random.chance(60))
        .accept_evidence(true)
        .ingest_delay(Duration::from_millis(*random.pick(&[0, 0, 900, 20_000])));
    settings.results.queue_max = random.chance(25).then(|| random.within(1..=3));
    if random.chance(8) {
        let seconds = *random.pick(&[0, 3, 60]);
        settings.results.duplicate_memory = Some(Duration::from_secs(seconds));
    }
    settings.results.payload_runs_max = random.chance(10).then(|| random.count(1..=10));
    settings.limits.requests_per_second_max = random.chance(15).then_some(5);
    settings.limits.retry_after = random.chance(50);
    if random.chance(10) {
        settings.access.session_idle = Duration::from_secs(20);
    }
    settings
}

fn lives(random: &mut Random) -> Vec<Troubles> {
    let count = *random.pick(&[0, 1, 1, 2, 2, 3, 5]);
    (0..count).map(|_| troubles(random)).collect()
}

fn troubles(random: &mut Random) -> Troubles {
    Troubles {
        faults_max: *random.pick(&[0, 1, 3, 8, 20]),
        percent: *random.pick(&[5, 15, 40, 80]),
        death: random.chance(50).then(|| match random.within(0..=3) {
            0 | 1 => Death::AtCommit {
                number: random.within(1..=40),
                is_written: random.chance(50),
            },
            2 => Death::AtRequest {
                number: random.within(1..=40),
                is_done: random.chance(50),
            },
            _ => Death::After(random.milliseconds(0..=60_000)),
        }),
        stop: random.chance(20).then(|| random.milliseconds(0..=30_000)),
        is_restarted: random.chance(10),
    }
}
