//! The main job, once it is prepared: resolve the target, send, wait, look, judge, link, report.
//!
//! This is the one sequence that every way to upload goes through: [`Upload::send`](crate::Upload::send), and in the
//! program `octane upload` and `octane resume`. How far an upload is can be read in its [journal](crate::journal), from which
//! an interrupted one continues.

use std::sync::Arc;
use std::time::Duration;

use octane_model::{Task, TaskStatus};
use tokio::sync::mpsc;

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::common_links::CommonLinks;
use crate::confirmed_by::ConfirmedBy;
use crate::context::Context;
use crate::error::ClientError;
use crate::event::Event;
use crate::ingestion::await_ingestion;
use crate::journal::{Confirmation, Journal, JournalError, StoredBatch};
use crate::plan::Manifest;
use crate::reconciliation::{DeliveryEnd, Linking, Reconciliation};
use crate::relocation::{is_suite_gone, relocate};
use crate::report::Report;
use crate::resend::{BatchState, Look, Resume};
use crate::run_options::{RunOptions, run_options};
use crate::settings::UploadSettings;
use crate::stage::StageError;
use crate::state_before::note_state_before;
use crate::submit::submit;
use crate::target::{Target, TargetSpec};
use crate::verify::{Lookup, verify};

/// A server may show a run a moment after its task has ended.
const LOOK_AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Why an upload could not be delivered. What was prepared is still in its journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The suite or the module cannot be resolved. Nothing was sent.
    #[error(transparent)]
    Target(#[from] ClientError),
    /// The journal cannot be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The upload was cancelled before anything was sent.
    #[error("cancelled while looking up the module and suite")]
    Cancelled,
}

/// A prepared upload that is ready to be delivered; made by [`Client::delivery`].
#[must_use]
pub struct Delivery<'a> {
    client: &'a Client,
    journal: &'a Journal,
    target: Option<Target>,
    create_missing: bool,
    relocate: bool,
    resend_missing: bool,
    retry_rejected: bool,
    common_links: Option<Arc<CommonLinks>>,
    options: RunOptions<'a>,
}

impl Client {
    /// Delivers what is in `journal`: the same for a new upload and for one that is resumed.
    pub fn delivery<'a>(&'a self, journal: &'a Journal) -> Delivery<'a> {
        Delivery {
            client: self,
            journal,
            target: None,
            create_missing: false,
            relocate: false,
            resend_missing: false,
            retry_rejected: true,
            common_links: None,
            options: RunOptions::default(),
        }
    }
}

impl<'a> Delivery<'a> {
    /// Where it goes, if that is known: then no look-ups are needed. An upload that has a target keeps it.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Creates a missing module and suite, even if the upload was prepared without that.
    pub fn create_missing(mut self, create: bool) -> Self {
        self.create_missing = create;
        self
    }

    /// Delivers an upload that belongs to another server to the one that the client is connected to, from now on.
    /// Without this it is an error. Everything that may have been sent is sent there with the same bytes, so that
    /// nothing counts as ingested that this server does not show.
    pub fn relocate(mut self, relocate: bool) -> Self {
        self.relocate = relocate;
        self
    }

    /// Sends results again that Octane had confirmed and does not show any more, for example because it was restored
    /// from a backup. They get new bytes, as it may still know those it has received. Default: no.
    pub fn resend_missing(mut self, resend: bool) -> Self {
        self.resend_missing = resend;
        self
    }

    /// Sends results again that Octane has rejected in an earlier run, as what it rejected them for may have changed. Default: yes.
    pub fn retry_rejected(mut self, retry: bool) -> Self {
        self.retry_rejected = retry;
        self
    }

    /// Links the runs of a shard together with the others, as the last step does once all shards are there. Without this a shard is
    /// not linked.
    pub(crate) fn linked_with(mut self, common: Option<Arc<CommonLinks>>) -> Self {
        self.common_links = common;
        self
    }

    run_options! {
        /// How it is done. Of the settings those count that are not part of what was prepared:
        /// `batches_in_flight_max`, `ingestion_wait_max` and `require_all_jira_keys`.
    }

    /// Finds the suite and the module, creates what is missing if that is allowed, and fixes the bytes that will be
    /// sent. An upload that has a target keeps it, without a request.
    ///
    /// [`run`](Self::run) does this too; call it first where a missing suite is a question to ask.
    pub async fn resolve(&self) -> Result<Target, DeliveryError> {
        let journal = self.journal;
        if let Some(target) = journal.run(Journal::target).await? {
            return Ok(target);
        }
        let spec = journal.run(Journal::target_spec).await?;
        let target = match &self.target {
            Some(target) => Target {
                // The one in the payloads, which may be a repaired one.
                suite_run: spec.suite_run().to_owned(),
                ..target.clone()
            },
            None => self.resolve_spec(spec).await?,
        };
        self.set_target(target.clone()).await?;
        Ok(target)
    }

    async fn set_target(&self, target: Target) -> Result<(), JournalError> {
        let setting = self.journal.run(move |journal| {
            journal.replace_problems("target", &target.problems)?;
            journal.set_target(&target)
        });
        setting.await
    }

