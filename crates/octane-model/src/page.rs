//! The envelope around entities.

use serde::{Deserialize, Serialize};

use crate::Problem;

/// The envelope of lists and of bulk writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// How many entities match (GET) or were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// The entities of this page.
    // Without this, serde would ask `T: Default` of every entity.
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    /// Whether the server stopped counting.
    #[serde(default)]
    pub exceeds_total_count: bool,
    /// What went wrong with single entities of a bulk write; each has a position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Problem>,
}

impl<T> Page<T> {
    /// A page of a list with `total_count` matches in all.
    pub fn new(data: Vec<T>, total_count: u64) -> Self {
        Self {
            total_count: Some(total_count),
            data,
            exceeds_total_count: false,
            errors: Vec::new(),
        }
    }
}
