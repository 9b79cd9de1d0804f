//! Preparing an upload: everything that will be sent is planned into a journal.

use octane_results::TestRun;

use crate::client::Client;
use crate::error::ClientError;
use crate::event::Event;
use crate::journal::{Journal, JournalError, Spool};
use crate::outcome::{Facts, Outcome, outcome};
use crate::plan::{Manifest, Plan, PlanError, PlanTotals};
use crate::report::Counts;
use crate::server::Server;
use crate::settings::UploadSettings;
use crate::target::TargetSpec;
use crate::upload_id::UploadId;

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
            results: self.totals.counts.read,
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

impl Client {
    /// Plans everything that will be sent, in the order of `runs`, and writes it into a new journal. Makes no requests, so an upload can be
    /// saved although the server is away. Blocks while it reads, renders and writes.
    ///
    /// Of several results of one run, the run shows the last one; an [`Arrangement`](octane_results::Arrangement) puts
    /// them in order. The journal is removed again if this fails.
    pub fn prepare(
        &self,
        runs: impl IntoIterator<Item = TestRun>,
        spec: &TargetSpec,
        settings: &UploadSettings,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Prepared, PrepareError> {
        spec.check_with(settings.repair.long_names)?;
        let journal = spool.create(id)?;
        match self.plan_into(&journal, runs, spec, settings) {
            Ok(totals) => Ok(Prepared { journal, totals }),
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
        spec: &TargetSpec,
        settings: &UploadSettings,
    ) -> Result<PlanTotals, PrepareError> {
        let mut plan = Plan::new(runs, Some(&spec.placeholder()), settings)?;
        let mut rows = journal.begin_plan(&plan.envelope())?;
        for batch in plan.by_ref() {
            rows.add(&batch?)?;
        }
        let mut totals = plan.finish()?;
        let invalid = &settings.invalid;
        totals.counts.read += invalid.count;
        totals.counts.invalid += invalid.count;
        totals.problems.extend(invalid.problems.iter().cloned());
        if let Some(repaired) = spec.repaired() {
            totals.counts.repaired += 1;
            totals.problems.push(repaired);
        }
        journal.replace_problems("plan", &totals.problems)?;
        let manifest = rows.finish(Manifest {
            created: jiff::Timestamp::now(),
            server: self.server(),
            target_spec: spec.clone(),
            counts: totals.counts,
            skip_errors: settings.skip_errors,
            link: settings.link,
            options: settings.options.clone(),
        })?;
        totals.counts = manifest.counts;
        Ok(totals)
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
