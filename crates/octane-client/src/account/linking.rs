//! Linking what is in.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use octane_model::EntityId;

use super::{Account, chain};
use crate::links::{LinkField, LinkLevel, Wish};
use crate::report::{LinksReport, ReportedProblem};
use crate::{ClientError, Event, Resolution};

impl Account<'_> {
    /// Links what is in and carries Jira keys.
    pub(crate) async fn link(&mut self, on_event: &(dyn Fn(&Event) + Send + Sync)) {
        let keys: BTreeSet<&str> = self
            .rows_in
            .iter()
            .flat_map(|row| row.jira.iter().map(String::as_str))
            .collect();
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
        if !keys.is_empty()
            && let Err(error) = self.link_keys(&keys, &mut links, on_event).await
        {
            self.is_unlinked = true;
            let message = format!("runs could not be linked: {}", chain(&error));
            self.problems
                .push(ReportedProblem::new("unlinked", message));
        }
        self.links = Some(links);
    }

    async fn link_keys(
        &mut self,
        keys: &BTreeSet<&str>,
        links: &mut LinksReport,
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<(), ClientError> {
        let field = match self.field.take() {
            Some(field) => field?,
            None => self.client.links().field().await?,
        };
        links.level = Some(field.level);
        let resolution = self.client.jira().resolve(keys).await?;
        on_event(&Event::Resolved {
            keys: keys.len(),
            found: resolution.found.len(),
        });
        self.name_unresolved(&resolution, links);
        let wishes = self.wishes(&field, &resolution);
        let stories: HashSet<_> = resolution.found.values().map(|item| item.id).collect();
        links.stories = stories.len();
        let asked = wishes.len();
        let done = self.client.links().fulfil(&field, wishes).await?;
        on_event(&Event::Linked {
            level: done.level,
            changed: done.changed,
            unchanged: done.unchanged,
        });
        links.linked = asked - done.failed.len();
        links.unchanged = done.unchanged;
        links.failed = done.failed.len();
        self.is_unlinked |= !done.failed.is_empty();
        let failures = done.failed.into_iter().map(|failure| {
            let what = if done.level == LinkLevel::Runs {
                "run"
            } else {
                "test"
            };
            let message = format!(
                "{what} {} could not be linked: {}",
                failure.id, failure.problem
            );
            ReportedProblem::new("unlinked", message)
        });
        self.problems.extend(failures);
        Ok(())
    }

    fn name_unresolved(&mut self, resolution: &Resolution, links: &mut LinksReport) {
        links.unknown.clone_from(&resolution.missing);
        links.ambiguous = resolution.ambiguous.keys().cloned().collect();
        for (key, items) in &resolution.ambiguous {
            let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
            let message = format!(
                "Jira key {key} stands on several backlog items: {}",
                ids.join(", ")
            );
            self.problems
                .push(ReportedProblem::new("ambiguous_key", message));
        }
        for key in &resolution.missing {
            let message = format!("Jira key {key} stands on no backlog item");
            self.problems
                .push(ReportedProblem::new("unknown_key", message));
        }
    }

    /// Which run, or test, shall carry which stories.
    fn wishes(&self, field: &LinkField, resolution: &Resolution) -> Vec<Wish> {
        let Some(ingested) = &self.ingested else {
            return Vec::new();
        };
        let mut wishes: BTreeMap<EntityId, Wish> = BTreeMap::new();
        for row in self.rows_in.iter().filter(|row| !row.jira.is_empty()) {
            let stories: Vec<_> = row
                .jira
                .iter()
                .filter_map(|key| resolution.found.get(key))
                .collect();
            if stories.is_empty() {
                continue;
            }
            for run in ingested.of(row) {
                let owner = match field.level {
                    LinkLevel::Runs => Some(run.id.clone()),
                    LinkLevel::Tests => run.test.map(EntityId::from),
                };
                let Some(owner) = owner else { continue };
                let wish = wishes.entry(owner.clone()).or_insert_with(|| Wish {
                    owner,
                    stories: Vec::new(),
                    has: run.links.clone(),
                });
                for story in &stories {
                    let story = story.to_reference();
                    if !wish.stories.contains(&story) {
                        wish.stories.push(story);
                    }
                }
            }
        }
        wishes.into_values().collect()
    }
}
