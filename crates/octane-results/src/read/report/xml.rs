//! Report formats in XML, apart from `JUnit`.

use std::sync::Arc;

use super::file::{Input, ReportFile, ReportReader};
use super::output::trimmed;
use crate::invalid::shortened;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::line_column::LineColumn;
use crate::read::text::InvalidBytes;
use crate::read::xml::escape::{push_text, value};
use crate::read::xml::{Tag, XmlEvent, XmlReader};
use crate::sniff::foreign_root;

/// What is wrong with a document with a character that no writer writes: it was damaged, and what else is wrong in it cannot
/// be known.
const NUL: &str = "contains a NUL character; the file is damaged";

/// What is done with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Its children are visited one by one.
    Enter,
    /// It is read as a whole, and passed to [`XmlFormat::element`].
    Collect,
    /// It is skipped with all that is in it, and costs no memory.
    Skip,
}

/// A report format in XML.
pub(crate) trait XmlFormat: Send {
    /// The names of root elements.
    fn roots(&self) -> &'static [&'static str];

    /// What is done with the element `name` inside the open elements `path`, from the root inwards. The root itself is
    /// always entered.
    fn visit(&self, path: &[String], name: &str) -> Visit;

    /// What a document is that has the element `name` inside the open elements `path`, if it is of another format with the same root.
    fn foreign(&self, _path: &[String], _name: &str) -> Option<&'static str> {
        None
    }

    /// Whether the element `name` inside a collected one is needed.
    fn keeps(&self, _name: &str) -> bool {
        true
    }

    /// Whether the text of the element `name` inside a collected one is needed; without it, long texts cost no memory.
    fn keeps_text(&self, _name: &str) -> bool {
        true
    }

    /// An element is entered; without its text and children.
    fn enter(&mut self, _path: &[String], _element: Element, _file: &mut ReportFile) {}

    /// An element has been read as a whole.
    fn element(&mut self, path: &[String], element: Element, file: &mut ReportFile);

    /// The innermost element of `path`, which was entered, ends.
    fn leave(&mut self, _path: &[String], _file: &mut ReportFile) {}

    /// The document turned out to be malformed or cut off: what was held back can be handed out.
    fn break_off(&mut self) {}

    /// Pushes some of the results that were held back, if they can be handed out; `false` if there are none.
    fn hand_out(&mut self, _file: &mut ReportFile) -> bool {
        false
    }
}

