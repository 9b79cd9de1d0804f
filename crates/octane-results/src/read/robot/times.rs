//! Times of tests.

use std::time::Duration;

use jiff::civil::DateTime;

use crate::read::report::Took;
use crate::read::report::xml::Element;

/// How long a test took.
pub(super) fn took(status: &Element, start: Option<&str>, end: Option<&str>) -> Took {
    if let Some(elapsed) = status.attribute("elapsed") {
        return Took::Seconds(elapsed.to_owned());
    }
    if let Some(elapsed) = status.attribute("elapsedtime") {
        return Took::Milliseconds(elapsed.to_owned());
    }
    let times = start.zip(end).and_then(|(start, end)| {
        let (start, end): (DateTime, DateTime) = (start.parse().ok()?, end.parse().ok()?);
        Duration::try_from(end.duration_since(start)).ok()
    });
    times.map_or(Took::Unknown, Took::Exactly)
}

/// A time such as `20260301 08:00:00.123` as ISO 8601; others stay as they are.
pub(super) fn iso(time: &str) -> String {
    match time.split_once(' ') {
        Some((date, time)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}-{}-{}T{time}", &date[..4], &date[4..6], &date[6..])
        }
        _ => time.to_owned(),
    }
}
