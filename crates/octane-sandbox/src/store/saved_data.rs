//! A copy of all data, and the catalog that explains it.

use std::sync::Arc;

use rusqlite::Connection;

use crate::catalog::Catalog;

/// A copy of all data.
#[derive(Debug)]
pub(super) struct SavedData {
    pub(super) data: Connection,
    pub(super) catalog: Arc<Catalog>,
}
