//! Preparing an upload: everything that will be sent is planned into a journal.

use std::sync::mpsc::sync_channel;
use std::thread;

use octane_model::EntityId;
use octane_results::{Dialect, GherkinUnit, PayloadWriter, TestRun};

use crate::client::Client;
use crate::error::ClientError;
use crate::event::Event;
use crate::invalid::InvalidResults;
use crate::journal::{Journal, JournalError, Provisional, Repeats, RowWriter, Spool};
use crate::outcome::{Facts, Outcome, outcome};
use crate::plan::{
    Envelope, Manifest, PartsPlan, Plan, PlanError, PlanPart, PlanTotals, PlannedBatch, UnlinkStale,
};
use crate::report::Counts;
use crate::server::Server;
use crate::settings::UploadSettings;
use crate::target::TargetSpec;
use crate::upload_id::UploadId;

/// How many batches may be planned and not be written yet.
const BATCHES_AHEAD_MAX: usize = 2;

/// Why an upload could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The results cannot be sent.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A name of the target is empty or too long.
    #[error(transparent)]
    Target(#[from] ClientError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Everything that will be sent, in its journal.
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub struct Prepared {
    /// The journal, to be [delivered](Client::delivery).
    pub journal: Journal,
    /// How much it is.
    pub totals: PlanTotals,
}

impl Prepared {
    /// The event that reports it.
    pub fn event(&self) -> Event {
        Event::Prepared {
            upload: self.journal.id().clone(),
            results: self.totals.counts.read - self.totals.counts.invalid,
            batches: self.totals.batches,
            bytes: self.totals.bytes,
        }
    }

    /// How the upload ends if the server accepts everything that is sent, and `is_unlinked` says whether links will be
    /// missing.
    pub fn expected_outcome(&self, is_unlinked: bool) -> Outcome {
        let Counts { read, invalid, .. } = self.totals.counts;
        outcome(&Facts {
            is_unlinked,
            ingested: read - invalid,
            invalid,
            ..Facts::default()
        })
    }
}

/// An upload that is planned, and of which nothing is stored for good yet: for results that are planned while they are read for the
/// first time, when it is not known yet whether all of them can be used. If it is dropped, nothing of it is left.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
/// # fn main() -> Done { with_sandbox(async |octane| {
/// use octane_client::{Draft, InvalidResults, Spool, Status, SuiteChoice, TargetSpec, TestRun, UploadId, UploadSettings};
///
/// let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-4711");
/// let settings = UploadSettings::default();
/// let runs = (1..=3).map(|number| TestRun::new(format!("test {number}"), Status::Passed));
/// let draft = Draft::new(runs, &spec, &settings, &Spool::off(), UploadId::new())?;
/// // All of them are good, and each is the only one of its test.
/// let prepared = octane.confirm(draft, &spec, &InvalidResults::default(), true)?;
/// assert_eq!(prepared.unwrap().totals.counts.read, 3);
/// # Ok(()) }) }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Draft {
    journal: Provisional,
    totals: PlanTotals,
    spec: TargetSpec,
    settings: UploadSettings,
}

