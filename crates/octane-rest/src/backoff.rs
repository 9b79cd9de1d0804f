//! How long to wait before a repetition.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Settings;
use crate::retry::Wait;

/// Waits that double and are random in length, so that clients that failed together do not come back
/// together.
#[derive(Debug)]
pub(crate) struct Backoff {
    base: Duration,
    queue_full: Duration,
    max: Duration,
    state: AtomicU64,
}

impl Backoff {
    pub(crate) fn new(settings: &Settings) -> Self {
        // The standard library's hashers are seeded by the system: random enough for waits.
        let seed = settings
            .backoff_seed
            .unwrap_or_else(|| RandomState::new().hash_one(0));
        Self {
            base: Duration::from_millis(settings.backoff_milliseconds),
            queue_full: Duration::from_millis(settings.queue_full_milliseconds),
            max: Duration::from_millis(settings.backoff_milliseconds_max),
            state: AtomicU64::new(seed),
        }
    }

    /// How long to wait after the attempt number `attempt` (from 1).
    pub(crate) fn length(&self, wait: Wait, attempt: u32) -> Duration {
        match wait {
            Wait::Short => self.short(attempt),
            Wait::Long => self.long(attempt),
            Wait::Told(wait) => wait,
        }
    }

    /// The longest wait of all.
    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    /// Anything up to `base · 2^(attempt-1)`.
    fn short(&self, attempt: u32) -> Duration {
        self.part_of(ceiling(self.base, attempt).min(self.max))
    }

    /// While the queue of test results is full: from half of `queue_full · 2^(attempt-1)` up to all of
    /// it, because a queue does not empty in a moment.
    fn long(&self, attempt: u32) -> Duration {
        let ceiling = ceiling(self.queue_full, attempt).min(self.max.max(self.queue_full));
        ceiling / 2 + self.part_of(ceiling / 2)
    }

    /// A random part of `ceiling`, in whole milliseconds.
    fn part_of(&self, ceiling: Duration) -> Duration {
        let ceiling = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX - 1);
        let random = u128::from(self.random()) * (u128::from(ceiling) + 1);
        // The upper half of the product is below `ceiling + 1`, so it fits.
        Duration::from_millis(u64::try_from(random >> 64).unwrap_or(ceiling))
    }

    /// The `SplitMix64` generator (Steele, Lea and Flood, 2014): its state is a counter, so that all
    /// clones share it without a lock.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .state
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn ceiling(base: Duration, attempt: u32) -> Duration {
    base.saturating_mul(1 << attempt.saturating_sub(1).min(30))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_seed(seed: u64) -> Backoff {
        Backoff::new(&Settings {
            backoff_seed: Some(seed),
            ..Settings::default()
        })
    }

    #[test]
    fn a_seed_gives_the_same_waits_each_time() {
        let waits = |seed| {
            let backoff = with_seed(seed);
            (1..=9)
                .map(|attempt| backoff.short(attempt).as_millis())
                .collect::<Vec<_>>()
        };
        let expected = [195, 16, 1802, 2332, 3619, 3991, 14974, 19684, 8055];
        assert_eq!(waits(7), expected);
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn the_generator_is_the_published_one() {
        assert_eq!(with_seed(0).random(), 0xe220_a839_7b1d_cdaf);
    }

    proptest! {
        #[test]
        fn waits_stay_below_their_doubling_bound(seed: u64, attempt in 1u32..100) {
            let backoff = with_seed(seed);
            let bound = Duration::from_millis(500u64.saturating_mul(1 << (attempt - 1).min(30)));
            prop_assert!(backoff.short(attempt) <= bound.min(Duration::from_secs(60)));
            let long = backoff.long(attempt);
            let bound = Duration::from_millis(15_000u64 << (attempt - 1).min(30)).min(Duration::from_secs(60));
            prop_assert!(long >= bound / 2 && long <= bound, "{long:?}");
        }
    }
}
