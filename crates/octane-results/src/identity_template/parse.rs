//! Reads templates as they are typed.

use super::field::{Field, Selector};
use super::template::{Choice, Part, Template};
use crate::read::spelling::nearest;

/// A template that is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
#[non_exhaustive]
pub struct IdentityTemplateError {
    /// Where, in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

type Result<T> = std::result::Result<T, IdentityTemplateError>;

/// What a template can be for.
const TARGETS: [&str; 4] = ["module", "package", "class", "name"];

/// A template, and what it is for.
pub(super) struct Parsed {
    pub(super) target: &'static str,
    /// Where it is, in characters, counted from 1.
    pub(super) column: usize,
    pub(super) template: Template,
}

/// The templates in `text`.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>> {
    let mut input = Input { text, at: 0 };
    let mut found = Vec::new();
    input.skip_spaces();
    while !input.rest().is_empty() {
        let start = input.error("");
        let Some(target) = target(input.rest()) else {
            return Err(input.error("expected `module=`, `package=`, `class=` or `name=`"));
        };
        input.at += target.len() + 1;
        let template = input.template()?;
        if target == "name" && !template.has_values() {
            let reason = "the name has no field, so all tests would be one".to_owned();
            return Err(IdentityTemplateError { reason, ..start });
        }
        found.push(Parsed {
            target,
            column: start.column,
            template,
        });
    }
    Ok(found)
}

/// What the template at the beginning of `text` is for.
fn target(text: &str) -> Option<&'static str> {
    TARGETS.into_iter().find(|target| {
        let rest = text.strip_prefix(target);
        rest.is_some_and(|rest| rest.starts_with('='))
    })
}

struct Input<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Input<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn error(&self, reason: impl Into<String>) -> IdentityTemplateError {
        IdentityTemplateError {
            column: self.text[..self.at].chars().count() + 1,
            reason: reason.into(),
        }
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    /// The template up to the next one, or the end.
    fn template(&mut self) -> Result<Template> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        loop {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start().len();
            if spaces == rest.len() || spaces > 0 && target(&rest[spaces..]).is_some() {
                self.at += spaces;
                break;
            }
            if self.take("{{") {
                literal.push('{');
            } else if self.take("}}") {
                literal.push('}');
            } else if rest.starts_with('{') {
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(self.value()?);
            } else if rest.starts_with('}') {
                return Err(self.error("`}` without `{`; write `}}` for a brace"));
            } else {
                let next = rest.chars().next().unwrap_or_default();
                literal.push(next);
                self.at += next.len_utf8();
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Template { parts })
    }

    /// A field in braces.
    fn value(&mut self) -> Result<Part> {
        let start = self.at;
        self.take("{");
        let before = self.quoted()?;
        let mut choices = vec![self.choice()?];
        while self.take("|") {
            self.skip_spaces();
            choices.push(self.choice()?);
        }
        let after = self.quoted()?;
        if self.take("}") {
            return Ok(Part::Value {
                before,
                choices,
                after,
            });
        }
        if self.rest().is_empty() {
            self.at = start;
            return Err(self.error("`{` without `}`"));
        }
        Err(self.error("expected `}`, `|`, `:` or a text in quotes"))
    }

    /// A text in quotes, with spaces around it; empty if there is none.
    fn quoted(&mut self) -> Result<String> {
        self.skip_spaces();
        let start = self.at;
        let mut text = String::new();
        if self.take("\"") {
            let Some((inside, _)) = self.rest().split_once('"') else {
                self.at = start;
                return Err(self.error("`\"` without a second one"));
            };
            self.at += inside.len() + 1;
            inside.clone_into(&mut text);
        }
        self.skip_spaces();
        Ok(text)
    }

    fn choice(&mut self) -> Result<Choice> {
        let field = self.word("field", &Field::ALL)?;
        let mut selectors = Vec::new();
        while self.take(":") {
            selectors.push(self.word("part", &Selector::ALL)?);
        }
        self.skip_spaces();
        Ok(Choice { field, selectors })
    }

    /// One of the words that are known.
    fn word<T: Copy>(&mut self, what: &str, known: &[(&str, T)]) -> Result<T> {
        let rest = self.rest();
        let is_letter = |char: char| char.is_alphanumeric() || char == '_';
        let word = &rest[..rest.find(|char| !is_letter(char)).unwrap_or(rest.len())];
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == word) {
            self.at += word.len();
            return Ok(*value);
        }
        let names = || known.iter().map(|(name, _)| *name);
        let all = names().collect::<Vec<_>>().join(", ");
        let mut reason = match word {
            "" => format!("expected a {what}: {all}"),
            word => format!("unknown {what} `{word}`; expected {all}"),
        };
        if let Some(nearest) = nearest(word, names()) {
            reason = format!("unknown {what} `{word}`; did you mean `{nearest}`?");
        }
        Err(self.error(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).err().unwrap().to_string()
    }

    #[test]
    fn errors_name_the_column() {
        let texts = [
            "suite={suite}",
            "module={suite} {class}}",
            "module={suit}",
            "module={x}",
            "module={}",
            "module={suite:lsat}",
            "module={suite:}",
            "module={suite",
            "module={suite class}",
            "module=ä{\" suite}",
            "name=test",
        ];
        let errors: Vec<String> = texts
            .into_iter()
            .map(|text| format!("{text} -> {}", error(text)))
            .collect();
        insta::assert_snapshot!(errors.join("\n"), @r#"
        suite={suite} -> column 1: expected `module=`, `package=`, `class=` or `name=`
        module={suite} {class}} -> column 23: `}` without `{`; write `}}` for a brace
        module={suit} -> column 9: unknown field `suit`; did you mean `suite`?
        module={x} -> column 9: unknown field `x`; expected module, package, class, classname, name, suite, file, project, hostname, report
        module={} -> column 9: expected a field: module, package, class, classname, name, suite, file, project, hostname, report
        module={suite:lsat} -> column 15: unknown part `lsat`; did you mean `last`?
        module={suite:} -> column 15: expected a part: first, last, rest, parent, stem, path, dots
        module={suite -> column 8: `{` without `}`
        module={suite class} -> column 15: expected `}`, `|`, `:` or a text in quotes
        module=ä{" suite} -> column 10: `"` without a second one
        name=test -> column 1: the name has no field, so all tests would be one
        "#);
    }
}
