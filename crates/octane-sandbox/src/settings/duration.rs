//! Durations in human notation: `200ms`, `90s`, `1h 30m`.

pub(crate) mod optional;

use std::time::Duration;

use jiff::SignedDuration;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

pub(crate) fn serialize<S: Serializer>(duration: &Duration, target: S) -> Result<S::Ok, S::Error> {
    target.collect_str(&format_args!("{:#}", signed(*duration)))
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(source)?;
    parse(&text).map_err(D::Error::custom)
}

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| {
            format!("`{text}` is not a valid duration; use e.g. `200ms`, `90s` or `1h 30m`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_duration_can_be_read_back() {
        for (millis, text) in [(200, "200ms"), (5_400_000, "1h 30m"), (0, "0s")] {
            let duration = Duration::from_millis(millis);
            let written = serialize(&duration, serde_json::value::Serializer).unwrap();
            assert_eq!(written, text);
            assert_eq!(parse(text), Ok(duration));
        }
    }

    #[test]
    fn durations_need_units() {
        assert_eq!(parse("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
        for invalid in ["", "5", "-1s", "soon"] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
    }
}
