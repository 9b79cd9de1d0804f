//! The main job: results become runs, and runs are linked to stories.
//!
//! This file decides what happens when; [`submit`](crate::submit), [`settle`](crate::settle),
//! [`verify`](crate::verify) and [`account`](crate::account) compute and return. How far it all is stands
//! in the [`journal`](crate::journal), from which an upload that was cut off goes on.

use std::time::Duration;

use octane_model::{Task, TaskStatus};
use octane_results::TestRun;
use tokio::sync::mpsc;

use crate::account::Account;
use crate::journal::{Journal, State};
use crate::plan::{Header, Server};
use crate::report::Report;
use crate::settle::settle;
use crate::submit::submit;
use crate::verify::verify;
use crate::{
    Client, Destination, Event, JournalError, Plan, PlanError, ReportedProblem, Spool, Stop,
    Target, Totals, UploadId, UploadSettings,
};

/// A server may show a run a moment after it has said that the run is in.
const LOOK_AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// An upload that waits to be sent; made by [`Client::upload`].
#[must_use]
pub struct Upload<'a, I> {
    client: &'a Client,
    runs: I,
    target: Target,
    settings: UploadSettings,
    spool: Spool,
    stop: Stop,
    on_event: Box<dyn Fn(&Event) + Send + Sync + 'a>,
}

/// Why an upload did not come to a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// Nothing was sent, because the results cannot be.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The journal cannot be written or read. What was planned is still in it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Client {
    /// Uploads `runs` into the suite run of `target`: plans, sends, waits for ingestion, finds the runs,
    /// links them to the stories whose Jira keys they carry, and reports.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [
    ///     TestRun::new("pays", Status::Passed).class("CardTest").jira(["SHOP-101"]),
    ///     TestRun::new("refunds", Status::Failed).class("CardTest"),
    /// ];
    /// let report = octane
    ///     .upload(results, Target::new(suite, "nightly-4711"))
    ///     .suite_path("Shop/Checkout")
    ///     .on_event(|event| println!("{event:?}"))
    ///     .send()
    ///     .await?;
    /// assert_eq!((report.counts.read, report.counts.ingested), (2, 2));
    /// assert_eq!(report.links.unwrap().linked, 1);
    /// # Ok(()) }) }
    /// ```
    pub fn upload<I: IntoIterator<Item = TestRun>>(
        &self,
        runs: I,
        target: Target,
    ) -> Upload<'_, I> {
        Upload {
            client: self,
            runs,
            target,
            settings: UploadSettings::default(),
            spool: Spool::off(),
            stop: Stop::never(),
            on_event: Box::new(|_| {}),
        }
    }

    /// Works out everything that will be sent and writes it into a new journal. Nothing is asked of the
    /// server, so an upload can be kept although the server is away.
    ///
    /// The journal is gone again if planning fails.
    pub fn plan(
        &self,
        runs: impl IntoIterator<Item = TestRun>,
        destination: &Destination,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Planned, UploadError> {
        let journal = spool.create(id)?;
        match self.plan_into(&journal, runs, destination, settings) {
            Ok(totals) => Ok(Planned { journal, totals }),
            Err(error) => {
                journal.discard();
                Err(error)
            }
        }
    }

    fn plan_into(
        &self,
        journal: &Journal,
        runs: impl IntoIterator<Item = TestRun>,
        destination: &Destination,
        settings: &UploadSettings,
    ) -> Result<Totals, UploadError> {
        let mut plan = Plan::new(runs, Some(&destination.placeholder()), settings)?;
        journal.put_frame(plan.frame())?;
        let mut rows = journal.plan();
        for batch in plan.by_ref() {
            rows.add(&batch?)?;
        }
        let mut totals = plan.finish()?;
        let skipped = &settings.skipped;
        totals.counts.read += skipped.rows;
        totals.counts.skipped += skipped.rows;
        totals.problems.extend(skipped.problems.iter().cloned());
        journal.note_problems("plan", &totals.problems)?;
        rows.finish(&Header {
            created: jiff::Timestamp::now(),
            server: self.server(),
            destination: destination.clone(),
            counts: totals.counts,
            skip_errors: settings.skip_errors,
            link: settings.link,
        })?;
        Ok(totals)
    }

    /// Says where exactly a planned upload goes, which fixes its bytes. An upload that has a target keeps
    /// it.
    pub fn aim(&self, journal: &Journal, target: &Target) -> Result<(), JournalError> {
        match journal.target()? {
            Some(_) => Ok(()),
            None => journal.aim(target),
        }
    }

    /// Where this client's uploads go.
    fn server(&self) -> Server {
        let workspace = self.endpoint.workspace();
        Server {
            url: self.endpoint.address().to_string(),
            space: workspace.space.get(),
            workspace: workspace.workspace.get(),
        }
    }

    /// Fails if the upload goes to another server, space or workspace than this client speaks to.
    pub fn check_destination(&self, journal: &Journal) -> Result<(), JournalError> {
        let planned = journal.header()?.server;
        let here = self.server();
        if planned == here {
            return Ok(());
        }
        Err(JournalError::Elsewhere {
            id: journal.id().clone(),
            planned: planned.to_string(),
            here: here.to_string(),
        })
    }

    /// Sends what is planned and not sent yet, waits for what is not ingested yet, and links what is not
    /// linked yet. Whatever happens on the way is part of the report; an error means that the journal
    /// itself failed.
    ///
    /// Doing it again goes on where the last time ended, and doubles nothing.
    pub async fn deliver(
        &self,
        journal: &Journal,
        settings: &UploadSettings,
        stop: &Stop,
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Report, JournalError> {
        let header = journal.header()?;
        self.check_destination(journal)?;
        let target = journal.target()?.ok_or_else(|| JournalError::Aimless {
            id: journal.id().clone(),
        })?;
        let batches = journal.open_batches()?;
        let (tell, told) = mpsc::unbounded_channel();
        for batch in &batches {
            if let (State::Sent, Some(task)) = (batch.state, batch.task) {
                // The receiver lives until all are told.
                let _ = tell.send((batch.number, Task::new(task, TaskStatus::Queued)));
            }
        }
        let submitting = submit(
            self,
            journal,
            batches,
            header.skip_errors,
            settings.batches_in_flight_max,
            stop,
            tell,
            on_event,
        );
        let settling = settle(
            self,
            journal,
            settings.ingestion_wait_max,
            stop,
            told,
            on_event,
        );
        // A journal that fails on one side ends the other: nothing goes on that cannot be written down.
        let (unsent, waited) = tokio::try_join!(submitting, settling)?;
        let mut account = Account::new(self, journal, &header, &target, unsent, waited);
        let found = verify(self, journal, &header, &target, stop, on_event).await?;
        account.settle_rows(found)?;
        for pause in LOOK_AGAIN_AFTER {
            if pause > settings.ingestion_wait_max
                || stop.is_asked()
                || !account.is_unconfirmed()?
            {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.asked() => {}
            }
            let found = verify(self, journal, &header, &target, stop, on_event).await?;
            account.settle_rows(found)?;
        }
        if stop.is_asked() && account.is_unconfirmed()? {
            account.cut();
        }
        if header.link {
            account.link(stop, on_event).await?;
            if settings.needs_every_key {
                account.require_every_key();
            }
        }
        account.report(stop.is_asked())
    }
}

/// Everything that will be sent, in its journal.
#[derive(Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The journal, to be [delivered](Client::deliver).
    pub journal: Journal,
    /// What it comes to.
    pub totals: Totals,
}

