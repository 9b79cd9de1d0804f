//! The results of a case.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use octane_results::{Position, Release, Status, TestRun};

use super::case::{AMBIGUOUS_KEY, EARLIER, Flaw, KEYS, POISON, Row, UNKNOWN_KEY};
use super::random::Random;

/// How the results of a case are made.
pub(super) struct Makes {
    tests: u64,
    is_evidence: bool,
    times: Times,
    keys_percent: u64,
    flaws_percent: u64,
}

/// When tests started.
#[derive(Debug, Clone, Copy)]
enum Times {
    Unknown,
    /// One after the other, so many milliseconds apart.
    Apart(u64),
    /// In no order.
    Mixed,
}

impl Makes {
    pub(super) fn new(random: &mut Random, count: u64, is_evidence: bool) -> Self {
        let times = [
            Times::Unknown,
            Times::Apart(1000),
            Times::Apart(7),
            Times::Apart(0),
            Times::Mixed,
        ];
        let times = match random.pick(&times) {
            Times::Unknown if is_evidence => Times::Apart(1000),
            other => *other,
        };
        Self {
            tests: random.within(1..=count.max(1) * 2),
            is_evidence,
            times,
            keys_percent: *random.pick(&[0, 10, 50, 90]),
            flaws_percent: *random.pick(&[0, 0, 0, 3, 20]),
        }
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
        run.position = Some(Position {
            file: "results.csv".into(),
            line: number + 1,
            column: None,
        });
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
        let mut run = TestRun::new(format!("test {test}"), status)
            .class(format!("Class{}", test % 3))
            .package("sim")
            .duration(Duration::from_millis(number + 1));
        if test % 5 == 1 {
            run.run_name = Some(format!("variant {}", random.within(1..=2)));
        }
        let milliseconds = match self.times {
            Times::Unknown => None,
            Times::Apart(milliseconds) => Some(number * milliseconds),
            Times::Mixed => Some(random.within(0..=100_000)),
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
