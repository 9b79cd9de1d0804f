//! A streaming JSON reader with positions and a limit of depth.
//!
//! It reads JSON as RFC 8259 defines it, and is as strict, but for two things that real writers do: half of a surrogate pair
//! in a string becomes U+FFFD, and more than one value may follow each other, so that a caller can say what is wrong
//! with that. Strings and numbers that are not needed cost no memory.

use std::collections::HashSet;
use std::io;

use serde_json::{Map, Number, Value};

use super::line_column::LineColumn;

mod error;
mod source;
mod text;

pub(crate) use error::JsonError;
pub(crate) use source::{SliceText, TextSource};

/// The maximum nesting depth, far more than any report has.
pub(crate) const DEPTH_MAX: usize = 120;

/// What kind of value is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonKind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

type Result<T> = std::result::Result<T, JsonError>;

/// An object or array that was begun.
#[derive(Debug)]
struct Open {
    is_object: bool,
    /// Whether no item has been read yet.
    is_empty: bool,
    /// Whether the comma before the next item has been read, or none is needed.
    is_at_item: bool,
}

/// Reads values one after the other, and into them.
#[derive(Debug)]
pub(crate) struct JsonReader<T> {
    text: T,
    open: Vec<Open>,
    /// Whether the comma before an object in an array may be missing.
    forgives_commas: bool,
    /// Whether half of a surrogate pair has been replaced.
    has_replaced: bool,
}

impl<T: TextSource> JsonReader<T> {
    pub(crate) fn new(text: T) -> Self {
        Self {
            text,
            open: Vec::new(),
            forgives_commas: false,
            has_replaced: false,
        }
    }

    /// Whether half of a surrogate pair has been replaced in a string that was kept.
    pub(crate) fn has_replaced(&self) -> bool {
        self.has_replaced
    }

    /// Lets the comma before an object in an array be missing.
    pub(crate) fn forgiving_commas(self, forgives_commas: bool) -> Self {
        Self {
            forgives_commas,
            ..self
        }
    }

    /// The text that is read.
    pub(crate) fn text(&self) -> &T {
        &self.text
    }

    /// Where the next token is; after [`peek`](Self::peek), the next value.
    pub(crate) fn place(&self) -> LineColumn {
        self.text.place()
    }

    /// What kind of value is next. In an object, its name has been read.
    pub(crate) fn peek(&mut self) -> Result<JsonKind> {
        match self.significant()?.ok_or(JsonError::Truncated)? {
            b'{' => Ok(JsonKind::Object),
            b'[' => Ok(JsonKind::Array),
            b'"' => Ok(JsonKind::String),
            b'-' | b'0'..=b'9' => Ok(JsonKind::Number),
            b't' | b'f' => Ok(JsonKind::Boolean),
            b'n' => Ok(JsonKind::Null),
            _ => Err(JsonError::Malformed("a value is expected here")),
        }
    }

    /// Begins the object or array that is next.
    pub(crate) fn begin(&mut self) -> Result<()> {
        let is_object = self.peek()? == JsonKind::Object;
        if self.open.len() == DEPTH_MAX {
            return Err(JsonError::TooDeep);
        }
        self.text.consume(1);
        self.open.push(Open {
            is_object,
            is_empty: true,
            is_at_item: false,
        });
        Ok(())
    }

    /// Whether the innermost object or array has another item; outside of all, whether another value follows.
    pub(crate) fn has_next(&mut self) -> Result<bool> {
        let next = self.significant()?;
        let Some(open) = self.open.last_mut() else {
            return Ok(next.is_some());
        };
        if open.is_at_item {
            return Ok(true);
        }
        let next = next.ok_or(JsonError::Truncated)?;
        let end = if open.is_object { b'}' } else { b']' };
        if next == end {
            return Ok(false);
        }
        open.is_at_item = true;
        if std::mem::replace(&mut open.is_empty, false) {
            return Ok(true);
        }
        if next == b'{' && !open.is_object && self.forgives_commas {
            return Ok(true);
        }
        if next != b',' {
            return Err(JsonError::Malformed("a comma is missing here"));
        }
        self.text.consume(1);
        if self.significant()?.ok_or(JsonError::Truncated)? == end {
            return Err(JsonError::Malformed("nothing follows after the comma"));
        }
        Ok(true)
    }

    /// Ends the innermost object or array, which has no more items.
    pub(crate) fn end(&mut self) -> Result<()> {
        if self.has_next()? {
            return Err(JsonError::Malformed("there are more items"));
        }
        self.text.consume(1);
        self.open.pop();
        self.value_ends();
        Ok(())
    }

    /// Reads the name of the next item of an object.
    pub(crate) fn name(&mut self) -> Result<String> {
        let mut name = String::new();
        self.read_name(Some(&mut name))?;
        Ok(name)
    }

    fn read_name(&mut self, into: Option<&mut String>) -> Result<()> {
        if self.significant()?.ok_or(JsonError::Truncated)? != b'"' {
            return Err(JsonError::Malformed(
                "a name in double quotes is expected here",
            ));
        }
        self.has_replaced |= text::string(&mut self.text, into)?;
        if self.significant()?.ok_or(JsonError::Truncated)? != b':' {
            return Err(JsonError::Malformed("a colon is missing here"));
        }
        self.text.consume(1);
        Ok(())
    }

