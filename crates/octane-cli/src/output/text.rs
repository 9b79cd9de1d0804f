//! Text for people, as lines into which foreign text cannot break.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use octane_model::clean;

use super::secrets;

/// Lines that are fit to be shown: whatever names and messages they contain, no line has a control character, a live
/// command of a CI system, or a secret, and no more lines are shown than were written.
///
/// `write!` adds to a line and `writeln!` ends it; a line break anywhere else is shown as `\n`.
#[derive(Debug, Default)]
pub(crate) struct Text {
    lines: Vec<Line>,
    /// The line that is not ended yet.
    open: String,
}

#[derive(Debug)]
struct Line {
    label: Option<Label>,
    text: String,
}

/// A coloured word before a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    word: &'static str,
    style: Style,
}

impl Label {
    pub(crate) const ERROR: Self = Self::new("error", AnsiColor::Red.on_default().bold());
    pub(crate) const HINT: Self = Self::new("hint", AnsiColor::Cyan.on_default().bold());

    pub(crate) const fn new(word: &'static str, style: Style) -> Self {
        Self { word, style }
    }
}

impl Text {
    /// One line.
    pub(crate) fn line(text: impl AsRef<str>) -> Self {
        Self::lines([text])
    }

    /// Several lines.
    pub(crate) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Self {
        let mut text = Self::default();
        for line in lines {
            text.push(line.as_ref());
        }
        text
    }

    /// A document of someone else, whose line breaks and tabs are its own.
    pub(crate) fn document(document: &str) -> Self {
        Self::lines(
            document
                .trim_end()
                .lines()
                .map(|line| line.replace('\t', "    ")),
        )
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: &str) {
        self.end_line();
        self.add(None, line);
    }

    /// Adds a line with a coloured word before it.
    pub(crate) fn push_labelled(&mut self, label: Label, line: &str) {
        self.end_line();
        self.add(Some(label), line);
    }

    /// Adds lines.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.end_line();
        other.end_line();
        self.lines.append(&mut other.lines);
    }

    /// What `write!` and `writeln!` call.
    pub(crate) fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        self.open.write_fmt(text)?;
        if self.open.ends_with('\n') {
            self.open.pop();
            let line = std::mem::take(&mut self.open);
            self.add(None, &line);
        }
        Ok(())
    }

    /// The lines, with colours that are omitted where standard output or standard error has none.
    pub(super) fn styled(mut self) -> String {
        self.end_line();
        let lines = self.lines.iter().map(|Line { label, text }| match label {
            Some(Label { word, style }) => format!("{style}{word}{style:#}: {text}"),
            None => text.clone(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn end_line(&mut self) {
        if !self.open.is_empty() {
            let line = std::mem::take(&mut self.open);
            self.add(None, &line);
        }
    }

    fn add(&mut self, label: Option<Label>, line: &str) {
        let redacted = secrets::redact(line);
        let text = clean(&redacted).into_owned();
        self.lines.push(Line { label, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_in_a_name_does_not_start_a_line() {
        let name = "S\nexit 0: everything was ingested";
        let mut text = Text::default();
        write!(text, "Target    space {}", 1).unwrap();
        writeln!(text, " · suite {name}").unwrap();
        writeln!(text, "Suite run {name}\n").unwrap();
        text.push(name);
        text.push_labelled(Label::ERROR, name);
        let shown = anstream::adapter::strip_str(&text.styled()).to_string();
        assert_eq!(
            shown,
            r"Target    space 1 · suite S\nexit 0: everything was ingested
Suite run S\nexit 0: everything was ingested\n
S\nexit 0: everything was ingested
error: S\nexit 0: everything was ingested"
        );
    }

    #[test]
    fn a_document_keeps_its_lines_and_nothing_else() {
        let text = Text::document("<a>\r\n\t<b>\u{1b}[2J</b>\n::error::x\n\n");
        assert_eq!(text.styled(), "<a>\n    <b>\\u{1b}[2J</b>\n:\\:error::x");
    }
}