    async fn resolve_spec(&self, mut spec: TargetSpec) -> Result<Target, DeliveryError> {
        if self.create_missing {
            // A user who asks for it has seen which names are similar.
            spec = spec.create_missing(true).create_similar(true);
        }
        let resolving = self.client.resolve_target(&spec);
        let target = self.options.cancellation.within_grace(resolving).await;
        Ok(target.ok_or(DeliveryError::Cancelled)??)
    }

    /// Looks once more for a module and suite given by name, if nothing was sent to them yet: since an earlier run of the
    /// process, an older suite may have become visible, or this one may have been deleted.
    async fn resolve_again(&self, manifest: &Manifest) -> Result<(), DeliveryError> {
        let journal = self.journal;
        if self.target.is_some()
            || !manifest.target_spec.is_by_name()
            || !journal.run(Journal::may_change_target).await?
        {
            return Ok(());
        }
        let Some(before) = journal.run(Journal::target).await? else {
            return Ok(());
        };
        let mut target = self.resolve_spec(manifest.target_spec.clone()).await?;
        if target.is_same_as(&before) {
            return Ok(());
        }
        target.created = [before.created, target.created].concat();
        Ok(self.set_target(target).await?)
    }

    /// Sends what is not sent yet, waits for what is not ingested yet, and links what is not linked yet. Whatever happens on
    /// the way is part of the report; an error means that nothing could be sent, or that the journal itself failed.
    ///
    /// Running it again continues where the last run ended, and duplicates nothing. What the server rejected is
    /// tried again then, unless [`retry_rejected`](Self::retry_rejected) says otherwise.
    pub async fn run(&self) -> Result<Report, DeliveryError> {
        Ok(self.end().await?.report)
    }

    /// The same, with what the outcome follows from.
    pub(crate) async fn end(&self) -> Result<DeliveryEnd, DeliveryError> {
        let (client, journal) = (self.client, self.journal);
        let mut manifest = journal.run(Journal::manifest).await?;
        let may_have_run = journal.begin_run();
        if manifest.shard.is_some() {
            journal.run(Journal::note_earlier_merge).await?;
        }
        if !manifest.server.is_same(&client.server()) {
            if !self.relocate {
                return Err(client.different_server(&manifest, journal.id()).into());
            }
            if manifest.raw.is_some() {
                let id = journal.id().clone();
                return Err(JournalError::Fixed { id }.into());
            }
            // These are large and rarely needed.
            Box::pin(self.send_elsewhere()).await?;
            manifest = journal.run(Journal::manifest).await?;
        } else if manifest.raw.is_some() {
            if may_have_run {
                // Without a look nothing is sent again with other bytes.
                let resuming = self.prepare_batches(Look::Unread);
                resuming.await?;
            }
        } else if may_have_run {
            Box::pin(self.prepare_resume(&manifest)).await?;
            self.resolve_again(&manifest).await?;
        }
        let target = self.resolve().await?;
        let context = self.context(&manifest, &target);
        if manifest.raw != Some(ConfirmedBy::Task) {
            note_state_before(&context).await?;
        }
        let linking = if manifest.shard.is_none() || self.common_links.is_some() {
            Linking::Now
        } else {
            let merged_ingested = journal.run(Journal::merged_ingested).await?;
            let is_any_open = !journal.run(Journal::open_batches).await?.is_empty();
            Linking::Deferred {
                ingested_before: merged_ingested.filter(|_| !is_any_open),
            }
        };
        Ok(context.deliver(linking).await?)
    }

