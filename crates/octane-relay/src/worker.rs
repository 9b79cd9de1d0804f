//! What a relay does all the time: it leases lanes, and delivers their uploads.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use octane_client::CancellationToken;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use crate::attempt::Attempt;
use crate::audit::Event;
use crate::chain::Chain;
use crate::deliveries::Deliveries;
use crate::lane::Lane;
use crate::store::{Lease, Store, StoreError};
use crate::worker_settings::WorkerSettings;

/// The part of a relay that delivers. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Worker {
    store: Arc<dyn Store>,
    deliveries: Arc<dyn Deliveries>,
    settings: Arc<WorkerSettings>,
    wake: Arc<Notify>,
    simulation: Option<Tasks>,
    /// A delivery that creates something waits here for its turn to ask the store for the lock.
    creating: Arc<Mutex<()>>,
}

/// What a simulation makes of each task of a relay, so that it can halt a relay as a whole.
type Tasks = Arc<dyn Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()> + Send + Sync>;

/// How long delivered uploads are kept.
pub(crate) const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
/// After this time a lane is given back even if there is more to deliver in it: the lane that has waited longest is next.
const TURN: Duration = Duration::from_secs(30);
/// How often old uploads are deleted.
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
/// How long an upload is left alone if it could not be stored how an attempt at it ended. Each attempt sends requests to Octane.
const UNENDED_PAUSE: Duration = Duration::from_secs(300);

impl Worker {
    /// A worker over a store.
    pub fn new(
        store: Arc<dyn Store>,
        deliveries: impl Deliveries,
        settings: WorkerSettings,
    ) -> Self {
        Self {
            store,
            deliveries: Arc::new(deliveries),
            settings: Arc::new(settings),
            wake: Arc::default(),
            simulation: None,
            creating: Arc::default(),
        }
    }

    /// Runs what `tasks` makes of each task, and does everything that blocks on the calling thread, so that a simulation does not depend
    /// on how threads are scheduled.
    #[doc(hidden)]
    #[must_use]
    pub fn simulated(
        mut self,
        tasks: impl Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        self.simulation = Some(Arc::new(tasks));
        self
    }

    /// Says that an upload was stored just now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Works until `stop` is cancelled. What it is working on then has three seconds, and is given back.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut lanes = JoinSet::new();
        let mut pruned: Option<Instant> = None;
        while !stop.is_cancelled() {
            if pruned.is_none_or(|pruned| pruned.elapsed() >= PRUNE_INTERVAL) {
                pruned = Some(Instant::now());
                self.prune().await;
            }
            while !stop.is_cancelled() {
                // Its time begins at the latest when it is granted.
                let asked = Instant::now();
                let Some(lease) = self.lease(lanes.len()).await else {
                    break;
                };
                let (worker, stop) = (self.clone(), stop.clone());
                let tasks = self.simulation.clone();
                let task = async move { worker.lane(&lease, asked, &stop).await };
                match tasks {
                    Some(tasks) => lanes.spawn(tasks(Box::pin(task))),
                    None => lanes.spawn(task),
                };
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                Some(_) = lanes.join_next() => {}
                () = self.wake.notified() => {}
                () = sleep(self.settings.poll_interval) => {}
            }
        }
        while lanes.join_next().await.is_some() {}
    }

    async fn prune(&self) {
        match self.store.prune(KEPT).await {
            Ok(0) => {}
            Ok(uploads) => {
                info!(uploads, "deleted old uploads");
                let mut entry = self.settings.entry();
                entry.reason = Some(format!("{uploads} delivered 14 days ago or earlier"));
                self.settings.audit.record(Event::Pruned, &entry).await;
            }
            Err(error) => warn!(error = %Chain(&error), "old uploads could not be deleted"),
        }
    }

    /// Another lane, besides those that this relay has. What another relay has begun and left does not wait until there is room for it.
    async fn lease(&self, lanes: usize) -> Option<Lease> {
        let WorkerSettings {
            holder,
            lease_time,
            lanes_max,
            ..
        } = &*self.settings;
        let workspaces = self.deliveries.workspaces();
        let leased = if lanes < *lanes_max {
            self.store.lease(workspaces, holder, *lease_time).await
        } else if lanes < lanes_max * 2 {
            self.store.take_over(workspaces, holder, *lease_time).await
        } else {
            return None;
        };
        leased.unwrap_or_else(|error| {
            warn!(error = %Chain(&error), "no lane could be leased");
            None
        })
    }

    /// Delivers what is in a lane, for as long as the lane is ours. If it is lost, whatever is going on is dropped, and nothing is written.
    async fn lane(&self, lease: &Lease, asked: Instant, stop: &CancellationToken) {
        let mut entry = self.settings.entry();
        entry.lane = Some(lease.lane.clone());
        self.settings.audit.record(Event::Leased, &entry).await;
        let done = tokio::select! {
            biased;
            () = self.keep(lease, asked) => {
                let Lane {
                    space,
                    workspace,
                    suite,
                    suite_run,
                    ..
                } = &lease.lane;
                warn!(space, workspace, %suite, %suite_run, "another relay may have taken over the lane");
                self.settings.audit.record(Event::LeaseLost, &entry).await;
                return;
            }
            done = Box::pin(self.uploads(lease, stop)) => done,
        };
        match done {
            Ok(()) => {}
            Err(StoreError::LeaseLost) => {
                self.settings.audit.record(Event::LeaseLost, &entry).await;
                return;
            }
            Err(error) => {
                warn!(error = %Chain(&error), "the store does not know how an attempt ended");
            }
        }
        if let Err(error) = self.store.release(lease, UNENDED_PAUSE).await {
            warn!(error = %Chain(&error), "a lane could not be given back; its lease expires");
        }
    }

    /// Renews the lease, and returns once it is lost, or may be.
    async fn keep(&self, lease: &Lease, asked: Instant) {
        let time = self.settings.lease_time;
        let mut renewed = asked;
        loop {
            sleep(time / 4).await;
            let asked = Instant::now();
            // After a long sleep of the machine there is still a moment to find out whether it is ours.
            let end = (renewed + time).max(asked + time / 4);
            match timeout_at(end, self.store.renew(lease, time)).await {
                Ok(Ok(())) => renewed = asked,
                Ok(Err(StoreError::LeaseLost)) | Err(_) => return,
                Ok(Err(error)) => {
                    warn!(error = %Chain(&error), "a lease could not be renewed");
                    if renewed.elapsed() >= time {
                        return;
                    }
                }
            }
        }
    }

    async fn uploads(&self, lease: &Lease, stop: &CancellationToken) -> Result<(), StoreError> {
        let attempt = Attempt {
            store: &self.store,
            creating: &self.creating,
            deliveries: &*self.deliveries,
            settings: &self.settings,
            lease,
            stop,
            is_inline: self.simulation.is_some(),
        };
        let begun = Instant::now();
        while !stop.is_cancelled() && begun.elapsed() < TURN {
            let Some(job) = self.store.begin(lease).await? else {
                break;
            };
            attempt.run(job).await?;
        }
        Ok(())
    }
}
