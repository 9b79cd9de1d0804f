//! Metadata about types and fields.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use octane_model::{
    Comparison, FieldMetadata, FieldTypeData, Literal, Operand, Operator, Page, Query,
    ReferenceTarget,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::catalog::{Catalog, EntityType, Field, FieldType, Scope, USER_DEFINED_FIELDS_MAX};
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;

pub(super) async fn fields(
    State(state): State<Arc<AppState>>,
    Extension(scope): Extension<Scope>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let catalog = &*state.catalog();
    let query = parameters.query()?;
    let types = types(catalog, scope, "entity_name", query.as_ref());
    let all = types.flat_map(|entity_type| {
        entity_type
            .fields
            .iter()
            .map(move |field| field_metadata(catalog, entity_type, field))
    });
    matching(&state, all, query.as_ref())
}

pub(super) async fn entities(
    State(state): State<Arc<AppState>>,
    Extension(scope): Extension<Scope>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let catalog = &*state.catalog();
    let query = parameters.query()?;
    let types = types(catalog, scope, "name", query.as_ref());
    let all = types.map(|entity_type| entity_metadata(catalog, entity_type));
    matching(&state, all, query.as_ref())
}

/// The types whose metadata may fit the query, which has their name under `key`. The first one is always among them: whether a query can
/// be answered shows in any metadata, but not without.
fn types<'a>(
    catalog: &'a Catalog,
    scope: Scope,
    key: &str,
    query: Option<&Query>,
) -> impl Iterator<Item = &'a EntityType> {
    let names = query.and_then(|query| names(key, query));
    let types = catalog.types().iter();
    let types = types.filter(move |entity_type| entity_type.scope == scope);
    types.enumerate().filter_map(move |(index, entity_type)| {
        let fits = |names: &Vec<String>| names.iter().any(|name| name == entity_type.name);
        (index == 0 || names.as_ref().is_none_or(fits)).then_some(entity_type)
    })
}

/// The names of which every match has one under `key`; none if there is no such condition.
fn names(key: &str, query: &Query) -> Option<Vec<String>> {
    match query {
        Query::All(parts) => parts.iter().find_map(|part| names(key, part)),
        Query::Comparison(Comparison { field, operand, .. }) if field == key => {
            let literals = match operand {
                Operand::Literal(literal) => std::slice::from_ref(literal),
                Operand::List(literals) => literals,
                _ => return None,
            };
            let texts = literals.iter().filter_map(|literal| match literal {
                Literal::Text(text) => Some(text.clone()),
                _ => None,
            });
            Some(texts.collect())
        }
        _ => None,
    }
}

/// Members that the server sends in addition to those that the clients of this project read.
#[derive(Serialize)]
struct WireField {
    #[serde(rename = "type")]
    wire_type: &'static str,
    #[serde(flatten)]
    field: FieldMetadata,
    description: String,
    #[serde(rename = "final")]
    is_immutable: bool,
    unique: bool,
    returned_by_default: bool,
    visible_in_ui: bool,
    access_level: &'static str,
    groupable: bool,
    selectable: bool,
    sanitization: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_value: Option<i64>,
    field_features: Vec<Value>,
}

