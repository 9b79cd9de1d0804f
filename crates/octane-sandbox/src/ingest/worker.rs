//! The task that processes the queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use octane_model::TaskStatus;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::ingestion::ingest;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::{TaskFault, TaskFaults};
use crate::payload;
use crate::settings::ResultSettings;
use crate::store::tasks::{self, Outcome, QueuedPayload};
use crate::store::{Store, blocking};

/// Ingests payloads in the order in which they were accepted; one worker per sandbox.
///
/// It holds the store but nothing of the server, so it ends when the server is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    store: Arc<Store>,
    clock: Clock,
    settings: ResultSettings,
    faults: TaskFaults,
    state: Mutex<State>,
    wake: mpsc::Sender<()>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
enum State {
    /// Not started yet, because there was no runtime.
    Waiting(mpsc::Receiver<()>),
    Running(JoinHandle<()>),
    Stopped,
}

impl Worker {
    pub(crate) fn new(
        store: Arc<Store>,
        clock: Clock,
        settings: ResultSettings,
        faults: TaskFaults,
    ) -> Self {
        let (wake, woken) = mpsc::channel(1);
        Self {
            store,
            clock,
            settings,
            faults,
            state: Mutex::new(State::Waiting(woken)),
            wake,
            stop: watch::Sender::new(false),
        }
    }

    /// Starts the worker, unless it is running already or there is no runtime.
    pub(crate) fn start(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Waiting(_)) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if let State::Waiting(woken) = std::mem::replace(&mut *state, State::Stopped) {
            let work = Work {
                store: Arc::clone(&self.store),
                clock: self.clock.clone(),
                settings: self.settings.clone(),
                faults: self.faults.clone(),
                stop: self.stop.subscribe(),
            };
            *state = State::Running(runtime.spawn(work.run(woken)));
        }
    }

    /// Signals that a payload was queued.
    pub(crate) fn wake(&self) {
        // A full channel means that the worker will check anyway.
        let _ = self.wake.try_send(());
    }

    /// Stops after the current payload; queued payloads stay in the queue.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let state = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, State::Stopped)
        };
        if let State::Running(handle) = state {
            // It only fails if the worker panicked, and then it has ended as well.
            let _ = handle.await;
        }
    }
}

struct Work {
    store: Arc<Store>,
    clock: Clock,
    settings: ResultSettings,
    faults: TaskFaults,
    stop: watch::Receiver<bool>,
}

impl Work {
    async fn run(mut self, mut woken: mpsc::Receiver<()>) {
        loop {
            // Payloads left by an earlier run of the sandbox come first.
            while self.next().await {}
            tokio::select! {
                wake = woken.recv() => if wake.is_none() { return },
                _ = self.stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Processes one payload. False if the queue is empty or the worker should stop.
    async fn next(&mut self) -> bool {
        if *self.stop.borrow() {
            return false;
        }
        let waiting = match self.store.write(tasks::take).await {
            Ok(Some(waiting)) => waiting,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(?error, "failed to read the queue");
                return self.wait_to_retry().await;
            }
        };
        let id = waiting.id;
        let mut delay = self.settings.ingest_delay;
        match self.faults.fault_for(id).await {
            None => {}
            Some(TaskFault::Slow { until }) => {
                let rest = until.duration_since(self.clock.now());
                delay = delay.max(rest.try_into().unwrap_or_default());
            }
            Some(TaskFault::Failed) => return self.give_up(id, TaskStatus::Failed, FAULT).await,
            Some(TaskFault::Error) => return self.give_up(id, TaskStatus::Error, FAULT).await,
            // It stays `running`, and the worker continues with the next one.
            Some(TaskFault::Stuck) => return true,
        }
        if !delay.is_zero() && !self.pause(delay).await {
            self.put_back().await;
            return false;
        }
        let (store, settings) = (Arc::clone(&self.store), self.settings.clone());
        let worked = blocking(move || work(&store, waiting, &settings)).await;
        if let Err(error) = worked {
            let problem = error.into_problem().description;
            tracing::error!(task = id, %problem, "failed to ingest a payload");
            return self.give_up(id, TaskStatus::Error, &problem).await;
        }
        tracing::debug!(task = id, "processed a payload");
        true
    }

    /// Queues the payload again that has only waited.
    async fn put_back(&self) {
        let noted = self
            .store
            .write(|writer| Ok(tasks::restart(writer.connection)?));
        if let Err(error) = noted.await {
            tracing::error!(?error, "failed to queue a payload again");
        }
    }

    /// Waits; false if the worker should stop.
    async fn pause(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = self.clock.sleep(time) => true,
            _ = self.stop.wait_for(|stop| *stop) => false,
        }
    }

    /// Waits before the database is tried again, by real time: the clock of the sandbox may stand still. False if the worker should stop.
    async fn wait_to_retry(&mut self) -> bool {
        tokio::select! {
            () = tokio::time::sleep(RETRY_DELAY) => true,
            _ = self.stop.wait_for(|stop| *stop) => false,
        }
    }

    /// Ends a task without ingesting its payload. False if that could not be recorded before the worker should stop.
    async fn give_up(&mut self, id: i64, status: TaskStatus, problem: &str) -> bool {
        loop {
            let problems = vec![problem.to_owned()];
            let outcome = Outcome {
                status: status.clone(),
                problems,
            };
            let noted = self.store.write(move |writer| {
                // The sandbox may have been reset in the meantime.
                let task = tasks::find(writer.connection, id)?;
                if task.is_none_or(|task| task.status != TaskStatus::Running) {
                    return Ok(());
                }
                tasks::finish(writer, id, &outcome)
            });
            let Err(error) = noted.await else {
                return true;
            };
            tracing::error!(task = id, ?error, "failed to record the outcome of a task");
            if !self.wait_to_retry().await {
                return false;
            }
        }
    }
}

/// When something is tried again that the database did not accept, for example because the disk is full.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The log message of a task that a fault ended.
const FAULT: &str = "a fault of the sandbox ended the task";

/// All or nothing: the rows and the task's final status are written in one transaction.
fn work(store: &Store, queued: QueuedPayload, settings: &ResultSettings) -> Result<(), ApiError> {
    let QueuedPayload {
        id,
        payload,
        skip_errors,
        build,
    } = queued;
    let mut payload = payload::read(&payload, settings.payload_schema())?;
    if let Some(build) = build {
        payload::name_build(&mut payload, build);
    }
    store.write_now(|writer| {
        // The sandbox may have been reset in the meantime.
        let task = tasks::find(writer.connection, id)?;
        if task.is_none_or(|task| task.status != TaskStatus::Running) {
            return Ok(());
        }
        let outcome = ingest(writer, settings, &payload, skip_errors)?;
        tasks::finish(writer, id, &outcome)
    })
}
