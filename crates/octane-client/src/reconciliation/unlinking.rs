//! Removing the links of runs that no Jira key of their results stands for any more.
//!
//! Removing a link that is still wanted does harm, and leaving a stale one does little: whatever is in doubt stays, and is said.
//!
//! | for the whole upload | links |
//! | --- | --- |
//! | it is a shard, whose runs may have results in others | stay |
//! | something could not be read that may be a key, or a result with one | stay |
//! | not every run could be linked | stay |
//!
//! | of a run, or a test with all of its runs | its links |
//! | --- | --- |
//! | no result carries a key | stay: the results say nothing about them |
//! | it is not [certain](StaleCandidate::is_certain) which keys it has | stay |
//! | a key matches no story, or several | stay |
//! | the suite run holds a run of the test without results of this upload | stay |
//! | none of these | those to stories that have another key are removed; if it is known that there are none, nothing is asked |

use std::collections::{BTreeMap, BTreeSet};

use octane_model::plural::plural;
use octane_model::{EntityId, Query, Select, SuiteRunId};

use super::Reconciliation;
use crate::error::chain;
use crate::in_list::VALUES_MAX;
use crate::jira::Resolution;
use crate::journal::{Journal, StaleCandidate};
use crate::link_field::{LinkField, LinkLevel};
use crate::report::{LinkSummary, ReportedProblem};
use crate::runs::Runs;
use crate::stage::{StageError, request};
use crate::verify::Lookup;

/// The runs whose keys are certain, with these, and how many runs, or tests, are left alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    keys: BTreeMap<EntityId, BTreeSet<String>>,
    in_doubt: usize,
}