/// Results that were read and cannot be used: they count as skipped, and the report names them.
#[derive(Debug, Clone, Default)]
pub struct Skipped {
    problems: Vec<ReportedProblem>,
    rows: usize,
}

impl Skipped {
    /// `rows` results that cannot be used, and what is wrong with them.
    pub fn new(problems: impl IntoIterator<Item = ReportedProblem>, rows: usize) -> Self {
        Self {
            problems: problems.into_iter().collect(),
            rows,
        }
    }
}

impl<'a, I: IntoIterator<Item = TestRun>> Upload<'a, I> {
    /// How it is done.
    pub fn settings(mut self, settings: UploadSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Gives tests the module and package that they lack, from the path of their suite.
    pub fn suite_path(mut self, path: &str) -> Self {
        self.settings.suite_path = Some(octane_results::SuitePath::new(path));
        self
    }

    /// Where the upload is kept until it is done; by default nowhere beyond this process.
    pub fn spool(mut self, spool: Spool) -> Self {
        self.spool = spool;
        self
    }

    /// When to stop early.
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Is told what happens as it happens.
    pub fn on_event(mut self, on_event: impl Fn(&Event) + Send + Sync + 'a) -> Self {
        self.on_event = Box::new(on_event);
        self
    }

    /// Does it. An error means that nothing was sent, or that the journal failed; everything else is in
    /// the report.
    pub async fn send(self) -> Result<Report, UploadError> {
        let Self {
            client,
            runs,
            target,
            settings,
            spool,
            stop,
            on_event,
        } = self;
        let destination = Destination::from(&target);
        let Planned { journal, totals } =
            client.plan(runs, &destination, &settings, &spool, UploadId::new())?;
        on_event(&Event::Planned {
            upload: journal.id().clone(),
            results: totals.counts.read,
            batches: totals.batches,
            bytes: totals.bytes,
        });
        client.aim(&journal, &target)?;
        let report = client
            .deliver(&journal, &settings, &stop, &*on_event)
            .await?;
        Ok(report)
    }
}
