//! Where two answers differ in status, shape and types. Values are not compared.
//!
//! | what | compared | a difference |
//! | --- | --- | --- |
//! | status | always | another number |
//! | content type | if both succeeded, or both failed | another type, without its parameters |
//! | body | the same | JSON against other content, or against nothing |
//! | members of an object | in each place of the JSON that both have | missing, or additional |
//! | types | the same | `number` against `string`, an object against an array, … |
//! | null | the same | always null in one answer, never in the other |
//! | types of references | the same | another `type` next to `id`; the members are not compared then |
//! | items of an array | merged, by the type of their entity, for types that both have | as for other values |

use super::answer::{Answer, AnswerBody};
use super::shape::Shape;

/// A difference between a recorded answer and another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    /// The place: `status`, `content-type`, or in the body, for example `body.data[].owner`.
    pub(crate) at: String,
    /// The member that one of the two lacks.
    pub(crate) field: Option<String>,
    pub(crate) recorded: Option<String>,
    pub(crate) replayed: Option<String>,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Status,
    ContentType,
    Body,
    MissingFields,
    ExtraFields,
    Type,
    ReferenceType,
    Null,
}

impl Kind {
    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::ContentType => "content_type",
            Self::Body => "body",
            Self::MissingFields => "missing_fields",
            Self::ExtraFields => "extra_fields",
            Self::Type => "type",
            Self::ReferenceType => "reference_type",
            Self::Null => "null",
        }
    }

    /// The words for people.
    pub(crate) fn label(self) -> String {
        self.word().replace('_', " ")
    }
}

/// The differences between two answers, by the table above.
pub(crate) fn differences(recorded: &Answer, replayed: &Answer) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    if recorded.status != replayed.status {
        let status = |answer: &Answer| match answer.error_code() {
            Some(code) => format!("{} {code}", answer.status),
            None => answer.status.to_string(),
        };
        found.add(Kind::Status, "status", status(recorded), status(replayed));
    }
    let is_comparable = (recorded.is_success() && replayed.is_success())
        || (recorded.is_error() && replayed.is_error());
    if !is_comparable {
        return found.0;
    }
    if recorded.content_type != replayed.content_type {
        let content_type =
            |answer: &Answer| answer.content_type.clone().unwrap_or("none".to_owned());
        found.add(
            Kind::ContentType,
            "content-type",
            content_type(recorded),
            content_type(replayed),
        );
    }
    match (&recorded.body, &replayed.body) {
        (AnswerBody::Json(recorded), AnswerBody::Json(replayed)) => {
            found.compare("body", &Shape::of(recorded), &Shape::of(replayed));
        }
        (AnswerBody::Empty, AnswerBody::Empty) | (AnswerBody::Other, AnswerBody::Other) => {}
        (recorded, replayed) => {
            found.add(Kind::Body, "body", content(recorded), content(replayed));
        }
    }
    found.0
}

fn content(body: &AnswerBody) -> String {
    let word = match body {
        AnswerBody::Empty => "empty",
        AnswerBody::Json(_) => "JSON",
        AnswerBody::Other => "not JSON",
    };
    word.to_owned()
}

struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, kind: Kind, at: &str, recorded: String, replayed: String) {
        self.0.push(Difference {
            kind,
            at: at.to_owned(),
            field: None,
            recorded: Some(recorded),
            replayed: Some(replayed),
        });
    }

    fn add_field(&mut self, kind: Kind, at: &str, field: &str) {
        self.0.push(Difference {
            kind,
            at: at.to_owned(),
            field: Some(field.to_owned()),
            recorded: None,
            replayed: None,
        });
    }

    fn compare(&mut self, at: &str, recorded: &Shape, replayed: &Shape) {
        let types = |shape: &Shape| shape.types_of_values().collect::<Vec<_>>().join(" or ");
        let (one, other) = (types(recorded), types(replayed));
        let is_null_only = one.is_empty() || other.is_empty();
        if is_null_only {
            // Where a value may be null, one that is not says nothing.
            let is_different = one != other
                && !(recorded.types.contains("null") && replayed.types.contains("null"));
            if is_different {
                let word = |types: String| {
                    if types.is_empty() {
                        "null".to_owned()
                    } else {
                        types
                    }
                };
                self.add(Kind::Null, at, word(one), word(other));
            }
            return;
        }
        if one != other {
            self.add(Kind::Type, at, one, other);
        }
        if !self.is_of_other_types(
            at,
            recorded.entity_types.iter(),
            replayed.entity_types.iter(),
        ) {
            self.compare_members(at, recorded, replayed);
        }
        let below = format!("{at}[]");
        if !self.is_of_other_types(&below, recorded.items.keys(), replayed.items.keys()) {
            for (entity_type, recorded) in &recorded.items {
                if let Some(replayed) = replayed.items.get(entity_type) {
                    self.compare(&below, recorded, replayed);
                }
            }
        }
    }

    fn compare_members(&mut self, at: &str, recorded: &Shape, replayed: &Shape) {
        if !recorded.types.contains("object") || !replayed.types.contains("object") {
            return;
        }
        for (name, member) in &recorded.members {
            match replayed.members.get(name) {
                Some(other) => self.compare(&format!("{at}.{name}"), member, other),
                None => self.add_field(Kind::MissingFields, at, name),
            }
        }
        for name in replayed.members.keys() {
            if !recorded.members.contains_key(name) {
                self.add_field(Kind::ExtraFields, at, name);
            }
        }
    }

    /// Whether two places refer to entities of different types; if so, that is the difference.
    fn is_of_other_types<'a>(
        &mut self,
        at: &str,
        recorded: impl Iterator<Item = &'a String>,
        replayed: impl Iterator<Item = &'a String>,
    ) -> bool {
        let recorded: Vec<&str> = recorded.map(String::as_str).collect();
        let replayed: Vec<&str> = replayed.map(String::as_str).collect();
        let is_different = !recorded.is_empty()
            && !replayed.is_empty()
            && !recorded.iter().any(|name| replayed.contains(name));
        if is_different {
            let words = |names: Vec<&str>| {
                let named = names.into_iter().map(|name| {
                    if name.is_empty() {
                        "no reference"
                    } else {
                        name
                    }
                });
                named.collect::<Vec<_>>().join(" or ")
            };
            self.add(Kind::ReferenceType, at, words(recorded), words(replayed));
        }
        is_different
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer::new(status, Some(content_type), body.as_bytes())
    }

    /// `kind at.field recorded → replayed`
    fn lines(recorded: &Answer, replayed: &Answer) -> Vec<String> {
        let lines = differences(recorded, replayed).into_iter().map(|found| {
            let sides = match (found.recorded, found.replayed) {
                (Some(one), Some(other)) => format!(" {one} → {other}"),
                _ => String::new(),
            };
            let field = found.field.map_or(String::new(), |name| format!(" {name}"));
            format!("{} {}{field}{sides}", found.kind.word(), found.at)
        });
        lines.collect()
    }

    fn bodies(recorded: &Value, replayed: &Value) -> Vec<String> {
        let json = |body: &Value| answer(200, "application/json", &body.to_string());
        lines(&json(recorded), &json(replayed))
    }

    #[test]
    fn statuses_types_and_kinds_of_bodies_are_compared_by_the_table() {
        let json = "application/json";
        let problem = r#"{"error_code":"platform.x","description":"d"}"#;
        for (recorded, replayed, expected) in [
            (
                answer(200, json, "{}"),
                answer(200, "Application/JSON; charset=utf-8", "{}"),
                vec![],
            ),
            (
                answer(200, json, "{}"),
                answer(201, json, "{}"),
                vec!["status status 200 → 201"],
            ),
            (
                answer(200, json, "{}"),
                answer(404, json, problem),
                vec!["status status 200 → 404 platform.x"],
            ),
            (
                answer(400, json, "{}"),
                answer(404, json, problem),
                vec![
                    "status status 400 → 404 platform.x",
                    "extra_fields body description",
                    "extra_fields body error_code",
                ],
            ),
            (
                answer(200, json, "{}"),
                answer(200, "text/html", "<p>"),
                vec![
                    "content_type content-type application/json → text/html",
                    "body body JSON → not JSON",
                ],
            ),
            (
                answer(200, json, ""),
                answer(200, json, "{}"),
                vec!["body body empty → JSON"],
            ),
            (
                answer(200, "text/plain", "a"),
                answer(200, "text/plain", "b"),
                vec![],
            ),
            (answer(304, json, ""), answer(304, json, "{}"), vec![]),
        ] {
            assert_eq!(
                lines(&recorded, &replayed),
                expected,
                "{recorded:?} {replayed:?}"
            );
        }
    }

    #[test]
    fn members_and_types_are_compared_and_values_are_not() {
        for (recorded, replayed, expected) in [
            (
                json!({"a": 1, "b": "x"}),
                json!({"a": 2.5, "b": ""}),
                vec![],
            ),
            (
                json!({"a": 1}),
                json!({"a": "1"}),
                vec!["type body.a number → string"],
            ),
            (
                json!({"a": {}}),
                json!({"a": []}),
                vec!["type body.a object → array"],
            ),
            (json!({"a": 1}), json!({}), vec!["missing_fields body a"]),
            (
                json!({}),
                json!({"a": {"b": 1}}),
                vec!["extra_fields body a"],
            ),
            (
                json!({"a": null}),
                json!({"a": {}}),
                vec!["null body.a null → object"],
            ),
            (
                json!({"a": true}),
                json!({"a": null}),
                vec!["null body.a boolean → null"],
            ),
            (json!({"a": null}), json!({"a": null}), vec![]),
            (
                json!({"a": {"type": "user", "id": "1", "x": 1}}),
                json!({"a": {"type": "member", "id": "2"}}),
                vec!["reference_type body.a user → member"],
            ),
            (
                json!({"a": {"type": "user", "id": "1"}}),
                json!({"a": {"type": "user", "id": 2}}),
                vec!["type body.a.id string → number"],
            ),
            // Without an ID, `type` is a value like any other.
            (json!({"type": "a"}), json!({"type": "b"}), vec![]),
        ] {
            assert_eq!(
                bodies(&recorded, &replayed),
                expected,
                "{recorded} {replayed}"
            );
        }
    }

    #[test]
    fn items_of_arrays_are_merged_by_the_type_of_their_entity() {
        let defect = json!({"type": "defect", "id": "1", "severity": null});
        let severe = json!({"type": "defect", "id": "2", "severity": {"a": 1}});
        let story = json!({"type": "story", "id": "3", "points": 1});
        for (recorded, replayed, expected) in [
            (json!([]), json!([defect]), vec![]),
            (json!([defect, severe]), json!([severe]), vec![]),
            (
                json!([defect]),
                json!([severe]),
                vec!["null body[].severity null → object"],
            ),
            (json!([defect, story]), json!([story]), vec![]),
            (
                json!([story]),
                json!([defect]),
                vec!["reference_type body[] story → defect"],
            ),
            (
                json!([{"a": 1}, {"b": 1}]),
                json!([{"a": 1, "b": "x"}]),
                vec!["type body[].b number → string"],
            ),
            (
                json!([1]),
                json!(["1"]),
                vec!["type body[] number → string"],
            ),
            (json!([1, null]), json!([null]), vec![]),
        ] {
            assert_eq!(
                bodies(&recorded, &replayed),
                expected,
                "{recorded} {replayed}"
            );
        }
    }
}
