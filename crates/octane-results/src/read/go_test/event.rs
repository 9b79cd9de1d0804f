//! An event: one line.

use serde_json::Value;

use crate::read::line_column::LineColumn;
use crate::read::report::fields::text_or_empty;
use crate::read::report::json::text;
use crate::read::report::lines::json_line;
use crate::read::report::{Moment, Took};

/// How a message about something without an end begins.
pub(super) const NO_END: &str = "did not end";

/// One line.
pub(super) struct Event {
    pub(super) place: LineColumn,
    pub(super) value: Value,
}

impl Event {
    pub(super) fn read(line: &str, place: LineColumn) -> Option<Self> {
        let value = json_line(line).ok()?;
        value.get("Action")?.as_str()?;
        Some(Self { place, value })
    }

    /// A text of it; empty if it has none.
    pub(super) fn text(&self, key: &str) -> &str {
        text_or_empty(&self.value, key)
    }

    pub(super) fn time(&self) -> Moment {
        match self.text("Time") {
            "" => Moment::Unknown,
            time => Moment::Text(time.to_owned()),
        }
    }

    pub(super) fn elapsed(&self) -> Took {
        text(self.value.get("Elapsed")).map_or(Took::Unknown, Took::Seconds)
    }
}
