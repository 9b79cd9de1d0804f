//! What metadata says about filtering and sorting by a field, where it does not follow from the field's type.
//!
//! The rows are the differences to metadata of version 16 of the product. They concern metadata alone: the sandbox
//! filters and sorts by these fields nevertheless.

/// A field, and the types whose field of this name is meant; none stands for all types.
type Row = (&'static str, &'static [&'static str]);

const RUNS: &[&str] = &[
    "gherkin_automated_run",
    "run",
    "run_automated",
    "run_manual",
    "run_suite",
];
const RELEASED: &[&str] = &[
    "gherkin_automated_run",
    "requirement",
    "requirement_document",
    "run",
    "run_automated",
    "run_manual",
    "run_suite",
];
const LINKS: &[&str] = &[
    "test_suite_link_to_automated",
    "test_suite_link_to_gherkin",
    "test_suite_link_to_manual",
    "test_suite_link_to_test",
];

const NOT_FILTERABLE: [Row; 8] = [
    ("actual", &["run_step"]),
    ("client_lock_stamp", &[]),
    ("description", &[]),
    ("ordering", &[]),
    ("root_job_ci_id", &["pipeline"]),
    ("sprint_duration", &["release"]),
    ("test_version", &["run", "run_manual"]),
    ("text", &["comment"]),
];

const NOT_SORTABLE: [Row; 32] = [
    ("activity_level", &["workspace_user"]),
    ("actual", &["run_step"]),
    ("blocked_reason", &[]),
    ("ci_server", &["pipeline"]),
    ("client_lock_stamp", &[]),
    ("current_milestone", &["pipeline"]),
    ("current_release", &["pipeline"]),
    ("description", &[]),
    ("language", &["workspace_user"]),
    ("metaphase", &["phase"]),
    ("name", &["list_node", "metaphase", "phase"]),
    ("ordering", &[]),
    ("owner_product_area", &[]),
    ("owner_release", &[]),
    ("owner_requirement", &[]),
    ("owner_run", &[]),
    ("owner_run_step", &[]),
    ("owner_test", &[]),
    ("owner_work_item", &[]),
    ("parent_suite", &[]),
    ("previous_release", &[]),
    ("release", RELEASED),
    ("root_job_ci_id", &["pipeline"]),
    ("run", &["run_step"]),
    ("source_phase", &["transition"]),
    ("target_phase", &["transition"]),
    ("team", &["team_member"]),
    ("test", RUNS),
    ("test", LINKS),
    ("test_runner", &["test", "test_automated"]),
    ("test_suite", LINKS),
    ("text", &["comment"]),
];

/// Whether metadata calls the field filterable.
pub(crate) fn is_filterable(entity_type: &str, field: &str) -> bool {
    !has(&NOT_FILTERABLE, entity_type, field)
}

/// Whether metadata calls the field sortable.
pub(crate) fn is_sortable(entity_type: &str, field: &str) -> bool {
    !has(&NOT_SORTABLE, entity_type, field)
}

fn has(rows: &[Row], entity_type: &str, field: &str) -> bool {
    rows.iter()
        .any(|(name, types)| *name == field && (types.is_empty() || types.contains(&entity_type)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::catalog::Catalog;

    #[test]
    fn every_row_names_fields_that_exist() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        for (field, types) in NOT_FILTERABLE.iter().chain(&NOT_SORTABLE) {
            if types.is_empty() {
                let mut all = catalog.types().iter();
                assert!(
                    all.any(|entity_type| entity_type.field(field).is_some()),
                    "{field}"
                );
            }
            for name in *types {
                let entity_type = catalog.find_type(name).unwrap();
                assert!(entity_type.field(field).is_some(), "{name}.{field}");
            }
        }
    }

    #[test]
    fn a_row_is_about_its_types_only() {
        assert!(!is_sortable("run_suite", "release") && is_sortable("defect", "release"));
        assert!(!is_filterable("defect", "description") && is_filterable("defect", "name"));
    }
}
