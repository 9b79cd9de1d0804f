//! The server's clock, as its responses show it.

use std::sync::atomic::{AtomicI64, Ordering};

use http::{HeaderMap, header};

use crate::date;

/// The `Date` of the last response that had one.
#[derive(Debug)]
pub(crate) struct ServerTime(AtomicI64);

/// Stands for none.
const UNKNOWN: i64 = i64::MIN;

impl Default for ServerTime {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl ServerTime {
    /// Notes the time of a response.
    pub(crate) fn update_from(&self, headers: &HeaderMap) {
        let value = headers
            .get(header::DATE)
            .and_then(|value| value.to_str().ok());
        if let Some(time) = value.and_then(date::parse) {
            self.0.store(time, Ordering::Relaxed);
        }
    }

    /// Seconds since 1970-01-01 UTC.
    pub(crate) fn get(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|time| *time != UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_date_counts_and_what_is_not_one_does_not() {
        let time = ServerTime::default();
        assert_eq!(time.get(), None);
        for (date, expected) in [
            ("Thu, 01 Jan 1970 00:00:07 GMT", Some(7)),
            ("today", Some(7)),
            ("Thu, 01 Jan 1970 00:00:05 GMT", Some(5)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::DATE, date.parse().unwrap());
            time.update_from(&headers);
            assert_eq!(time.get(), expected, "{date}");
        }
        time.update_from(&HeaderMap::new());
        assert_eq!(time.get(), Some(5));
    }
}
