//! User-defined fields in the data.

use std::sync::Arc;

use rusqlite::Connection;

use crate::catalog::Catalog;
use crate::error::ApiError;
use crate::settings::{UserDefinedField, UserDefinedType};

/// The catalog of the settings and of the fields in the data.
pub(super) fn load(connection: &Connection, base: &Arc<Catalog>) -> Result<Arc<Catalog>, ApiError> {
    let sql = "SELECT entity, name, label, type FROM user_defined_fields";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let field_type: String = row.get(3)?;
        let mut field = UserDefinedField::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?)
            .field_type(UserDefinedType::from_word(&field_type));
        field.label = row.get(2)?;
        Ok(field)
    })?;
    let fields: Vec<UserDefinedField> = rows.collect::<Result<_, _>>()?;
    let mut catalog = Arc::clone(base);
    for field in fields {
        // The settings may contain the same field by now.
        let is_known = catalog
            .find_type(&field.entity)
            .is_some_and(|entity_type| entity_type.field(&field.name).is_some());
        if !is_known {
            let more = catalog.with_field(field).map_err(ApiError::Internal)?;
            catalog = Arc::new(more);
        }
    }
    Ok(catalog)
}
