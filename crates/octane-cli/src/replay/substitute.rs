//! Puts the IDs of another server in the place of those of the recorded one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use regex::{Captures, Regex};
use serde_json::Value;

use super::ids::{Ids, id};
use super::multipart;
use crate::recording::request_path::{RequestPath, is_id};

/// Replaces recorded IDs, and remembers whether there were some of which nothing is known.
pub(super) struct Substitution<'a> {
    ids: &'a Ids,
    pub(super) has_unknown: bool,
}

/// The IDs of the recorded workspace, and of the other one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spaces {
    pub(crate) recorded: (String, String),
    pub(crate) replayed: (String, String),
}

/// `id EQ 7`, `id IN '7','8'` in a query.
static IDS_IN_QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(\bid\s*(?:=|\b(?:EQ|NE|IN|LT|LE|GT|GE)\b)\s*)((?:['"^]?[\w.-]+['"^]?)(?:\s*,\s*['"^]?[\w.-]+['"^]?)*)"#,
    )
    .ok()
});

static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d+\b").ok());

/// `<suite_ref id="7"/>` in a payload.
static IDS_IN_XML: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(<(\w+)_ref\b[^<>]*?\bid\s*=\s*["'])(\d+)"#).ok());

impl<'a> Substitution<'a> {
    pub(super) fn new(ids: &'a Ids) -> Self {
        Self {
            ids,
            has_unknown: false,
        }
    }

    /// The ID here in the place of a recorded one.
    fn of(&mut self, owner: Option<&str>, recorded: &str) -> Option<&'a str> {
        let found = self.ids.find(owner, recorded);
        self.has_unknown |= found.is_none() && is_id(recorded);
        found
    }

    /// A path with its query.
    pub(super) fn path(&mut self, path: &str, spaces: &Spaces) -> String {
        let parts = RequestPath::of(path);
        let mut prefix = parts.prefix.to_owned();
        for (name, recorded, replayed, found) in [
            (
                "shared_spaces",
                &spaces.recorded.0,
                &spaces.replayed.0,
                parts.space,
            ),
            (
                "workspaces",
                &spaces.recorded.1,
                &spaces.replayed.1,
                parts.workspace,
            ),
        ] {
            if found == Some(recorded) {
                prefix = prefix.replacen(
                    &format!("/{name}/{recorded}"),
                    &format!("/{name}/{replayed}"),
                    1,
                );
            }
        }
        let mut before: Option<&str> = None;
        let segments: Vec<&str> = parts
            .resource
            .split('/')
            .map(|segment| {
                let replaced = is_id(segment).then(|| self.of(before, segment)).flatten();
                before = Some(segment);
                replaced.unwrap_or(segment)
            })
            .collect();
        let mut changed = format!("{prefix}{}", segments.join("/"));
        if let Some(query) = parts.query {
            changed.push('?');
            changed.push_str(&self.parameters(query, parts.collection()));
        }
        changed
    }

    fn parameters(&mut self, query: &str, collection: &str) -> String {
        let changed = query.split('&').map(|pair| {
            let Some((name, value)) = pair.split_once('=') else {
                return pair.to_owned();
            };
            let plain = value.replace('+', " ");
            let text = percent_decode_str(&plain).decode_utf8_lossy();
            let changed = if name == "query" {
                match self.query(&text, collection) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(changed) => Some(changed),
                }
            } else {
                self.parameter(name, &text)
            };
            match changed {
                None => pair.to_owned(),
                Some(changed) => {
                    format!("{name}={}", utf8_percent_encode(&changed, NON_ALPHANUMERIC))
                }
            }
        });
        changed.collect::<Vec<_>>().join("&")
    }

    /// A parameter that is a field, such as `owner_work_item=7` or `={"type":"work_item","id":"7"}`; `None` if it does not change.
    fn parameter(&mut self, name: &str, text: &str) -> Option<String> {
        if is_id(text) {
            let owner = name.strip_prefix("owner_");
            let names_entity = owner.is_some() || name == "id" || name.ends_with("_id");
            let replaced = names_entity.then(|| self.of(owner, text)).flatten()?;
            return (replaced != text).then(|| replaced.to_owned());
        }
        let before: Value = serde_json::from_str(text).ok().filter(Value::is_object)?;
        let mut value = before.clone();
        self.value(&mut value, None, None);
        (value != before).then(|| value.to_string())
    }

    /// A query. IDs in braces belong to another type, which the query does not name.
    fn query<'t>(&mut self, text: &'t str, collection: &str) -> Cow<'t, str> {
        let (Some(ids), Some(digits)) = (IDS_IN_QUERY.as_ref(), DIGITS.as_ref()) else {
            return Cow::Borrowed(text);
        };
        let mut is_changed = false;
        let changed = ids.replace_all(text, |found: &Captures<'_>| {
            let start = found.get(0).map_or(0, |found| found.start());
            let count = |brace| text[..start].matches(brace).count();
            let depth = count('{').saturating_sub(count('}'));
            let owner = (depth == 0).then_some(collection);
            let values = digits.replace_all(&found[2], |id: &Captures<'_>| {
                let replaced = self.of(owner, &id[0]);
                is_changed |= replaced.is_some_and(|replaced| replaced != &id[0]);
                replaced.unwrap_or(&id[0]).to_owned()
            });
            format!("{}{values}", &found[1])
        });
        if is_changed {
            Cow::Owned(changed.into_owned())
        } else {
            Cow::Borrowed(text)
        }
    }

    /// A body: JSON, a form with JSON, or a payload of test results. Others have no IDs that are known.
    pub(super) fn body(&mut self, path: &str, bytes: Vec<u8>) -> Vec<u8> {
        if let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) {
            let parts = RequestPath::of(path);
            let own = parts.id();
            let before = value.clone();
            let collection = parts.collection();
            match value.get_mut("data") {
                Some(Value::Array(entities)) => {
                    for entity in entities {
                        self.value(entity, Some(collection), None);
                    }
                }
                _ => self.value(&mut value, Some(collection), own),
            }
            // What does not change stays byte for byte.
            return if value == before {
                bytes
            } else {
                value.to_string().into()
            };
        }
        let parts = multipart::contents(&bytes);
        if !parts.is_empty() {
            return self.form(path, &bytes, parts);
        }
        match str::from_utf8(&bytes) {
            Ok(text) if text.trim_start().starts_with('<') => match self.payload(text) {
                Cow::Borrowed(_) => bytes,
                Cow::Owned(changed) => changed.into(),
            },
            _ => bytes,
        }
    }

    /// A form whose parts have these contents: those that are JSON are bodies of their own, files stay as they are.
    fn form(&mut self, path: &str, bytes: &[u8], parts: Vec<Range<usize>>) -> Vec<u8> {
        let mut form = Vec::with_capacity(bytes.len());
        let mut copied = 0;
        for part in parts {
            form.extend_from_slice(&bytes[copied..part.start]);
            copied = part.end;
            let content = bytes[part].to_vec();
            let is_json =
                serde_json::from_slice::<Value>(&content).is_ok_and(|json| json.is_object());
            form.extend(if is_json {
                self.body(path, content)
            } else {
                content
            });
        }
        form.extend_from_slice(&bytes[copied..]);
        form
    }

    /// An entity of `owner`, or a reference, with the ID that the path has if the body has none.
    fn value(&mut self, value: &mut Value, owner: Option<&str>, id_in_path: Option<&str>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.value(item, None, None);
                }
            }
            Value::Object(_) => {
                let entity_type = value.get("type").and_then(Value::as_str).map(str::to_owned);
                let recorded = id(value);
                let own = recorded.as_deref().or(id_in_path);
                let stamp = value.get("client_lock_stamp").and_then(Value::as_i64);
                let stamp = own
                    .zip(stamp)
                    .and_then(|(id, stamp)| self.ids.stamp(id, stamp));
                let replaced = recorded.as_deref().and_then(|recorded| {
                    let owner = entity_type.as_deref().or(owner);
                    self.of(owner, recorded).map(str::to_owned)
                });
                let Value::Object(members) = value else {
                    return;
                };
                if let (Some(replaced), Some(place)) = (replaced, members.get_mut("id")) {
                    let number = replaced.parse::<i64>().ok().filter(|_| place.is_number());
                    *place = number.map_or_else(|| Value::from(replaced), Value::from);
                }
                if let (Some(stamp), Some(place)) = (stamp, members.get_mut("client_lock_stamp")) {
                    *place = Value::from(stamp);
                }
                for member in members.values_mut() {
                    self.value(member, None, None);
                }
            }
            _ => {}
        }
    }

    fn payload<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let Some(ids) = IDS_IN_XML.as_ref() else {
            return Cow::Borrowed(text);
        };
        ids.replace_all(text, |found: &Captures<'_>| {
            let owner = match &found[2] {
                "suite" => "test_suite",
                "product_area" => "application_module",
                other => other,
            };
            let replaced = self.of(Some(owner), &found[3]).unwrap_or(&found[3]);
            format!("{}{replaced}", &found[1])
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::answer::Answer;
    use super::*;

    /// `7` of a defect is `17`, of a test suite `70`, of an application module `77`.
    fn ids() -> Ids {
        let mut ids = Ids::default();
        for (collection, entity_type, replayed) in [
            ("defects", "defect", "17"),
            ("test_suites", "test_suite", "70"),
            ("application_modules", "application_module", "77"),
        ] {
            let answer = |id: &str| {
                let body = json!({"type": entity_type, "id": id, "client_lock_stamp": 5});
                Answer::new(200, None, body.to_string().as_bytes())
            };
            ids.learn(collection, true, &answer("7"), &answer(replayed));
        }
        let answer = |id: &str| {
            let body = json!({"type": "story", "id": id});
            Answer::new(200, None, body.to_string().as_bytes())
        };
        ids.learn("stories", true, &answer("9"), &answer("19"));
        ids
    }

    fn spaces() -> Spaces {
        let ids = |space: &str, workspace: &str| (space.to_owned(), workspace.to_owned());
        Spaces {
            recorded: ids("1", "2"),
            replayed: ids("1001", "1002"),
        }
    }

    #[test]
    fn paths_and_queries_get_the_ids_of_the_other_server() {
        let ids = ids();
        let plain = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        for (path, expected, has_unknown) in [
            ("defects/7?fields=id", "defects/17?fields=id", false),
            ("stories/9/attachments", "stories/19/attachments", false),
            ("work_items/9", "work_items/19", false),
            ("work_items/7", "work_items/7", true),
            ("defects/8", "defects/8", true),
            ("phases/phase.defect.new", "phases/phase.defect.new", false),
            (
                "defects?limit=7&query=%22id+EQ+7%22",
                "defects?limit=7&query=\"id EQ 17\"",
                false,
            ),
            (
                "stories?query=\"id IN '9','10'\"",
                "stories?query=\"id IN '19','10'\"",
                true,
            ),
            (
                "runs?query=\"covered_content={id=9};name EQ 'id 9'\"",
                "runs?query=\"covered_content={id=19};name EQ 'id 9'\"",
                false,
            ),
            (
                "attachments?name=9&owner_work_item=9&limit=9",
                "attachments?name=9&owner_work_item=19&limit=9",
                false,
            ),
            (
                "attachments?owner_work_item={\"id\":9}",
                "attachments?owner_work_item={\"id\":19}",
                false,
            ),
            (
                "runs?query=\"test_suite={id=7}\"",
                "runs?query=\"test_suite={id=7}\"",
                true,
            ),
        ] {
            let mut substitution = Substitution::new(&ids);
            let recorded = format!("/api/shared_spaces/1/workspaces/2/{path}");
            let changed = plain(&substitution.path(&recorded, &spaces()));
            let expected = format!("/api/shared_spaces/1001/workspaces/1002/{expected}");
            assert_eq!(changed, expected);
            assert_eq!(substitution.has_unknown, has_unknown, "{path}");
        }
    }

    #[test]
    fn bodies_get_the_ids_of_the_other_server_and_stay_as_they_are_otherwise() {
        let ids = ids();
        for (path, sent, expected) in [
            (
                "/defects",
                r#"{"data":[{"id":"7","name":"7"}]}"#,
                r#"{"data":[{"id":"17","name":"7"}]}"#,
            ),
            (
                "/defects/7",
                r#"{"client_lock_stamp":5,"parent":{"type":"story","id":9}}"#,
                r#"{"client_lock_stamp":5,"parent":{"id":19,"type":"story"}}"#,
            ),
            (
                "/tests",
                r#"{"data":[{"covered":{"data":[{"type":"defect","id":"7"},{"id":"9"}]}}]}"#,
                r#"{"data":[{"covered":{"data":[{"id":"17","type":"defect"},{"id":"19"}]}}]}"#,
            ),
            ("/defects", r#"{ "name" : "7" }"#, r#"{ "name" : "7" }"#),
            (
                "/test-results",
                "<test_result><suite_ref id=\"7\"/><product_areas><product_area_ref id='7'/></product_areas><backlog_item_ref id=\"9\"/></test_result>",
                "<test_result><suite_ref id=\"70\"/><product_areas><product_area_ref id='77'/></product_areas><backlog_item_ref id=\"19\"/></test_result>",
            ),
            ("/a", "7", "7"),
            (
                "/attachments",
                "--b\r\nX: entity\r\n\r\n{\"owner_work_item\":{\"id\":\"9\",\"type\":\"story\"}}\r\n--b\r\nX: content\r\n\r\n<story_ref id=\"9\"/>\r\n--b--\r\n",
                "--b\r\nX: entity\r\n\r\n{\"owner_work_item\":{\"id\":\"19\",\"type\":\"story\"}}\r\n--b\r\nX: content\r\n\r\n<story_ref id=\"9\"/>\r\n--b--\r\n",
            ),
        ] {
            let changed = Substitution::new(&ids).body(path, sent.into());
            assert_eq!(String::from_utf8(changed).unwrap(), expected, "{path}");
        }
    }
}
