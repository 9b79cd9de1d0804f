//! How much of what the settings allow is used at the moment.
//!
//! All of it, until the server says that it is too much (429 or 503): then half of it, down to a
//! fiftieth. Without further trouble it grows again by a twentieth of the whole each second. Pace and
//! seats follow this one number, so a server in trouble sees requests that are both slower and fewer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A part of what is allowed, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part(u64);

impl Part {
    const LEAST: Self = Self(20_000);
    const ALL: Self = Self(1_000_000);
    const GROWTH_PER_MILLISECOND: u64 = 50;

    /// Whether it is everything.
    pub(crate) fn is_all(self) -> bool {
        self == Self::ALL
    }

    /// This part of a number, rounded down, but at least 1.
    pub(crate) fn of(self, number: usize) -> usize {
        let part = number as u128 * u128::from(self.0) / u128::from(Self::ALL.0);
        usize::try_from(part).unwrap_or(number).max(1)
    }

    /// An interval, stretched so that only this part of what happens in it remains.
    pub(crate) fn stretch(self, interval: Duration) -> Duration {
        let nanoseconds = interval.as_nanos() * u128::from(Self::ALL.0) / u128::from(self.0);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    fn half(self) -> Self {
        Self(self.0 / 2).max(Self::LEAST)
    }

    fn grown(self, calm: Duration) -> Self {
        let calm = u64::try_from(calm.as_millis()).unwrap_or(u64::MAX);
        let growth = calm.saturating_mul(Self::GROWTH_PER_MILLISECOND);
        Self(self.0.saturating_add(growth)).min(Self::ALL)
    }
}

/// The part that may be used now; one for all clones of an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Share(Mutex<Option<Trouble>>);

/// The last trouble, and what was left after it.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    left: Part,
    /// When the part was halved.
    halved: Instant,
    /// From when on it grows.
    calm_since: Instant,
}

/// Servers count requests by the second: what was sent within one after the part was halved cannot show
/// yet whether that was enough.
const EVENT: Duration = Duration::from_secs(1);

impl Share {
    /// The part that may be used now.
    pub(crate) fn part(&self) -> Part {
        self.state()
            .map_or(Part::ALL, |trouble| trouble.part(Instant::now()))
    }

    /// A request that was sent at `sent` was too much, and the server wants `pause` to recover.
    ///
    /// However many requests learn of the same trouble, the part is halved once: those that were sent
    /// before that, or within a second after it, add nothing but time to wait for its growth.
    pub(crate) fn halve(&self, sent: Instant, pause: Duration) {
        let now = Instant::now();
        let calm_since = now + pause;
        let mut state = self.state();
        *state = Some(match *state {
            Some(trouble) if sent < trouble.halved + EVENT => Trouble {
                left: trouble.part(now),
                calm_since: trouble.calm_since.max(calm_since),
                ..trouble
            },
            earlier => Trouble {
                left: earlier
                    .map_or(Part::ALL, |trouble| trouble.part(now))
                    .half(),
                halved: now,
                calm_since,
            },
        });
    }

    fn state(&self) -> MutexGuard<'_, Option<Trouble>> {
        // Nothing here panics halfway, so a poisoned lock still holds a sound state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn part(&self, now: Instant) -> Part {
        self.left
            .grown(now.saturating_duration_since(self.calm_since))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_refusals_of_one_moment_halve_once() {
        let share = Share::default();
        assert!(share.part().is_all());
        let sent = Instant::now();
        for _ in 0..64 {
            advance(Duration::from_millis(2)).await;
            share.halve(sent, Duration::ZERO);
        }
        // Sent after the first of them, but before anything could have changed.
        share.halve(sent + Duration::from_millis(900), Duration::ZERO);
        let part = share.part();
        assert!(part >= Part(500_000) && part < Part(510_000), "{part:?}");
        // This one was sent at the halved rate, and was still too much.
        advance(Duration::from_millis(1100)).await;
        share.halve(Instant::now(), Duration::ZERO);
        assert!(share.part() < Part(300_000), "{:?}", share.part());
    }

    #[tokio::test(start_paused = true)]
    async fn it_grows_by_a_twentieth_a_second_once_the_server_had_its_peace() {
        let share = Share::default();
        share.halve(Instant::now(), Duration::from_secs(7));
        advance(Duration::from_secs(7)).await;
        assert_eq!(share.part(), Part(500_000));
        advance(Duration::from_secs(2)).await;
        assert_eq!(share.part(), Part(600_000));
        advance(Duration::from_secs(8)).await;
        assert!(share.part().is_all());
    }

    #[test]
    fn a_part_of_something_is_never_nothing() {
        assert_eq!((Part(500_000).of(4), Part::LEAST.of(4)), (2, 1));
        assert_eq!(Part::ALL.of(usize::MAX), usize::MAX);
        let interval = Duration::from_millis(100);
        assert_eq!(Part(500_000).stretch(interval), interval * 2);
        assert_eq!(Part::LEAST.stretch(interval), interval * 50);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_in_its_bounds_and_grows_back(
            troubles in proptest::collection::vec((0u64..5000, 0u64..5000, 0u64..20_000), 0..50),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let share = Share::default();
                let start = Instant::now();
                for (after, age, pause) in troubles {
                    advance(Duration::from_millis(after)).await;
                    let sent = Instant::now().checked_sub(Duration::from_millis(age)).unwrap_or(start);
                    share.halve(sent, Duration::from_millis(pause));
                    prop_assert!((Part::LEAST..=Part::ALL).contains(&share.part()));
                }
                // The longest pause, and the way up from the least.
                advance(Duration::from_secs(20 + 20)).await;
                prop_assert!(share.part().is_all());
                Ok(())
            })?;
        }
    }
}
