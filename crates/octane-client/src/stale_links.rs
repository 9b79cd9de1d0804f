//! Links that no Jira key stands for any more.

use std::collections::{BTreeMap, BTreeSet};

use octane_model::{Entity, EntityId, ReferenceUpdate, RunId, WorkItemId};

use crate::error::ClientError;
use crate::link_field::LinkField;
use crate::links::{Holders, LinkChanges, LinkOutcome, Links};

/// A backlog item that runs (or their tests) are linked to although its Jira key is not one of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleLink {
    /// The backlog item.
    pub story: WorkItemId,
    /// Its Jira key.
    pub jira_key: String,
    /// The runs.
    pub runs: Vec<RunId>,
}

impl Links<'_> {
    /// The links of runs that are not among those that `keys` asks for: Jira keys by run, without regard to case. A link is stale if
    /// the backlog item has a Jira key, and the run has not. Links to items without a Jira key, and to those in `stories`, are not. Where
    /// tests are linked instead of runs, a test has the keys of all of its runs that are given. Changes nothing; the other runs are
    /// not looked at.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use std::collections::{BTreeMap, BTreeSet};
    ///
    /// use octane_client::{Status, Target, TestRun};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let results = [TestRun::new("pays", Status::Passed).jira(["SHOP-101", "SHOP-102"])];
    /// let report = octane.upload(results, Target::new(suite, "nightly-1")).send().await?.into_result()?;
    /// let runs = octane.runs().of(report.target.suite_run_id().unwrap()).all().await?;
    /// let keys = BTreeMap::from([(runs[0].id, BTreeSet::from(["SHOP-102".to_owned()]))]);
    /// let stale = octane.links().stale(&keys, &BTreeSet::new()).await?;
    /// assert_eq!(stale.len(), 1);
    /// assert_eq!(stale[0].jira_key, "SHOP-101");
    /// assert_eq!(octane.links().unlink(stale[0].story, &stale[0].runs).await?.changed, 1);
    /// # Ok(()) }) }
    /// ```
    pub async fn stale(
        &self,
        keys: &BTreeMap<RunId, BTreeSet<String>>,
        stories: &BTreeSet<WorkItemId>,
    ) -> Result<Vec<StaleLink>, ClientError> {
        let runs: Vec<RunId> = keys.keys().copied().collect();
        let wanted: BTreeMap<EntityId, &BTreeSet<String>> = keys
            .iter()
            .map(|(run, keys)| (EntityId::from(*run), keys))
            .collect();
        let mut linked = Vec::new();
        for found in self.holders_of(&runs).await? {
            linked.extend(linked_runs(&found, |run| {
                wanted.get(run).map(|keys| folded(keys)).unwrap_or_default()
            }));
        }
        let items: BTreeSet<EntityId> = linked.iter().flat_map(|run| run.items.clone()).collect();
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let keys_of_items = self.client.jira().keys_of(&items).await?;
        let stories = stories.iter().map(|story| EntityId::from(*story)).collect();
        let stale = stale(&linked, &keys_of_items, &stories).into_iter();
        // What has not the ID of a backlog item is not one.
        Ok(stale
            .filter_map(|(item, runs)| {
                Some(StaleLink {
                    story: item.as_str().parse().ok()?,
                    jira_key: keys_of_items.get(&item)?.clone(),
                    runs: runs
                        .iter()
                        .filter_map(|run| run.as_str().parse().ok())
                        .collect(),
                })
            })
            .collect())
    }

    /// Removes the links of runs of a kind that are [stale](Self::stale). What they are linked to is read first. Returns what was
    /// changed, and how many links were removed.
    pub(crate) async fn unlink_stale(
        &self,
        field: &LinkField,
        keys: &BTreeMap<EntityId, BTreeSet<String>>,
        stories: &BTreeSet<EntityId>,
    ) -> Result<(LinkOutcome, usize), ClientError> {
        let runs = keys.keys().cloned().collect();
        let found = self.link_holders(field.clone(), &runs).await?;
        let linked: Vec<LinkedRun> =
            linked_runs(&found, |run| keys.get(run).map(folded).unwrap_or_default()).collect();
        let items: BTreeSet<EntityId> = linked.iter().flat_map(|run| run.items.clone()).collect();
        let keys_of_items = if items.is_empty() {
            BTreeMap::new()
        } else {
            self.client.jira().keys_of(&items).await?
        };
        let of_holder: BTreeMap<&EntityId, &EntityId> = found
            .of_runs
            .iter()
            .map(|(run, holder)| (run, holder))
            .collect();
        let mut removed: BTreeMap<&EntityId, BTreeSet<EntityId>> = BTreeMap::new();
        for (item, runs) in stale(&linked, &keys_of_items, stories) {
            for holder in runs.iter().filter_map(|run| of_holder.get(run)) {
                removed.entry(holder).or_default().insert(item.clone());
            }
        }
        let mut planned = LinkChanges::none(field, ReferenceUpdate::Replace);
        planned.failed.clone_from(&found.unlinkable);
        for (holder, removed) in &removed {
            let existing = found.holders.get(*holder).into_iter();
            let existing = existing.flat_map(|links| &links.data);
            let rest = existing.filter(|reference| !removed.contains(&reference.id));
            let change = Entity::with_id((*holder).clone()).set_references(&field.name, rest);
            planned.changes.push(change);
        }
        let outcome = self.write(planned).await?;
        let changed = outcome.changed_ids.iter();
        let count = changed
            .filter_map(|holder| removed.get(holder))
            .map(BTreeSet::len)
            .sum();
        Ok((outcome, count))
    }
}

