//! What commas mean in the durations of a file.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::duration::{CommaMeaning, DurationError, has_grouped_point};

/// Reads the durations of the file, as they are written. It may stop once one of them breaks off.
pub(crate) type ScanDurations = dyn Fn(&mut SeeDuration<'_>) + Send + Sync;

/// Is shown a duration, and breaks off if that was enough.
pub(crate) type SeeDuration<'a> = dyn FnMut(&str) -> ControlFlow<()> + 'a;

/// What commas mean in the durations of a file; found out by the other durations of the file once `1,234` occurs,
/// which may mean either 1234 or 1.234. Those who read parts of the file share what was found.
#[derive(Clone, Default)]
pub(crate) struct Commas {
    found: Arc<OnceLock<CommaMeaning>>,
    /// Whether points may separate thousands.
    have_decimal_commas: Arc<OnceLock<bool>>,
    scan: Option<Arc<ScanDurations>>,
}

impl fmt::Debug for Commas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commas")
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

impl Commas {
    /// The meaning in a file whose durations `scan` reads again.
    pub(crate) fn new(scan: impl Fn(&mut SeeDuration<'_>) + Send + Sync + 'static) -> Self {
        Self {
            scan: Some(Arc::new(scan)),
            ..Self::default()
        }
    }

    /// Parses a duration by what commas mean here, if its own is ambiguous.
    pub(crate) fn resolve(
        &mut self,
        parse: impl Fn(CommaMeaning) -> Result<Duration, DurationError>,
    ) -> Result<Duration, DurationError> {
        match parse(CommaMeaning::Unknown) {
            Err(DurationError::Ambiguous) => parse(self.meaning()),
            done => done,
        }
    }

    /// Like [`Self::resolve`], for the cell of a table, which a person's spreadsheet may have written: where commas are decimal,
    /// the point in `1.234` separates thousands.
    pub(crate) fn resolve_cell(
        &mut self,
        text: &str,
        parse: impl Fn(CommaMeaning) -> Result<Duration, DurationError>,
    ) -> Result<Duration, DurationError> {
        if has_grouped_point(text) && self.are_decimal() {
            return parse(CommaMeaning::Decimal);
        }
        self.resolve(parse)
    }

    fn meaning(&self) -> CommaMeaning {
        *self.found.get_or_init(|| match self.seen(false) {
            [true, false] => CommaMeaning::Decimal,
            [false, true] => CommaMeaning::Thousands,
            _ => CommaMeaning::Unknown,
        })
    }

    /// Whether commas are decimal, and no point is.
    fn are_decimal(&self) -> bool {
        *(self.have_decimal_commas).get_or_init(|| match self.found.get() {
            Some(meaning) => *meaning == CommaMeaning::Decimal,
            None => self.seen(true) == [true, false],
        })
    }

    /// Whether there are durations whose commas are decimal, and others whose commas would separate thousands; perhaps only
    /// up to the first one of the latter.
    fn seen(&self, is_point_enough: bool) -> [bool; 2] {
        let mut seen = [false, false];
        if let Some(scan) = &self.scan {
            scan(&mut |text| {
                match crate::duration::comma_meaning(text) {
                    Some(CommaMeaning::Decimal) => seen[0] = true,
                    Some(CommaMeaning::Thousands) => seen[1] = true,
                    Some(CommaMeaning::Unknown) | None => {}
                }
                if is_point_enough && seen[1] {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duration::seconds_with;

    #[test]
    fn other_durations_decide_unless_they_contradict_each_other() {
        for (others, expected) in [
            (&["0,5", "1,125", "15,3000001"][..], Ok(1125)),
            (&["0,5 s"][..], Ok(1125)),
            (&["12.5s"][..], Ok(1_125_000)),
            (&["2 min 30,5 s", "1,5-"][..], Err(DurationError::Ambiguous)),
            (&["1,024.12", "2,120.5"][..], Ok(1_125_000)),
            (&["12.5"][..], Ok(1_125_000)),
            (&["0,5", "12.5"][..], Err(DurationError::Ambiguous)),
            (&["1,125", "7"][..], Err(DurationError::Ambiguous)),
            (&[][..], Err(DurationError::Ambiguous)),
        ] {
            let mut commas = Commas::new(|see| others.iter().for_each(|text| _ = see(text)));
            let parsed = commas.resolve(|comma| seconds_with("1,125", comma));
            assert_eq!(parsed.map(|it| it.as_millis()), expected, "{others:?}");
        }
    }

    #[test]
    fn a_point_separates_thousands_if_all_commas_are_decimal() {
        for (others, expected) in [
            (&["1.125", "0,5"][..], 1_125_000),
            (&["1.125", "1.234.567"][..], 1_125_000),
            (&["1.125", "1.234,5", "7"][..], 1_125_000),
            (&["1.125", "0.5", "0,5"][..], 1125),
            (&["1.125", "0,5", "12.5"][..], 1125),
            (&["1.125", "1.250"][..], 1125),
            (&[][..], 1125),
        ] {
            let mut commas = Commas::new(|see| others.iter().for_each(|text| _ = see(text)));
            let parsed = commas.resolve_cell("1.125", |comma| seconds_with("1.125", comma));
            assert_eq!(parsed.map(|it| it.as_millis()), Ok(expected), "{others:?}");
        }
    }

    #[test]
    fn a_file_with_decimal_points_is_not_read_to_its_end_for_a_point() {
        let mut commas = Commas::new(|see| {
            assert!(see("1.125").is_continue());
            assert!(see("0.5").is_break());
        });
        let parsed = commas.resolve_cell("1.125", |comma| seconds_with("1.125", comma));
        assert_eq!(parsed, Ok(Duration::from_millis(1125)));
    }
}
