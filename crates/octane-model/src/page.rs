//! The envelope of lists and bulk writes.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The envelope of lists and of bulk writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The number of entities that match (GET) or were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// The entities of this page.
    // Without this, serde would require `T: Default`.
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    /// Whether there are more matches than the server counted.
    #[serde(default)]
    pub exceeds_total_count: bool,
    /// The problems with single entities of a bulk write; each has an index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Problem>,
}

impl<T> Page<T> {
    /// A page of a list that has `total_count` matches in total.
    pub fn new(data: Vec<T>, total_count: u64) -> Self {
        Self {
            total_count: Some(total_count),
            data,
            exceeds_total_count: false,
            errors: Vec::new(),
        }
    }
}
