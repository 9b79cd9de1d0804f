//! What a seed decides about relays.

use std::time::Duration;

use octane_client::Shard;
use octane_relay::Rate;

use super::super::case::{self, Case, CaseTarget, CrashPoint, RunFaults};
use super::super::random::Random;
use super::super::results::ResultGenerator;
use super::sharded_run::{self, ShardedRun};
use super::skewed_clock::Skew;

/// Everything that a seed decides about relays and those who hand uploads over to them.
#[derive(Debug)]
pub(crate) struct RelayCase {
    /// The uploads, in the order of their numbers: the first one, with the others.
    pub(crate) uploads: Case,
    /// The suite runs whose uploads are shards.
    pub(super) sharded_runs: Vec<ShardedRun>,
    /// How each of them is handed over.
    pub(super) hand_overs: Vec<HandOver>,
    /// What goes wrong in each process of each relay, except the last.
    pub(super) relays: Vec<Vec<RelayRun>>,
    /// How many requests a second all of them may start.
    pub(super) rate: u32,
    /// How many uploads may be stored that are not delivered.
    pub(super) uploads_max: u64,
    pub(super) lease_time: Duration,
    pub(super) poll_interval: Duration,
    pub(super) checkpoint_interval: Duration,
    pub(super) lanes_max: usize,
    /// How the clock of the store differs from those of the relays.
    pub(super) skew: Skew,
    /// The seed of the faults of the store.
    pub(super) store_seed: u64,
    /// Whether nothing goes wrong with the requests of relays.
    pub(super) has_calm_network: bool,
}

/// How an upload is handed over.
#[derive(Debug, Clone)]
pub(super) struct HandOver {
    pub(super) start: Duration,
    pub(super) faults: StoreFaults,
    /// Whether its agent is gone after the first attempt, whatever came of it.
    pub(super) is_once: bool,
    /// When it is handed over once more, though it is stored.
    pub(super) again: Option<Duration>,
}

/// One process of a relay, and what goes wrong in it.
#[derive(Debug, Clone, Default)]
pub(super) struct RelayRun {
    /// On the network, and when it dies: at which transaction of the store, at which request, or when.
    pub(super) faults: RunFaults,
    pub(super) store: StoreFaults,
    pub(super) halts: Vec<Halt>,
    /// How long it takes until the next process is started.
    pub(super) down: Duration,
}

/// How often the store fails.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StoreFaults {
    /// How many operations at most have a fault.
    pub(super) faults_max: u64,
    /// The percentage of operations that have one, until then.
    pub(super) percent: u64,
}

/// A process stands still, as with SIGSTOP.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halt {
    /// Counted from the start, or from the end of the halt before.
    pub(super) after: Duration,
    pub(super) time: Duration,
}

impl RelayCase {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let count = *random.pick(&[1, 2, 3, 4, 6, 8]);
        let lanes = random.within(1..=count.min(4));
        let targets = targets(random, lanes);
        let shares_tests = random.chance(30);
        let mut server = case::server(random);
        // What a server has forgotten it would ingest again; that is a matter of the simulation of single uploads.
        server.results.duplicate_memory = None;
        let endpoint = case::endpoint(random);
        let mut uploads: Vec<Case> = Vec::new();
        let places = places(random, count, lanes);
        let link = random.chance(90);
        for (number, (lane, shard)) in (0..).zip(places.iter().copied()) {
            let rows_max = *random.pick(&[1, 5, 10, 20, 40]);
            let rows = random.within(0..=rows_max);
            let tests_of = if shares_tests { lane as u64 } else { number };
            let generator = ResultGenerator::new(random, rows, false)
                .of_uploader(tests_of, true)
                .of_uploader(number, false);
            let mut upload = case::upload(random, false, 0);
            if shard.is_some() {
                (upload.shard, upload.link) = (shard, link);
            }
            uploads.push(Case {
                rows: (0..rows).map(|row| generator.row(random, row)).collect(),
                earlier: Vec::new(),
                invalid_rows: 0,
                upload,
                endpoint: endpoint.clone(),
                server: server.clone(),
                process_runs: Vec::new(),
                checks_secrets: false,
                uploads_again: false,
                network_seed: random.number(),
                target: targets[lane],
                others: Vec::new(),
                shares_tests,
                start: Duration::ZERO,
                dies: false,
                merges: None,
            });
        }
        let mut first = uploads.remove(0);
        first.server.entities.module_names_unique = random.chance(50);
        first.others = uploads;
        let hand_overs = places.iter().map(|(_, shard)| HandOver {
            start: sharded_run::start(random, shard.is_some()),
            ..hand_over(random)
        });
        let hand_overs = hand_overs.collect();
        let sharded_runs = sharded_run::all(random, &places);
        let relays = *random.pick(&[1, 2, 2, 3, 3, 4]);
        let has_calm_network = random.chance(20);
        let mut relays: Vec<Vec<RelayRun>> = (0..relays).map(|_| runs(random)).collect();
        for run in relays.iter_mut().flatten().filter(|_| has_calm_network) {
            run.faults.faults_max = 0;
        }
        Self {
            uploads: first,
            sharded_runs,
            hand_overs,
            relays,
            rate: *random.pick(&[1, 2, 5, 20, 50]),
            uploads_max: *random.pick(&[1000, 1000, 2]),
            lease_time: Duration::from_secs(*random.pick(&[4, 10, 10, 30])),
            poll_interval: Duration::from_secs(*random.pick(&[1, 1, 3])),
            checkpoint_interval: Duration::from_secs(*random.pick(&[1, 5, 5, 30])),
            lanes_max: random.count(1..=4),
            skew: Skew::new(random),
            store_seed: random.number(),
            has_calm_network,
        }
    }

    /// The suite run of the shard with this number, if it is one.
    pub(super) fn sharded_run(&self, number: usize) -> Option<&ShardedRun> {
        let mut runs = self.sharded_runs.iter();
        runs.find(|run| run.shards.contains_key(&number))
    }

    pub(super) fn rate(&self) -> Rate {
        Rate::per_second(self.rate)
    }

    /// Everything that the seed has decided as text, one line each.
    pub(crate) fn described(&self) -> Vec<String> {
        let settings = format!(
            "{} requests a second; leases of {:?}, a look every {:?}, checkpoints every {:?}, {} lanes at once; {:?}; up to \
             {} uploads",
            self.rate,
            self.lease_time,
            self.poll_interval,
            self.checkpoint_interval,
            self.lanes_max,
            self.skew,
            self.uploads_max
        );
        let hand_overs = self.hand_overs.iter().enumerate();
        let hand_overs =
            hand_overs.map(|(number, hand_over)| format!("upload {number}: {hand_over:?}"));
        let relays = self.relays.iter().enumerate();
        let relays = relays.flat_map(|(number, runs)| {
            runs.iter()
                .map(move |run| format!("relay {number}: {run:?}"))
        });
        self.uploads
            .described()
            .into_iter()
            .chain([settings])
            .chain(self.sharded_runs.iter().map(|run| format!("{run:?}")))
            .chain(hand_overs)
            .chain(relays)
            .collect()
    }
}

