//! The sandbox on a port, with a file, and its own URLs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::ingestion::{one_run, payload, suite};
use super::{Client, response};
use crate::{Clock, Fault, FaultPlan, Limits, Sandbox, SandboxError, Settings, Storage};

/// The first line of the response to a request, through a real socket.
async fn first_line(address: SocketAddr, request: &'static str) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    });
    asked
        .await
        .unwrap()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_started_sandbox_listens_until_it_is_shut_down() {
    let running = Sandbox::start().await.unwrap();
    assert!(running.url().starts_with("http://127.0.0.1:"));
    assert_eq!(
        (running.client_id(), running.client_secret()),
        ("sandbox", "sandbox-secret")
    );
    assert!(!format!("{running:?}").contains("secret"));
    let address = running.address();
    let request = "GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(first_line(address, request).await, "HTTP/1.1 200 OK");
    // A name that another site lets point here.
    let request =
        "GET /_sandbox/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(first_line(address, request).await, "HTTP/1.1 403 Forbidden");
    running.shutdown().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn data_in_a_file_persists_and_belongs_to_one_sandbox_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/sandbox.sqlite");
    let settings = || {
        Settings::default()
            .seed_data(false)
            .storage(Storage::File(file.clone()))
    };
    let running = Sandbox::start_with(settings()).await.unwrap();
    let client = Client::of(running.sandbox()).await;
    let suite = suite(&client, "Nightly").await;
    drop(client);
    assert!(matches!(
        Sandbox::open(settings()),
        Err(SandboxError::InUse { .. })
    ));
    running.shutdown().await;

    let client = Client::new(settings()).await;
    assert_eq!(
        client
            .names("test_suites", "name", &format!("id EQ {suite}"))
            .await,
        ["Nightly"]
    );
    assert_eq!(client.list("application_modules").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_was_acknowledged_is_ingested_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let settings = Settings::default()
        .seed_data(false)
        .storage(Storage::File(file));
    let sandbox = Sandbox::open(settings.clone().ingest_delay(Duration::from_secs(3600))).unwrap();
    let client = Client::of(&sandbox).await;
    let suite = suite(&client, "Nightly").await;
    let first = client.submit(&one_run(&suite, "r1", "a"), "").await.ok();
    let second = client.submit(&one_run(&suite, "r1", "b"), "").await.ok();
    assert_eq!(
        (&first["status"], &second["status"]),
        (&json!("queued"), &json!("queued"))
    );
    sandbox.state.worker.stop().await;
    drop((client, sandbox));

    let client = Client::new(settings).await;
    for task in [first, second] {
        assert_eq!(client.wait_for_task(&task["id"]).await["status"], "success");
    }
    assert_eq!(
        client.names("automated_runs", "name", "id GT 0").await,
        ["a", "b"]
    );
}

#[tokio::test]
async fn a_setting_that_adds_a_column_works_on_an_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("sandbox.sqlite"));
    drop(Sandbox::open(Settings::default().storage(storage.clone())).unwrap());
    let client = Client::new(Settings::default().storage(storage).jira_field("other_udf")).await;
    assert_eq!(
        client.list("stories?fields=other_udf&limit=1").await[0]["other_udf"],
        json!(null)
    );
}

#[tokio::test]
async fn a_file_of_an_older_version_gets_the_phases_that_it_lacks_and_one_start_phase_a_type() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let settings = Settings::default().storage(Storage::File(file.clone()));
    let phases = async |sandbox: Sandbox| {
        let client = Client::of(&sandbox).await;
        let columns = ["entity", "logical_name", "is_start_phase"];
        let path = format!("phases?fields={}&limit=1000", columns.join(","));
        let mut lines = Vec::new();
        for phase in client.list(&path).await {
            lines.push(columns.map(|column| phase[column].to_string()).join(" "));
        }
        lines.sort();
        let transitions = client.list("transitions?limit=1000").await.len();
        sandbox.state.worker.stop().await;
        (lines, transitions)
    };
    let new = phases(Sandbox::open(settings.clone()).unwrap()).await;
    // A start phase that came later, a phase in the middle that came later, and what another version made of both.
    let older = "DELETE FROM phases WHERE logical_name IN ('phase.requirement_document.draft', 'phase.feature.intesting');
        UPDATE phases SET is_start_phase = 1 WHERE logical_name IN ('phase.requirement_document.approved', 'phase.story.done');
        DELETE FROM transitions WHERE entity IN ('requirement_document', 'feature');
        UPDATE sandbox SET value = 'older' WHERE key = 'filled'";
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch(older).unwrap();
    drop(connection);
    assert_eq!(phases(Sandbox::open(settings).unwrap()).await, new);
}

