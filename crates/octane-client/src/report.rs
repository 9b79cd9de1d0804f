//! What an upload did, in numbers that add up.

mod counts;
mod ids_as_strings;
mod reported_problem;
mod shards_report;

pub use counts::Counts;
pub(crate) use ids_as_strings::entity as entity_as_text;
pub use reported_problem::ReportedProblem;
pub use shards_report::{ShardReport, ShardsReport};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use octane_model::{ModuleId, SharedSpaceId, SuiteId, SuiteRunId, TaskId, WorkItemId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::link_field::LinkLevel;
use crate::outcome::Outcome;
use crate::upload_id::UploadId;

/// What an upload did. Serialises as `octane.upload/1`: IDs are strings, and what is absent is `null`. The program
/// `octane` adds its `exit_code`, and publishes the schema (`octane schema upload`). It can be read back, without what is not part of
/// the JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use = "an upload of which nothing arrived is a report too: look at its outcome, or call `into_result`"]
pub struct Report {
    /// The name of this shape, `octane.upload/1`; members may be added, never changed.
    #[serde(skip_deserializing, default = "schema")]
    pub schema: &'static str,
    /// The upload's ID; of several shards, that of the first one.
    pub upload_id: UploadId,
    /// The journal's file, unless it ends with the process.
    pub journal: Option<PathBuf>,
    /// How the upload ended.
    pub outcome: Outcome,
    /// Whether resuming the upload may get further.
    pub is_resumable: bool,
    /// How many results there are, and what became of them.
    pub counts: Counts,
    /// Where the results went.
    pub target: TargetReport,
    /// What was created on the way.
    #[serde(
        serialize_with = "ids_as_strings::created",
        deserialize_with = "ids_as_strings::read_created"
    )]
    pub created: Vec<CreatedEntity>,
    /// The batches in which the results were sent.
    pub batches: Vec<BatchReport>,
    /// What was linked; `None` if linking was not asked for.
    pub links: Option<LinkSummary>,
    /// Everything that is not as it should be.
    pub problems: Vec<ReportedProblem>,
    /// The parts of the test run that it covers; `None` for an upload that is not a shard.
    pub shards: Option<ShardsReport>,
}

fn schema() -> &'static str {
    "octane.upload/1"
}

/// An upload that did not succeed, as an error.
#[derive(Debug, thiserror::Error)]
#[error(
    "upload {} ended as {}: {} of {} ingested, {} rejected, {} invalid, {} pending",
    report.upload_id, report.outcome, report.counts.ingested, report.counts.read,
    report.counts.rejected, report.counts.invalid, report.counts.pending
)]
pub struct IncompleteUpload {
    /// What was done, and what was not.
    pub report: Box<Report>,
}

impl Report {
    /// The report if the upload succeeded, and an error that carries it if not, so that `?` cannot hide results that
    /// did not arrive.
    pub fn into_result(self) -> Result<Self, IncompleteUpload> {
        match self.outcome {
            Outcome::Success => Ok(self),
            _ => Err(IncompleteUpload {
                report: Box::new(self),
            }),
        }
    }
}

/// Where the results went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TargetReport {
    /// The shared space.
    #[serde(serialize_with = "ids_as_strings::text")]
    pub space: SharedSpaceId,
    /// The workspace.
    #[serde(serialize_with = "ids_as_strings::text")]
    pub workspace: WorkspaceId,
    /// The application module, where one was given.
    #[serde(serialize_with = "ids_as_strings::optional_entity")]
    pub module: Option<IdAndName<ModuleId>>,
    /// The test suite; `None` for a payload that another program wrote and that names none.
    #[serde(serialize_with = "ids_as_strings::optional_entity")]
    pub suite: Option<IdAndName<SuiteId>>,
    /// The suite run; without an ID as long as the server has not created it, `None` for a payload that another program wrote and that
    /// names none.
    #[serde(
        serialize_with = "ids_as_strings::entity_without_id",
        deserialize_with = "ids_as_strings::read_entity_without_id"
    )]
    pub suite_run: Option<IdAndName<Option<SuiteRunId>>>,
    /// The suite run's page in Octane's web UI; `None` until the server has created it, and for a sandbox in this process.
    pub url: Option<String>,
}

impl TargetReport {
    /// The suite run's ID; `None` as long as the server has not created it, or if the payload names none.
    pub fn suite_run_id(&self) -> Option<SuiteRunId> {
        self.suite_run.as_ref().and_then(|suite_run| suite_run.id)
    }
}

/// An entity's ID and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdAndName<I> {
    /// The ID.
    pub id: I,
    /// The name.
    pub name: String,
}

/// An entity that was created on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedEntity {
    /// The entity's type, for example `application_module`.
    #[serde(rename = "type")]
    pub entity_type: Cow<'static, str>,
    /// The ID.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchReport {
    /// Its number, counted from 1.
    pub number: usize,
    /// How many results it has.
    pub results: usize,
    /// The payload's SHA-256 before compression, in hexadecimal.
    pub sha256: String,
    /// The task that ingests it; `None` if the server did not accept it.
    #[serde(serialize_with = "ids_as_strings::optional_text")]
    pub task: Option<TaskId>,
    /// How far it is: `ready` (not sent), `in_flight` (sent, no answer yet), `accepted` (its task has not ended), how its
    /// task ended (`success`, `warning`, `failed`, `error` or a word of the server's), `forgotten` (the
    /// server no longer knows its task) or `refused` (the server did not accept it).
    pub status: String,
    /// Whether Octane had received these bytes from an earlier upload.
    pub is_duplicate: bool,
    /// The shard that it belongs to, counted from 1, where the report covers several.
    pub shard: Option<u32>,
}

