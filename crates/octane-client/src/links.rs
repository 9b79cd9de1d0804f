//! Links between automated runs, or those of features, and the stories they cover.
//!
//! Whether an automated run can be linked to a backlog item differs between servers, so metadata decides:
//! if `run_automated` has an editable `covered_content`, runs are linked; if not, their tests are, which
//! every known server allows. Linking adds and never removes (`reference_update_mode=append`); unlinking
//! removes exactly one story and writes the others back. Both are bulk requests and idempotent.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::TryStreamExt;
use octane_model::{
    Entity, EntityId, FieldMetadata, Problem, Reference, ReferenceUpdate, References, RunId,
    Select, WorkItem, WorkItemId, error_code,
};

use crate::client::Client;
use crate::error::ClientError;
use crate::in_list::list_in;
use crate::link_field::{LinkField, LinkLevel};
use crate::named_entity;
use crate::run_kind::RunKind;

/// The field that links runs or tests to backlog items, as the vendor's own metadata names it.
const COVERED_CONTENT: &str = "covered_content";

/// Links between automated runs and backlog items.
pub struct Links<'a> {
    pub(crate) client: &'a Client,
}

/// What linking or unlinking changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct LinkOutcome {
    /// Whether runs were linked, or their tests.
    pub level: LinkLevel,
    /// How many runs (or tests) were changed.
    pub changed: usize,
    /// How many needed no change.
    pub unchanged: usize,
    /// The runs (or tests) that could not be changed.
    pub failed: Vec<LinkFailure>,
    /// Those that were changed.
    pub(crate) changed_ids: Vec<EntityId>,
}

/// A run or test whose links could not be changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinkFailure {
    /// The run or test.
    pub id: EntityId,
    /// What the server said.
    pub problem: Problem,
}

/// A request to link one run or test to stories.
#[derive(Debug, Clone)]
pub(crate) struct LinkRequest {
    /// The run or test.
    pub(crate) holder: EntityId,
    /// The stories to add.
    pub(crate) stories: Vec<Reference>,
    /// The stories it is linked to, if that is already known.
    pub(crate) existing: Option<References>,
}

/// What is written to change links.
#[derive(Debug)]
pub(crate) struct LinkChanges {
    field: LinkField,
    mode: ReferenceUpdate,
    pub(crate) changes: Vec<Entity>,
    /// How many need no change.
    unchanged: usize,
    /// What cannot be changed.
    pub(crate) failed: Vec<LinkFailure>,
}

impl LinkChanges {
    pub(crate) fn none(field: &LinkField, mode: ReferenceUpdate) -> Self {
        Self {
            field: field.clone(),
            mode,
            changes: Vec::new(),
            unchanged: 0,
            failed: Vec::new(),
        }
    }

    /// How it ends if everything is written.
    fn outcome(&self) -> LinkOutcome {
        LinkOutcome {
            level: self.field.level,
            changed: self.changes.len(),
            unchanged: self.unchanged,
            failed: self.failed.clone(),
            changed_ids: self
                .changes
                .iter()
                .filter_map(|change| change.id.clone())
                .collect(),
        }
    }
}

impl Client {
    /// Links between runs and stories.
    pub fn links(&self) -> Links<'_> {
        Links { client: self }
    }
}

