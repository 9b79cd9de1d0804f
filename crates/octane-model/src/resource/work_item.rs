//! Backlog items.

use serde::Deserialize;

use super::Resource;
use crate::{Reference, Select, WorkItemId};

/// A backlog item: a story, a feature or a defect, which share one id space.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WorkItem {
    /// The id.
    pub id: WorkItemId,
    /// The name.
    pub name: String,
    /// Which kind of backlog item: `story`, `feature`, `defect`, …
    #[serde(default)]
    pub subtype: String,
    /// How far it is.
    #[serde(default)]
    pub phase: Option<Reference>,
}

impl WorkItem {
    /// A pointer to it, of its own type.
    pub fn to_reference(&self) -> Reference {
        let kind = if self.subtype.is_empty() {
            Self::TYPE
        } else {
            &self.subtype
        };
        Reference::new(kind, self.id)
    }
}

impl Resource for WorkItem {
    const TYPE: &'static str = "work_item";
    const COLLECTION: &'static str = "work_items";

    fn select() -> Select {
        Select::names(["name", "subtype", "phase"])
    }
}
