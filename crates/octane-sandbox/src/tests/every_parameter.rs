//! Every collection with every parameter: nothing that a client may ask for is a failure of the server.

use axum::body::Body;
use http::Request;

use super::{Client, Response, WORKSPACE};
use crate::catalog::{FieldType, Scope};
use crate::{Sandbox, Settings};

/// Values of every kind, as the operand of a comparison.
const OPERANDS: [&str; 5] = ["'a*'", "7", "null", "{null}", "{id GT 0}"];

const SEARCH: &str = r#"{"type":"global","text":"a"}"#;
const ODD_SEARCH: &str = r#"{"type":"global","text":"log in 'x' % _ \\"}"#;

fn address(scope: Scope, collection: &str) -> String {
    match scope {
        Scope::Site => format!("/admin/{collection}"),
        Scope::SharedSpace => format!("/api/shared_spaces/1001/{collection}"),
        Scope::Workspace => format!("{WORKSPACE}/{collection}"),
    }
}

async fn ask(client: &Client, path: &str, parameters: &[(&str, &str)]) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let uri = format!("{path}?{}", query.extend_pairs(parameters).finish());
    let response = client.send(Request::get(&uri), Body::empty()).await;
    let problem = response.text();
    assert!(
        response.status.as_u16() < 500,
        "{path} {parameters:?}: {problem}"
    );
    response
}

#[tokio::test]
async fn every_parameter_of_every_collection_is_answered() {
    let sandbox = Sandbox::open(Settings::default()).unwrap();
    let client = Client::of(&sandbox).await;
    let catalog = sandbox.state.catalog();
    for entity_type in catalog.types() {
        for collection in entity_type.collections {
            let path = address(entity_type.scope, collection);
            let page = [("limit", "1"), ("offset", "1"), ("order_by", "-id")];
            for parameters in [
                &[("text_search", SEARCH)][..],
                &[("text_search", ODD_SEARCH), page[0], page[1], page[2]],
                &[
                    ("text_search", SEARCH),
                    ("query", "\"id GT 0\""),
                    ("fields", "id"),
                ],
                &[page[0], page[1], page[2], ("business_rules", "false")],
                &[("reference_update_mode", "append"), ("total_count", "true")],
            ] {
                let response = ask(&client, &path, parameters).await;
                let problem = response.text();
                assert_eq!(response.status, 200, "{path} {parameters:?}: {problem}");
            }
            let search = [("text_search", SEARCH), ("group_by", "id")];
            ask(&client, &format!("{path}/groups"), &search).await;
        }
    }
}

#[tokio::test]
async fn every_field_of_every_collection_can_be_asked_for() {
    let sandbox = Sandbox::open(Settings::default()).unwrap();
    let client = Client::of(&sandbox).await;
    let catalog = sandbox.state.catalog();
    for entity_type in catalog.types() {
        let Some(collection) = entity_type.collections.first() else {
            continue;
        };
        let path = address(entity_type.scope, collection);
        for field in &entity_type.fields {
            let name = &*field.name;
            let response = ask(&client, &path, &[("fields", name), ("limit", "2")]).await;
            assert_eq!(response.status, 200, "{path} {name}: {}", response.text());
            let nested = format!("{name}{{id}}");
            ask(&client, &path, &[("expand", &nested)]).await;
            let down = format!("-{name},id");
            let response = ask(&client, &path, &[("order_by", &down), ("limit", "1")]).await;
            let is_list = matches!(
                field.field_type,
                FieldType::Many(_) | FieldType::Inverse { .. }
            );
            let is_sorted = response.status == 200;
            assert_eq!(is_sorted, !is_list, "{path} {down}: {}", response.text());
            ask(&client, &format!("{path}/groups"), &[("group_by", name)]).await;
            for (operand, operator) in OPERANDS
                .iter()
                .flat_map(|operand| ["EQ", "GT"].map(|operator| (operand, operator)))
            {
                let query = format!("\"!{name} {operator} {operand}\"");
                ask(&client, &path, &[("query", &query), ("limit", "1")]).await;
            }
        }
    }
}
