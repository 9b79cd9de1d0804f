//! Report formats in JSON.

use std::fmt;

use serde_json::Value;

use super::file::{Input, ReportFile, ReportReader};
use super::xml::Visit;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::json_reader::{DEPTH_MAX, JsonError, JsonKind, JsonReader};
use crate::read::line_column::LineColumn;
use crate::read::text::{DecodedText, InvalidBytes};

/// A report format in JSON.
pub(crate) trait JsonFormat: Send {
    /// What is done with the value at `path`.
    fn visit(&self, path: &[Step]) -> Visit;

    /// The object or array at `path` is entered.
    fn enter(&mut self, _path: &[Step], _place: LineColumn, _file: &mut ReportFile) {}

    /// A value has been read as a whole. A value that should be entered and is neither an object nor an array comes here
    /// too.
    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile);

    /// The object or array at `path`, which was entered, ends.
    fn leave(&mut self, _path: &[Step], _file: &mut ReportFile) {}

    /// The document ends; also where it was cut off by an error.
    fn end(&mut self, _file: &mut ReportFile) {}

    /// Whether values are collected by [`JsonReader::exact_value`].
    const IS_EXACT: bool = false;

    /// Whether its writers leave out the comma before an object in an array.
    const FORGIVES_COMMAS: bool = false;

    /// What is wrong with a document that is well-formed; asked for at its end.
    fn problem(&mut self) -> Option<(LineColumn, ReadErrorKind)> {
        None
    }
}

/// A step of the path to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

impl Step {
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Index(_) => None,
        }
    }
}

/// Whether `path` consists of these names; `*` stands for an index.
pub(crate) fn is_path(path: &[Step], names: &[&str]) -> bool {
    path.len() == names.len()
        && path.iter().zip(names).all(|(step, name)| match step {
            Step::Name(step) => step == name,
            Step::Index(_) => *name == "*",
        })
}

/// A path as people write it: `suites[0].title`.
pub(crate) struct ShownPath<'p>(pub(crate) &'p [Step]);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if at == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The text of a string, number or boolean; `None` for an absent, empty or structured value.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The items of an array; none if it is anything else.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Reads a document in JSON: walks through what its format enters, and passes on what it collects.
pub(crate) struct JsonReport<F> {
    json: JsonReader<DecodedText<Input>>,
    format: F,
    path: Vec<Step>,
    /// Whether each of the entered values is an object, from the outermost to the innermost.
    open: Vec<bool>,
    has_begun: bool,
}

impl<F: JsonFormat> JsonReport<F> {
    pub(crate) fn new(
        format: F,
        file: &ReportFile,
        input: Input,
        head: &[u8],
    ) -> Result<Self, ReadError> {
        let text = file.decoded(input, head)?;
        Ok(Self {
            json: JsonReader::new(text).forgiving_commas(F::FORGIVES_COMMAS),
            format,
            path: Vec::new(),
            open: Vec::new(),
            has_begun: false,
        })
    }

    /// Reads the next value, or the end of an open one; `false` at the end of the document.
    fn step(&mut self, file: &mut ReportFile) -> Result<bool, JsonError> {
        let Some(is_object) = self.open.last().copied() else {
            if self.has_begun {
                return Ok(false);
            }
            self.has_begun = true;
            self.read_value(file)?;
            return Ok(true);
        };
        if !self.json.has_next()? {
            self.json.end()?;
            self.path.truncate(self.open.len() - 1);
            self.format.leave(&self.path, file);
            self.open.pop();
            return Ok(true);
        }
        let depth = self.open.len() - 1;
        let next = if is_object {
            Step::Name(self.json.name()?)
        } else {
            match self.path.get(depth) {
                Some(Step::Index(index)) => Step::Index(index + 1),
                _ => Step::Index(0),
            }
        };
        self.path.truncate(depth);
        self.path.push(next);
        self.read_value(file)?;
        Ok(true)
    }

    fn read_value(&mut self, file: &mut ReportFile) -> Result<(), JsonError> {
        let kind = self.json.peek()?;
        let place = self.json.place();
        let is_open = matches!(kind, JsonKind::Object | JsonKind::Array);
        match self.format.visit(&self.path) {
            Visit::Skip => self.json.skip()?,
            Visit::Enter if is_open => {
                file.may_have_replacements |= self.json.has_replaced();
                self.json.begin()?;
                self.format.enter(&self.path, place, file);
                self.open.push(kind == JsonKind::Object);
            }
            Visit::Enter | Visit::Collect => {
                let value = if F::IS_EXACT {
                    self.json.exact_value()?
                } else {
                    self.json.value()?
                };
                file.may_have_replacements |=
                    self.json.has_replaced() || self.json.text().invalid().is_some();
                self.format.value(&self.path, value, place, file);
            }
        }
        Ok(())
    }

    fn error(&self, error: JsonError, file: &ReportFile) -> ReadError {
        let kind = match error {
            JsonError::Io(error) => ReadErrorKind::Io(error),
            JsonError::Truncated => ReadErrorKind::TruncatedJson,
            JsonError::TooDeep => ReadErrorKind::TooDeep { max: DEPTH_MAX },
            JsonError::Malformed(reason) => ReadErrorKind::MalformedJson {
                reason: reason.to_owned(),
            },
        };
        file.error(self.json.place(), kind)
            .in_elements(ShownPath(&self.path).to_string())
    }
}

impl<F: JsonFormat> ReportReader for JsonReport<F> {
    fn advance(&mut self, file: &mut ReportFile) -> Result<bool, ReadError> {
        match self.step(file) {
            Ok(true) => Ok(true),
            Ok(false) => {
                let has_more = self.json.has_next();
                self.format.end(file);
                if let Some((place, kind)) = self.format.problem() {
                    return Err(file.error(place, kind));
                }
                if !matches!(has_more, Ok(false)) {
                    let reason = "something follows after the document".to_owned();
                    let here = self.json.place();
                    return Err(file.error(here, ReadErrorKind::MalformedJson { reason }));
                }
                Ok(false)
            }
            Err(error) => {
                self.format.end(file);
                Err(self.error(error, file))
            }
        }
    }

    fn invalid_bytes(&self) -> Option<InvalidBytes> {
        self.json.text().invalid()
    }
}
