//! Lists over several pages.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use octane_model::{AutomatedRun, Entity, Order, Query};
use octane_rest::ListError;
use proptest::prelude::*;
use url::Url;

use crate::script::{Reply, Script, Seen};

fn parameters(seen: &Seen) -> HashMap<String, String> {
    let url = Url::parse(&seen.uri).unwrap();
    url.query_pairs().into_owned().collect()
}

/// A server with `total` runs that returns at most `page_max` per page, and counts in this way.
fn server(total: u64, page_max: u64, counting: Counting) -> Script {
    Script::new(move |seen| {
        let parameters = parameters(seen);
        let number = |name: &str| parameters.get(name).map_or(0, |text| text.parse().unwrap());
        let from = number("offset").min(total);
        let to = total.min(from + number("limit").min(page_max));
        let data: Vec<_> = (from..to)
            .map(|id| serde_json::json!({ "type": "run_automated", "id": id.to_string(), "name": format!("r{id}") }))
            .collect();
        let mut page = serde_json::json!({ "data": data });
        match counting {
            Counting::Exact => page["total_count"] = total.into(),
            Counting::UpTo(most) => {
                page["total_count"] = total.min(most).into();
                page["exceeds_total_count"] = (total > most).into();
            }
            Counting::None => {}
        }
        Reply::new(200, page.to_string())
    })
}

#[derive(Debug, Clone, Copy)]
enum Counting {
    Exact,
    UpTo(u64),
    None,
}

