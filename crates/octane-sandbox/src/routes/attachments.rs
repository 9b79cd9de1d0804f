//! Files attached to entities. They are uploaded in one of two formats: as one of two parts of a form, or as
//! the whole body with their fields in the URL.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use octane_model::{Page, Problem};
use serde_json::{Map, Value};

use super::address::Address;
use super::body::Body;
use super::multipart::{self, Part};
use super::parameters::Parameters;
use super::{body, negotiation};
use crate::auth::CurrentUser;
use crate::error::{ApiError, json_response, own_code};
use crate::state::AppState;

/// The URL parameters that are fields of an attachment uploaded as the whole body.
fn is_field(name: &str) -> bool {
    matches!(name, "name" | "description") || name.starts_with("owner_")
}

pub(super) async fn create(
    state: &Arc<AppState>,
    address: Address,
    current_user: CurrentUser,
    parameters: &Parameters,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = body::bytes(state, body)?;
    let (fields, content) = match negotiation::media_type(headers).as_str() {
        "multipart/form-data" => from_form(headers, &body)?,
        negotiation::BYTES => (from_address(parameters)?, body.to_vec()),
        said => {
            let description = format!(
                "`Content-Type` is `{said}`; an attachment comes as `multipart/form-data` with the parts \
                 `entity` and `content`, or as `{}` with its fields in the address",
                negotiation::BYTES
            );
            let problem = Problem::new(own_code::WEB, description);
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
        }
    };
    let catalog = state.catalog();
    let select = parameters.select(&catalog, address.entity_type(&catalog)?)?;
    let page = state
        .store
        .write(move |writer| {
            let writer = writer.on_behalf_of(&current_user.account.name)?;
            let entity_type = address.entity_type(writer.catalog)?;
            let row_id = writer.create(entity_type, &fields)?;
            writer.set_content(row_id, &content)?;
            let data = writer.reader().get_many(entity_type, &[row_id], &select)?;
            Ok(Page::new(data, 1))
        })
        .await?;
    Ok(json_response(StatusCode::CREATED, &page))
}

/// The part `entity` contains the fields, the part `content` the file. The file name becomes the attachment's
/// name unless the fields contain one.
fn from_form(headers: &HeaderMap, body: &[u8]) -> Result<(Map<String, Value>, Vec<u8>), ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    let parts = multipart::parts(&String::from_utf8_lossy(content_type), body)
        .map_err(|violation| ApiError::bad_request(own_code::BAD_REQUEST, violation))?;
    let part = |name: &str| -> Result<&Part<'_>, ApiError> {
        parts.iter().find(|part| part.name == name).ok_or_else(|| {
            let description = format!("the form has no part `{name}`");
            ApiError::bad_request(own_code::BAD_REQUEST, description)
        })
    };
    let mut fields = body::object(part("entity")?.content)?;
    let content = part("content")?;
    if !fields.get("name").is_some_and(Value::is_string) {
        let name = content.file_name.as_deref().unwrap_or_default();
        if !name.is_empty() {
            fields.insert("name".to_owned(), name.into());
        }
    }
    Ok((fields, content.content.to_vec()))
}

/// `?name=a.txt&owner_work_item={"id":1,"type":"work_item"}`; the owner may also be a bare ID.
fn from_address(parameters: &Parameters) -> Result<Map<String, Value>, ApiError> {
    let mut fields = Map::new();
    for (name, text) in parameters.all().filter(|(name, _)| is_field(name)) {
        let value = if name.starts_with("owner_") {
            owner(text).ok_or_else(|| {
                let description = format!(
                    "`{name}` is `{text}`, not an ID or `{{\"type\":\"work_item\",\"id\":\"3001\"}}`"
                );
                ApiError::bad_request(own_code::BAD_REQUEST, description)
            })?
        } else {
            text.into()
        };
        fields.insert(name.to_owned(), value);
    }
    Ok(fields)
}

fn owner(text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Some(value),
        Ok(Value::Number(number)) => Some(serde_json::json!({ "id": number })),
        Ok(Value::String(id)) => Some(serde_json::json!({ "id": id })),
        _ => None,
    }
}

/// The content of an attachment.
pub(super) async fn download(
    state: &Arc<AppState>,
    address: Address,
) -> Result<Response, ApiError> {
    let content = state
        .store
        .read(move |reader| {
            let (_, row_id) = address.entity(reader)?;
            reader.content(row_id)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, negotiation::BYTES)], content).into_response())
}
