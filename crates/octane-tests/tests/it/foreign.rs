//! Servers that are not as they should be.

use std::time::Duration;

use octane_client::{Client, Outcome, Target};
use octane_model::SuiteId;
use octane_rest::{ApiKey, Endpoint, Settings};
use octane_results::{Status, TestRun};
use octane_tests::{Scripted, World, answer};

const SECRET: &str = "a-secret-that-must-not-show";

fn client(url: &str) -> Client {
    let settings = Settings {
        requests_per_second: 1000,
        attempts_max: 2,
        backoff_milliseconds: 1,
        backoff_milliseconds_max: 1,
        queue_full_milliseconds: 1,
        ..Settings::default()
    };
    let endpoint = Endpoint::builder(url)
        .settings(settings)
        .space(1001)
        .workspace(1002);
    Client::new(
        endpoint
            .credentials(ApiKey::new("id", SECRET))
            .build()
            .unwrap(),
    )
}

async fn one_result(client: &Client) -> octane_client::Report {
    let target = Target::new(SuiteId::new(1), "x");
    let report = client
        .upload([TestRun::new("t", Status::Passed)], target)
        .send()
        .await
        .unwrap();
    assert!(report.counts.add_up(), "{report:?}");
    let text = format!("{report:?}{}", serde_json::to_string(&report).unwrap());
    assert!(!text.contains(SECRET), "{text}");
    report
}

#[tokio::test]
async fn nobody_there_keeps_the_results() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let report = one_result(&client(&url)).await;
    assert_eq!(
        (report.outcome, report.counts.kept),
        (Outcome::Unreachable, 1)
    );
    assert_eq!(report.batches[0].status, "undelivered");
}

#[tokio::test]
async fn a_wrong_secret_is_unauthorized() {
    let world = World::new().await;
    let report = one_result(&client(&world.sandbox.url())).await;
    assert_eq!(
        (report.outcome, report.counts.kept),
        (Outcome::Unauthorized, 1)
    );
}

#[tokio::test]
async fn a_page_of_a_proxy_in_place_of_json_is_an_error_and_no_success() {
    let page = "<html><body>Welcome to the proxy</body></html>";
    let server = Scripted::new([answer(200, ""), answer(200, page)]).await;
    let report = one_result(&client(server.url())).await;
    assert_ne!(report.outcome, Outcome::Success);
    assert_eq!(report.counts.ingested, 0);
}

#[tokio::test]
async fn a_task_that_succeeds_without_showing_its_runs_is_not_believed() {
    let server = Scripted::new([
        answer(200, ""),
        answer(202, r#"{"id":7,"status":"success"}"#),
        answer(200, r#"{"total_count":1,"data":[{"type":"run_suite","id":"9","name":"x","test":{"type":"test_suite","id":"1"}}]}"#),
        answer(200, r#"{"total_count":0,"data":[]}"#),
    ])
    .await;
    let report = one_result(&client(server.url())).await;
    assert_eq!(
        (report.outcome, report.counts.kept),
        (Outcome::Partial, 1),
        "{:?}",
        report.problems
    );
    assert_eq!(report.problems[0].code, "unconfirmed");
}

#[tokio::test]
async fn a_refused_payload_says_what_the_server_said() {
    let refusal =
        r#"{"error_code":"platform.illegal","description":"element `test_run` is not expected"}"#;
    let server = Scripted::new([answer(200, ""), answer(400, refusal)]).await;
    let report = one_result(&client(server.url())).await;
    assert_eq!(
        (report.outcome, report.counts.rejected),
        (Outcome::Refused, 1)
    );
    assert!(
        report.problems[0].message.contains("is not expected"),
        "{:?}",
        report.problems
    );
    assert!(server.asked()[0].contains("/authentication/sign_in"));
}

#[tokio::test]
async fn an_ingestion_that_never_ends_is_kept_and_no_success() {
    let world =
        World::with(octane_sandbox::Settings::default().ingest_delay(Duration::from_secs(3600)))
            .await;
    let target = Target::new(SuiteId::new(1), "x");
    let mut settings = octane_client::UploadSettings::default();
    settings.ingestion_wait_max = Duration::ZERO;
    let runs = [TestRun::new("t", Status::Passed)];
    let report = world
        .client
        .upload(runs, target)
        .settings(settings)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (report.outcome, report.counts.kept),
        (Outcome::Unreachable, 1)
    );
    assert!(
        ["queued", "running"].contains(&report.batches[0].status.as_str()),
        "{report:?}"
    );
}
