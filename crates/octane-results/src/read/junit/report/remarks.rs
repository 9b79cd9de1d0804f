//! What a report says besides its results: warnings and invalid rows.

use super::super::attributes::Odd;
use super::{ParseFailure, Report};
use crate::invalid::{InvalidCell, InvalidRow};
use crate::position::Position;
use crate::read::error::ReadErrorKind;
use crate::read::line_column::LineColumn;
use crate::read::record::Record;
use crate::read::text::InvalidBytes;
use crate::read::xml::Tag;
use crate::warning::{Warning, WarningKind};

/// The maximum number of warnings about different unknown entities, which tend to repeat.
const DISTINCT_WARNINGS_MAX: usize = 16;

impl Report {
    /// Takes note of what is odd about the attributes of `tag`, and returns what is contradictory: an attribute that is given twice
    /// with different values, of which the first one counts.
    pub(super) fn attributes(
        &mut self,
        tag: &Tag<'_>,
        read: Result<(), Box<Odd>>,
    ) -> Result<Vec<InvalidCell>, ParseFailure> {
        match read.map_err(|odd| *odd) {
            Ok(()) => Ok(Vec::new()),
            Err(Odd::Malformed(reason)) => Err((tag.place(), ReadErrorKind::Malformed { reason })),
            Err(Odd::Read { unknown, cells }) => {
                if let Some(reference) = unknown {
                    self.warn_of_entity(tag.place(), reference);
                }
                Ok(cells)
            }
        }
    }

    /// Like [`Self::attributes`]; malformed ones cost this test case only.
    pub(super) fn attributes_of_case(
        &mut self,
        tag: &Tag<'_>,
        read: Result<(), Box<Odd>>,
    ) -> Vec<InvalidCell> {
        self.attributes(tag, read).unwrap_or_else(|(_, kind)| {
            vec![InvalidCell::new(
                None,
                "",
                format!("{kind} (in `{}`)", tag.name()),
            )]
        })
    }

    /// Like [`Self::attributes`]; malformed ones inside a test case cost this test case only.
    pub(super) fn attributes_inside(
        &mut self,
        tag: &Tag<'_>,
        read: Result<(), Box<Odd>>,
    ) -> Result<Vec<InvalidCell>, ParseFailure> {
        if self.cases_open.is_empty() {
            self.attributes(tag, read)
        } else {
            Ok(self.attributes_of_case(tag, read))
        }
    }

    /// Makes the open case invalid, or the suite.
    pub(super) fn object(&mut self, tag: &Tag<'_>, cells: Vec<InvalidCell>) {
        if cells.is_empty() {
            return;
        }
        match self.cases_open.innermost() {
            Some(case) => case.invalid.extend(cells),
            None => self.invalid(tag.place(), cells),
        }
    }

    pub(super) fn invalid(&mut self, place: LineColumn, cells: Vec<InvalidCell>) {
        if !cells.is_empty() {
            let position = self.position(place);
            self.ready
                .push_back(Record::Invalid(InvalidRow { position, cells }));
        }
    }

    pub(super) fn started(&mut self, place: LineColumn, text: &str) -> Option<jiff::Timestamp> {
        let mut warnings = Vec::new();
        let zone = self.options.time_zone.as_ref();
        let warn = &mut |kind| warnings.push(kind);
        let started = self.start_times.parse_or_warn(text, zone, warn);
        for kind in warnings {
            self.warn(place, kind);
        }
        started
    }

    pub(super) fn position(&self, place: LineColumn) -> Position {
        place.in_file(&self.file)
    }

    pub(super) fn warn(&mut self, place: LineColumn, kind: WarningKind) {
        let position = self.position(place);
        self.ready
            .push_back(Record::Warning(Warning { position, kind }));
    }

    pub(in crate::read::junit) fn warn_of_bytes(&mut self, invalid: &InvalidBytes) {
        let InvalidBytes {
            bytes,
            first,
            encoding,
        } = *invalid;
        self.warn(first, WarningKind::InvalidBytes { bytes, encoding });
    }

    pub(super) fn warn_of_entity(&mut self, place: LineColumn, reference: String) {
        self.warn_once(place, WarningKind::Entity { reference });
    }

    /// Adds a warning; only once per file for each unknown entity.
    pub(super) fn warn_once(&mut self, place: LineColumn, kind: WarningKind) {
        if self.is_worth_saying(&kind) {
            self.warn(place, kind);
        }
    }

    /// Whether a warning is none that this report has given already.
    pub(in crate::read::junit) fn is_worth_saying(&mut self, kind: &WarningKind) -> bool {
        match kind {
            WarningKind::Entity { .. } => {
                let has_room = self.warned.len() < DISTINCT_WARNINGS_MAX;
                has_room && self.warned.insert(kind.to_string())
            }
            WarningKind::NoTimeZone { .. } => self.start_times.warns_first(),
            _ => true,
        }
    }
}
