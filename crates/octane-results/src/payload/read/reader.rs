//! Reads single values and elements from the schema walker.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::payload::schema_walker::{SchemaEvent, SchemaWalker};
use crate::payload::value::parse_long;
use crate::position::Position;
use crate::status::Status;

/// The payload is invalid; the walker has recorded why.
#[derive(Debug)]
pub(super) struct InvalidPayload;

/// Reads from a walker. Since the walker checks all values, the defaults of `unwrap_or` below are never
/// returned.
pub(super) struct PayloadReader<'x> {
    pub(super) walker: SchemaWalker<'x>,
    pub(super) file: Arc<str>,
}

impl PayloadReader<'_> {
    /// The next child, or none at the end of the element.
    pub(super) fn child(&mut self) -> Result<Option<&'static str>, InvalidPayload> {
        let event = self.walker.advance();
        if !self.walker.is_clean() {
            return Err(InvalidPayload);
        }
        Ok(match event {
            SchemaEvent::Open(element) => Some(element.name),
            SchemaEvent::Close | SchemaEvent::End => None,
        })
    }

    /// Skips to the end of the element.
    pub(super) fn leave(&mut self) -> Result<(), InvalidPayload> {
        while self.child()?.is_some() {
            self.leave()?;
        }
        Ok(())
    }

    /// Skips to the end of the element and returns its text.
    pub(super) fn leave_with_text(&mut self) -> Result<String, InvalidPayload> {
        self.leave()?;
        Ok(self.walker.text().to_owned())
    }

    pub(super) fn text(&self, attribute: &str) -> String {
        self.walker
            .attribute(attribute)
            .unwrap_or_default()
            .to_owned()
    }

    pub(super) fn maybe_text(&self, attribute: &str) -> Option<String> {
        self.walker.attribute(attribute).map(str::to_owned)
    }

    pub(super) fn long(&self, attribute: &str) -> Option<i64> {
        self.walker.attribute(attribute).and_then(parse_long)
    }

    pub(super) fn id(&self) -> i64 {
        self.long("id").unwrap_or_default()
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        self.long("duration")
            .map(|duration| Duration::from_millis(u64::try_from(duration).unwrap_or_default()))
    }

    pub(super) fn started(&self) -> Option<Timestamp> {
        self.long("started").map(|started| {
            Timestamp::from_millisecond(started).unwrap_or(if started < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
        })
    }

    pub(super) fn status(&self) -> Status {
        self.walker
            .attribute("status")
            .and_then(Status::from_payload)
            .unwrap_or(Status::Planned)
    }

    pub(super) fn position(&mut self) -> Position {
        Position::new(Arc::clone(&self.file), self.walker.line())
    }

    /// Reads children that have only attributes.
    pub(super) fn items(&mut self, mut item: impl FnMut(&Self)) -> Result<(), InvalidPayload> {
        while self.child()?.is_some() {
            item(self);
            self.leave()?;
        }
        Ok(())
    }
}
