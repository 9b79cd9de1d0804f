//! What CI servers report: builds, with what caused them and the commits in them.
//!
//! The help describes builds (\"Work with CI servers, pipelines, and builds\"); events are those of the vendor's CI SDK
//! and of its integration with GitHub Actions.

mod tolerant;

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use tolerant::{list, number, text};

/// A build, as far as a message describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BuildReport {
    /// The instance ID of the CI server; events name it once for all of them.
    #[serde(deserialize_with = "text")]
    pub(crate) server_ci_id: Option<String>,
    #[serde(alias = "project", deserialize_with = "text")]
    pub(crate) job_ci_id: Option<String>,
    #[serde(alias = "projectDisplayName", deserialize_with = "text")]
    pub(crate) job_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) build_ci_id: Option<String>,
    #[serde(alias = "number", deserialize_with = "text")]
    pub(crate) build_name: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    #[serde(deserialize_with = "number")]
    pub(crate) start_time: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) estimated_duration: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) duration: Option<i64>,
    /// `queued`, `running` or `finished`.
    #[serde(deserialize_with = "text")]
    pub(crate) status: Option<String>,
    /// `success`, `unstable`, `failure`, `aborted` or `unavailable`.
    #[serde(deserialize_with = "text")]
    pub(crate) result: Option<String>,
    pub(crate) parameters: Option<Value>,
    #[serde(deserialize_with = "list")]
    pub(crate) causes: Vec<Cause>,
    pub(crate) scm_data: Option<ScmData>,
    /// `CHILD` if the job builds one branch of another one, `PARENT` if it is that other one.
    #[serde(deserialize_with = "text")]
    pub(crate) multi_branch_type: Option<String>,
    /// The job that all branches have in common.
    #[serde(deserialize_with = "text")]
    pub(crate) parent_ci_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) branch: Option<String>,
}

/// Why a build was started: another build, a user, a commit.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Cause {
    #[serde(alias = "project", deserialize_with = "text")]
    pub(crate) job_ci_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) build_ci_id: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) causes: Vec<Cause>,
}

/// The commits in a build.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ScmData {
    pub(crate) repository: Repository,
    #[serde(deserialize_with = "list")]
    pub(crate) commits: Vec<Commit>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Repository {
    #[serde(deserialize_with = "text")]
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) branch: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Commit {
    /// Milliseconds since 1970-01-01 UTC.
    #[serde(deserialize_with = "number")]
    pub(crate) time: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub(crate) user: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) user_email: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) rev_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) parent_rev_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) comment: Option<String>,
    pub(crate) changes: Option<Value>,
}

/// A pull request, as plug-ins report it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PullRequest {
    #[serde(deserialize_with = "text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) description: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) state: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) author_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) author_email: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) self_url: Option<String>,
    /// Milliseconds since 1970-01-01 UTC, like those that follow.
    #[serde(deserialize_with = "number")]
    pub(crate) created_time: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) updated_time: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) merged_time: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) closed_time: Option<i64>,
    pub(crate) merged: Option<bool>,
    pub(crate) source_repository: Repository,
    pub(crate) target_repository: Repository,
    #[serde(deserialize_with = "list")]
    pub(crate) commits: Vec<Commit>,
}

/// The events of a CI server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EventList {
    pub(crate) server: ServerInfo,
    #[serde(deserialize_with = "list")]
    pub(crate) events: Vec<Event>,
}

/// What a CI server says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServerInfo {
    #[serde(deserialize_with = "text")]
    pub(crate) instance_id: Option<String>,
    #[serde(rename = "type", deserialize_with = "text")]
    pub(crate) server_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) version: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    #[serde(deserialize_with = "text")]
    pub(crate) event_type: Option<String>,
    /// The former ID of a job that was renamed.
    #[serde(deserialize_with = "text")]
    pub(crate) previous_project: Option<String>,
    #[serde(flatten)]
    pub(crate) build: BuildReport,
}

/// What an event means.
///
/// | event | |
/// | --- | --- |
/// | `queued` | the build has the status `queued` |
/// | `started` | `running` |
/// | `finished` | `finished` |
/// | `scm` | the commits of a build whose status is not in it |
/// | `renamed` with a former ID | the job has another ID |
/// | others | nothing |
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    Build(Box<BuildReport>),
    Renamed { from: String, to: String },
    Nothing,
}

impl Event {
    pub(crate) fn meaning(self) -> Meaning {
        let Self {
            event_type,
            previous_project,
            build,
        } = self;
        let event_type = event_type.unwrap_or_default().to_ascii_lowercase();
        let status = match event_type.as_str() {
            "queued" => Some("queued"),
            "started" => Some("running"),
            "finished" => Some("finished"),
            "scm" => None,
            "renamed" => {
                return match (previous_project, build.job_ci_id) {
                    (Some(from), Some(to)) => Meaning::Renamed { from, to },
                    _ => Meaning::Nothing,
                };
            }
            _ => return Meaning::Nothing,
        };
        Meaning::Build(Box::new(BuildReport {
            status: status.map(str::to_owned).or(build.status.clone()),
            ..build
        }))
    }
}

