//! Going on with an upload that came to an end, or that was cut off.

use crate::journal::{Evidence, Journal};
use crate::verify::{Found, verify};
use crate::{Client, JournalError, Stop};

impl Client {
    /// Makes an upload ready to be [delivered](Self::deliver) once more: what the server turned down or left
    /// out is planned anew, and what is missing and whose task it has forgotten is sent again. Where a later
    /// result of the same test has been sent, the earlier one would take its place and stays out.
    ///
    /// Looks first at what the suite run shows now, so that nothing is sent again that has come in meanwhile. If
    /// that cannot be seen, what was sent stays as it is.
    pub async fn reopen(&self, journal: &Journal, stop: &Stop) -> Result<(), JournalError> {
        let evidence = match journal.target()? {
            Some(target) if journal.has_left_out()? => {
                let header = journal.header()?;
                match verify(self, journal, &header, &target, stop, &|_| {}).await? {
                    Found::Runs { has_history, .. } => Some(Evidence::Runs { has_history }),
                    Found::NoSuiteRun => Some(Evidence::Runs { has_history: false }),
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(evidence) = evidence {
            journal.settle_rows(evidence)?;
        }
        journal.reopen(evidence.is_some())
    }
}
