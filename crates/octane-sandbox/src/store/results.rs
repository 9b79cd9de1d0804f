//! The rows that ingestion finds and creates.
//!
//! A payload may contain a hundred thousand results, and each needs several statements. They are prepared
//! once per payload and kept in the following structs: [`Tests`], [`Runs`], [`Steps`], [`Links`].

mod links;
mod lookup;
mod row;
mod runs;
mod steps;
mod suite_run_status;
mod suite_runs;
mod test_subtype;
mod tests;

pub(crate) use links::Links;
pub(crate) use lookup::{StatusIds, Taxonomy, has_ci_server};
pub(crate) use runs::{RunIdentity, RunRow, Runs};
pub(crate) use steps::{StepRow, Steps};
pub(crate) use suite_runs::SuiteRunRow;
pub(crate) use test_subtype::TestSubtype;
pub(crate) use tests::{FeatureRow, TestFields, Tests};

#[cfg(test)]
mod check {
    use std::sync::Arc;

    use rusqlite::Statement;

    use super::row::Statements;
    use super::*;
    use crate::catalog::Catalog;
    use crate::clock::Clock;
    use crate::error::ApiError;
    use crate::settings::Settings;
    use crate::store::Store;
    use crate::store::writer::Writer;

    #[test]
    fn no_statement_that_runs_per_result_scans_a_table() {
        let settings = Settings::default();
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), None).unwrap();
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
            // A test may have many runs in a suite run.
            let finds_run = plan.contains("FROM runs INDEXED BY");
            assert!(!finds_run || plan.contains("AND run_key=?"), "{plan}");
        }
    }

    /// Each statement with SQLite's query plan.
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
