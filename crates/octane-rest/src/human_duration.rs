//! Durations as people write and read them: `350ms`, `2.1s`, `30s`, `5m`.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Displays a duration for people: `350 ms`, `2.1 s`, `300 s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanDuration(pub(crate) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        match milliseconds {
            0..1000 => write!(f, "{milliseconds} ms"),
            _ if milliseconds % 1000 < 100 => write!(f, "{} s", milliseconds / 1000),
            _ => write!(f, "{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        }
    }
}

/// Reads a duration from text such as `30s`; for `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration such as `500ms`, `30s`, `5m` or `1h`")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_str(Text)
}

/// Reads a whole number with the unit `ms`, `s`, `m` or `h`.
fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_start = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_start);
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let shown = |milliseconds| HumanDuration(Duration::from_millis(milliseconds)).to_string();
        assert_eq!(shown(350), "350 ms");
        assert_eq!(shown(2149), "2.1 s");
        assert_eq!(shown(300_050), "300 s");
    }

    #[test]
    fn durations_are_parsed_with_their_unit() {
        let parsed = |text| parse(text).map(|duration| duration.as_millis());
        assert_eq!(parsed("500ms"), Some(500));
        assert_eq!(parsed(" 30 s "), Some(30_000));
        assert_eq!(parsed("5m"), Some(300_000));
        assert_eq!(parsed("2h"), Some(7_200_000));
        let too_long = format!("{}h", u64::MAX);
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5s",
            "3d",
            "1s 2",
            too_long.as_str(),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
