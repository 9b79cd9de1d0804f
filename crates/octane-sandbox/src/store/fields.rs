//! User-defined fields that were added while the sandbox was running.

use std::sync::Arc;

use http::StatusCode;
use octane_model::{Problem, error_code};

use super::{Store, schema};
use crate::error::{ApiError, own_code};
use crate::settings::{UserDefinedField, UserDefinedType};

impl Store {
    /// Adds a field to a type, immediately and for as long as the data exists.
    pub(crate) fn add_field(&self, field: UserDefinedField) -> Result<(), ApiError> {
        let mut connection = self.connection();
        let before = self.catalog();
        let is_taken = before
            .find_type(&field.entity)
            .is_some_and(|entity_type| entity_type.field(&field.name).is_some());
        let (entity, name) = (field.entity.clone(), field.name.clone());
        let values = (
            field.entity.clone(),
            field.name.clone(),
            field.label.clone(),
            field.field_type.as_str(),
        );
        let catalog = before.with_field(field).map_err(|problem| {
            let (status, code) = if is_taken {
                (StatusCode::CONFLICT, error_code::DUPLICATE)
            } else {
                (StatusCode::BAD_REQUEST, own_code::BAD_REQUEST)
            };
            let problem = Problem::new(code, problem)
                .with("entity_type", entity)
                .with("field_name", name);
            ApiError::new(status, problem)
        })?;
        let transaction = connection.transaction()?;
        schema::create(&transaction, &catalog)?;
        transaction.execute(
            "INSERT INTO user_defined_fields (entity, name, label, type) VALUES (?, ?, ?, ?)",
            values,
        )?;
        transaction.commit()?;
        self.set_catalog(Arc::new(catalog));
        Ok(())
    }

    /// Adapts the tables to the catalog of the settings and to the fields in the data; also after the data
    /// was restored.
    pub(crate) fn load_fields(&self) -> Result<(), ApiError> {
        let connection = self.connection();
        schema::create(&connection, &self.base)?;
        let sql = "SELECT entity, name, label, type FROM user_defined_fields";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let field_type: String = row.get(3)?;
            let mut field =
                UserDefinedField::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?)
                    .field_type(UserDefinedType::from_word(&field_type));
            field.label = row.get(2)?;
            Ok(field)
        })?;
        let fields: Vec<UserDefinedField> = rows.collect::<Result<_, _>>()?;
        let mut catalog = Arc::clone(&self.base);
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
        schema::create(&connection, &catalog)?;
        self.set_catalog(catalog);
        Ok(())
    }
}
