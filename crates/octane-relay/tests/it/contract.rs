//! What every store promises.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use octane_client::{Shard, UploadId};
use octane_model::Workspace;
use octane_relay::{
    ArrivedShard, Clock, End, Job, Lane, Lease, NewUpload, Put, Rate, ShownToken, State, Store,
    StoreError, Time, Token, TokenWorkspaces, Workspaces,
};

/// A clock that a test moves.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

const START: i64 = 1_795_000_000_000_000;

impl TestClock {
    pub(crate) fn clock(&self) -> Clock {
        let time = Arc::clone(&self.0);
        Arc::new(move || Time::from_micros(START + time.load(Ordering::Relaxed)))
    }

    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn set_back(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.0.fetch_sub(micros, Ordering::Relaxed);
    }
}

/// A new store.
pub(crate) struct Case {
    pub(crate) store: Arc<dyn Store>,
    /// Lets time pass for the store; nothing else does.
    pub(crate) pass: Box<dyn Fn(Duration)>,
}

impl Case {
    fn pass(&self, time: Duration) {
        (self.pass)(time);
    }

    async fn lease(&self) -> Option<Lease> {
        self.store
            .lease(&workspaces(), "one", LEASE_TIME)
            .await
            .unwrap()
    }

    async fn begin(&self, lease: &Lease) -> Option<Job> {
        self.store.begin(lease).await.unwrap()
    }

    async fn end(&self, lease: &Lease, job: &Job, end: End) {
        self.store
            .end(lease, vec![(job.id.clone(), end)])
            .await
            .unwrap();
    }

    /// The shards in a lane that could be merged with the first upload.
    async fn shards(&self, lease: &Lease) -> Vec<Job> {
        let mut shards = Vec::new();
        for shard in self.store.arrived(lease, &id(1)).await.unwrap() {
            shards.extend(self.store.shard(lease, &shard.id).await.unwrap());
        }
        shards
    }

    async fn state(&self, number: u64) -> State {
        self.store.status(&id(number)).await.unwrap().unwrap().state
    }
}

pub(crate) const LEASE_TIME: Duration = Duration::from_millis(400);
/// A lease that does not expire while a test runs.
pub(crate) const LONG: Duration = Duration::from_secs(3600);
const QUOTA: u64 = 100;

type Check = fn(Case) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! checks {
    ($($name:ident)+) => {
        /// All checks.
        pub(crate) const CHECKS: &[Check] = &[$(|case| Box::pin($name(case))),+];
    };
}

checks! {
    handing_over_again_changes_nothing_and_other_bytes_are_a_conflict
    a_project_has_a_quota_of_uploads_that_are_not_delivered
    a_lane_has_one_holder_until_its_lease_expires
    a_lane_whose_holder_is_gone_comes_before_those_that_wait
    a_relay_has_no_lanes_but_those_of_its_workspaces
    the_holder_of_an_expired_lease_can_write_nothing
    uploads_of_a_lane_come_in_the_order_in_which_they_arrived
    an_upload_that_waits_holds_up_its_lane_and_no_other
    what_an_attempt_did_not_tell_may_have_been_sent
    what_a_report_should_say_is_known_to_each_attempt_and_to_the_merge
    a_stopped_attempt_does_not_count
    an_attempt_whose_end_is_not_known_does_not_count_and_is_followed_after_a_pause
    shards_of_another_project_are_not_merged
    what_is_handed_over_again_by_one_who_waits_is_compared
    what_a_relay_has_left_for_good_is_retried_or_deleted_by_a_person
    a_quota_holds_also_if_uploads_arrive_at_once_in_several_lanes
    a_store_that_can_be_written_to_says_so
    shards_are_ended_all_at_once
    the_end_of_a_merge_leaves_shards_alone_that_a_person_has_changed
    the_journal_of_a_shard_that_is_merged_is_stored_as_that_of_the_last_one
    a_report_of_an_earlier_attempt_says_nothing_about_an_upload_that_is_incomplete
    a_shard_that_has_awaited_others_long_enough_is_due_once_nothing_is_open_in_its_lane
    a_suite_run_that_is_closed_is_due_and_stays_so_if_its_relay_dies
    a_lock_has_one_holder_until_it_is_given_back_or_expires
    an_upload_is_retried_or_deleted_by_a_person
    delivered_uploads_are_deleted_after_a_while
    slots_are_an_interval_apart_for_all_and_an_overload_slows_all_down
    a_token_is_valid_until_it_is_revoked
    text_is_stored_as_it_is
}

