//! Walks through a payload, element by element, and notes every breach of the rules.

mod attributes;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::content::{Child, Progress};
use super::namespace::{Namespaces, Place};
use super::problem::{CheckError, CheckProblem, Lines};
use super::schema::{Content, Element};
use super::syntax::{Token, Tokens};
use super::tag::{Malformed, RawAttribute};
use super::value::{excerpt, is_blank};

/// Where the walk has come to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Visit {
    /// An element of the schema begins; its attributes can be asked for until the next visit.
    Open(&'static Element),
    /// The element ends; its text, if it has any, can be asked for until the next visit.
    Close,
    /// The payload ends, or there is no use in going on.
    End,
}

/// A walk through a payload.
///
/// It goes on after a breach of the schema, and ends at the first breach of XML itself. Elements that
/// the schema leaves open (the content of `file`) and those that it does not know are not visited.
pub(super) struct Walk<'x> {
    root: &'static Element,
    tokens: Tokens<'x>,
    lines: Lines<'x>,
    namespaces: Namespaces,
    frames: Vec<Frame<'x>>,
    /// The depth of the element whose content the schema leaves open, while within one.
    open_depth: Option<usize>,
    raw: Vec<RawAttribute<'x>>,
    attributes: Vec<(&'static str, Cow<'x, str>)>,
    /// Whether text is wanted at all.
    keeps_text: bool,
    text: String,
    problems: Vec<CheckProblem>,
    is_over: bool,
}

/// An element that has begun and not ended.
struct Frame<'x> {
    name: &'x str,
    /// Which of its siblings it is, where there may be many.
    nth: Option<u32>,
    offset: usize,
    inside: Inside,
    /// Whether text was found where none may be; said once.
    has_stray_text: bool,
}

/// What may stand in an element.
enum Inside {
    Nothing,
    Text,
    Anything,
    Children(Progress),
    /// Nobody knows: the element is unknown itself.
    Unknown,
}

impl<'x> Walk<'x> {
    pub(super) fn new(source: &'x str, root: &'static Element, keeps_text: bool) -> Self {
        Self {
            root,
            tokens: Tokens::new(source),
            lines: Lines::new(source),
            namespaces: Namespaces::default(),
            frames: Vec::new(),
            open_depth: None,
            raw: Vec::new(),
            attributes: Vec::new(),
            keeps_text,
            text: String::new(),
            problems: Vec::new(),
            is_over: false,
        }
    }

    /// Goes on to the next visit.
    pub(super) fn advance(&mut self) -> Visit {
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
        Visit::End
    }

