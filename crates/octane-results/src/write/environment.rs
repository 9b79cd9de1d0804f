//! The environment of a run in a table.

use crate::run::TestRun;

/// The environment of a run as tables have it: `OS:Linux; Browser:Firefox`. What would separate tags becomes a comma.
pub(super) fn environment(run: &TestRun) -> String {
    let tags = run.context.environment.iter();
    let tags: Vec<String> = tags
        .map(|tag| format!("{}:{}", tag.tag_type, tag.value).replace([';', '\n'], ","))
        .collect();
    tags.join("; ")
}
