//! How long to wait before a retry.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use octane_model::random::Random;

use crate::retry::Delay;
use crate::settings::EndpointSettings;

/// Exponential backoff with jitter, so that clients that failed together do not come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    base: Duration,
    queue_full: Duration,
    max: Duration,
    random: Mutex<Random>,
}

impl Backoff {
    pub(crate) fn new(settings: &EndpointSettings) -> Self {
        // The standard library's hashers are seeded by the system: random enough for delays.
        let seed = settings
            .backoff_seed
            .unwrap_or_else(|| RandomState::new().hash_one(0));
        Self {
            base: settings.backoff_base,
            queue_full: settings.queue_full_backoff,
            max: settings.backoff_max,
            random: Mutex::new(Random::new(seed)),
        }
    }

    /// How long to wait after the attempt with this number (from 1).
    pub(crate) fn duration(&self, delay: Delay, attempt: u32) -> Duration {
        match delay {
            Delay::Backoff => self.usual(attempt),
            Delay::QueueFull => self.queue_full(attempt),
            Delay::FromServer(wait) => wait,
        }
    }

    /// The longest usual backoff.
    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    /// Up to `base · 2^(attempt-1)`.
    fn usual(&self, attempt: u32) -> Duration {
        self.part_of(ceiling(self.base, attempt).min(self.max))
    }

    /// From half of `queue_full · 2^(attempt-1)` up to all of it, because a queue takes time to empty.
    fn queue_full(&self, attempt: u32) -> Duration {
        let ceiling = ceiling(self.queue_full, attempt).min(self.max.max(self.queue_full));
        ceiling / 2 + self.part_of(ceiling / 2)
    }

    /// A random part of `ceiling`, in whole milliseconds.
    fn part_of(&self, ceiling: Duration) -> Duration {
        let ceiling = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX - 1);
        // Nothing panics while it is locked, so the generator behind a poisoned lock is still valid.
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(random.below(ceiling.saturating_add(1)))
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
        Backoff::new(&EndpointSettings {
            backoff_seed: Some(seed),
            ..EndpointSettings::default()
        })
    }

    #[test]
    fn a_seed_makes_the_delays_reproducible() {
        let delays = |seed| {
            let backoff = with_seed(seed);
            (1..=9)
                .map(|attempt| backoff.usual(attempt).as_millis())
                .collect::<Vec<_>>()
        };
        let expected = [195, 16, 1802, 2332, 3619, 3991, 14974, 19684, 8055];
        assert_eq!(delays(7), expected);
        assert_ne!(delays(7), delays(8));
    }

    #[test]
    fn each_delay_has_its_own_duration() {
        let backoff = with_seed(7);
        assert!(backoff.duration(Delay::Backoff, 1) <= Duration::from_millis(500));
        assert!(backoff.duration(Delay::QueueFull, 1) >= Duration::from_millis(7500));
        let from_server = Delay::FromServer(Duration::from_secs(3));
        assert_eq!(backoff.duration(from_server, 9), Duration::from_secs(3));
    }

    proptest! {
        #[test]
        fn delays_stay_within_their_exponential_bound(seed: u64, attempt in 1u32..100) {
            let backoff = with_seed(seed);
            let bound = Duration::from_millis(500u64.saturating_mul(1 << (attempt - 1).min(30)));
            prop_assert!(backoff.usual(attempt) <= bound.min(Duration::from_secs(60)));
            let long = backoff.queue_full(attempt);
            let bound = Duration::from_millis(15_000u64 << (attempt - 1).min(30)).min(Duration::from_secs(60));
            prop_assert!(long >= bound / 2 && long <= bound, "{long:?}");
        }
    }
}
