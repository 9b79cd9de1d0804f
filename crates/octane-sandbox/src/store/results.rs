//! The rows that ingestion finds and makes.
//!
//! A payload may hold a hundred thousand results, and each takes several statements. What prepares those
//! statements once a payload and keeps them is a struct of its own below: [`Tests`], [`Runs`], [`Steps`],
//! [`Links`].

mod links;
mod lookup;
mod runs;
mod steps;
mod suite_runs;
mod tests;

use rusqlite::{OptionalExtension, Params, Statement};

use crate::error::ApiError;

pub(crate) use links::Links;
pub(crate) use lookup::{StatusKeys, has_ci_server};
pub(crate) use runs::{RunKey, RunRow, Runs};
pub(crate) use steps::{StepRow, Steps};
pub(crate) use suite_runs::SuiteRunRow;
pub(crate) use tests::{FeatureRow, TestFields, Tests};

type Found = Result<Option<i64>, ApiError>;

/// The two kinds of tests that payloads bring, and with them the types of what belongs to those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestKind {
    Automated,
    Gherkin,
}

impl TestKind {
    fn run(self) -> &'static str {
        match self {
            Self::Automated => "run_automated",
            Self::Gherkin => "gherkin_automated_run",
        }
    }

    fn link(self) -> &'static str {
        match self {
            Self::Automated => "test_suite_link_to_automated",
            Self::Gherkin => "test_suite_link_to_gherkin",
        }
    }
}

/// Empty text is none, as it is in the columns.
fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The first column of the first row.
fn key(statement: &mut Statement<'_>, values: impl Params) -> Found {
    Ok(statement.query_row(values, |row| row.get(0)).optional()?)
}
