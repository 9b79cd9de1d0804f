//! How many requests may be under way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use crate::share::Share;

/// Seats for requests, for all clones of an endpoint together: as many as the settings allow, and only
/// a part of them while the server is in trouble.
///
/// Who comes first sits first. Nobody is asked to leave when the number of seats falls; the next ones
/// wait until enough have left.
#[derive(Debug)]
pub(crate) struct Seats {
    max: usize,
    share: Arc<Share>,
    taken: AtomicUsize,
    /// Held by the one who is next.
    queue: Mutex<()>,
    left: Notify,
}

/// A seat; dropped by who leaves.
#[must_use]
#[derive(Debug)]
pub(crate) struct Seat<'a>(&'a Seats);

/// How often the one who is next looks whether there are more seats again.
const GROWTH: Duration = Duration::from_secs(1);

impl Seats {
    /// At most `max` seats, 1 or more.
    pub(crate) fn new(max: usize, share: Arc<Share>) -> Self {
        Self {
            max,
            share,
            taken: AtomicUsize::new(0),
            queue: Mutex::default(),
            left: Notify::new(),
        }
    }

    /// Waits for a seat.
    pub(crate) async fn take(&self) -> Seat<'_> {
        let _next = self.queue.lock().await;
        loop {
            let part = self.share.part();
            // Only the one who is next gets here, so nobody sits down in between.
            if self.taken.load(Ordering::Acquire) < part.of(self.max) {
                self.taken.fetch_add(1, Ordering::AcqRel);
                return Seat(self);
            }
            // Who left before this line is remembered by `left`.
            if part.is_all() {
                self.left.notified().await;
            } else {
                // Whether somebody left or time passed: the loop looks again.
                let _ = timeout(GROWTH, self.left.notified()).await;
            }
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Lets `count` guests sit for a second each, and returns the moments at which they sat down.
    async fn guests(seats: &Arc<Seats>, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let seats = Arc::clone(seats);
                tokio::spawn(async move {
                    let _seat = seats.take().await;
                    let moment = start.elapsed();
                    sleep(Duration::from_secs(1)).await;
                    moment
                })
            })
            .collect();
        let mut moments = Vec::new();
        for task in tasks {
            moments.push(task.await.unwrap());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn guests_sit_down_in_the_order_of_their_coming() {
        let seats = Arc::new(Seats::new(2, Arc::default()));
        let moments = guests(&seats, 5).await;
        let seconds: Vec<_> = moments.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [0, 0, 1, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_takes_seats_away_and_calm_brings_them_back() {
        let share = Arc::new(Share::default());
        let seats = Arc::new(Seats::new(4, Arc::clone(&share)));
        share.halve(Instant::now(), Duration::ZERO);
        let moments = guests(&seats, 60).await;
        let sitting = |second| {
            let moments = moments.iter().map(Duration::as_secs);
            moments.filter(|moment| *moment == second).count()
        };
        assert_eq!((sitting(0), sitting(1), sitting(4)), (2, 2, 2));
        // From three quarters on there are three, and four when all is well.
        assert_eq!((sitting(6), sitting(11)), (3, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn seats_come_back_even_if_nobody_leaves() {
        let share = Arc::new(Share::default());
        let seats = Seats::new(4, Arc::clone(&share));
        share.halve(Instant::now(), Duration::ZERO);
        let _kept = (seats.take().await, seats.take().await);
        let start = Instant::now();
        let _third = seats.take().await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_takes_no_seat() {
        let seats = Seats::new(1, Arc::default());
        let first = seats.take().await;
        timeout(Duration::from_secs(1), seats.take())
            .await
            .unwrap_err();
        drop(first);
        let _second = seats.take().await;
    }
}
