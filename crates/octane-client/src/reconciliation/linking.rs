//! Linking what is in.

use std::collections::HashSet;

use octane_model::{EntityId, Reference};

use super::{Links, Reconciliation};
use crate::context::Context;
use crate::error::chain;
use crate::event::Event;
use crate::jira::Resolution;
use crate::journal::{Journal, JournalError, LinkCandidate, LinkedHolder};
use crate::link_field::{LinkField, LinkLevel};
use crate::links::{LinkOutcome, LinkRequest};
use crate::report::{IdAndName, LinkSummary, ReportedProblem};
use crate::stage::{StageError, request};
use crate::verify::Lookup;
use octane_model::plural::plural;

/// How many requests' worth of links are read from the journal at a time, so that memory use does not depend on how
/// many there are.
const REQUESTS: usize = 5;

impl Reconciliation<'_> {
    /// Links what is in and carries Jira keys. After a cancellation it begins nothing; what was linked until then is
    /// found to be linked when the upload is resumed.
    pub(crate) async fn link(&mut self) -> Result<(), JournalError> {
        let Context {
            journal,
            cancellation,
            settings,
            ..
        } = self.context;
        let keys = journal.run(Journal::jira_keys).await?;
        let mut summary = LinkSummary {
            keys: keys.len(),
            key_names: keys.iter().cloned().collect(),
            ..LinkSummary::default()
        };
        let mut problems = Vec::new();
        let mut is_complete = true;
        if !keys.is_empty() {
            let is_unread = matches!(self.lookup, Lookup::Failed(_) | Lookup::NothingIngested);
            if is_unread || cancellation.is_cancelled() {
                self.links = Links::Unfinished;
                return Ok(());
            }
            match self.link_keys(&keys, &mut summary, &mut problems).await {
                Ok(is_unlinked) => is_complete &= is_unlinked,
                Err(StageError::Cancelled) => {
                    self.links = Links::Unfinished;
                    return Ok(());
                }
                Err(StageError::Journal(error)) => return Err(error),
                Err(StageError::Client(error)) => {
                    is_complete = false;
                    let message = format!("runs could not be linked: {}", chain(&error));
                    problems.push(ReportedProblem::new("unlinked", message));
                }
            }
        }
        is_complete &= summary.failed == 0;
        if settings.require_all_jira_keys {
            is_complete &= summary.unknown.is_empty() && summary.ambiguous.is_empty();
        }
        self.links = Links::Done {
            summary,
            is_complete,
        };
        journal
            .run(move |journal| journal.replace_problems("links", &problems))
            .await
    }

    /// Returns whether stale links were removed, if that was asked for.
    async fn link_keys(
        &self,
        keys: &[String],
        summary: &mut LinkSummary,
        problems: &mut Vec<ReportedProblem>,
    ) -> Result<bool, StageError> {
        let Context {
            client,
            journal,
            cancellation,
            common_links,
            on_event,
            ..
        } = self.context;
        let mut fields = Vec::new();
        for kind in journal.run(Journal::run_kinds).await? {
            fields.push(request(cancellation, client.links().field_of(kind)).await?);
        }
        let resolution = match common_links {
            Some(common) => request(cancellation, common.resolve(client, keys)).await?,
            None => request(cancellation, client.jira().resolve(keys)).await?,
        };
        on_event(&Event::Resolved {
            keys: keys.len(),
            found: resolution.found.len(),
        });
        name_unresolved(&resolution, summary, problems);
        let matched = resolution.found.iter().map(|(key, item)| {
            let (id, name) = (item.id, item.name.clone());
            (key.clone(), IdAndName { id, name })
        });
        summary.matched = matched.collect();
        summary.count_stories();
        let mut changed = 0;
        for field in &fields {
            changed += self
                .link_kind(field, &resolution, summary, problems)
                .await?;
        }
        // If there are both, the level of tests is reported.
        let levels = fields.iter().map(|field| field.level);
        if let Some(level) = levels.max_by_key(|level| *level == LinkLevel::Tests) {
            summary.level = Some(level);
            on_event(&Event::Linked {
                level,
                changed,
                unchanged: summary.unchanged,
            });
        }
        self.unlink_stale(&fields, &resolution, summary, problems)
            .await
    }

    /// Links the runs of a kind, or their tests. Returns how many were changed.
    async fn link_kind(
        &self,
        field: &LinkField,
        resolution: &Resolution,
        summary: &mut LinkSummary,
        problems: &mut Vec<ReportedProblem>,
    ) -> Result<usize, StageError> {
        let Context {
            client,
            journal,
            cancellation,
            common_links,
            on_event,
            ..
        } = self.context;
        let (kind, level) = (field.kind, field.level);
        let unlinkable = journal
            .run(move |journal| journal.count_unlinkable(kind, level))
            .await?;
        if unlinkable > 0 {
            summary.failed += unlinkable;
            let message = format!(
                "{} with Jira keys could not be linked: their {} are not visible to this API key",
                plural(unlinkable, "result"),
                match level {
                    LinkLevel::Runs => "runs",
                    LinkLevel::Tests => "tests",
                }
            );
            problems.push(ReportedProblem::new("unlinked", message));
        }
        journal
            .run(move |journal| journal.collect_links(kind, level))
            .await?;
        let total = journal.run(Journal::count_link_candidates).await?;
        let count = REQUESTS * client.endpoint.settings().bulk_entities_max;
        let mut after = None;
        let (mut changed, mut done_count) = (0, 0);
        loop {
            let previous = after.clone();
            let some = journal
                .run(move |journal| journal.link_candidates(previous.as_ref(), count))
                .await?;
            let Some(last) = some.last() else { break };
            after = Some(last.holder.clone());
            done_count += some.len();
            let requests: Vec<LinkRequest> = some
                .into_iter()
                .filter_map(|candidate| link_request(candidate, resolution))
                .collect();
            let requested: Vec<EntityId> = requests
                .iter()
                .map(|request| request.holder.clone())
                .collect();
            let links = client.links();
            let done = request(cancellation, links.apply(field, requests)).await?;
            changed += done.changed;
            summary.linked += requested.len() - done.failed.len();
            summary.unchanged += done.unchanged;
            summary.failed += done.failed.len();
            if let Some(common) = common_links {
                let linked = linked_holders(requested, &done);
                common.add(journal, field.collection(), linked).await?;
            }
            problems.extend(done.failed.into_iter().map(|failure| {
                let what = match done.level {
                    LinkLevel::Runs => "run",
                    LinkLevel::Tests => "test",
                };
                let (id, problem) = (failure.id, failure.problem);
                let message = format!("{what} {id} could not be linked: {problem}");
                ReportedProblem::new("unlinked", message)
            }));
            on_event(&Event::Linking {
                done: done_count,
                total,
            });
        }
        Ok(changed)
    }
}

