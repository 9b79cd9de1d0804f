//! The problems of tests by their latest results, as the field `problem` defines them.

use std::collections::HashMap;

use super::window::id_list;
use crate::catalog::problems_of;
use crate::error::ApiError;
use crate::store::read::Reader;

impl Reader<'_> {
    /// The names of the problems of runs, by run.
    pub(super) fn problems(self, runs: &[i64]) -> Result<HashMap<i64, Vec<String>>, ApiError> {
        let problems = problems_of("IN (SELECT value FROM json_each(?1))");
        let mut statement = self.page_statement(&format!(
            "SELECT p.owner, n.name FROM {problems} p JOIN list_nodes n ON n.id = p.target ORDER BY p.owner, n.id"
        ))?;
        let mut rows = statement.query([id_list(runs)])?;
        let mut names: HashMap<i64, Vec<String>> = HashMap::new();
        while let Some(row) = rows.next()? {
            names.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(names)
    }
}
