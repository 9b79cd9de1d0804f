//! The part of JSON Schema (draft 2020-12) that the published schemas use. One rule is stricter than the standard's: an
//! object has no members that its schema does not describe.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// Keywords that say nothing about what is valid.
const ANNOTATIONS: [&str; 7] = [
    "$schema",
    "$id",
    "title",
    "description",
    "format",
    "$defs",
    "$comment",
];

/// The names of all schema files, sorted.
pub(crate) fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files
        .map(|file| file.strip_suffix(".json").unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The text of a schema file.
pub(crate) fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A schema.
pub(crate) fn schema(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}.json: {error}"))
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas"))
}

/// Why a document does not match the schema that it names; empty if it does.
pub(crate) fn violations(document: &Value) -> Vec<String> {
    let name = document["schema"].as_str();
    let name = name.and_then(|name| name.strip_prefix("octane.")?.strip_suffix("/1"));
    match name {
        Some(name) => violations_of(&schema(name), document),
        None => vec![format!("no schema is named in {document}")],
    }
}

/// Why a document does not match a schema.
pub(crate) fn violations_of(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let checker = Checker { root: schema };
    checker.check(schema, document, "", &mut found);
    found
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
        let keywords = schema.as_object().unwrap();
        for (keyword, rule) in keywords {
            let is_valid = match keyword.as_str() {
                "$ref" => {
                    let target = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    let target = self.root.pointer(target);
                    let target = target.unwrap_or_else(|| panic!("nothing at {rule}"));
                    self.check(target, value, path, found);
                    true
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|choice| {
                    let mut wrong = Vec::new();
                    self.check(choice, value, path, &mut wrong);
                    wrong.is_empty()
                }),
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "type" => is_of_type(rule, value),
                "minimum" => value
                    .as_i64()
                    .is_none_or(|number| number >= rule.as_i64().unwrap()),
                "pattern" => value.as_str().is_none_or(|text| matches(rule, text)),
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.get(name.as_str().unwrap()).is_none() {
                            found.push(format!("{path}: {name} is missing"));
                        }
                    }
                    true
                }
                "properties" => {
                    let members = value.as_object();
                    self.check_members(rule, members, path, found);
                    true
                }
                "additionalProperties" => {
                    assert!(!keywords.contains_key("properties"), "not supported");
                    for (name, member) in value.as_object().into_iter().flatten() {
                        self.check(rule, member, &format!("{path}/{name}"), found);
                    }
                    true
                }
                "items" => {
                    let items = value.as_array().into_iter().flatten();
                    for (index, item) in items.enumerate() {
                        self.check(rule, item, &format!("{path}/{index}"), found);
                    }
                    true
                }
                annotation => {
                    assert!(ANNOTATIONS.contains(&annotation), "unknown: {annotation}");
                    true
                }
            };
            if !is_valid {
                found.push(format!("{path}: {value} is not valid ({keyword}: {rule})"));
            }
        }
    }

    fn check_members(
        &self,
        properties: &Value,
        members: Option<&Map<String, Value>>,
        path: &str,
        found: &mut Vec<String>,
    ) {
        for (name, member) in members.into_iter().flatten() {
            match properties.get(name) {
                Some(schema) => self.check(schema, member, &format!("{path}/{name}"), found),
                None => found.push(format!("{path}: `{name}` is not described")),
            }
        }
    }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(choices) => choices.iter().any(|choice| is_of_type(choice, value)),
        _ => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("unknown type: {other}"),
        },
    }
}

/// The patterns that the schemas use.
fn matches(pattern: &Value, text: &str) -> bool {
    let is_hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let is_id = |digit: u8| digit.is_ascii_digit() || digit.is_ascii_lowercase();
    match pattern.as_str().unwrap() {
        "^-?[0-9]+$" => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
        "^u-[0-9a-z]{14}$" => text
            .strip_prefix("u-")
            .is_some_and(|digits| digits.len() == 14 && digits.bytes().all(is_id)),
        "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(is_hexadecimal),
        other => panic!("unknown pattern: {other}"),
    }
}