/// What was linked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkSummary {
    /// Whether runs were linked, or their tests; `None` if there was nothing to link.
    pub level: Option<LinkLevel>,
    /// How many different Jira keys the results carry.
    pub keys: usize,
    /// How many stories these keys match.
    pub stories: usize,
    /// How many runs (or tests) have the links that they should have.
    pub linked: usize,
    /// Of those: how many had them before.
    pub unchanged: usize,
    /// How many could not be linked, or freed of stale links.
    pub failed: usize,
    /// How many links were removed because no Jira key of the results stands for them any more.
    #[serde(default)]
    pub removed: usize,
    /// Keys that match no story.
    pub unknown: Vec<String>,
    /// Keys that match several stories, which were not linked.
    pub ambiguous: Vec<String>,
    /// The stories that are counted, by the keys that match them; not part of the JSON.
    #[serde(skip)]
    pub matched: BTreeMap<String, IdAndName<WorkItemId>>,
    /// The keys that are counted, so that those of several shards are not counted twice.
    #[serde(skip)]
    pub(crate) key_names: BTreeSet<String>,
}

impl LinkSummary {
    /// Counts the stories that were matched.
    pub(crate) fn count_stories(&mut self) {
        let stories: BTreeSet<WorkItemId> = self.matched.values().map(|story| story.id).collect();
        self.stories = stories.len();
    }
}

#[cfg(test)]
mod tests {
    use octane_results::Position;

    use super::*;

    fn report(outcome: Outcome) -> Report {
        Report {
            schema: "octane.upload/1",
            upload_id: "u-01jd8x2m5k3q7r".parse().unwrap(),
            journal: None,
            outcome,
            is_resumable: false,
            counts: Counts {
                read: 3,
                ingested: 1,
                rejected: 2,
                ..Counts::default()
            },
            target: TargetReport {
                space: SharedSpaceId::new(1001),
                workspace: WorkspaceId::new(1002),
                module: None,
                suite: Some(IdAndName {
                    id: SuiteId::new(4001),
                    name: "Nightly".to_owned(),
                }),
                suite_run: Some(IdAndName {
                    id: None,
                    name: "nightly-1".to_owned(),
                }),
                url: None,
            },
            created: vec![CreatedEntity {
                entity_type: "test_suite".into(),
                id: 4001,
                name: "Nightly".to_owned(),
            }],
            batches: vec![BatchReport {
                number: 1,
                results: 3,
                sha256: "00".to_owned(),
                task: Some(TaskId::new(7)),
                status: "failed".to_owned(),
                is_duplicate: false,
                shard: None,
            }],
            links: None,
            problems: Vec::new(),
            shards: None,
        }
    }

    #[test]
    fn only_a_success_is_ok() {
        assert!(report(Outcome::Success).into_result().is_ok());
        for outcome in [
            Outcome::Partial,
            Outcome::Refused,
            Outcome::Unauthorized,
            Outcome::Unreachable,
            Outcome::LinksIncomplete,
            Outcome::Interrupted,
        ] {
            let error = report(outcome).into_result().unwrap_err();
            assert_eq!(error.report.outcome, outcome);
        }
        let error = report(Outcome::Partial).into_result().unwrap_err();
        assert_eq!(
            error.to_string(),
            "upload u-01jd8x2m5k3q7r ended as partial: 1 of 3 ingested, 2 rejected, 0 invalid, 0 pending"
        );
    }

    #[test]
    fn ids_are_strings() {
        let json = serde_json::to_value(report(Outcome::Partial)).unwrap();
        assert_eq!(json["target"]["space"], "1001");
        assert_eq!(json["target"]["suite"]["id"], "4001");
        assert_eq!(json["target"]["suite_run"]["id"], serde_json::Value::Null);
        assert_eq!(json["batches"][0]["task"], "7");
        assert_eq!(json["created"][0]["id"], "4001");
    }

    #[test]
    fn a_suite_run_that_the_payload_does_not_name_is_null_and_was_an_empty_name_before() {
        let mut written = report(Outcome::Success);
        written.target.suite_run = None;
        let mut json = serde_json::to_value(&written).unwrap();
        assert_eq!(json["target"]["suite_run"], serde_json::Value::Null);
        let read = |json: &serde_json::Value| -> Report {
            serde_json::from_value(json.clone()).expect("it is a report")
        };
        assert_eq!(read(&json).target, written.target);
        json["target"]["suite_run"] = serde_json::json!({ "id": null, "name": "" });
        assert_eq!(read(&json).target, written.target);
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let mut written = report(Outcome::Partial);
        let shard = "3/8".parse().unwrap();
        let position = Position::new("a.csv", 7).column(Some(2));
        written.problems = vec![
            ReportedProblem::new("rejected", "no")
                .of_test(&"x")
                .at(Some(position)),
            ReportedProblem::new("unlinked", "no"),
        ];
        written.target.module = Some(IdAndName {
            id: ModuleId::new(1008),
            name: "Shop".to_owned(),
        });
        written.links = Some(LinkSummary {
            level: Some(LinkLevel::Runs),
            unknown: vec!["SHOP-9".to_owned()],
            ..LinkSummary::default()
        });
        written.shards = Some(ShardsReport::of_one(
            shard,
            written.upload_id.clone(),
            written.outcome,
            true,
            written.counts,
        ));
        let json = serde_json::to_value(&written).unwrap();
        let read: Report = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), json);
        assert_eq!(read.shards, written.shards);
        assert_eq!(read.problems, written.problems);
    }
}
