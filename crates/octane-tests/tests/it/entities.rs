//! Modules, suites, suite runs, runs, Jira keys and releases against the sandbox.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use octane_client::{
    Client, ClientError, ClientSettings, ModuleChoice, OnAmbiguous, Parent, SuiteChoice, Target,
    TargetSpec, UploadSettings,
};
use octane_model::{
    Entity, MilestoneId, Reference, ReleaseId, Select, SuiteId, SuiteRunId, WorkItemId,
};
use octane_rest::{ApiKey, Endpoint};
use octane_results::{Context, Release, Status, TestRun};
use octane_sandbox::{Fault, Settings};
use octane_tests::{Scripted, World, response};

#[tokio::test]
async fn ensuring_a_path_creates_only_what_is_missing() {
    let world = World::new().await;
    let modules = world.client.modules();
    let first = modules.ensure("Shop/Checkout/Refunds").await.unwrap();
    let names: Vec<&str> = first
        .created
        .iter()
        .map(|module| module.name.as_str())
        .collect();
    assert_eq!(names.last(), Some(&"Refunds"));
    let second = modules.ensure("Shop/Checkout/Refunds").await.unwrap();
    assert_eq!(
        (second.entity.id, second.created.len()),
        (first.entity.id, 0)
    );
    let found = modules
        .find_path("Shop/Checkout/Refunds")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, first.entity.id);
}

