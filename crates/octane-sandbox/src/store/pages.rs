//! The data of the web pages.
//!
//! A suite run may have a million runs, so a page must find its rows through indexes. In tests every
//! statement of a page is explained first, and one that scans a table of entities fails.

mod counts;
mod matrix;
mod run_filter;
mod run_line;
mod statement;
mod status;
mod story;
mod story_details;
mod suites;
mod test_history;
mod window;

pub(crate) use counts::Counts;
pub(crate) use matrix::{Cell, Coverage, Matrix, MatrixFilter, MatrixRow};
pub(crate) use run_filter::{MATCHES_MAX, Matching, RunFilter};
pub(crate) use run_line::RunLine;
pub(crate) use status::NativeStatus;
pub(crate) use story::Story;
pub(crate) use story_details::StoryDetails;
pub(crate) use suites::{SuiteLine, SuiteRunLine};
pub(crate) use test_history::{HistoryLine, TestDetails};
pub(crate) use window::Window;