    fn context<'c>(&'c self, manifest: &'c Manifest, target: &'c Target) -> Context<'c> {
        Context {
            client: self.client,
            journal: self.journal,
            manifest,
            target,
            settings: &self.options.settings,
            cancellation: &self.options.cancellation,
            common_links: self.common_links.as_deref(),
            on_event: &*self.options.on_event,
        }
    }

    async fn send_elsewhere(&self) -> Result<(), DeliveryError> {
        let (client, journal, cancellation) =
            (self.client, self.journal, &self.options.cancellation);
        let relocated = relocate(client, journal, self.create_missing, cancellation).await;
        relocated.map_err(|error| match error {
            StageError::Client(error) => error.into(),
            StageError::Journal(error) => error.into(),
            StageError::Cancelled => DeliveryError::Cancelled,
        })
    }

    /// Makes ready what is sent again, after a look at what the suite run shows now, so that nothing is sent again that has
    /// arrived in the meantime. If that cannot be seen, what a task has rejected stays as it is.
    async fn prepare_resume(&self, manifest: &Manifest) -> Result<(), DeliveryError> {
        let journal = self.journal;
        let mut look = Look::Unread;
        if let Some(target) = journal.run(Journal::target).await?
            && (self.resend_missing || self.has_retryable_batches().await?)
        {
            let context = Context {
                on_event: &|_| {},
                ..self.context(manifest, &target)
            };
            let wait_max = self.options.settings.ingestion_wait_max;
            let mut pauses = LOOK_AGAIN_AFTER
                .into_iter()
                .filter(|pause| *pause <= wait_max);
            loop {
                let lookup = verify(&context).await?;
                let has_history = match lookup {
                    Lookup::Runs { has_history, .. } => has_history,
                    Lookup::NoSuiteRun => false,
                    _ => break,
                };
                let is_suite_run_gone = matches!(lookup, Lookup::NoSuiteRun);
                if self.resend_missing && is_suite_run_gone && self.is_suite_gone(&target).await {
                    return self.send_elsewhere().await;
                }
                let confirmation = Confirmation::Verified { has_history };
                journal
                    .run(move |journal| journal.judge(confirmation))
                    .await?;
                look = Look::Read;
                if !self.resend_missing {
                    break;
                }
                if !journal.run(Journal::has_missing_results).await? {
                    look = Look::ReadForMissing;
                    break;
                }
                // What is missing may only be late.
                match pauses.next() {
                    None => {
                        look = Look::Lost;
                        break;
                    }
                    Some(_) if self.options.cancellation.is_cancelled() => break,
                    Some(pause) => self.options.cancellation.sleep(pause).await,
                }
            }
            if self.resend_missing && look != Look::Lost && self.is_task_gone().await? {
                look = Look::Lost;
            }
        }
        Ok(self.prepare_batches(look).await?)
    }

    async fn has_retryable_batches(&self) -> Result<bool, JournalError> {
        let retries_rejected = self.retry_rejected;
        let asked = self
            .journal
            .run(move |journal| journal.has_retryable_batches(retries_rejected));
        asked.await
    }

    async fn prepare_batches(&self, look: Look) -> Result<(), JournalError> {
        let resume = Resume {
            look,
            retries_rejected: self.retry_rejected,
        };
        let prepared = self
            .journal
            .run(move |journal| journal.prepare_resume(resume));
        prepared.await
    }

    /// Whether the server does not know the oldest task any more that has not ended.
    async fn is_task_gone(&self) -> Result<bool, JournalError> {
        let batches = self.journal.run(Journal::open_batches).await?;
        let mut accepted = batches
            .iter()
            .filter(|batch| batch.state == BatchState::Accepted);
        let Some(task) = accepted.find_map(|batch| batch.task) else {
            return Ok(false);
        };
        let results = self.client.endpoint().test_results();
        let asked = self
            .options
            .cancellation
            .within_grace(results.task(task))
            .await;
        Ok(matches!(asked, Some(Err(error)) if error.is_not_found() && !error.is_retryable()))
    }

    /// Whether the server does not have the upload's suite any more. If that cannot be found out, sending will show it.
    async fn is_suite_gone(&self, target: &Target) -> bool {
        is_suite_gone(self.client, target, &self.options.cancellation)
            .await
            .unwrap_or(false)
    }
}

impl Context<'_> {
    /// Sends, judges and links.
    async fn deliver(&self, linking: Linking) -> Result<DeliveryEnd, JournalError> {
        let mut reconciliation = self.send_and_look().await?;
        // Once: what is sent again has bytes that no server has received.
        let ignored = match self.manifest.raw {
            None => reconciliation.resend_ignored().await?,
            Some(_) => 0,
        };
        if ignored > 0 {
            (self.on_event)(&Event::Resending { results: ignored });
            reconciliation = self.send_and_look().await?;
            reconciliation.resent = ignored;
        }
        reconciliation.end_looking().await?;
        match linking {
            Linking::Now if self.manifest.link => reconciliation.link().await?,
            Linking::Now => {}
            Linking::Deferred { ingested_before } => {
                reconciliation.defer_links(ingested_before.filter(|_| ignored == 0));
            }
        }
        reconciliation.report().await
    }

    /// Sends what is not sent yet, waits for its ingestion, and judges it by what the suite run shows.
    async fn send_and_look(&self) -> Result<Reconciliation<'_>, JournalError> {
        let batches = self.journal.run(Journal::open_batches).await?;
        let (tx, rx) = mpsc::unbounded_channel();
        let (accepted, unsent): (Vec<StoredBatch>, Vec<StoredBatch>) = batches
            .into_iter()
            .partition(|batch| batch.state == BatchState::Accepted);
        for batch in &accepted {
            if let Some(task) = batch.task {
                // The receiver lives until all are sent.
                let _ = tx.send((batch.number, Task::new(task, TaskStatus::Queued)));
            }
        }
        // A journal that fails on one side ends the other: nothing continues that cannot be written down.
        let (undelivered, unfinished) = tokio::try_join!(
            submit(self, unsent, !accepted.is_empty(), tx),
            await_ingestion(self, rx)
        )?;
        let mut reconciliation = Reconciliation::new(self, undelivered, unfinished);
        reconciliation.look().await?;
        for pause in LOOK_AGAIN_AFTER {
            if pause > self.settings.ingestion_wait_max
                || self.cancellation.is_cancelled()
                || !reconciliation.needs_another_look().await?
            {
                break;
            }
            self.cancellation.sleep(pause).await;
            reconciliation.look().await?;
        }
        Ok(reconciliation)
    }
}

#[cfg(test)]
mod tests;
