//! Adaptive rate and concurrency limit.
//!
//! The whole limit applies until the server is overloaded (429 or 503): then half of it, down to a fiftieth. From there it grows back
//! along a cubic curve, as the window of TCP CUBIC does (RFC 9438): in ten seconds to what was too much, more slowly the closer it comes,
//! so that a server whose limit is lower than ours rejects a request every ten seconds or so and not every two, and then faster and
//! faster, in case the server can take more again.
//!
//! | seconds after the overload | 0 | 1 | 5 | 10 | 15 | 20 |
//! |---|---|---|---|---|---|---|
//! | too much was the whole | 50 % | 63 % | 93 % | 100 % | 100 % | 100 % |
//! | too much was a tenth | 5 % | 6 % | 9 % | 10 % | 16 % | 60 % |
//!
//! Only time in which requests are sent counts ([`Overload::unused`]): that nothing was rejected while nothing was sent says nothing
//! about the server. The rate limiter and the concurrency limit both follow this one fraction, so an overloaded server sees requests
//! that are both slower and fewer.

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

    /// What has become of a half after this time; see the table of the module.
    fn grown(self, elapsed: Duration) -> Self {
        let full = i128::from(Self::FULL.0);
        let half = i128::from(self.0);
        let too_much = (half * 2).min(full);
        let recovery = RECOVERY_TIME.as_millis().cast_signed();
        // Long before twice the time it is full.
        let elapsed = elapsed.min(RECOVERY_TIME * 3).as_millis().cast_signed();
        let distance = elapsed - recovery;
        let height = match distance {
            ..0 => too_much - half,
            _ => full / 2,
        };
        let fraction = too_much + height * distance.pow(3) / recovery.pow(3);
        Self::from_millionths(u64::try_from(fraction).unwrap_or(0))
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

/// How long the fraction takes to grow back to what was too much.
const RECOVERY_TIME: Duration = Duration::from_secs(10);

/// The longest time between two requests that counts as sending.
const IDLE_MIN: Duration = Duration::from_secs(1);

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
    /// However many requests report the same overload, the fraction is halved once: those sent earlier, or within a second after it, only
    /// let its growth begin later, and have no effect once it has grown for a second.
    pub fn after(earlier: Option<Self>, sent: Duration, now: Duration, pause: Duration) -> Self {
        let grows_from = now.saturating_add(pause);
        match earlier {
            Some(overload) if sent < overload.halved_at + REACTION_TIME => {
                let has_grown = now > overload.grows_from + REACTION_TIME;
                let grows_from = if has_grown {
                    overload.grows_from
                } else {
                    overload.grows_from.max(grows_from)
                };
                Self {
                    grows_from,
                    ..overload
                }
            }
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
        self.fraction.grown(now.saturating_sub(self.grows_from))
    }

    /// What follows if no request was sent from `from`, when one might have been, to `to`: if that was more than a second, the rest of it
    /// does not count for the growth.
    #[must_use]
    pub fn unused(self, from: Duration, to: Duration) -> Self {
        let idle_from = from.saturating_add(IDLE_MIN).max(self.grows_from);
        let grows_from = self.grows_from + to.saturating_sub(idle_from);
        Self { grows_from, ..self }
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

    /// No request was sent from `from` to `to`; see [`Overload::unused`].
    pub(crate) fn unused(&self, from: Instant, to: Instant) {
        let (from, to) = (self.at(from), self.at(to));
        let mut overload = self.overload();
        *overload = overload.map(|overload| overload.unused(from, to));
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
        // This one was sent at the rate that had grown again to less than two thirds, and was still too much.
        advance(Duration::from_millis(1100)).await;
        limit.on_overload(Instant::now(), Duration::ZERO);
        assert!(
            limit.fraction() < Fraction(333_333),
            "{:?}",
            limit.fraction()
        );
    }

    #[test]
    fn a_late_answer_to_what_was_sent_before_the_overload_says_nothing_new() {
        let second = Duration::from_secs;
        let overload = Overload::new(Fraction(500_000), second(100), second(105));
        let after =
            |now| Overload::after(Some(overload), second(99), second(now), second(60)).grows_from;
        assert_eq!(
            [100, 105, 106, 107, 3700].map(after),
            [160, 165, 166, 105, 105].map(second)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_grows_after_the_pause() {
        let limit = AdaptiveLimit::default();
        limit.on_overload(Instant::now(), Duration::from_secs(7));
        advance(Duration::from_secs(7)).await;
        assert_eq!(limit.fraction(), Fraction(500_000));
        advance(Duration::from_secs(9)).await;
        assert_eq!(limit.fraction(), Fraction(999_500));
        advance(Duration::from_secs(1)).await;
        assert!(limit.fraction().is_full());
    }

    #[test]
    fn it_grows_as_the_table_says() {
        let percent = |half| {
            [0, 1, 5, 10, 15, 20].map(|seconds| {
                let fraction = Fraction(half).grown(Duration::from_secs(seconds));
                fraction.millionths() / 10_000
            })
        };
        assert_eq!(percent(500_000), [50, 63, 93, 100, 100, 100]);
        assert_eq!(percent(50_000), [5, 6, 9, 10, 16, 60]);
        assert!(Fraction::MIN.grown(Duration::MAX).is_full());
    }

    #[test]
    fn a_server_that_allows_a_quarter_of_the_rate_rejects_a_request_every_ten_seconds_or_so() {
        let interval = Duration::from_millis(50);
        let (mut overload, mut rejections) = (None::<Overload>, 0);
        let (mut now, mut accepted) = (Duration::ZERO, Vec::new());
        let minute = Duration::from_secs(60);
        while now < minute * 11 {
            let recent = accepted.iter().rev();
            let recent = recent.take_while(|moment: &&Duration| now < **moment + REACTION_TIME);
            if recent.count() < 5 {
                accepted.push(now);
            } else {
                overload = Some(Overload::after(overload, now, now, Duration::ZERO));
                rejections += u32::from(now >= minute);
            }
            let fraction = overload.map_or(Fraction::FULL, |overload| overload.fraction_at(now));
            now += fraction.scale_interval(interval);
        }
        assert!(
            (50..=70).contains(&rejections),
            "{rejections} in 10 minutes"
        );
        // Of 5 per second.
        let accepted = accepted.iter().filter(|moment| **moment >= minute).count();
        assert!(accepted > 3000 * 4 / 5, "{accepted} in 10 minutes");
    }

    #[test]
    fn time_in_which_nothing_was_sent_does_not_count() {
        let second = Duration::from_secs;
        let overload = Overload::new(Fraction(500_000), second(100), second(107));
        // Requests a second apart, and the pause that the server asked for.
        for (from, to) in [(110, 111), (90, 91), (100, 107), (111, 110)] {
            assert_eq!(overload.unused(second(from), second(to)), overload);
        }
        // 3 seconds of sending, and 5 minutes of nothing but one second.
        let later = overload.unused(second(110), second(410));
        let grown = Fraction(500_000).grown(second(4));
        assert_eq!(later.fraction_at(second(410)), grown);
        // Nothing was sent since.
        let later = overload.unused(second(100), second(400));
        assert_eq!(later.fraction_at(second(400)), overload.fraction);
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
                advance(Duration::from_secs(20 + 23)).await;
                prop_assert!(limit.fraction().is_full());
                Ok(())
            })?;
        }
    }
}