    /// Reads the next value as a whole. Of a repeated name, the last value counts; two different texts, numbers or flags contradict
    /// each other.
    pub(crate) fn value(&mut self) -> Result<Value> {
        self.read(false)
    }

    /// Reads the next value as a whole, with numbers as texts, as they are written. The values of a repeated name are a
    /// list.
    pub(crate) fn exact_value(&mut self) -> Result<Value> {
        self.read(true)
    }

    fn read(&mut self, is_exact: bool) -> Result<Value> {
        let value = match self.peek()? {
            JsonKind::Object => {
                let mut object = Map::new();
                let mut repeated = HashSet::new();
                self.begin()?;
                while self.has_next()? {
                    let name = self.name()?;
                    let value = self.read(is_exact)?;
                    match object.get_mut(&name) {
                        None => {
                            object.insert(name, value);
                        }
                        Some(known) if !is_exact => replace(known, value)?,
                        Some(known) if repeated.insert(name) => {
                            *known = Value::Array(vec![known.take(), value]);
                        }
                        Some(Value::Array(values)) => values.push(value),
                        Some(known) => *known = value,
                    }
                }
                self.end()?;
                return Ok(Value::Object(object));
            }
            JsonKind::Array => {
                let mut array = Vec::new();
                self.begin()?;
                while self.has_next()? {
                    array.push(self.read(is_exact)?);
                }
                self.end()?;
                return Ok(Value::Array(array));
            }
            JsonKind::String => {
                let mut string = String::new();
                self.has_replaced |= text::string(&mut self.text, Some(&mut string))?;
                Value::String(string)
            }
            JsonKind::Number => {
                let mut digits = String::new();
                text::number(&mut self.text, Some(&mut digits))?;
                match digits.parse::<Number>() {
                    Ok(number) if !is_exact => Value::Number(number),
                    // Too large for a number of the library.
                    _ => Value::String(digits),
                }
            }
            JsonKind::Boolean => {
                let is_true = self.significant()? == Some(b't');
                text::word(&mut self.text, if is_true { "true" } else { "false" })?;
                Value::Bool(is_true)
            }
            JsonKind::Null => {
                text::word(&mut self.text, "null")?;
                Value::Null
            }
        };
        self.value_ends();
        Ok(value)
    }

    /// Skips the next value with all that is in it.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let depth = self.open.len();
        loop {
            match self.peek()? {
                JsonKind::Object | JsonKind::Array => self.begin()?,
                kind => {
                    match kind {
                        JsonKind::String => drop(text::string(&mut self.text, None)?),
                        JsonKind::Number => text::number(&mut self.text, None)?,
                        JsonKind::Null => text::word(&mut self.text, "null")?,
                        _ if self.significant()? == Some(b't') => {
                            text::word(&mut self.text, "true")?;
                        }
                        _ => text::word(&mut self.text, "false")?,
                    }
                    self.value_ends();
                }
            }
            while self.open.len() > depth && !self.has_next()? {
                self.end()?;
            }
            if self.open.len() == depth {
                return Ok(());
            }
            if self.open.last().is_some_and(|open| open.is_object) {
                self.read_name(None)?;
            }
        }
    }

    /// The next item of the innermost object or array needs a comma before it.
    fn value_ends(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.is_at_item = false;
        }
    }

    /// Skips whitespace; the next byte, or nothing at the end.
    fn significant(&mut self) -> io::Result<Option<u8>> {
        loop {
            let next = self.text.peek()?;
            if next.is_empty() {
                return Ok(None);
            }
            let blanks = next
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            match blanks {
                Some(0) => return Ok(next.first().copied()),
                Some(blanks) => self.text.consume(blanks),
                None => {
                    let all = next.len();
                    self.text.consume(all);
                }
            }
        }
    }
}

/// Replaces the value of a name by a later one, unless they contradict each other. One that is missing says nothing.
fn replace(known: &mut Value, later: Value) -> Result<()> {
    let is_flat = |value: &Value| !value.is_object() && !value.is_array();
    match (&*known, &later) {
        (_, Value::Null) => {}
        (Value::Null, _) => *known = later,
        (one, other) if is_flat(one) && is_flat(other) && one != other => {
            let reason = "a name occurs twice in an object with different values; the second value ends here";
            return Err(JsonError::Malformed(reason));
        }
        _ => *known = later,
    }
    Ok(())
}

/// The value that a line consists of, as by [`JsonReader::exact_value`]. If it is none, the column where it breaks.
pub(crate) fn exact_line(line: &str) -> std::result::Result<Value, u64> {
    let mut json = JsonReader::new(SliceText::new(line));
    let value = json.exact_value();
    match value {
        Ok(value) if matches!(json.has_next(), Ok(false)) => Ok(value),
        _ => Err(json.place().column),
    }
}

/// The value that a line consists of, as by [`JsonReader::value`].
pub(crate) fn line_value(line: &str) -> Option<Value> {
    let mut json = JsonReader::new(SliceText::new(line));
    let value = json.value().ok()?;
    matches!(json.has_next(), Ok(false)).then_some(value)
}

#[cfg(test)]
mod tests;