#[tokio::test]
async fn a_file_of_an_older_version_gets_the_times_at_which_results_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.sqlite");
    let settings = Settings::default().storage(Storage::File(file.clone()));
    let clock = Clock::paused("2025-03-04T05:06:07Z".parse().unwrap());
    let sandbox = Sandbox::open_at(settings.clone(), clock.clone()).unwrap();
    let client = Client::of(&sandbox).await;
    let suite = suite(&client, "Nightly").await;
    for (suite_run, status) in [("a", "Passed"), ("b", "Passed"), ("a", "Failed")] {
        let suite = format!("<suite_ref id='{suite}' external_run_id='{suite_run}'/>");
        let run = format!("<test_run name='x' status='{status}' duration='1'/>");
        client.upload(&payload(&suite, &run), "").await;
        clock.advance(Duration::from_secs(60));
    }
    let last = async |client: &Client| {
        let path = "automated_runs?fields=test_of_last_run&order_by=id";
        let runs = client.list(path).await;
        let runs = runs
            .iter()
            .map(|run| run["test_of_last_run"] != json!(null));
        runs.collect::<Vec<_>>()
    };
    assert_eq!(last(&client).await, [true, false]);
    sandbox.state.worker.stop().await;
    drop((client, sandbox));
    let older = "DROP INDEX last_runs;
        ALTER TABLE runs DROP COLUMN arrived;
        ALTER TABLE previous_runs DROP COLUMN arrived;
        UPDATE sandbox SET value = 'older' WHERE key = 'filled'";
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch(older).unwrap();
    drop(connection);
    let client = Client::new(settings).await;
    assert_eq!(last(&client).await, [true, false]);
}

#[test]
fn a_file_of_another_version_is_rejected_and_left_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let made_with = |name: &str, sql: &str| {
        let file = folder.path().join(name);
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(sql).unwrap();
        file
    };
    let open =
        |file: &Path| Sandbox::open(Settings::default().storage(Storage::File(file.to_owned())));
    let own = made_with("own.sqlite", "");
    drop(open(&own).unwrap());
    drop(open(&own).unwrap());
    made_with("own.sqlite", "PRAGMA user_version = 7");
    let first = made_with("first.sqlite", "CREATE TABLE stories (id INTEGER)");
    let other = "PRAGMA user_version = 1; CREATE TABLE notes (id INTEGER)";
    let other = made_with("other.sqlite", other);
    for (file, layout) in [(own, 7), (first, 0), (other, 0)] {
        let before = std::fs::read(&file).unwrap();
        let error = open(&file).unwrap_err();
        assert!(matches!(error, SandboxError::Layout { found, .. } if found == layout));
        let text = error.to_string();
        assert!(text.contains(&*file.to_string_lossy()), "{text}");
        assert!(text.contains("move the file away"), "{text}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "{text}");
    }
}

#[test]
fn invalid_settings_are_reported() {
    let mut silent = Settings::default();
    silent.limits.requests_per_second_max = Some(0);
    let broken = Settings {
        faults: FaultPlan::seeded(1).with(Fault::status(1)),
        ..Settings::default()
    };
    for settings in [
        Settings::default().jira_field("x\"; DROP TABLE runs"),
        Settings::default().jira_field("name"),
        Settings::default().list_limits(0, 5),
        Settings::default().list_limits(6, 5),
        Settings {
            limits: Limits {
                query_depth_max: Limits::QUERY_DEPTH_BOUND + 1,
                ..Limits::default()
            },
            ..Settings::default()
        },
        silent,
        broken,
    ] {
        assert!(matches!(
            Sandbox::open(settings),
            Err(SandboxError::Settings { .. })
        ));
    }
}

#[test]
fn a_router_created_outside_of_a_runtime_ingests_once_it_is_used() {
    let sandbox = Sandbox::open(Settings::default().seed_data(false)).unwrap();
    let app = sandbox.app();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::of(&sandbox).await;
        let suite = suite(&client, "Nightly").await;
        let done = client.upload(&one_run(&suite, "r", "a"), "").await;
        assert_eq!(done["status"], "success");
        let health = Request::get("/_sandbox/health")
            .body(Body::empty())
            .unwrap();
        assert_eq!(response(&app, health).await.ok()["tasks_waiting"], 0);
    });
}

#[tokio::test]
async fn a_reset_restores_the_initial_data() {
    let client = Client::new(Settings::default()).await;
    let before = client
        .list("work_items?fields=name,path,creation_time&limit=1000")
        .await
        .len();
    let suite = suite(&client, "Nightly").await;
    client.upload(&one_run(&suite, "r", "a"), "").await;
    client
        .send(Request::post("/_sandbox/reset"), Body::empty())
        .await
        .ok();
    assert_eq!(client.list("runs").await.len(), 0);
    assert_eq!(client.list("work_items?limit=1000").await.len(), before);
    assert_eq!(client.get("test-results/1").await.status, 404);
    let again = super::ingestion::suite(&client, "Nightly").await;
    assert_eq!(again, suite);
    assert_eq!(
        client.upload(&one_run(&suite, "r", "a"), "").await["status"],
        "success"
    );
}
