//! What an upload did, in numbers that add up.

mod ids_as_strings;
mod shards_as_read;

pub(crate) use ids_as_strings::entity as entity_as_text;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::path::PathBuf;

use octane_model::{ModuleId, SharedSpaceId, SuiteId, SuiteRunId, TaskId, WorkItemId, WorkspaceId};
use octane_results::Position;
use serde::{Deserialize, Serialize, Serializer};

use crate::link_field::LinkLevel;
use crate::outcome::Outcome;
use crate::shard::Shard;
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

/// How many results there are, and what became of them: `read = ingested + rejected + invalid + pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Read from the input, usable or not.
    pub read: usize,
    /// Accepted by the server for ingestion.
    pub sent: usize,
    /// Confirmed to be in Octane.
    pub ingested: usize,
    /// Of those ingested: in batches whose bytes Octane had received from an earlier upload, so that it did nothing.
    pub duplicate: usize,
    /// Refused by the server, or not taken by it.
    pub rejected: usize,
    /// Not usable, and not sent.
    pub invalid: usize,
    /// Not sent yet, or not confirmed.
    pub pending: usize,
    /// Distinct automated runs that the ingested results belong to; fewer than results where a test has
    /// several.
    pub runs: usize,
    /// Results with the status `Passed`.
    pub passed: usize,
    /// Results with the status `Failed`.
    pub failed: usize,
    /// Results with the status `Skipped`: tests that did not run.
    pub test_skipped: usize,
    /// Results with the status `Planned`.
    pub planned: usize,
    /// Results that share a run with another result of this upload, such as further attempts of a test: `ingested` results
    /// are that many more than runs. The scenarios of a feature share its run, too, and are not counted here.
    #[serde(default)]
    pub repeats: usize,
    /// Runs whose results have different statuses; the run shows one of them.
    #[serde(default)]
    pub flaky: usize,
    /// Results whose run has a name other than that of its test, mostly because other results of the test come from another
    /// suite, machine, project or file.
    #[serde(default)]
    pub named: usize,
    /// Runs of features, each of which stands for the results of all scenarios of a file.
    #[serde(default)]
    pub features: usize,
    /// The scenarios that these runs show. Each is a result; so is each repeat of one, which its feature does not show.
    #[serde(default)]
    pub scenarios: usize,
    /// Texts that were changed to fit Octane: too long, or with characters that are not allowed in XML.
    pub repaired: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self {
            read,
            sent,
            ingested,
            duplicate,
            rejected,
            invalid,
            pending,
            runs,
            passed,
            failed,
            test_skipped,
            planned,
            repeats,
            flaky,
            named,
            features,
            scenarios,
            repaired,
        } = other;
        self.read += read;
        self.sent += sent;
        self.ingested += ingested;
        self.duplicate += duplicate;
        self.rejected += rejected;
        self.invalid += invalid;
        self.pending += pending;
        self.runs += runs;
        self.passed += passed;
        self.failed += failed;
        self.test_skipped += test_skipped;
        self.planned += planned;
        self.repeats += repeats;
        self.flaky += flaky;
        self.named += named;
        self.features += features;
        self.scenarios += scenarios;
        self.repaired += repaired;
    }
}

impl Counts {
    /// Whether every result that was read is accounted for.
    pub fn add_up(&self) -> bool {
        self.read == self.ingested + self.rejected + self.invalid + self.pending
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

/// The parts of the test run that a report covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "shards_as_read::ShardsAsRead")]
#[non_exhaustive]
pub struct ShardsReport {
    /// How many shards there should be.
    pub total: u32,
    /// Whether the report covers all shards that have arrived, and links were made; otherwise it covers a single one.
    pub is_merged: bool,
    /// The shards that have not arrived; `None` in the report of a single one, which does not look for the others.
    pub missing: Option<Vec<u32>>,
    /// The uploads that the report covers.
    pub uploads: Vec<ShardReport>,
}

/// The upload of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShardReport {
    /// Which shard it is; in JSON its number, counted from 1.
    #[serde(serialize_with = "index")]
    pub shard: Shard,
    /// The upload's ID.
    pub upload_id: UploadId,
    /// How the upload ended.
    pub outcome: Outcome,
    /// Whether another attempt may get further.
    pub is_resumable: bool,
    /// How many results it has, and what became of them.
    pub counts: Counts,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn index<S: Serializer>(shard: &Shard, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(shard.index())
}

impl ShardsReport {
    /// Of a single shard.
    pub(crate) fn of_one(
        shard: Shard,
        upload_id: UploadId,
        outcome: Outcome,
        is_resumable: bool,
        counts: Counts,
    ) -> Self {
        Self {
            total: shard.total(),
            is_merged: false,
            missing: None,
            uploads: vec![ShardReport {
                shard,
                upload_id,
                outcome,
                is_resumable,
                counts,
            }],
        }
    }
}

/// Something that is not as it should be. Serialises with all of `code`, `test`, `file`, `line`, `column` and `message`,
/// `null` where a member is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ProblemAsRead")]
#[non_exhaustive]
pub struct ReportedProblem {
    /// What kind of problem: a word that does not change, for example `rejected`.
    pub code: Cow<'static, str>,
    /// The test, if the problem concerns one.
    pub test: Option<String>,
    /// Where the result was read.
    #[serde(flatten, serialize_with = "position")]
    pub position: Option<Position>,
    /// One sentence for people.
    pub message: String,
}

/// A problem as it is read back.
#[derive(Deserialize)]
struct ProblemAsRead {
    code: String,
    test: Option<String>,
    file: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
    message: String,
}

impl From<ProblemAsRead> for ReportedProblem {
    fn from(read: ProblemAsRead) -> Self {
        let place = read.file.zip(read.line);
        let position = place.map(|(file, line)| Position::new(file, line).column(read.column));
        Self {
            code: read.code.into(),
            test: read.test,
            position,
            message: read.message,
        }
    }
}

impl ReportedProblem {
    /// A problem that concerns no single result.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            test: None,
            position: None,
            message: message.into(),
        }
    }

    /// Names the test.
    pub fn of_test(mut self, test: &impl ToString) -> Self {
        self.test = Some(test.to_string());
        self
    }

    /// Names the place.
    pub fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }
}

/// `file`, `line` and `column`.
#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn position<S: Serializer>(position: &Option<Position>, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let position = position.as_ref();
    let mut map = serializer.serialize_map(Some(3))?;
    map.serialize_entry("file", &position.map(|position| &*position.file))?;
    map.serialize_entry("line", &position.map(|position| position.line))?;
    map.serialize_entry("column", &position.and_then(|position| position.column))?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_all_its_members_whether_it_has_a_place_or_not() {
        let position = Position::new("a.csv", 7);
        let problem = ReportedProblem::new("rejected", "no")
            .of_test(&"x")
            .at(Some(position));
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            r#"{"code":"rejected","test":"x","file":"a.csv","line":7,"column":null,"message":"no"}"#
        );
        let json = serde_json::to_string(&ReportedProblem::new("unlinked", "no")).unwrap();
        assert_eq!(
            json,
            r#"{"code":"unlinked","test":null,"file":null,"line":null,"column":null,"message":"no"}"#
        );
    }

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

    #[test]
    fn a_shard_that_cannot_be_is_not_read_back() {
        let json = serde_json::json!({ "total": 2, "is_merged": false, "missing": null, "uploads": [{
            "shard": 3, "upload_id": "u-01jd8x2m5k3q7r", "outcome": "success", "is_resumable": false,
            "counts": Counts::default(),
        }] });
        assert!(serde_json::from_value::<ShardsReport>(json).is_err());
    }
}
