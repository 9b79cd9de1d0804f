//! Links between automated runs and the stories they prove.
//!
//! Whether an automated run can be tied to a backlog item differs between servers, so metadata is
//! asked: if `run_automated` has an editable `covered_content`, runs are linked; if not, their tests
//! are, which every known server allows. Linking adds and never removes (`reference_update_mode=append`);
//! unlinking removes exactly one story and writes the others back. Both are bulk requests, and doing
//! either twice changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use octane_model::{
    AutomatedRun, AutomatedTest, Entity, EntityId, Problem, Query, Reference, ReferenceUpdate,
    References, Resource, RunId, Select, WorkItem, WorkItemId,
};

use crate::{Client, ClientError};

/// How many ids one query asks for; the vendor's clients keep lists below a hundred too.
const IDS_MAX: usize = 100;

/// The field that ties runs or tests to backlog items, as the vendor's own metadata names it.
const COVERED_CONTENT: &str = "covered_content";

/// Links between automated runs and backlog items.
pub struct Links<'a> {
    pub(crate) client: &'a Client,
}

/// What carries the links in this workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkField {
    /// Whether runs are linked, or their tests.
    pub level: LinkLevel,
    /// The multi-reference field.
    pub name: String,
}

/// What is linked to a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkLevel {
    /// The automated runs themselves.
    Runs,
    /// The tests that the runs are results of.
    Tests,
}

/// What linking or unlinking did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinkReport {
    /// Whether runs were linked, or their tests.
    pub level: LinkLevel,
    /// How many runs (or tests) were changed.
    pub changed: usize,
    /// How many were as wanted before.
    pub unchanged: usize,
    /// What could not be done.
    pub failed: Vec<LinkFailure>,
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

/// Stories that one run or test shall carry.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The run or test.
    pub(crate) owner: EntityId,
    /// The stories to add.
    pub(crate) stories: Vec<Reference>,
    /// The stories that it has, where that is known already.
    pub(crate) has: Option<References>,
}

impl LinkLevel {
    fn collection(self) -> &'static str {
        match self {
            Self::Runs => AutomatedRun::COLLECTION,
            Self::Tests => AutomatedTest::COLLECTION,
        }
    }
}

