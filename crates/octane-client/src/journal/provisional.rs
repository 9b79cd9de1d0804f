//! A journal that is deleted again unless it is kept.

use std::ops::Deref;

use super::database::Journal;

/// A journal that is deleted when this is dropped, unless it is [kept](Self::keep).
#[derive(Debug)]
pub(crate) struct Provisional {
    journal: Journal,
    is_kept: bool,
}

impl Provisional {
    pub(crate) fn new(journal: Journal) -> Self {
        Self {
            journal,
            is_kept: false,
        }
    }

    pub(crate) fn keep(&mut self) -> Journal {
        self.is_kept = true;
        self.journal.clone()
    }
}

impl Deref for Provisional {
    type Target = Journal;

    fn deref(&self) -> &Journal {
        &self.journal
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if !self.is_kept {
            self.journal.close_and_remove();
        }
    }
}
