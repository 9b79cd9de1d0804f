//! Texts with fields.

use std::borrow::Cow;

use super::field::{Field, Selector};
use crate::run::TestRun;

/// A text with fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Value {
        /// Written before the value if that is not empty.
        before: String,
        /// The first one that is not empty counts.
        choices: Vec<Choice>,
        after: String,
    },
}

/// A field, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) field: Field,
    pub(super) selectors: Vec<Selector>,
}

impl Template {
    /// The text for `run`.
    pub(super) fn of(&self, run: &TestRun) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Value {
                    before,
                    choices,
                    after,
                } => {
                    let mut values = choices.iter().map(|choice| choice.of(run));
                    if let Some(value) = values.find(|value| !value.is_empty()) {
                        text.extend([before, &*value, after]);
                    }
                }
            }
        }
        text.trim().to_owned()
    }

    pub(super) fn has_values(&self) -> bool {
        (self.parts.iter()).any(|part| matches!(part, Part::Value { .. }))
    }
}

impl Choice {
    fn of<'r>(&self, run: &'r TestRun) -> Cow<'r, str> {
        let mut value = self.field.of(run);
        for selector in &self.selectors {
            value = Cow::Owned(selector.of(&value, self.field.separator()));
        }
        value
    }
}
