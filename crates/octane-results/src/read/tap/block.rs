//! The blocks with diagnostics below a test point.
//!
//! They are YAML, of which only what tools write is understood: keys with values, keys below keys, and texts of several
//! lines; or an object in JSON, which is YAML too. Whatever else is in a block does no harm.

use serde_json::Value;

use super::line::indentation;

/// How many bytes of a block are kept.
const BYTES_MAX: usize = 128 * 1024;

/// A block while it is read.
#[derive(Debug)]
pub(super) struct Block {
    /// The indentation of its first line.
    indentation: usize,
    lines: Vec<String>,
    bytes: usize,
}

/// What is done with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It belongs to the block.
    Inside,
    /// It ends the block.
    End,
    /// The block had no end; the line is not part of it.
    After,
}

impl Block {
    pub(super) fn new(indentation: usize) -> Self {
        Self {
            indentation,
            lines: Vec::new(),
            bytes: 0,
        }
    }

    pub(super) fn take(&mut self, line: &str) -> Taken {
        let indentation = indentation(line);
        let text = line.trim();
        if text == "..." && indentation <= self.indentation {
            return Taken::End;
        }
        if !text.is_empty() && indentation < self.indentation {
            return Taken::After;
        }
        if self.bytes + line.len() <= BYTES_MAX {
            self.bytes += line.len();
            let line = line.get(self.indentation..).unwrap_or_default();
            self.lines.push(line.trim_end().to_owned());
        }
        Taken::Inside
    }

    /// The text, as it is but for indentation.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        dedented(&lines)
    }

    /// Those of an object in JSON, as Deno writes it.
    fn values_of_json(&self) -> Option<Vec<(String, String)>> {
        let text = self.text();
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let object: Value = serde_json::from_str(&text).ok()?;
        let mut values = Vec::new();
        add_json("", &object, &mut values);
        Some(values)
    }

    /// The values by their keys, which are joined with dots where they are below each other.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        if let Some(values) = self.values_of_json() {
            return values;
        }
        let mut values = Vec::new();
        let mut outer: Vec<(usize, &str)> = Vec::new();
        let mut lines = self.lines.iter().map(String::as_str).peekable();
        while let Some(line) = lines.next() {
            let depth = indentation(line);
            let Some((key, value)) = key_and_value(line.trim()) else {
                continue;
            };
            outer.retain(|(outer, _)| *outer < depth);
            let mut path: Vec<&str> = outer.iter().map(|(_, key)| *key).collect();
            path.push(key);
            let path = path.join(".");
            let is_text = value.starts_with(['|', '>']) && value.len() <= 3;
            if !is_text {
                if value.is_empty() {
                    outer.push((depth, key));
                } else {
                    values.push((path, unquoted(value)));
                }
                continue;
            }
            let mut text = Vec::new();
            while let Some(line) =
                lines.next_if(|line| line.trim().is_empty() || indentation(line) > depth)
            {
                text.push(line);
            }
            values.push((path, dedented(&text)));
        }
        values
    }
}

/// Adds the texts and numbers in `value`, whose key is `path`.
fn add_json(path: &str, value: &Value, values: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = match path {
                    "" => key.clone(),
                    outer => format!("{outer}.{key}"),
                };
                add_json(&path, value, values);
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Null | Value::Array(_) => return,
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    values.push((path.to_owned(), text));
}

/// The key and the value of a line such as `message: 'unknown host'`.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line
        .split_once(": ")
        .or_else(|| Some((line.strip_suffix(':')?, "")))?;
    let key = key.trim_matches(['\'', '"']);
    let is_key = !key.is_empty()
        && key
            .chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.'));
    is_key.then_some((key, value.trim()))
}

/// Lines without the indentation that they share.
fn dedented(lines: &[&str]) -> String {
    let shared = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| indentation(line))
        .min()
        .unwrap_or_default();
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.get(shared..).unwrap_or_default())
        .collect();
    lines.join("\n").trim_end().to_owned()
}

fn unquoted(value: &str) -> String {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(text) = inside('\'') {
        return text.replace("''", "'");
    }
    let Some(text) = inside('"') else {
        return value.to_owned();
    };
    let mut unquoted = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => unquoted.push('\n'),
                Some('t') => unquoted.push('\t'),
                Some(other) => unquoted.push(other),
                None => unquoted.push('\\'),
            },
            (other, false) => unquoted.push(other),
        }
    }
    unquoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> String {
        let mut block = Block::new(2);
        for line in text.lines() {
            assert_eq!(block.take(line), Taken::Inside, "{line}");
        }
        let values: Vec<_> = (block.values().iter())
            .map(|(key, value)| format!("{key} = {value:?}"))
            .collect();
        values.join("\n")
    }

    #[test]
    fn values_are_found_by_their_keys() {
        let text = [
            "  duration_ms: 1.25",
            "  message: 'it''s wrong'",
            "  other: \"a\\tb \\\"c\\\"\"",
            "  error:",
            "    name: AssertionError",
            "    message: |-",
            "      two: lines",
            "",
            "        indented",
            "  at:",
            "    line: 8",
            "  stack: >",
            "    one",
            "  expected: 2",
            "  - item",
        ];
        insta::assert_snapshot!(values(&text.join("\n")), @r#"
        duration_ms = "1.25"
        message = "it's wrong"
        other = "a\tb \"c\""
        error.name = "AssertionError"
        error.message = "two: lines\n\n  indented"
        at.line = "8"
        stack = "one"
        expected = "2"
        "#);
    }

    #[test]
    fn a_block_may_be_an_object_in_json() {
        let text = r#"  {"message":"Error: a\nb","severity":"fail","at":{"file":"a.ts","line":2},"tags":[1]}"#;
        insta::assert_snapshot!(values(text), @r#"
        at.file = "a.ts"
        at.line = "2"
        message = "Error: a\nb"
        severity = "fail"
        "#);
        assert_eq!(values("  {\"message\": 1"), "");
    }

    #[test]
    fn a_block_ends_at_its_mark_or_before_a_line_that_is_further_left() {
        let mut block = Block::new(2);
        assert_eq!(block.take("  diff: |"), Taken::Inside);
        assert_eq!(block.take("    ..."), Taken::Inside);
        assert_eq!(block.take(""), Taken::Inside);
        assert_eq!(block.take("ok 3"), Taken::After);
        assert_eq!(block.take("  ..."), Taken::End);
        assert_eq!(block.take("..."), Taken::End);
    }
}
