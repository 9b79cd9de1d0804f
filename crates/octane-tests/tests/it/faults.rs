//! Our client against a sandbox that breaks.

use octane_client::Client;
use octane_model::Entity;
use octane_rest::{ApiKey, Endpoint};
use octane_sandbox::{Expiry, Fault, FaultPlan, Running, Sandbox, Settings};

async fn broken(plan: FaultPlan) -> (Running, Client) {
    let settings = Settings::default().faults(plan);
    let (space, workspace) = (settings.space, settings.workspace);
    let sandbox = Sandbox::start_with(settings).await.unwrap();
    let settings = octane_rest::Settings {
        requests_per_second: 1000,
        attempts_max: 10,
        backoff_milliseconds: 1,
        backoff_milliseconds_max: 1,
        backoff_seed: Some(1),
        ..octane_rest::Settings::default()
    };
    let endpoint = Endpoint::builder(sandbox.url())
        .settings(settings)
        .space(space)
        .workspace(workspace)
        .credentials(ApiKey::new(sandbox.client_id(), sandbox.client_secret()))
        .build()
        .unwrap();
    (sandbox, Client::new(endpoint))
}

#[tokio::test]
async fn a_list_is_whole_whatever_happens_on_the_way() {
    let (_whole, client) = broken(FaultPlan::default()).await;
    let whole = client.endpoint().collection("work_items").list();
    let whole = whole.all().await.unwrap();

    let plan = FaultPlan::seeded(3)
        .with(Fault::status(503).rate(0.15))
        .with(Fault::reset_before().rate(0.1))
        .with(Fault::reset_after().rate(0.1).method("GET"))
        .with(Fault::truncated_body(20).rate(0.1).method("GET"))
        .with(Fault::session_expired(Expiry::Global).rate(0.1));
    let (sandbox, client) = broken(plan).await;
    for _ in 0..20 {
        let list = client.endpoint().collection("work_items").list();
        assert_eq!(list.all().await.unwrap(), whole);
    }
    let log = sandbox.sandbox().requests();
    let struck = log.iter().filter_map(|request| request.fault.as_deref());
    let mut kinds: Vec<&str> = struck.collect();
    kinds.sort_unstable();
    kinds.dedup();
    let all = [
        "reset-after",
        "reset-before",
        "session-expired",
        "status",
        "truncated-body",
    ];
    assert_eq!(kinds, all);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_not_made_twice() {
    let (sandbox, client) = broken(FaultPlan::default()).await;
    let fault = Fault::reset_after().method("POST").path("*/programs");
    sandbox.sandbox().fail_next(fault).unwrap();
    let programs = client.endpoint().collection("programs");
    let before = programs.list().all().await.unwrap().len();
    let created = programs
        .create_one(&Entity::new().set("name", "Once"))
        .await;
    assert!(created.is_err());
    assert_eq!(programs.list().all().await.unwrap().len(), before + 1);
    sandbox.shutdown().await;
}