pub(crate) fn id(number: u64) -> UploadId {
    UploadId::from_parts(1_795_000_000_000, number)
}

const SERVER: &str = "https://octane.example/";

fn lane(suite_run: &str) -> Lane {
    Lane::new(SERVER, 1001, 1002, "Nightly", suite_run)
}

fn workspaces_of(server: &str, space: i64, workspace: i64) -> Workspaces {
    let workspace = Workspace {
        space: space.into(),
        workspace: workspace.into(),
    };
    Workspaces::new(server.parse().unwrap(), workspace)
}

/// The workspace of all lanes, unless a check says otherwise.
pub(crate) fn workspaces() -> Workspaces {
    workspaces_of(SERVER, 1001, 1002)
}

fn upload(number: u64, suite_run: &str) -> NewUpload {
    NewUpload {
        id: id(number),
        digest: format!("{number:064}"),
        project: "shop".to_owned(),
        lane: lane(suite_run),
        shard: None,
        results: 500,
        is_compared: false,
        journal: vec![0, 1, 255, u8::try_from(number % 256).unwrap()],
    }
}

async fn what_a_report_should_say_is_known_to_each_attempt_and_to_the_merge(case: Case) {
    for (number, is_compared) in [(1, true), (2, false)] {
        let upload = NewUpload {
            shard: Some(Shard::new(u32::try_from(number).unwrap(), 2).unwrap()),
            is_compared,
            ..upload(number, "4711")
        };
        assert_eq!(case.store.put(upload, QUOTA).await.unwrap(), Put::Stored);
    }
    let lease = case.lease().await.unwrap();
    for is_compared in [true, false] {
        let job = case.begin(&lease).await.unwrap();
        assert_eq!(job.is_compared, is_compared);
        case.end(&lease, &job, ended(State::AwaitingShards)).await;
    }
    let shards = case.shards(&lease).await;
    let compared: Vec<bool> = shards.iter().map(|job| job.is_compared).collect();
    assert_eq!(compared, [true, false]);
}

pub(crate) async fn hand_over_to(store: &dyn Store, number: u64, suite_run: &str) {
    let put = store.put(upload(number, suite_run), QUOTA).await.unwrap();
    assert_eq!(put, Put::Stored);
}

pub(crate) async fn hand_over(store: &dyn Store, number: u64) {
    hand_over_to(store, number, "4711").await;
}

fn ended(state: State) -> End {
    End {
        journal: Some(b"done".to_vec()),
        state,
        pause: Duration::ZERO,
        shards_awaited: None,
        report: Some("{}".to_owned()),
        reason: None,
    }
}

pub(crate) fn delivered() -> End {
    ended(State::Delivered)
}

async fn handing_over_again_changes_nothing_and_other_bytes_are_a_conflict(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let before = store.status(&id(1)).await.unwrap();
    case.pass(Duration::from_millis(5));
    assert_eq!(
        store.put(upload(1, "4711"), QUOTA).await.unwrap(),
        Put::Known
    );
    // Also when the quota is used up, and when it is delivered.
    assert_eq!(store.put(upload(1, "4711"), 0).await.unwrap(), Put::Known);
    assert_eq!(store.status(&id(1)).await.unwrap(), before);
    let changes: [fn(&mut NewUpload); 2] = [
        |upload| upload.digest = "0".repeat(64),
        |upload| upload.project.push('s'),
    ];
    for change in changes {
        let mut other = upload(1, "4711");
        change(&mut other);
        assert_eq!(store.put(other, QUOTA).await.unwrap(), Put::Conflict);
    }
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    case.end(&lease, &job, delivered()).await;
    assert_eq!(
        store.put(upload(1, "4711"), QUOTA).await.unwrap(),
        Put::Known
    );
    assert_eq!(case.state(1).await, State::Delivered);
    let many = (0..20).map(|_| store.put(upload(2, "4712"), QUOTA));
    let puts = futures_util::future::join_all(many).await;
    let stored = puts
        .into_iter()
        .filter(|put| matches!(put, Ok(Put::Stored)));
    assert_eq!(stored.count(), 1);
}

