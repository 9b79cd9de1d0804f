//! The clock of the store, which is not that of the relays.

use std::time::Duration;

use octane_relay::{Clock, Time};
use tokio::time::Instant;

use super::super::random::Random;

/// How the clock of a store differs from the one that relays measure time with.
#[derive(Debug, Clone)]
pub(super) struct Skew {
    /// How much faster it is, in millionths.
    fast_by: i64,
    /// When it is set, and by how many milliseconds.
    steps: Vec<(Duration, i64)>,
}

/// A crystal is off by less.
const FAST_MAX: u64 = 200;

impl Skew {
    pub(super) fn new(random: &mut Random) -> Self {
        let sign = if random.chance(50) { 1 } else { -1 };
        let fast_by = sign * signed(random.within(0..=FAST_MAX));
        let steps = *random.pick(&[0, 0, 0, 1, 2]);
        let steps = (0..steps).map(|_| {
            let moment = random.milliseconds(0..=120_000);
            let forward = signed(random.within(0..=60_000));
            let back = signed(random.within(0..=20_000));
            (moment, *random.pick(&[forward, -back]))
        });
        Self {
            fast_by,
            steps: steps.collect(),
        }
    }

    /// Whether the clock never jumps.
    pub(super) fn is_steady(&self) -> bool {
        self.steps.is_empty()
    }

    /// The clock, which begins now.
    pub(super) fn clock(&self) -> Clock {
        const START: Time = Time::from_micros(1_790_000_000_000_000);
        let (skew, start) = (self.clone(), Instant::now());
        std::sync::Arc::new(move || {
            let elapsed = start.elapsed();
            let micros = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
            let steps = skew.steps.iter().filter(|(moment, _)| *moment <= elapsed);
            let stepped: i64 = steps.map(|(_, by)| by * 1000).sum();
            let drift = micros / 1000 * skew.fast_by / 1000;
            Time::from_micros(START.micros() + micros + drift + stepped)
        })
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_runs_fast_and_is_set() {
        let skew = Skew {
            fast_by: 200,
            steps: vec![(Duration::from_secs(10), -3000)],
        };
        let clock = skew.clock();
        let start = clock().micros();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock().micros() - start, 5_001_000);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock().micros() - start, 7_002_000);
        assert!(!skew.is_steady());
    }
}
