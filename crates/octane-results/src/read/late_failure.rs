//! What `node:test` says of an error that was thrown after the end of its test.

/// Whether a comment of `node:test` reports such an error, which fails the run and none of its tests.
pub(crate) fn is_late_failure(comment: &str) -> bool {
    comment.contains(" generated asynchronous activity after the test ended")
        && comment.contains(" would have caused the test to fail")
}