async fn a_project_has_a_quota_of_uploads_that_are_not_delivered(case: Case) {
    let store = &*case.store;
    for number in [1, 2] {
        let put = store.put(upload(number, "4711"), 2).await.unwrap();
        assert_eq!(put, Put::Stored);
    }
    assert_eq!(
        store.put(upload(3, "4711"), 2).await.unwrap(),
        Put::QuotaExceeded
    );
    let other = NewUpload {
        project: "other".to_owned(),
        ..upload(4, "4711")
    };
    assert_eq!(store.put(other, 2).await.unwrap(), Put::Stored);
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    case.end(&lease, &job, ended(State::Incomplete)).await;
    assert_eq!(store.put(upload(3, "4711"), 2).await.unwrap(), Put::Stored);
}

async fn a_lane_has_one_holder_until_its_lease_expires(case: Case) {
    let store = &*case.store;
    assert_eq!(case.lease().await, None);
    hand_over_to(store, 1, "one").await;
    hand_over_to(store, 2, "two").await;
    let one = store
        .lease(&workspaces(), "one", LONG)
        .await
        .unwrap()
        .unwrap();
    let two = case.lease().await.unwrap();
    assert_eq!((&*one.lane.suite_run, &*two.lane.suite_run), ("one", "two"));
    store.renew(&two, LONG).await.unwrap();
    assert_eq!(case.lease().await, None);
    store.renew(&one, LEASE_TIME).await.unwrap();
    case.pass(LEASE_TIME * 2);
    let taken = store
        .lease(&workspaces(), "one", LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.lane, one.lane);
    assert_eq!(case.lease().await, None);
    store.release(&taken, Duration::ZERO).await.unwrap();
    assert_eq!(case.lease().await.unwrap().lane, one.lane);
}

async fn a_lane_whose_holder_is_gone_comes_before_those_that_wait(case: Case) {
    let store = &*case.store;
    for (number, suite_run) in [(1, "released"), (2, "left"), (3, "new")] {
        hand_over_to(store, number, suite_run).await;
    }
    let released = case.lease().await.unwrap();
    assert_eq!(
        store.take_over(&workspaces(), "two", LONG).await.unwrap(),
        None
    );
    let left = case.lease().await.unwrap();
    store.release(&released, Duration::ZERO).await.unwrap();
    assert_eq!(
        store.take_over(&workspaces(), "two", LONG).await.unwrap(),
        None
    );
    case.pass(LEASE_TIME * 2);
    let taken = store
        .lease(&workspaces(), "two", LEASE_TIME)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.lane, left.lane);
    assert_eq!(
        store.take_over(&workspaces(), "three", LONG).await.unwrap(),
        None
    );
    case.pass(LEASE_TIME * 2);
    let taken = store
        .take_over(&workspaces(), "three", LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.lane, left.lane);
    assert_eq!(case.lease().await.unwrap().lane, released.lane);
}

async fn a_relay_has_no_lanes_but_those_of_its_workspaces(case: Case) {
    let store = &*case.store;
    // The numbers of one are in those of another.
    let places = [
        (SERVER, 1001, 1002),
        (SERVER, 1001, 100),
        (SERVER, 1001, 10020),
        (SERVER, 11001, 1002),
        (SERVER, 1002, 1001),
        ("https://other.example/", 1001, 1002),
    ];
    for (number, (server, space, workspace)) in (1..).zip(places) {
        let lane = Lane::new(server, space, workspace, "Nightly", "4711");
        let upload = NewUpload {
            lane,
            ..upload(number, "4711")
        };
        assert_eq!(store.put(upload, QUOTA).await.unwrap(), Put::Stored);
    }
    // A relay that serves nothing that is stored waits in vain.
    let none = workspaces_of(SERVER, 1001, 2);
    assert_eq!(store.lease(&none, "none", LONG).await.unwrap(), None);
    for (server, space, workspace) in places {
        let own = workspaces_of(server, space, workspace);
        let lease = store.lease(&own, "one", LEASE_TIME).await.unwrap().unwrap();
        let found = (&*lease.lane.server, lease.lane.space, lease.lane.workspace);
        assert_eq!(found, (server, space, workspace));
        assert_eq!(store.lease(&own, "one", LONG).await.unwrap(), None);
    }
    // Nor does it take over what others have left.
    case.pass(LEASE_TIME * 2);
    assert_eq!(store.take_over(&none, "none", LONG).await.unwrap(), None);
    let second = Workspace {
        space: 1002.into(),
        workspace: 1001.into(),
    };
    let both = workspaces().and(second);
    let mut taken = Vec::new();
    while let Some(lease) = store.take_over(&both, "two", LONG).await.unwrap() {
        taken.push((lease.lane.server, lease.lane.space, lease.lane.workspace));
    }
    let server = || SERVER.to_owned();
    assert_eq!(taken, [(server(), 1001, 1002), (server(), 1002, 1001)]);
}