    /// Whether no rule was broken so far.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Walks to the end and says what was wrong.
    pub(super) fn finish(mut self) -> Result<(), CheckError> {
        while !matches!(self.advance(), Visit::End) {}
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(CheckError::new(self.problems))
        }
    }

    /// The value of an attribute of the element that was just opened.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find_map(|(known, value)| (*known == name).then_some(value.as_ref()))
    }

    /// The text of the element that was just closed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The line of the last visit.
    pub(super) fn line(&mut self) -> u64 {
        self.lines.line(self.tokens.offset())
    }

    fn step(&mut self) -> Result<Option<Visit>, Malformed> {
        let token = self.tokens.read()?;
        match token {
            Token::Open {
                name,
                attributes,
                attributes_offset,
            } => self.open(name, attributes, attributes_offset),
            Token::Close => Ok(self.close()),
            Token::Text(text) => {
                self.stray_text(text.chars().all(is_blank));
                self.keep(text);
                Ok(None)
            }
            Token::Section(text) => {
                self.stray_text(false);
                self.keep(text);
                Ok(None)
            }
            Token::Reference(character) => {
                self.stray_text(is_blank(character));
                if self.wants_text() {
                    self.text.push(character);
                }
                Ok(None)
            }
            Token::End => {
                self.is_over = true;
                Ok(Some(Visit::End))
            }
        }
    }

    fn open(
        &mut self,
        name: &'x str,
        tag: &'x str,
        tag_offset: usize,
    ) -> Result<Option<Visit>, Malformed> {
        let offset = self.tokens.offset();
        self.read_attributes(tag, tag_offset)?;
        let depth = self.frames.len() + 1;
        for index in 0..self.raw.len() {
            let attribute = self.raw[index];
            if attribute.name.starts_with("xmlns") {
                let address = attribute.normalized()?;
                if let Err(refused) = self.namespaces.declare(depth, attribute.name, &address) {
                    self.note(attribute.offset, refused);
                }
            }
        }
        let is_plain = match self.namespaces.of_element(name) {
            Ok(place) => place == Place::None,
            Err(refused) => {
                self.note(offset, refused);
                false
            }
        };

        let (element, nth) = self.place(name, is_plain, offset);
        let within_open = matches!(
            self.frames.last(),
            Some(Frame {
                inside: Inside::Anything,
                ..
            })
        );
        let inside = match element.map(|element| &element.kind.content) {
            Some(Content::Empty) => Inside::Nothing,
            Some(Content::Text | Content::Mixed) => Inside::Text,
            Some(Content::Anything) => Inside::Anything,
            Some(Content::Children(sequences)) => Inside::Children(Progress::new(sequences)),
            None if within_open => Inside::Anything,
            None => Inside::Unknown,
        };
        let is_visible = self.open_depth.is_none();
        if is_visible && matches!(inside, Inside::Text | Inside::Anything) {
            self.text.clear();
        }
        if is_visible && matches!(inside, Inside::Anything) {
            self.open_depth = Some(depth);
        }
        self.frames.push(Frame {
            name,
            nth,
            offset,
            inside,
            has_stray_text: false,
        });
        self.check_attributes(element, within_open)?;
        Ok(element.filter(|_| is_visible).map(Visit::Open))
    }

    /// Finds out which element of the schema `name` is at this place.
    fn place(
        &mut self,
        name: &'x str,
        is_plain: bool,
        offset: usize,
    ) -> (Option<&'static Element>, Option<u32>) {
        let is_root = is_plain && name == self.root.name;
        let Some(parent) = self.frames.last_mut() else {
            if !is_root {
                let message = format!(
                    "the outermost element is `{}`{}, not `{}`",
                    excerpt(name),
                    if is_plain { "" } else { " of a namespace" },
                    self.root.name
                );
                self.note(offset, message);
            }
            return (is_root.then_some(self.root), None);
        };
        let message = match &mut parent.inside {
            Inside::Unknown => return (None, None),
            // An outermost element is checked wherever the schema leaves the content open.
            Inside::Anything => return (is_root.then_some(self.root), None),
            Inside::Nothing | Inside::Text => {
                format!("`{}` stands where no element may be", excerpt(name))
            }
            Inside::Children(progress) => {
                // No element of a namespace has an empty name, so none is found.
                match progress.enter(if is_plain { name } else { "" }) {
                    Child::Expected {
                        element,
                        nth,
                        repeats,
                    } => return (Some(element), repeats.then_some(nth)),
                    Child::Misplaced(element) => {
                        let message = format!(
                            "`{name}` may not come here or not again; {} is expected",
                            expectation(progress)
                        );
                        self.note(offset, message);
                        return (Some(element), None);
                    }
                    Child::Unknown => format!(
                        "there is no element `{}`{} here; {} is expected",
                        excerpt(name),
                        if is_plain { "" } else { " of a namespace" },
                        expectation(progress)
                    ),
                }
            }
        };
        self.note(offset, message);
        (None, None)
    }

    fn close(&mut self) -> Option<Visit> {
        let depth = self.frames.len();
        if let Some(Frame {
            inside: Inside::Children(progress),
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
        let is_visible = self.open_depth.is_none() && !matches!(frame.inside, Inside::Unknown);
        is_visible.then_some(Visit::Close)
    }

    /// Notes text where none may be.
    fn stray_text(&mut self, is_blank: bool) {
        let offset = self.tokens.offset();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let is_stray = match frame.inside {
            Inside::Nothing => true,
            Inside::Children(_) => !is_blank,
            Inside::Text | Inside::Anything | Inside::Unknown => false,
        };
        if is_stray && !frame.has_stray_text {
            frame.has_stray_text = true;
            let what = match frame.inside {
                Inside::Nothing => "there is text where nothing may be, not even blanks",
                _ => "there is text where only elements may be",
            };
            self.note(offset, what.to_owned());
        }
    }

    fn wants_text(&self) -> bool {
        let inside = self.frames.last().map(|frame| &frame.inside);
        self.keeps_text && matches!(inside, Some(Inside::Text | Inside::Anything))
    }

    /// Keeps text, with the line ends that XML makes of all sorts of them.
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

/// What may come now, in words.
fn expectation(progress: &Progress) -> String {
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
