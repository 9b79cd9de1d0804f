//! User-defined fields.

use http::Request;
use serde_json::{Value, json};

use super::{Client, Response};
use crate::{Sandbox, Settings, Storage, UserDefinedField, UserDefinedType};

async fn add(client: &Client, field: Value) -> Response {
    client
        .send(Request::post("/_sandbox/fields"), field.to_string())
        .await
}

#[tokio::test]
async fn an_added_field_is_available_at_once() {
    let client = Client::empty().await;
    let id = client.create("defects", json!({ "name": "D" })).await;
    let response = add(
        &client,
        json!({ "entity": "defect", "name": "level_udf", "type": "integer", "label": "Level" }),
    )
    .await;
    assert_eq!(response.status, 201, "{}", response.text());
    let body = json!({ "level_udf": 7 });
    client.put(&format!("defects/{id}"), &body).await.ok();
    assert_eq!(
        client
            .names("work_items", "level_udf", "level_udf GT 6")
            .await,
        ["7"]
    );
    let fields = client
        .list("metadata/fields?query=\"name%20EQ%20'level_udf';is_user_defined%20EQ%20true\"")
        .await;
    let found: Vec<(&Value, &Value, &Value)> = fields
        .iter()
        .map(|field| (&field["entity_name"], &field["field_type"], &field["label"]))
        .collect();
    assert_eq!(
        found,
        [
            (&json!("work_item"), &json!("integer"), &json!("Level")),
            (&json!("defect"), &json!("integer"), &json!("Level")),
        ]
    );
    assert_eq!(client.get("stories?fields=level_udf").await.status, 400);
}

#[tokio::test]
async fn a_field_of_an_aggregate_is_one_of_all_its_types() {
    let client = Client::empty().await;
    add(
        &client,
        json!({ "entity": "work_item", "name": "team_udf" }),
    )
    .await
    .ok();
    for collection in ["work_items", "stories", "defects", "epics"] {
        assert_eq!(
            client
                .get(&format!("{collection}?fields=team_udf"))
                .await
                .status,
            200
        );
    }
    add(
        &client,
        json!({ "entity": "application_module", "name": "cost_udf", "type": "float" }),
    )
    .await
    .ok();
    let body = json!({ "cost_udf": 1.5 });
    client.put("product_areas/1001", &body).await.ok();
    let area = client
        .get("application_modules/1001?fields=cost_udf")
        .await
        .ok();
    assert_eq!(area["cost_udf"], 1.5);
}

#[tokio::test]
async fn an_invalid_field_is_explained() {
    let client = Client::empty().await;
    for (field, status, part) in [
        (
            json!({ "entity": "defekt", "name": "a_udf" }),
            400,
            "unknown entity type `defekt`",
        ),
        (
            json!({ "entity": "defect", "name": "a" }),
            400,
            "must end in `_udf`",
        ),
        (
            json!({ "entity": "defect", "name": "x\" TEXT; --_udf" }),
            400,
            "lower-case letters",
        ),
        (
            json!({ "entity": "defect", "name": "jira_key_udf" }),
            409,
            "already has it",
        ),
        (
            json!({ "entity": "epic", "name": "jira_key_udf", "type": "integer" }),
            400,
            "as string",
        ),
        (
            json!({ "entity": "defect", "name": "a_udf", "type": "colour" }),
            400,
            "colour",
        ),
        (json!({ "entity": "defect" }), 400, "name"),
    ] {
        let response = add(&client, field.clone()).await;
        assert_eq!(
            response.status.as_u16(),
            status,
            "{field}: {}",
            response.text()
        );
        assert!(
            response.text().contains(part),
            "{field}: {}",
            response.text()
        );
    }
    let refused = |field: UserDefinedField| {
        let mut settings = Settings::default();
        settings.entities.user_defined_fields = vec![field];
        Sandbox::open(settings).unwrap_err().to_string()
    };
    assert!(refused(UserDefinedField::new("defekt", "a_udf")).contains("`defekt`"));
    assert!(refused(UserDefinedField::new("defect", "name")).contains("_udf"));
}

#[tokio::test]
async fn fields_live_as_long_as_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default()
        .seed_data(false)
        .storage(Storage::File(folder.path().join("a.sqlite")));
    let sandbox = Sandbox::open(settings.clone()).unwrap();
    let client = Client::of(&sandbox).await;
    add(
        &client,
        json!({ "entity": "defect", "name": "due_udf", "type": "date" }),
    )
    .await
    .ok();
    client
        .create("defects", json!({ "name": "D", "due_udf": "2025-03-04" }))
        .await;
    sandbox.state.worker.stop().await;
    drop((client, sandbox));
    // The settings may contain the same field by now, and others.
    settings.entities.user_defined_fields = vec![
        UserDefinedField::new("defect", "due_udf").field_type(UserDefinedType::Date),
        UserDefinedField::new("story", "note_udf").field_type(UserDefinedType::Memo),
    ];
    let client = Client::new(settings).await;
    let due = "due_udf GE '2025-03-04'";
    assert_eq!(
        client.names("defects", "due_udf", due).await,
        ["2025-03-04"]
    );
    assert_eq!(client.get("stories?fields=note_udf").await.status, 200);
}

#[tokio::test]
async fn a_reset_drops_added_fields() {
    let client = Client::empty().await;
    add(&client, json!({ "entity": "defect", "name": "level_udf" }))
        .await
        .ok();
    assert_eq!(client.get("defects?fields=level_udf").await.status, 200);
    client.send(Request::post("/_sandbox/reset"), "").await.ok();
    assert_eq!(client.get("defects?fields=level_udf").await.status, 400);
}
