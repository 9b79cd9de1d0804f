//! What a request for entities addresses, and whether it can be served there.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::Method;
use http::request::Parts;

use crate::catalog::{Catalog, EntityType, Scope};
use crate::error::ApiError;
use crate::server::Shared;
use crate::store::Reader;

/// A collection, and maybe an entity in it and a part of that.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) scope: Scope,
    pub(super) collection: String,
    /// Empty where the collection is meant.
    pub(super) id: String,
    /// What stands behind the id: `script`, or the name of a file.
    pub(super) part: String,
}

impl FromRequestParts<Arc<Shared>> for Address {
    type Rejection = ApiError;

    /// Fails where there is no such collection and where it does not take the verb.
    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, Self::Rejection> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, shared).await;
        let mut path = path.map_or_else(|_| HashMap::new(), |Path(path)| path);
        let mut piece = |name: &str| path.remove(name).unwrap_or_default();
        let scope = parts.extensions.get::<Scope>().copied();
        let address = Self {
            scope: scope.unwrap_or(Scope::Workspace),
            collection: piece("collection"),
            id: piece("id"),
            part: piece("part"),
        };
        let catalog = shared.catalog();
        let kind = address.kind(&catalog)?;
        address.check(kind, &parts.method)?;
        Ok(address)
    }
}

impl Address {
    fn check(&self, kind: &EntityType, method: &Method) -> Result<(), ApiError> {
        let verb = match *method {
            Method::GET | Method::HEAD => "GET",
            // A part is written by whoever may change the entity.
            _ if !self.part.is_empty() => "PUT",
            _ => method.as_str(),
        };
        if !kind.allows(verb) {
            return Err(ApiError::method_not_allowed(method.as_str(), kind.methods));
        }
        Ok(())
    }

    /// Fails where a part with another name is meant.
    pub(super) fn must_have(&self, part: &str) -> Result<(), ApiError> {
        if self.part == part {
            Ok(())
        } else {
            Err(ApiError::unknown_address(&self.part))
        }
    }

    /// The type of the collection.
    pub(super) fn kind<'a>(&self, catalog: &'a Catalog) -> Result<&'a EntityType, ApiError> {
        let kind = catalog.collection(self.scope, &self.collection);
        kind.ok_or_else(|| ApiError::unknown_address(&self.collection))
    }

    /// The type and the key of the entity.
    pub(super) fn entity<'a>(&self, reader: Reader<'a>) -> Result<(&'a EntityType, i64), ApiError> {
        let kind = self.kind(reader.catalog)?;
        Ok((kind, key(reader, kind, &self.id)?))
    }
}

/// The key of the entity that a request calls `id`.
pub(super) fn key(reader: Reader<'_>, kind: &EntityType, id: &str) -> Result<i64, ApiError> {
    let key = reader.key(kind, id)?;
    key.ok_or_else(|| ApiError::entity_not_found(kind.name, id))
}
