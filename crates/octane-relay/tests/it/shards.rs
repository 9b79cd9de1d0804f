//! Shards that relays merge, when something comes in between.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use octane_client::{Outcome, Shard, Status, UploadId};
use octane_relay::{Remedy, State};
use octane_sandbox::Fault;
use sha2::Digest;

use crate::agents::{World, results};

/// Hands over a shard of two with five results, each of which has this Jira key.
async fn hand_over(world: &World, index: u32, key: &str) -> UploadId {
    let mut runs = results(index * 10..index * 10 + 5, Status::Passed);
    for run in &mut runs {
        *run = run.clone().jira([key]);
    }
    let shard = Shard::new(index, 2).unwrap();
    world.hand_over("sharded", &runs, Some(shard)).await
}

/// Runs a statement in the database of a world.
fn execute(world: &World, sql: &str) {
    let file = world.folder.path().join("relay.db");
    let connection = rusqlite::Connection::open(file).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

/// How many requests of this method the sandbox has received.
fn requests(world: &World, method: &str) -> usize {
    let requests = world.sandbox.sandbox().requests();
    requests
        .iter()
        .filter(|request| request.method == method)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strictest_shard_decides_whichever_is_delivered_last() {
    for order in [[1, 2], [2, 1]] {
        let mut world = World::new(1000).await;
        world.strict_shard = Some(1);
        let mut ids = Vec::new();
        for index in order {
            ids.push(hand_over(&world, index, "SHOP-999").await);
        }
        let relay = world.relay("one");
        let merged = async {
            loop {
                let status = world.store.status(&ids[1]).await.unwrap().unwrap();
                if matches!(
                    status.state,
                    State::Delivered | State::Waiting | State::Incomplete
                ) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        world.while_running(&relay, merged).await;
        for id in &ids {
            let report = world.report(id).await;
            assert!(report.shards.unwrap().is_merged);
            assert_eq!(report.outcome, Outcome::LinksIncomplete, "{order:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_whose_journal_cannot_be_looked_at_is_tried_again_and_awaits_the_others() {
    let world = World::new(1000).await;
    let looking = Fault::delay(Duration::from_secs(3));
    let looking = looking.method("GET").path("*/test-results/*").times(1);
    world.sandbox.sandbox().fail_next(looking).unwrap();
    let id = hand_over(&world, 1, "SHOP-101").await;
    let relay = world.relay("one");
    let ended = async {
        while world.payloads().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for file in journals(&world.folder.path().join("one")) {
            fs::remove_file(file).unwrap();
        }
        loop {
            let status = world.store.status(&id).await.unwrap().unwrap();
            assert_ne!(status.state, State::Delivered);
            assert_ne!(status.state, State::AwaitingShards);
            assert_ne!(status.state, State::Incomplete, "{:?}", status.reason);
            if status.state == State::Waiting {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    world.while_running(&relay, ended).await;
    assert!(world.store.retry(&id).await.unwrap());
    let ids = [id];
    let now = world.until(&relay, &ids, State::AwaitingShards).await;
    assert_eq!(now, [State::AwaitingShards]);
    assert_eq!(world.report(&ids[0]).await.counts.duplicate, 0);
}

/// The files of the journals that a relay works on.
fn journals(folder: &std::path::Path) -> Vec<PathBuf> {
    let below = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten();
    let all = below(folder.to_owned()).flat_map(|work| below(work.unwrap().path().join("uploads")));
    let all = all.map(|file| file.unwrap().path());
    all.filter(|file| file.to_string_lossy().contains(".db"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_damaged_waits_for_a_person_and_does_not_block_the_others() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let damaged = [hand_over(&world, 1, "SHOP-101").await];
    world.until(&relay, &damaged, State::AwaitingShards).await;
    execute(
        &world,
        "UPDATE relay_uploads SET journal = x'00' WHERE shard = 1",
    );
    let last = [hand_over(&world, 2, "SHOP-101").await];
    world.until(&relay, &last, State::AwaitingShards).await;
    let status = world.store.status(&damaged[0]).await.unwrap().unwrap();
    assert_eq!(status.state, State::Incomplete);
    assert_eq!((status.remedy(), &status.report), (Remedy::Upload, &None));
    let reason = status.reason.unwrap();
    assert!(reason.starts_with("its journal is damaged"), "{reason}");
    let folder = world.folder.path().display().to_string();
    assert!(!reason.contains(&folder), "{reason}");
    // Once its results are uploaded again, both are merged, and only the new one is sent.
    let again = hand_over(&world, 1, "SHOP-101").await;
    let sent = world.payloads().len();
    let ids = [last[0].clone(), again];
    assert_eq!(
        world.until(&relay, &ids, State::Delivered).await,
        [State::Delivered; 2]
    );
    assert_eq!(world.payloads().len(), sent + 1);
    assert_eq!(world.report(&ids[0]).await.counts.ingested, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shard_may_have_sent_is_no_duplicate_when_it_is_merged() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let first = [hand_over(&world, 1, "SHOP-101").await];
    let planned = "CREATE TABLE planned AS SELECT journal FROM relay_uploads";
    let file = world.folder.path().join("relay.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute(planned, [])
        .unwrap();
    world.until(&relay, &first, State::AwaitingShards).await;
    // Its relay could not store the journal at the end.
    let lost =
        "UPDATE relay_uploads SET journal = (SELECT journal FROM planned), may_have_sent = 1";
    execute(&world, lost);
    let ids = [first[0].clone(), hand_over(&world, 2, "SHOP-101").await];
    world.until(&relay, &ids, State::Delivered).await;
    let report = world.report(&ids[0]).await;
    assert_eq!((report.counts.ingested, report.counts.duplicate), (10, 0));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_damaged_in_its_tables_does_not_block_the_others_either() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let ids = [hand_over(&world, 1, "SHOP-101").await];
    world.until(&relay, &ids, State::AwaitingShards).await;
    let file = world.folder.path().join("relay.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let journal = "SELECT journal FROM relay_uploads";
    let journal: Vec<u8> = connection.query_row(journal, [], |row| row.get(0)).unwrap();
    drop(connection);
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(&*journal);
    std::io::Read::read_to_end(&mut reader, &mut unpacked).unwrap();
    let journal = changed(&unpacked, "ALTER TABLE facts RENAME TO facts_before");
    let blob = format!(
        "UPDATE relay_uploads SET journal = x'{}'",
        hexadecimal(&journal)
    );
    execute(&world, &blob);
    let last = [hand_over(&world, 2, "SHOP-101").await];
    world.until(&relay, &last, State::AwaitingShards).await;
    world.until(&relay, &ids, State::Incomplete).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_that_are_delivered_stay_so_while_a_later_merge_is_tried_again() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let mut ids = Vec::new();
    for index in 1..=2 {
        ids.push(hand_over(&world, index, "SHOP-101").await);
    }
    world.until(&relay, &ids, State::Delivered).await;
    let away = Fault::status(401).method("PUT").times(1000);
    let late = [hand_over(&world, 2, "SHOP-102").await];
    let merging = async {
        world.sandbox.sandbox().fail_next(away).unwrap();
        loop {
            let status = world.store.status(&late[0]).await.unwrap().unwrap();
            if status.state == State::Waiting {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    world.while_running(&relay, merging).await;
    for id in &ids {
        let status = world.store.status(id).await.unwrap().unwrap();
        assert_eq!(status.state, State::Delivered);
        assert!(status.report.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_is_stopped_leaves_the_other_shards_as_they_were() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let first = [hand_over(&world, 1, "SHOP-101").await];
    world.until(&relay, &first, State::AwaitingShards).await;
    let before = world.store.status(&first[0]).await.unwrap().unwrap();
    let linking = Fault::delay(Duration::from_secs(60))
        .method("PUT")
        .times(100);
    world.sandbox.sandbox().fail_next(linking).unwrap();
    let last = hand_over(&world, 2, "SHOP-101").await;
    let linking = async {
        while requests(&world, "PUT") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    world.while_running(&relay, linking).await;
    world.sandbox.sandbox().clear_faults();
    let after = world.store.status(&first[0]).await.unwrap().unwrap();
    assert_eq!(
        (after.state, after.attempts, after.reason),
        (State::AwaitingShards, 1, None)
    );
    assert_eq!(after.report, before.report);
    let stopped = world.store.status(&last).await.unwrap().unwrap();
    assert_eq!((stopped.state, stopped.attempts), (State::Stored, 0));
    let ids = [first[0].clone(), last];
    let states = world.until(&relay, &ids, State::Delivered).await;
    assert_eq!(states, [State::Delivered; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_a_newer_relay_waits_for_one_and_a_damaged_one_holds_up_nobody() {
    let world = World::new(1000).await;
    let id = hand_over(&world, 1, "SHOP-101").await;
    let relay = world.relay("one");
    for (sql, expected, reason) in [
        (
            "PRAGMA user_version = 99",
            State::Waiting,
            "its format is 99",
        ),
        (
            "ALTER TABLE facts RENAME TO facts_before",
            State::Incomplete,
            "damaged in the store",
        ),
    ] {
        let (journal, _) = world.plan("sharded", &results(10..15, Status::Passed), None);
        let file = world.folder.path().join("changed.bundle");
        fs::write(&file, changed(&journal, sql)).unwrap();
        let blob = format!(
            "UPDATE relay_uploads SET state = 'stored', next_attempt = 0, journal = x'{}'",
            hexadecimal(&fs::read(&file).unwrap())
        );
        execute(&world, &blob);
        world
            .until(&relay, std::slice::from_ref(&id), expected)
            .await;
        let status = world.store.status(&id).await.unwrap().unwrap();
        let found = status.reason.unwrap();
        assert!(found.contains(reason), "{found}");
        let folder = world.folder.path().display().to_string();
        assert!(!found.contains(&folder), "{found}");
    }
}

/// A journal after SQL was run on its database, with a right header.
pub(crate) fn changed(journal: &[u8], sql: &str) -> Vec<u8> {
    let header = journal.iter().position(|byte| *byte == b'\n').unwrap();
    let id = std::str::from_utf8(&journal[..header]).unwrap();
    let id = id.split(' ').nth(1).unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database");
    fs::write(&file, &journal[header + 1..]).unwrap();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let database = fs::read(&file).unwrap();
    let digest = hexadecimal(&sha2::Sha256::digest(&database));
    let header = format!("octane-upload/1 {id} {} {digest}\n", database.len());
    [header.as_bytes(), &database].concat()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
