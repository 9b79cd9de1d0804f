//! The sandbox's own address for user-defined fields.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::body;
use crate::error::{ApiError, json_response, own_code};
use crate::server::Shared;
use crate::settings::UserDefinedField;
use crate::store::blocking;

/// Adds a field: `{"entity":"defect","name":"level_udf","type":"integer","label":"Level"}`. It is there at
/// once, in metadata as well.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::bytes(&shared, body)?;
    let field: UserDefinedField = serde_json::from_slice(&body).map_err(|error| {
        let description = format!(
            "the body must be such as `{{\"entity\":\"defect\",\"name\":\"level_udf\",\"type\":\"integer\"}}`: {error}"
        );
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    let answer = json!({
        "entity": field.entity,
        "name": field.name,
        "label": field.label,
        "type": field.kind.as_str(),
    });
    let store = Arc::clone(&shared.store);
    blocking(move || store.add_field(field)).await?;
    Ok(json_response(StatusCode::CREATED, &answer))
}
