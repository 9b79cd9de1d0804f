//! Backlog items.

use serde::Deserialize;

use crate::id::WorkItemId;
use crate::reference::Reference;
use crate::resource::Resource;
use crate::select::Select;

/// A backlog item: a story, a feature or a defect; they share one id space.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WorkItem {
    /// The id.
    pub id: WorkItemId,
    /// The name.
    pub name: String,
    /// The type of backlog item: `story`, `feature`, `defect`, …
    #[serde(default)]
    pub subtype: String,
    /// The phase.
    #[serde(default)]
    pub phase: Option<Reference>,
}

impl WorkItem {
    /// A reference to the item, with its concrete type.
    pub fn to_reference(&self) -> Reference {
        let entity_type = if self.subtype.is_empty() {
            Self::TYPE
        } else {
            &self.subtype
        };
        Reference::new(entity_type, self.id)
    }
}

impl Resource for WorkItem {
    const TYPE: &'static str = "work_item";
    const COLLECTION: &'static str = "work_items";

    fn select() -> Select {
        Select::names(["name", "subtype", "phase"])
    }
}