/// Runs with what they, or their tests, are linked to.
fn linked_runs(
    found: &Holders,
    keys: impl Fn(&EntityId) -> BTreeSet<String>,
) -> impl Iterator<Item = LinkedRun> {
    found.of_runs.iter().map(move |(run, holder)| {
        let links = found.holders.get(holder);
        let items = links.into_iter().flat_map(|links| &links.data);
        LinkedRun {
            keys: keys(run),
            items: items.map(|item| item.id.clone()).collect(),
            run: run.clone(),
            holder: holder.clone(),
        }
    })
}

/// A run, and what it or its test is linked to.
struct LinkedRun {
    run: EntityId,
    /// The run, or its test.
    holder: EntityId,
    /// The Jira keys that the run has, as [`folded`].
    keys: BTreeSet<String>,
    /// What it is linked to.
    items: BTreeSet<EntityId>,
}

/// Keys as they are compared.
fn folded(keys: &BTreeSet<String>) -> BTreeSet<String> {
    keys.iter().map(|key| key.trim().to_uppercase()).collect()
}

/// The items that runs are linked to and should not be, with these runs.
///
/// | the item | the link is |
/// | --- | --- |
/// | is one of `stories` | wanted |
/// | has no Jira key | not ours to judge |
/// | has a key that the run, or another run of the same holder, has | wanted |
/// | has another key | stale |
fn stale(
    linked: &[LinkedRun],
    keys_of_items: &BTreeMap<EntityId, String>,
    stories: &BTreeSet<EntityId>,
) -> BTreeMap<EntityId, Vec<EntityId>> {
    let mut of_holders: BTreeMap<&EntityId, BTreeSet<&str>> = BTreeMap::new();
    for run in linked {
        let keys = of_holders.entry(&run.holder).or_default();
        keys.extend(run.keys.iter().map(String::as_str));
    }
    let mut stale: BTreeMap<EntityId, Vec<EntityId>> = BTreeMap::new();
    for run in linked {
        for item in run.items.difference(stories) {
            let Some(key) = keys_of_items.get(item) else {
                continue;
            };
            if !of_holders[&run.holder].contains(&*key.to_uppercase()) {
                stale.entry(item.clone()).or_default().push(run.run.clone());
            }
        }
    }
    stale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<EntityId> {
        ids.map(EntityId::from).into()
    }

    fn run(run: &str, holder: &str, keys: &[&str], items: BTreeSet<EntityId>) -> LinkedRun {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        LinkedRun {
            run: run.into(),
            holder: holder.into(),
            keys: folded(&keys),
            items,
        }
    }

    fn names(stale: &BTreeMap<EntityId, Vec<EntityId>>) -> Vec<(&str, Vec<&str>)> {
        let names = stale.iter().map(|(item, runs)| {
            let runs = runs.iter().map(EntityId::as_str);
            (item.as_str(), runs.collect())
        });
        names.collect()
    }

    #[test]
    fn each_row_of_the_table_holds() {
        let keys = [("1", "SHOP-1"), ("2", "shop-2"), ("4", "SHOP-4")];
        let keys = keys
            .map(|(id, key)| (EntityId::from(id), key.to_owned()))
            .into();
        // Item 3 has no key.
        let linked = [
            run("a", "a", &["shop-1 "], ids(["1", "2", "3", "4"])),
            run("b", "b", &[], ids(["3", "4"])),
            run("c", "c", &["SHOP-2"], ids(["2"])),
        ];
        let stale = stale(&linked, &keys, &ids(["4"]));
        assert_eq!(names(&stale), [("2", vec!["a"])]);
    }

    #[test]
    fn a_test_has_the_keys_of_all_of_its_runs() {
        let keys = [("1", "SHOP-1"), ("2", "SHOP-2"), ("3", "SHOP-3")];
        let keys = keys
            .map(|(id, key)| (EntityId::from(id), key.to_owned()))
            .into();
        let linked = [
            run("a", "t", &["SHOP-1"], ids(["1", "2", "3"])),
            run("b", "t", &["SHOP-2"], ids(["1", "2", "3"])),
        ];
        let stale = stale(&linked, &keys, &BTreeSet::new());
        assert_eq!(names(&stale), [("3", vec!["a", "b"])]);
    }
}