impl Reconciliation<'_> {
    /// Removes stale links, if that was asked for and has not been done. Returns whether it could be done.
    pub(super) async fn unlink_stale(
        &self,
        fields: &[LinkField],
        resolution: &Resolution,
        summary: &mut LinkSummary,
        problems: &mut Vec<ReportedProblem>,
    ) -> Result<bool, StageError> {
        let (journal, manifest) = (self.context.journal, self.context.manifest);
        let (Some(unlink), Lookup::Runs { suite_run, .. }) = (&manifest.unlink_stale, &self.lookup)
        else {
            return Ok(true);
        };
        if journal.run(Journal::is_stale_removed).await? {
            return Ok(true);
        }
        let reason = hindrance(
            manifest.shard.is_some(),
            unlink.has_unread,
            summary.failed > 0,
        );
        if let Some(reason) = reason {
            problems.push(kept(format!("no stale link was removed, because {reason}")));
            return Ok(true);
        }
        let before = summary.failed;
        let removing = self.remove(*suite_run, fields, resolution, summary, problems);
        let in_doubt = match removing.await {
            Ok(in_doubt) => in_doubt,
            Err(StageError::Client(error)) => {
                let message = format!("stale links could not be removed: {}", chain(&error));
                problems.push(ReportedProblem::new("stale_link", message));
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        if in_doubt > 0 {
            let what = match summary.level {
                Some(LinkLevel::Tests) => "test",
                _ => "run",
            };
            problems.push(kept(format!(
                "stale links of {} were not removed, because it is not certain which Jira keys it stands for",
                plural(in_doubt, what)
            )));
        } else if summary.failed == before {
            journal.run(Journal::set_stale_removed).await?;
        }
        Ok(true)
    }

    /// Removes stale links of runs of all kinds. Returns how many runs, or tests, are left alone.
    async fn remove(
        &self,
        suite_run: SuiteRunId,
        fields: &[LinkField],
        resolution: &Resolution,
        summary: &mut LinkSummary,
        problems: &mut Vec<ReportedProblem>,
    ) -> Result<usize, StageError> {
        let (client, journal) = (self.context.client, self.context.journal);
        let cancellation = self.context.cancellation;
        let linked_by_payload = self.context.manifest.unlink_stale.as_ref();
        let linked_by_payload = linked_by_payload.map(|unlink| unlink.linked_by_payload.clone());
        let linked_by_payload = linked_by_payload.unwrap_or_default();
        let mut in_doubt = 0;
        for field in fields {
            let (kind, level) = (field.kind, field.level);
            journal
                .run(move |journal| journal.collect_stale_candidates(kind, level))
                .await?;
            let mut after = None;
            loop {
                let previous = after.clone();
                let some = journal
                    .run(move |journal| journal.stale_candidates(previous.as_ref(), VALUES_MAX))
                    .await?;
                let Some(last) = some.last() else { break };
                after = Some(last.holder.clone());
                let shared = match level {
                    LinkLevel::Runs => BTreeSet::new(),
                    LinkLevel::Tests => self.tests_with_others(suite_run, field, &some).await?,
                };
                let sorted = sorted(&some, &shared, resolution);
                in_doubt += sorted.in_doubt;
                if sorted.keys.is_empty() {
                    continue;
                }
                let links = client.links();
                let removing = links.unlink_stale(field, &sorted.keys, &linked_by_payload);
                let (done, removed) = request(cancellation, removing).await?;
                summary.removed += removed;
                summary.failed += done.failed.len();
                problems.extend(done.failed.into_iter().map(|failure| {
                    let (id, problem) = (failure.id, failure.problem);
                    let message = format!("stale links of {id} could not be removed: {problem}");
                    ReportedProblem::new("stale_link", message)
                }));
            }
        }
        Ok(in_doubt)
    }

    /// The tests of which the suite run holds other runs than these.
    async fn tests_with_others(
        &self,
        suite_run: SuiteRunId,
        field: &LinkField,
        runs: &[StaleCandidate],
    ) -> Result<BTreeSet<EntityId>, StageError> {
        let own: BTreeSet<&EntityId> = runs.iter().map(|run| &run.run).collect();
        let tests: BTreeSet<&EntityId> = runs.iter().map(|run| &run.holder).collect();
        let Some(is_one) = Query::field("id").is_in(tests) else {
            return Ok(BTreeSet::new());
        };
        let collection = self
            .context
            .client
            .endpoint
            .collection(field.kind.collection());
        let list = collection
            .list()
            .select(Select::names(["test"]))
            .matching(Runs::in_suite_run(suite_run))
            .matching(Query::field("test").refers_to(is_one));
        let read = request(self.context.cancellation, list.all()).await?;
        let others = read
            .iter()
            .filter(|run| run.id.as_ref().is_none_or(|id| !own.contains(id)));
        Ok(others
            .filter_map(|run| Some(run.reference("test")?.id))
            .collect())
    }
}

/// Why nothing is removed at all, by the table of the [module](self).
fn hindrance(is_shard: bool, has_unread: bool, has_unlinked: bool) -> Option<&'static str> {
    match (is_shard, has_unread, has_unlinked) {
        (true, ..) => {
            Some("the upload is a shard, and other shards may have results of the same runs")
        }
        (_, true, _) => Some("results or words that should be Jira keys could not be read"),
        (_, _, true) => Some("not every run could be linked"),
        (false, false, false) => None,
    }
}

/// Sorts all runs of some holders by the table of the [module](self); `shared` are tests with runs of others.
fn sorted(runs: &[StaleCandidate], shared: &BTreeSet<EntityId>, resolution: &Resolution) -> Sorted {
    let mut sorted = Sorted::default();
    for runs in runs.chunk_by(|one, other| one.holder == other.holder) {
        let keys: BTreeSet<String> = runs.iter().flat_map(|run| run.jira.clone()).collect();
        if keys.is_empty() {
            continue;
        }
        let is_certain = runs.iter().all(|run| run.is_certain)
            && !shared.contains(&runs[0].holder)
            && keys
                .iter()
                .all(|key| resolution.found.contains_key(key.trim()));
        let wanted: BTreeSet<EntityId> = (keys.iter())
            .filter_map(|key| Some(EntityId::from(resolution.found.get(key.trim())?.id)))
            .collect();
        let has_no_others = |run: &StaleCandidate| {
            let links = run.links.as_ref();
            links.is_some_and(|links| links.data.iter().all(|link| wanted.contains(&link.id)))
        };
        if !is_certain {
            sorted.in_doubt += 1;
        } else if !runs.iter().all(has_no_others) {
            let runs = runs.iter().map(|run| (run.run.clone(), keys.clone()));
            sorted.keys.extend(runs);
        }
    }
    sorted
}

