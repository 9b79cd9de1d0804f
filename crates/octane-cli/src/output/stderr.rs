//! Standard error, which lines of text share with the one line that is redrawn as work proceeds.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Returns to the start of the line and clears it.
const CLEAR: &str = "\r\u{1b}[2K";

/// Whether the last line is one that is redrawn.
static IS_DRAWN: Mutex<bool> = Mutex::new(false);

/// Prints lines of text. A line that was drawn makes room for them.
pub(crate) fn print_note(text: &str) {
    write(&format!("{text}\n"), false);
}

/// Draws the line that shows progress.
pub(super) fn draw(line: &str) {
    write(line, true);
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
