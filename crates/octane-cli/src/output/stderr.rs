//! Standard error, which lines of text share with the one line that is redrawn as work proceeds.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use super::text::Text;
use crate::env;

/// Returns to the start of the line and clears it.
const CLEAR: &str = "\r\u{1b}[2K";

/// What the last line is.
static LAST: Mutex<Last> = Mutex::new(Last::Complete);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Complete,
    /// One that is redrawn.
    Drawn,
    /// A question. It stays until it is answered: nothing is drawn in its place.
    Question,
}

/// Prints one line of text.
pub(crate) fn print_note(line: &str) {
    print_text(Text::line(line));
}

/// Prints lines of text. A line that was drawn makes room for them.
pub(crate) fn print_text(text: Text) {
    write(&format!("{}\n", text.styled()), Last::Complete);
}

/// Prints a question, after which the answer is typed on the same line. It stays there until what is returned is dropped.
pub(crate) fn ask(question: &str) -> Asked {
    write(
        &format!("{} ", Text::line(question).styled()),
        Last::Question,
    );
    Asked(())
}

/// A question that is not answered yet.
#[must_use]
pub(crate) struct Asked(());

impl Drop for Asked {
    fn drop(&mut self) {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == Last::Question {
            *last = Last::Complete;
        }
    }
}

/// Prints a command of a CI system, whose parts are escaped as the system wants it.
pub(super) fn print_command(command: &str) {
    write(&format!("{command}\n"), Last::Complete);
}

/// Whether a line can be redrawn: on a terminal, unless it knows no control characters.
pub(super) fn can_redraw() -> bool {
    std::io::stderr().is_terminal() && env::text("TERM").is_none_or(|kind| kind != "dumb")
}

/// Draws the line that shows progress, as far as it fits: only a single line can be redrawn.
pub(super) fn draw(line: &str) {
    let width = terminal_size::terminal_size_of(std::io::stderr());
    let width = width.map(|(width, _)| usize::from(width.0));
    let line = Text::line(line).styled();
    write(fitting(&line, width), Last::Drawn);
}

/// The start of a line that is narrower than the terminal.
fn fitting(line: &str, width: Option<usize>) -> &str {
    // A character in the last column would move the cursor to the next line of some terminals.
    let Some(room) = width.map(|width| width.saturating_sub(1)) else {
        return line;
    };
    let end = line.char_indices().nth(room).map(|(at, _)| at);
    end.map_or(line, |end| &line[..end])
}

/// Clears the line that shows progress.
pub(super) fn clear() {
    write("", Last::Complete);
}

fn write(text: &str, becomes: Last) {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let before = match (*last, becomes) {
        (Last::Question, Last::Drawn) => return,
        (Last::Question, _) if text.is_empty() => return,
        (Last::Question, _) => "\n",
        (Last::Drawn, _) => CLEAR,
        (Last::Complete, _) => "",
    };
    // Without `anstream`, which would strip it where there is no colour. If standard error cannot be written, there is no
    // other place to say so.
    let _ = std::io::stderr().lock().write_all(before.as_bytes());
    let _ = write!(anstream::stderr().lock(), "{text}");
    *last = becomes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_redrawn_is_narrower_than_the_terminal() {
        assert_eq!(fitting("sending · 12", Some(80)), "sending · 12");
        assert_eq!(fitting("sending · 12", Some(10)), "sending ·");
        assert_eq!(fitting("sending · 12", Some(0)), "");
        assert_eq!(fitting("sending · 12", None), "sending · 12");
    }
}
