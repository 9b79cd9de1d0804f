//! Elements of a page.

use serde_json::{Value, json};

use super::{Browser, text};

/// The key under which a driver gives the id of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A key that has no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Goes to the next element.
    Tab,
    /// Follows a link, sends a form.
    Enter,
    /// Held for the next key.
    Control,
}

impl Key {
    /// The character by which a driver means the key.
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
    browser: &'a Browser,
    id: String,
}

impl<'a> Element<'a> {
    pub(super) fn new(browser: &'a Browser, value: &Value) -> Self {
        let id = text(&value[ELEMENT]);
        Self { browser, id }
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/element/{}{path}", self.id);
        self.browser.command(method, &path, body)
    }

    /// Its text as people see it.
    pub fn text(&self) -> String {
        text(&self.command("GET", "/text", &Value::Null))
    }

    /// Its name as a screen reader says it.
    pub fn label(&self) -> String {
        text(&self.command("GET", "/computedlabel", &Value::Null))
    }

    /// One of its attributes; empty where it has none.
    pub fn attribute(&self, name: &str) -> String {
        text(&self.command("GET", &format!("/attribute/{name}"), &Value::Null))
    }

    /// Its text, also where nobody sees it.
    pub fn hidden_text(&self) -> String {
        text(&self.command("GET", "/property/textContent", &Value::Null))
    }

    /// Clicks it.
    pub fn click(&self) {
        self.command("POST", "/click", &json!({}));
    }

    /// Types into it, or presses keys while it has the focus.
    pub fn press(&self, keys: &str) {
        self.command("POST", "/value", &json!({ "text": keys }));
    }
}
