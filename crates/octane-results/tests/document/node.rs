//! A tree of XML that may be invalid.

use std::fmt::Write as _;

use super::Random;

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) items: Vec<Item>,
}

/// The content of an element.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Node(Node),
    Text(String),
    /// Printed without escaping.
    Raw(&'static str),
}

impl Node {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            items: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn push(&mut self, node: Node) {
        self.items.push(Item::Node(node));
    }

    /// Any node of the tree.
    pub(crate) fn any(&mut self, random: &mut Random) -> &mut Node {
        let children: Vec<usize> = (0..self.items.len())
            .filter(|at| matches!(self.items[*at], Item::Node(_)))
            .collect();
        if children.is_empty() || random.once_in(5) {
            return self;
        }
        let at = random.pick(&children);
        match &mut self.items[at] {
            Item::Node(child) => child.any(random),
            Item::Text(_) | Item::Raw(_) => unreachable!("only nodes were picked"),
        }
    }

    /// The document, serialised in one of many equivalent ways.
    pub(crate) fn print(&self, random: &mut Random) -> String {
        let mut out = String::new();
        out.push_str(random.pick(&[
            "",
            "\u{FEFF}",
            "<?xml version=\"1.0\"?>",
            "<?xml version='1.0' encoding='utf-8' ?>\r\n",
            "<?xml version=\"1.1\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<!-- x -->",
            "\n",
        ]));
        self.print_into(&mut out, random);
        out.push_str(random.pick(&["", "\n", " <!-- the end --> <?x?>\n"]));
        out
    }

    fn print_into(&self, out: &mut String, random: &mut Random) {
        _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            out.push_str(random.pick(&[" ", " ", " ", "\n", "\t ", "\r\n"]));
            out.push_str(name);
            out.push_str(random.pick(&["=", "=", "=", " = ", "\n="]));
            let quote = random.pick(&['"', '"', '\'']);
            out.push(quote);
            for character in value.chars() {
                print_character(character, Some(quote), out, random);
            }
            out.push(quote);
        }
        if self.items.is_empty() && !random.once_in(3) {
            out.push_str(random.pick(&["/>", " />"]));
            return;
        }
        out.push('>');
        for item in &self.items {
            match item {
                Item::Node(node) => node.print_into(out, random),
                Item::Text(text) => {
                    for character in text.chars() {
                        print_character(character, None, out, random);
                    }
                }
                Item::Raw(raw) => out.push_str(raw),
            }
        }
        _ = write!(out, "</{}{}>", self.name, random.pick(&["", "", "\n"]));
    }
}

fn print_character(character: char, quote: Option<char>, out: &mut String, random: &mut Random) {
    let number = u32::from(character);
    let is_special = matches!(character, '<' | '&') || Some(character) == quote;
    // Literal whitespace may be normalised to a space; both cases are of interest.
    let is_whitespace = matches!(character, '\t' | '\n' | '\r');
    if is_special || (is_whitespace && !random.once_in(4)) || random.once_in(40) {
        match character {
            '<' if random.once_in(2) => out.push_str("&lt;"),
            '&' if random.once_in(2) => out.push_str("&amp;"),
            '"' if random.once_in(2) => out.push_str("&quot;"),
            '\'' if random.once_in(2) => out.push_str("&apos;"),
            _ if random.once_in(2) => _ = write!(out, "&#{number};"),
            _ => _ = write!(out, "&#x{number:04x};"),
        }
    } else {
        out.push(character);
    }
}
