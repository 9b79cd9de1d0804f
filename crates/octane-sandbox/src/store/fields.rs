//! User-defined fields that were added while the sandbox was running.

use std::sync::{Arc, PoisonError};

use http::StatusCode;
use octane_model::{Problem, error_code};

use super::{Store, schema};
use crate::catalog::Catalog;
use crate::error::{ApiError, own_code};
use crate::settings::UserDefinedField;

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
        schema::create_missing(&transaction, &catalog)?;
        transaction.execute(
            "INSERT INTO user_defined_fields (entity, name, label, type) VALUES (?, ?, ?, ?)",
            values,
        )?;
        self.change_catalog(Arc::new(catalog), || Ok(transaction.commit()?))
    }

    /// Changes the catalog together with the data: no reader begins in between.
    pub(super) fn change_catalog(
        &self,
        catalog: Arc<Catalog>,
        commit: impl FnOnce() -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let mut current = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        commit()?;
        *current = catalog;
        Ok(())
    }
}
