//! Ids that cannot be mixed up.
//!
//! Octane numbers its entities and writes the numbers as JSON strings (`"id":"3001"`); task ids are JSON
//! numbers. System list values and phases have names instead of numbers (`list_node.severity.high`).
//! [`EntityId`] holds either; the other types here hold the number of one kind of entity.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is not a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind} (a whole number such as 1001)")]
pub struct IdError {
    text: String,
    kind: &'static str,
}

macro_rules! numeric_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The id with this number.
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for EntityId {
            fn from(id: $name) -> Self {
                EntityId::from(id.0)
            }
        }

        impl TryFrom<&EntityId> for $name {
            type Error = IdError;

            fn try_from(id: &EntityId) -> Result<Self, IdError> {
                id.as_str().parse()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.trim().parse().map(Self).map_err(|_| IdError { text: text.to_owned(), kind: $kind })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                EntityId::deserialize(deserializer)?
                    .as_str()
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    )+};
}

numeric_ids! {
    /// A shared space, the first of the two numbers in an Octane URL.
    SharedSpaceId = "a shared space id";
    /// A workspace, the second of the two numbers in an Octane URL.
    WorkspaceId = "a workspace id";
    /// An application module (called a product area in payloads).
    ModuleId = "an application module id";
    /// A test suite.
    SuiteId = "a test suite id";
    /// A suite run: one execution of a suite, with its automated runs.
    SuiteRunId = "a suite run id";
    /// An automated run: one result of one test.
    RunId = "an automated run id";
    /// An automated test.
    TestId = "an automated test id";
    /// A backlog item: stories, features, defects, … share one id space.
    WorkItemId = "a backlog item id";
    /// A release.
    ReleaseId = "a release id";
    /// A milestone.
    MilestoneId = "a milestone id";
    /// A program.
    ProgramId = "a program id";
    /// A task that ingests one payload of test results.
    TaskId = "a task id";
}

/// The id of any entity, as the server writes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(Box<str>);

impl EntityId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<i64> for EntityId {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl From<&str> for EntityId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for EntityId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Reads a JSON string or number: Octane writes strings and accepts both.
impl<'de> Deserialize<'de> for EntityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = EntityId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: a string or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<EntityId, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<EntityId, E> {
        Ok(text.into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<EntityId, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<EntityId, E> {
        let signed = i64::try_from(number);
        let unexpected = Unexpected::Unsigned(number);
        signed
            .map(EntityId::from)
            .map_err(|_| E::invalid_value(unexpected, &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_deserialize_from_strings_and_from_numbers() {
        assert_eq!(
            serde_json::from_str::<TaskId>("1103").unwrap(),
            TaskId::new(1103)
        );
        assert_eq!(
            serde_json::from_str::<TaskId>("\"1103\"").unwrap(),
            TaskId::new(1103)
        );
        assert_eq!(
            serde_json::from_str::<EntityId>("7").unwrap(),
            EntityId::from("7")
        );
    }

    #[test]
    fn what_is_no_id_is_an_error_that_says_what_one_is() {
        for json in ["null", "true", "1.5", "[]", "{}", "9223372036854775808"] {
            let error = serde_json::from_str::<EntityId>(json).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("an id: a string or a whole number"),
                "{error}"
            );
        }
    }

    #[test]
    fn the_error_quotes_a_text_that_is_not_an_id() {
        let error = "nightly".parse::<SuiteId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`nightly` is not a test suite id (a whole number such as 1001)"
        );
    }
}
