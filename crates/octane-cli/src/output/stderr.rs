//! Standard error, which lines of text share with the one line that is redrawn as work proceeds.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::text::Text;

/// Returns to the start of the line and clears it.
const CLEAR: &str = "\r\u{1b}[2K";

/// Whether the last line is one that is redrawn.
static IS_DRAWN: Mutex<bool> = Mutex::new(false);

/// Prints one line of text.
pub(crate) fn print_note(line: &str) {
    print_text(Text::line(line));
}

/// Prints lines of text. A line that was drawn makes room for them.
pub(crate) fn print_text(text: Text) {
    write(&format!("{}\n", text.styled()), false);
}

/// Prints a question, after which the answer is typed on the same line.
pub(crate) fn ask(question: &str) {
    write(&format!("{} ", Text::line(question).styled()), false);
}

/// Prints a command of a CI system, whose parts are escaped as the system wants it.
pub(super) fn print_command(command: &str) {
    write(&format!("{command}\n"), false);
}

/// Draws the line that shows progress.
pub(super) fn draw(line: &str) {
    write(&Text::line(line).styled(), true);
}

/// Clears the line that shows progress.
pub(super) fn clear() {
    write("", false);
}

fn write(text: &str, is_drawn: bool) {
    let mut was_drawn = IS_DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let clear = if *was_drawn { CLEAR } else { "" };
    // If standard error cannot be written, there is no other place to say so.
    let _ = write!(anstream::stderr().lock(), "{clear}{text}");
    *was_drawn = is_drawn;
}
