//! Every public future can be moved to another thread, so that it can be spawned.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http::{Method, Request};
use octane_client::{
    CancellationToken, CiBuilds, Client, Delivery, Jira, Journal, Links, Merge, Modules, Parent,
    Releases, Report, Runs, RunsOf, SuiteRuns, Suites, Target, TargetSpec, TestRun, Upload,
};
use octane_model::{
    Encoding, Entity, ModuleId, Query, ReferenceUpdate, ReleaseId, RunId, SuiteId, SuiteRunId,
    TaskId, WorkItemId,
};
use octane_relay::{
    Audit, AuditEntry, DoorTls, Event, Folder, Oidc, OidcIssuer, PostgresStore, RateWatch, Server,
    Time, Worker,
};
use octane_rest::{
    Body, Endpoint, Entities, Environment, Idempotency, ListRequest, Secret, SecretCommand,
    SecretFile, SecretSource, TestResults,
};
use octane_results::Context;

/// Not called: that it compiles is the test.
fn is_send<F: Future + Send>(_: F) {}

/// Not called, as above.
fn is_send_stream<S: Stream + Send>(_: S) {}

#[expect(dead_code, reason = "that it compiles is the test")]
fn requests(endpoint: &Endpoint, request: fn() -> Request<Bytes>, entity: &Entity) {
    is_send(Endpoint::send(endpoint, request(), Idempotency::Idempotent));
    is_send(Endpoint::execute(
        endpoint,
        request(),
        Idempotency::Idempotent,
    ));
    is_send(Endpoint::call(endpoint, Method::GET, "", Body::None));
    is_send(Endpoint::get(endpoint, ""));
    is_send(Endpoint::post(endpoint, "", entity));
    is_send(Endpoint::put(endpoint, "", entity));
    is_send(Endpoint::delete(endpoint, ""));
    is_send(Endpoint::sign_in(endpoint));
    is_send(Endpoint::sign_out(endpoint));
    is_send(Endpoint::cookie_header(endpoint));
    is_send(Endpoint::field_metadata(endpoint, ""));
    is_send(Endpoint::server_version(endpoint));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn credentials(
    environment: &Environment,
    (command, file, source): (&SecretCommand, &SecretFile, &SecretSource),
    builds: &CiBuilds<'_>,
) {
    is_send(Environment::client_id(environment));
    is_send(SecretCommand::run(command));
    is_send(SecretFile::read(file));
    is_send(SecretSource::read(source));
    is_send(CiBuilds::find(builds, "", "", ""));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn entities(
    entities: &Entities<Entity>,
    list: fn() -> ListRequest<Entity>,
    entity: &Entity,
    query: fn() -> Query,
) {
    let some = std::slice::from_ref(entity);
    is_send(Entities::update(entities, "1", entity));
    is_send(Entities::update_many(
        entities,
        some,
        ReferenceUpdate::Replace,
    ));
    is_send(Entities::create_many(entities, some));
    is_send(Entities::delete(entities, "1"));
    is_send(Entities::get(entities, "1"));
    is_send(Entities::find(entities, query()));
    is_send(Entities::create(entities, some));
    is_send(Entities::create_one(entities, entity));
    is_send(ListRequest::count(list()));
    is_send(ListRequest::first_page(list()));
    is_send(ListRequest::all(list()));
    is_send(ListRequest::first(list()));
    is_send_stream(ListRequest::stream(list()));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn test_results(results: &TestResults, task: TaskId) {
    is_send(TestResults::send(results, Bytes::new(), false));
    is_send(TestResults::send_encoded(
        results,
        Bytes::new(),
        Encoding::Plain,
        false,
    ));
    is_send(TestResults::task(results, task));
    is_send(TestResults::log(results, task));
    is_send(TestResults::schema(results));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn uploads(
    client: &Client,
    spec: &TargetSpec,
    upload: fn() -> Upload<'static, Vec<TestRun>>,
    merge: fn() -> Merge<'static>,
    delivery: &Delivery<'_>,
    report: &Report,
    token: &CancellationToken,
) {
    is_send(Client::resolve_target(client, spec));
    is_send(Client::check_references(client, &Context::default()));
    is_send(Client::compare(client, &[], report, token));
    is_send(Client::larger_before(client, report, token));
    is_send(Client::failed_tests(client, &[], report, &[], token));
    is_send(Upload::send(upload()));
    is_send(Merge::run(merge()));
    is_send(Delivery::resolve(delivery));
    is_send(Delivery::run(delivery));
    is_send(CancellationToken::cancelled(token));
    is_send(CancellationToken::within_grace(
        token,
        std::future::ready(()),
    ));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn modules_and_suites(
    modules: &Modules<'_>,
    suites: &Suites<'_>,
    module: ModuleId,
    suite: SuiteId,
) {
    is_send(Modules::find(modules, "", Parent::Any));
    is_send(Modules::get(modules, module));
    is_send(Modules::list(modules, Parent::Any));
    is_send(Modules::root(modules));
    is_send(Modules::create(modules, "", Some(module)));
    is_send(Modules::ensure(modules, ""));
    is_send(Modules::missing(modules, ""));
    is_send(Modules::ensure_root(modules, ""));
    is_send(Modules::find_path(modules, ""));
    is_send(Modules::find_id_or_path(modules, ""));
    is_send(Modules::similar(modules, ""));
    is_send(Modules::similar_below(modules, module, ""));
    is_send(Suites::get(suites, suite));
    is_send(Suites::find(suites, "", Some(module)));
    is_send(Suites::find_id_or_name(suites, ""));
    is_send(Suites::similar(suites, ""));
    is_send(Suites::list(suites, Some(module)));
    is_send(Suites::create(suites, "", Some(module)));
    is_send(Suites::ensure(suites, "", Some(module)));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn runs_and_links(
    suite_runs: &SuiteRuns<'_>,
    (runs, of): (&Runs<'_>, fn() -> RunsOf<'static>),
    (jira, links): (&Jira<'_>, &Links<'_>),
    releases: &Releases<'_>,
    (suite, suite_run, run): (SuiteId, SuiteRunId, RunId),
    (release, story): (ReleaseId, WorkItemId),
) {
    is_send(SuiteRuns::get(suite_runs, suite_run));
    is_send(SuiteRuns::find(suite_runs, "", suite));
    is_send(SuiteRuns::find_in_any_suite(suite_runs, ""));
    is_send(SuiteRuns::find_id_or_name(suite_runs, "", Some(suite)));
    is_send(SuiteRuns::similar(suite_runs, "", Some(suite)));
    is_send(SuiteRuns::list(suite_runs, Some(suite)));
    is_send(SuiteRuns::create(suite_runs, "", suite, Some(release)));
    is_send(SuiteRuns::ensure(suite_runs, "", suite, Some(release)));
    is_send(Runs::get(runs, run));
    is_send(RunsOf::all(of()));
    is_send(RunsOf::all_with_features(of()));
    is_send_stream(RunsOf::stream(of()));
    is_send(Jira::resolve(jira, ["SHOP-101"]));
    is_send(Jira::field(jira));
    is_send(Links::field(links));
    is_send(Links::feature_field(links));
    is_send(Links::link(links, story, &[run]));
    is_send(Links::unlink(links, story, &[run]));
    is_send(Links::would_unlink(links, story, &[run]));
    is_send(Links::would_link(links, story, &[run]));
    let (keys, stories) = (BTreeMap::new(), BTreeSet::new());
    is_send(Links::stale(links, &keys, &stories));
    is_send(Releases::get(releases, release));
    is_send(Releases::similar(releases, ""));
    is_send(Releases::find(releases, ""));
    is_send(Releases::find_default(releases));
}

#[expect(dead_code, reason = "that it compiles is the test")]
fn relays(
    (folder, looking): (fn() -> Folder, &mut Folder),
    (server, address): (fn() -> Server, SocketAddr),
    (worker, tls): (&Worker, &Arc<DoorTls>),
    (audit, entry): (&Audit, &AuditEntry),
    (oidc, issuer): (&Oidc, &OidcIssuer),
    rate_watch: fn() -> RateWatch,
    stop: &CancellationToken,
) {
    is_send(Folder::run(folder(), stop));
    is_send(Folder::look(looking, stop));
    is_send(Server::bind(address));
    is_send(Server::serve(server(), axum::Router::new(), stop));
    is_send(Worker::run(worker, stop));
    is_send(DoorTls::watch(tls, stop, |_| {}));
    is_send(Audit::record(audit, Event::Stored, entry));
    is_send(Oidc::job(oidc, ""));
    is_send(RateWatch::run(rate_watch(), stop));
    is_send(OidcIssuer::fetch_keys(issuer, Time::EPOCH));
    is_send(PostgresStore::open(&Secret::from("postgres://")));
}

/// A future that owns a client and holds another one of it across an `await`.
fn is_spawnable<F: Future + Send + 'static>(_: F) {}

#[expect(dead_code, reason = "that it compiles is the test")]
fn spawned(client: fn() -> Client, target: Target, journal: Journal, story: WorkItemId) {
    let (uploading, linking, delivering) = (client(), client(), client());
    let (merging, shard) = (client(), journal.clone());
    is_spawnable(async move { merging.merge([shard]).run().await });
    is_spawnable(async move { uploading.upload(Vec::new(), target).send().await });
    is_spawnable(async move { delivering.delivery(&journal).run().await });
    is_spawnable(async move { linking.links().link(story, &[]).await });
}

/// What follows `impl` and its parameters: `Entities<T> {` of `<T: Fn(&str) -> Option<u8>> Entities<T> {`.
fn after_parameters(header: &str) -> &str {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, character) in header.char_indices() {
        match character {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            ' ' if depth == 0 => return &header[at + 1..],
            _ => {}
        }
        before = character;
    }
    header
}

/// The public asynchronous functions in the sources below a folder, as `Type::name`.
fn asynchronous(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            asynchronous(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut of = "";
        for line in text.lines() {
            if let Some(header) = line.strip_prefix("impl") {
                of = after_parameters(header)
                    .split(['<', ' '])
                    .next()
                    .unwrap_or_default();
            }
            let name = line.trim_start().strip_prefix("pub async fn ");
            if let Some(name) = name.and_then(|name| name.split(['<', '(']).next()) {
                found.insert(format!("{of}::{name}"));
            }
        }
    }
}

#[test]
fn no_public_future_is_left_out_of_the_proof() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for name in ["octane-rest", "octane-client", "octane-relay"] {
        asynchronous(&crates.join(name).join("src"), &mut found);
    }
    assert!(found.len() > 60, "{found:?}");
    let proved = include_str!("futures.rs");
    let is_missing = |name: &&String| !proved.contains(&format!("is_send({name}("));
    let missing: Vec<&String> = found.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "add to this file: {missing:?}");
}
