//! Rate and concurrency limits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use octane_rest::RequestFinished;
use proptest::prelude::*;
use tokio::time::sleep;

use crate::expiry::many;
use crate::script::{Reply, Script};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_schedule_exceeds_the_concurrency_or_the_rate(
        concurrency in 1usize..6,
        per_second in 1u32..40,
        jobs in proptest::collection::vec((0u64..2000, 0u64..600, 0u8..8), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let script = Script::new({
            let jobs = jobs.clone();
            move |seen| {
                let (_, takes, fault) = jobs[seen.number % jobs.len()];
                match fault {
                    0 => Reply::new(429, "").header("retry-after", "1").after(takes),
                    1 => Reply::new(401, "").after(takes),
                    2 => Reply::new(502, "").after(takes),
                    _ => Reply::new(200, "{}").after(takes),
                }
            }
        });
        runtime.block_on(async {
            let endpoint = script.endpoint_with(|settings| {
                settings.concurrency_max = concurrency;
                settings.requests_per_second = Some(per_second);
            });
            let tasks: Vec<_> = jobs.iter().map(|(arrival, ..)| {
                let (endpoint, arrival) = (endpoint.clone(), *arrival);
                tokio::spawn(async move {
                    sleep(Duration::from_millis(arrival)).await;
                    let _ = endpoint.get("tests").await;
                })
            }).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        prop_assert!(script.in_flight_max() <= concurrency, "{} in flight", script.in_flight_max());
        // Timers fire on whole milliseconds, never early.
        let least = Duration::from_nanos(1_000_000_000 / u64::from(per_second)).saturating_sub(Duration::from_millis(1));
        for pair in script.all().windows(2) {
            prop_assert!(pair[1].at - pair[0].at >= least, "{:?}", pair[1].at - pair[0].at);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_rate_limit() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let endpoint = script.endpoint_with(|settings| settings.requests_per_second = Some(10));
    assert!(many(&endpoint, 20).await.iter().all(Result::is_ok));
    let all = script.all();
    assert_eq!(all[20].at - all[0].at, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_halves_the_rate_once_and_it_recovers() {
    let script = Script::new(|seen| {
        let status = if seen.number <= 64 { 429 } else { 200 };
        Reply::new(status, "{}").after(900)
    });
    let endpoint = script.endpoint_with(|settings| {
        settings.requests_per_second = Some(100);
        settings.concurrency_max = 64;
    });
    endpoint.sign_in().await.unwrap();
    assert!(many(&endpoint, 3000).await.iter().all(Result::is_ok));
    let requests = script.requests();
    let start = requests[0].at;
    let in_second = |second| {
        let moments = requests.iter().map(|seen| (seen.at - start).as_secs());
        moments.filter(|moment| *moment == second).count()
    };
    // 64 of them in the first second, all rejected in the next; 64 permits are 32 then.
    let after: Vec<_> = (2..5).map(in_second).collect();
    assert!(
        after.iter().all(|count| (20..=60).contains(count)),
        "{after:?}"
    );
    // In the end all permits are back: 64 requests of 900 ms each.
    let (late, most) = (in_second(30), (0..60).map(in_second).max());
    assert!((60..=100).contains(&late), "{late}");
    assert!(most <= Some(100), "{most:?}");
    assert_eq!(requests.len(), 3000 + 64);
}

#[tokio::test(start_paused = true)]
async fn the_rate_adapts_to_a_server_with_a_low_limit() {
    // Accepts 5 requests per second.
    let accepted = Arc::new(Mutex::new((0, 0)));
    let start = tokio::time::Instant::now();
    let script = Script::new(move |seen| {
        let second = (seen.at - start).as_secs();
        let mut accepted = accepted.lock().unwrap();
        if accepted.0 != second {
            *accepted = (second, 0);
        }
        accepted.1 += 1;
        Reply::new(if accepted.1 > 5 { 429 } else { 200 }, "{}")
    });
    let endpoint = script.endpoint_with(|settings| settings.requests_per_second = Some(20));
    assert!(many(&endpoint, 500).await.iter().all(Result::is_ok));
    // Fewer than one in three is rejected, and no time is wasted on unnecessary pauses.
    let (sent, took) = (script.requests().len(), start.elapsed());
    assert!(sent < 750, "{sent}");
    assert!(took < Duration::from_secs(180), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn observers_are_notified_how_each_request_ended() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(502, "").after(5),
        2 => Reply::new(200, "{}").after(5),
        _ => Reply::new(404, "").after(5),
    });
    let finished: Arc<Mutex<Vec<RequestFinished>>> = Arc::default();
    let endpoint = script
        .builder()
        .on_request_finished({
            let finished = Arc::clone(&finished);
            move |one| finished.lock().unwrap().push(one.clone())
        })
        .build()
        .unwrap();
    endpoint
        .get("tests?query=\"name EQ ^s3cret^\"")
        .await
        .unwrap();
    endpoint.get("/admin/nothing").await.unwrap_err();
    let lines: Vec<_> = finished
        .lock()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {:?} {}",
                one.method,
                one.path,
                one.status.map(|status| status.as_u16()),
                one.attempts
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "POST /authentication/sign_in Some(200) 1",
            "GET /api/shared_spaces/1001/workspaces/1002/tests Some(200) 2",
            "GET /admin/nothing Some(404) 1",
        ]
    );
}
