//! What the tasks print.

/// Prints for the contributor.
#[expect(clippy::print_stdout, reason = "a task's output is read by people")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