fn field_metadata(catalog: &Catalog, entity_type: &EntityType, field: &Field) -> Value {
    let mut metadata = FieldMetadata::new(entity_type.name, &*field.name, field.type_word());
    metadata.label = field.shown().into_owned();
    metadata.editable = field.is_editable;
    metadata.required = field.is_required;
    metadata.is_user_defined = field.is_user_defined;
    let is_secret = matches!(field.field_type, FieldType::Secret);
    metadata.filterable = field.is_filterable;
    metadata.sortable = field.is_sortable;
    let (multiple, concrete, list): (_, &[&'static str], _) = match &field.field_type {
        FieldType::One(reference) => (false, reference.concrete, reference.list),
        FieldType::Many(link) => (true, link.concrete, link.list),
        FieldType::Inverse { .. } => (true, &[], None),
        FieldType::Text { max_length } => {
            metadata.max_length = u64::try_from(*max_length).ok();
            (false, &[], None)
        }
        FieldType::Subtype if field.is_required => {
            metadata.max_length = Some(255);
            (false, &[], None)
        }
        _ => (false, &[], None),
    };
    if let Some(points_at) = field.target() {
        let target = |entity_type: &str| {
            let target = ReferenceTarget::new(entity_type);
            match list {
                Some(list) => target.logical_name(list),
                None => target,
            }
        };
        let targets = catalog.targets(points_at, concrete);
        let targets = targets.into_iter().map(target).collect();
        metadata.field_type_data = Some(FieldTypeData::new(multiple, targets));
    }
    let is_stored_number = matches!(field.field_type, FieldType::Integer) && field.is_column();
    let features = match &field.field_type {
        _ if field.is_user_defined => vec![json!({ "name": "business_rules" })],
        FieldType::Inverse { field, .. } => vec![json!({ "name": "inverse_of", "field": field })],
        _ => Vec::new(),
    };
    let wire = WireField {
        wire_type: "field_metadata",
        description: format!(
            "{} of the {}",
            field.shown(),
            entity_type.label.to_lowercase()
        ),
        field: metadata,
        is_immutable: field.is_immutable || !field.is_editable,
        unique: field.name == "id",
        returned_by_default: field.is_returned_by_default,
        visible_in_ui: !is_secret,
        access_level: "PUBLIC",
        groupable: field.is_single() || matches!(field.field_type, FieldType::Many(_)),
        selectable: !is_secret,
        sanitization: if matches!(field.field_type, FieldType::Memo) {
            "HTML"
        } else {
            "NONE"
        },
        min_value: is_stored_number.then_some(i64::MIN),
        max_value: is_stored_number.then_some(i64::MAX),
        field_features: features,
    };
    serde_json::to_value(wire).unwrap_or_default()
}

fn entity_metadata(catalog: &Catalog, entity_type: &EntityType) -> Value {
    let has = |name: &str| entity_type.field(name).is_some();
    let mut features = vec![json!({
        "name": "rest",
        "url": entity_type.collections.first(),
        "methods": entity_type.listed_methods,
    })];
    if let Some(aggregate) = entity_type.subtype_of {
        features.push(json!({ "name": "subtype_of", "type": aggregate }));
    }
    if entity_type.is_aggregate() {
        features.push(json!({ "name": "subtypes", "types": entity_type.subtypes }));
    }
    if catalog.table_of(entity_type).is_tree {
        features.push(hierarchy(catalog, entity_type));
    }
    for (name, is_there) in [
        ("phases", has("phase")),
        ("attachments", has("attachments")),
        ("comments", has("comments")),
        ("ordering", has("ordering")),
        ("grouping", entity_type.allows("GET")),
        ("business_rules", entity_type.allows("PUT")),
        ("auditing", entity_type.allows("PUT")),
    ] {
        if is_there {
            features.push(json!({ "name": name }));
        }
    }
    if has("owner") {
        features.push(json!({ "name": "mailing", "url": "mails" }));
    }
    // Every writable type may have user-defined fields.
    if entity_type.allows("PUT") {
        features.push(json!({ "name": "user_defined_fields", "max": USER_DEFINED_FIELDS_MAX }));
    }
    json!({
        "type": "entity_metadata",
        "name": entity_type.name,
        "label": entity_type.label,
        "description": entity_type.label,
        "can_modify_label": entity_type.allows("PUT"),
        "access_level": "PUBLIC",
        "features": features,
    })
}

/// The root of the tree that a type belongs to, and the types that may be parents.
fn hierarchy(catalog: &Catalog, entity_type: &EntityType) -> Value {
    let roots: Vec<&str> = catalog
        .types()
        .iter()
        .filter(|root| root.table == entity_type.table && root.name.ends_with("_root"))
        .map(|root| root.name)
        .collect();
    let parents = match entity_type.field("parent").map(|parent| &parent.field_type) {
        Some(FieldType::One(reference)) if entity_type.name != "work_item_root" => {
            catalog.targets(reference.target, reference.concrete)
        }
        _ => Vec::new(),
    };
    let children = catalog.types().iter().filter(|child| {
        let parent = child.field("parent").map(|parent| &parent.field_type);
        matches!(parent, Some(FieldType::One(reference))
            if child.table == entity_type.table
                && !child.is_aggregate()
                && !roots.contains(&child.name)
                && catalog.targets(reference.target, reference.concrete).contains(&entity_type.name))
    });
    let children: Vec<&str> = children.map(|child| child.name).collect();
    // A root is the first entity of its table.
    let root = json!({
        "type": roots.first().unwrap_or(&entity_type.name),
        "id": catalog.table_of(entity_type).first_id.to_string(),
    });
    json!({
        "name": "hierarchy",
        "root": root,
        "is_root": roots.contains(&entity_type.name),
        "parent_types": parents,
        "child_types": children,
        "max_depth": 4,
    })
}

/// The entries of `all` that match the query.
fn matching(
    state: &AppState,
    all: impl Iterator<Item = Value>,
    query: Option<&Query>,
) -> Result<Response, ApiError> {
    let with_or = state.settings.entities.metadata_with_or;
    let mut data = Vec::new();
    for item in all {
        if query.map_or(Ok(true), |query| fits(&item, query, with_or))? {
            data.push(item);
        }
    }
    let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
    Ok(json_response(StatusCode::OK, &Page::new(data, count)))
}

/// Members that not every field has.
const OPTIONAL_KEYS: [&str; 4] = ["max_length", "min_value", "max_value", "field_type_data"];

/// Metadata supports comparisons joined by `;` and nothing else (ALM Octane help, "Metadata"); with `with_or`
/// also those joined by `||`.
fn fits(item: &Value, query: &Query, with_or: bool) -> Result<bool, ApiError> {
    let refused = |description: String| ApiError::bad_request(own_code::QUERY, description);
    match query {
        Query::All(parts) => {
            let mut all = true;
            for part in parts {
                all &= fits(item, part, with_or)?;
            }
            Ok(all)
        }
        Query::Any(parts) if with_or => {
            let mut any = false;
            for part in parts {
                any |= fits(item, part, with_or)?;
            }
            Ok(any)
        }
        Query::Comparison(Comparison {
            field,
            operator,
            operand,
        }) => {
            let literals = match (operator, operand) {
                (Operator::Equal, Operand::Literal(literal)) => std::slice::from_ref(literal),
                (Operator::In, Operand::List(literals)) => literals,
                _ => {
                    let word = operator.as_str();
                    return Err(refused(format!(
                        "metadata queries do not support `{word}` here"
                    )));
                }
            };
            // Members that only some types and fields have are null for the others.
            let value = item.get(field).unwrap_or(&Value::Null);
            let is_key = !value.is_null() || OPTIONAL_KEYS.contains(&field.as_str());
            if !is_key {
                return Err(ApiError::unknown_field("metadata", field));
            }
            Ok(literals.iter().any(|literal| match literal {
                Literal::Text(text) => value.as_str() == Some(text),
                Literal::Boolean(flag) => value.as_bool() == Some(*flag),
                Literal::Integer(number) => value.as_i64() == Some(*number),
                Literal::Null => value.is_null(),
                _ => false,
            }))
        }
        Query::Any(_) | Query::Not(_) => Err(refused(
            "metadata queries do not support `||` or `!`".to_owned(),
        )),
    }
}
