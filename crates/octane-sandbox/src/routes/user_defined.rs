//! The sandbox's own URL for user-defined fields.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::body;
use crate::error::{ApiError, json_response, own_code};
use crate::settings::UserDefinedField;
use crate::state::AppState;
use crate::store::blocking;

/// Adds a field: `{"entity":"defect","name":"level_udf","type":"integer","label":"Level"}`. It is available
/// at once, also in metadata.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body::open_bytes(body)?;
    let field: UserDefinedField = serde_json::from_slice(&body).map_err(|error| {
        let description = format!(
            "the body must look like `{{\"entity\":\"defect\",\"name\":\"level_udf\",\"type\":\"integer\"}}`: {error}"
        );
        ApiError::bad_request(own_code::BAD_REQUEST, description)
    })?;
    let response = json!({
        "entity": field.entity,
        "name": field.name,
        "label": field.label,
        "type": field.field_type.as_str(),
    });
    let store = Arc::clone(&state.store);
    blocking(move || store.add_field(field)).await?;
    Ok(json_response(StatusCode::CREATED, &response))
}
