//! `JUnit` XML in all its dialects.
//!
//! What is decided here where dialects differ or say nothing:
//!
//! - A **class** is `classname` (or `class`), else the name of the nearest suite that has one.
//! - A dotted `classname` such as `shop.cart.TaxTest` becomes package `shop.cart` and class `TaxTest`,
//!   unless the report (attribute `package` of the suite) or the suite path has a package; then only a
//!   prefix equal to that package is taken off. Names that are not plain identifiers, or end like a file
//!   name (`cart.test.ts`), stay whole.
//! - **Failed** is a case with `failure` or `error`, even beside `skipped`; the first one tells type and
//!   message, further ones are appended to its details. Without either, `skipped` counts, then the
//!   attributes `status` and `result` that some dialects have.
//! - `flakyFailure` and `flakyError` tell of earlier attempts of a case that passed in the end;
//!   `rerunFailure` and `rerunError` of further attempts of one that failed in the end.
//! - **Started** is the case's own `timestamp` or that of the nearest suite, which all its cases then
//!   share. A suite without one leaves it out; the clock of the reader plays no part.
//! - The reason of a `skipped` case becomes the description of the run.
//! - `system-out` and `system-err` are not kept.

use std::io::Read;
use std::sync::Arc;

use crate::read::Record;
use crate::read::error::ReadError;
use crate::read::options::ReadOptions;
use crate::read::xml::Xml;

mod case;
mod report;
mod suite;

use report::Report;

/// The test cases of a report, each handed out as soon as it has been read.
pub(crate) struct Junit<R: Read> {
    xml: Xml<R>,
    report: Report,
    has_ended: bool,
}

impl<R: Read> Junit<R> {
    pub(crate) fn new(
        file: Arc<str>,
        input: R,
        head: &[u8],
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            xml: Xml::new(Arc::clone(&file), input, head)?,
            report: Report::new(file, options.clone()),
            has_ended: false,
        })
    }
}

impl<R: Read> Iterator for Junit<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.report.ready.pop_front() {
                return Some(Ok(record));
            }
            if self.has_ended {
                return None;
            }
            let taken = match self.xml.next() {
                Ok(Some((piece, place))) => self.report.take(piece, place),
                Ok(None) => {
                    self.has_ended = true;
                    self.report.end();
                    Ok(())
                }
                Err(error) => return Some(Err(error)),
            };
            if let Err((place, kind)) = taken {
                return Some(Err(self.xml.error(place, kind)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