impl Links<'_> {
    /// What carries the links in this workspace; asked of its metadata once.
    pub async fn field(&self) -> Result<LinkField, ClientError> {
        let field = self.client.link_field.get_or_try_init(async || {
            let name = self
                .client
                .settings
                .link_field
                .as_deref()
                .unwrap_or(COVERED_CONTENT);
            for (level, kind) in [
                (LinkLevel::Runs, AutomatedRun::TYPE),
                (LinkLevel::Tests, AutomatedTest::TYPE),
            ] {
                let fields = self.client.endpoint.fields_of(kind).await?;
                if fields
                    .iter()
                    .any(|field| field.name == name && field.editable)
                {
                    return Ok(LinkField {
                        level,
                        name: name.to_owned(),
                    });
                }
            }
            Err(ClientError::NoLinkField(name.to_owned()))
        });
        field.await.cloned()
    }

    /// Links `runs` (or their tests) to `story`; what is linked already stays as it is.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [TestRun::new("pays", Status::Passed)];
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?;
    /// let runs = octane.runs().of(report.target.suite_run.id.unwrap()).all().await?;
    /// let runs: Vec<_> = runs.iter().map(|run| run.id).collect();
    /// let story = octane.jira().resolve(["SHOP-101"]).await?.found["SHOP-101"].id;
    /// assert_eq!(octane.links().link(story, &runs).await?.changed, 1);
    /// assert_eq!(octane.links().link(story, &runs).await?.unchanged, 1);
    /// # Ok(()) }) }
    /// ```
    pub async fn link(&self, story: WorkItemId, runs: &[RunId]) -> Result<LinkReport, ClientError> {
        let story = self.work_item(story).await?.to_reference();
        let field = self.field().await?;
        let (owners, failed) = self.owners(&field, runs).await?;
        let wishes = owners
            .into_iter()
            .map(|(owner, has)| Wish {
                owner,
                stories: vec![story.clone()],
                has: Some(has),
            })
            .collect();
        let mut report = self.fulfil(&field, wishes).await?;
        report.failed.extend(failed);
        Ok(report)
    }

    /// Takes the link to `story`, and no other, from `runs` (or their tests).
    ///
    /// Octane has no request that removes one pointer: the others are read and written back, so a link
    /// that somebody adds in that moment is lost.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::Target;
    /// use octane_results::{Status, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [TestRun::new("pays", Status::Passed)];
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?;
    /// let runs = octane.runs().of(report.target.suite_run.id.unwrap()).all().await?;
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
    ) -> Result<LinkReport, ClientError> {
        let story = EntityId::from(story);
        let field = self.field().await?;
        let (owners, failed) = self.owners(&field, runs).await?;
        let mut changes = Vec::new();
        let mut unchanged = 0;
        for (owner, has) in owners {
            if has.contains(&story) {
                let rest = has.data.iter().filter(|reference| reference.id != story);
                changes.push(Entity::with_id(owner).set_references(&field.name, rest));
            } else {
                unchanged += 1;
            }
        }
        let mut report = self
            .write(&field, &changes, ReferenceUpdate::Replace)
            .await?;
        report.unchanged = unchanged;
        report.failed.extend(failed);
        Ok(report)
    }

    /// Adds what is missing of `wishes`; whose links are not known yet is asked first.
    pub(crate) async fn fulfil(
        &self,
        field: &LinkField,
        wishes: Vec<Wish>,
    ) -> Result<LinkReport, ClientError> {
        let unknown = wishes
            .iter()
            .filter(|wish| wish.has.is_none())
            .map(|wish| wish.owner.clone())
            .collect();
        let known = self.current(field, unknown).await?;
        let mut changes = Vec::new();
        let mut unchanged = 0;
        for Wish {
            owner,
            stories,
            has,
        } in &wishes
        {
            let has = has.as_ref().or_else(|| known.get(owner));
            let missing = stories
                .iter()
                .filter(|story| has.is_none_or(|has| !has.contains(&story.id)));
            let missing: Vec<&Reference> = missing.collect();
            if missing.is_empty() {
                unchanged += 1;
            } else {
                changes.push(Entity::with_id(owner.clone()).set_references(&field.name, missing));
            }
        }
        let mut report = self.write(field, &changes, ReferenceUpdate::Append).await?;
        report.unchanged = unchanged;
        Ok(report)
    }

    async fn work_item(&self, id: WorkItemId) -> Result<WorkItem, ClientError> {
        let found = self.client.endpoint.entities::<WorkItem>().get(id).await;
        found.map_err(ClientError::looking_for("backlog item", id))
    }

    /// What carries the links of `runs`, with the links that it has; and the runs that do not exist.
    async fn owners(
        &self,
        field: &LinkField,
        runs: &[RunId],
    ) -> Result<(BTreeMap<EntityId, References>, Vec<LinkFailure>), ClientError> {
        let runs: BTreeSet<EntityId> = runs.iter().map(|run| EntityId::from(*run)).collect();
        let select = match field.level {
            LinkLevel::Runs => Select::default().with(&field.name),
            LinkLevel::Tests => Select::names(["test"]),
        };
        let found = self
            .by_ids(AutomatedRun::COLLECTION, &runs, &select)
            .await?;
        let missing = runs
            .iter()
            .filter(|run| !found.contains_key(*run))
            .map(|run| LinkFailure {
                id: run.clone(),
                problem: Problem::new(
                    octane_model::code::ENTITY_NOT_FOUND,
                    "there is no automated run with this id",
                ),
            });
        let missing = missing.collect();
        let owners = match field.level {
            LinkLevel::Runs => found
                .into_iter()
                .map(|(id, run)| (id, run.references(&field.name)))
                .collect(),
            LinkLevel::Tests => {
                let tests = found
                    .values()
                    .filter_map(|run| run.reference("test"))
                    .map(|test| test.id);
                self.current(field, tests.collect()).await?
            }
        };
        Ok((owners, missing))
    }

    /// The links that `owners` have.
    async fn current(
        &self,
        field: &LinkField,
        owners: BTreeSet<EntityId>,
    ) -> Result<BTreeMap<EntityId, References>, ClientError> {
        let select = Select::default().with(&field.name);
        let found = self
            .by_ids(field.level.collection(), &owners, &select)
            .await?;
        Ok(found
            .into_iter()
            .map(|(id, owner)| (id, owner.references(&field.name)))
            .collect())
    }

    async fn by_ids(
        &self,
        collection: &str,
        ids: &BTreeSet<EntityId>,
        select: &Select,
    ) -> Result<BTreeMap<EntityId, Entity>, ClientError> {
        let ids: Vec<&EntityId> = ids.iter().collect();
        let mut found = BTreeMap::new();
        for some in ids.chunks(IDS_MAX) {
            let Some(query) = Query::field("id").is_in(some.iter().copied()) else {
                continue;
            };
            let list = self.client.endpoint.collection(collection).list();
            for entity in list.matching(query).select(select.clone()).all().await? {
                found.extend(entity.id.clone().map(|id| (id, entity)));
            }
        }
        Ok(found)
    }

    async fn write(
        &self,
        field: &LinkField,
        changes: &[Entity],
        mode: ReferenceUpdate,
    ) -> Result<LinkReport, ClientError> {
        let mut report = LinkReport {
            level: field.level,
            changed: 0,
            unchanged: 0,
            failed: Vec::new(),
        };
        if changes.is_empty() {
            return Ok(report);
        }
        let collection = self.client.endpoint.collection(field.level.collection());
        let outcome = collection.update_many(changes, mode).await?;
        report.changed = changes.len() - outcome.failed.len();
        report.failed = outcome
            .failed
            .into_iter()
            .filter_map(|(position, problem)| {
                let id = changes.get(position)?.id.clone()?;
                Some(LinkFailure { id, problem })
            })
            .collect();
        Ok(report)
    }
}
