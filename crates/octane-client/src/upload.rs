//! The main job in one call: prepare, then deliver.

use octane_results::{SuitePath, Survey};

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::delivery::DeliveryError;
use crate::event::Event;
use crate::journal::{JournalError, Spool};
use crate::prepare::{Draft, PrepareError, Prepared};
use crate::report::Report;
use crate::results::{Results, arrangement};
use crate::run_options::{RunOptions, run_options};
use crate::settings::UploadSettings;
use crate::target::{Target, TargetSpec};
use crate::upload_id::UploadId;

/// An upload that waits to be sent; made by [`Client::upload`].
#[must_use]
pub struct Upload<'a, R> {
    client: &'a Client,
    results: R,
    target: Target,
    spool: Spool,
    options: RunOptions<'a>,
}

/// Why an upload has no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// Nothing was sent, because the upload could not be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The upload could not be delivered. What was prepared is still in its journal.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

impl From<JournalError> for UploadError {
    fn from(error: JournalError) -> Self {
        Self::Delivery(error.into())
    }
}

impl Client {
    /// Uploads `results` into the suite run of `target`: plans, sends, waits for ingestion, finds the runs,
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
    ///     .await?
    ///     .into_result()?;
    /// assert_eq!((report.counts.read, report.counts.ingested), (2, 2));
    /// assert_eq!(report.links.unwrap().linked, 1);
    /// # Ok(()) }) }
    /// ```
    pub fn upload<R: Results>(&self, results: R, target: Target) -> Upload<'_, R> {
        Upload {
            client: self,
            results,
            target,
            spool: Spool::off(),
            options: RunOptions::default(),
        }
    }
}

impl<'a, R: Results> Upload<'a, R> {
    run_options! {
        /// How it is done.
    }

    /// Module and package for tests that have none, from the path of their suite.
    pub fn suite_path(mut self, path: &str) -> Self {
        self.options.settings.suite_path = Some(SuitePath::new(path));
        self
    }

    /// Where the upload is stored until it is done; by default nowhere beyond this process.
    pub fn spool(mut self, spool: Spool) -> Self {
        self.spool = spool;
        self
    }

    /// Reads the results and plans everything that will be sent, into a journal. Makes no requests, needs no runtime, and
    /// blocks the calling thread; what it returns can be [delivered](Client::delivery) from any other.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::{Status, Target, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let target = Target::new(suite, "nightly-4711");
    ///
    /// // On this thread, which may own what cannot be moved:
    /// let results = [TestRun::new("pays", Status::Passed).class("CardTest")];
    /// let prepared = octane.upload(results, target.clone()).prepare()?;
    /// assert_eq!((prepared.totals.counts.read, prepared.totals.batches), (1, 1));
    ///
    /// // On threads of the runtime:
    /// let delivering = tokio::spawn(async move {
    ///     octane.delivery(&prepared.journal).target(target).run().await
    /// });
    /// assert_eq!(delivering.await??.counts.ingested, 1);
    /// # Ok(()) }) }
    /// ```
    pub fn prepare(&self) -> Result<Prepared, PrepareError> {
        let spec = TargetSpec::from(&self.target);
        prepare(
            self.client,
            &self.results,
            &spec,
            &self.options.settings,
            &self.spool,
        )
    }

    /// Sends it. An error means that nothing was sent, or that the journal failed; everything else is in
    /// the report. [`Report::into_result`] makes an error of an upload that did not succeed.
    pub async fn send(self) -> Result<Report, UploadError> {
        let Self {
            client,
            results,
            target,
            spool,
            options,
        } = self;
        let RunOptions {
            settings,
            cancellation,
            on_event,
        } = options;
        let preparing = {
            let (client, settings) = (client.clone(), settings.clone());
            let spec = TargetSpec::from(&target);
            move || prepare(&client, &results, &spec, &settings, &spool)
        };
        let prepared = match tokio::task::spawn_blocking(preparing).await {
            Ok(prepared) => prepared?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        on_event(&prepared.event());
        let delivery = client
            .delivery(&prepared.journal)
            .target(target)
            .settings(settings)
            .cancellation(cancellation)
            .on_event(on_event);
        // Large: a future of its own keeps those of callers small.
        Ok(Box::pin(delivery.run()).await?)
    }
}

fn prepare(
    client: &Client,
    results: &impl Results,
    spec: &TargetSpec,
    settings: &UploadSettings,
    spool: &Spool,
) -> Result<Prepared, PrepareError> {
    let mut survey = Survey::of_dialect(settings.dialect);
    let surveyed = results.runs().inspect(|run| survey.add(run));
    let draft = Draft::new(surveyed, spec, settings, spool, UploadId::new())?;
    let environment = &settings.context.environment;
    let arrangement = arrangement(survey, results, settings.reruns, environment);
    let are_distinct = arrangement.is_none();
    let arrangement = arrangement.unwrap_or_default();
    if arrangement.is_empty()
        && let Some(prepared) = client.confirm(draft, spec, &settings.invalid, are_distinct)?
    {
        return Ok(prepared);
    }
    let runs = arrangement.apply(|| results.runs());
    client.prepare(runs, spec, settings, spool, UploadId::new())
}
