//! What holds for every course of events.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::Pace;
use crate::share::Share;

/// Something that happens at a pace: somebody comes, the server wants peace, or has trouble.
type Happening = (u64, Option<u64>, bool);

fn begun(per_second: u32, happenings: &[Happening]) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let share = Arc::new(Share::default());
        let pace = Arc::new(Pace::new(per_second, Arc::clone(&share)));
        let start = Instant::now();
        let tasks: Vec<_> = happenings
            .iter()
            .map(|&(arrival, pause, is_trouble)| {
                let (pace, share) = (Arc::clone(&pace), Arc::clone(&share));
                tokio::spawn(async move {
                    sleep(Duration::from_millis(arrival)).await;
                    if let Some(pause) = pause {
                        pace.pause(Duration::from_millis(pause));
                    }
                    if is_trouble {
                        share.halve(Instant::now(), Duration::ZERO);
                    }
                    pace.turn(start + Duration::from_secs(360_000))
                        .await
                        .unwrap();
                    start.elapsed()
                })
            })
            .collect();
        let mut begun = Vec::new();
        for task in tasks {
            begun.push(task.await.unwrap());
        }
        begun.sort_unstable();
        begun
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_schedule_exceeds_the_rate_in_any_window(
        per_second in 1u32..50,
        happenings in proptest::collection::vec(
            (0u64..3000, proptest::option::of(0u64..2000), proptest::bool::weighted(0.1)), 1..40),
        window in 1u64..5000,
    ) {
        let begun = begun(per_second, &happenings);
        // Timers wake on whole milliseconds, at or after their moment.
        let tolerance = Duration::from_millis(1);
        let interval = Duration::from_nanos(1_000_000_000 / u64::from(per_second));
        for pair in begun.windows(2) {
            prop_assert!(pair[1] + tolerance >= pair[0] + interval, "{pair:?}");
        }
        let window = Duration::from_millis(window);
        let most = (window + tolerance).as_nanos() / interval.as_nanos() + 1;
        for (index, first) in begun.iter().enumerate() {
            let inside = begun[index..].iter().take_while(|moment| **moment <= *first + window);
            prop_assert!(inside.count() as u128 <= most);
        }
    }

    #[test]
    fn the_same_happenings_give_the_same_moments(
        per_second in 1u32..50,
        happenings in proptest::collection::vec(
            (0u64..3000, proptest::option::of(0u64..2000), any::<bool>()), 1..20),
    ) {
        prop_assert_eq!(begun(per_second, &happenings), begun(per_second, &happenings));
    }
}
