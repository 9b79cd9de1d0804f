//! Elements of a page.

use serde_json::{Value, json};

use super::protocol::{Session, text};

/// The JSON key of an element's id in the driver's protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A key that does not type a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Moves to the next element.
    Tab,
    /// Follows a link or submits a form.
    Enter,
    /// Is held down for the next key.
    Control,
}

impl Key {
    /// The character that stands for the key in the driver's protocol.
    pub fn code(self) -> char {
        match self {
            Self::Tab => '\u{E004}',
            Self::Enter => '\u{E007}',
            Self::Control => '\u{E009}',
        }
    }
}

/// An element of the page that is shown.
pub struct Element<'a> {
    session: &'a Session,
    id: String,
}

impl<'a> Element<'a> {
    pub(super) fn new(session: &'a Session, value: &Value) -> Self {
        let id = text(&value[ELEMENT]);
        Self { session, id }
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/element/{}{path}", self.id);
        self.session.command(method, &path, body)
    }

    /// Its visible text.
    pub fn text(&self) -> String {
        text(&self.command("GET", "/text", &Value::Null))
    }

    /// Its accessible name, as a screen reader announces it.
    pub fn label(&self) -> String {
        text(&self.command("GET", "/computedlabel", &Value::Null))
    }

    /// One of its attributes; empty if it is missing.
    pub fn attribute(&self, name: &str) -> String {
        text(&self.command("GET", &format!("/attribute/{name}"), &Value::Null))
    }

    /// Its text, including invisible text.
    pub fn hidden_text(&self) -> String {
        text(&self.command("GET", "/property/textContent", &Value::Null))
    }

    /// Clicks it.
    pub fn click(&self) {
        self.command("POST", "/click", &json!({}));
    }

    /// Types text into it, or presses keys while it has the focus.
    pub fn press(&self, keys: &str) {
        self.command("POST", "/value", &json!({ "text": keys }));
    }
}
