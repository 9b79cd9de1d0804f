//! The results of a case, and what is wrong with some of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use octane_results::{Context, FeatureFile, FeatureScenario, Position, Release, Status, TestRun};

use super::random::Random;

/// A result and its flaw, if any.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) run: TestRun,
    pub(super) flaw: Option<Flaw>,
}

impl Row {
    /// The line of the input, which reports name.
    pub(super) fn line(&self) -> u64 {
        let position = self.run.position.as_ref();
        position.map_or(0, |position| position.line)
    }

    /// Makes it the result of the only scenario of a feature, which has the name of the test, in a line of the input.
    pub(super) fn make_feature(&mut self, line: u64) {
        let Self { run, flaw } = self;
        if *flaw == Some(Flaw::UnknownRelease) {
            // A feature has no release of its own.
            run.context = Context::default();
            *flaw = None;
        }
        let mut name = run.identity.name.clone();
        if *flaw == Some(Flaw::Refused) {
            name = format!("{POISON} {name}");
        }
        let file = FeatureFile {
            path: format!("{name}.feature"),
            name: name.clone(),
            ..FeatureFile::default()
        };
        run.identity = octane_results::Identity::named(&*name);
        run.run_name = None;
        run.position = Some(Position::new("results.csv", line));
        Arc::make_mut(run.metadata.get_or_insert_default()).scenario = Some(FeatureScenario {
            file: Arc::new(file),
            name,
            line: None,
        });
    }
}

/// What is wrong with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The server refuses a payload that contains the result.
    Refused,
    /// It names a release that does not exist.
    UnknownRelease,
}

/// The server refuses a payload that contains this word.
pub(super) const POISON: &str = "Poison";
/// Earlier results are recognised by their durations: milliseconds from here on.
pub(super) const EARLIER: u64 = 1_000_000;
/// No uploader has as many results.
const DURATIONS_PER_UPLOADER: u64 = 10_000;

/// The number of the uploader whose result has this duration.
pub(super) fn uploader_of(milliseconds: u64) -> usize {
    let number = milliseconds.saturating_sub(1) / DURATIONS_PER_UPLOADER;
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The keys that results may have, besides one that matches no backlog item and one that matches several.
pub(super) const KEYS: [&str; 8] = [
    "SHOP-101", "SHOP-102", "SHOP-103", "SHOP-12", "SHOP-201", "PAY-1", "shop-104", "PAY-2",
];
pub(super) const UNKNOWN_KEY: &str = "NONE-1";
pub(super) const AMBIGUOUS_KEY: &str = "SHOP-150";

/// How the results of a case are generated.
pub(super) struct ResultGenerator {
    /// What the names of its tests begin with.
    prefix: String,
    /// The duration of the first result, in milliseconds.
    first_duration: u64,
    tests: u64,
    is_evidence: bool,
    times: StartTimes,
    keys_percent: u64,
    flaws_percent: u64,
}

/// When tests started.
#[derive(Debug, Clone, Copy)]
enum StartTimes {
    Unknown,
    /// One after the other, this many milliseconds apart.
    Apart(u64),
    /// In random order.
    Mixed,
}

impl ResultGenerator {
    pub(super) fn new(random: &mut Random, count: u64, is_evidence: bool) -> Self {
        let times = [
            StartTimes::Unknown,
            StartTimes::Apart(1000),
            StartTimes::Apart(7),
            StartTimes::Apart(0),
            StartTimes::Mixed,
        ];
        let times = match random.pick(&times) {
            StartTimes::Unknown if is_evidence => StartTimes::Apart(1000),
            other => *other,
        };
        Self {
            prefix: String::new(),
            first_duration: 1,
            tests: random.within(1..=count.max(1) * 2),
            is_evidence,
            times,
            keys_percent: *random.pick(&[0, 10, 50, 90]),
            flaws_percent: *random.pick(&[0, 0, 0, 3, 20]),
        }
    }

    /// One result of each test, a second apart, all with keys and without flaws.
    pub(super) fn with_keys(tests: u64) -> Self {
        Self {
            prefix: String::new(),
            first_duration: 1,
            tests,
            is_evidence: false,
            times: StartTimes::Apart(1000),
            keys_percent: 100,
            flaws_percent: 0,
        }
    }

    /// The same for an uploader among others: durations, and perhaps tests, of its own.
    pub(super) fn of_uploader(mut self, number: u64, has_own_tests: bool) -> Self {
        self.first_duration = number * DURATIONS_PER_UPLOADER + 1;
        if has_own_tests {
            self.prefix = format!("u{number} ");
        }
        self
    }

    pub(super) fn row(&self, random: &mut Random, number: u64) -> Row {
        let mut run = self.run(random, number);
        if random.chance(self.keys_percent) {
            let keys = random.within(1..=3);
            run = run.jira((0..keys).map(|_| key(random)));
        }
        let flaw = random.chance(self.flaws_percent).then(|| {
            if self.is_evidence || random.chance(50) {
                Flaw::Refused
            } else {
                Flaw::UnknownRelease
            }
        });
        match flaw {
            Some(Flaw::Refused) => POISON.clone_into(&mut run.identity.class),
            Some(Flaw::UnknownRelease) => {
                run.context.release = Some(Release::Name("Never".to_owned()));
            }
            None => {}
        }
        // Of several uploaders, no two have the same lines either.
        let line = self.first_duration + number;
        run.position = Some(Position::new("results.csv", line));
        Row { run, flaw }
    }

    pub(super) fn earlier(&self, random: &mut Random, number: u64) -> TestRun {
        let mut run = self.run(random, number);
        run.duration = Duration::from_millis(EARLIER + number);
        let day = SignedDuration::from_hours(24);
        run.started = run
            .started
            .and_then(|started| started.checked_sub(day).ok());
        run
    }

    fn run(&self, random: &mut Random, number: u64) -> TestRun {
        let test = random.within(0..=self.tests - 1);
        let status = *random.pick(&[
            Status::Passed,
            Status::Passed,
            Status::Failed,
            Status::Skipped,
        ]);
        let mut run = TestRun::new(format!("{}test {test}", self.prefix), status)
            .class(format!("Class{}", test % 3))
            .package("sim")
            .duration(Duration::from_millis(self.first_duration + number));
        if test % 5 == 1 {
            run.run_name = Some(format!("variant {}", random.within(1..=2)));
        }
        let milliseconds = match self.times {
            StartTimes::Unknown => None,
            StartTimes::Apart(milliseconds) => Some(number * milliseconds),
            StartTimes::Mixed => Some(random.within(0..=100_000)),
        };
        run.started = milliseconds.and_then(started);
        run
    }
}

fn started(milliseconds: u64) -> Option<Timestamp> {
    const FIRST_MILLISECOND: i64 = 1_740_000_000_123;
    let after = i64::try_from(milliseconds).ok()?;
    Timestamp::from_millisecond(FIRST_MILLISECOND + after).ok()
}

fn key(random: &mut Random) -> &'static str {
    match random.within(0..=9) {
        0 => UNKNOWN_KEY,
        1 => AMBIGUOUS_KEY,
        _ => random.pick::<&str>(&KEYS),
    }
}