#[tokio::test]
async fn modules_are_found_by_name_by_parent_and_by_the_parents_name() {
    let world = World::new().await;
    let modules = world.client.modules();
    let leaf = modules.ensure("North/Depot").await.unwrap().entity;
    let north = modules.find("North", Parent::Any).await.unwrap().unwrap();
    modules.ensure("South/Depot").await.unwrap();

    let below = modules
        .find("Depot", Parent::Id(north.id))
        .await
        .unwrap()
        .unwrap();
    let below_named = modules
        .find("Depot", Parent::Named("North".into()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((below.id, below_named.id), (leaf.id, leaf.id));
    assert_eq!(modules.list(Parent::Id(north.id)).await.unwrap(), [leaf]);
    assert!(
        modules
            .find("Nowhere", Parent::Any)
            .await
            .unwrap()
            .is_none()
    );
    let oldest = modules.find("Depot", Parent::Any).await.unwrap().unwrap();
    assert_eq!(oldest.id, below.id);
}

#[tokio::test]
async fn of_several_suites_of_one_name_the_oldest_is_used_and_reported_or_none() {
    let world = World::new().await;
    let suites = world.client.suites();
    let first = suites.create("Nightly", None).await.unwrap();
    let second = suites.create("Nightly", None).await.unwrap();
    let module = world.client.modules().ensure("A").await.unwrap().entity.id;
    let in_module = suites.create("Nightly", Some(module)).await.unwrap();

    let reported = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reported);
    let client = world.client.clone().on_ambiguous_name(move |ambiguous| {
        sink.lock().unwrap().push(ambiguous.resolved());
    });
    let found = client.suites().find("Nightly", None).await.unwrap();
    assert_eq!(found.unwrap().id, first.id);
    let ids = format!("{}, {}, {}", first.id, second.id, in_module.id);
    assert_eq!(
        *reported.lock().unwrap(),
        [format!(
            "found 3 test suites named `Nightly` (IDs {ids}); used the oldest one, {} (to use another one, give its ID)",
            first.id
        )]
    );

    let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-1");
    let target = client.resolve_target(&spec).await.unwrap();
    assert_eq!(
        (target.suite.id, target.problems.len()),
        (first.id, 1),
        "reported with the target"
    );
    let spec = spec.module(ModuleChoice::Id(module));
    let target = client.resolve_target(&spec).await.unwrap();
    assert_eq!(
        (target.suite.id, target.problems.len()),
        (in_module.id, 0),
        "the only one in the module"
    );
    assert_eq!(reported.lock().unwrap().len(), 1);

    let settings = ClientSettings::default().on_ambiguous(OnAmbiguous::Fail);
    let strict = Client::with_settings(world.client.endpoint().clone(), settings);
    let error = strict.suites().find("Nightly", None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("found 3 test suites named `Nightly` (IDs {ids})")
    );
}

#[tokio::test]
async fn clients_that_create_the_same_path_and_suite_at_once_end_with_the_same_ones() {
    for is_unique in [true, false] {
        let mut settings = Settings::default();
        settings.entities.module_names_unique = is_unique;
        let world = World::with(settings).await;
        let before = world.count("application_modules").await;
        let spec = |module: &str| {
            TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-1")
                .module(ModuleChoice::Path(module.into()))
                .create_missing(true)
        };
        // Two modules, so that the suite may be created in either.
        let specs = (0..16).map(|n| spec(["Shop/New/Deep", "Shop/New/Other"][n % 2]));
        let resolving = specs.map(|spec| {
            let client = world.client.clone();
            tokio::spawn(async move { client.resolve_target(&spec).await.unwrap() })
        });
        let mut targets = Vec::new();
        for target in resolving.collect::<Vec<_>>() {
            targets.push(target.await.unwrap());
        }
        let suites: BTreeSet<_> = targets.iter().map(|target| target.suite.id).collect();
        let modules = targets.iter().map(|target| target.module.clone().unwrap());
        let modules: BTreeSet<_> = modules.map(|module| module.id).collect();
        assert_eq!((suites.len(), modules.len()), (1, 2), "{targets:?}");
        let created: usize = targets.iter().map(|target| target.created.len()).sum();
        assert_eq!(created, 5, "each is reported as created once");
        assert_eq!(world.count("application_modules").await - before, 4);
        let all = world.client.suites().list(None).await.unwrap();
        assert_eq!(all.len(), 1);
        let module = modules.iter().any(|module| {
            let module = (*module).into();
            all[0].product_areas.contains(&module)
        });
        assert!(module, "the suite is in the module of its creator");
    }
}

#[tokio::test]
async fn names_are_checked_before_anything_is_created_and_what_was_created_is_named_in_the_error() {
    let world = World::new().await;
    let before = world.count("application_modules").await;
    let long = "x".repeat(256);
    let spec = |suite: &str, module: &str| {
        TargetSpec::new(SuiteChoice::Named(suite.into()), "nightly-1")
            .module(ModuleChoice::Path(module.into()))
            .create_missing(true)
    };
    for spec in [spec(&long, "New"), spec("S", &format!("New/{long}"))] {
        let error = world.client.resolve_target(&spec).await.unwrap_err();
        assert!(
            matches!(error, ClientError::NameTooLong { .. }),
            "{error:?}"
        );
    }
    assert_eq!(world.count("application_modules").await, before);

    let fault = Fault::status(403).method("POST").path("**/test_suites");
    world.sandbox.sandbox().fail_next(fault).unwrap();
    let spec = spec("S", "New/Tree");
    let error = world.client.resolve_target(&spec).await.unwrap_err();
    let ClientError::AfterCreating { created, error: _ } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(created.len(), 2);
    assert!(
        error
            .to_string()
            .starts_with("created application module `New` ("),
        "{error}"
    );
}

#[tokio::test]
async fn a_root_module_is_found_or_created_below_the_root() {
    let world = World::new().await;
    let modules = world.client.modules();
    let root = modules.root().await.unwrap();
    let made = modules.ensure_root("Payments of the world").await.unwrap();
    assert_eq!(
        made.entity.parent.as_ref().map(|parent| parent.id.clone()),
        Some(root.id.into())
    );
    assert_eq!(
        modules
            .ensure_root("Payments of the world")
            .await
            .unwrap()
            .entity
            .id,
        made.entity.id
    );
    assert_eq!(
        modules.ensure_root(&root.name).await.unwrap().entity.id,
        root.id
    );
}

#[tokio::test]
async fn names_with_special_characters_are_stored_unchanged() {
    let world = World::new().await;
    for name in [
        r#"it's "quoted""#,
        r"back\slash",
        "star*",
        "{brace} (paren) ^caret^",
        "50 % & more; a||b",
        "東京",
    ] {
        let made = world.client.modules().create(name, None).await.unwrap();
        let found = world
            .client
            .modules()
            .find(name, Parent::Any)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.id, found.name.as_str()), (made.id, name));
        let suite = world
            .client
            .suites()
            .ensure(name, Some(made.id))
            .await
            .unwrap();
        let again = world
            .client
            .suites()
            .ensure(name, Some(made.id))
            .await
            .unwrap();
        assert_eq!(
            (again.entity.id, again.created.len()),
            (suite.entity.id, 0),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_or_empty_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let error = world
        .client
        .suites()
        .create(&"x".repeat(256), None)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the test suite name is 256 characters long; the limit is 255"
    );
    let error = world.client.modules().create("", None).await.unwrap_err();
    assert_eq!(error.to_string(), "the application module name is empty");
    assert!(matches!(
        world.client.modules().ensure(" / ").await,
        Err(ClientError::EmptyPath { .. })
    ));
}

