//! What looking up names costs.

use octane_client::{ClientError, SuiteChoice, TargetSpec};
use octane_tests::World;

async fn requests_for(world: &World, spec: &TargetSpec) -> (usize, Result<(), ClientError>) {
    let before = world.sandbox.sandbox().requests().len();
    let resolved = world.client.resolve_target(spec).await.map(|_| ());
    (world.sandbox.sandbox().requests().len() - before, resolved)
}

#[tokio::test]
async fn a_missing_name_costs_one_more_request_however_many_suites_there_are() {
    let world = World::new().await;
    let suites = world.client.suites();
    for number in 0..30 {
        suites
            .create(&format!("Suite {number}"), None)
            .await
            .unwrap();
    }
    suites.create("Nightly", None).await.unwrap();
    let named = |name: &str| TargetSpec::new(SuiteChoice::from_text(name), "r");

    let (found, resolved) = requests_for(&world, &named("Nightly")).await;
    assert!(resolved.is_ok());
    let (missing, resolved) = requests_for(&world, &named("Nigthly")).await;
    assert!(
        matches!(resolved, Err(ClientError::Missing(_))),
        "{resolved:?}"
    );
    assert_eq!((found, missing), (1, 2));
    // An ID or a name: one request answers both questions.
    suites.create("2026", None).await.unwrap();
    let (numeric, resolved) = requests_for(&world, &named("2026")).await;
    assert!(resolved.is_ok());
    assert_eq!(numeric, 1);
}
