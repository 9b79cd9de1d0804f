//! Counting runs without reading them, by the totals that triggers keep.

use octane_model::Query;
use rusqlite::params_from_iter;

use super::id_range;
use super::query::Condition;
use super::read::Reader;
use crate::catalog::EntityType;
use crate::error::ApiError;

impl Reader<'_> {
    /// How many runs of a type match a query, of which this is the condition; `None` if that has to be counted.
    pub(super) fn run_total(
        self,
        entity_type: &EntityType,
        query: Option<&Query>,
        condition: &Condition,
    ) -> Result<Option<u64>, ApiError> {
        if entity_type.table != "runs" {
            return Ok(None);
        }
        let remaining = match query {
            Some(query) if id_range::is_in(entity_type, query) => {
                // Both in one SELECT would read all.
                let sql = "SELECT (SELECT MIN(id) FROM runs), (SELECT MAX(id) FROM runs)";
                let mut statement = self.connection.prepare_cached(sql)?;
                let ends = statement.query_row([], |row| Ok([row.get(0)?, row.get(1)?]))?;
                id_range::without(entity_type, query, ends)
            }
            _ => None,
        };
        let own;
        let (query, condition) = match &remaining {
            Some(remaining) => {
                own = super::query::condition(self.catalog, entity_type, remaining.as_ref())?;
                (remaining.as_ref(), &own)
            }
            None => (query, condition),
        };
        if !query.is_none_or(|query| is_about_status(entity_type, query)) {
            return Ok(None);
        }
        let Condition { with, sql, values } = condition;
        let mut statement = self.connection.prepare_cached(&format!(
            "{with}SELECT COALESCE(SUM(t0.runs), 0) FROM (
                 SELECT NULLIF(subtype, '') AS subtype, NULLIF(native_status, 0) AS native_status, runs FROM run_totals
             ) t0 WHERE {sql}"
        ))?;
        let total: i64 = statement.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(u64::try_from(total).ok())
    }
}

/// Whether a query asks for nothing but the status that is kept; what it asks of the status itself does not matter. The runs of
/// one suite run are counted as quickly by an index.
fn is_about_status(entity_type: &EntityType, query: &Query) -> bool {
    match query {
        Query::All(parts) | Query::Any(parts) => {
            let mut parts = parts.iter();
            parts.all(|part| is_about_status(entity_type, part))
        }
        Query::Not(inner) => is_about_status(entity_type, inner),
        Query::Comparison(comparison) => {
            let field = entity_type.field(&comparison.field);
            field.is_some_and(|field| field.is_column() && field.column() == "native_status")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use octane_model::Query;

    use crate::catalog::Catalog;
    use crate::clock::Clock;
    use crate::settings::Settings;
    use crate::store::Store;
    use crate::store::query::condition;
    use crate::store::read::Reader;
    use crate::store::writer::Writer;

    #[test]
    fn the_total_of_a_query_about_the_status_is_what_counting_finds() {
        let settings = Settings::default().seed_data(false);
        let catalog = Arc::new(Catalog::new(&settings).unwrap());
        let store = Store::open(&settings, catalog, Clock::running(), None).unwrap();
        let create = |writer: Writer<'_>| {
            let status = |name: &str| {
                format!(
                    "(SELECT id FROM list_nodes WHERE logical_name = 'list_node.run_native_status.{name}')"
                )
            };
            let (passed, failed) = (status("passed"), status("failed"));
            Ok(writer.connection.execute_batch(&format!(
                "INSERT INTO runs (subtype, name, native_status) VALUES ('run_suite', 's', {passed});
                 INSERT INTO runs (subtype, name, native_status, parent_suite) VALUES
                 ('run_automated', 'a', {passed}, last_insert_rowid()), ('run_automated', 'b', {failed}, NULL),
                 ('run_automated', 'c', {failed}, NULL), ('run_manual', 'd', {failed}, NULL), ('run_manual', 'e', NULL, NULL);"
            ))?)
        };
        store.write_now(create).unwrap();
        let failed = "native_status EQ {id EQ ^list_node.run_native_status.failed^}";
        for (query, is_kept) in [
            (failed.to_owned(), true),
            (format!("!{failed}"), true),
            ("native_status EQ {null}".to_owned(), true),
            (format!("native_status EQ {{null}}||{failed}"), true),
            ("native_status EQ {name EQ ^p*^}".to_owned(), true),
            ("id GT 0".to_owned(), true),
            ("id GE 7001;id LT 9000".to_owned(), true),
            (format!("id BTW 1...9000;{failed}"), true),
            ("id GT 7001".to_owned(), false),
            ("id BTW 7001...7005".to_owned(), false),
            ("id EQ 7001".to_owned(), false),
            ("!id GT 0".to_owned(), false),
            ("id GT 0||id LT 0".to_owned(), false),
            (format!("id GT 0;{failed};name EQ ^b^"), false),
            (format!("{failed};name EQ ^b^"), false),
            ("release EQ {null}".to_owned(), false),
        ] {
            let query: Query = query.parse().unwrap();
            for name in ["run", "run_automated", "run_manual", "run_suite"] {
                let compare = |reader: Reader<'_>| {
                    let entity_type = reader.catalog.known_type(name);
                    let condition = condition(reader.catalog, entity_type, Some(&query))?;
                    let kept = reader.run_total(entity_type, Some(&query), &condition)?;
                    Ok((kept, reader.row_ids(entity_type, &query)?.len() as u64))
                };
                let (kept, counted) = store.read_now(compare).unwrap();
                assert_eq!(kept, is_kept.then_some(counted), "{name}: {query}");
            }
        }
    }
}
