//! Entity types with a struct of their own.

use serde::de::DeserializeOwned;

use crate::entity::Entity;
use crate::select::Select;

/// An entity type with a struct of its own: its collection and the fields that the struct needs.
pub trait Resource: DeserializeOwned {
    /// The type, as used in entities and metadata, for example `run_automated`.
    const TYPE: &'static str;
    /// The collection, as used in URLs, for example `automated_runs`.
    const COLLECTION: &'static str;

    /// The fields to request.
    fn select() -> Select;
}

impl Entity {
    /// Whether the entity's type is that of `R`.
    pub fn is<R: Resource>(&self) -> bool {
        self.entity_type == R::TYPE
    }
}