/// Where each upload goes: into which lane, and which shard of its suite run it is, if it is one.
fn places(random: &mut Random, count: u64, lanes: u64) -> Vec<(usize, Option<Shard>)> {
    let lanes = usize::try_from(lanes).unwrap_or(1);
    let sharded_lanes = (*random.pick(&[0, 0, 1, 1, 2])).min(lanes);
    let mut places = Vec::new();
    for lane in 0..sharded_lanes {
        let shards = sharded_run::shards(random);
        places.extend(shards.into_iter().map(|shard| (lane, Some(shard))));
    }
    if sharded_lanes < lanes {
        for _ in places.len() as u64..count {
            let lane = random.count(sharded_lanes as u64..=lanes as u64 - 1);
            places.push((lane, None));
        }
    }
    places
}

/// The suites of lanes, each a different one.
fn targets(random: &mut Random, lanes: u64) -> Vec<CaseTarget> {
    let own = (0..lanes).map(CaseTarget::Own);
    let mut targets: Vec<CaseTarget> = [CaseTarget::Given, CaseTarget::New]
        .into_iter()
        .filter(|_| random.chance(50))
        .chain(own)
        .collect();
    targets.truncate(usize::try_from(lanes).unwrap_or(usize::MAX));
    targets
}

fn hand_over(random: &mut Random) -> HandOver {
    HandOver {
        start: random.milliseconds(0..=30_000),
        faults: store_faults(random),
        is_once: random.chance(10),
        again: random.chance(20).then(|| random.milliseconds(1..=90_000)),
    }
}

fn store_faults(random: &mut Random) -> StoreFaults {
    StoreFaults {
        faults_max: *random.pick(&[0, 0, 1, 3, 10]),
        percent: *random.pick(&[2, 10, 40]),
    }
}

fn runs(random: &mut Random) -> Vec<RelayRun> {
    let count = *random.pick(&[0, 1, 1, 2, 3]);
    (0..count).map(|_| run(random)).collect()
}

fn run(random: &mut Random) -> RelayRun {
    let mut faults = case::faults(random);
    faults.crash = random.chance(60).then(|| match random.within(0..=4) {
        // Of the transactions most are those of the pace, one for each request.
        0..=2 => CrashPoint::AtCommit {
            number: random.within(1..=80),
            is_written: random.chance(50),
        },
        3 => CrashPoint::AtRequest {
            number: random.within(1..=40),
            is_done: random.chance(50),
        },
        _ => CrashPoint::After(random.milliseconds(0..=60_000)),
    });
    let halts = *random.pick(&[0, 0, 1, 1, 3]);
    RelayRun {
        faults,
        store: store_faults(random),
        halts: (0..halts)
            .map(|_| Halt {
                after: random.milliseconds(0..=20_000),
                time: random.milliseconds(100..=45_000),
            })
            .collect(),
        down: random.milliseconds(0..=20_000),
    }
}
