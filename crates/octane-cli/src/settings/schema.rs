//! The JSON Schema of `octane.toml`, for editors that complete and check it.

use serde_json::{Map, Value, json};

use super::definition::{Definitions, Kind, Section, Setting};

/// The schema (draft 2020-12) of a file with these settings.
pub(crate) fn schema(definitions: &Definitions) -> Value {
    let tables = || {
        let tables =
            Section::ALL.map(|section| (section.as_str().to_owned(), table(definitions, section)));
        Map::from_iter(tables)
    };
    let mut properties = tables();
    properties.insert(
        "profile".to_owned(),
        json!({
            "type": "object",
            "description": "Settings that count with `--profile NAME` or OCTANE_PROFILE.",
            "additionalProperties": {
                "type": "object",
                "properties": tables(),
                "additionalProperties": false,
            },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:octane:settings:1",
        "title": "octane.toml",
        "description": "Settings of the program `octane`.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn table(definitions: &Definitions, section: Section) -> Value {
    let properties = definitions.in_section(section);
    let properties = properties.map(|setting| (setting.key.clone(), value(setting)));
    json!({
        "type": "object",
        "description": section.meaning(),
        "properties": properties.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

fn value(setting: &Setting) -> Value {
    let one = match &setting.kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Text => json!({ "type": "string" }),
        Kind::TextOrInteger => json!({ "type": ["string", "integer"] }),
    };
    let mut value = if setting.is_list {
        json!({ "anyOf": [one, { "type": "array", "items": one }] })
    } else {
        one
    };
    value["description"] = setting.description().into();
    value
}
