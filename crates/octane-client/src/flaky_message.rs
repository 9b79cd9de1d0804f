//! What is said of a run whose results have different statuses.

use octane_model::plural::plural;

/// Says how many of the results failed, or which statuses they have, separated by commas, and what the run shows.
pub(crate) fn flaky_message(results: usize, failed: usize, statuses: &str, shown: &str) -> String {
    let all = plural(results, "result");
    let shown = shown.to_lowercase();
    if failed == 0 {
        let statuses = statuses.replace(',', ", ");
        return format!("{all} with different statuses ({statuses}); the run shows `{shown}`");
    }
    format!("{failed} of {all} failed; the run shows `{shown}`")
}