fn kept(message: String) -> ReportedProblem {
    ReportedProblem::new("stale_links_kept", message)
}

#[cfg(test)]
mod tests {
    use octane_model::{Reference, WorkItem};
    use serde_json::json;

    use super::*;

    fn run(holder: &str, run: &str, jira: &[&str], is_certain: bool) -> StaleCandidate {
        StaleCandidate {
            holder: holder.into(),
            run: run.into(),
            jira: jira.iter().map(|key| (*key).to_owned()).collect(),
            is_certain,
            links: None,
        }
    }

    fn linked(run: StaleCandidate, stories: &[&str]) -> StaleCandidate {
        let links = stories.iter().map(|id| Reference::new("story", *id));
        StaleCandidate {
            links: Some(links.collect()),
            ..run
        }
    }

    /// SHOP-1 and SHOP-2 match a story each, SHOP-3 several, and others none.
    fn resolution() -> Resolution {
        let item = |id: i64| -> WorkItem {
            let item =
                json!({ "type": "story", "id": id.to_string(), "name": "s", "subtype": "story" });
            serde_json::from_value(item).unwrap()
        };
        let mut resolution = Resolution::default();
        for (key, id) in [("SHOP-1", 1), ("SHOP-2", 2)] {
            resolution.found.insert(key.to_owned(), item(id));
        }
        let several = vec![item(3), item(4)];
        resolution.ambiguous.insert("SHOP-3".to_owned(), several);
        resolution
    }

    #[test]
    fn each_row_about_the_whole_upload_holds() {
        assert_eq!(hindrance(false, false, false), None);
        for (shard, unread, unlinked, says) in [
            (true, true, true, "shard"),
            (false, true, true, "could not be read"),
            (false, false, true, "be linked"),
        ] {
            let reason = hindrance(shard, unread, unlinked).unwrap();
            assert!(reason.contains(says), "{reason}");
        }
    }

    #[test]
    fn each_row_about_a_run_holds() {
        let runs = [
            run("a", "a", &["SHOP-1"], true),
            linked(run("a1", "a1", &["SHOP-1"], true), &["1", "7"]),
            linked(run("a2", "a2", &["SHOP-1", "SHOP-2"], true), &["2"]),
            linked(run("a3", "a3", &["SHOP-1"], true), &[]),
            run("b", "b", &[], true),
            run("c", "c", &["SHOP-1"], false),
            run("d", "d", &["SHOP-1", "SHOP-3"], true),
            run("e", "e", &["SHOP-4"], true),
            run("f", "f", &["SHOP-1"], true),
        ];
        let shared = BTreeSet::from([EntityId::from("f")]);
        let sorted = sorted(&runs, &shared, &resolution());
        let certain: Vec<&str> = sorted.keys.keys().map(EntityId::as_str).collect();
        assert_eq!((certain, sorted.in_doubt), (vec!["a", "a1"], 4));
    }

    #[test]
    fn a_test_has_the_keys_of_all_of_its_runs_and_one_of_them_in_doubt_is_enough() {
        let runs = [
            run("t", "1", &["SHOP-1"], true),
            run("t", "2", &["SHOP-2"], true),
            run("u", "3", &["SHOP-1"], true),
            run("u", "4", &[], false),
        ];
        let sorted = sorted(&runs, &BTreeSet::new(), &resolution());
        let both = BTreeSet::from(["SHOP-1".to_owned(), "SHOP-2".to_owned()]);
        let expected = [("1", both.clone()), ("2", both)];
        let expected = expected.map(|(run, keys)| (EntityId::from(run), keys));
        assert_eq!((sorted.keys, sorted.in_doubt), (expected.into(), 1));
    }
}
