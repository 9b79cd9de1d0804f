//! What helps an upload that waits for a person: one function, and this table. The first row that applies decides.
//!
//! | the upload | what helps |
//! |---|---|
//! | is damaged in the store | [`Remedy::Upload`] |
//! | is a shard of another number of shards than others of its suite run | [`Remedy::DeleteOne`] |
//! | has results that are rejected or not confirmed, or links are missing | [`Remedy::Retry`] |
//! | was merged with others, which have such results | [`Remedy::RetryOthers`] |
//! | was merged without shards that have not arrived | [`Remedy::Shards`] |
//! | lacks nothing but what is invalid in its input | [`Remedy::Input`] |
//! | has no report, or is anything else | [`Remedy::Retry`] |

use octane_client::{Counts, Report, UploadId};

use crate::store::Status;

/// What helps an upload that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Another attempt, once what the reason says is corrected.
    Retry,
    /// Other attempts at the shards that it was merged with.
    RetryOthers(Vec<UploadId>),
    /// To delete the one of two shards that does not belong to the suite run, and then another attempt.
    DeleteOne,
    /// That the missing shards arrive, which are merged with it then.
    Shards,
    /// To correct the input, and to upload it again.
    Input,
    /// To upload the results again.
    Upload,
}

/// What the reason of an upload begins with whose journal is damaged in the store.
pub(crate) const DAMAGED: &str = "its journal is damaged in the store";

impl Status {
    /// What helps it; see the table in the source.
    pub fn remedy(&self) -> Remedy {
        if self
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with(DAMAGED))
        {
            return Remedy::Upload;
        }
        let report = self.report.as_deref().map(serde_json::from_str::<Report>);
        match report {
            Some(Ok(report)) => remedy(&self.id, &report),
            _ => Remedy::Retry,
        }
    }
}

fn remedy(id: &UploadId, report: &Report) -> Remedy {
    let has = |code: &str| report.problems.iter().any(|problem| problem.code == code);
    if has("shard_mismatch") {
        return Remedy::DeleteOne;
    }
    let is_open = |counts: &Counts| counts.rejected + counts.pending > 0;
    let shards = report.shards.as_ref().filter(|shards| shards.is_merged);
    let own = shards.and_then(|shards| shards.uploads.iter().find(|one| one.upload_id == *id));
    let counts = own.map_or(report.counts, |own| own.counts);
    if is_open(&counts) || report.links.as_ref().is_some_and(|links| links.failed > 0) {
        return Remedy::Retry;
    }
    let others = shards.iter().flat_map(|shards| &shards.uploads);
    let others = others.filter(|other| is_open(&other.counts));
    let others: Vec<UploadId> = others.map(|other| other.upload_id.clone()).collect();
    if !others.is_empty() {
        return Remedy::RetryOthers(others);
    }
    if has("missing_shards") {
        return Remedy::Shards;
    }
    let is_only_invalid = counts.invalid > 0 && counts.ingested + counts.invalid == counts.read;
    let has_links = report.links.as_ref();
    let has_links =
        has_links.is_none_or(|links| links.unknown.is_empty() && links.ambiguous.is_empty());
    if is_only_invalid && has_links && !has("unverified") {
        return Remedy::Input;
    }
    Remedy::Retry
}

#[cfg(test)]
mod tests {
    use octane_client::ReportedProblem;
    use serde_json::{Value, json};

    use super::*;
    use crate::lane::Lane;
    use crate::state::State;
    use crate::time::Time;

    const OWN: &str = "u-01jd8x2m5k3q7r";
    const OTHER: &str = "u-01jd8x2m5k3q7s";

    fn counts(read: usize, rejected: usize, invalid: usize) -> Value {
        let mut counts = serde_json::to_value(Counts::default()).unwrap();
        counts["read"] = read.into();
        counts["rejected"] = rejected.into();
        counts["invalid"] = invalid.into();
        counts["ingested"] = (read - rejected - invalid).into();
        counts
    }

    fn shard(id: &str, index: u32, rejected: usize) -> Value {
        json!({
            "shard": index, "upload_id": id, "outcome": "success", "is_resumable": false, "counts": counts(5, rejected, 0)
        })
    }

    fn status(reason: &str, counts: &Value, shards: &Value, codes: &[&'static str]) -> Status {
        let problems = codes.iter().map(|code| ReportedProblem::new(*code, "no"));
        let report = json!({
            "upload_id": OWN, "journal": null, "outcome": "partial", "is_resumable": false, "counts": counts,
            "target": {
                "space": "1001", "workspace": "1002", "module": null, "suite": null, "suite_run": null, "url": null
            },
            "created": [], "batches": [], "links": null, "problems": problems.collect::<Vec<_>>(), "shards": shards
        });
        Status {
            id: OWN.parse().unwrap(),
            project: "shop".to_owned(),
            lane: Lane::new("https://octane.example/", 1001, 1002, "Nightly", "1"),
            state: State::Incomplete,
            attempts: 1,
            results: 5,
            created: Time::EPOCH,
            changed: Time::EPOCH,
            next_attempt: None,
            report: Some(report.to_string()),
            reason: Some(reason.to_owned()),
        }
    }

    #[test]
    fn every_row_of_the_table_holds() {
        let none = || Value::Null;
        let merged = |own, other| {
            json!({
                "total": 2, "is_merged": true, "missing": [], "uploads": [shard(OWN, 1, own), shard(OTHER, 2, other)]
            })
        };
        let all = || counts(5, 0, 0);
        let damaged = format!("{DAMAGED}: it is not a database");
        assert_eq!(
            status(&damaged, &all(), &none(), &[]).remedy(),
            Remedy::Upload
        );
        let found = status("x", &all(), &none(), &["shard_mismatch"]);
        assert_eq!(found.remedy(), Remedy::DeleteOne);
        let found = status("x", &counts(5, 1, 1), &none(), &[]);
        assert_eq!(found.remedy(), Remedy::Retry);
        let found = status("x", &counts(10, 1, 0), &merged(0, 1), &[]);
        assert_eq!(
            found.remedy(),
            Remedy::RetryOthers(vec![OTHER.parse().unwrap()])
        );
        let found = status("x", &counts(10, 1, 0), &merged(1, 0), &["missing_shards"]);
        assert_eq!(found.remedy(), Remedy::Retry);
        let found = status("x", &all(), &merged(0, 0), &["missing_shards"]);
        assert_eq!(found.remedy(), Remedy::Shards);
        let found = status("x", &counts(5, 0, 1), &none(), &["invalid_row"]);
        assert_eq!(found.remedy(), Remedy::Input);
        let mut found = status("the suite does not exist", &all(), &none(), &[]);
        found.report = None;
        assert_eq!(found.remedy(), Remedy::Retry);
    }
}
