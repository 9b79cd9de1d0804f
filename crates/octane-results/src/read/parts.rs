//! Large inputs, of which several threads read parts at once.

use crate::read::options::ReadOptions;

pub(super) mod crew;
pub(super) mod fill;
pub(super) mod sink;

/// Whether several threads may make the results of an input.
pub(super) fn can_be_shared(options: &ReadOptions) -> bool {
    // Scrubbed names are numbered, and the lines of a map that were used are remembered.
    options.scrub.is_empty() && options.jira_map.is_none()
}
