//! Adaptive rate and concurrency limit (AIMD: additive increase, multiplicative decrease).
//!
//! The whole limit applies until the server is overloaded (429 or 503): then half of it, down to a
//! fiftieth. Without further overload it grows by a twentieth of the whole per second. The rate limiter
//! and the concurrency limit both follow this one fraction, so an overloaded server sees requests that are
//! both slower and fewer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A fraction of a limit, from a fiftieth to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(u64);

impl Fraction {
    const MIN: Self = Self(20_000);
    /// The whole limit.
    pub const FULL: Self = Self(1_000_000);
    const INCREASE_PER_MILLISECOND: u64 = 50;

    /// The fraction of this many millionths, within the bounds.
    pub fn from_millionths(millionths: u64) -> Self {
        Self(millionths).clamp(Self::MIN, Self::FULL)
    }

    /// How many millionths of the whole it is.
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// Whether the whole limit applies.
    pub(crate) fn is_full(self) -> bool {
        self == Self::FULL
    }

    /// This fraction of a number, rounded down, but at least 1.
    pub(crate) fn of(self, number: usize) -> usize {
        let part = number as u128 * u128::from(self.0) / u128::from(Self::FULL.0);
        usize::try_from(part).unwrap_or(number).max(1)
    }

    /// The interval at which this fraction of the rate remains.
    pub fn scale_interval(self, interval: Duration) -> Duration {
        let nanoseconds = interval.as_nanos() * u128::from(Self::FULL.0) / u128::from(self.0);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    fn half(self) -> Self {
        Self(self.0 / 2).max(Self::MIN)
    }

    fn increased(self, elapsed: Duration) -> Self {
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let increase = elapsed.saturating_mul(Self::INCREASE_PER_MILLISECOND);
        Self(self.0.saturating_add(increase)).min(Self::FULL)
    }
}

/// The last overload of a server, and the fraction of the limit after it. Moments are given as the time since any moment that stays
/// the same, so that several processes can share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overload {
    /// The fraction right after it.
    pub fraction: Fraction,
    /// When the fraction was halved.
    pub halved_at: Duration,
    /// When the fraction starts to grow.
    pub grows_from: Duration,
}

/// Servers count requests per second: a request sent within one second of the decrease cannot show yet
/// whether that was enough.
const REACTION_TIME: Duration = Duration::from_secs(1);

impl Overload {
    /// An overload that was stored.
    pub fn new(fraction: Fraction, halved_at: Duration, grows_from: Duration) -> Self {
        Self {
            fraction,
            halved_at,
            grows_from,
        }
    }

    /// What follows from a request that was rejected `now`, was sent at `sent`, and of which the server says to come back after
    /// `pause`.
    ///
    /// However many requests report the same overload, the fraction is halved once: those sent earlier, or
    /// within a second after it, only delay its growth.
    pub fn after(earlier: Option<Self>, sent: Duration, now: Duration, pause: Duration) -> Self {
        let grows_from = now.saturating_add(pause);
        match earlier {
            Some(overload) if sent < overload.halved_at + REACTION_TIME => Self {
                fraction: overload.fraction_at(now),
                grows_from: overload.grows_from.max(grows_from),
                ..overload
            },
            earlier => Self {
                fraction: earlier
                    .map_or(Fraction::FULL, |overload| overload.fraction_at(now))
                    .half(),
                halved_at: now,
                grows_from,
            },
        }
    }

    /// The fraction that applies `now`.
    pub fn fraction_at(&self, now: Duration) -> Fraction {
        self.fraction.increased(now.saturating_sub(self.grows_from))
    }
}

/// The fraction that applies now, shared by all clones of an endpoint.
#[derive(Debug)]
pub(crate) struct AdaptiveLimit {
    since: Instant,
    overload: Mutex<Option<Overload>>,
}

impl Default for AdaptiveLimit {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            overload: Mutex::default(),
        }
    }
}

impl AdaptiveLimit {
    /// The fraction that applies now.
    pub(crate) fn fraction(&self) -> Fraction {
        let now = self.at(Instant::now());
        self.overload()
            .map_or(Fraction::FULL, |overload| overload.fraction_at(now))
    }

    /// Reacts to a rejected request that was sent at `sent`, of a server that asks for a `pause`; see [`Overload::after`].
    pub(crate) fn on_overload(&self, sent: Instant, pause: Duration) {
        let (sent, now) = (self.at(sent), self.at(Instant::now()));
        let mut overload = self.overload();
        *overload = Some(Overload::after(*overload, sent, now, pause));
    }

    fn at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.since)
    }

    fn overload(&self) -> MutexGuard<'_, Option<Overload>> {
        // Nothing here panics halfway, so what is behind a poisoned lock is still consistent.
        self.overload.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_rejections_of_one_overload_halve_once() {
        let limit = AdaptiveLimit::default();
        assert!(limit.fraction().is_full());
        let sent = Instant::now();
        for _ in 0..64 {
            advance(Duration::from_millis(2)).await;
            limit.on_overload(sent, Duration::ZERO);
        }
        // Sent after the first of them, but before the decrease could show an effect.
        limit.on_overload(sent + Duration::from_millis(900), Duration::ZERO);
        let fraction = limit.fraction();
        assert!(
            fraction >= Fraction(500_000) && fraction < Fraction(510_000),
            "{fraction:?}"
        );
        // This one was sent at the halved rate, and was still too much.
        advance(Duration::from_millis(1100)).await;
        limit.on_overload(Instant::now(), Duration::ZERO);
        assert!(
            limit.fraction() < Fraction(300_000),
            "{:?}",
            limit.fraction()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_grows_by_a_twentieth_per_second_after_the_pause() {
        let limit = AdaptiveLimit::default();
        limit.on_overload(Instant::now(), Duration::from_secs(7));
        advance(Duration::from_secs(7)).await;
        assert_eq!(limit.fraction(), Fraction(500_000));
        advance(Duration::from_secs(2)).await;
        assert_eq!(limit.fraction(), Fraction(600_000));
        advance(Duration::from_secs(8)).await;
        assert!(limit.fraction().is_full());
    }

    #[test]
    fn a_fraction_of_a_limit_is_never_zero() {
        assert_eq!((Fraction(500_000).of(4), Fraction::MIN.of(4)), (2, 1));
        assert_eq!(Fraction::FULL.of(usize::MAX), usize::MAX);
        let interval = Duration::from_millis(100);
        assert_eq!(Fraction(500_000).scale_interval(interval), interval * 2);
        assert_eq!(Fraction::MIN.scale_interval(interval), interval * 50);
    }

    proptest! {
        #[test]
        fn it_always_stays_within_its_bounds_and_recovers(
            overloads in proptest::collection::vec((0u64..5000, 0u64..5000, 0u64..20_000), 0..50),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let limit = AdaptiveLimit::default();
                let start = Instant::now();
                for (after, age, pause) in overloads {
                    advance(Duration::from_millis(after)).await;
                    let sent = Instant::now().checked_sub(Duration::from_millis(age)).unwrap_or(start);
                    limit.on_overload(sent, Duration::from_millis(pause));
                    prop_assert!((Fraction::MIN..=Fraction::FULL).contains(&limit.fraction()));
                }
                // The longest pause, and the growth from the minimum.
                advance(Duration::from_secs(20 + 20)).await;
                prop_assert!(limit.fraction().is_full());
                Ok(())
            })?;
        }
    }
}