#[tokio::test]
async fn a_suite_is_searched_in_its_module_and_an_unknown_id_is_reported() {
    let world = World::new().await;
    let module = world.client.modules().ensure("A").await.unwrap().entity.id;
    let other = world.client.modules().ensure("B").await.unwrap().entity.id;
    let suite = world
        .client
        .suites()
        .create("Nightly", Some(module))
        .await
        .unwrap();
    let suites = world.client.suites();
    assert_eq!(
        suites
            .find("Nightly", Some(module))
            .await
            .unwrap()
            .unwrap()
            .id,
        suite.id
    );
    assert_eq!(
        suites.find("Nightly", None).await.unwrap().unwrap().id,
        suite.id
    );
    assert!(suites.find("Nightly", Some(other)).await.unwrap().is_none());
    let error = suites.get(SuiteId::new(424_242)).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        error.to_string(),
        "no test suite with ID 424242 in this workspace"
    );
}

#[tokio::test]
async fn the_runs_of_a_suite_run_are_sorted_by_id_and_the_first_ones_can_be_skipped() {
    let world = World::new().await;
    let suite = world
        .client
        .suites()
        .create("Paged", None)
        .await
        .unwrap()
        .id;
    let runs = || (0..25).map(|n| TestRun::new(format!("t{n}"), Status::Passed));
    let target = Target::new(suite, "run 1");
    let report = world.client.upload(runs, target).send().await.unwrap();
    assert_eq!(report.counts.ingested, 25, "{report:?}");

    let suite_run = world
        .client
        .suite_runs()
        .find("run 1", suite)
        .await
        .unwrap()
        .unwrap();
    assert!(
        world
            .client
            .suite_runs()
            .find("RUN 1", suite)
            .await
            .unwrap()
            .is_none()
    );
    let all = world.client.runs().of(suite_run.id).all().await.unwrap();
    let ids: Vec<i64> = all.iter().map(|run| run.id.get()).collect();
    assert!(ids.is_sorted() && ids.len() == 25);
    let rest = world
        .client
        .runs()
        .of(suite_run.id)
        .skip(20)
        .all()
        .await
        .unwrap();
    assert_eq!(rest, all[20..]);
}

#[tokio::test]
async fn every_jira_key_is_found_missing_or_ambiguous() {
    let world = World::new().await;
    let keys: Vec<String> = (101..=140)
        .map(|n| format!("SHOP-{n}"))
        .chain((1..=20).map(|n| format!("PAY-{n}")))
        .chain((1..=80).map(|n| format!("NONE-{n}")))
        .chain([
            "SHOP-150".to_owned(),
            " shop-11 ".to_owned(),
            "SHOP-201".to_owned(),
        ])
        .collect();
    let resolution = world.client.jira().resolve(&keys).await.unwrap();
    assert_eq!(resolution.found.len(), 62);
    assert_eq!(resolution.found["shop-11"].subtype, "feature");
    assert_eq!(resolution.found["SHOP-201"].subtype, "defect");
    assert_eq!(resolution.missing.len(), 80);
    assert_eq!(
        resolution.ambiguous.keys().collect::<Vec<_>>(),
        ["SHOP-150"]
    );
    assert_eq!(resolution.ambiguous["SHOP-150"].len(), 2);
    assert_eq!(world.client.jira().field().await.unwrap(), "jira_key_udf");
}

