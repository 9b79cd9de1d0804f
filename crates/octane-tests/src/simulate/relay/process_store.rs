//! The store as one process sees it, with faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use octane_client::{CommitPoint, UploadId};
use octane_relay::{
    ArrivedShard, End, Job, Lane, Lease, NewUpload, Overview, Pace, Put, Rate, Slots, SqliteStore,
    State, Status, Store, StoreError, Token, TokenEntry, TokenId, Workspaces,
};
use octane_rest::BoxFuture;
use tokio::time::{sleep, timeout};

use super::super::simulated_process::SimulatedProcess;
use super::case::StoreFaults;
use super::completion::LaneChange;
use super::mutation::RelayMutation;
use super::store_log::{StoreFault, StoreLog};

/// The store of a process: operations take time and fail, and the process may die before and after each commit.
pub(super) struct ProcessStore {
    /// Does nothing more once the process has died.
    store: SqliteStore,
    /// What is on the way to the store when the process dies arrives there.
    detached: SqliteStore,
    log: Arc<StoreLog>,
    name: String,
    faults: StoreFaults,
    faults_so_far: AtomicU64,
    mutation: Option<RelayMutation>,
}

/// A connection without an answer is given up after this time.
const ANSWER_MAX: Duration = Duration::from_secs(15);

type Answer<T> = Result<T, StoreError>;

impl ProcessStore {
    pub(super) fn new(
        store: &SqliteStore,
        log: &Arc<StoreLog>,
        process: &Arc<SimulatedProcess>,
        name: &str,
        faults: StoreFaults,
        mutation: Option<RelayMutation>,
    ) -> Self {
        let (process, is_committing) = (Arc::clone(process), AtomicBool::new(false));
        // Transactions are one after the other, and after a commit follows only one that was begun.
        let survives = move || {
            let was_committing = is_committing.load(Ordering::Relaxed);
            let moment = if was_committing {
                CommitPoint::After
            } else {
                CommitPoint::Before
            };
            let survives = process.survives(moment);
            is_committing.store(survives && !was_committing, Ordering::Relaxed);
            survives
        };
        Self {
            store: store.clone().fault_hook(survives),
            detached: store.clone(),
            log: Arc::clone(log),
            name: name.to_owned(),
            faults,
            faults_so_far: AtomicU64::new(0),
            mutation,
        }
    }

    /// Does `work` in the store, as far as its faults allow.
    fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(SqliteStore) -> BoxFuture<'static, Answer<T>> + Send + 'static,
    ) -> BoxFuture<'static, Answer<T>> {
        let may_fail = self.faults_so_far.load(Ordering::Relaxed) < self.faults.faults_max;
        let way = self
            .log
            .draw(if may_fail { self.faults.percent } else { 0 });
        if let Some(fault) = way.fault {
            self.faults_so_far.fetch_add(1, Ordering::Relaxed);
            self.log
                .record(format_args!("{}: {what}   [{fault:?}]", self.name));
        }
        let (store, detached) = (self.store.clone(), self.detached.clone());
        Box::pin(async move {
            sleep(way.there).await;
            let done = match way.fault {
                None => work(store).await,
                Some(StoreFault::NotDone) => Err(failed("it was not done")),
                Some(StoreFault::AnswerLost) => {
                    drop(work(store).await);
                    Err(failed("the answer is lost"))
                }
                Some(StoreFault::Late(delay)) => late(delay, work(detached)).await,
            };
            sleep(way.back).await;
            done
        })
    }

    /// Does what only the one who has the lane may do.
    fn leased<T: Send + 'static>(
        &self,
        what: &'static str,
        lease: &Lease,
        work: impl FnOnce(SqliteStore, Lease) -> BoxFuture<'static, Answer<T>> + Send + 'static,
    ) -> BoxFuture<'static, Answer<T>> {
        let (log, name, lease) = (Arc::clone(&self.log), self.name.clone(), lease.clone());
        let is_fenced = self.mutation != Some(RelayMutation::NoFencing);
        self.call(what, move |store| {
            Box::pin(async move {
                let shown = log.newer(&lease).filter(|_| !is_fenced);
                let done = work(store, shown.unwrap_or_else(|| lease.clone())).await;
                match &done {
                    Ok(_) => log.used(what, &lease),
                    Err(error) => log.record(format_args!("{name}: {what} → {error}")),
                }
                done
            })
        })
    }

    fn note(&self, line: String) -> impl FnOnce() + Send + use<> {
        let (log, name) = (Arc::clone(&self.log), self.name.clone());
        move || log.record(format_args!("{name}: {line}"))
    }
}