async fn the_holder_of_an_expired_lease_can_write_nothing(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let late = case.lease().await.unwrap();
    let job = case.begin(&late).await.unwrap();
    case.pass(LEASE_TIME * 2);
    let lease = case.lease().await.unwrap();
    let before = store.status(&id(1)).await.unwrap();
    let lost = |done: Result<(), StoreError>| matches!(done, Err(StoreError::LeaseLost));
    assert!(lost(store.renew(&late, LEASE_TIME).await));
    assert!(lost(store.begin(&late).await.map(drop)));
    assert!(lost(
        store.checkpoint(&late, &job.id, b"late".to_vec()).await
    ));
    assert!(lost(
        store
            .end(&late, vec![(job.id.clone(), delivered())])
            .await
            .map(drop)
    ));
    assert!(lost(store.shard(&late, &job.id).await.map(drop)));
    assert!(lost(store.release(&late, Duration::ZERO).await));
    assert_eq!(store.status(&id(1)).await.unwrap(), before);
    assert_eq!(case.begin(&lease).await.unwrap().journal, job.journal);
    case.end(&lease, &job, delivered()).await;
    // No relay has it now, not even the late one.
    store.release(&lease, Duration::ZERO).await.unwrap();
    assert!(lost(
        store
            .end(&late, vec![(job.id, ended(State::Waiting))])
            .await
            .map(drop)
    ));
    assert!(lost(store.release(&lease, Duration::ZERO).await));
    assert_eq!(case.state(1).await, State::Delivered);
}

async fn uploads_of_a_lane_come_in_the_order_in_which_they_arrived(case: Case) {
    for number in [3, 1, 2] {
        hand_over(&*case.store, number).await;
    }
    let lease = case.lease().await.unwrap();
    for number in [3, 1, 2] {
        let job = case.begin(&lease).await.unwrap();
        assert_eq!((job.id.clone(), job.attempt), (id(number), 1));
        assert!(!job.may_have_sent);
        assert_eq!(job.journal, upload(number, "").journal);
        case.end(&lease, &job, delivered()).await;
    }
    assert_eq!(case.begin(&lease).await, None);
    case.store.release(&lease, Duration::ZERO).await.unwrap();
    assert_eq!(case.lease().await, None);
}

async fn an_upload_that_waits_holds_up_its_lane_and_no_other(case: Case) {
    let store = &*case.store;
    hand_over_to(store, 1, "one").await;
    hand_over_to(store, 2, "one").await;
    hand_over_to(store, 3, "two").await;
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    let waiting = End {
        pause: Duration::from_millis(300),
        reason: Some("the server is away".to_owned()),
        ..ended(State::Waiting)
    };
    case.end(&lease, &job, waiting).await;
    assert_eq!(case.begin(&lease).await, None);
    store.release(&lease, Duration::ZERO).await.unwrap();
    let two = case.lease().await.unwrap();
    assert_eq!(two.lane.suite_run, "two");
    assert_eq!(case.lease().await, None);
    let status = store.status(&id(1)).await.unwrap().unwrap();
    assert_eq!(status.reason.as_deref(), Some("the server is away"));
    assert_eq!((status.state, status.attempts), (State::Waiting, 1));
    assert!(status.next_attempt.is_some());
    let problems = store.problems().await.unwrap();
    assert_eq!(problems, std::slice::from_ref(&status));
    let oldest = store.oldest_problems(1).await.unwrap();
    let unreported = octane_relay::Status {
        report: None,
        ..status
    };
    assert_eq!(oldest, [unreported]);
    assert_eq!(store.oldest_problems(0).await.unwrap(), []);
    case.pass(Duration::from_millis(350));
    let again = case.lease().await.unwrap();
    let job = case.begin(&again).await.unwrap();
    assert_eq!((job.id.clone(), job.attempt), (id(1), 2));
    // It has reported how it ended.
    assert!(!job.may_have_sent);
    assert_eq!(job.journal, b"done");
    // One that waits for a person does not block others.
    case.end(&again, &job, ended(State::Incomplete)).await;
    assert_eq!(case.begin(&again).await.unwrap().id, id(2));
}

