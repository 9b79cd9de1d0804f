//! Servers that do not behave like Octane.

use std::time::Duration;

use octane_client::{Client, Outcome, Target};
use octane_model::SuiteId;
use octane_rest::{ApiKey, Builder, Endpoint, EndpointSettings};
use octane_results::{Status, TestRun};
use octane_tests::{Scripted, ScriptedTransport, World, response};

const SECRET: &str = "a-secret-that-must-not-show";

fn client(url: &str) -> Client {
    client_of(Endpoint::builder(url))
}

fn client_of(endpoint: Builder) -> Client {
    let mut settings = EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    settings.attempts_max = 2;
    settings.backoff_base = Duration::from_millis(1);
    settings.backoff_max = Duration::from_millis(1);
    settings.queue_full_backoff = Duration::from_millis(1);
    let endpoint = endpoint.settings(settings).space(1001).workspace(1002);
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
async fn results_are_pending_if_the_server_is_away() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let report = one_result(&client(&url)).await;
    assert_eq!(
        (report.outcome, report.counts.pending),
        (Outcome::Unreachable, 1)
    );
    assert_eq!(report.batches[0].status, "in_flight");
}

#[tokio::test]
async fn a_wrong_secret_is_unauthorized() {
    let world = World::new().await;
    let report = one_result(&client(&world.sandbox.url())).await;
    assert_eq!(
        (report.outcome, report.counts.pending),
        (Outcome::Unauthorized, 1)
    );
}

#[tokio::test]
async fn the_page_of_a_proxy_instead_of_json_is_not_a_success() {
    let page = "<html><body>Welcome to the proxy</body></html>";
    let server = Scripted::new([response(200, ""), response(200, page)]).await;
    let report = one_result(&client(server.url())).await;
    assert_ne!(report.outcome, Outcome::Success);
    assert_eq!(report.counts.ingested, 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_succeeds_is_not_trusted_until_its_runs_can_be_read() {
    // The client looks for the runs again after pauses, which take no time on the paused clock.
    let server = ScriptedTransport::new([
        (200, ""),
        // What the suite run had before.
        (200, r#"{"total_count":0,"data":[]}"#),
        (202, r#"{"id":7,"status":"success"}"#),
        (
            200,
            r#"{"total_count":1,"data":[{"type":"run_suite","id":"9","name":"x","test":{"type":"test_suite","id":"1"}}]}"#,
        ),
        (200, r#"{"total_count":0,"data":[]}"#),
    ]);
    let endpoint = Endpoint::builder("http://octane.invalid").transport(server);
    let report = one_result(&client_of(endpoint)).await;
    assert_eq!(
        (report.outcome, report.counts.pending),
        (Outcome::Partial, 1),
        "{:?}",
        report.problems
    );
    assert_eq!(report.problems[0].code, "unconfirmed");
}

#[tokio::test]
async fn the_report_of_a_refused_payload_quotes_the_server() {
    let refusal =
        r#"{"error_code":"platform.illegal","description":"element `test_run` is not expected"}"#;
    let empty = r#"{"total_count":0,"data":[]}"#;
    let responses = [
        response(200, ""),
        response(200, empty),
        response(400, refusal),
    ];
    let server = Scripted::new(responses).await;
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
    assert!(server.requests()[0].contains("/authentication/sign_in"));
}

#[tokio::test]
async fn results_are_pending_if_ingestion_never_ends() {
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
        (report.outcome, report.counts.pending),
        (Outcome::Unreachable, 1)
    );
    assert_eq!(report.batches[0].status, "accepted", "{report:?}");
}
