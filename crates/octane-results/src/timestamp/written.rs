//! Dates as people and programs write them: `Fri, 28 Nov 2026 05:00:00 +0100`, `28.11.2026 05:00`, `Nov 28, 2026 5:00:00 PM`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// The beginnings of the names of months in English, German, French, Spanish, Italian, Portuguese and Dutch, without
/// accents. Of several that fit, the longest counts.
const MONTHS: [(&str, i8); 40] = [
    ("jan", 1),
    ("gen", 1),
    ("ene", 1),
    ("feb", 2),
    ("fev", 2),
    ("fevr", 2),
    ("mar", 3),
    ("mrz", 3),
    ("maer", 3),
    ("mrt", 3),
    ("maart", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("mei", 5),
    ("mayo", 5),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("aug", 8),
    ("aou", 8),
    ("ago", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("dic", 12),
    ("marz", 3),
    ("mars", 3),
];

/// The names of days, and their beginnings from the third letter on, which say nothing that the date does not.
const DAYS: [&str; 36] = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "die", "mit", "don", "fre", "sam", "son",
    "lun", "mar", "mer", "jeu", "gio", "ven", "dim", "dom", "mie", "jue", "vie", "sab", "seg",
    "ter", "qua", "qui", "sex", "din", "vri", "zon", "maa", "woe", "zat",
];

/// Names of days that begin like March in the same language.
const TUESDAYS: [&str; 3] = ["mardi", "martes", "martedi"];

/// Names of days in two letters.
const SHORT_DAYS: [&str; 14] = [
    "mo", "di", "mi", "do", "fr", "sa", "so", "ma", "wo", "vr", "za", "zo", "lu", "ve",
];

/// Words between the parts of a date.
const FILLERS: [&str; 9] = ["at", "of", "de", "del", "um", "uhr", "le", "the", "kl"];

/// A date and time, with an offset if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) civil: DateTime,
    pub(super) offset: Option<Offset>,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is something else.
    Malformed,
    /// It may be the day before the month, or after it.
    Order,
}

#[derive(Debug, Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    /// Whether there is a `mar`, which is March unless there is another month: then it is a Tuesday.
    may_be_march: bool,
    day: Option<i8>,
    time: Option<Time>,
    /// Whether there is a `T` at the end of the date, after which the time follows.
    announces_time: bool,
    /// Whether the time is `24:00`, with which the day ends.
    is_end_of_day: bool,
    is_afternoon: Option<bool>,
    offset: Option<Offset>,
}

/// Reads a date that has a month as a word, or numbers in an order that leaves no doubt.
pub(super) fn written(text: &str) -> Result<Written, Unreadable> {
    let mut parts = Parts::default();
    for word in text.split(char::is_whitespace) {
        // `+0100 (CET)`: the name of the zone, which may have several words, says nothing more than its offset.
        if word.starts_with('(') && parts.offset.is_some() && text.ends_with(')') {
            break;
        }
        // In a time, a comma separates the fraction.
        let word = word.trim_matches(',');
        let is_time = word.contains(':');
        for word in word.split(|char| char == ',' && !is_time) {
            if !word.is_empty() {
                parts.word(word)?;
            }
        }
    }
    parts.finish().ok_or(Unreadable::Malformed)
}

impl Parts {
    fn word(&mut self, word: &str) -> Result<(), Unreadable> {
        let plain = plain(word);
        if plain.starts_with(|char: char| char.is_ascii_digit()) {
            return self.number(&plain);
        }
        if let Some(offset) = offset(&plain) {
            return set(&mut self.offset, offset);
        }
        let letters = plain.trim_matches(['(', ')', '.']);
        match letters {
            "am" | "a.m" => return set(&mut self.is_afternoon, false),
            "pm" | "p.m" => return set(&mut self.is_afternoon, true),
            _ => {}
        }
        if letters == "mar" {
            self.may_be_march = true;
            return Ok(());
        }
        if self.month.is_none()
            && !TUESDAYS.contains(&letters)
            && let Some(month) = month(letters)
        {
            self.month = Some(month);
            return Ok(());
        }
        let is_day =
            SHORT_DAYS.contains(&letters) || DAYS.iter().any(|day| letters.starts_with(day));
        // After the date and the time, these are time zones.
        let is_complete = self.time.is_some() && self.day.is_some() && self.month.is_some();
        let is_zone = is_complete && matches!(letters, "samt" | "mart" | "mit");
        if is_day && !is_zone || FILLERS.contains(&letters) {
            return Ok(());
        }
        Err(Unreadable::Malformed)
    }

