//! `octane upload --dry-run`: the same checks as the upload, in the same order and with the same exit codes, without
//! creating or sending anything.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use octane_client::{
    Client, ClientError, Counts, Prepared, ReportedProblem, Spool, TargetSpec, UploadId,
    UploadSettings,
};
use octane_model::plural::plural;
use serde_json::json;

use super::delivery::Delivery;
use super::preparation::{check_context, not_prepared};
use crate::args::{Create, OnUnresolved};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::warnings::WarningsJson;
use crate::output::{Output, Text, print_for_people, problem_lines};
use crate::test_failures::Tests;

/// A dry run.
pub(super) struct DryRun<'a> {
    pub(super) client: &'a Client,
    pub(super) spec: TargetSpec,
    pub(super) create: Create,
    pub(super) settings: &'a UploadSettings,
    pub(super) on_unresolved: OnUnresolved,
    pub(super) output: Output,
}

impl DryRun<'_> {
    /// Shows what the upload would do, and returns the exit code that it would end with.
    pub(super) async fn run(self, input: Input, delivery: &Delivery<'_>) -> Result<Exit> {
        let (client, spec, settings) = (self.client, &self.spec, self.settings);
        let WarningsJson {
            warnings,
            warning_counts,
        } = input.warnings.json();
        let prepared = self.prepare(input).await?;
        check_context(client, settings).await?;
        let mut problems = prepared.totals.problems.clone();
        let missing = self.missing(&mut problems).await?;
        if let Some(missing) = &missing {
            problems.push(ReportedProblem::new("missing_target", missing.to_string()));
        }
        let keys = prepared.totals.jira_keys.clone();
        let (mut unknown, mut is_unlinked) = (Vec::new(), false);
        if settings.link && !keys.is_empty() {
            let counts = &prepared.totals.counts;
            (unknown, is_unlinked) = self.look_up(&keys, counts, &mut problems).await?;
        }
        let refused = missing.is_some() && !self.may_create();
        let meant = if refused {
            Exit::Refused
        } else {
            prepared.expected_outcome(is_unlinked).into()
        };
        let tests = Tests::of(prepared.totals.counts.failed, None);
        let of_upload = delivery.apply_exit_policy(meant, tests);
        let exit = delivery.exit_after_command(of_upload);
        let totals = &prepared.totals;
        let results = totals.counts.read - totals.counts.invalid;
        let (batches, bytes) = (totals.batches, totals.bytes);
        let json = json!({
            "schema": "octane.plan/1", "exit_code": exit.code(), "results": results, "batches": batches,
            "bytes": bytes, "suite_run": spec.suite_run(), "jira_keys": keys,
            "is_unlinking_stale": settings.unlink_stale, "problems": problems,
            "warnings": warnings, "warning_counts": warning_counts,
        });
        let human = || {
            let mut line = format!(
                "would send {} in {} ({bytes} bytes) to suite run `{}`",
                plural(results, "result"),
                plural(batches, "batch"),
                spec.suite_run(),
            );
            if settings.link && !keys.is_empty() {
                let keys = plural(keys.len(), "Jira key");
                line.push_str(&format!(" and link runs to the stories of {keys}"));
                if settings.unlink_stale {
                    line.push_str(
                        ", and then remove their links to other stories with a key, which are known once the runs are in Octane",
                    );
                }
            }
            let mut text = Text::lines([line]);
            if let (Some(missing), false) = (&missing, refused) {
                text.push(&format!("note: {missing}; {}", self.what_follows(missing)));
            }
            if !unknown.is_empty() {
                text.push(&format!(
                    "note: Jira keys not found: {}",
                    unknown.join(", ")
                ));
            }
            let others = problems
                .iter()
                .filter(|problem| problem.code != "missing_target");
            text.append(problem_lines(&others.cloned().collect::<Vec<_>>()));
            if meant != Exit::Success && !refused {
                text.push(&format!(
                    "the upload would end with {}: {}",
                    meant.code(),
                    meant.meaning_of(true)
                ));
            }
            text
        };
        self.output.answer(human, &json)?;
        if let (Some(missing), true) = (missing, refused) {
            print_for_people(&missing.into());
        }
        delivery.say_overridden(meant, of_upload);
        delivery.say_reason(of_upload);
        Ok(delivery.write_report(&json).unwrap_or(exit))
    }

    /// Plans the upload as if it were sent, in a temporary file.
    async fn prepare(&self, input: Input) -> Result<Prepared> {
        let (client, spec) = (self.client.clone(), self.spec.clone());
        let settings = self.settings.clone();
        let preparing = tokio::task::spawn_blocking(move || {
            let spool = Spool::off();
            let prepared = client.prepare(input.runs(), &spec, &settings, &spool, UploadId::new());
            let prepared = prepared.map_err(not_prepared)?;
            input.verify_unchanged()?;
            Ok(prepared)
        });
        let prepared = preparing.await;
        prepared.map_err(|error| Failure::new(Exit::Internal, error))?
    }

    /// The module or suite that does not exist. Fails if the upload would fail although it may create them.
    async fn missing(&self, problems: &mut Vec<ReportedProblem>) -> Result<Option<ClientError>> {
        let spec = self.spec.clone().create_missing(false);
        match self.client.resolve_target(&spec).await {
            Ok(target) => {
                problems.extend(target.problems);
                Ok(None)
            }
            Err(ClientError::Missing(missing))
                if self.create == Create::Missing && !spec.may_create(&missing) =>
            {
                Err(ClientError::Similar(missing).into())
            }
            Err(error @ ClientError::Missing(_)) => Ok(Some(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the upload can create what does not exist.
    fn may_create(&self) -> bool {
        match self.create {
            Create::Missing => true,
            Create::Never => false,
            Create::Ask => std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    fn what_follows(&self, error: &ClientError) -> &'static str {
        let are_several = matches!(error, ClientError::Missing(missing) if missing.len() > 1);
        match (self.create, are_several) {
            (Create::Missing, false) => "it would be created",
            (Create::Missing, true) => "they would be created",
            (Create::Ask | Create::Never, false) => "the upload would ask whether to create it",
            (Create::Ask | Create::Never, true) => "the upload would ask whether to create them",
        }
    }

    /// Looks up the stories of Jira keys, as far as that is possible before there are runs; returns the unknown keys, and
    /// whether the upload would end with missing links.
    async fn look_up(
        &self,
        keys: &BTreeSet<String>,
        counts: &Counts,
        problems: &mut Vec<ReportedProblem>,
    ) -> Result<(Vec<String>, bool)> {
        let found = async {
            let links = self.client.links();
            if counts.features > 0 {
                links.feature_field().await?;
            }
            if counts.features == 0
                || counts.read > counts.invalid + counts.repeats + counts.scenarios
            {
                links.field().await?;
            }
            self.client.jira().resolve(keys).await
        };
        match found.await {
            Ok(resolution) => {
                let unresolved = resolution.problems();
                let is_unlinked = self.settings.require_all_jira_keys && !unresolved.is_empty();
                if self.on_unresolved == OnUnresolved::Ignore {
                    return Ok((Vec::new(), is_unlinked));
                }
                problems.extend(unresolved);
                Ok((resolution.missing, is_unlinked))
            }
            Err(error @ ClientError::Rest(_)) => Err(error.into()),
            Err(error) => {
                let message = format!("runs could not be linked: {error}");
                problems.push(ReportedProblem::new("unlinked", message));
                Ok((Vec::new(), true))
            }
        }
    }
}