async fn what_an_attempt_did_not_tell_may_have_been_sent(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert!(!job.may_have_sent);
    store
        .checkpoint(&lease, &job.id, b"half".to_vec())
        .await
        .unwrap();
    let other = store.checkpoint(&lease, &id(2), b"half".to_vec()).await;
    assert!(other.is_err());
    case.pass(LEASE_TIME * 2);
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert!(job.may_have_sent);
    // Nor does it count.
    assert_eq!((&*job.journal, job.attempt), (&b"half"[..], 1));
    assert_eq!(store.status(&id(1)).await.unwrap().unwrap().attempts, 1);
}

async fn a_stopped_attempt_does_not_count(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    let stopped = End {
        report: None,
        ..ended(State::Stored)
    };
    case.end(&lease, &job, stopped).await;
    store.release(&lease, Duration::ZERO).await.unwrap();
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert_eq!((job.attempt, job.may_have_sent), (1, false));
    assert_eq!(job.journal, b"done");
}

async fn an_attempt_whose_end_is_not_known_does_not_count_and_is_followed_after_a_pause(
    case: Case,
) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let lease = case.lease().await.unwrap();
    case.begin(&lease).await.unwrap();
    let pause = Duration::from_millis(400);
    store.release(&lease, pause).await.unwrap();
    assert_eq!(case.lease().await, None);
    let [status] = &*store.problems().await.unwrap() else {
        panic!("it does not wait");
    };
    assert_eq!((status.state, status.attempts), (State::Waiting, 0));
    assert!(status.reason.as_ref().unwrap().contains("could not store"));
    case.pass(pause + Duration::from_millis(50));
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    // Nothing is known of what it has sent.
    assert_eq!((job.attempt, job.may_have_sent), (1, true));
}

async fn shards_of_another_project_are_not_merged(case: Case) {
    let store = &*case.store;
    for (number, project) in [(1, "shop"), (2, "other"), (3, "shop")] {
        let shard = Shard::new(u32::try_from(number).unwrap(), 3).unwrap();
        let upload = NewUpload {
            shard: Some(shard),
            project: project.to_owned(),
            ..upload(number, "4711")
        };
        assert_eq!(store.put(upload, QUOTA).await.unwrap(), Put::Stored);
    }
    let lease = case.lease().await.unwrap();
    for (number, expected) in [(1, &[1, 3][..]), (2, &[2])] {
        let arrived = store.arrived(&lease, &id(number)).await.unwrap();
        let arrived: Vec<u32> = arrived.iter().map(|shard| shard.index).collect();
        assert_eq!(arrived, expected);
    }
}

async fn what_is_handed_over_again_by_one_who_waits_is_compared(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let again = NewUpload {
        is_compared: true,
        ..upload(1, "4711")
    };
    assert_eq!(store.put(again, QUOTA).await.unwrap(), Put::Known);
    // It stays so.
    let again = store.put(upload(1, "4711"), QUOTA).await.unwrap();
    assert_eq!(again, Put::Known);
    let lease = case.lease().await.unwrap();
    assert!(case.begin(&lease).await.unwrap().is_compared);
}

async fn what_a_relay_has_left_for_good_is_retried_or_deleted_by_a_person(case: Case) {
    let store = &*case.store;
    hand_over_to(store, 1, "one").await;
    hand_over_to(store, 2, "two").await;
    for _ in 0..2 {
        let lease = case.lease().await.unwrap();
        case.begin(&lease).await.unwrap();
    }
    assert!(!store.retry(&id(1)).await.unwrap());
    assert!(!store.delete(&id(2)).await.unwrap());
    case.pass(LEASE_TIME * 2);
    assert!(store.retry(&id(1)).await.unwrap());
    assert_eq!(case.state(1).await, State::Stored);
    assert!(store.delete(&id(2)).await.unwrap());
}

async fn shards_are_ended_all_at_once(case: Case) {
    let store = &*case.store;
    for number in 1..=2 {
        let shard = Shard::new(u32::try_from(number).unwrap(), 2).unwrap();
        let upload = NewUpload {
            shard: Some(shard),
            ..upload(number, "4711")
        };
        assert_eq!(store.put(upload, QUOTA).await.unwrap(), Put::Stored);
    }
    let lease = case.lease().await.unwrap();
    for number in 1..=2 {
        assert_eq!(case.shards(&lease).await.len(), number - 1);
        let job = case.begin(&lease).await.unwrap();
        case.end(&lease, &job, ended(State::AwaitingShards)).await;
    }
    let shards = case.shards(&lease).await;
    assert_eq!(shards.len(), 2);
    let ends: Vec<_> = shards
        .iter()
        .map(|job| (job.id.clone(), delivered()))
        .collect();
    let ended = store.end(&lease, ends).await.unwrap();
    assert_eq!(ended, [id(1), id(2)]);
    assert_eq!(
        (case.state(1).await, case.state(2).await),
        (State::Delivered, State::Delivered)
    );
}

