//! Fields that a workspace has defined by itself.

use super::entity_type::EntityType;
use super::field::{Field, boolean, date, date_time, float, integer, memo, text};
use crate::settings::{self, UserDefinedField, UserDefinedType};

/// How many fields of its own a type may have, as metadata tell.
pub(crate) const FIELDS_MAX: usize = 300;

/// Adds fields to their types; one of an aggregate is one of all its types. Fails with what is wrong.
pub(super) fn add(types: &mut [EntityType], fields: &[UserDefinedField]) -> Result<(), String> {
    for field in fields {
        let UserDefinedField { entity, name, .. } = field;
        if !types.iter().any(|kind| kind.name == entity) {
            return Err(format!(
                "the field `{name}` cannot be added: there is no entity type `{entity}`"
            ));
        }
        if let Some(mistake) = settings::field_name_mistake(name) {
            return Err(mistake);
        }
        if !name.ends_with("_udf") {
            return Err(format!(
                "the field `{name}` cannot be added: the name of a user-defined field ends in `_udf`"
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
            let misfit = types
                .iter()
                .filter(|kind| kind.table == table)
                .flat_map(|kind| &kind.fields)
                .find(|other| other.name == *name && other.type_word() != made.type_word());
            if let Some(other) = misfit {
                return Err(format!(
                    "the field `{name}` of `{entity}` cannot be added: a related type has it as {}",
                    other.type_word()
                ));
            }
            let kind = &mut types[index];
            if kind.field(name).is_some() {
                return Err(format!(
                    "the field `{name}` cannot be added: `{}` has it already",
                    kind.name
                ));
            }
            let own = kind.fields.iter().filter(|field| field.is_user_defined);
            if own.count() == FIELDS_MAX {
                return Err(format!(
                    "`{}` has {FIELDS_MAX} fields of its own",
                    kind.name
                ));
            }
            kind.fields.push(made.clone());
        }
    }
    Ok(())
}

/// The type itself and the other names of the same thing, such as product areas for application modules.
fn twins(types: &[EntityType], entity: &str) -> Vec<&'static str> {
    let table = |kind: &EntityType| kind.field("subtype").is_none().then_some(kind.table);
    let own = types
        .iter()
        .find(|kind| kind.name == entity)
        .and_then(table);
    types
        .iter()
        .filter(|kind| kind.name == entity || (own.is_some() && table(kind) == own))
        .map(|kind| kind.name)
        .collect()
}

fn made(field: &UserDefinedField) -> Field {
    let name = &field.name;
    let made = match field.kind {
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
