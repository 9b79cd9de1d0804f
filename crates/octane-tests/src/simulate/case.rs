//! What a seed decides.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use octane_client::{InvalidResults, ReportedProblem, Shard, UploadSettings};
use octane_results::{Dialect, GherkinUnit, Tag, TestRun};

use super::random::Random;
use super::results::{Flaw, ResultGenerator, Row};
use super::shared_network::Order;

/// Everything that a seed decides: what is uploaded, how, and what goes wrong.
#[derive(Debug)]
pub(super) struct Case {
    /// What is uploaded.
    pub(super) rows: Vec<Row>,
    /// What the suite run holds from the start.
    pub(super) earlier: Vec<TestRun>,
    pub(super) invalid_rows: usize,
    pub(super) upload: UploadSettings,
    pub(super) endpoint: octane_rest::EndpointSettings,
    pub(super) server: octane_sandbox::Settings,
    /// What goes wrong in each run of the process except the last.
    pub(super) process_runs: Vec<RunFaults>,
    /// Whether logs, reports and files are searched for secrets.
    pub(super) checks_secrets: bool,
    /// Whether the same results are uploaded once more after they were ingested.
    pub(super) uploads_again: bool,
    /// The seed of the faults on the network.
    pub(super) network_seed: u64,
    /// Where the results go.
    pub(super) target: CaseTarget,
    /// Those who upload at the same time, each as a case of its own on the same server.
    pub(super) others: Vec<Case>,
    /// Whether all uploaders have results of the same tests.
    pub(super) shares_tests: bool,
    /// When the uploader starts.
    pub(super) start: Duration,
    /// Whether the process is not started again after its last fault.
    pub(super) dies: bool,
    /// If all who upload are shards of one suite run: what goes wrong in each process that merges them, except the last.
    pub(super) merges: Option<Vec<RunFaults>>,
}

/// Where results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaseTarget {
    /// A suite that exists, by ID.
    Given,
    /// A suite and modules that all who have this target create.
    New,
    /// A suite that only the uploader with this number creates, in a module that others create as well.
    Own(u64),
}

/// What goes wrong in one run of the process.
#[derive(Debug, Clone, Default)]
pub(super) struct RunFaults {
    /// How many requests at most have a fault.
    pub(super) faults_max: u64,
    /// The percentage of requests that have one, until then.
    pub(super) percent: u64,
    pub(super) crash: Option<CrashPoint>,
    /// When the process is asked to stop.
    pub(super) stop: Option<Duration>,
    /// Whether the server restarts before the run.
    pub(super) restarts_server: bool,
}

/// When the process crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrashPoint {
    /// At the commit with this number, before or after it.
    AtCommit { number: u64, is_written: bool },
    /// While the request with this number is in flight.
    AtRequest { number: u64, is_done: bool },
    /// After this time.
    After(Duration),
}

