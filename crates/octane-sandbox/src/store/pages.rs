//! The data of the web pages.
//!
//! A suite run may have a million runs, so a page must find its rows through indexes. In tests every
//! statement of a page is explained first, and one that scans a table of entities fails.

mod change;
mod ci_link;
mod comparison;
mod counts;
mod covering;
mod error_group;
mod error_text;
mod matrix;
mod problems;
mod run_filter;
mod run_line;
mod shortened;
mod statement;
mod status;
mod story;
mod story_details;
mod suite_run_details;
mod suites;
mod test_history;
mod verdict;
mod window;
mod written_dates;

pub(crate) use change::Change;
pub(crate) use ci_link::CiLink;
pub(crate) use comparison::{Comparison, FAILURES_MAX};
pub(crate) use counts::Counts;
pub(crate) use error_group::ErrorGroup;
pub(crate) use matrix::{Cell, Coverage, Matrix, MatrixFilter, MatrixRow};
pub(crate) use run_filter::{MATCHES_MAX, Matching, RunFilter};
pub(crate) use run_line::RunLine;
#[cfg(test)]
pub(crate) use shortened::TEXT_CHARACTERS_MAX;
#[cfg(test)]
pub(crate) use statement::statement_count;
pub(crate) use status::{NativeStatus, Outcome};
pub(crate) use story::Story;
pub(crate) use story_details::StoryDetails;
pub(crate) use suite_run_details::{Neighbours, SlowRun};
pub(crate) use suites::{SuiteLine, SuiteRunLine};
pub(crate) use test_history::{HistoryLine, TestDetails};
pub(crate) use verdict::{Results, Verdict};
pub(crate) use window::Window;
