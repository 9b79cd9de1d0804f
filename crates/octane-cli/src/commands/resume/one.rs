//! One upload that is resumed.

use std::path::Path;

use octane_client::{Client, Spool, UploadSettings, UploadSummary};

use super::super::delivery::{Delivered, Delivery, Start};
use super::super::shards::Arrived;
use super::route::{Asked, Route, route};
use crate::args::{OnUnresolved, ResumeArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::policies::Policies;
use crate::sandbox::is_sandbox;
use crate::spool::{journal_failure, spool};

/// An upload that is resumed.
pub(crate) struct Resumed<'a> {
    pub(super) summary: &'a UploadSummary,
    pub(crate) delivery: Delivery<'a>,
    policies: Policies,
}

impl<'a> Resumed<'a> {
    /// The policies are those of the upload, unless others are typed.
    pub(crate) fn new(
        args: &ResumeArgs,
        summary: &'a UploadSummary,
        delivery: &Delivery<'a>,
    ) -> Self {
        let policies = Policies::resumed(&args.delivery, &summary.options);
        Self::judged_by(args, policies, summary, delivery)
    }

    /// The first of some shards, for what is done once for all of them.
    pub(crate) fn of_shards(
        args: &ResumeArgs,
        first: &'a UploadSummary,
        shards: &[UploadSummary],
        delivery: &Delivery<'a>,
    ) -> Self {
        let stored = shards.iter().map(|shard| &shard.options);
        let policies = Policies::of_shards(&args.delivery, stored);
        Self::judged_by(args, policies, first, delivery)
    }

    fn judged_by(
        args: &ResumeArgs,
        policies: Policies,
        summary: &'a UploadSummary,
        delivery: &Delivery<'a>,
    ) -> Self {
        // It moves to a server that is typed.
        let typed = args.connection.url.as_deref();
        let typed = typed.filter(|_| args.connection.typed.is_url);
        let suggest = delivery.suggest.clone();
        let suggest = suggest.to(typed.or(summary.url.as_deref()));
        Self {
            summary,
            delivery: delivery
                .of_upload(policies, suggest)
                .knowing_failed(summary.counts.failed),
            policies,
        }
    }

    /// Connects, resumes it, and reports.
    pub(super) async fn alone(&self, args: &ResumeArgs, output: Output) -> Result<Exit> {
        let asked = Asked::of(&args.connection);
        let connected = self.connect_alone(args, output).await?;
        let spool = spool(&args.delivery.spool)?;
        let client = connected.client_for(&args.connection, &self.summary.options);
        let start = Start::Resume {
            may_move: asked.is_url || asked.sandbox_data.is_some(),
        };
        let done = self.deliver(&spool, args, &client, start).await;
        let server = spool.summary(&self.summary.id).map(|now| now.server);
        if let (Ok(now), before) = (server, &self.summary.server)
            && now != *before
        {
            output.say(&format!(
                "note: the upload belonged to {before} and belongs to {now} now, where all of it will be sent"
            ));
        }
        let done = done.and_then(|delivered| self.delivery.print_report(&delivered, None));
        connected.close().await;
        done
    }

    /// Connects to where it belongs, unless another place is typed.
    pub(crate) async fn connect_alone(
        &self,
        args: &ResumeArgs,
        output: Output,
    ) -> Result<Connection> {
        let sandbox = self.summary.sandbox.as_deref();
        let folder = match route(sandbox, &Asked::of(&args.connection), false) {
            Route::Sandbox(folder) => Some(folder),
            Route::AsTyped | Route::Elsewhere => None,
        };
        self.connect(args, folder.as_deref(), output).await
    }

    /// Connects to the sandbox in this directory, or as the options say. A sandbox that is gone is not created again: it
    /// would have nothing of what was sent.
    pub(super) async fn connect(
        &self,
        args: &ResumeArgs,
        sandbox: Option<&Path>,
        output: Output,
    ) -> Result<Connection> {
        let Some(folder) = sandbox else {
            let opening = Connection::open(&args.connection, output);
            return self.delivery.unconnected(opening).await;
        };
        let (id, suggest) = (&self.summary.id, &self.delivery.suggest);
        if !is_sandbox(folder) {
            if let Some(own) = self.summary.sandbox.as_deref().filter(|own| *own != folder) {
                let message = format!(
                    "there is no sandbox in `{}`; upload {id} belongs to the one in `{}`",
                    folder.display(),
                    own.display()
                );
                let hint = "to resume it there, run the command without `--sandbox-data`";
                return Err(Failure::message(Exit::Configuration, message).hint(hint));
            }
            let message = format!(
                "upload {id} belongs to the sandbox in `{}`, which does not exist",
                folder.display()
            );
            let delete = suggest.delete(id);
            return Err(Failure::message(Exit::Configuration, message).hint(format!(
                "upload the results again; `{delete}` deletes this upload"
            )));
        }
        let mut connection = args.connection.clone();
        connection.sandbox = true;
        connection.sandbox_data.directory = Some(folder.to_owned());
        let opened = Connection::open(&connection, output).await;
        opened.map_err(|failure| {
            failure.hint(format!(
                "only one process at a time can use a sandbox: stop the other one, then {}",
                suggest.run_resume(id)
            ))
        })
    }

    pub(super) async fn deliver(
        &self,
        spool: &Spool,
        args: &ResumeArgs,
        client: &Client,
        start: Start<'_>,
    ) -> Result<Delivered> {
        let suggest = &self.delivery.suggest;
        let journal = spool
            .open(&self.summary.id)
            .map_err(|error| journal_failure(error, suggest))?;
        let settings = self.settings(args);
        let report = self
            .delivery
            .deliver(client, &journal, &settings, start)
            .await?;
        let arrived = Arrived {
            id: &self.summary.id,
            merged_before: self.summary.merged,
            timeout: None,
            spool,
            client,
            settings: &settings,
            delivery: &self.delivery,
        };
        Box::pin(arrived.complete(report, journal)).await
    }

    /// How it is delivered.
    pub(crate) fn settings(&self, args: &ResumeArgs) -> UploadSettings {
        let mut settings = UploadSettings::default();
        settings.ingestion_wait_max = args.delivery.wait();
        settings.require_all_jira_keys = self.policies.on_unresolved == OnUnresolved::Fail;
        settings
    }
}
