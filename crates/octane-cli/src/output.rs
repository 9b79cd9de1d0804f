//! What is written: data to standard output, everything else to standard error.

pub(crate) mod annotate;
mod diagnostic;
pub(crate) mod log;
mod printer;
mod progress;
mod stderr;
mod summary;
mod table;

pub(crate) use diagnostic::{failure_json, print_failure, print_failure_json, print_for_people};
pub(crate) use printer::{Output, write_line};
pub(crate) use progress::Progress;
pub(crate) use stderr::print_note;
pub(crate) use summary::{problem_lines, summary};
pub(crate) use table::table;
