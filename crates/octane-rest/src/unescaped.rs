//! Text without its escapes, however they were chosen, and where each part of it was.

use std::ops::Range;

/// How often text may have been escaped: JSON in JSON, a URL in JSON.
const LEVELS_MAX: usize = 3;

/// Text without escapes.
#[derive(Debug)]
pub(crate) struct Unescaped {
    text: String,
    /// Places in it, with the place in the escaped text; between them both advance alike.
    places: Vec<(usize, usize)>,
}

/// All readings of text that has escapes: with one, two and three levels of escapes removed, and each of these with `+` as a space
/// as in forms. `visit` gets a reading, and returns the ranges of it that are wanted; they are returned as ranges of the text.
pub(crate) fn ranges_in_readings(
    text: &str,
    visit: impl Fn(&str) -> Vec<Range<usize>>,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for is_form in [false, true] {
        if is_form && !text.contains('+') {
            continue;
        }
        let mut levels: Vec<Unescaped> = Vec::new();
        while levels.len() < LEVELS_MAX {
            let before = levels.last().map_or(text, |level| &level.text);
            let Some(level) = unescaped(before, is_form && levels.is_empty()) else {
                break;
            };
            levels.push(level);
            let last = levels.last().map_or("", |level| &level.text);
            let source = |place: usize| {
                let levels = levels.iter().rev();
                levels.fold(place, |place, level| level.source(place))
            };
            found.extend(
                visit(last)
                    .into_iter()
                    .map(|range| source(range.start)..source(range.end)),
            );
        }
    }
    found
}

impl Unescaped {
    /// Where a place of it was in the escaped text.
    fn source(&self, place: usize) -> usize {
        let after = self.places.partition_point(|(own, _)| *own <= place);
        match after.checked_sub(1).and_then(|last| self.places.get(last)) {
            Some((own, source)) => source + (place - own),
            None => place,
        }
    }
}

/// Removes one level of escapes: those of JSON, URLs and HTML. `None` if there are none.
fn unescaped(text: &str, is_form: bool) -> Option<Unescaped> {
    let is_start =
        |character: char| matches!(character, '\\' | '%' | '&') || is_form && character == '+';
    let mut own = Unescaped {
        text: String::new(),
        places: Vec::new(),
    };
    let mut copied = 0;
    let mut from = 0;
    while let Some(start) = text[from..].find(is_start).map(|at| from + at) {
        let Some((characters, length)) = escape(&text[start..], is_form) else {
            // All of these have one byte.
            from = start + 1;
            continue;
        };
        own.text.push_str(&text[copied..start]);
        let place = (own.text.len(), start);
        // After another escape it is known already.
        if own.places.last() != Some(&place) {
            own.places.push(place);
        }
        own.text.push_str(&characters);
        copied = start + length;
        from = copied;
        own.places.push((own.text.len(), copied));
    }
    if own.places.is_empty() {
        return None;
    }
    own.text.push_str(&text[copied..]);
    Some(own)
}

/// What the escape at the beginning of a text stands for, and its length.
fn escape(text: &str, is_form: bool) -> Option<(String, usize)> {
    match text.as_bytes() {
        [b'+', ..] if is_form => Some((" ".to_owned(), 1)),
        [b'\\', b'u', ..] => json_unit(text),
        [b'\\', letter, ..] => {
            let character = match letter {
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'"' | b'\'' | b'/' | b'\\' => char::from(*letter),
                _ => return None,
            };
            Some((character.to_string(), 2))
        }
        [b'%', ..] => percent(text),
        [b'&', ..] => entity(text),
        _ => None,
    }
}

/// `\u00f6`, and pairs of surrogates.
fn json_unit(text: &str) -> Option<(String, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    let pair = unit(6).and_then(|second| String::from_utf16(&[first, second]).ok());
    match String::from_utf16(&[first]) {
        Ok(character) => Some((character, 6)),
        Err(_) => Some((pair?, 12)),
    }
}

/// `%C3%B6`: as many bytes as a character has.
fn percent(text: &str) -> Option<(String, usize)> {
    let byte = |position: usize| {
        let at = position * 3;
        let digits = text.get(at..)?.strip_prefix('%')?.get(..2)?;
        u8::from_str_radix(digits, 16).ok()
    };
    let length = match byte(0)? {
        ..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = (0..length).map(byte).collect::<Option<_>>()?;
    Some((String::from_utf8(bytes).ok()?, length * 3))
}

/// `&amp;`, `&#39;`, `&#x27;`.
fn entity(text: &str) -> Option<(String, usize)> {
    let length = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..length)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character.to_string(), length + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The parts of a text that mean `wanted`.
    fn parts<'a>(text: &'a str, wanted: &str) -> Vec<&'a str> {
        let ranges = ranges_in_readings(text, |reading| {
            let found = reading.match_indices(wanted);
            found.map(|(at, part)| at..at + part.len()).collect()
        });
        let mut parts: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
        parts.dedup();
        parts
    }

    #[test]
    fn every_escape_is_read_and_its_place_is_known() {
        for (text, wanted, expected) in [
            (r#"{"a":"x Z\u00f6! y"}"#, "Zö!", r"Z\u00f6!"),
            (r"1 \ud83d\ude00b 2", "😀b", r"\ud83d\ude00b"),
            (r"a x\u003d\/b c", "x=/b", r"x\u003d\/b"),
            ("q=Ab/9+x=Z%C3%B6%21&c=1", "Ab/9+x=Zö!", "Ab/9+x=Z%C3%B6%21"),
            ("q=a+%22b%22&c=1", "a \"b\"", "a+%22b%22"),
            (
                "é &lt;a&#39;b&#x3D;&gt; é",
                "<a'b=>",
                "&lt;a&#39;b&#x3D;&gt;",
            ),
            (r#"{"a":"{\"b\":\"x\\u003dy\"}"}"#, "x=y", r"x\\u003dy"),
            ("u%2525v", "u%v", "u%2525v"),
            (
                "100 %, a & b \\x %C3 %zz &#; &x; %C3%41 \\u12 = %3d1",
                "=1",
                "%3d1",
            ),
        ] {
            assert_eq!(parts(text, wanted), [expected], "{text}");
        }
        assert_eq!(parts("nothing + here", "nothing"), ["nothing"]);
        assert_eq!(parts("plain", "plain"), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_places_are_between_characters(text in "[a%u0-9cC3\\\\&#;+é]{0,40}") {
            let all = |reading: &str| {
                let ends = reading.char_indices().map(|(at, one)| at..at + one.len_utf8());
                ends.collect()
            };
            for range in ranges_in_readings(&text, all) {
                prop_assert!(text.get(range.clone()).is_some(), "{:?}", range);
            }
        }
    }
}