impl Case {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let mut case = Self::single(random);
        case.server.entities.module_names_unique = random.chance(50);
        match random.within(0..=99) {
            0..=19 => case.add_others(random),
            20..=39 => {
                case.earlier.clear();
                case.target = CaseTarget::New;
            }
            40..=51 if case.upload.dialect == Dialect::Standard => case.make_features(),
            52..=63 if case.upload.dialect == Dialect::Standard => case.make_shards(random),
            _ => {}
        }
        case
    }

    /// The case of one who uploads alone.
    fn single(random: &mut Random) -> Self {
        let is_evidence = random.chance(20);
        let rows_max = *random.pick(&[0, 1, 5, 10, 20, 40, 120]);
        let count = random.within(rows_max / 2..=rows_max);
        let generator = ResultGenerator::new(random, count, is_evidence);
        let rows: Vec<Row> = (0..count)
            .map(|number| generator.row(random, number))
            .collect();
        let earlier_max = if random.chance(30) { 6 } else { 0 };
        let earlier = (0..random.within(0..=earlier_max))
            .map(|number| generator.earlier(random, number))
            .collect();
        let invalid_rows = if random.chance(15) {
            random.count(1..=3)
        } else {
            0
        };
        Self {
            rows,
            earlier,
            invalid_rows,
            upload: upload(random, is_evidence, invalid_rows),
            endpoint: endpoint(random),
            server: server(random),
            process_runs: process_runs(random),
            checks_secrets: random.chance(15),
            uploads_again: random.chance(15),
            network_seed: random.number(),
            target: CaseTarget::Given,
            others: Vec::new(),
            shares_tests: false,
            start: Duration::ZERO,
            dies: false,
            merges: None,
        }
    }

    /// Makes each test a feature file with a single scenario, so that the same holds for features as for tests.
    fn make_features(&mut self) {
        self.earlier.clear();
        self.upload.gherkin = GherkinUnit::Features;
        self.upload.started = Timestamp::from_second(1_740_000_000).ok();
        let mut seen = HashSet::new();
        self.rows
            .retain(|row| seen.insert(row.run.identity.name.clone()));
        for (line, row) in (1..).zip(&mut self.rows) {
            row.make_feature(line);
        }
    }

    /// Makes it the first of two to four shards of one suite run, which are merged in the end.
    fn make_shards(&mut self, random: &mut Random) {
        let shares_tests = random.chance(50);
        let total = u32::try_from(random.within(2..=4)).unwrap_or(2);
        self.earlier.clear();
        self.uploads_again = false;
        self.shares_tests = shares_tests;
        self.target = *random.pick(&[CaseTarget::Given, CaseTarget::New]);
        self.upload.shard = Shard::new(1, total).ok();
        self.merges = Some(process_runs(random));
        for index in 2..=total {
            let number = u64::from(index);
            let rows = random.within(1..=20);
            let generator = ResultGenerator::new(random, rows, false);
            let generator = generator.of_uploader(number, !shares_tests);
            let rows = (0..rows).map(|row| generator.row(random, row)).collect();
            let mut upload = upload(random, false, 0);
            upload.shard = Shard::new(index, total).ok();
            upload.link = self.upload.link;
            self.others.push(Self {
                rows,
                earlier: Vec::new(),
                invalid_rows: 0,
                upload,
                endpoint: endpoint(random),
                server: self.server.clone(),
                process_runs: process_runs(random),
                checks_secrets: false,
                uploads_again: false,
                network_seed: 0,
                target: self.target,
                others: Vec::new(),
                shares_tests,
                start: random.milliseconds(0..=3000),
                dies: false,
                merges: None,
            });
        }
    }

    /// Makes it the case of two to eight who upload at the same time.
    fn add_others(&mut self, random: &mut Random) {
        let shares_tests = random.chance(30);
        let dies = random.chance(40).then(|| random.within(1..=7));
        self.earlier.clear();
        self.uploads_again = false;
        self.shares_tests = shares_tests;
        self.target = *random.pick(&[CaseTarget::Given, CaseTarget::New, CaseTarget::New]);
        let count = *random.pick(&[1, 1, 2, 3, 7]);
        for number in 1..=count {
            let is_evidence = self.upload.dialect == Dialect::Evidence;
            let rows_max = *random.pick(&[1, 5, 10, 20]);
            let rows = random.within(0..=rows_max);
            let generator = ResultGenerator::new(random, rows, is_evidence);
            let generator = generator.of_uploader(number, !shares_tests);
            let rows = (0..rows).map(|row| generator.row(random, row)).collect();
            let target = match random.within(0..=9) {
                0..=6 => self.target,
                7 | 8 => CaseTarget::Own(number),
                _ => CaseTarget::Given,
            };
            // Some at the very same moment.
            let start_max = *random.pick(&[0, 300, 3000]);
            self.others.push(Self {
                rows,
                earlier: Vec::new(),
                invalid_rows: 0,
                upload: upload(random, is_evidence, 0),
                endpoint: endpoint(random),
                server: self.server.clone(),
                process_runs: process_runs(random),
                checks_secrets: false,
                uploads_again: false,
                network_seed: 0,
                target,
                others: Vec::new(),
                shares_tests,
                start: random.milliseconds(0..=start_max),
                dies: dies == Some(number),
                merges: None,
            });
        }
        self.set_environments();
    }

    /// Gives each uploader an environment of its own if all have results of the same tests, so that these have several runs. Without start
    /// times, a client could not tell them apart where there is any doubt.
    fn set_environments(&mut self) {
        let can_have = |case: &Self| {
            let is_known = |row: &Row| row.run.started.is_some();
            case.upload.dialect == Dialect::Standard && case.rows.iter().all(is_known)
        };
        if self.shares_tests && self.uploaders().all(can_have) {
            for (case, number) in self.others.iter_mut().zip(1..) {
                case.upload.context.environment = vec![Tag::new("Node", format!("n{number}"))];
            }
            self.upload.context.environment = vec![Tag::new("Node", "n0")];
        }
    }

    /// Whether its tests have runs of their own, in its environment.
    pub(super) fn has_own_runs(&self) -> bool {
        !self.shares_tests || !self.upload.context.environment.is_empty()
    }

    /// An upload of this number of batches into a suite that does not exist yet, during which the process crashes once.
    pub(super) fn with_crash(batches: u64, crash: Option<CrashPoint>) -> Self {
        let mut random = Random::new(0);
        let random = &mut random;
        let mut upload = UploadSettings::default();
        upload.batch_limits.runs_max = 1;
        let generator = ResultGenerator::with_keys(batches);
        let faults = RunFaults {
            crash,
            ..RunFaults::default()
        };
        Self {
            rows: (0..batches).map(|row| generator.row(random, row)).collect(),
            earlier: Vec::new(),
            invalid_rows: 0,
            upload,
            endpoint: octane_rest::EndpointSettings::default(),
            server: octane_sandbox::Settings::default(),
            process_runs: vec![faults],
            checks_secrets: false,
            uploads_again: false,
            network_seed: 1,
            target: CaseTarget::New,
            others: Vec::new(),
            shares_tests: false,
            start: Duration::ZERO,
            dies: false,
            merges: None,
        }
    }

    /// Everyone who uploads.
    pub(super) fn uploaders(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
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
            _ if !self.shares_tests && self.uploaders().all(Self::has_no_repeats) => {
                Order::DoesNotMatter
            }
            None => Order::Matters,
            Some(_) => Order::IsFragile,
        }
    }

    /// The settings and the results of the case as text, one line each.
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
            endpoint.requests_per_second.unwrap_or(0),
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
        let place = format!(
            "{:?}, starts after {:?}, dies: {}, shares tests: {}, shard {:?}, {:?}",
            self.target,
            self.start,
            self.dies,
            self.shares_tests,
            self.upload.shard,
            self.upload.context.environment
        );
        [settings, place]
            .into_iter()
            .chain(earlier.chain(rows).map(described))
            .chain(self.others.iter().flat_map(Self::described))
            .collect()
    }

    /// The settings of a client that does not give up.
    pub(super) fn patient_endpoint(&self) -> octane_rest::EndpointSettings {
        let mut settings = self.endpoint.clone();
        settings.attempts_max = 1000;
        settings.deadline = Duration::from_secs(6000);
        settings
    }
}

