//! Walks through a payload, element by element, and records every violation of the schema.

mod attributes;

use std::fmt::Write as _;

use super::child_progress::{ChildMatch, ChildProgress};
use super::namespace::{Namespace, Namespaces};
use super::problem::{CheckError, CheckProblem, LineIndex};
use super::schema::{Content, Element};
use super::tag::Malformed;
use super::tokens::{Token, Tokens};
use super::value::{excerpt, is_whitespace};
use attributes::{Attributes, Violation};

/// A step of the walk.
#[derive(Debug, Clone, Copy)]
pub(super) enum SchemaEvent {
    /// An element of the schema starts; its attributes are available until the next event.
    Open(&'static Element),
    /// The element ends; its text, if any, is available until the next event.
    Close,
    /// The payload ends, or cannot be read any further.
    End,
}

/// Walks through a payload.
///
/// It continues after a violation of the schema and stops at the first violation of XML itself. Elements in
/// open content (inside `file`) and elements that the schema does not define are not reported.
pub(super) struct SchemaWalker<'x> {
    root: &'static Element,
    tokens: Tokens<'x>,
    lines: LineIndex<'x>,
    namespaces: Namespaces,
    frames: Vec<Frame<'x>>,
    /// The depth of the element with open content, while inside one.
    open_depth: Option<usize>,
    attributes: Attributes<'x>,
    /// The violations of the element that is being opened; empty otherwise.
    violations: Vec<Violation>,
    /// Whether text is needed at all.
    keeps_text: bool,
    text: String,
    problems: Vec<CheckProblem>,
    is_over: bool,
}

/// An open element.
struct Frame<'x> {
    name: &'x str,
    /// Its index among its siblings, if it may be repeated.
    nth: Option<u32>,
    offset: usize,
    inside: ContentState,
    /// Whether misplaced text has been reported; this happens once.
    has_stray_text: bool,
}

/// The content of an open element.
enum ContentState {
    Nothing,
    Text,
    Anything,
    Children(ChildProgress),
    /// Not known, because the element itself is unknown.
    Unknown,
}

impl<'x> SchemaWalker<'x> {
    pub(super) fn new(source: &'x str, root: &'static Element, keeps_text: bool) -> Self {
        Self {
            root,
            tokens: Tokens::new(source),
            lines: LineIndex::new(source),
            namespaces: Namespaces::default(),
            frames: Vec::new(),
            open_depth: None,
            attributes: Attributes::default(),
            violations: Vec::new(),
            keeps_text,
            text: String::new(),
            problems: Vec::new(),
            is_over: false,
        }
    }

    /// Advances to the next event.
    pub(super) fn advance(&mut self) -> SchemaEvent {
        while !self.is_over {
            match self.step() {
                Ok(Some(visit)) => return visit,
                Ok(None) => {}
                Err(Malformed { offset, message }) => {
                    self.note(offset, message);
                    self.is_over = true;
                }
            }
        }
        SchemaEvent::End
    }

