//! One run of the process that uploads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use octane_client::{
    CancellationToken, Client, DeliveryError, Event, JournalError, PrepareError, Report, Spool,
    TargetSpec, UploadError, UploadId,
};
use tokio::time::{Instant, sleep, timeout};

use super::case::{Case, CaseTarget, RunFaults};
use super::checker;
use super::faulty_transport::FaultyTransport;
use super::log_capture::CapturedLog;
use super::simulated_process::SimulatedProcess;
use super::trace::Trace;
use super::world::{self, World, client};

/// How a process run ended.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// The process crashed and reported nothing.
    Crashed,
    /// The suite or the module was not found or created; nothing was sent.
    Unresolved,
    Reported(Box<Report>),
}

/// No process run takes longer; without faults most take seconds.
const RUN_MAX: Duration = Duration::from_secs(72 * 3600);
/// How long a process may take to stop once it is asked to: time for what is in flight, and none for further
/// requests.
const STOPPING_MAX: Duration = Duration::from_millis(3500);

/// The process, which is started again and again on one upload.
#[derive(Debug)]
pub(super) struct Process<'a> {
    pub(super) case: &'a Case,
    pub(super) world: &'a World,
    pub(super) log: CapturedLog,
    /// Absent until the upload is planned.
    pub(super) upload: Option<UploadId>,
    /// How many commits and requests the last run made.
    pub(super) steps: Steps,
}

/// The moments of a process run at which it may crash.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps {
    pub(super) commits: u64,
    pub(super) requests: u64,
}

impl<'a> Process<'a> {
    pub(super) fn new(case: &'a Case, world: &'a World, log: &CapturedLog) -> Self {
        Self {
            case,
            world,
            log: log.clone(),
            upload: None,
            steps: Steps::default(),
        }
    }
}

impl Process<'_> {
    /// Runs the process once more, without faults, and returns its report.
    pub(super) async fn run_without_faults(&mut self) -> Result<Report, String> {
        match self.run(&RunFaults::default(), true).await? {
            RunEnd::Reported(report) => Ok(*report),
            RunEnd::Crashed => Err("the process crashed without a fault".to_owned()),
            RunEnd::Unresolved => Err("the suite was not found without a fault".to_owned()),
        }
    }

    /// Runs the process once. `is_patient` stands for a user with time, on a day on which nothing goes wrong.
    pub(super) async fn run(
        &mut self,
        faults: &RunFaults,
        is_patient: bool,
    ) -> Result<RunEnd, String> {
        let trace = &self.world.network.trace;
        let process = Arc::new(SimulatedProcess::new(faults.crash));
        let transport = FaultyTransport::new(&self.world.network, &process, faults);
        let settings = if is_patient {
            self.case.patient_endpoint()
        } else {
            self.case.endpoint.clone()
        };
        let attempts = Arc::new(Mutex::new(0));
        let client = client(settings.clone(), Arc::clone(&transport), {
            let attempts = Arc::clone(&attempts);
            move |finished| {
                let mut most = attempts.lock().unwrap_or_else(PoisonError::into_inner);
                *most = finished.attempts.max(*most);
            }
        });
        let spool = Spool::at(self.world.spool_folder()).inline().fault_hook({
            let process = Arc::clone(&process);
            move |_, moment| process.survives(moment)
        });
        let stop = CancellationToken::new();
        let stopped_at = Mutex::new(None);
        let stopping = async {
            if let Some(time) = faults.stop {
                sleep(time).await;
                trace.record("the process is asked to stop");
                *stopped_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                stop.cancel();
            }
            std::future::pending::<()>().await;
        };
        let upload = self.upload.clone();
        let is_new = upload.is_none();
        let upload = upload.unwrap_or_default();
        let working = self.work(&client, &spool, &upload, is_new, &stop, is_patient);
        let working = async {
            tokio::select! {
                biased;
                done = working => done,
                () = stopping => unreachable!("`stopping` never ends"),
            }
        };
        let ended = timeout(RUN_MAX, process.run(working)).await;
        let ended = ended.map_err(|_| "the process does not end".to_owned())?;
        if is_new
            && Spool::at(self.world.spool_folder())
                .summary(&upload)
                .is_ok()
        {
            self.upload = Some(upload);
        }
        let stopped_at = *stopped_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stopped_at) = stopped_at
            && stopped_at.elapsed() > STOPPING_MAX
        {
            return Err(format!("stopping took {:?}", stopped_at.elapsed()));
        }
        self.steps = Steps {
            commits: process.commits(),
            requests: transport.seen().begun.len() as u64,
        };
        let most = *attempts.lock().unwrap_or_else(PoisonError::into_inner);
        checker::traffic(&transport.seen(), &settings, &self.case.upload, most)?;
        match ended {
            None => {
                trace.record("the process crashes");
                Ok(RunEnd::Crashed)
            }
            Some(Err(
                UploadError::Prepare(PrepareError::Journal(JournalError::SimulatedCrash { step }))
                | UploadError::Delivery(DeliveryError::Journal(JournalError::SimulatedCrash {
                    step,
                })),
            )) => {
                trace.record(format_args!("the process crashes at the step `{step}`"));
                Ok(RunEnd::Crashed)
            }
            Some(Err(UploadError::Delivery(
                error @ (DeliveryError::Target(_) | DeliveryError::Cancelled),
            ))) if self.case.target != CaseTarget::Given => {
                trace.record(format_args!("nothing is sent: {error:?}"));
                Ok(RunEnd::Unresolved)
            }
            Some(Err(error)) => Err(format!("the upload ended with the error {error:?}")),
            Some(Ok(report)) => {
                record(trace, &report);
                Ok(RunEnd::Reported(Box::new(report)))
            }
        }
    }

    async fn work(
        &self,
        client: &Client,
        spool: &Spool,
        upload: &UploadId,
        is_new: bool,
        stop: &CancellationToken,
        is_patient: bool,
    ) -> Result<Report, UploadError> {
        let mut settings = self.case.upload.clone();
        if is_patient {
            settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
        }
        let given = (self.case.target == CaseTarget::Given).then(|| self.world.target.clone());
        let journal = if is_new {
            let runs = self.case.rows.iter().map(|row| row.run.clone());
            let spec = match &given {
                Some(target) => TargetSpec::from(target),
                None => world::spec(self.case.target),
            };
            client
                .prepare(runs, &spec, &settings, spool, upload.clone())?
                .journal
        } else {
            spool.open(upload)?
        };
        let on_event = |event: &Event| {
            self.log.add(&format!("{event:?}"));
            if !matches!(event, Event::Waiting { .. }) {
                self.world
                    .network
                    .trace
                    .record(format_args!("     {event:?}"));
            }
        };
        let delivery = client
            .delivery(&journal)
            .settings(settings)
            .cancellation(stop.clone())
            .on_event(on_event);
        let delivery = match given {
            Some(target) => delivery.target(target),
            None => delivery,
        };
        // Boxed, for it is large.
        Ok(Box::pin(delivery.run()).await?)
    }
}

fn record(trace: &Trace, report: &Report) {
    let (outcome, counts) = (report.outcome, report.counts);
    trace.record(format_args!(
        "{outcome:?}: {} read = {} ingested + {} rejected + {} invalid + {} pending",
        counts.read, counts.ingested, counts.rejected, counts.invalid, counts.pending
    ));
    for problem in &report.problems {
        let position = problem.position.as_ref();
        let line = position.map_or(0, |position| position.line);
        let (code, message) = (&problem.code, &problem.message);
        trace.record(format_args!("    {code} (line {line}): {message}"));
    }
}