fn ids(runs: &[AutomatedRun]) -> Vec<i64> {
    runs.iter().map(|run| run.id.get()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_response_without_entities_is_not_an_empty_list() {
    for body in [
        "{}",
        r#"{"status":"maintenance"}"#,
        r#"{"total_count":0}"#,
        r#"{"data":null}"#,
    ] {
        let script = Script::new(move |_| Reply::new(200, body));
        let list = script.endpoint().entities::<AutomatedRun>().list();
        let errors = [
            list.clone().all().await.unwrap_err(),
            list.clone().first_page().await.unwrap_err(),
            list.count().await.unwrap_err(),
            script.endpoint().field_metadata("story").await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_retryable(), "{body}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn short_pages_are_not_the_end_while_the_count_says_more() {
    let script = server(25, 10, Counting::Exact);
    let runs = script
        .endpoint()
        .entities::<AutomatedRun>()
        .list()
        .all()
        .await
        .unwrap();
    assert_eq!(ids(&runs), (0..25).collect::<Vec<_>>());
    let pages: Vec<_> = script.requests().iter().map(parameters).collect();
    assert_eq!(pages.len(), 3);
    assert!(
        pages
            .iter()
            .all(|page| page["order_by"] == "id" && page["limit"] == "1000")
    );
    assert!(pages[0]["fields"].contains("native_status"));
    assert_eq!(
        (pages[1]["offset"].as_str(), pages[2]["offset"].as_str()),
        ("10", "20")
    );
}

#[tokio::test(start_paused = true)]
async fn full_pages_are_prefetched_and_none_is_requested_in_vain() {
    let script = server(95, 10, Counting::Exact);
    let list = script.endpoint().entities::<AutomatedRun>().list();
    let mut stream = list.page_size(10).stream();
    let mut runs = Vec::new();
    for _ in 1..=10 {
        runs.push(stream.try_next().await.unwrap().unwrap());
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let offsets = || -> Vec<u64> {
        let requests = script.requests();
        let requests = requests.iter().map(parameters);
        requests
            .map(|parameters| parameters.get("offset").map_or(0, |at| at.parse().unwrap()))
            .collect()
    };
    assert_eq!(offsets(), [0, 10, 20, 30]);
    runs.extend(stream.try_collect::<Vec<_>>().await.unwrap());
    assert_eq!(ids(&runs), (0..95).collect::<Vec<_>>());
    assert_eq!(offsets(), (0..10).map(|page| page * 10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn short_pages_are_requested_one_by_one() {
    let script = server(95, 10, Counting::Exact);
    let list = script.endpoint().entities::<AutomatedRun>().list();
    let runs = list.page_size(12).all().await.unwrap();
    assert_eq!(ids(&runs), (0..95).collect::<Vec<_>>());
    assert_eq!(script.requests().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_short_page_moves_the_pages_after_it() {
    let script = Script::new(|seen| {
        let parameters = parameters(seen);
        let number = |name: &str| parameters.get(name).map_or(0, |text| text.parse().unwrap());
        let (from, limit) = (number("offset"), number("limit"));
        // The server returns a short page in the middle.
        let count = if from == 20 { 3 } else { limit };
        let data: Vec<_> = (from..55_u64.min(from + count))
            .map(|id| serde_json::json!({ "type": "run_automated", "id": id.to_string(), "name": "r" }))
            .collect();
        Reply::new(
            200,
            serde_json::json!({ "total_count": 55, "data": data }).to_string(),
        )
    });
    let list = script.endpoint().entities::<AutomatedRun>().list();
    let runs = list.page_size(10).all().await.unwrap();
    assert_eq!(ids(&runs), (0..55).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_list_is_requested_as_specified() {
    let script = server(25, 1000, Counting::Exact);
    let runs = script.endpoint().collection("automated_runs");
    let list = runs
        .list()
        .matching(Query::field("a").is(1))
        .matching(Query::field("b").is(2))
        .order_by(Order::descending("name"))
        .page_size(7)
        .skip(5)
        .limit(10);
    let found: Vec<Entity> = list.stream().try_collect().await.unwrap();
    assert_eq!(found.len(), 10);
    let pages: Vec<_> = script.requests().iter().map(parameters).collect();
    assert_eq!(pages[0]["query"], "\"a EQ 1;b EQ 2\"");
    assert_eq!(pages[0]["order_by"], "-name");
    let windows: Vec<_> = pages
        .iter()
        .map(|page| (page["offset"].as_str(), page["limit"].as_str()))
        .collect();
    assert_eq!(windows, [("5", "7"), ("12", "3")]);
}

#[tokio::test(start_paused = true)]
async fn first_find_and_count_request_one_entity() {
    let script = server(25, 1000, Counting::Exact);
    let runs = script.endpoint().entities::<AutomatedRun>();
    assert_eq!(
        runs.list().skip(3).first().await.unwrap().unwrap().id.get(),
        3
    );
    assert_eq!(
        runs.find(Query::field("name").is("x"))
            .await
            .unwrap()
            .unwrap()
            .id
            .get(),
        0
    );
    assert_eq!(runs.list().count().await.unwrap(), Some(25));
    let pages: Vec<_> = script.requests().iter().map(parameters).collect();
    assert!(pages.len() == 3 && pages.iter().all(|page| page["limit"] == "1"));
    assert_eq!(pages[1]["order_by"], "id");

    let nothing = server(0, 10, Counting::Exact).endpoint();
    let nothing = nothing.entities::<AutomatedRun>();
    assert_eq!(
        nothing.find(Query::field("name").is("x")).await.unwrap(),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn pages_are_fetched_as_the_stream_is_polled() {
    let script = server(5000, 1000, Counting::Exact);
    let mut runs = script.endpoint().entities::<AutomatedRun>().list().stream();
    for _ in 0..1000 {
        runs.try_next().await.unwrap();
    }
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_ends_the_stream() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(
            200,
            r#"{"total_count":9,"data":[{"type":"story","id":"1"}]}"#,
        ),
        _ => Reply::new(
            400,
            r#"{"error_code":"platform.exceeds_max_total_count","description":"too many"}"#,
        ),
    });
    let mut stories = script.endpoint().collection("stories").list().stream();
    assert!(stories.try_next().await.unwrap().is_some());
    assert_eq!(
        stories.try_next().await.unwrap_err().code(),
        Some("platform.exceeds_max_total_count")
    );
    assert!(stories.try_next().await.unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_list_is_complete_however_the_server_pages_and_counts(
        total in 0u64..120,
        page_max in 1u64..40,
        page_size in 1u32..40,
        skip in 0u64..30,
        counting in prop_oneof![Just(Counting::Exact), Just(Counting::None), (0u64..100).prop_map(Counting::UpTo)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let runs = runtime.block_on(async {
            let endpoint = server(total, page_max, counting).endpoint();
            endpoint.entities::<AutomatedRun>().list().page_size(page_size).skip(skip).all().await.unwrap()
        });
        let expected: Vec<i64> = (skip..total.max(skip)).map(|id| i64::try_from(id).unwrap()).collect();
        prop_assert_eq!(ids(&runs), expected);
    }
}

/// All runs of a server that answers every request for a page with this body.
async fn all_from(
    body: impl Fn(&HashMap<String, String>) -> String + Send + Sync + 'static,
    change: impl FnOnce(&mut octane_rest::EndpointSettings),
) -> (Result<usize, Option<ListError>>, usize) {
    let script = Script::new(move |seen| Reply::new(200, body(&parameters(seen))));
    let endpoint = script.endpoint_with(change);
    let list = endpoint.entities::<AutomatedRun>().list().page_size(10);
    let all = list.all().await;
    if let Err(error) = &all {
        // Octane has not said anything final, so an upload goes on later.
        assert!(error.is_retryable() && !error.is_transient(), "{error}");
    }
    let all = all.map(|runs| runs.len());
    (
        all.map_err(|error| error.list_error()),
        script.requests().len(),
    )
}

fn page(ids: impl IntoIterator<Item = u64>, total: u64) -> String {
    let data: Vec<_> = ids
        .into_iter()
        .map(|id| serde_json::json!({ "type": "run_automated", "id": id.to_string(), "name": "r" }))
        .collect();
    serde_json::json!({ "total_count": total, "data": data }).to_string()
}

fn offset(parameters: &HashMap<String, String>) -> u64 {
    parameters.get("offset").map_or(0, |at| at.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_page_with_more_than_was_requested_is_refused() {
    let (all, requests) = all_from(|_| page(0..11, 11), |_| ()).await;
    let error = ListError::PageTooLong {
        requested: 10,
        received: 11,
    };
    assert_eq!((all, requests), (Err(Some(error)), 1));
    let script = Script::new(|_| Reply::new(200, page(0..2, 2)));
    let list = script.endpoint().entities::<AutomatedRun>().list();
    let error = list.count().await.unwrap_err();
    assert!(error.list_error().is_some(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ignores_the_offset_does_not_repeat_its_page_forever() {
    let (all, requests) = all_from(|_| page(0..10, 1_000_000), |_| ()).await;
    let error = ListError::RepeatedPage { offset: 10 };
    assert_eq!(all, Err(Some(error)));
    assert!(requests <= 5, "{requests}");
    // The same with a count that changes, with short pages, and without a count.
    let counter = std::sync::atomic::AtomicU64::new(100);
    let growing = move |_: &HashMap<String, String>| {
        page(
            0..10,
            counter.fetch_add(10, std::sync::atomic::Ordering::SeqCst),
        )
    };
    let (all, _) = all_from(growing, |_| ()).await;
    assert_eq!(all, Err(Some(error)));
    let (all, _) = all_from(|_| page(0..3, 50), |_| ()).await;
    assert_eq!(all, Err(Some(ListError::RepeatedPage { offset: 3 })));
    let uncounted = r#"{"data":[{"type":"run_automated","id":"1","name":"r"}]}"#;
    let (all, requests) = all_from(move |_| uncounted.to_owned(), |_| ()).await;
    let error = ListError::RepeatedPage { offset: 1 };
    assert_eq!((all, requests), (Err(Some(error)), 2));
}

#[tokio::test(start_paused = true)]
async fn without_a_full_count_only_an_empty_page_is_the_end() {
    for (counting, requests) in [
        (Counting::Exact, 3),
        (Counting::UpTo(15), 4),
        (Counting::None, 4),
    ] {
        let script = server(25, 10, counting);
        let list = script.endpoint().entities::<AutomatedRun>().list();
        assert_eq!(ids(&list.all().await.unwrap()).len(), 25, "{counting:?}");
        assert_eq!(script.requests().len(), requests, "{counting:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_not_true_is_an_error_and_no_shorter_list() {
    let lying = |parameters: &HashMap<String, String>| match offset(parameters) {
        at @ (0 | 10) => page(at..at + 10, 50),
        _ => page([], 50),
    };
    let (all, _) = all_from(lying, |_| ()).await;
    let error = ListError::Missing {
        counted: 50,
        received: 20,
    };
    assert_eq!(all, Err(Some(error)));
    // What was deleted while the list was read is not missing.
    let shrinking = |parameters: &HashMap<String, String>| match offset(parameters) {
        at @ (0 | 10) => page(at..at + 10, 50),
        _ => page([], 20),
    };
    assert_eq!(all_from(shrinking, |_| ()).await.0, Ok(20));
}

#[tokio::test(start_paused = true)]
async fn a_list_without_an_end_is_given_up() {
    let endless = |parameters: &HashMap<String, String>| {
        let at = offset(parameters);
        page(at..at + 10, u64::MAX)
    };
    let (all, requests) = all_from(endless, |settings| settings.list_entities_max = 95).await;
    assert_eq!(all, Err(Some(ListError::Endless { entities_max: 95 })));
    assert!(requests <= 13, "{requests}");
}