impl Draft {
    /// Plans everything that will be sent, in the order of `runs`. Blocks while it reads, renders and writes.
    pub fn new(
        runs: impl IntoIterator<Item = TestRun>,
        spec: &TargetSpec,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Self, PrepareError> {
        let plan = Plan::new(runs, Some(&spec.placeholder()), settings)?;
        let writer = plan.writer();
        Self::of_plan(plan, &writer, Plan::finish, spec, settings, spool, id)
    }

    /// The same for results that a [`PartPlanner`](crate::PartPlanner) with these settings has planned where they were read.
    pub fn of_parts(
        parts: impl IntoIterator<Item = PlanPart>,
        spec: &TargetSpec,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Self, PrepareError> {
        let plan = PartsPlan::new(parts.into_iter(), &spec.placeholder(), settings)?;
        let writer = plan.writer();
        Self::of_plan(plan, &writer, PartsPlan::finish, spec, settings, spool, id)
    }

    fn of_plan<P: Iterator<Item = Result<PlannedBatch, PlanError>>>(
        mut plan: P,
        writer: &PayloadWriter,
        finish: impl FnOnce(P) -> Result<PlanTotals, PlanError>,
        spec: &TargetSpec,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Self, PrepareError> {
        let journal = Provisional::new(spool.create(id)?);
        let mut rows = journal.begin_plan(Envelope {
            prefix: writer.prefix(),
            suffix: writer.suffix(),
            nonce: settings.nonce.as_deref(),
        })?;
        write(&mut plan, &mut rows, journal.is_inline())?;
        Ok(Self {
            journal,
            totals: finish(plan)?,
            spec: spec.clone(),
            settings: settings.clone(),
        })
    }

    /// What is known about results that share a run, if each of them was the only one of its test when it was read.
    fn repeats(&self, are_distinct: bool) -> Repeats {
        // Tests whose names were changed may have become the same one.
        let is_unchanged = self.totals.counts.repaired == 0
            && self.settings.suite_path.is_none()
            && self.settings.gherkin == GherkinUnit::Scenarios
            && self.settings.dialect == Dialect::Standard;
        if are_distinct && is_unchanged {
            Repeats::None
        } else {
            Repeats::Possible
        }
    }
}

impl Client {
    /// Plans everything that will be sent, in the order of `runs`, and writes it into a new journal. Makes no requests, so an upload can be
    /// saved although the server is away. Blocks while it reads, renders and writes.
    ///
    /// Of several results of one run, the run shows the last one; an [`Arrangement`](octane_results::Arrangement) puts
    /// them in order. Nothing is left of the journal if this fails.
    pub fn prepare(
        &self,
        runs: impl IntoIterator<Item = TestRun>,
        spec: &TargetSpec,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Prepared, PrepareError> {
        spec.check_with(settings.repair.long_names)?;
        let draft = Draft::new(runs, spec, settings, spool, id)?;
        self.finish(draft, spec, &settings.invalid, Repeats::Possible)
    }

    /// Makes a draft an upload that can be delivered, like [`prepare`](Self::prepare). `invalid` are the results that were read and
    /// cannot be used, and `are_distinct` says that no two of the others are results of the same test.
    ///
    /// `None`, and nothing is left of the draft, if its payloads are not those that go to `spec`.
    pub fn confirm(
        &self,
        draft: Draft,
        spec: &TargetSpec,
        invalid: &InvalidResults,
        are_distinct: bool,
    ) -> Result<Option<Prepared>, PrepareError> {
        spec.check_with(draft.settings.repair.long_names)?;
        if draft.spec.placeholder() != spec.placeholder() {
            return Ok(None);
        }
        let repeats = draft.repeats(are_distinct);
        self.finish(draft, spec, invalid, repeats).map(Some)
    }

    fn finish(
        &self,
        mut draft: Draft,
        spec: &TargetSpec,
        invalid: &InvalidResults,
        repeats: Repeats,
    ) -> Result<Prepared, PrepareError> {
        let mut totals = std::mem::take(&mut draft.totals);
        totals.counts.read += invalid.count;
        totals.counts.invalid += invalid.count;
        totals.problems.extend(invalid.problems.iter().cloned());
        if let Some(repaired) = spec.repaired() {
            totals.counts.repaired += 1;
            totals.problems.push(repaired);
        }
        let settings = &draft.settings;
        let manifest = Manifest {
            created: jiff::Timestamp::now(),
            server: self.server(),
            target_spec: spec.clone(),
            counts: totals.counts,
            skip_errors: settings.skip_errors,
            link: settings.link,
            unlink_stale: settings.unlink_stale.then(|| UnlinkStale {
                has_unread: invalid.count > 0 || invalid.has_unread_keys,
                linked_by_payload: (settings.context.backlog_items.iter())
                    .map(|item| EntityId::from(*item))
                    .collect(),
            }),
            shard: settings.shard,
            raw: None,
            options: settings.options.clone(),
        };
        let manifest = draft
            .journal
            .finish_plan(manifest, &totals.problems, repeats)?;
        let has_flaky_repeats = manifest.counts.flaky > totals.counts.flaky;
        totals.counts = manifest.counts;
        let journal = draft.journal.keep();
        if has_flaky_repeats {
            totals.problems = journal.problems()?;
        }
        Ok(Prepared { journal, totals })
    }

    /// The error of an upload that belongs to another server, space or workspace than this client is connected to.
    pub(crate) fn different_server(&self, manifest: &Manifest, id: &UploadId) -> JournalError {
        JournalError::DifferentServer {
            id: id.clone(),
            planned: manifest.server.to_string(),
            connected: self.server().to_string(),
        }
    }

    /// Where this client's uploads go.
    pub(crate) fn server(&self) -> Server {
        let workspace = self.endpoint.workspace();
        Server {
            url: self.endpoint.address().to_string(),
            space: workspace.space.get(),
            workspace: workspace.workspace.get(),
            sandbox: self
                .settings
                .sandbox
                .as_ref()
                .map(|folder| folder.display().to_string()),
        }
    }
}

/// Writes what is planned; unless everything has to happen on this thread, on another one while this one plans further batches.
fn write(
    plan: impl Iterator<Item = Result<PlannedBatch, PlanError>>,
    rows: &mut RowWriter<'_>,
    is_inline: bool,
) -> Result<(), PrepareError> {
    if is_inline {
        for batch in plan {
            rows.add(&batch?)?;
        }
        return Ok(());
    }
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<PlannedBatch>(BATCHES_AHEAD_MAX);
        let writing =
            scope.spawn(move || receiver.into_iter().try_for_each(|batch| rows.add(&batch)));
        let mut planned = Ok(());
        for batch in plan {
            // Its reader is gone if it could not write something.
            match batch.map(|batch| sender.send(batch).is_ok()) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    planned = Err(error);
                    break;
                }
            }
        }
        drop(sender);
        let written = writing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        planned?;
        Ok(written?)
    })
}
