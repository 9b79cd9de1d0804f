//! The environment of a run in a table.

use crate::run::TestRun;

/// The environment of a run as tables have it: `OS:Linux; Browser:Firefox`.
pub(super) fn environment(run: &TestRun) -> String {
    let tags = run.context.environment.iter();
    let tags: Vec<String> = tags
        .map(|tag| format!("{}:{}", tag.tag_type, tag.value))
        .collect();
    tags.join("; ")
}