/// An element with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// The name without its prefix.
    pub(crate) name: String,
    pub(crate) place: LineColumn,
    /// Whether bytes of its attributes, or of those of elements inside, were invalid and have been replaced.
    pub(crate) has_invalid_bytes: bool,
    attributes: Vec<(String, String)>,
    /// Its own text, not that of its children.
    text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    fn new(tag: &Tag<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        if let Some(reason) = tag.malformed().or_else(|| tag.contradiction()) {
            return Err(reason);
        }
        for (name, raw) in tag.attributes() {
            let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
            let value = value(raw, &mut None);
            if value.contains('\0') {
                return Err(NUL.to_owned());
            }
            attributes.push((name.to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: tag.name().to_owned(),
            place: tag.place(),
            has_invalid_bytes: tag.has_invalid_bytes(),
            attributes,
            text: String::new(),
            children: Vec::new(),
        })
    }

    /// The value of an attribute, without whitespace around it; `None` if it is missing or empty.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }

    /// The value of an attribute as it is; `None` if it is missing.
    pub(crate) fn exact_attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// The text as it is.
    pub(crate) fn exact_text(&self) -> &str {
        &self.text
    }

    /// The text, without empty lines around it; `None` if there is none.
    pub(crate) fn text(&self) -> Option<&str> {
        Some(trimmed(&self.text)).filter(|text| !text.trim().is_empty())
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub(crate) fn children<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at the end of a path of first children.
    pub(crate) fn descendant(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// The text of the element at the end of a path of first children.
    pub(crate) fn text_of(&self, path: &[&str]) -> Option<&str> {
        self.descendant(path)?.text()
    }
}

/// Reads a report in XML: walks through the elements that its format enters, and builds those that it collects.
pub(crate) struct XmlReport<F> {
    xml: XmlReader<Input>,
    format: F,
    /// The names of the elements that were entered.
    path: Vec<String>,
    /// The elements of which one is being collected, from the outermost to the innermost.
    open: Vec<Element>,
    /// How many open elements are skipped.
    skipped: usize,
    /// Why the document cannot be read to its end, to be returned after what was held back.
    broken: Option<ReadError>,
}

impl<F: XmlFormat> XmlReport<F> {
    pub(crate) fn new(
        format: F,
        file: &ReportFile,
        input: Input,
        head: &[u8],
    ) -> Result<Self, ReadError> {
        let encoding = file.options.encoding;
        Ok(Self {
            xml: XmlReader::new(file.shared_name(), input, head, encoding)?,
            format,
            path: Vec::new(),
            open: Vec::new(),
            skipped: 0,
            broken: None,
        })
    }

    fn close(&mut self, file: &mut ReportFile) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(element) = self.open.pop() {
            match self.open.last_mut() {
                Some(outer) => {
                    outer.has_invalid_bytes |= element.has_invalid_bytes;
                    outer.children.push(element);
                }
                None => self.format.element(&self.path, element, file),
            }
        } else {
            self.format.leave(&self.path, file);
            self.path.pop();
        }
    }
}

/// What to do with the element that starts with `tag`.
fn visit<F: XmlFormat>(
    format: &F,
    path: &[String],
    is_collecting: bool,
    tag: &Tag<'_>,
) -> Result<Visit, ReadErrorKind> {
    let name = tag.name();
    if is_collecting {
        return Ok(if format.keeps(name) {
            Visit::Collect
        } else {
            Visit::Skip
        });
    }
    if let [root, ..] = path {
        let Some(hint) = format.foreign(path, name) else {
            return Ok(format.visit(path, name));
        };
        return Err(ReadErrorKind::UnknownRoot {
            root: root.clone(),
            expected: format.roots(),
            hint: Some(hint),
        });
    }
    if format.roots().contains(&name) {
        return Ok(Visit::Enter);
    }
    Err(ReadErrorKind::UnknownRoot {
        root: shortened(name),
        expected: format.roots(),
        hint: foreign_root(name, tag.attributes()),
    })
}

impl<F: XmlFormat> XmlReport<F> {
    /// Reads an event; `false` at the end of the document.
    fn step(&mut self, file: &mut ReportFile) -> Result<bool, ReadError> {
        let innermost = self.open.last().filter(|_| self.skipped == 0);
        let wants_text = innermost.is_some_and(|element| self.format.keeps_text(&element.name));
        let name = file.shared_name();
        let failed = |place, kind, path: &[String]| {
            ReadError::new(Arc::clone(&name), kind)
                .at(place)
                .in_elements(path.join("/"))
        };
        let Some(event) = self.xml.next_event(wants_text)? else {
            return Ok(false);
        };
        match event {
            XmlEvent::Start(_) if self.skipped > 0 => self.skipped += 1,
            XmlEvent::Start(tag) => {
                let place = tag.place();
                let visit = visit(&self.format, &self.path, !self.open.is_empty(), &tag)
                    .map_err(|kind| failed(place, kind, &self.path))?;
                if visit == Visit::Skip {
                    self.skipped = 1;
                    return Ok(true);
                }
                let element = Element::new(&tag).map_err(|reason| {
                    failed(place, ReadErrorKind::Malformed { reason }, &self.path)
                })?;
                if visit == Visit::Collect {
                    self.open.push(element);
                } else {
                    self.path.push(element.name.clone());
                    self.format.enter(&self.path, element, file);
                }
            }
            XmlEvent::End => self.close(file),
            XmlEvent::Text(text) if wants_text => {
                if text.contains('\0') {
                    let reason = NUL.to_owned();
                    let kind = ReadErrorKind::Malformed { reason };
                    return Err(failed(self.xml.text_place, kind, &self.path));
                }
                if let Some(element) = self.open.last_mut() {
                    push_text(&mut element.text, text);
                }
            }
            XmlEvent::CharRef(char) if wants_text => {
                if let Some(element) = self.open.last_mut() {
                    element.text.push(char);
                }
            }
            XmlEvent::UnknownEntity(reference, _) if wants_text => {
                if let Some(element) = self.open.last_mut() {
                    element.text.push_str(&reference);
                }
            }
            XmlEvent::Text(_)
            | XmlEvent::CharRef(_)
            | XmlEvent::UnknownEntity(..)
            | XmlEvent::Comment(_)
            | XmlEvent::Ignored => {}
        }
        Ok(true)
    }
}

impl<F: XmlFormat> ReportReader for XmlReport<F> {
    fn advance(&mut self, file: &mut ReportFile) -> Result<bool, ReadError> {
        if self.format.hand_out(file) {
            return Ok(true);
        }
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.step(file).or_else(|error| {
            self.format.break_off();
            self.broken = Some(error);
            Ok(true)
        })
    }

    fn invalid_bytes(&self) -> Option<InvalidBytes> {
        self.xml.invalid_bytes()
    }
}

#[cfg(test)]
pub(crate) mod testing;
