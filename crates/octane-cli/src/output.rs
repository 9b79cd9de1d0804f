//! What is written: data to standard output, everything else to standard error.
//!
//! Everything that is shown passes [`Text`] or [`json`]: foreign text is cleaned ([`octane_model::clean`]) and
//! [`secrets`] are replaced there, and nowhere else.

pub(crate) mod annotate;
mod diagnostic;
pub(crate) mod json;
pub(crate) mod log;
mod markdown;
pub(crate) mod mask;
mod printer;
mod progress;
#[cfg(test)]
mod properties;
pub(crate) mod report;
pub(crate) mod secrets;
mod since;
mod stderr;
mod step_outputs;
mod summary;
mod table;
mod text;
mod xml;

pub(crate) use diagnostic::{
    failure_json, print_failure, print_failure_json, print_for_people, print_usage_error,
};
pub(crate) use printer::{
    Output, copy_file, write_document, write_file, write_json_line, write_json_part, write_part,
    write_text,
};
pub(crate) use progress::{Begins, Progress};
pub(crate) use report::{Reports, UploadReport, verdict_word};
pub(crate) use stderr::{ask, print_note};
pub(crate) use step_outputs::StepOutputs;
pub(crate) use summary::{Summary, problem_line, problem_lines, result_lines, summary};
pub(crate) use table::{PagedTable, table};
pub(crate) use text::Text;
