//! The names of tests, and what a report says about them.

use serde_json::Value;

use crate::metadata::{Metadata, Property};
use crate::read::distinct::remove_repeated;
use crate::read::report::json::{items, text};

/// Keywords that say nothing about what a test is for.
const KEYWORDS: [&str; 7] = [
    "",
    "()",
    "py",
    "pytestmark",
    "parametrize",
    "usefixtures",
    "filterwarnings",
];

/// The parts of a name such as `tests/test_tax.py::TestTax::test_adds[7]`.
#[derive(Debug)]
pub(super) struct Node<'v> {
    /// `tests/test_tax.py`
    pub(super) file: &'v str,
    /// `tests.test_tax.TestTax`
    pub(super) class: String,
    /// `test_adds[7]`
    pub(super) name: String,
    /// `7`
    parameters: Option<&'v str>,
    /// `tests/test_tax.py::TestTax::test_adds`
    path: &'v str,
}

impl<'v> Node<'v> {
    pub(super) fn new(value: &'v Value) -> Self {
        let id = value.get("nodeid").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        let (path, parameters) = match id.split_once('[') {
            Some((path, rest)) => (path, Some(rest)),
            None => (id, None),
        };
        let mut names = path.split("::");
        let file = names.next().unwrap_or_default();
        let module = file.replace(['/', '\\'], ".");
        let module = module.strip_suffix(".py").unwrap_or(&module).to_owned();
        let mut names: Vec<String> = std::iter::once(module)
            .chain(names.map(str::to_owned))
            .collect();
        let mut name = names.pop().unwrap_or_default();
        if let Some(parameters) = parameters {
            name.push('[');
            name.push_str(parameters);
        }
        Self {
            file,
            class: names.join("."),
            name,
            parameters: parameters.map(|text| text.strip_suffix(']').unwrap_or(text)),
            path,
        }
    }

    /// What the report says about it; `root` is the name of the folder that it ran in.
    pub(super) fn metadata(&self, value: &Value, root: &str) -> Metadata {
        let mut metadata = Metadata::default();
        let keywords = items(value.get("keywords"))
            .iter()
            .filter_map(Value::as_str);
        metadata.tags = keywords
            .filter(|word| *word != root && self.is_tag(word))
            .map(str::to_owned)
            .collect();
        for marker in items(value.get("markers")) {
            let name = marker.as_str().or_else(|| marker.get("name")?.as_str());
            metadata.tags.extend(name.map(str::to_owned));
        }
        remove_repeated(&mut metadata.tags);
        if let Some(parameters) = self.parameters {
            let property = Property::new("parameters", parameters);
            metadata.parameters.push(property);
        }
        for property in items(value.get("user_properties")) {
            add_property(property, &mut metadata.properties);
        }
        if let Some(values) = value.get("metadata") {
            add_property(values, &mut metadata.properties);
        }
        metadata
    }

    /// Whether a keyword is more than a part of the name.
    fn is_tag(&self, word: &str) -> bool {
        let is_part = || {
            let parts = self.path.split("::").chain(self.file.split(['/', '\\']));
            word == self.name || parts.into_iter().any(|part| part == word)
        };
        !KEYWORDS.contains(&word) && !word.starts_with("__") && !is_part()
    }
}

/// Adds what is in `{"owner": "payments"}`, or in `["owner", "payments"]`.
fn add_property(value: &Value, properties: &mut Vec<Property>) {
    let shown = |value: &Value| text(Some(value)).unwrap_or_else(|| value.to_string());
    match value {
        Value::Object(values) => {
            for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
                properties.push(Property::new(name, shown(value)));
            }
        }
        Value::Array(pair) => {
            if let [Value::String(name), value] = &pair[..] {
                properties.push(Property::new(name, shown(value)));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_of_junit_xml() {
        for (id, file, class, name) in [
            ("a/test_b.py::test_c", "a/test_b.py", "a.test_b", "test_c"),
            (
                "test_b.py::TestA::TestB::test_c[x/y::z]",
                "test_b.py",
                "test_b.TestA.TestB",
                "test_c[x/y::z]",
            ),
            (
                "test_b.py::test_c[a[b]c]",
                "test_b.py",
                "test_b",
                "test_c[a[b]c]",
            ),
            (
                "README.md::README.md",
                "README.md",
                "README.md",
                "README.md",
            ),
            ("a/test_b.py", "a/test_b.py", "", "a.test_b"),
            ("", "", "", ""),
        ] {
            let value = json!({"nodeid": id});
            let node = Node::new(&value);
            assert_eq!(
                (node.file, &*node.class, &*node.name),
                (file, class, name),
                "{id}"
            );
        }
    }
}