    /// A word that begins with a digit: a time, a date, a day or a year.
    fn number(&mut self, word: &str) -> Result<(), Unreadable> {
        // `2026-11-28T05:00:00`, where the offset is another word, or `2026-11-28T`, where the time is.
        if let Some((date, time)) = word.split_once('t')
            && date.contains('-')
            && (time.contains(':') || time.is_empty())
        {
            self.number(date)?;
            self.announces_time = time.is_empty();
            return if self.announces_time {
                Ok(())
            } else {
                self.time(time)
            };
        }
        if word.contains(':') {
            return self.time(word);
        }
        for separator in ['.', '/', '-'] {
            let numbers: Vec<&str> = word.trim_end_matches('.').split(separator).collect();
            if let [one, other, year] = numbers[..] {
                return self.date(one, other, year, separator);
            }
        }
        let digits = word.trim_end_matches(|char: char| !char.is_ascii_digit());
        let suffix = &word[digits.len()..];
        if !matches!(suffix, "" | "." | "st" | "nd" | "rd" | "th") {
            return Err(Unreadable::Malformed);
        }
        if digits.len() == 4 {
            return set(&mut self.year, parsed(digits)?);
        }
        set(&mut self.day, parsed(digits)?)
    }

    /// `28.11.2026`, `28/11/2026` or `11/28/2026`. With dots, the day is first everywhere. `2026/11/28` has the year first.
    fn date(
        &mut self,
        one: &str,
        other: &str,
        year: &str,
        separator: char,
    ) -> Result<(), Unreadable> {
        if one.len() == 4 && matches!(year.len(), 1 | 2) {
            let month = month(other.trim_end_matches('.'));
            set(&mut self.day, parsed(year)?)?;
            set(&mut self.month, month.map_or_else(|| parsed(other), Ok)?)?;
            return set(&mut self.year, parsed(one)?);
        }
        if year.len() != 4 {
            return Err(Unreadable::Malformed);
        }
        // `28-Nov-2026`
        let named = month(other.trim_end_matches('.'));
        let first: i8 = parsed(one)?;
        let (day, month) = match named {
            Some(month) => (first, month),
            None => match (first, parsed::<i8>(other)?) {
                (day, month) if separator == '.' || day > 12 || day == month => (day, month),
                (month, day) if day > 12 => (day, month),
                _ => return Err(Unreadable::Order),
            },
        };
        set(&mut self.day, day)?;
        set(&mut self.month, month)?;
        set(&mut self.year, parsed(year)?)
    }

    /// `5:00`, `05:00:00.25`, `05:00:00Z`, `5:00:00pm`.
    fn time(&mut self, word: &str) -> Result<(), Unreadable> {
        let mut digits = word;
        for (suffix, is_afternoon) in [("am", false), ("pm", true)] {
            if let Some(before) = word.strip_suffix(suffix) {
                set(&mut self.is_afternoon, is_afternoon)?;
                digits = before;
            }
        }
        if let Some(at) = digits.find(['z', '+', '-']) {
            let zone = offset(&digits[at..]).ok_or(Unreadable::Malformed)?;
            set(&mut self.offset, zone)?;
            digits = &digits[..at];
        }
        let mut parts = digits.split(':');
        let mut next = || parts.next().unwrap_or("0");
        let (hour, minute, second) = (next(), next(), next());
        let (second, fraction) = second.split_once(['.', ',']).unwrap_or((second, ""));
        let nanosecond = format!("{fraction:0<9.9}");
        self.is_end_of_day = hour == "24";
        let hour = if self.is_end_of_day { "0" } else { hour };
        let time = Time::new(
            parsed(hour)?,
            parsed(minute)?,
            parsed(second)?,
            parsed(&nanosecond)?,
        );
        if parts.next().is_some() {
            return Err(Unreadable::Malformed);
        }
        let time = time.map_err(|_| Unreadable::Malformed)?;
        if self.is_end_of_day && time != Time::midnight() {
            return Err(Unreadable::Malformed);
        }
        set(&mut self.time, time)
    }

