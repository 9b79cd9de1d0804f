//! One life of the process that uploads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use octane_client::{
    Client, Destination, Event, JournalError, Report, Spool, Stop, UploadError, UploadId,
};
use tokio::time::{Instant, sleep, timeout};

use super::case::{Case, Troubles};
use super::check;
use super::death::Mortal;
use super::line::Line;
use super::overhear::Heard;
use super::world::{World, client};

/// How a life ended.
#[derive(Debug)]
pub(super) enum End {
    /// It died, and nobody heard of it any more.
    Died,
    Reported(Box<Report>),
}

/// No life of a case takes longer; without faults most take seconds.
const LONGEST: Duration = Duration::from_secs(72 * 3600);
/// How long a process that is asked to stop may take for it: a moment for what is in flight, and no more
/// requests after that.
const STOPPING_MAX: Duration = Duration::from_millis(3500);

/// The process as it is started again and again on one upload.
#[derive(Debug)]
pub(super) struct Process<'a> {
    pub(super) case: &'a Case,
    pub(super) world: &'a World,
    pub(super) heard: Heard,
    /// Absent until the upload is planned.
    pub(super) upload: Option<UploadId>,
}

impl Process<'_> {
    /// Lives once. `is_patient` is a process that nothing goes wrong for and that has time.
    pub(super) async fn live(
        &mut self,
        troubles: &Troubles,
        is_patient: bool,
    ) -> Result<End, String> {
        let story = &self.world.wire.story;
        let mortal = Arc::new(Mortal::new(troubles.death));
        let line = Line::new(&self.world.wire, &mortal, troubles);
        let settings = if is_patient {
            self.case.patient_endpoint()
        } else {
            self.case.endpoint.clone()
        };
        let attempts = Arc::new(Mutex::new(0));
        let client = client(settings.clone(), Arc::clone(&line), {
            let attempts = Arc::clone(&attempts);
            move |finished| {
                let mut most = attempts.lock().unwrap_or_else(PoisonError::into_inner);
                *most = finished.attempts.max(*most);
            }
        });
        let spool = Spool::at(self.world.spool_folder()).on_write({
            let mortal = Arc::clone(&mortal);
            move |_, moment| mortal.survives(moment)
        });
        let stop = Stop::new();
        let asked = Mutex::new(None);
        let asking = async {
            if let Some(time) = troubles.stop {
                sleep(time).await;
                story.tell("the process is asked to stop");
                *asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                stop.ask();
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
                () = asking => unreachable!("asking goes on for ever"),
            }
        };
        let ended = timeout(LONGEST, mortal.live(working)).await;
        let ended = ended.map_err(|_| "the process does not end".to_owned())?;
        if is_new
            && Spool::at(self.world.spool_folder())
                .summary(&upload)
                .is_ok()
        {
            self.upload = Some(upload);
        }
        let asked = *asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = asked
            && asked.elapsed() > STOPPING_MAX
        {
            return Err(format!("stopping took {:?}", asked.elapsed()));
        }
        let most = *attempts.lock().unwrap_or_else(PoisonError::into_inner);
        check::traffic(&line.seen(), &settings, &self.case.upload, most)?;
        match ended {
            None => {
                story.tell("the process dies");
                Ok(End::Died)
            }
            Some(Err(UploadError::Journal(JournalError::CutOff { step }))) => {
                story.tell(format_args!("the process dies at the step `{step}`"));
                Ok(End::Died)
            }
            Some(Err(error)) => Err(format!("the upload ended with the error {error:?}")),
            Some(Ok(report)) => {
                let (outcome, counts) = (report.outcome, report.counts);
                story.tell(format_args!(
                    "{outcome:?}: {} read = {} ingested + {} rejected + {} skipped + {} kept",
                    counts.read, counts.ingested, counts.rejected, counts.skipped, counts.kept
                ));
                for problem in &report.problems {
                    let line = problem
                        .position
                        .as_ref()
                        .map_or(0, |position| position.line);
                    story.tell(format_args!(
                        "    {} (line {line}): {}",
                        problem.code, problem.message
                    ));
                }
                Ok(End::Reported(Box::new(report)))
            }
        }
    }

    async fn work(
        &self,
        client: &Client,
        spool: &Spool,
        upload: &UploadId,
        is_new: bool,
        stop: &Stop,
        is_patient: bool,
    ) -> Result<Report, UploadError> {
        let mut settings = self.case.upload.clone();
        if is_patient {
            settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
        }
        let target = &self.world.target;
        let journal = if is_new {
            let runs = self.case.rows.iter().map(|row| row.run.clone());
            let destination = Destination::from(target);
            client
                .plan(runs, &destination, &settings, spool, upload.clone())?
                .journal
        } else {
            let journal = spool.open(upload)?;
            // Boxed, for it is large.
            Box::pin(client.reopen(&journal, stop)).await?;
            journal
        };
        client.aim(&journal, target)?;
        let on_event = |event: &Event| {
            self.heard.add(&format!("{event:?}"));
            if !matches!(event, Event::Waiting { .. }) {
                self.world.wire.story.tell(format_args!("     {event:?}"));
            }
        };
        Ok(Box::pin(client.deliver(&journal, &settings, stop, &on_event)).await?)
    }
}