/// What became of each run, or test, that was to be linked.
fn linked_holders(requested: Vec<EntityId>, done: &LinkOutcome) -> Vec<LinkedHolder> {
    let changed: HashSet<&EntityId> = done.changed_ids.iter().collect();
    let failed: HashSet<&EntityId> = done.failed.iter().map(|failure| &failure.id).collect();
    let holders = requested.into_iter().map(|id| LinkedHolder {
        is_changed: changed.contains(&id),
        has_failed: failed.contains(&id),
        id,
    });
    holders.collect()
}

fn name_unresolved(
    resolution: &Resolution,
    summary: &mut LinkSummary,
    problems: &mut Vec<ReportedProblem>,
) {
    summary.unknown.clone_from(&resolution.missing);
    summary.ambiguous = resolution.ambiguous.keys().cloned().collect();
    problems.extend(resolution.problems());
}

/// The links that a run, or a test, should have; nothing if no key of it matches a story.
fn link_request(candidate: LinkCandidate, resolution: &Resolution) -> Option<LinkRequest> {
    let mut stories: Vec<Reference> = Vec::new();
    let mut known = HashSet::new();
    for item in candidate
        .jira
        .iter()
        .filter_map(|key| resolution.found.get(key.trim()))
    {
        if known.insert(item.id) {
            stories.push(item.to_reference());
        }
    }
    (!stories.is_empty()).then_some(LinkRequest {
        holder: candidate.holder,
        stories,
        existing: candidate.links,
    })
}
