//! Suites whose module was not set when they were created.

use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use octane_rest::TransportErrorKind;
use serde_json::{Value, json};

use crate::fake_octane::{Answer, FakeOctane, Received, page, problem};
use crate::target::{ModuleChoice, SuiteChoice, TargetSpec};

/// A server with a suite in these modules and with these suite runs; it exists, or its creation gets no response.
fn server(modules: &[&str], suite_runs: usize, exists: bool) -> FakeOctane {
    let exists = AtomicBool::new(exists);
    let modules = modules
        .iter()
        .map(|id| json!({ "type": "application_module", "id": id }));
    let modules: Vec<Value> = modules.collect();
    FakeOctane::new(move |received: &Received| {
        let suite = json!({
            "type": "test_suite", "id": "8", "name": "Nightly",
            "product_areas": { "total_count": modules.len(), "data": modules },
        });
        match (&received.method, received.path.as_str()) {
            (&Method::PUT, _) => Answer::Json(403, problem()),
            (&Method::POST, "test_suites") => {
                exists.store(true, Ordering::Relaxed);
                Answer::Broken(TransportErrorKind::ConnectionBroken)
            }
            (_, "test_suites") => {
                let suites = usize::from(exists.load(Ordering::Relaxed));
                page(&[suite][..suites], suites)
            }
            (_, "application_modules/3001") => Answer::Json(
                200,
                json!({ "type": "application_module", "id": "3001", "name": "Shop" }),
            ),
            (_, "suite_run") => {
                let run = json!({ "type": "run_suite", "id": "70", "name": "nightly-1" });
                page(&vec![run; suite_runs], suite_runs)
            }
            _ => Answer::Default,
        }
    })
}

/// How many requests set the module of the suite.
fn changes(server: &FakeOctane) -> usize {
    let all = server.received("test_suites/8");
    all.iter().filter(|one| one.method == Method::PUT).count()
}

fn spec() -> TargetSpec {
    let suite = SuiteChoice::Named("Nightly".to_owned());
    TargetSpec::new(suite, "nightly-1").module(ModuleChoice::Id(3001.into()))
}

#[tokio::test(start_paused = true)]
async fn the_module_of_a_suite_is_set_that_has_none_and_no_results() {
    for (modules, suite_runs, may_create, expected) in [
        (&[][..], 0, true, 1),
        (&[], 0, false, 0),
        (&[], 1, true, 0),
        (&["3002"], 0, true, 0),
    ] {
        let server = server(modules, suite_runs, true);
        let spec = spec().create_missing(may_create);
        // A server that does not allow it does not stop the upload.
        let target = server.client(1).resolve_target(&spec).await.unwrap();
        assert_eq!((target.suite.id.get(), target.created.len()), (8, 0));
        assert_eq!(changes(&server), expected, "{modules:?} {suite_runs}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_module_of_a_suite_is_set_though_the_response_to_its_creation_is_lost() {
    let server = server(&[], 0, false);
    let spec = spec().create_missing(true);
    let target = server.client(1).resolve_target(&spec).await.unwrap();
    assert_eq!((target.suite.id.get(), changes(&server)), (8, 1));
}