pub(super) fn upload(
    random: &mut Random,
    is_evidence: bool,
    invalid_rows: usize,
) -> UploadSettings {
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
    settings.invalid =
        InvalidResults::new((0..invalid_rows).map(|_| problem.clone()), invalid_rows);
    settings
}

pub(super) fn endpoint(random: &mut Random) -> octane_rest::EndpointSettings {
    let mut settings = octane_rest::EndpointSettings::default();
    settings.requests_per_second = Some(*random.pick(&[2, 7, 10, 10, 20, 50]));
    settings.concurrency_max = random.count(1..=6);
    settings.attempts_max = *random.pick(&[1, 2, 3, 5]);
    settings.backoff_seed = Some(random.number());
    settings.deadline = Duration::from_secs(*random.pick(&[30, 300]));
    settings.attempt_timeout = Duration::from_secs(*random.pick(&[5, 60, 120]));
    settings.session_age_max = Duration::from_secs(*random.pick(&[0, 30, 3600]));
    settings.page_size = *random.pick(&[2, 7, 1000]);
    settings.bulk_entities_max = *random.pick(&[1, 5, 200]);
    settings
}

pub(super) fn server(random: &mut Random) -> octane_sandbox::Settings {
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

fn process_runs(random: &mut Random) -> Vec<RunFaults> {
    let count = *random.pick(&[0, 1, 1, 2, 2, 3, 5]);
    (0..count).map(|_| faults(random)).collect()
}

pub(super) fn faults(random: &mut Random) -> RunFaults {
    RunFaults {
        faults_max: *random.pick(&[0, 1, 3, 8, 20]),
        percent: *random.pick(&[5, 15, 40, 80]),
        crash: random.chance(50).then(|| match random.within(0..=3) {
            0 | 1 => CrashPoint::AtCommit {
                number: random.within(1..=40),
                is_written: random.chance(50),
            },
            2 => CrashPoint::AtRequest {
                number: random.within(1..=40),
                is_done: random.chance(50),
            },
            _ => CrashPoint::After(random.milliseconds(0..=60_000)),
        }),
        stop: random.chance(20).then(|| random.milliseconds(0..=30_000)),
        restarts_server: random.chance(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_500_seeds_have_the_same_tests_in_several_environments() {
        let has_environment = |case: &Case| case.shares_tests && case.has_own_runs();
        let seeds = (0..500).filter(|seed| has_environment(&Case::new(*seed)));
        let seeds: Vec<u64> = seeds.collect();
        assert!(seeds.len() > 5, "{seeds:?}");
    }
}
