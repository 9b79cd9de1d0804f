//! References in request bodies.

use octane_model::EntityId;
use serde::Deserialize;
use serde_json::Value as Json;

use super::value::invalid;
use super::writer::Writer;
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

impl Writer<'_> {
    /// The row ID of the target of a reference in a request body. Its type may be the aggregate or the
    /// concrete one.
    pub(super) fn resolve_reference(
        self,
        entity_type: &EntityType,
        field: &Field,
        concrete: &[&'static str],
        list: Option<&str>,
        value: &Json,
    ) -> Result<Option<i64>, ApiError> {
        if value.is_null() {
            return Ok(None);
        }
        let target = field.target().unwrap_or_default();
        let target = self.catalog.known_type(target);
        // Clients send whole entities back; only the ID matters.
        let id = ["id", "logical_name"]
            .iter()
            .find_map(|name| EntityId::deserialize(value.get(name)?).ok())
            .ok_or_else(|| {
                invalid(
                    entity_type,
                    field,
                    "must be `{\"type\":\"…\",\"id\":\"…\"}`",
                )
            })?;
        if let Some(said) = value.get("type").filter(|said| !said.is_null()) {
            let said = said.as_str().unwrap_or_default();
            let fits = self
                .catalog
                .find_type(said)
                .is_some_and(|said| said.table == target.table);
            if !fits {
                let violation = format!("must refer to `{}`, not `{said}`", target.name);
                return Err(invalid(entity_type, field, &violation));
            }
        }
        let row_id = self
            .reader()
            .row_id(target, id.as_str())?
            .ok_or_else(|| ApiError::entity_not_found(target.name, id.as_str()))?;
        if let Some(said) = value.get("type").and_then(Json::as_str)
            && let Some(own) = self.mismatched(target, row_id, said)?
        {
            let violation = format!("`{}` is a `{own}`, not a `{said}`", id.as_str());
            return Err(invalid(entity_type, field, &violation));
        }
        if !concrete.is_empty() {
            let subtype = self.subtype(target.table, row_id)?.unwrap_or_default();
            if !concrete.contains(&subtype.as_str()) {
                let violation = format!("must refer to {}, not `{subtype}`", concrete.join(", "));
                return Err(invalid(entity_type, field, &violation));
            }
        }
        if let Some(list) = list {
            let sql = "SELECT 1 FROM list_nodes v JOIN list_nodes l ON l.id = v.list_root
                       WHERE v.id = ? AND l.logical_name = ?";
            if !self
                .connection
                .prepare_cached(sql)?
                .exists((row_id, list))?
            {
                return Err(invalid(
                    entity_type,
                    field,
                    &format!("must be a value of the list `{list}`"),
                ));
            }
        }
        if target.name == "phase" {
            let sql = "SELECT 1 FROM phases WHERE id = ? AND entity = ?";
            let is_own = self
                .connection
                .prepare_cached(sql)?
                .exists((row_id, entity_type.name))?;
            // Transitions refer to the phases of other types.
            if !is_own && field.name == "phase" {
                let violation = format!(
                    "must be a phase of `{}`, not `{}`",
                    entity_type.name,
                    id.as_str()
                );
                return Err(invalid(entity_type, field, &violation));
            }
        }
        Ok(Some(row_id))
    }

    /// The type of an entity, if it is not the one with this name and not a part of it. Names that are not those of types do not
    /// matter.
    pub(super) fn mismatched(
        self,
        of: &EntityType,
        row_id: i64,
        said: &str,
    ) -> Result<Option<String>, ApiError> {
        let (true, Some(said)) = (
            self.catalog.table_of(of).has_subtype,
            self.catalog.find_type(said),
        ) else {
            return Ok(None);
        };
        let own = self.subtype(of.table, row_id)?;
        Ok(own.filter(|own| own != said.name && !said.subtypes.contains(&own.as_str())))
    }
}