    fn finish(self) -> Option<Written> {
        if self.announces_time && self.time.is_none() {
            return None;
        }
        let month = self.month.or(self.may_be_march.then_some(3));
        let mut date = Date::new(self.year?, month?, self.day?).ok()?;
        if self.is_end_of_day {
            date = date.tomorrow().ok()?;
        }
        let time = self.time.unwrap_or(Time::midnight());
        let hour = match (self.is_afternoon, time.hour()) {
            (None, hour) => hour,
            (Some(is_afternoon), hour @ 1..=12) => hour % 12 + if is_afternoon { 12 } else { 0 },
            _ => return None,
        };
        let time = time.with().hour(hour).build().ok()?;
        Some(Written {
            civil: date.to_datetime(time),
            offset: self.offset,
        })
    }
}

/// Sets a part, which a date has once.
fn set<T>(part: &mut Option<T>, value: T) -> Result<(), Unreadable> {
    if part.replace(value).is_some() {
        return Err(Unreadable::Malformed);
    }
    Ok(())
}

fn parsed<N: std::str::FromStr>(digits: &str) -> Result<N, Unreadable> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::Malformed);
    }
    digits.parse().map_err(|_| Unreadable::Malformed)
}

/// In lower case and without accents.
fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for char in word.chars().flat_map(char::to_lowercase) {
        match char {
            'ä' => plain.push_str("ae"),
            'é' | 'è' | 'ê' => plain.push('e'),
            'û' | 'ü' | 'ú' => plain.push('u'),
            'ç' => plain.push('c'),
            'á' | 'à' => plain.push('a'),
            'ì' | 'í' => plain.push('i'),
            char => plain.push(char),
        }
    }
    plain
}

fn month(word: &str) -> Option<i8> {
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let fitting = MONTHS.iter().filter(|(name, _)| word.starts_with(name));
    let (_, month) = fitting.max_by_key(|(name, _)| name.len())?;
    Some(*month)
}

