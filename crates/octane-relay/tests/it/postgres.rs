//! The contract over PostgreSQL, with a server of the test's own.

use std::sync::Arc;
use std::time::Duration;

use octane_relay::{PostgresStore, Store, StoreError};
use octane_rest::Secret;
use octane_test_support::postgres::Postgres;
use tokio::task::JoinHandle;

use crate::contract::{self, Case};

async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&Secret::from(url)).await
}

/// A store in a new database, whose clock stands still but for the test. A function of the database's own comes before that of
/// PostgreSQL.
async fn case(server: &Arc<Postgres>, database: String) -> Case {
    let url = server.database(&database);
    let stopped = format!(
        "CREATE TABLE test_clock AS SELECT now() AS time;
        CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT time FROM public.test_clock';
        ALTER DATABASE {database} SET search_path = public, pg_catalog"
    );
    server.query(&database, &stopped);
    let server = Arc::clone(server);
    Case {
        store: Arc::new(open(&url).await.unwrap()),
        pass: Box::new(move |time: Duration| {
            let micros = time.as_micros();
            let statement =
                format!("UPDATE test_clock SET time = time + interval '{micros} microseconds'");
            server.query(&database, &statement);
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_the_contract_of_a_store() {
    let Some(server) = Postgres::start().map(Arc::new) else {
        return;
    };
    for (number, check) in contract::CHECKS.iter().enumerate() {
        check(case(&server, format!("check{number}")).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_relays_share_a_database_and_each_lane_has_one_holder() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.database("relay");
    // All of them create the tables at the same moment.
    let opened = futures_util::future::join_all((0..3).map(|_| open(&url))).await;
    let stores: Vec<PostgresStore> = opened.into_iter().map(Result::unwrap).collect();
    for number in 0..30 {
        contract::hand_over_to(&stores[0], number, &format!("run {}", number % 6)).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (number, store) in stores.iter().cloned().enumerate() {
        for _ in 0..4 {
            let store = store.clone();
            tasks.spawn(async move {
                let mut done = Vec::new();
                let workspaces = contract::workspaces();
                let name = format!("relay {number}");
                while let Some(lease) = store
                    .lease(&workspaces, &name, contract::LONG)
                    .await
                    .unwrap()
                {
                    while let Some(job) = store.begin(&lease).await.unwrap() {
                        let end = contract::delivered();
                        store
                            .end(&lease, vec![(job.id.clone(), end)])
                            .await
                            .unwrap();
                        done.push((lease.lane.suite_run.clone(), job.id));
                    }
                    store.release(&lease, Duration::ZERO).await.unwrap();
                }
                done
            });
        }
    }
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let done = done.unwrap();
        for lane in 0..6 {
            let lane = format!("run {lane}");
            let ids: Vec<_> = done.iter().filter(|(run, _)| *run == lane).collect();
            assert!(ids.is_sorted(), "{ids:?}");
        }
        all.extend(done);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_lose_what_it_has_committed_is_refused() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.database("relay");
    let error = open(&format!("{url}&options=-c%20synchronous_commit%3Doff"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotDurable {
                setting: "synchronous_commit",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_can_only_be_read_is_of_no_use() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let store = open(&server.database("relay")).await.unwrap();
    store.ping().await.unwrap();
    server.query(
        "postgres",
        "ALTER SYSTEM SET default_transaction_read_only = on",
    );
    server.query("postgres", "SELECT pg_reload_conf()");
    let since = std::time::Instant::now();
    while store.ping().await.is_ok() {
        assert!(since.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.overview().await.unwrap();
}

/// Runs statements in a transaction that ends after a while, and returns once they have been run.
async fn held(
    server: &Arc<Postgres>,
    database: &'static str,
    statements: String,
) -> JoinHandle<String> {
    let running = Arc::clone(server);
    let held = tokio::task::spawn_blocking(move || {
        running.query(
            database,
            &format!("BEGIN; {statements}; SELECT pg_sleep(1); COMMIT"),
        )
    });
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while server.query(database, sleeping) != "1" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_deleted_while_its_attempt_begins_is_not_delivered() {
    let Some(server) = Postgres::start().map(Arc::new) else {
        return;
    };
    let store = open(&server.database("relay")).await.unwrap();
    contract::hand_over(&store, 1).await;
    let workspaces = contract::workspaces();
    let lease = store.lease(&workspaces, "one", contract::LONG).await;
    let lease = lease.unwrap().unwrap();
    let deleting = format!("DELETE FROM relay_uploads WHERE id = '{}'", contract::id(1));
    let deleting = held(&server, "relay", deleting).await;
    assert_eq!(store.begin(&lease).await.unwrap(), None);
    deleting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_uploads_are_deleted_while_another_one_arrives_in_an_empty_lane() {
    let Some(server) = Postgres::start().map(Arc::new) else {
        return;
    };
    let store = open(&server.database("relay")).await.unwrap();
    for number in 1..=2 {
        contract::hand_over_to(&store, number, &format!("run {number}")).await;
    }
    let old = "UPDATE relay_uploads SET state = 'delivered', changed = 1";
    server.query("relay", &format!("{old} WHERE id = '{}'", contract::id(1)));
    // The lane of the other one is empty, and something arrives in it.
    server.query(
        "relay",
        &format!("UPDATE relay_uploads SET lane = (SELECT MIN(id) FROM relay_lanes) WHERE id = '{}'; {old}", contract::id(2)),
    );
    let arriving = "UPDATE relay_lanes SET server = server; \
        INSERT INTO relay_uploads (id, digest, project, lane, results, state, created, changed, journal) \
        SELECT 'u-arriving', '', 'shop', MAX(id), 1, 'stored', 1, 1, '' FROM relay_lanes";
    let arriving = held(&server, "relay", arriving.to_owned()).await;
    assert_eq!(store.prune(Duration::from_secs(60)).await.unwrap(), 2);
    arriving.await.unwrap();
    let lanes = server.query("relay", "SELECT count(*) FROM relay_uploads");
    assert_eq!(lanes, "1");
}