impl Links<'_> {
    /// The field that holds the links in this workspace; its metadata is read once.
    pub async fn field(&self) -> Result<LinkField, ClientError> {
        self.field_of(RunKind::Test).await
    }

    /// The field that holds the links of runs of features, or of their Gherkin tests; its metadata is read once.
    pub async fn feature_field(&self) -> Result<LinkField, ClientError> {
        self.field_of(RunKind::Feature).await
    }

    pub(crate) async fn field_of(&self, kind: RunKind) -> Result<LinkField, ClientError> {
        let known = match kind {
            RunKind::Test => &self.client.link_field,
            RunKind::Feature => &self.client.feature_link_field,
        };
        let field = known.get_or_try_init(async || {
            let name = self
                .client
                .settings
                .link_field
                .as_deref()
                .unwrap_or(COVERED_CONTENT);
            for level in LinkLevel::ALL {
                let fields = self
                    .client
                    .endpoint
                    .field_metadata(level.entity_type(kind))
                    .await?;
                let is_usable = |field: &FieldMetadata| field.name == name && field.editable;
                if fields.iter().any(is_usable) {
                    let name = name.to_owned();
                    return Ok(LinkField { level, name, kind });
                }
            }
            Err(ClientError::NoLinkField(name.to_owned()))
        });
        field.await.cloned()
    }

    /// Links `runs` (or their tests) to `story`; existing links are kept. Runs of features are found by their IDs, too.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [TestRun::new("pays", Status::Passed)];
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?.into_result()?;
    /// let runs = octane.runs().of(report.target.suite_run_id().unwrap()).all().await?;
    /// let runs: Vec<_> = runs.iter().map(|run| run.id).collect();
    /// let story = octane.jira().resolve(["SHOP-101"]).await?.found["SHOP-101"].id;
    /// assert_eq!(octane.links().link(story, &runs).await?.changed, 1);
    /// assert_eq!(octane.links().link(story, &runs).await?.unchanged, 1);
    /// # Ok(()) }) }
    /// ```
    pub async fn link(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<LinkOutcome, ClientError> {
        self.write_all(self.planned_links(story, runs).await?).await
    }

    /// What [`link`](Self::link) would change now: `changed` counts what would be changed. Nothing is written.
    pub async fn would_link(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<LinkOutcome, ClientError> {
        let planned = self.planned_links(story, runs).await?;
        Ok(joined(planned.iter().map(LinkChanges::outcome)))
    }

    /// Removes the link to `story`, and no other, from `runs` (or their tests).
    ///
    /// Octane has no request that removes a single reference: the others are read and written back, so a
    /// link that another client adds in between is lost.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [TestRun::new("pays", Status::Passed)];
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?.into_result()?;
    /// let runs = octane.runs().of(report.target.suite_run_id().unwrap()).all().await?;
    /// let runs: Vec<_> = runs.iter().map(|run| run.id).collect();
    /// let story = octane.jira().resolve(["SHOP-101"]).await?.found["SHOP-101"].id;
    /// octane.links().link(story, &runs).await?;
    /// assert_eq!(octane.links().unlink(story, &runs).await?.changed, 1);
    /// assert_eq!(octane.links().unlink(story, &runs).await?.changed, 0);
    /// # Ok(()) }) }
    /// ```
    pub async fn unlink(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<LinkOutcome, ClientError> {
        self.write_all(self.planned_unlinks(story, runs).await?)
            .await
    }

    /// What [`unlink`](Self::unlink) would change now: `changed` counts what would be changed. Nothing is written.
    pub async fn would_unlink(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<LinkOutcome, ClientError> {
        let planned = self.planned_unlinks(story, runs).await?;
        Ok(joined(planned.iter().map(LinkChanges::outcome)))
    }

    async fn planned_links(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<Vec<LinkChanges>, ClientError> {
        let story: WorkItem = named_entity::get(self.client, story).await?;
        let story = story.to_reference();
        let planned = self.holders_of(runs).await?.into_iter().map(|found| {
            let holders = found.holders.into_iter();
            let requests = holders.map(|(holder, existing)| LinkRequest {
                holder,
                stories: vec![story.clone()],
                existing: Some(existing),
            });
            LinkChanges {
                failed: [found.missing, found.unlinkable].concat(),
                ..missing_links(&found.field, requests)
            }
        });
        Ok(planned.collect())
    }

    async fn planned_unlinks(
        &self,
        story: WorkItemId,
        runs: &[RunId],
    ) -> Result<Vec<LinkChanges>, ClientError> {
        let story = EntityId::from(story);
        let planned = self.holders_of(runs).await?.into_iter().map(|found| {
            let field = &found.field;
            let mut planned = LinkChanges::none(field, ReferenceUpdate::Replace);
            for (holder, existing) in found.holders {
                if existing.contains(&story) {
                    let others = existing.data.iter();
                    let rest = others.filter(|reference| reference.id != story);
                    let change = Entity::with_id(holder).set_references(&field.name, rest);
                    planned.changes.push(change);
                } else {
                    planned.unchanged += 1;
                }
            }
            LinkChanges {
                failed: [found.missing, found.unlinkable].concat(),
                ..planned
            }
        });
        Ok(planned.collect())
    }

    /// What holds the links of runs: of automated ones, and, if some are not among these, of those of features.
    pub(crate) async fn holders_of(&self, runs: &[RunId]) -> Result<Vec<Holders>, ClientError> {
        let runs: BTreeSet<EntityId> = runs.iter().map(|run| EntityId::from(*run)).collect();
        let mut tests = self.link_holders(self.field().await?, &runs).await?;
        if tests.missing.is_empty() {
            return Ok(vec![tests]);
        }
        let missing = tests.missing.iter().map(|failure| failure.id.clone());
        let rest = missing.collect();
        let of_features = async {
            let field = self.feature_field().await?;
            self.link_holders(field, &rest).await
        };
        match of_features.await {
            Ok(features) if features.missing.len() < rest.len() => {
                tests.missing.clear();
                Ok(vec![tests, features])
            }
            Ok(_) | Err(ClientError::NoLinkField(_)) => Ok(vec![tests]),
            // A server without features has no such collection.
            Err(ClientError::Rest(error)) if error.is_not_found() && !error.is_retryable() => {
                Ok(vec![tests])
            }
            Err(error) => Err(error),
        }
    }

    /// Adds the links that are missing; existing links that are not known yet are read first.
    pub(crate) async fn apply(
        &self,
        field: &LinkField,
        requests: Vec<LinkRequest>,
    ) -> Result<LinkOutcome, ClientError> {
        let unknown = requests
            .iter()
            .filter(|request| request.existing.is_none())
            .map(|request| request.holder.clone())
            .collect();
        let read = self.read_links(field, unknown).await?;
        let requests = requests.into_iter().map(|request| {
            let existing = request
                .existing
                .or_else(|| read.get(&request.holder).cloned());
            LinkRequest {
                existing,
                ..request
            }
        });
        self.write(missing_links(field, requests)).await
    }

    /// What holds the links of `runs` of a kind (the runs or their tests) with its existing links, and the runs that do
    /// not exist or whose tests cannot be read.
    pub(crate) async fn link_holders(
        &self,
        field: LinkField,
        runs: &BTreeSet<EntityId>,
    ) -> Result<Holders, ClientError> {
        let select = match field.level {
            LinkLevel::Runs => Select::default().with(&field.name),
            LinkLevel::Tests => Select::names(["test"]),
        };
        let collection = field.kind.collection();
        let found = self.by_ids(collection, runs, &select).await?;
        let missing = runs.iter().filter(|run| !found.contains_key(*run));
        let missing =
            missing.map(|run| LinkFailure::not_found(run, "no automated run with this ID"));
        let missing = missing.collect();
        let mut of_runs: Vec<(EntityId, EntityId)> = found
            .iter()
            .filter_map(|(id, run)| {
                let holder = match field.level {
                    LinkLevel::Runs => id.clone(),
                    LinkLevel::Tests => run.reference("test")?.id,
                };
                Some((id.clone(), holder))
            })
            .collect();
        let mut unlinkable: BTreeSet<EntityId> = found.keys().cloned().collect();
        let holders = match field.level {
            LinkLevel::Runs => found
                .into_iter()
                .map(|(id, run)| (id, run.references(&field.name)))
                .collect(),
            LinkLevel::Tests => {
                let tests = of_runs.iter().map(|(_, test)| test.clone());
                self.read_links(&field, tests.collect()).await?
            }
        };
        of_runs.retain(|(_, holder)| holders.contains_key(holder));
        for (run, _) in &of_runs {
            unlinkable.remove(run);
        }
        let unlinkable = unlinkable.iter();
        let unlinkable = unlinkable
            .map(|run| LinkFailure::not_found(run, "the test of this run cannot be read"));
        Ok(Holders {
            field,
            of_runs,
            unlinkable: unlinkable.collect(),
            holders,
            missing,
        })
    }

    /// The existing links of `holders`.
    async fn read_links(
        &self,
        field: &LinkField,
        holders: BTreeSet<EntityId>,
    ) -> Result<BTreeMap<EntityId, References>, ClientError> {
        let select = Select::default().with(&field.name);
        let found = self.by_ids(field.collection(), &holders, &select).await?;
        Ok(found
            .into_iter()
            .map(|(id, holder)| (id, holder.references(&field.name)))
            .collect())
    }

    async fn by_ids(
        &self,
        collection: &str,
        ids: &BTreeSet<EntityId>,
        select: &Select,
    ) -> Result<BTreeMap<EntityId, Entity>, ClientError> {
        let ids: Vec<EntityId> = ids.iter().cloned().collect();
        let list = self.client.endpoint.collection(collection).list();
        let mut lists = list_in(list.select(select.clone()), "id", &ids);
        let mut found = BTreeMap::new();
        while let Some(entities) = lists.try_next().await? {
            let entities = entities.into_iter();
            found.extend(entities.filter_map(|entity| Some((entity.id.clone()?, entity))));
        }
        Ok(found)
    }

    async fn write_all(&self, planned: Vec<LinkChanges>) -> Result<LinkOutcome, ClientError> {
        let mut outcomes = Vec::new();
        for planned in planned {
            outcomes.push(self.write(planned).await?);
        }
        Ok(joined(outcomes))
    }

    pub(crate) async fn write(&self, planned: LinkChanges) -> Result<LinkOutcome, ClientError> {
        let mut outcome = planned.outcome();
        let changes = &planned.changes;
        if changes.is_empty() {
            return Ok(outcome);
        }
        let collection = self.client.endpoint.collection(planned.field.collection());
        let bulk = collection.update_many(changes, planned.mode).await?;
        outcome.changed -= bulk.failed.len();
        let failed = bulk.failed.into_iter().filter_map(|(position, problem)| {
            let id = changes.get(position)?.id.clone()?;
            Some(LinkFailure { id, problem })
        });
        outcome.failed = failed.chain(outcome.failed).collect();
        let failed: HashSet<&EntityId> = outcome.failed.iter().map(|failure| &failure.id).collect();
        outcome.changed_ids.retain(|id| !failed.contains(id));
        Ok(outcome)
    }
}

/// What holds the links of runs of a kind.
pub(crate) struct Holders {
    field: LinkField,
    /// Each run whose links are known, with what holds them: itself, or its test.
    pub(crate) of_runs: Vec<(EntityId, EntityId)>,
    /// The runs, or their tests, with their existing links.
    pub(crate) holders: BTreeMap<EntityId, References>,
    /// The runs that do not exist.
    missing: Vec<LinkFailure>,
    /// The runs that exist, and whose tests cannot be read.
    pub(crate) unlinkable: Vec<LinkFailure>,
}

impl LinkFailure {
    fn not_found(id: &EntityId, description: &str) -> Self {
        Self {
            id: id.clone(),
            problem: Problem::new(error_code::ENTITY_NOT_FOUND, description),
        }
    }
}

/// One outcome of several; if there are both levels, that of tests.
fn joined(outcomes: impl IntoIterator<Item = LinkOutcome>) -> LinkOutcome {
    let none = LinkOutcome {
        level: LinkLevel::Runs,
        changed: 0,
        unchanged: 0,
        failed: Vec::new(),
        changed_ids: Vec::new(),
    };
    outcomes.into_iter().fold(none, |all, one| LinkOutcome {
        level: match one.level {
            LinkLevel::Tests => LinkLevel::Tests,
            LinkLevel::Runs => all.level,
        },
        changed: all.changed + one.changed,
        unchanged: all.unchanged + one.unchanged,
        failed: [all.failed, one.failed].concat(),
        changed_ids: [all.changed_ids, one.changed_ids].concat(),
    })
}

/// The requests that add the links that are missing.
fn missing_links(
    field: &LinkField,
    requests: impl IntoIterator<Item = LinkRequest>,
) -> LinkChanges {
    let mut planned = LinkChanges::none(field, ReferenceUpdate::Append);
    for LinkRequest {
        holder,
        stories,
        existing,
    } in requests
    {
        let known: HashSet<&EntityId> = existing
            .iter()
            .flat_map(|existing| existing.data.iter().map(|story| &story.id))
            .collect();
        let is_missing = |story: &&Reference| !known.contains(&story.id);
        let missing: Vec<&Reference> = stories.iter().filter(is_missing).collect();
        if missing.is_empty() {
            planned.unchanged += 1;
        } else {
            let change = Entity::with_id(holder).set_references(&field.name, missing);
            planned.changes.push(change);
        }
    }
    planned
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fake_octane::{Answer, FakeOctane, page, problem};

    /// Where tests are linked: the first run has no readable test, the test of the second one is not listed, and the third is missing.
    fn server() -> FakeOctane {
        FakeOctane::new(|request| match request.path.as_str() {
            "metadata/fields" => {
                let is_of_tests = request.query.contains("test_automated");
                let field = json!({
                    "entity_name": "test_automated", "name": COVERED_CONTENT, "field_type": "reference", "editable": true,
                });
                let fields: &[Value] = if is_of_tests { &[field] } else { &[] };
                page(fields, fields.len())
            }
            "automated_runs" => {
                let runs = [
                    json!({ "id": "1", "type": "run_automated", "test": null }),
                    json!({ "id": "2", "type": "run_automated", "test": { "id": "77", "type": "test_automated" } }),
                ];
                page(&runs, 2)
            }
            "work_items/3001" => Answer::Json(
                200,
                json!({
                    "id": "3001", "type": "work_item", "subtype": "story", "name": "Pay",
                }),
            ),
            path if path.starts_with("metadata") => Answer::Json(404, problem()),
            _ => page(&[], 0),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn runs_whose_tests_cannot_be_read_are_failures() {
        let (client, story) = (server().client(1), WorkItemId::new(3001));
        let runs = [1, 2, 3].map(RunId::new);
        for outcome in [
            client.links().link(story, &runs).await.unwrap(),
            client.links().unlink(story, &runs).await.unwrap(),
            client.links().would_link(story, &runs).await.unwrap(),
        ] {
            let failed = outcome.failed.iter().map(|failure| failure.id.as_str());
            assert_eq!(failed.collect::<Vec<_>>(), ["3", "1", "2"]);
            assert_eq!((outcome.changed, outcome.unchanged), (0, 0));
            let cause = &outcome.failed[2].problem.description;
            assert_eq!(cause, "the test of this run cannot be read");
        }
    }
}
