//! The limit on requests per second.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

const WINDOW: Duration = Duration::from_secs(1);

/// Lets this many requests pass in any second.
#[derive(Debug)]
pub(super) struct Throttle {
    requests_max: Option<u32>,
    clock: Clock,
    /// When the latest accepted requests arrived, the oldest first.
    passed: Mutex<VecDeque<Timestamp>>,
}

impl Throttle {
    pub(super) fn new(requests_max: Option<u32>, clock: Clock) -> Self {
        Self {
            requests_max,
            clock,
            passed: Mutex::default(),
        }
    }

    /// How long a rejected request has to wait. Rejected requests do not count.
    pub(super) fn wait(&self) -> Option<Duration> {
        let requests_max = self.requests_max? as usize;
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        while passed
            .front()
            .is_some_and(|time| self.clock.since(*time) >= WINDOW)
        {
            passed.pop_front();
        }
        if passed.len() < requests_max {
            passed.push_back(self.clock.now());
            return None;
        }
        let oldest = passed.front().map(|time| self.clock.since(*time));
        Some(WINDOW.saturating_sub(oldest.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_per_second_are_limited_and_rejected_ones_do_not_count() {
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let throttle = Throttle::new(Some(2), clock.clone());
        assert_eq!(throttle.wait(), None);
        clock.advance(Duration::from_millis(600));
        assert_eq!(throttle.wait(), None);
        assert_eq!(throttle.wait(), Some(Duration::from_millis(400)));
        clock.advance(Duration::from_millis(400));
        assert_eq!(throttle.wait(), None);
        assert_eq!(throttle.wait(), Some(Duration::from_millis(600)));
    }

    #[test]
    fn without_a_limit_all_requests_pass() {
        let throttle = Throttle::new(None, Clock::paused(Timestamp::UNIX_EPOCH));
        assert!((0..1000).all(|_| throttle.wait().is_none()));
    }
}
