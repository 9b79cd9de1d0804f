//! What the server says about its own types and fields.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use octane_model::{
    Comparison, FieldMetadata, FieldTypeData, Literal, Operand, Operator, Page, Query, Target,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::catalog::{Catalog, EntityType, Field, Kind};
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;

pub(super) async fn fields(
    State(shared): State<Arc<Shared>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let catalog = &shared.catalog;
    let all = catalog.types().iter().flat_map(|kind| {
        kind.fields
            .iter()
            .map(move |field| field_metadata(catalog, kind, field))
    });
    answer(all, parameters.query()?.as_ref())
}

pub(super) async fn entities(
    State(shared): State<Arc<Shared>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let all = shared.catalog.types().iter().map(entity_metadata);
    answer(all, parameters.query()?.as_ref())
}

/// The keys that the server sends beyond those that clients of this project read.
#[derive(Serialize)]
struct WireField {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    field: FieldMetadata,
    #[serde(rename = "final")]
    is_final: bool,
    unique: bool,
    returned_by_default: bool,
    visible_in_ui: bool,
    access_level: &'static str,
}

fn field_metadata(catalog: &Catalog, kind: &EntityType, field: &Field) -> Value {
    let mut metadata = FieldMetadata::new(kind.name, field.name.as_str(), field.type_word());
    metadata.label.clone_from(&field.label);
    metadata.editable = field.is_editable;
    metadata.required = field.is_required;
    metadata.is_user_defined = field.is_user_defined;
    metadata.sortable = field.is_column();
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
    let wire = WireField {
        kind: "field_metadata",
        field: metadata,
        is_final: !field.is_editable,
        unique: field.name == "id",
        returned_by_default: field.is_default,
        visible_in_ui: true,
        access_level: "PUBLIC",
    };
    serde_json::to_value(wire).unwrap_or_default()
}

fn entity_metadata(kind: &EntityType) -> Value {
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
    if kind.field("phase").is_some() {
        features.push(json!({ "name": "phases" }));
    }
    if kind.fields.iter().any(|field| field.is_user_defined) {
        features.push(json!({ "name": "user_defined_fields", "max": 300 }));
    }
    json!({
        "type": "entity_metadata",
        "name": kind.name,
        "label": kind.label,
        "can_modify_label": false,
        "features": features,
    })
}

/// All of `all` that fit the query.
fn answer(all: impl Iterator<Item = Value>, query: Option<&Query>) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for item in all {
        if query.map_or(Ok(true), |query| fits(&item, query))? {
            data.push(item);
        }
    }
    let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
    Ok(json_response(StatusCode::OK, &Page::new(data, count)))
}

/// Metadata understand comparisons joined by `;` and nothing else (ALM Octane help, "Metadata").
fn fits(item: &Value, query: &Query) -> Result<bool, ApiError> {
    let refused = |description: String| ApiError::bad_request(own_code::QUERY, description);
    match query {
        Query::All(parts) => {
            let mut all = true;
            for part in parts {
                all &= fits(item, part)?;
            }
            Ok(all)
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
            let value = item
                .get(field)
                .ok_or_else(|| ApiError::unknown_field("metadata", field))?;
            Ok(literals.iter().any(|literal| match literal {
                Literal::Text(text) => value.as_str() == Some(text),
                Literal::Boolean(flag) => value.as_bool() == Some(*flag),
                _ => false,
            }))
        }
        Query::Any(_) | Query::Not(_) => Err(refused(
            "metadata cannot be asked with `||` or `!`".to_owned(),
        )),
    }
}
