//! Our client against a sandbox with faults.

use std::time::Duration;

use octane_client::Client;
use octane_model::Entity;
use octane_rest::{ApiKey, Endpoint};
use octane_sandbox::{Expiry, Fault, FaultPlan, Running, Sandbox, Settings};

async fn broken(plan: FaultPlan) -> (Running, Client) {
    let settings = Settings::default().faults(plan);
    let (space, workspace) = (settings.space, settings.workspace);
    let sandbox = Sandbox::start_with(settings).await.unwrap();
    let mut settings = octane_rest::EndpointSettings::default();
    settings.requests_per_second = Some(1000);
    settings.attempts_max = 10;
    settings.backoff_base = Duration::from_millis(1);
    settings.backoff_max = Duration::from_millis(1);
    settings.backoff_seed = Some(1);
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
async fn a_list_is_complete_despite_network_faults() {
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
async fn an_entity_is_not_created_twice_if_the_response_is_lost() {
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
