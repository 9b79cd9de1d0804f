//! Linking what is in.

use std::collections::HashSet;

use octane_model::Reference;

use super::Account;
use crate::error::chain;
use crate::journal::Linkable;
use crate::links::{LinkLevel, Wish};
use crate::report::{LinksReport, ReportedProblem};
use crate::trouble::Trouble;
use crate::{Event, JournalError, Resolution, Stop};

/// How many requests' worth of links are taken from the journal at a time, so that many need no more memory
/// than few.
const REQUESTS: usize = 5;

impl Account<'_> {
    /// Links what is in and carries Jira keys. Once asked to stop, it begins nothing; what was linked by then is
    /// found to be so when the upload is resumed.
    pub(crate) async fn link(
        &mut self,
        stop: &Stop,
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<(), JournalError> {
        let keys = self.journal.jira_keys()?;
        let mut links = LinksReport {
            level: None,
            keys: keys.len(),
            stories: 0,
            linked: 0,
            unchanged: 0,
            failed: 0,
            unknown: Vec::new(),
            ambiguous: Vec::new(),
        };
        let mut problems = Vec::new();
        if !keys.is_empty() {
            if self.is_unread || self.is_unseen || stop.is_asked() {
                self.is_cut = true;
                return Ok(());
            }
            let linking = self.link_keys(&keys, &mut links, &mut problems, on_event);
            match stop.within_grace(linking).await {
                Some(Ok(())) => {}
                None => {
                    self.is_cut = true;
                    return Ok(());
                }
                Some(Err(Trouble::Journal(error))) => return Err(error),
                Some(Err(Trouble::Client(error))) => {
                    self.is_unlinked = true;
                    let message = format!("runs could not be linked: {}", chain(&error));
                    problems.push(ReportedProblem::new("unlinked", message));
                }
            }
        }
        self.is_unlinked |= links.failed > 0;
        self.links = Some(links);
        self.journal.note_problems("links", &problems)
    }

    /// A key that stands on no story, or on several, is a link that is missing.
    pub(crate) fn require_every_key(&mut self) {
        let links = self.links.as_ref();
        self.is_unlinked |=
            links.is_some_and(|links| !(links.unknown.is_empty() && links.ambiguous.is_empty()));
    }

    async fn link_keys(
        &self,
        keys: &[String],
        links: &mut LinksReport,
        problems: &mut Vec<ReportedProblem>,
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<(), Trouble> {
        let field = match &self.field {
            Some(field) => field.clone(),
            None => self.client.links().field().await?,
        };
        links.level = Some(field.level);
        let resolution = self.client.jira().resolve(keys).await?;
        on_event(&Event::Resolved {
            keys: keys.len(),
            found: resolution.found.len(),
        });
        name_unresolved(&resolution, links, problems);
        let stories: HashSet<_> = resolution.found.values().map(|item| item.id).collect();
        links.stories = stories.len();
        let unlinkable = self.journal.unlinkable(field.level)?;
        if unlinkable > 0 {
            links.failed += unlinkable;
            let message = format!(
                "{unlinkable} results carry Jira keys and could not be linked: nobody may see their {}",
                match field.level {
                    LinkLevel::Runs => "runs",
                    LinkLevel::Tests => "tests",
                }
            );
            problems.push(ReportedProblem::new("unlinked", message));
        }
        self.journal.gather_linkable(field.level)?;
        let count = REQUESTS * self.client.endpoint.settings().bulk_entities_max;
        let mut after = None;
        let mut changed = 0;
        loop {
            let some = self.journal.linkable(after.as_ref(), count)?;
            let Some(last) = some.last() else { break };
            after = Some(last.owner.clone());
            let wishes: Vec<Wish> = some
                .into_iter()
                .filter_map(|linkable| wish(linkable, &resolution))
                .collect();
            let asked = wishes.len();
            let done = self.client.links().fulfil(&field, wishes).await?;
            changed += done.changed;
            links.linked += asked - done.failed.len();
            links.unchanged += done.unchanged;
            links.failed += done.failed.len();
            problems.extend(done.failed.into_iter().map(|failure| {
                let what = match done.level {
                    LinkLevel::Runs => "run",
                    LinkLevel::Tests => "test",
                };
                let (id, problem) = (failure.id, failure.problem);
                let message = format!("{what} {id} could not be linked: {problem}");
                ReportedProblem::new("unlinked", message)
            }));
        }
        on_event(&Event::Linked {
            level: field.level,
            changed,
            unchanged: links.unchanged,
        });
        Ok(())
    }
}

fn name_unresolved(
    resolution: &Resolution,
    links: &mut LinksReport,
    problems: &mut Vec<ReportedProblem>,
) {
    links.unknown.clone_from(&resolution.missing);
    links.ambiguous = resolution.ambiguous.keys().cloned().collect();
    for (key, items) in &resolution.ambiguous {
        let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
        let message = format!(
            "Jira key {key} stands on several backlog items: {}",
            ids.join(", ")
        );
        problems.push(ReportedProblem::new("ambiguous_key", message));
    }
    for key in &resolution.missing {
        let message = format!("Jira key {key} stands on no backlog item");
        problems.push(ReportedProblem::new("unknown_key", message));
    }
}

/// What a run, or a test, shall carry; nothing if no key of it has a story.
fn wish(linkable: Linkable, resolution: &Resolution) -> Option<Wish> {
    let mut stories: Vec<Reference> = Vec::new();
    for item in linkable
        .jira
        .iter()
        .filter_map(|key| resolution.found.get(key.trim()))
    {
        let story = item.to_reference();
        if !stories.contains(&story) {
            stories.push(story);
        }
    }
    (!stories.is_empty()).then_some(Wish {
        owner: linkable.owner,
        stories,
        has: linkable.links,
    })
}
