//! The words of TRX.

use crate::status::Status;

pub(super) const WORDS: [(&str, Status); 14] = [
    ("Passed", Status::Passed),
    ("PassedButRunAborted", Status::Passed),
    ("Failed", Status::Failed),
    ("Error", Status::Failed),
    ("Timeout", Status::Failed),
    ("Aborted", Status::Failed),
    ("Disconnected", Status::Failed),
    ("InProgress", Status::Failed),
    ("NotExecuted", Status::Skipped),
    ("NotRunnable", Status::Skipped),
    ("Inconclusive", Status::Skipped),
    ("Pending", Status::Skipped),
    ("Warning", Status::Skipped),
    ("Completed", Status::Skipped),
];
