//! What an upload did, in numbers that add up.

use std::borrow::Cow;
use std::path::PathBuf;

use octane_model::{SuiteId, SuiteRunId, TaskId};
use octane_results::Position;
use serde::{Deserialize, Serialize, Serializer};

use crate::UploadId;
use crate::links::LinkLevel;

/// What an upload did. Serialises as the schema `octane.upload/1`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The name of this shape, `octane.upload/1`; keys may be added, never changed.
    pub schema: &'static str,
    /// What the upload is called in its journal.
    pub upload_id: UploadId,
    /// The journal's file, unless it ends with the process.
    pub journal: Option<PathBuf>,
    /// In one word.
    pub outcome: Outcome,
    /// Whether resuming the upload may get further.
    pub resumable: bool,
    /// How many results, and what became of them.
    pub counts: Counts,
    /// Where the results went.
    pub target: TargetReport,
    /// What was created on the way.
    pub created: Vec<Created>,
    /// The batches in which the results were sent.
    pub batches: Vec<BatchReport>,
    /// What was linked; absent if linking was not asked for.
    pub links: Option<LinksReport>,
    /// Everything that is not as it should be.
    pub problems: Vec<ReportedProblem>,
}

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every result is in, and links are as asked.
    Success,
    /// Some results were rejected, skipped or not confirmed.
    Partial,
    /// The server understood and said no to all of them.
    Refused,
    /// Signing in failed.
    Unauthorized,
    /// The server could not be reached or did not finish in time.
    Unreachable,
    /// All results are in; some links are not.
    LinksIncomplete,
    /// It was asked to stop before it was done.
    Interrupted,
}

/// How many results, and what became of them: `read = ingested + rejected + skipped + kept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Read from the input, usable or not.
    pub read: usize,
    /// Accepted by the server for ingestion.
    pub sent: usize,
    /// Confirmed to be in Octane.
    pub ingested: usize,
    /// Of those ingested: in batches whose bytes Octane knew from an earlier upload, so that nothing was
    /// done again.
    pub known: usize,
    /// Refused by the server, or left out by it.
    pub rejected: usize,
    /// Not usable, and left out before sending.
    pub skipped: usize,
    /// Not delivered, or not confirmed in time.
    pub kept: usize,
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
    /// Texts that were changed so that Octane takes them: too long, or with characters XML forbids.
    pub repaired: usize,
}

impl Counts {
    /// Whether every result that was read is accounted for.
    pub fn add_up(&self) -> bool {
        self.read == self.ingested + self.rejected + self.skipped + self.kept
    }
}

/// Where the results went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetReport {
    /// The shared space.
    pub space: octane_model::SharedSpaceId,
    /// The workspace.
    pub workspace: octane_model::WorkspaceId,
    /// The application module, where one was given.
    pub module: Option<Named<octane_model::ModuleId>>,
    /// The test suite.
    pub suite: Named<SuiteId>,
    /// The suite run; without an id as long as the server has not made it.
    pub suite_run: Named<Option<SuiteRunId>>,
}

/// An entity's id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named<I> {
    /// The id.
    pub id: I,
    /// The name.
    pub name: String,
}

/// An entity that was created on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The entity's type, for example `application_module`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BatchReport {
    /// The batch, counted from 1.
    pub n: usize,
    /// How many results it has.
    pub rows: usize,
    /// The payload's SHA-256 before compression, in hexadecimal.
    pub sha256: String,
    /// The task that ingests it; absent if the server did not accept it.
    pub task: Option<TaskId>,
    /// The task's last known state, `refused` or `unsent`.
    pub status: String,
    /// Whether Octane knew these bytes from an earlier upload.
    pub known: bool,
}

/// What was linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LinksReport {
    /// Whether runs were linked, or their tests; absent if there was nothing to link.
    pub level: Option<LinkLevel>,
    /// How many different Jira keys the results carry.
    pub keys: usize,
    /// How many stories they stand for.
    pub stories: usize,
    /// How many runs (or tests) carry the links that they should.
    pub linked: usize,
    /// Of those: how many had them before.
    pub unchanged: usize,
    /// How many could not be linked.
    pub failed: usize,
    /// Keys that stand on no story.
    pub unknown: Vec<String>,
    /// Keys that stand on several stories, which were not linked.
    pub ambiguous: Vec<String>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReportedProblem {
    /// What kind of problem: a word that does not change, for example `rejected`.
    pub code: Cow<'static, str>,
    /// The test, where one is meant.
    pub test: Option<String>,
    /// Where the result was read.
    #[serde(flatten, serialize_with = "position")]
    pub position: Option<Position>,
    /// One sentence for people.
    pub message: String,
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

/// `file` and `line`, or nothing.
#[expect(clippy::ref_option, reason = "serde hands over a reference")]
fn position<S: Serializer>(position: &Option<Position>, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(None)?;
    if let Some(Position { file, line, .. }) = position {
        map.serialize_entry("file", &**file)?;
        map.serialize_entry("line", line)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_and_line_where_it_has_them() {
        let position = Position {
            file: "a.csv".into(),
            line: 7,
            column: None,
        };
        let problem = ReportedProblem::new("rejected", "no")
            .of_test(&"x")
            .at(Some(position));
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            r#"{"code":"rejected","test":"x","file":"a.csv","line":7,"message":"no"}"#
        );
        let json = serde_json::to_string(&ReportedProblem::new("unlinked", "no")).unwrap();
        assert_eq!(json, r#"{"code":"unlinked","test":null,"message":"no"}"#);
    }
}
