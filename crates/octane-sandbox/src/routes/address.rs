//! The target of an entity request, and whether it supports the method.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::Method;
use http::request::Parts;

use crate::catalog::{Catalog, EntityType, Scope};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::Reader;

/// A collection, possibly with an entity in it and a part of that entity.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) scope: Scope,
    pub(super) collection: String,
    /// Empty for the collection itself.
    pub(super) id: String,
    /// What follows the ID: `script`, or the name of a file.
    pub(super) part: String,
}

impl FromRequestParts<Arc<AppState>> for Address {
    type Rejection = ApiError;

    /// Fails if there is no such collection, or if it does not support the method.
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let path = RawPathParams::from_request_parts(parts, state).await.ok();
        let piece = |name: &str| {
            let mut pieces = path.iter().flatten();
            let found = pieces.find(|(known, _)| *known == name);
            found.map_or_else(String::new, |(_, value)| value.to_owned())
        };
        let scope = parts.extensions.get::<Scope>().copied();
        let address = Self {
            scope: scope.unwrap_or(Scope::Workspace),
            collection: piece("collection"),
            id: piece("id"),
            part: piece("part"),
        };
        let catalog = state.catalog();
        let entity_type = address.entity_type(&catalog)?;
        address.check(entity_type, &parts.method)?;
        Ok(address)
    }
}

impl Address {
    fn check(&self, entity_type: &EntityType, method: &Method) -> Result<(), ApiError> {
        let verb = match *method {
            Method::GET | Method::HEAD => "GET",
            // Writing a part requires permission to update the entity.
            _ if !self.part.is_empty() => "PUT",
            _ => method.as_str(),
        };
        if !entity_type.allows(verb) {
            return Err(ApiError::method_not_allowed(
                method.as_str(),
                entity_type.methods,
            ));
        }
        Ok(())
    }

    /// Fails unless this part is requested.
    pub(super) fn must_have(&self, part: &str) -> Result<(), ApiError> {
        if self.part == part {
            Ok(())
        } else {
            Err(ApiError::unknown_address(&self.part))
        }
    }

    /// The type of the collection.
    pub(super) fn entity_type<'a>(&self, catalog: &'a Catalog) -> Result<&'a EntityType, ApiError> {
        let entity_type = catalog.collection(self.scope, &self.collection);
        entity_type.ok_or_else(|| {
            let Self {
                collection,
                id,
                part,
                ..
            } = self;
            // `collection` alone may be the beginning of other paths.
            match part.as_str() {
                "" => ApiError::unknown_address(collection),
                part => ApiError::unknown_address(&format!("{collection}/{id}/{part}")),
            }
        })
    }

    /// The type and the row ID of the entity.
    pub(super) fn entity<'a>(&self, reader: Reader<'a>) -> Result<(&'a EntityType, i64), ApiError> {
        let entity_type = self.entity_type(reader.catalog)?;
        Ok((entity_type, row_id(reader, entity_type, &self.id)?))
    }
}

/// The row ID of the entity that a request refers to by `id`.
pub(super) fn row_id(
    reader: Reader<'_>,
    entity_type: &EntityType,
    id: &str,
) -> Result<i64, ApiError> {
    let row_id = reader.row_id(entity_type, id)?;
    row_id.ok_or_else(|| ApiError::entity_not_found(entity_type.name, id))
}
