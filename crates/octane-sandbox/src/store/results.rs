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

/// For the test below: what a payload's results are written with.
#[cfg(test)]
trait Statements {
    fn statements(&self) -> Vec<&Statement<'_>>;
}

#[cfg(test)]
mod check {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::store::{Store, Writer};
    use crate::{Clock, Settings};

    #[test]
    fn no_statement_that_runs_for_each_result_scans_a_table() {
        let settings = Settings::default();
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running()).unwrap();
        let plans = store.write_now(|writer| {
            let mut plans = plans(writer, &Tests::new(writer)?)?;
            for has_context in [false, true] {
                plans.extend(self::plans(writer, &Runs::new(writer, has_context)?)?);
            }
            plans.extend(self::plans(writer, &Steps::new(writer)?)?);
            let link = ("run_taxonomies", "run", "taxonomy");
            plans.extend(self::plans(writer, &Links::new(writer, link)?)?);
            Ok(plans)
        });
        let plans = plans.unwrap();
        assert!(plans.iter().any(|plan| plan.contains("SEARCH")));
        for plan in plans {
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }

    /// Each statement with the way in which SQLite goes about it.
    fn plans(writer: Writer<'_>, of: &impl Statements) -> Result<Vec<String>, ApiError> {
        let plan = |statement: &&Statement<'_>| {
            let sql = statement.expanded_sql().unwrap_or_default();
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let mut explained = writer.connection.prepare(&explain)?;
            let lines = explained.query_map([], |row| row.get(3))?;
            let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
            Ok(format!("{sql}\n{}", lines.join("\n")))
        };
        of.statements().iter().map(plan).collect()
    }
}
