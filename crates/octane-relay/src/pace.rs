//! The pace of requests to a server, which all relays share: a pure function over what is stored.
//!
//! A slot is a short time in which one request may start. Slots are an interval apart that leaves room for their length, so that in no
//! second more requests start than the rate allows, however late in its slot each of them is.

use std::time::Duration;

use octane_rest::{Fraction, Overload};

use crate::time::Time;

/// How long a slot is. A request that is later takes another one.
pub const SLOT_LENGTH: Duration = Duration::from_millis(50);

/// How many requests may start per second, from 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(u32);

impl Rate {
    /// This many per second; out of bounds, the nearest that is allowed.
    pub fn per_second(rate: u32) -> Self {
        Self(rate.clamp(1, 1000))
    }

    /// The time from slot to slot. Of slots this far apart, no more than the rate touch any second.
    fn interval(self) -> Duration {
        let nanos = (Duration::from_secs(1) + SLOT_LENGTH).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        // Rounded up to what is stored: never too fast.
        Duration::from_micros(nanos.div_ceil(u64::from(self.0)).div_ceil(1000))
    }
}

/// What is stored for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When the next free slot begins.
    pub next_slot: Time,
    /// The last overload of the server.
    pub overload: Option<Overload>,
}

/// Slots one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// From now until the first one begins.
    pub delay: Duration,
    /// From one to the next.
    pub interval: Duration,
    /// How many there are.
    pub count: u32,
}

impl Pace {
    /// Nothing was sent yet.
    pub const NEW: Self = Self {
        next_slot: Time::EPOCH,
        overload: None,
    };

    /// Takes the next free slots.
    pub fn take(&mut self, now: Time, rate: Rate, count: u32) -> Slots {
        let first = self.next_slot.max(now);
        let (free, used) = (moment(self.next_slot), moment(first));
        self.overload = self.overload.map(|overload| overload.unused(free, used));
        let fraction = self.fraction(now);
        let interval = fraction.scale_interval(rate.interval());
        self.next_slot = first.after(interval * count);
        Slots {
            delay: first.since(now),
            interval,
            count,
        }
    }

    /// The server has rejected a request as one too many, which was sent `since` ago, and says to come back after `pause`.
    pub fn overloaded(&mut self, now: Time, since: Duration, pause: Duration) {
        let sent = moment(now.before(since));
        self.overload = Some(Overload::after(self.overload, sent, moment(now), pause));
        self.next_slot = self.next_slot.max(now.after(pause));
    }

    /// The fraction of the rate that applies now.
    pub fn fraction(&self, now: Time) -> Fraction {
        self.overload
            .map_or(Fraction::FULL, |overload| overload.fraction_at(moment(now)))
    }
}

/// A time as overloads have it.
fn moment(time: Time) -> Duration {
    time.since(Time::EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_micros(1_795_000_000_000_000);

    fn at(milliseconds: u64) -> Time {
        START.after(Duration::from_millis(milliseconds))
    }

    #[test]
    fn no_second_has_more_starts_than_the_rate_allows_however_late_each_is() {
        for rate in [1, 3, 7, 10, 20, 1000] {
            let mut pace = Pace::NEW;
            let mut starts = Vec::new();
            for _ in 0..rate * 5 {
                let slots = pace.take(START, Rate::per_second(rate), 1);
                // As late as possible at first, and on time later.
                let is_late = starts.len() < rate as usize * 2;
                let late = if is_late { SLOT_LENGTH } else { Duration::ZERO };
                starts.push(slots.delay + late);
            }
            for first in &starts {
                let end = *first + Duration::from_secs(1);
                let window = starts
                    .iter()
                    .filter(|start| **start >= *first && **start < end);
                assert!(window.count() <= rate as usize, "{rate} per second");
            }
        }
    }

    #[test]
    fn slots_that_were_not_taken_are_not_caught_up_on() {
        let mut pace = Pace::NEW;
        let rate = Rate::per_second(10);
        assert_eq!(pace.take(START, rate, 4).delay, Duration::ZERO);
        assert_eq!(pace.take(START, rate, 1).delay, Duration::from_millis(420));
        assert_eq!(pace.take(at(60_000), rate, 1).delay, Duration::ZERO);
        assert_eq!(
            pace.take(at(60_000), rate, 1).delay,
            Duration::from_millis(105)
        );
    }

    #[test]
    fn an_overload_halves_the_rate_for_all_and_moves_the_next_slot() {
        let mut pace = Pace::NEW;
        let rate = Rate::per_second(10);
        pace.take(START, rate, 1);
        pace.overloaded(at(10), Duration::from_millis(10), Duration::from_secs(7));
        let slots = pace.take(at(10), rate, 1);
        assert_eq!(slots.delay, Duration::from_secs(7));
        assert_eq!(slots.interval, Duration::from_millis(210));
        // Others report the same overload.
        pace.overloaded(at(20), Duration::from_millis(20), Duration::from_secs(7));
        assert_eq!(pace.fraction(at(20)).millionths(), 500_000);
        assert_eq!(pace.fraction(at(60_000)), Fraction::FULL);
    }

    #[test]
    fn the_rate_does_not_grow_while_nothing_is_sent() {
        let rate = Rate::per_second(10);
        let mut pace = Pace::NEW;
        pace.take(START, rate, 1);
        pace.overloaded(at(10), Duration::from_millis(10), Duration::ZERO);
        let interval = pace.take(at(300_000), rate, 1).interval;
        assert!(interval > Duration::from_millis(150), "{interval:?}");
        // As it would at once.
        let slots = pace.take(at(300_000), rate, 100);
        let end = 300_000 + u64::try_from(slots.delay.as_millis()).unwrap();
        let next = pace.take(at(end + 20_000), rate, 1);
        assert!(next.interval < interval, "{next:?}");
    }
}