    /// Whether no violation has been found so far.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Walks to the end and returns the violations.
    pub(super) fn finish(mut self) -> Result<(), CheckError> {
        while !matches!(self.advance(), SchemaEvent::End) {}
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(CheckError::new(self.problems))
        }
    }

    /// The value of an attribute of the element that was just opened.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.value(name)
    }

    /// The text of the element that was just closed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The line of the last event.
    pub(super) fn line(&mut self) -> u64 {
        self.lines.line(self.tokens.offset())
    }

    fn step(&mut self) -> Result<Option<SchemaEvent>, Malformed> {
        let token = self.tokens.read()?;
        match token {
            Token::Open {
                name,
                attributes,
                attributes_offset,
            } => self.open(name, attributes, attributes_offset),
            Token::Close => Ok(self.close()),
            Token::Text(text) => {
                self.stray_text(text.chars().all(is_whitespace));
                self.keep(text);
                Ok(None)
            }
            Token::Section(text) => {
                self.stray_text(false);
                self.keep(text);
                Ok(None)
            }
            Token::Reference(character) => {
                self.stray_text(is_whitespace(character));
                if self.wants_text() {
                    self.text.push(character);
                }
                Ok(None)
            }
            Token::End => {
                self.is_over = true;
                Ok(Some(SchemaEvent::End))
            }
        }
    }

    fn open(
        &mut self,
        name: &'x str,
        tag: &'x str,
        tag_offset: usize,
    ) -> Result<Option<SchemaEvent>, Malformed> {
        let offset = self.tokens.offset();
        self.attributes.read(tag, tag_offset)?;
        let depth = self.frames.len() + 1;
        let (namespaces, violations) = (&mut self.namespaces, &mut self.violations);
        let declared = (self.attributes).declare_namespaces(depth, namespaces, violations);
        self.note_violations();
        declared?;
        let has_no_namespace = match self.namespaces.of_element(name) {
            Ok(place) => place == Namespace::None,
            Err(error) => {
                self.note(offset, error);
                false
            }
        };

        let (element, nth) = self.look_up(name, has_no_namespace, offset);
        let within_open = matches!(
            self.frames.last(),
            Some(Frame {
                inside: ContentState::Anything,
                ..
            })
        );
        let inside = match element.map(|element| &element.element_type.content) {
            Some(Content::Empty) => ContentState::Nothing,
            Some(Content::Text | Content::Mixed) => ContentState::Text,
            Some(Content::Anything) => ContentState::Anything,
            Some(Content::Children(sequences)) => {
                ContentState::Children(ChildProgress::new(sequences))
            }
            None if within_open => ContentState::Anything,
            None => ContentState::Unknown,
        };
        let is_visible = self.open_depth.is_none();
        if is_visible && matches!(inside, ContentState::Text | ContentState::Anything) {
            self.text.clear();
        }
        if is_visible && matches!(inside, ContentState::Anything) {
            self.open_depth = Some(depth);
        }
        self.frames.push(Frame {
            name,
            nth,
            offset,
            inside,
            has_stray_text: false,
        });
        let checked = self.attributes.check(
            element,
            offset,
            within_open,
            &self.namespaces,
            &mut self.violations,
        );
        self.note_violations();
        checked?;
        Ok(element.filter(|_| is_visible).map(SchemaEvent::Open))
    }

    /// Looks up the element of the schema that `name` means here.
    fn look_up(
        &mut self,
        name: &'x str,
        has_no_namespace: bool,
        offset: usize,
    ) -> (Option<&'static Element>, Option<u32>) {
        let is_root = has_no_namespace && name == self.root.name;
        let Some(parent) = self.frames.last_mut() else {
            if !is_root {
                let message = format!(
                    "root element is `{}`{}, not `{}`",
                    excerpt(name),
                    if has_no_namespace {
                        ""
                    } else {
                        " of a namespace"
                    },
                    self.root.name
                );
                self.note(offset, message);
            }
            return (is_root.then_some(self.root), None);
        };
        let message = match &mut parent.inside {
            ContentState::Unknown => return (None, None),
            // A root element is checked even inside open content.
            ContentState::Anything => return (is_root.then_some(self.root), None),
            ContentState::Nothing | ContentState::Text => {
                format!(
                    "unexpected element `{}`; no elements are allowed here",
                    excerpt(name)
                )
            }
            ContentState::Children(progress) => {
                // The schema has no elements in namespaces; the empty name matches none.
                match progress.enter(if has_no_namespace { name } else { "" }) {
                    ChildMatch::Expected {
                        element,
                        nth,
                        repeats,
                    } => return (Some(element), repeats.then_some(nth)),
                    ChildMatch::Misplaced(element) => {
                        let message = format!(
                            "misplaced or repeated `{name}`; expected {}",
                            expectation(progress)
                        );
                        self.note(offset, message);
                        return (Some(element), None);
                    }
                    ChildMatch::Unknown => format!(
                        "unknown element `{}`{}; expected {}",
                        excerpt(name),
                        if has_no_namespace {
                            ""
                        } else {
                            " of a namespace"
                        },
                        expectation(progress)
                    ),
                }
            }
        };
        self.note(offset, message);
        (None, None)
    }

    fn close(&mut self) -> Option<SchemaEvent> {
        let depth = self.frames.len();
        if let Some(Frame {
            inside: ContentState::Children(progress),
            offset,
            ..
        }) = self.frames.last()
            && let Some(expected) = progress.missing()
        {
            let offset = *offset;
            let message = format!("{} is missing", one_of(&expected));
            self.note(offset, message);
        }
        let frame = self.frames.pop()?;
        self.namespaces.leave(depth);
        if self.open_depth == Some(depth) {
            self.open_depth = None;
        }
        let is_visible =
            self.open_depth.is_none() && !matches!(frame.inside, ContentState::Unknown);
        is_visible.then_some(SchemaEvent::Close)
    }

    /// Records misplaced text.
    fn stray_text(&mut self, is_whitespace: bool) {
        let offset = self.tokens.offset();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let is_stray = match frame.inside {
            ContentState::Nothing => true,
            ContentState::Children(_) => !is_whitespace,
            ContentState::Text | ContentState::Anything | ContentState::Unknown => false,
        };
        if is_stray && !frame.has_stray_text {
            frame.has_stray_text = true;
            let what = match frame.inside {
                ContentState::Nothing => "text in an element that must be empty",
                _ => "text between elements",
            };
            self.note(offset, what.to_owned());
        }
    }

    fn wants_text(&self) -> bool {
        let inside = self.frames.last().map(|frame| &frame.inside);
        self.keeps_text && matches!(inside, Some(ContentState::Text | ContentState::Anything))
    }

    /// Appends text, with line ends normalised as XML requires.
    fn keep(&mut self, text: &str) {
        if self.wants_text() {
            for (index, piece) in text.split('\r').enumerate() {
                if index > 0 && !piece.starts_with('\n') {
                    self.text.push('\n');
                }
                self.text.push_str(piece);
            }
        }
    }

    fn note_violations(&mut self) {
        for (offset, message) in std::mem::take(&mut self.violations) {
            self.note(offset, message);
        }
    }

    fn note(&mut self, offset: usize, message: String) {
        if self.problems.len() < CheckError::PROBLEMS_MAX {
            let (line, column) = self.lines.line_and_column(offset);
            let path = self.path();
            self.problems.push(CheckProblem {
                line,
                column,
                path,
                message,
            });
        }
        if self.problems.len() == CheckError::PROBLEMS_MAX {
            self.is_over = true;
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&excerpt(frame.name));
            if let Some(nth) = frame.nth {
                _ = write!(path, "[{nth}]");
            }
        }
        path
    }
}

/// What is allowed here, in words.
fn expectation(progress: &ChildProgress) -> String {
    match progress.expected().as_slice() {
        [] => "the end".to_owned(),
        names if progress.is_complete() => format!("{} or the end", one_of(names)),
        names => one_of(names),
    }
}

/// "`a`, `b` or `c`"
fn one_of(names: &[&str]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => format!("`{only}`"),
        Some((last, others)) => format!("`{}` or `{last}`", others.join("`, `")),
    }
}