/// Does `work` after a delay, whatever becomes of who waits for it, and not for longer than a while.
async fn late<T: Send + 'static>(
    delay: Duration,
    work: BoxFuture<'static, Answer<T>>,
) -> Answer<T> {
    let doing = tokio::spawn(async move {
        sleep(delay).await;
        work.await
    });
    match timeout(ANSWER_MAX, doing).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => Err(StoreError::Database(error.into())),
        Err(_) => Err(failed("the answer takes too long")),
    }
}

fn failed(how: &'static str) -> StoreError {
    StoreError::Database(format!("a simulated fault: {how}").into())
}

impl Store for ProcessStore {
    fn put(&self, upload: NewUpload, uploads_max: u64) -> BoxFuture<'_, Answer<Put>> {
        let (log, mutation) = (Arc::clone(&self.log), self.mutation);
        let mut upload = upload;
        if mutation == Some(RelayMutation::LanePerUpload) {
            upload.lane.suite = format!("{} {}", upload.lane.suite, upload.id);
        }
        self.call("put", move |store| {
            Box::pin(async move {
                if mutation == Some(RelayMutation::StoresNothing) {
                    log.stored(&upload.id, &upload.lane);
                    return Ok(Put::Stored);
                }
                let (id, lane) = (upload.id.clone(), upload.lane.clone());
                let put = store.put(upload, uploads_max).await;
                log.record(format_args!("put {id} → {put:?}"));
                if let Ok(Put::Stored) = put {
                    log.stored(&id, &lane);
                }
                put
            })
        })
    }

    fn lease<'a>(
        &'a self,
        workspaces: &'a Workspaces,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Answer<Option<Lease>>> {
        let (log, holder) = (Arc::clone(&self.log), holder.to_owned());
        let workspaces = workspaces.clone();
        self.call("lease", move |store| {
            Box::pin(async move {
                let leased = store.lease(&workspaces, &holder, time).await;
                log.asked_for_lane(&holder, &leased);
                leased
            })
        })
    }

    fn take_over<'a>(
        &'a self,
        workspaces: &'a Workspaces,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Answer<Option<Lease>>> {
        let (log, holder) = (Arc::clone(&self.log), holder.to_owned());
        let workspaces = workspaces.clone();
        self.call("take_over", move |store| {
            Box::pin(async move {
                let leased = store.take_over(&workspaces, &holder, time).await;
                log.asked_for_lane(&holder, &leased);
                leased
            })
        })
    }

    fn renew<'a>(&'a self, lease: &'a Lease, time: Duration) -> BoxFuture<'a, Answer<()>> {
        self.leased("renew", lease, move |store, lease| {
            Box::pin(async move { store.renew(&lease, time).await })
        })
    }

    fn begin<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Answer<Option<Job>>> {
        let (log, name) = (Arc::clone(&self.log), self.name.clone());
        let closes_early = self.mutation == Some(RelayMutation::ClosesEarly);
        self.leased("begin", lease, move |store, lease| {
            Box::pin(async move {
                let mut begun = store.begin(&lease).await;
                if let Ok(Some(job)) = &mut begun {
                    job.is_closing |= closes_early;
                    log.record(format_args!(
                        "{name}: attempt {} at {}, may have sent: {}, completes the suite run: {}",
                        job.attempt, job.id, job.may_have_sent, job.is_closing
                    ));
                    let is_closing = job.is_closing;
                    log.changed(&lease.lane, LaneChange::Begun { is_closing });
                }
                begun
            })
        })
    }

    fn checkpoint<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
        journal: Vec<u8>,
    ) -> BoxFuture<'a, Answer<()>> {
        let (id, note) = (id.clone(), self.note(format!("checkpoint of {id}")));
        self.leased("checkpoint", lease, move |store, lease| {
            Box::pin(async move {
                note();
                store.checkpoint(&lease, &id, journal).await
            })
        })
    }

    fn end<'a>(
        &'a self,
        lease: &'a Lease,
        mut ends: Vec<(UploadId, End)>,
    ) -> BoxFuture<'a, Answer<Vec<UploadId>>> {
        let described = ends.iter().map(|(id, end)| {
            let reason = end.reason.as_deref().unwrap_or_default();
            format!("{id} is {} {reason}", end.state)
        });
        let note = self.note(described.collect::<Vec<_>>().join("; "));
        let log = Arc::clone(&self.log);
        let completes_again = self.mutation == Some(RelayMutation::CompletesAgain);
        self.leased("end", lease, move |store, lease| {
            Box::pin(async move {
                note();
                let mut written = ends.clone();
                if completes_again && log.completes_first(&lease.lane, &ends) {
                    let (_, first) = &mut written[0];
                    (first.state, first.shards_awaited) =
                        (State::AwaitingShards, Some(Duration::ZERO));
                }
                let done = store.end(&lease, written).await;
                if let Ok(ended) = &done {
                    ends.retain(|(id, _)| ended.contains(id));
                    log.ended(&lease.lane, &ends);
                }
                done
            })
        })
    }

    fn arrived<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Answer<Vec<ArrivedShard>>> {
        let id = id.clone();
        self.leased("arrived", lease, move |store, lease| {
            Box::pin(async move { store.arrived(&lease, &id).await })
        })
    }

    fn lock<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Answer<bool>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.call("lock", move |store| {
            Box::pin(async move { store.lock(&name, &holder, time).await })
        })
    }

    fn unlock<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Answer<()>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.call("unlock", move |store| {
            Box::pin(async move { store.unlock(&name, &holder).await })
        })
    }

    fn shard<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Answer<Option<Job>>> {
        let id = id.clone();
        self.leased("shard", lease, move |store, lease| {
            Box::pin(async move { store.shard(&lease, &id).await })
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease, pause: Duration) -> BoxFuture<'a, Answer<()>> {
        self.leased("release", lease, move |store, lease| {
            Box::pin(async move { store.release(&lease, pause).await })
        })
    }

    fn slots<'a>(
        &'a self,
        server: &'a str,
        rate: Rate,
        count: u32,
    ) -> BoxFuture<'a, Answer<Slots>> {
        let server = match self.mutation {
            Some(RelayMutation::PacePerProcess) => format!("{server} {}", self.name),
            _ => server.to_owned(),
        };
        self.call("slots", move |store| {
            Box::pin(async move { store.slots(&server, rate, count).await })
        })
    }

    fn overloaded<'a>(
        &'a self,
        server: &'a str,
        since: Duration,
        pause: Duration,
    ) -> BoxFuture<'a, Answer<Pace>> {
        let server = server.to_owned();
        self.call("overloaded", move |store| {
            Box::pin(async move { store.overloaded(&server, since, pause).await })
        })
    }

    fn prune(&self, age: Duration) -> BoxFuture<'_, Answer<u64>> {
        self.call("prune", move |store| {
            Box::pin(async move { store.prune(age).await })
        })
    }

    // Relays and agents do not ask for the rest.

    fn status<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Answer<Option<Status>>> {
        self.store.status(id)
    }

    fn ping(&self) -> BoxFuture<'_, Answer<()>> {
        self.store.ping()
    }

    fn overview(&self) -> BoxFuture<'_, Answer<Overview>> {
        self.store.overview()
    }

    fn problems(&self) -> BoxFuture<'_, Answer<Vec<Status>>> {
        self.store.problems()
    }

    fn oldest_problems(&self, count: u32) -> BoxFuture<'_, Answer<Vec<Status>>> {
        self.store.oldest_problems(count)
    }

    fn close<'a>(&'a self, lane: &'a Lane) -> BoxFuture<'a, Answer<u64>> {
        self.store.close(lane)
    }

    fn retry<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Answer<bool>> {
        self.store.retry(id)
    }

    fn delete<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Answer<bool>> {
        self.store.delete(id)
    }

    fn add_token<'a>(&'a self, token: &'a Token) -> BoxFuture<'a, Answer<()>> {
        self.store.add_token(token)
    }

    fn revoke_token<'a>(&'a self, id: &'a TokenId) -> BoxFuture<'a, Answer<bool>> {
        self.store.revoke_token(id)
    }

    fn token<'a>(&'a self, id: &'a TokenId) -> BoxFuture<'a, Answer<Option<TokenEntry>>> {
        self.store.token(id)
    }

    fn tokens(&self) -> BoxFuture<'_, Answer<Vec<TokenEntry>>> {
        self.store.tokens()
    }
}
