//! The log of a task.

use std::fmt::Write;

use octane_model::{Task, clean};

use super::task::report;
use crate::store::Status;

/// More problems are in the report.
const PROBLEMS_MAX: usize = 1000;

/// The log: a head of `key: value`, an empty line, and a line for each problem.
pub(super) fn text(task: &Task, upload: &Status) -> String {
    let mut text = format!(
        "status: {}\nupload: {}\n\n",
        task.status.as_str(),
        upload.id
    );
    let problems = report(upload)
        .map(|report| report.problems)
        .unwrap_or_default();
    for problem in problems.iter().take(PROBLEMS_MAX) {
        let name = problem.test.as_deref().unwrap_or_default();
        let colon = if name.is_empty() { "" } else { ": " };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{}{colon}{}", clean(name), clean(&problem.message));
    }
    if let Some(reason) = upload.reason.as_deref().filter(|_| problems.is_empty()) {
        let _ = writeln!(text, "{}", clean(reason));
    }
    text
}
