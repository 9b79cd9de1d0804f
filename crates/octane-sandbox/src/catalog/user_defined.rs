//! User-defined fields.

use super::entity_type::EntityType;
use super::field::{Field, boolean, date, date_time, float, integer, memo, text};
use crate::settings::{self, UserDefinedField, UserDefinedType};

/// The maximum number of user-defined fields of a type, as metadata reports it.
pub(crate) const FIELDS_MAX: usize = 300;

/// Adds fields to their types; a field of an aggregate is added to all its types. Fails with the problem.
pub(super) fn add(types: &mut [EntityType], fields: &[UserDefinedField]) -> Result<(), String> {
    for field in fields {
        let UserDefinedField { entity, name, .. } = field;
        if !types.iter().any(|entity_type| entity_type.name == entity) {
            return Err(format!(
                "cannot add the field `{name}`: unknown entity type `{entity}`"
            ));
        }
        if let Some(problem) = settings::field_name_problem(name) {
            return Err(problem);
        }
        if !name.ends_with("_udf") {
            return Err(format!(
                "cannot add the field `{name}`: the name of a user-defined field must end in `_udf`"
            ));
        }
        let twins = twins(types, entity);
        let made = made(field);
        for index in 0..types.len() {
            let has_it = twins.contains(&types[index].name)
                || types[index].subtype_of == Some(entity.as_str());
            if !has_it {
                continue;
            }
            let table = types[index].table;
            let violation = types
                .iter()
                .filter(|entity_type| entity_type.table == table)
                .flat_map(|entity_type| &entity_type.fields)
                .find(|other| other.name == *name && other.type_word() != made.type_word());
            if let Some(other) = violation {
                return Err(format!(
                    "cannot add the field `{name}` to `{entity}`: a related type has it as {}",
                    other.type_word()
                ));
            }
            let entity_type = &mut types[index];
            if entity_type.field(name).is_some() {
                return Err(format!(
                    "cannot add the field `{name}`: `{}` already has it",
                    entity_type.name
                ));
            }
            let own = entity_type
                .fields
                .iter()
                .filter(|field| field.is_user_defined);
            if own.count() == FIELDS_MAX {
                return Err(format!(
                    "`{}` already has the maximum of {FIELDS_MAX} user-defined fields",
                    entity_type.name
                ));
            }
            entity_type.fields.push(made.clone());
        }
    }
    Ok(())
}

/// The type itself and the other names of the same thing, such as product areas for application modules.
fn twins(types: &[EntityType], entity: &str) -> Vec<&'static str> {
    let table = |entity_type: &EntityType| {
        entity_type
            .field("subtype")
            .is_none()
            .then_some(entity_type.table)
    };
    let own = types
        .iter()
        .find(|entity_type| entity_type.name == entity)
        .and_then(table);
    types
        .iter()
        .filter(|entity_type| {
            entity_type.name == entity || (own.is_some() && table(entity_type) == own)
        })
        .map(|entity_type| entity_type.name)
        .collect()
}

fn made(field: &UserDefinedField) -> Field {
    let name = field.name.clone();
    let made = match field.field_type {
        UserDefinedType::String => text(name),
        UserDefinedType::Memo => memo(name),
        UserDefinedType::Integer => integer(name),
        UserDefinedType::Float => float(name),
        UserDefinedType::Boolean => boolean(name),
        UserDefinedType::DateTime => date_time(name),
        UserDefinedType::Date => date(name),
    };
    let made = made.user_defined();
    match &field.label {
        Some(label) => made.label(label),
        None => made,
    }
}
