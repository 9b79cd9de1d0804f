//! The task that empties the queue.

use std::sync::{Arc, Mutex, PoisonError};

use octane_model::TaskStatus;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::{TaskFault, TaskFaults};
use crate::payload;
use crate::settings::Results;
use crate::store::tasks::{self, Outcome, Waiting};
use crate::store::{Store, blocking};

/// One worker a sandbox: payloads are ingested in the order in which they were accepted.
///
/// It holds the store and nothing of the server, so it ends when the server is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    store: Arc<Store>,
    clock: Clock,
    settings: Results,
    faults: TaskFaults,
    state: Mutex<State>,
    wake: mpsc::Sender<()>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
enum State {
    /// Not started, for want of a runtime.
    Waiting(mpsc::Receiver<()>),
    Running(JoinHandle<()>),
    Stopped,
}

impl Worker {
    pub(crate) fn new(
        store: Arc<Store>,
        clock: Clock,
        settings: Results,
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

    /// Starts working if there is a runtime to work in and nobody has started yet.
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

    /// Says that something waits in the queue.
    pub(crate) fn wake(&self) {
        // A full channel means that the worker will look anyway.
        let _ = self.wake.try_send(());
    }

    /// Ends the work after the payload in hand; what waits stays in the queue.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let state = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, State::Stopped)
        };
        if let State::Running(handle) = state {
            // It only fails if the work panicked, and then it has ended as well.
            let _ = handle.await;
        }
    }
}

struct Work {
    store: Arc<Store>,
    clock: Clock,
    settings: Results,
    faults: TaskFaults,
    stop: watch::Receiver<bool>,
}

impl Work {
    async fn run(mut self, mut woken: mpsc::Receiver<()>) {
        loop {
            // What an earlier life of the sandbox left behind comes first.
            while self.next().await {}
            tokio::select! {
                wake = woken.recv() => if wake.is_none() { return },
                _ = self.stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Works on one payload. False when none waits or the work shall end.
    async fn next(&mut self) -> bool {
        if *self.stop.borrow() {
            return false;
        }
        let waiting = match self.store.write(tasks::take).await {
            Ok(Some(waiting)) => waiting,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(?error, "the queue cannot be read");
                return false;
            }
        };
        let id = waiting.id;
        let mut delay = self.settings.ingest_delay;
        match self.faults.fate_of(id).await {
            None => {}
            Some(TaskFault::Slow { until }) => {
                let rest = until.duration_since(self.clock.now());
                delay = delay.max(rest.try_into().unwrap_or_default());
            }
            Some(TaskFault::Failed) => return self.give_up(id, TaskStatus::Failed, FAULT).await,
            Some(TaskFault::Error) => return self.give_up(id, TaskStatus::Error, FAULT).await,
            // It stays `running` for all who ask, and the others go on.
            Some(TaskFault::Stuck) => return true,
        }
        if !delay.is_zero() {
            tokio::select! {
                () = self.clock.sleep(delay) => {}
                _ = self.stop.wait_for(|stop| *stop) => return false,
            }
        }
        let (store, settings) = (Arc::clone(&self.store), self.settings.clone());
        let worked = blocking(move || work(&store, waiting, &settings)).await;
        if let Err(error) = worked {
            let problem = error.into_problem().description;
            tracing::error!(task = id, %problem, "a payload could not be ingested");
            return self.give_up(id, TaskStatus::Error, &problem).await;
        }
        true
    }

    /// Ends a task without ingesting its payload. False if that cannot be written down.
    async fn give_up(&self, id: i64, status: TaskStatus, problem: &str) -> bool {
        let problems = vec![problem.to_owned()];
        let outcome = Outcome { status, problems };
        let noted = self.store.write(move |writer| {
            // A reset may have come in between.
            let task = tasks::find(writer.connection, id)?;
            if task.is_none_or(|task| task.status != TaskStatus::Running) {
                return Ok(());
            }
            tasks::finish(writer, id, &outcome)
        });
        if let Err(error) = noted.await {
            tracing::error!(task = id, ?error, "the outcome could not be noted");
            return false;
        }
        true
    }
}

/// What the log of a task says that a fault struck.
const FAULT: &str = "a fault of the sandbox ended the task";

/// All or nothing: the rows and the task's final state are written in one transaction.
fn work(store: &Store, waiting: Waiting, settings: &Results) -> Result<(), ApiError> {
    let Waiting {
        id,
        payload,
        skip_errors,
        build,
    } = waiting;
    let mut payload = payload::read(&payload, settings.leniency())?;
    if let Some(build) = build {
        payload::name_build(&mut payload, build);
    }
    store.write_now(|writer| {
        // A reset may have come in between.
        let task = tasks::find(writer.connection, id)?;
        if task.is_none_or(|task| task.status != TaskStatus::Running) {
            return Ok(());
        }
        let outcome = super::ingest(writer, settings, &payload, skip_errors)?;
        tasks::finish(writer, id, &outcome)
    })
}