async fn the_end_of_a_merge_leaves_shards_alone_that_a_person_has_changed(case: Case) {
    let store = &*case.store;
    for number in 1..=3 {
        hand_over_shard(store, number, 3).await;
    }
    let lease = case.lease().await.unwrap();
    for _ in 1..=2 {
        let job = case.begin(&lease).await.unwrap();
        case.end(&lease, &job, ended(State::Incomplete)).await;
    }
    let last = case.begin(&lease).await.unwrap();
    assert_eq!(case.shards(&lease).await.len(), 2);
    assert!(store.retry(&id(1)).await.unwrap());
    assert!(store.delete(&id(2)).await.unwrap());
    let merged = (1..=3).map(|number| (id(number), ended(State::Incomplete)));
    let ended = store.end(&lease, merged.collect()).await.unwrap();
    assert_eq!(ended, [last.id]);
    assert_eq!(case.state(1).await, State::Stored);
    let again = case.begin(&lease).await.unwrap();
    assert_eq!((again.id, again.attempt), (id(1), 1));
}

async fn the_journal_of_a_shard_that_is_merged_is_stored_as_that_of_the_last_one(case: Case) {
    let store = &*case.store;
    for number in 1..=2 {
        hand_over_shard(store, number, 2).await;
    }
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    case.end(&lease, &job, ended(State::Incomplete)).await;
    case.begin(&lease).await.unwrap();
    for number in 1..=2 {
        let journal = b"merged".to_vec();
        store
            .checkpoint(&lease, &id(number), journal)
            .await
            .unwrap();
    }
    assert_eq!(case.state(1).await, State::Incomplete);
    assert_eq!(case.shards(&lease).await[0].journal, b"merged");
    // What a person asks for is not changed.
    assert!(store.retry(&id(1)).await.unwrap());
    let late = store.checkpoint(&lease, &id(1), b"late".to_vec()).await;
    assert!(late.is_err());
}

async fn a_report_of_an_earlier_attempt_says_nothing_about_an_upload_that_is_incomplete(
    case: Case,
) {
    let store = &*case.store;
    hand_over(store, 1).await;
    let lease = case.lease().await.unwrap();
    for (state, expected) in [
        (State::AwaitingShards, Some("{}")),
        (State::Waiting, Some("{}")),
        (State::Incomplete, None),
    ] {
        if state != State::AwaitingShards {
            store.close(&lane("4711")).await.unwrap();
        }
        let job = case.begin(&lease).await.unwrap();
        let report = (state == State::AwaitingShards).then(|| "{}".to_owned());
        let end = End {
            report,
            ..ended(state)
        };
        case.end(&lease, &job, end).await;
        let status = store.status(&id(1)).await.unwrap().unwrap();
        assert_eq!(status.report.as_deref(), expected, "{state}");
    }
}

async fn a_quota_holds_also_if_uploads_arrive_at_once_in_several_lanes(case: Case) {
    let store = &*case.store;
    let many = (0..24).map(|number| store.put(upload(number, &format!("run {number}")), 3));
    let puts = futures_util::future::join_all(many).await;
    let stored = puts
        .into_iter()
        .filter(|put| matches!(put, Ok(Put::Stored)));
    assert_eq!(stored.count(), 3);
}

async fn a_store_that_can_be_written_to_says_so(case: Case) {
    for _ in 0..2 {
        case.store.ping().await.unwrap();
    }
}

fn awaiting(time: Option<Duration>) -> End {
    End {
        shards_awaited: time,
        ..ended(State::AwaitingShards)
    }
}

async fn hand_over_shard(store: &dyn Store, number: u64, total: u32) {
    let shard = Shard::new(u32::try_from(number).unwrap(), total).unwrap();
    let upload = NewUpload {
        shard: Some(shard),
        ..upload(number, "4711")
    };
    assert_eq!(store.put(upload, QUOTA).await.unwrap(), Put::Stored);
}

