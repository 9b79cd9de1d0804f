//! The main job: results become runs, and runs are linked to stories.
//!
//! This file decides what happens when; [`submit`](crate::submit), [`settle`](crate::settle),
//! [`verify`](crate::verify) and [`links`](crate::links) compute and return, and
//! [`account`](crate::account) keeps the books.

use octane_results::TestRun;
use tokio::sync::mpsc;

use crate::account::Account;
use crate::report::Report;
use crate::settle::settle;
use crate::submit::submit;
use crate::{Client, Event, Plan, PlanError, Target, UploadSettings};

/// An upload that waits to be sent; made by [`Client::upload`].
#[must_use]
pub struct Upload<'a, I> {
    client: &'a Client,
    runs: I,
    target: Target,
    settings: UploadSettings,
    on_event: Box<dyn Fn(&Event) + Send + Sync + 'a>,
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
            on_event: Box::new(|_| {}),
        }
    }

    /// Sends what is planned. Whatever happens from here on is part of the report.
    pub async fn deliver(
        &self,
        plan: Plan,
        settings: &UploadSettings,
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) -> Report {
        on_event(&Event::Planned {
            results: plan.results(),
            batches: plan.batches.len(),
            bytes: plan.bytes(),
        });
        let (tell, told) = mpsc::unbounded_channel();
        let flight = settings.batches_in_flight_max;
        let submitting = submit(
            self,
            &plan.batches,
            settings.skip_errors,
            flight,
            tell,
            on_event,
        );
        let settling = settle(
            self,
            plan.batches.len(),
            settings.ingestion_wait_max,
            told,
            on_event,
        );
        let ((), fates) = tokio::join!(submitting, settling);
        let mut account = Account::new(self, &plan);
        account.links_wanted = settings.link
            && plan
                .batches
                .iter()
                .flat_map(|b| &b.rows)
                .any(|row| !row.jira.is_empty());
        account.verify(&fates, on_event).await;
        account.settle_rows(&fates);
        if settings.link {
            account.link(on_event).await;
        }
        account.report(&fates)
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

    /// Is told what happens as it happens.
    pub fn on_event(mut self, on_event: impl Fn(&Event) + Send + Sync + 'a) -> Self {
        self.on_event = Box::new(on_event);
        self
    }

    /// Does it. An error means that nothing was sent; everything else is in the report.
    pub async fn send(self) -> Result<Report, PlanError> {
        let Self {
            client,
            runs,
            target,
            settings,
            on_event,
        } = self;
        let plan = Plan::new(runs, target, &settings)?;
        Ok(client.deliver(plan, &settings, &*on_event).await)
    }
}