impl BuildReport {
    /// The job whose branch this one builds.
    pub(crate) fn parent(&self) -> Option<&str> {
        let kind = self.multi_branch_type.as_deref()?;
        let parent = self.parent_ci_id.as_deref();
        parent.filter(|_| kind.eq_ignore_ascii_case("child"))
    }

    /// The builds that led to this one: job and build, the nearest first.
    pub(crate) fn ancestors(&self) -> Vec<(&str, &str)> {
        let mut ancestors = Vec::new();
        collect(&self.causes, &mut ancestors, &mut HashSet::new());
        ancestors
    }
}

fn collect<'a>(
    causes: &'a [Cause],
    ancestors: &mut Vec<(&'a str, &'a str)>,
    known: &mut HashSet<(&'a str, &'a str)>,
) {
    for cause in causes {
        if let (Some(job), Some(build)) = (&cause.job_ci_id, &cause.build_ci_id)
            && known.insert((job, build))
        {
            ancestors.push((job, build));
        }
        collect(&cause.causes, ancestors, known);
    }
}

/// The status of a pipeline run by status and result of its first build.
///
/// | status | result | of the run |
/// | --- | --- | --- |
/// | `queued`, `running` | any | the same |
/// | `finished` or none | `success`, `unstable`, `failure`, `aborted` | the result |
/// | `finished` or none | others | `unavailable` |
pub(crate) fn run_status(status: Option<&str>, result: Option<&str>) -> &'static str {
    match status {
        Some("queued") => return "queued",
        Some("running") => return "running",
        _ => {}
    }
    match result {
        Some("success") => "success",
        Some("unstable") => "unstable",
        Some("failure") => "failure",
        Some("aborted") => "aborted",
        _ => "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(event_type: &str) -> Event {
        let event = json!({
            "eventType": event_type, "project": "shop", "buildCiId": 7, "number": "#7", "previousProject": "store",
            "causes": [{ "type": "upstream", "project": "root", "buildCiId": "3", "causes": [
                { "type": "upstream", "project": "first", "buildCiId": "1", "causes": null },
                { "type": "user", "user": "jane" },
            ] }],
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn events_mean_what_their_table_says() {
        for (event_type, status) in [
            ("queued", Some("queued")),
            ("STARTED", Some("running")),
            ("finished", Some("finished")),
            ("scm", None),
        ] {
            let Meaning::Build(build) = event(event_type).meaning() else {
                panic!("{event_type}");
            };
            assert_eq!(build.status.as_deref(), status, "{event_type}");
        }
        assert!(
            matches!(event("renamed").meaning(), Meaning::Renamed { from, to }
            if from == "store" && to == "shop")
        );
        for event_type in ["deleted", "undefined", ""] {
            assert!(
                matches!(event(event_type).meaning(), Meaning::Nothing),
                "{event_type}"
            );
        }
    }

    #[test]
    fn the_builds_that_led_to_a_build_are_listed_nearest_first() {
        let build = event("started").build;
        assert_eq!(build.build_ci_id.as_deref(), Some("7"));
        assert_eq!(build.ancestors(), [("root", "3"), ("first", "1")]);
    }

    #[test]
    fn only_the_build_of_a_branch_has_a_parent() {
        let parent = |kind: Option<&str>, parent: Option<&str>| {
            let build = json!({ "multiBranchType": kind, "parentCiId": parent });
            let build: BuildReport = serde_json::from_value(build).unwrap();
            build.parent().map(str::to_owned)
        };
        assert_eq!(parent(Some("CHILD"), Some("shop")).as_deref(), Some("shop"));
        assert_eq!(parent(Some("child"), None), None);
        assert_eq!(parent(Some("PARENT"), Some("shop")), None);
        assert_eq!(parent(None, Some("shop")), None);
    }

    #[test]
    fn a_pipeline_run_has_the_status_of_its_table() {
        for (status, result, of_run) in [
            (Some("queued"), Some("success"), "queued"),
            (Some("running"), None, "running"),
            (Some("finished"), Some("success"), "success"),
            (Some("finished"), Some("unstable"), "unstable"),
            (Some("finished"), Some("failure"), "failure"),
            (Some("finished"), Some("aborted"), "aborted"),
            (None, Some("aborted"), "aborted"),
            (Some("finished"), Some("unavailable"), "unavailable"),
            (Some("finished"), None, "unavailable"),
        ] {
            assert_eq!(run_status(status, result), of_run, "{status:?} {result:?}");
        }
    }
}