async fn a_shard_that_has_awaited_others_long_enough_is_due_once_nothing_is_open_in_its_lane(
    case: Case,
) {
    let store = &*case.store;
    hand_over_shard(store, 1, 3).await;
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert!(!job.is_closing);
    let time = Duration::from_millis(800);
    case.end(&lease, &job, awaiting(Some(time))).await;
    assert!(case.begin(&lease).await.is_none());
    store.release(&lease, Duration::ZERO).await.unwrap();
    assert!(case.lease().await.is_none());
    case.pass(time);
    // Another shard arrives at the last moment, and comes first.
    hand_over_shard(store, 2, 3).await;
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert_eq!((job.id.clone(), job.is_closing), (id(2), false));
    case.end(&lease, &job, awaiting(None)).await;
    let arrived = store.arrived(&lease, &id(1)).await.unwrap();
    let awaiting_shard = |index| ArrivedShard {
        id: id(index),
        index: u32::try_from(index).unwrap(),
        total: 3,
        state: State::AwaitingShards,
    };
    assert_eq!(arrived, [1, 2].map(awaiting_shard));
    let job = case.begin(&lease).await.unwrap();
    assert_eq!((job.id.clone(), job.is_closing), (id(1), true));
    let both = vec![
        (id(1), ended(State::Incomplete)),
        (id(2), ended(State::Incomplete)),
    ];
    store.end(&lease, both).await.unwrap();
    assert!(case.begin(&lease).await.is_none());
    store.release(&lease, Duration::ZERO).await.unwrap();
    assert!(case.lease().await.is_none());
}

async fn a_suite_run_that_is_closed_is_due_and_stays_so_if_its_relay_dies(case: Case) {
    let store = &*case.store;
    hand_over_shard(store, 1, 3).await;
    assert_eq!(store.close(&lane("4711")).await.unwrap(), 0);
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    case.end(&lease, &job, awaiting(None)).await;
    store.release(&lease, Duration::ZERO).await.unwrap();
    assert!(case.lease().await.is_none());
    let others: [fn(&mut Lane); 4] = [
        |lane| lane.suite.push('s'),
        |lane| lane.suite_run.push('2'),
        |lane| lane.workspace += 1,
        |lane| lane.space += 1,
    ];
    for change in others {
        let mut other = lane("4711");
        change(&mut other);
        assert_eq!(store.close(&other).await.unwrap(), 0, "{other:?}");
    }
    assert!(case.lease().await.is_none());
    assert_eq!(store.close(&lane("4711")).await.unwrap(), 1);
    let lease = case.lease().await.unwrap();
    assert!(case.begin(&lease).await.unwrap().is_closing);
    // Its relay dies, and the next one is stopped.
    case.pass(LEASE_TIME * 2);
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert!(job.is_closing);
    case.end(&lease, &job, ended(State::Stored)).await;
    assert!(case.begin(&lease).await.unwrap().is_closing);
}

async fn a_lock_has_one_holder_until_it_is_given_back_or_expires(case: Case) {
    let store = &*case.store;
    let lock = async |name: &'static str, holder: &'static str, time| {
        store.lock(name, holder, time).await.unwrap()
    };
    assert!(lock("create", "one", LEASE_TIME).await);
    assert!(lock("create", "one", LONG).await, "it is kept");
    assert!(lock("other", "two", LONG).await);
    case.pass(LEASE_TIME * 2);
    assert!(!lock("create", "two", LONG).await);
    // A relay that does not have it cannot give it back.
    store.unlock("create", "two").await.unwrap();
    assert!(!lock("create", "two", LONG).await);
    store.unlock("create", "one").await.unwrap();
    assert!(lock("create", "two", LEASE_TIME).await);
    case.pass(LEASE_TIME * 2);
    assert!(lock("create", "one", LONG).await, "it has expired");
    assert!(!lock("create", "two", LONG).await);
    let holders: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let many = holders.iter().map(|holder| store.lock("new", holder, LONG));
    let taken = futures_util::future::join_all(many).await;
    let taken = taken
        .into_iter()
        .filter(|is_taken| matches!(is_taken, Ok(true)));
    assert_eq!(taken.count(), 1);
}

async fn an_upload_is_retried_or_deleted_by_a_person(case: Case) {
    let store = &*case.store;
    hand_over(store, 1).await;
    assert!(!store.retry(&id(1)).await.unwrap());
    let lease = case.lease().await.unwrap();
    let job = case.begin(&lease).await.unwrap();
    assert!(!store.delete(&id(1)).await.unwrap());
    case.end(&lease, &job, ended(State::Incomplete)).await;
    assert!(store.retry(&id(1)).await.unwrap());
    assert_eq!(case.begin(&lease).await.unwrap().attempt, 1);
    case.end(&lease, &job, ended(State::Incomplete)).await;
    assert!(store.delete(&id(1)).await.unwrap());
    assert!(!store.delete(&id(1)).await.unwrap());
    assert_eq!(store.status(&id(1)).await.unwrap(), None);
}

