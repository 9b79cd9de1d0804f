//! What commas mean in the durations of a file.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::duration::{CommaMeaning, DurationError};

/// Reads the durations of the file, as they are written, until it has seen enough or there are no more.
pub(crate) type ScanDurations = dyn Fn(&mut dyn FnMut(&str)) + Send + Sync;

/// What commas mean in the durations of a file; found out by the other durations of the file once `1,234` occurs,
/// which may mean either 1234 or 1.234. Those who read parts of the file share what was found.
#[derive(Clone, Default)]
pub(crate) struct Commas {
    found: Arc<OnceLock<CommaMeaning>>,
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
    pub(crate) fn new(scan: impl Fn(&mut dyn FnMut(&str)) + Send + Sync + 'static) -> Self {
        Self {
            found: Arc::default(),
            scan: Some(Arc::new(scan)),
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

    fn meaning(&self) -> CommaMeaning {
        let Self { found, scan } = self;
        *found.get_or_init(|| {
            let mut seen = [false, false];
            if let Some(scan) = scan {
                scan(&mut |text| match crate::duration::comma_meaning(text) {
                    Some(CommaMeaning::Decimal) => seen[0] = true,
                    Some(CommaMeaning::Thousands) => seen[1] = true,
                    Some(CommaMeaning::Unknown) | None => {}
                });
            }
            match seen {
                [true, false] => CommaMeaning::Decimal,
                [false, true] => CommaMeaning::Thousands,
                _ => CommaMeaning::Unknown,
            }
        })
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
            (&["1,024.12", "2,120.5"][..], Ok(1_125_000)),
            (&["12.5"][..], Ok(1_125_000)),
            (&["0,5", "12.5"][..], Err(DurationError::Ambiguous)),
            (&["1,125", "7"][..], Err(DurationError::Ambiguous)),
            (&[][..], Err(DurationError::Ambiguous)),
        ] {
            let mut commas = Commas::new(|see| others.iter().for_each(|text| see(text)));
            let parsed = commas.resolve(|comma| seconds_with("1,125", comma));
            assert_eq!(parsed.map(|it| it.as_millis()), expected, "{others:?}");
        }
    }
}
