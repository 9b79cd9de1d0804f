//! What the server says about its own types and fields.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use octane_model::{
    Comparison, FieldMetadata, FieldTypeData, Literal, Operand, Operator, Page, Query, Target,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::catalog::{Catalog, EntityType, Field, Kind, Scope, USER_DEFINED_FIELDS_MAX};
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;

pub(super) async fn fields(
    State(shared): State<Arc<Shared>>,
    Extension(scope): Extension<Scope>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let catalog = &*shared.catalog();
    let all = types(catalog, scope).flat_map(|kind| {
        kind.fields
            .iter()
            .map(move |field| field_metadata(catalog, kind, field))
    });
    answer(&shared, all, parameters.query()?.as_ref())
}

pub(super) async fn entities(
    State(shared): State<Arc<Shared>>,
    Extension(scope): Extension<Scope>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let catalog = &*shared.catalog();
    let all = types(catalog, scope).map(|kind| entity_metadata(catalog, kind));
    answer(&shared, all, parameters.query()?.as_ref())
}

fn types(catalog: &Catalog, scope: Scope) -> impl Iterator<Item = &EntityType> {
    let types = catalog.types().iter();
    types.filter(move |kind| kind.scope == scope)
}

/// The keys that the server sends beyond those that clients of this project read.
#[derive(Serialize)]
struct WireField {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    field: FieldMetadata,
    description: String,
    #[serde(rename = "final")]
    is_final: bool,
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

fn field_metadata(catalog: &Catalog, kind: &EntityType, field: &Field) -> Value {
    let mut metadata = FieldMetadata::new(kind.name, field.name.as_str(), field.type_word());
    metadata.label.clone_from(&field.label);
    metadata.editable = field.is_editable;
    metadata.required = field.is_required;
    metadata.is_user_defined = field.is_user_defined;
    let is_secret = matches!(field.kind, Kind::Secret);
    metadata.filterable = !is_secret;
    metadata.sortable = field.is_single() && !matches!(field.kind, Kind::Object);
    let (multiple, concrete, list): (_, &[&'static str], _) = match &field.kind {
        Kind::One(pointer) => (false, pointer.concrete, pointer.list),
        Kind::Many(link) => (true, link.concrete, link.list),
        Kind::Inverse { .. } => (true, &[], None),
        Kind::Text { max_length } => {
            metadata.max_length = u64::try_from(*max_length).ok();
            (false, &[], None)
        }
        _ => (false, &[], None),
    };
    if let Some(points_at) = field.target() {
        let target = |kind: &str| Target {
            kind: kind.to_owned(),
            logical_name: list.map(str::to_owned),
        };
        let targets = catalog.targets(points_at, concrete);
        metadata.field_type_data = Some(FieldTypeData {
            multiple,
            targets: targets.into_iter().map(target).collect(),
        });
    }
    let is_stored_number = matches!(field.kind, Kind::Integer) && field.is_column();
    let features = match &field.kind {
        _ if field.is_user_defined => vec![json!({ "name": "business_rules" })],
        Kind::Inverse { field, .. } => vec![json!({ "name": "inverse_of", "field": field })],
        _ => Vec::new(),
    };
    let wire = WireField {
        kind: "field_metadata",
        description: format!("{} of the {}", field.label, kind.label.to_lowercase()),
        field: metadata,
        is_final: field.is_final || !field.is_editable,
        unique: field.name == "id",
        returned_by_default: field.is_default,
        visible_in_ui: !is_secret,
        access_level: "PUBLIC",
        groupable: field.is_single() || matches!(field.kind, Kind::Many(_)),
        selectable: !is_secret,
        sanitization: if matches!(field.kind, Kind::Memo) {
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

fn entity_metadata(catalog: &Catalog, kind: &EntityType) -> Value {
    let has = |name: &str| kind.field(name).is_some();
    let mut features = vec![json!({
        "name": "rest",
        "url": kind.collections.first(),
        "methods": kind.methods,
    })];
    if let Some(aggregate) = kind.subtype_of {
        features.push(json!({ "name": "subtype_of", "type": aggregate }));
    }
    if kind.is_aggregate() {
        features.push(json!({ "name": "subtypes", "types": kind.subtypes }));
    }
    if catalog.table_of(kind).is_tree {
        features.push(hierarchy(catalog, kind));
    }
    for (name, is_there) in [
        ("phases", has("phase")),
        ("attachments", has("attachments")),
        ("comments", has("comments")),
        ("ordering", has("ordering")),
        ("grouping", kind.allows("GET")),
        ("business_rules", kind.allows("PUT")),
        ("auditing", kind.allows("PUT")),
        ("mailing", has("owner")),
    ] {
        if is_there {
            features.push(json!({ "name": name }));
        }
    }
    // Whatever can be written may get fields of its own.
    if kind.allows("PUT") {
        features.push(json!({ "name": "user_defined_fields", "max": USER_DEFINED_FIELDS_MAX }));
    }
    json!({
        "type": "entity_metadata",
        "name": kind.name,
        "label": kind.label,
        "description": kind.label,
        "can_modify_label": kind.allows("PUT"),
        "access_level": "PUBLIC",
        "features": features,
    })
}

/// What is at the top of the tree that a type belongs to, and what an entity of it may lie below.
fn hierarchy(catalog: &Catalog, kind: &EntityType) -> Value {
    let roots: Vec<&str> = catalog
        .types()
        .iter()
        .filter(|root| root.table == kind.table && root.name.ends_with("_root"))
        .map(|root| root.name)
        .collect();
    let parents = match kind.field("parent").map(|parent| &parent.kind) {
        Some(Kind::One(pointer)) if kind.name != "work_item_root" => {
            catalog.targets(pointer.target, pointer.concrete)
        }
        _ => Vec::new(),
    };
    json!({
        "name": "hierarchy",
        "root": roots.first().unwrap_or(&kind.name),
        "parent_types": parents,
        "is_root": roots.contains(&kind.name),
    })
}

/// All of `all` that fit the query.
fn answer(
    shared: &Shared,
    all: impl Iterator<Item = Value>,
    query: Option<&Query>,
) -> Result<Response, ApiError> {
    let with_or = shared.settings.entities.metadata_with_or;
    let mut data = Vec::new();
    for item in all {
        if query.map_or(Ok(true), |query| fits(&item, query, with_or))? {
            data.push(item);
        }
    }
    let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
    Ok(json_response(StatusCode::OK, &Page::new(data, count)))
}

/// Keys of a field that not every field has.
const OPTIONAL_KEYS: [&str; 4] = ["max_length", "min_value", "max_value", "field_type_data"];

/// Metadata understand comparisons joined by `;` and nothing else (ALM Octane help, "Metadata"); with
/// `with_or` also those joined by `||`.
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
                        "metadata cannot be asked with `{word}` like this"
                    )));
                }
            };
            // Keys that only some types and fields have are null for the others.
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
            "metadata cannot be asked with `||` or `!`".to_owned(),
        )),
    }
}
