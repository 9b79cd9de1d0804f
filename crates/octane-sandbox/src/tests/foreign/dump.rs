//! Metadata compared with a public dump of version 16: the fields in which an emulator is likely to differ.

use octane_model::FieldMetadata;

use crate::tests::Client;

/// A line for each type: its fields, each with its type (`[]` for several references) and its flags: `e`ditable,
/// `f`ilterable, `s`ortable, `r`equired.
const DUMP: &str = include_str!("dump.txt");

fn described(field: &FieldMetadata) -> String {
    let is_multiple = field
        .field_type_data
        .as_ref()
        .is_some_and(|data| data.multiple);
    let flags: String = [
        (field.editable, 'e'),
        (field.filterable, 'f'),
        (field.sortable, 's'),
        (field.required, 'r'),
    ]
    .iter()
    .filter_map(|(is_set, flag)| is_set.then_some(*flag))
    .collect();
    let multiple = if is_multiple { "[]" } else { "" };
    let flags = if flags.is_empty() { "-" } else { &flags };
    format!("{} {}{multiple} {flags}", field.name, field.field_type)
}

#[tokio::test]
async fn metadata_has_the_fields_types_and_flags_of_a_dump_of_version_16() {
    let client = Client::empty().await;
    let fields = client.list("metadata/fields").await;
    let fields: Vec<FieldMetadata> = fields
        .into_iter()
        .map(|field| serde_json::from_value(field).unwrap())
        .collect();
    let mut compared = 0;
    for line in DUMP.lines() {
        let (entity_type, expected) = line.split_once(": ").unwrap();
        let own: Vec<String> = fields
            .iter()
            .filter(|field| field.entity_name == entity_type)
            .map(described)
            .collect();
        for expected in expected.split(", ") {
            assert!(
                own.iter().any(|field| field == expected),
                "{entity_type}: {expected}; has {own:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

#[tokio::test]
async fn a_field_that_has_two_names_has_one_value() {
    let client = Client::empty().await;
    let release = serde_json::json!({
        "name": "R", "start_date": "2025-07-01T00:00:00Z", "end_date": "2025-09-30T00:00:00Z",
        "user_activation_status": 1,
    });
    let id = client.create("releases", release).await;
    let path = format!("releases/{id}?fields=activity_level,user_activation_status");
    let read = client.get(&path).await.ok();
    assert_eq!(
        (&read["activity_level"], &read["user_activation_status"]),
        (&1.into(), &1.into())
    );
    // A client that changes one of them sends the other one back.
    let both = serde_json::json!({ "activity_level": 0, "user_activation_status": 1 });
    client.put(&format!("releases/{id}"), &both).await.ok();
    let found = client.names(
        "releases",
        "name",
        "user_activation_status EQ 0;name EQ 'R'",
    );
    assert_eq!(found.await, ["R"]);
}

#[tokio::test]
async fn what_refers_to_an_entity_can_be_written_from_its_side() {
    let client = Client::empty().await;
    let root = client
        .names("application_modules", "id", "parent EQ {null}")
        .await
        .remove(0);
    let module = |name: &str, parent: &str| serde_json::json!({ "name": name, "parent": { "type": "application_module", "id": parent } });
    let a = client
        .create("application_modules", module("a", &root))
        .await;
    let b = client
        .create("application_modules", module("b", &root))
        .await;
    let children =
        serde_json::json!({ "children": { "data": [{ "type": "application_module", "id": b }] } });
    client
        .put(&format!("application_modules/{a}"), &children)
        .await
        .ok();
    let below = format!("parent EQ {{id EQ {a}}}");
    assert_eq!(
        client.names("application_modules", "name", &below).await,
        ["b"]
    );
    let path = |id: &str| format!("application_modules/{id}?fields=path");
    let (of_a, of_b) = (
        client.get(&path(&a)).await.ok(),
        client.get(&path(&b)).await.ok(),
    );
    assert!(
        of_b["path"]
            .as_str()
            .unwrap()
            .starts_with(of_a["path"].as_str().unwrap())
    );
    // A module needs a parent, so it cannot be taken away without another one.
    let none = serde_json::json!({ "children": { "data": [] } });
    assert_eq!(
        client
            .put(&format!("application_modules/{a}"), &none)
            .await
            .status,
        400
    );
}
