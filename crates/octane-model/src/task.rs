//! The task that ingests a payload.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::TaskId;

/// What the server says about the ingestion of one payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// How far it is.
    pub status: TaskStatus,
    /// Until when the server keeps this state, as it writes it: `2025-05-04T10:00:00+0000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What went wrong.
    #[serde(
        default,
        rename = "errorDetails",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_details: Option<String>,
    /// Whether the payload's bytes were known, so that nothing was done and this is the state of the
    /// task that brought them first.
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
    /// A task in this state, with nothing more known.
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

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// Accepted and waiting.
    Queued,
    /// Being worked on.
    Running,
    /// Everything went in.
    Success,
    /// `skip-errors=true`, and something was left out.
    Warning,
    /// `skip-errors=false`, and something was wrong; what was wrong is not in.
    Failed,
    /// Broke.
    Error,
    /// A word that no client has reported so far.
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

    /// The word that the server writes.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => Self::WORDS
                .iter()
                .find(|(_, status)| status == known)
                .map_or("", |(word, _)| word),
        }
    }

    /// Whether nothing more will happen. An unknown word counts as final, as the vendor's clients have it.
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

/// The help shows the text `"true"`; a boolean is as good.
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
    reason = "serde hands over a reference"
)]
fn flag_text<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *flag { "true" } else { "false" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_known_bytes_names_the_older_push() {
        let json = r#"{"id":88,"status":"success","fromOlderPush":"true","until":"2025-05-04T10:00:00+0000"}"#;
        let task: Task = serde_json::from_str(json).unwrap();
        assert!(task.from_older_push && task.status.is_final());
        assert_eq!(
            serde_json::from_str::<Task>(&serde_json::to_string(&task).unwrap()).unwrap(),
            task
        );
    }

    #[test]
    fn unknown_words_are_kept_and_final() {
        let task: Task = serde_json::from_str(r#"{"id":"7","status":"paused","new":1}"#).unwrap();
        assert_eq!(
            (task.id, task.status.as_str(), task.status.is_final()),
            (TaskId::new(7), "paused", true)
        );
    }
}
