//! Pointers in the bodies of requests.

use octane_model::EntityId;
use serde::Deserialize;
use serde_json::Value as Json;

use super::write::{Writer, wrong};
use crate::catalog::{EntityType, Field};
use crate::error::ApiError;

impl Writer<'_> {
    /// The key of what a pointer in a body points at. Its type may be the aggregate or the concrete one.
    pub(super) fn pointer(
        self,
        kind: &EntityType,
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
        // Clients send whole entities back; what more there is than the id does not matter.
        let id = ["id", "logical_name"]
            .iter()
            .find_map(|name| EntityId::deserialize(value.get(name)?).ok())
            .ok_or_else(|| wrong(kind, field, "takes `{\"type\":\"…\",\"id\":\"…\"}`"))?;
        if let Some(said) = value.get("type").filter(|said| !said.is_null()) {
            let said = said.as_str().unwrap_or_default();
            let fits = self
                .catalog
                .find_type(said)
                .is_some_and(|said| said.table == target.table);
            if !fits {
                let misfit = format!("points at `{}`, not at `{said}`", target.name);
                return Err(wrong(kind, field, &misfit));
            }
        }
        let key = self
            .reader()
            .key(target, id.as_str())?
            .ok_or_else(|| ApiError::entity_not_found(target.name, id.as_str()))?;
        if !concrete.is_empty() {
            let subtype = self.subtype(target.table, key)?.unwrap_or_default();
            if !concrete.contains(&subtype.as_str()) {
                let misfit = format!("points at {}, not at `{subtype}`", concrete.join(", "));
                return Err(wrong(kind, field, &misfit));
            }
        }
        if let Some(list) = list {
            let sql = "SELECT 1 FROM list_nodes v JOIN list_nodes l ON l.id = v.list_root
                       WHERE v.id = ? AND l.logical_name = ?";
            if !self.connection.prepare_cached(sql)?.exists((key, list))? {
                return Err(wrong(
                    kind,
                    field,
                    &format!("takes values of the list `{list}`"),
                ));
            }
        }
        if target.name == "phase" {
            let sql = "SELECT 1 FROM phases WHERE id = ? AND entity = ?";
            let is_own = self
                .connection
                .prepare_cached(sql)?
                .exists((key, kind.name))?;
            // Transitions point at the phases of other types.
            if !is_own && field.name == "phase" {
                let misfit = format!("takes phases of `{}`, not `{}`", kind.name, id.as_str());
                return Err(wrong(kind, field, &misfit));
            }
        }
        Ok(Some(key))
    }
}
