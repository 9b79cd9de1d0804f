//! The contract over SQLite.

use std::sync::Arc;
use std::time::Duration;

use octane_relay::{
    End, Rate, SqliteStore, State, StoreError, Time, Token, TokenWorkspaces, system_clock,
};

use crate::contract::{self, Case, TestClock};

/// A store in a new file, with a clock of the test's own.
fn case(folder: &tempfile::TempDir, clock: &TestClock) -> Case {
    let store = SqliteStore::open(&folder.path().join("relay.db"), clock.clock());
    let clock = clock.clone();
    Case {
        store: Arc::new(store.unwrap()),
        pass: Box::new(move |time| clock.pass(time)),
    }
}

#[tokio::test]
async fn sqlite_keeps_the_contract_of_a_store() {
    for check in contract::CHECKS {
        let folder = tempfile::tempdir().unwrap();
        check(case(&folder, &TestClock::default())).await;
    }
}

#[tokio::test]
async fn what_is_stored_is_there_when_the_store_is_opened_again() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    contract::hand_over(&*case(&folder, &clock).store, 1).await;
    let again = case(&folder, &clock);
    let status = again.store.status(&contract::id(1)).await.unwrap();
    assert!(status.is_some());
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    drop(case(&folder, &clock));
    let file = folder.path().join("relay.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = SqliteStore::open(&file, Arc::new(|| Time::EPOCH)).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 99, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_store_of_the_first_format_is_migrated_with_its_tokens() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    let token = Token::new("shop");
    case(&folder, &clock).store.add_token(&token).await.unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE relay_tokens DROP COLUMN operator;
            ALTER TABLE relay_tokens DROP COLUMN workspaces;
            DROP TABLE relay_locks;
            DROP INDEX relay_uploads_awaiting;
            ALTER TABLE relay_uploads DROP COLUMN closing;
            ALTER TABLE relay_uploads DROP COLUMN compared;
            PRAGMA user_version = 1",
        )
        .unwrap();
    drop(connection);
    let store = case(&folder, &clock).store;
    let found = store.token(&token.id).await.unwrap().unwrap();
    assert_eq!(found.project.as_deref(), Some("shop"));
    let operator = Token::operator();
    store.add_token(&operator).await.unwrap();
    let found = store.token(&operator.id).await.unwrap().unwrap();
    assert_eq!(found.project, None);
}

#[tokio::test]
async fn a_store_of_the_second_format_is_migrated_with_its_uploads() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    let store = case(&folder, &clock).store;
    contract::hand_over(&*store, 1).await;
    drop(store);
    let connection = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
    let back = "
        ALTER TABLE relay_tokens DROP COLUMN workspaces;
        DROP TABLE relay_locks;
        DROP INDEX relay_uploads_awaiting;
        ALTER TABLE relay_uploads DROP COLUMN closing;
        ALTER TABLE relay_uploads DROP COLUMN compared;
        PRAGMA user_version = 2;";
    connection.execute_batch(back).unwrap();
    drop(connection);
    let store = case(&folder, &clock).store;
    let workspaces = contract::workspaces();
    let lease = store.lease(&workspaces, "one", contract::LEASE_TIME);
    let lease = lease.await.unwrap();
    let job = store.begin(&lease.unwrap()).await.unwrap().unwrap();
    assert_eq!((job.id, job.is_closing), (contract::id(1), false));
}

#[tokio::test]
async fn tokens_of_a_store_of_the_fourth_format_stay_valid_for_all_workspaces() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    let token = Token::new("shop");
    case(&folder, &clock).store.add_token(&token).await.unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
    let back = "ALTER TABLE relay_tokens DROP COLUMN workspaces; PRAGMA user_version = 4;";
    connection.execute_batch(back).unwrap();
    drop(connection);
    let store = case(&folder, &clock).store;
    let found = store.token(&token.id).await.unwrap().unwrap();
    assert_eq!(found.workspaces, TokenWorkspaces::default());
    assert_eq!(found.project.as_deref(), Some("shop"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other
        .execute_batch("CREATE TABLE songs (name TEXT)")
        .unwrap();
    drop(other);
    let before = std::fs::read(&file).unwrap();
    let refused = SqliteStore::open(&file, system_clock());
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn only_its_owner_can_read_a_store() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
    let store = case(&folder, &clock);
    contract::hand_over(&*store.store, 1).await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_nothing() {
    for is_opened_again in [false, true] {
        let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::default());
        let before = case(&folder, &clock).store;
        let (workspaces, time) = (contract::workspaces(), Duration::from_secs(10));
        let hours = Duration::from_secs(2 * 3600);
        let mut lanes = Vec::new();
        for (number, suite_run) in [(1, "waits"), (2, "left"), (3, "awaits")] {
            contract::hand_over_to(&*before, number, suite_run).await;
            let lease = before.lease(&workspaces, "one", time).await.unwrap();
            lanes.push(lease.unwrap());
        }
        let end = |state, pause, shards_awaited| End {
            pause,
            state,
            shards_awaited,
            ..contract::delivered()
        };
        let half_an_hour = Duration::from_secs(1800);
        for (lane, end) in [
            (0, Some(end(State::Waiting, Duration::from_secs(300), None))),
            (1, None),
            (
                2,
                Some(end(State::AwaitingShards, time, Some(half_an_hour))),
            ),
        ] {
            let job = before.begin(&lanes[lane]).await.unwrap().unwrap();
            if let Some(end) = end {
                let ends = vec![(job.id, end)];
                before.end(&lanes[lane], ends).await.unwrap();
                before.release(&lanes[lane], time).await.unwrap();
            }
        }
        let rate = Rate::per_second(10);
        before.slots("server", rate, 1).await.unwrap();
        clock.set_back(hours);
        let store = if is_opened_again {
            case(&folder, &clock).store
        } else {
            before
        };
        let slots = store.slots("server", rate, 1).await.unwrap();
        assert!(slots.delay < time, "{slots:?}");
        let leased = async |after: u64| {
            clock.pass(Duration::from_secs(after));
            let mut suite_runs = Vec::new();
            while let Some(lease) = store.lease(&workspaces, "two", 3 * time).await.unwrap() {
                suite_runs.push(lease.lane.suite_run);
            }
            suite_runs.sort();
            suite_runs
        };
        assert_eq!(leased(11).await, ["left"]);
        assert_eq!(leased(300).await, ["left", "waits"]);
        // Another process that opens the file later leaves the leases alone.
        case(&folder, &clock).store.ping().await.unwrap();
        assert!(leased(0).await.is_empty());
        // The clock may have been wrong only now: shards are not given up too early, and what was delivered keeps its date.
        assert_eq!(leased(1500).await, ["left", "waits"]);
        assert_eq!(leased(2 * 3600).await, ["awaits", "left", "waits"]);
    }
}