#[tokio::test]
async fn a_suite_that_another_client_creates_at_the_same_moment_is_used() {
    let suite = r#"{"type":"test_suite","id":"7","name":"Nightly"}"#;
    let server = Scripted::new([
        response(200, ""),
        response(200, r#"{"total_count":0,"data":[]}"#),
        response(409, r#"{"error_code":"platform.duplicate_entity"}"#),
        response(200, &format!(r#"{{"total_count":1,"data":[{suite}]}}"#)),
    ])
    .await;
    let endpoint = Endpoint::builder(server.url())
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("me", "secret"))
        .build()
        .unwrap();
    let client = Client::new(endpoint);
    let ensured = client.suites().ensure("Nightly", None).await.unwrap();
    assert_eq!(
        (ensured.entity.id, ensured.created),
        (SuiteId::new(7), vec![])
    );
    assert_eq!(
        server.requests().len(),
        4,
        "sign-in, look-up, creation, look-up"
    );
}

#[tokio::test]
async fn releases_are_found_by_name() {
    let world = World::new().await;
    let list = world.client.endpoint().collection("releases").list();
    let all = list.select(Select::names(["name"])).all().await.unwrap();
    let name = all[0].text("name").unwrap().to_owned();
    let found = world.client.releases().find(&name).await.unwrap().unwrap();
    assert_eq!(
        world.client.releases().get(found.id).await.unwrap().name,
        name
    );
    assert!(
        world
            .client
            .releases()
            .find("no such release")
            .await
            .unwrap()
            .is_none()
    );
}

/// A suite with one automated test.
async fn suite_with_a_test(world: &World) -> SuiteId {
    let suite = world.client.suites().create("Nightly", None).await.unwrap();
    let endpoint = world.client.endpoint();
    let test = endpoint
        .collection("automated_tests")
        .create_one(&Entity::new().set("name", "pays"))
        .await
        .unwrap();
    let test = Reference::new("test_automated", test.id.unwrap());
    let link = Entity::new()
        .set("subtype", "test_suite_link_to_automated")
        .set_reference("test", &test)
        .set_reference("test_suite", &Reference::new("test_suite", suite.id));
    let links = endpoint.collection("test_suite_link_to_tests");
    links.create_one(&link).await.unwrap();
    suite.id
}

#[tokio::test]
async fn a_planned_suite_run_has_planned_runs_and_an_upload_of_its_name_fills_it() {
    let world = World::new().await;
    let suite = suite_with_a_test(&world).await;
    let suite_runs = world.client.suite_runs();
    let planned = suite_runs.ensure(" nightly-1 ", suite, None).await.unwrap();
    let again = suite_runs.ensure("nightly-1", suite, None).await.unwrap();
    assert_eq!((planned.created.len(), again.created.len()), (1, 0));
    assert_eq!(planned.entity, again.entity);
    assert_eq!(planned.entity.name, "nightly-1");
    let status = async || {
        let run = suite_runs.get(planned.entity.id).await.unwrap();
        run.status.unwrap().id.to_string()
    };
    assert_eq!(status().await, "list_node.run_status.planned");
    let runs = world.client.runs();
    let in_it = async || runs.of(planned.entity.id).all().await.unwrap().len();
    assert_eq!(in_it().await, 1);

    let results = [
        TestRun::new("pays", Status::Passed),
        TestRun::new("refunds", Status::Passed),
    ];
    let mut settings = UploadSettings::default();
    settings.context.release = Some(Release::Name(Release::DEFAULT.to_owned()));
    let target = Target::new(suite, "nightly-1");
    let upload = world.client.upload(results, target).settings(settings);
    let report = upload.send().await.unwrap();
    assert_eq!(report.target.suite_run_id(), Some(planned.entity.id));
    assert_eq!((report.counts.ingested, report.counts.rejected), (2, 0));
    assert_eq!(suite_runs.list(Some(suite)).await.unwrap().len(), 1);
    assert_eq!(in_it().await, 2);
    assert_eq!(status().await, "list_node.run_status.passed");
}

#[tokio::test]
async fn clients_that_plan_the_same_suite_run_at_once_end_with_the_same_one() {
    let world = World::new().await;
    let suite = suite_with_a_test(&world).await;
    let runs_before = world.count("automated_runs").await;
    let suite_runs = world.client.suite_runs();
    let ensure = || suite_runs.ensure("nightly-1", suite, None);
    let ensured = futures_util::future::join_all((0..4).map(|_| ensure())).await;
    let ids: BTreeSet<SuiteRunId> = ensured
        .into_iter()
        .map(|ensured| ensured.unwrap().entity.id)
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(suite_runs.list(Some(suite)).await.unwrap().len(), 1);
    let runs = world.count("automated_runs").await - runs_before;
    assert_eq!(runs, 1, "those that were deleted took theirs with them");
}

#[tokio::test]
async fn a_suite_run_is_planned_in_the_default_release_or_in_another_one() {
    let world = World::new().await;
    let suite = suite_with_a_test(&world).await;
    let releases = world.client.releases();
    let default = releases.find_default().await.unwrap().unwrap();
    let draft = Entity::new()
        .set("name", "R 2")
        .set("start_date", "2026-01-01T00:00:00Z")
        .set("end_date", "2026-06-01T00:00:00Z");
    let endpoint = world.client.endpoint();
    let created = endpoint.collection("releases");
    let other = created.create_one(&draft).await.unwrap().id.unwrap();
    let other: ReleaseId = other.as_str().parse().unwrap();
    let suite_runs = world.client.suite_runs();
    for (name, release, expected) in [("a", None, default.id), ("b", Some(other), other)] {
        let planned = suite_runs.create(name, suite, release).await.unwrap();
        let runs = endpoint
            .collection("suite_run")
            .select(Select::names(["release"]));
        let read = runs.get(planned.id).await.unwrap();
        let release = read.reference("release").unwrap();
        assert_eq!(release.id, expected.into(), "{name}");
    }
}

#[tokio::test]
async fn what_a_context_refers_to_is_checked_with_one_request_for_each_collection() {
    let world = World::new().await;
    let client = &world.client;
    let release = client.releases().find_default().await.unwrap().unwrap().id;
    let stories = client.endpoint().collection("stories").list();
    let stories: Vec<Entity> = stories.limit(2).all().await.unwrap();
    let ids = stories.iter().map(|story| story.id.as_ref().unwrap());
    let mut context = Context {
        release: Some(Release::Id(release)),
        backlog_items: ids
            .map(|id| WorkItemId::new(id.as_str().parse().unwrap()))
            .collect(),
        ..Context::default()
    };
    let requests = || world.sandbox.sandbox().requests().len();
    let before = requests();
    client.check_references(&context).await.unwrap();
    assert_eq!(requests() - before, 2);
    context.backlog_items.push(WorkItemId::new(424_242));
    let error = client.check_references(&context).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no backlog item with ID 424242 in this workspace"
    );
    context = Context {
        milestone: Some(MilestoneId::new(7)),
        ..Context::default()
    };
    let error = client.check_references(&context).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no milestone with ID 7 in this workspace"
    );
    let forbidden = Fault::status(403).path("*/milestones");
    world.sandbox.sandbox().fail_next(forbidden).unwrap();
    client.check_references(&context).await.unwrap();
}
