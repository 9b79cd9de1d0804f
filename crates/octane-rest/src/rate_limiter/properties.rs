//! What holds for any sequence of events.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::RateLimiter;
use crate::adaptive_limit::AdaptiveLimit;

/// A request that arrives (in milliseconds), perhaps with a pause or an overload of the server.
type Event = (u64, Option<u64>, bool);

fn started(per_second: u32, events: &[Event]) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let adaptive_limit = Arc::new(AdaptiveLimit::default());
        let limiter = Arc::new(RateLimiter::new(
            Some(per_second),
            Arc::clone(&adaptive_limit),
        ));
        let start = Instant::now();
        let tasks: Vec<_> = events
            .iter()
            .map(|&(arrival, pause, is_overload)| {
                let (limiter, adaptive_limit) = (Arc::clone(&limiter), Arc::clone(&adaptive_limit));
                tokio::spawn(async move {
                    sleep(Duration::from_millis(arrival)).await;
                    if let Some(pause) = pause {
                        limiter.pause(Duration::from_millis(pause));
                    }
                    if is_overload {
                        adaptive_limit.on_overload(Instant::now(), Duration::ZERO);
                    }
                    limiter
                        .acquire(start + Duration::from_secs(360_000))
                        .await
                        .unwrap();
                    start.elapsed()
                })
            })
            .collect();
        let mut started = Vec::new();
        for task in tasks {
            started.push(task.await.unwrap());
        }
        started.sort_unstable();
        started
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_schedule_exceeds_the_rate_in_any_window(
        per_second in 1u32..50,
        events in proptest::collection::vec(
            (0u64..3000, proptest::option::of(0u64..2000), proptest::bool::weighted(0.1)), 1..40),
        window in 1u64..5000,
    ) {
        let started = started(per_second, &events);
        // Timers fire on whole milliseconds, never early.
        let tolerance = Duration::from_millis(1);
        let interval = Duration::from_nanos(1_000_000_000 / u64::from(per_second));
        for pair in started.windows(2) {
            prop_assert!(pair[1] + tolerance >= pair[0] + interval, "{pair:?}");
        }
        let window = Duration::from_millis(window);
        let most = (window + tolerance).as_nanos() / interval.as_nanos() + 1;
        for (index, first) in started.iter().enumerate() {
            let inside = started[index..].iter().take_while(|moment| **moment <= *first + window);
            prop_assert!(inside.count() as u128 <= most);
        }
    }

    #[test]
    fn the_same_events_give_the_same_schedule(
        per_second in 1u32..50,
        events in proptest::collection::vec(
            (0u64..3000, proptest::option::of(0u64..2000), any::<bool>()), 1..20),
    ) {
        prop_assert_eq!(started(per_second, &events), started(per_second, &events));
    }
}
