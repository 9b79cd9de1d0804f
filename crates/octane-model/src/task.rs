//! The task that ingests a payload.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::TaskId;

/// The state of the ingestion of one payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The status.
    pub status: TaskStatus,
    /// How long the server keeps this state, in its own format: `2025-05-04T10:00:00+0000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What went wrong.
    #[serde(
        default,
        rename = "errorDetails",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_details: Option<String>,
    /// Whether the server has received the same bytes before. It then ingests nothing and returns the
    /// state of the earlier task.
    #[serde(
        default,
        rename = "fromOlderPush",
        deserialize_with = "flag",
        serialize_with = "flag_text",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub from_older_push: bool,
}

impl Task {
    /// A task with this status and no other information.
    pub fn new(id: TaskId, status: TaskStatus) -> Self {
        Self {
            id,
            status,
            until: None,
            error_details: None,
            from_older_push: false,
        }
    }
}

/// The status of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// Accepted and waiting.
    Queued,
    /// Being ingested.
    Running,
    /// Everything was ingested.
    Success,
    /// Invalid results were skipped (`skip-errors=true`).
    Warning,
    /// Invalid results were rejected (`skip-errors=false`).
    Failed,
    /// The ingestion itself failed.
    Error,
    /// A status that this client does not know.
    Other(String),
}

impl TaskStatus {
    const WORDS: [(&'static str, Self); 6] = [
        ("queued", Self::Queued),
        ("running", Self::Running),
        ("success", Self::Success),
        ("warning", Self::Warning),
        ("failed", Self::Failed),
        ("error", Self::Error),
    ];

    /// The status as the server writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => Self::WORDS
                .iter()
                .find(|(_, status)| status == known)
                .map_or("", |(word, _)| word),
        }
    }

    /// Whether the task has ended. An unknown status counts as final, as in the vendor's clients.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl From<&str> for TaskStatus {
    fn from(word: &str) -> Self {
        let known = Self::WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map_or_else(
            || Self::Other(word.to_owned()),
            |(_, status)| status.clone(),
        )
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for TaskStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// Octane's help shows the text `"true"`; a boolean is accepted as well.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Flag(bool),
        Text(String),
        None(()),
    }
    Ok(match Wire::deserialize(deserializer)? {
        Wire::Flag(flag) => flag,
        Wire::Text(text) => text.eq_ignore_ascii_case("true"),
        Wire::None(()) => false,
    })
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn flag_text<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *flag { "true" } else { "false" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_to_duplicate_bytes_is_marked_as_an_older_push() {
        let json = r#"{"id":88,"status":"success","fromOlderPush":"true","until":"2025-05-04T10:00:00+0000"}"#;
        let task: Task = serde_json::from_str(json).unwrap();
        assert!(task.from_older_push && task.status.is_final());
        assert_eq!(
            serde_json::from_str::<Task>(&serde_json::to_string(&task).unwrap()).unwrap(),
            task
        );
    }

    #[test]
    fn unknown_statuses_are_kept_and_final() {
        let task: Task = serde_json::from_str(r#"{"id":"7","status":"paused","new":1}"#).unwrap();
        assert_eq!(
            (task.id, task.status.as_str(), task.status.is_final()),
            (TaskId::new(7), "paused", true)
        );
    }
}