async fn delivered_uploads_are_deleted_after_a_while(case: Case) {
    let store = &*case.store;
    hand_over_to(store, 1, "one").await;
    hand_over_to(store, 2, "two").await;
    for end in [delivered(), ended(State::Incomplete)] {
        let lease = case.lease().await.unwrap();
        let job = case.begin(&lease).await.unwrap();
        case.end(&lease, &job, end).await;
        store.release(&lease, Duration::ZERO).await.unwrap();
    }
    let age = Duration::from_millis(200);
    assert_eq!(store.prune(age).await.unwrap(), 0);
    assert_eq!(store.overview().await.unwrap().lanes.len(), 2);
    case.pass(age * 2);
    assert_eq!(store.prune(age).await.unwrap(), 1);
    let overview = store.overview().await.unwrap();
    let [left] = &*overview.lanes else {
        panic!("{overview:?}");
    };
    assert_eq!(
        (&*left.lane.suite_run, left.state, left.uploads),
        ("two", State::Incomplete, 1)
    );
    assert!(overview.now > left.oldest);
}

async fn slots_are_an_interval_apart_for_all_and_an_overload_slows_all_down(case: Case) {
    let (store, rate) = (&*case.store, Rate::per_second(10));
    let interval = Duration::from_millis(105);
    let many = (0..20).map(|_| store.slots("one", rate, 1));
    let taken = futures_util::future::join_all(many).await;
    let last = taken
        .into_iter()
        .map(|slots| slots.unwrap().delay)
        .max()
        .unwrap();
    assert!(last <= interval * 19 && last > interval * 10, "{last:?}");
    assert_eq!(
        store.slots("two", rate, 1).await.unwrap().delay,
        Duration::ZERO
    );
    store
        .overloaded("one", Duration::ZERO, Duration::from_secs(60))
        .await
        .unwrap();
    let slots = store.slots("one", rate, 5).await.unwrap();
    assert!(slots.delay > Duration::from_secs(55), "{slots:?}");
    assert!(slots.interval >= interval * 19 / 10, "{slots:?}");
    let next = store.slots("one", rate, 1).await.unwrap();
    assert!(next.delay > slots.delay + interval * 5, "{next:?}");
}

async fn a_token_is_valid_until_it_is_revoked(case: Case) {
    let store = &*case.store;
    let (mut token, other) = (Token::new("shop"), Token::operator());
    let own = [(1001, 1003), (1002, 1002)].map(|(space, workspace)| Workspace {
        space: space.into(),
        workspace: workspace.into(),
    });
    token.workspaces = TokenWorkspaces::of(own);
    store.add_token(&token).await.unwrap();
    case.pass(Duration::from_millis(2));
    store.add_token(&other).await.unwrap();
    let shown = ShownToken::parse(token.text.expose()).unwrap();
    let stored = store.token(&shown.id).await.unwrap().unwrap();
    assert_eq!(stored.project.as_deref(), Some("shop"));
    assert!(shown.is(&stored));
    assert_eq!(stored.workspaces, token.workspaces);
    let of_other = store.token(&other.id).await.unwrap().unwrap();
    assert_eq!(of_other.workspaces, TokenWorkspaces::default());
    assert!(!shown.is(&store.token(&other.id).await.unwrap().unwrap()));
    let all = store.tokens().await.unwrap();
    let projects: Vec<_> = all.iter().map(|token| token.project.as_deref()).collect();
    assert_eq!(projects, [Some("shop"), None]);
    assert!(store.revoke_token(&token.id).await.unwrap());
    assert!(!store.revoke_token(&token.id).await.unwrap());
    assert_eq!(store.token(&token.id).await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap().len(), 1);
}

async fn text_is_stored_as_it_is(case: Case) {
    let store = &*case.store;
    let name = "run ' \" ; -- \u{1b}[31m ?1 $1 { } \\ é 漢";
    let upload = NewUpload {
        lane: Lane::new("https://octane.example/", 1001, 1002, name, name),
        ..upload(1, "")
    };
    store.put(upload.clone(), QUOTA).await.unwrap();
    let status = store.status(&id(1)).await.unwrap().unwrap();
    assert_eq!(status.lane, upload.lane);
    assert_eq!(case.lease().await.unwrap().lane, upload.lane);
}