/// `UTC`, `Z`, `+0200`, `-05:00`, `GMT+1`; abbreviations of other zones are ambiguous.
fn offset(word: &str) -> Option<Offset> {
    let rest = ["utc", "gmt", "z"]
        .iter()
        .find_map(|name| word.strip_prefix(name))
        .unwrap_or(word);
    if rest.is_empty() {
        return (rest.len() < word.len()).then_some(Offset::UTC);
    }
    let (sign, digits) = match rest.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, rest.strip_prefix('-')?),
    };
    let digits = digits.replace(':', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        match written(text) {
            Ok(Written {
                civil,
                offset: None,
            }) => civil.to_string(),
            Ok(Written {
                civil,
                offset: Some(offset),
            }) => format!("{civil}{offset}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn dates_are_read_as_many_programs_write_them() {
        for (text, expected) in [
            ("Sat, 28 Nov 2026 05:00:00 +0100", "2026-11-28T05:00:00+01"),
            ("28 Nov 2026 05:00:00 GMT", "2026-11-28T05:00:00+00"),
            (
                "Sat Nov 28 2026 05:00:00 GMT+0100 (Central European Standard Time)",
                "2026-11-28T05:00:00+01",
            ),
            (
                "Sat, 28 Nov 2026 05:00:00 -0500 (EST)",
                "2026-11-28T05:00:00-05",
            ),
            (
                "Sat Nov 28 2026 05:00:00 (Central European Time)",
                "Malformed",
            ),
            ("Sat, 28 Nov 2026 05:00:00 -0500 (EST", "Malformed"),
            ("Sat Nov 28 05:00:00 2026", "2026-11-28T05:00:00"),
            ("Sat Nov 28 05:00:00 UTC 2026", "2026-11-28T05:00:00+00"),
            ("Nov 28, 2026 5:00:00 PM", "2026-11-28T17:00:00"),
            ("November 28th, 2026 at 12:05 am", "2026-11-28T00:05:00"),
            ("11/28/2026 12:30:00 PM", "2026-11-28T12:30:00"),
            ("28/11/2026 05:00", "2026-11-28T05:00:00"),
            ("28.11.2026 05:00:00,250", "2026-11-28T05:00:00.25"),
            ("5.6.2026", "2026-06-05T00:00:00"),
            ("28-Nov-2026 05:00:00", "2026-11-28T05:00:00"),
            (
                "Samstag, 28. November 2026 um 05:00 Uhr",
                "2026-11-28T05:00:00",
            ),
            ("3. März 2026 05:00", "2026-03-03T05:00:00"),
            ("28 févr. 2026 05:00:00", "2026-02-28T05:00:00"),
            ("1 août 2026 05:00:00", "2026-08-01T05:00:00"),
            ("28 juin 2026 05:00:00", "2026-06-28T05:00:00"),
            ("28 juil. 2026 05:00:00", "2026-07-28T05:00:00"),
            ("mar. 3 mars 2026 05:00", "2026-03-03T05:00:00"),
            ("So 29.11.2026 05:00", "2026-11-29T05:00:00"),
            ("maandag 30 november 2026 05:00", "2026-11-30T05:00:00"),
            ("woensdag 25 november 2026 05:00", "2026-11-25T05:00:00"),
            ("zaterdag 28 november 2026 05:00", "2026-11-28T05:00:00"),
            ("mardi 28 avril 2026 10:00", "2026-04-28T10:00:00"),
            ("martes, 28 de abril de 2026", "2026-04-28T00:00:00"),
            ("martedì 28 aprile 2026", "2026-04-28T00:00:00"),
            ("mar. 28 avr. 2026", "2026-04-28T00:00:00"),
            ("28 avr. 2026, mar.", "2026-04-28T00:00:00"),
            ("mar. 3 mar. 2026", "2026-03-03T00:00:00"),
            ("3 mar 2026", "2026-03-03T00:00:00"),
            ("Tue Mar 3 05:00:00 2026", "2026-03-03T05:00:00"),
            ("martes 3 de marzo de 2026", "2026-03-03T00:00:00"),
            ("mardi 3 2026", "Malformed"),
            ("28 de noviembre de 2026 05:00", "2026-11-28T05:00:00"),
            ("28 mag 2026 05:00", "2026-05-28T05:00:00"),
            ("28 okt. 2026 05:00", "2026-10-28T05:00:00"),
            ("5:00pm 28 Nov 2026", "2026-11-28T17:00:00"),
            ("28 Nov 2026 05:00:00Z", "2026-11-28T05:00:00+00"),
            ("2026-11-28 05:00:00 +0100", "2026-11-28T05:00:00+01"),
            ("2026-11-28 05:00:00.5 UTC", "2026-11-28T05:00:00.5+00"),
            ("2026-11-28T05:00:00 -05:00", "2026-11-28T05:00:00-05"),
            ("2026-11-28T 05:00:00Z", "2026-11-28T05:00:00+00"),
            ("2026-11-28T 05:00:00", "2026-11-28T05:00:00"),
            ("2026/11/28 05:00:00", "2026-11-28T05:00:00"),
            ("2026.1.2 5:00 pm", "2026-01-02T17:00:00"),
            ("2026-Nov-28 05:00", "2026-11-28T05:00:00"),
            ("2026-11-30T24:00:00Z", "2026-12-01T00:00:00+00"),
            ("28 Nov 2026 05:00:00-05:30", "2026-11-28T05:00:00-05:30"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_leaves_a_doubt_is_no_date() {
        assert_eq!(written("05/06/2026 05:00"), Err(Unreadable::Order));
        assert!(written("06/06/2026").is_ok());
        for text in [
            "yesterday",
            "28 Nov",
            "28 Nov 26 05:00",
            "31.11.2026",
            "28 Nov 2026 25:00",
            "28 Nov 2026 24:00:01",
            "2026/28/11",
            "2026-11-28T",
            "28 Nov 2026 13:00 PM",
            "28 Nov 2026 0:30 am",
            "28 Nov 2026 05:00 EST",
            "28 Nov 2026 05:00 06:00",
            "28 28 Nov 2026",
            "1:2:3:4 28 Nov 2026",
            "28 Quux 2026",
            "some 28 Nov 2026",
            "Nov 2026",
        ] {
            assert_eq!(written(text), Err(Unreadable::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9:./ ,a-zA-ZäéZ+-]{0,30}") {
            let _ = written(&text);
        }
    }
}
