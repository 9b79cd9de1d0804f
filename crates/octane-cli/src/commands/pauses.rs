//! Pauses between looks at something that takes time elsewhere.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Growing pauses until a certain time.
pub(super) struct Pauses {
    end: Instant,
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// For `wait_max` altogether, where a pause is as long as the first of `lengths` at first, and as the second at most.
    pub(super) fn new(wait_max: Duration, lengths: [Duration; 2]) -> Self {
        let [next, longest] = lengths;
        Self {
            end: Instant::now() + wait_max,
            next,
            longest,
        }
    }

    /// How much time there is.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Pauses, not longer than there is time; false if the time is over.
    pub(super) async fn pause(&mut self) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        sleep(self.next.min(left)).await;
        self.next = (self.next * 3 / 2).min(self.longest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_end_with_the_time() {
        let lengths = [SECOND / 2, SECOND * 5];
        let start = Instant::now();
        let mut pauses = Pauses::new(SECOND * 20, lengths);
        let mut count = 0;
        while pauses.pause().await {
            count += 1;
        }
        assert_eq!(start.elapsed(), SECOND * 20);
        assert_eq!(count, 8);
        assert!(!Pauses::new(Duration::ZERO, lengths).pause().await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_pause_is_shorter_instead_of_missing() {
        for seconds in [1, 2, 5, 20, 61] {
            let start = Instant::now();
            let mut pauses = Pauses::new(SECOND * seconds, [SECOND, SECOND * 10]);
            while pauses.pause().await {}
            assert_eq!(start.elapsed(), SECOND * seconds);
            assert!(pauses.left().is_zero());
        }
    }
}
