//! What the readers of all report formats share.
//!
//! A reader takes a document apart and hands a [`Draft`] to [`ReportFile::push`] for each result. What a word for a
//! status, a duration or a start time means, where Jira keys are, and how a test without a name is called is decided there,
//! once for all formats.

pub(crate) mod declared;
pub(crate) mod dotnet;
pub(crate) mod draft;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod held;
pub(crate) mod json;
pub(crate) mod lines;
#[cfg(test)]
pub(crate) mod listing;
pub(crate) mod output;
pub(crate) mod seen;
#[cfg(test)]
pub(crate) mod shown;
pub(crate) mod xml;

pub(crate) use declared::DeclaredFailures;
pub(crate) use draft::{Draft, Moment, Outcome, Took};
pub(crate) use file::{ReportFile, ReportReader, ReportRecords};
