//! Strings, numbers and words.

use memchr::memchr2;

use super::error::JsonError;
use super::source::TextSource;

type Result<T> = std::result::Result<T, JsonError>;

/// What half of a surrogate pair is replaced by.
const LONE_SURROGATE: char = '\u{FFFD}';

/// Reads a string, with its quotes; the text is not kept unless there is a place for it. Returns whether half of a surrogate pair was
/// replaced in it.
pub(super) fn string(text: &mut impl TextSource, mut into: Option<&mut String>) -> Result<bool> {
    text.consume(1);
    let mut has_replaced = false;
    // The first half of a pair, whose second half must follow at once.
    let mut half = None;
    // A block may end inside of a character.
    let mut part = Vec::new();
    loop {
        let next = text.peek()?;
        if next.is_empty() {
            return Err(JsonError::Truncated);
        }
        let length = memchr2(b'"', b'\\', next).unwrap_or(next.len());
        if length > 0 {
            let plain = &next[..length];
            if let Some(control) = crate::text::position(plain, |byte| byte < 0x20) {
                text.consume(control);
                return Err(JsonError::Malformed("a control character in a string"));
            }
            if let Some(into) = &mut into {
                has_replaced |= push_half(&mut half, into);
                push(&mut part, plain, into);
            }
            text.consume(length);
            continue;
        }
        let is_end = next[0] == b'"';
        text.consume(1);
        if is_end {
            if let Some(into) = &mut into {
                has_replaced |= push_half(&mut half, into);
            }
            return Ok(has_replaced);
        }
        let unit = escape(text)?;
        let Some(into) = &mut into else { continue };
        let pair = half
            .take()
            .map(|first| (first, char::decode_utf16([first, unit]).next()));
        match pair {
            Some((_, Some(Ok(char)))) if char.len_utf16() == 2 => into.push(char),
            pair => {
                if pair.is_some() {
                    has_replaced = true;
                    into.push(LONE_SURROGATE);
                }
                match unit {
                    0xD800..0xDC00 => half = Some(unit),
                    unit => {
                        let char = char::from_u32(unit.into());
                        has_replaced |= char.is_none();
                        into.push(char.unwrap_or(LONE_SURROGATE));
                    }
                }
            }
        }
    }
}

/// Appends the replacement of the first half of a pair that has no second one, if there is one.
fn push_half(half: &mut Option<u16>, into: &mut String) -> bool {
    let has_half = half.take().is_some();
    if has_half {
        into.push(LONE_SURROGATE);
    }
    has_half
}

/// Appends a piece of UTF-8; what is cut off at its end is kept in `part` for the next one.
fn push(part: &mut Vec<u8>, plain: &[u8], into: &mut String) {
    if part.is_empty()
        && let Ok(plain) = std::str::from_utf8(plain)
    {
        into.push_str(plain);
        return;
    }
    part.extend_from_slice(plain);
    let whole = match std::str::from_utf8(part) {
        Ok(_) => part.len(),
        Err(error) => error.valid_up_to(),
    };
    into.push_str(std::str::from_utf8(&part[..whole]).unwrap_or_default());
    part.drain(..whole);
}

/// Reads what is after a backslash, as a unit of UTF-16.
fn escape(text: &mut impl TextSource) -> Result<u16> {
    let unit = match byte(text)? {
        b'"' => u16::from(b'"'),
        b'\\' => u16::from(b'\\'),
        b'/' => u16::from(b'/'),
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => 0x0A,
        b'r' => 0x0D,
        b't' => 0x09,
        b'u' => {
            text.consume(1);
            let mut unit = 0;
            for at in 0..4 {
                let digit = char::from(byte(text)?).to_digit(16);
                let digit = digit.ok_or(JsonError::Malformed(
                    "four hexadecimal digits are expected here",
                ))?;
                unit = unit << 4 | u16::try_from(digit).unwrap_or_default();
                if at < 3 {
                    text.consume(1);
                }
            }
            unit
        }
        _ => return Err(JsonError::Malformed("an unknown escape sequence")),
    };
    text.consume(1);
    Ok(unit)
}

/// Reads a number; its digits are not kept unless there is a place for them.
pub(super) fn number(text: &mut impl TextSource, mut into: Option<&mut String>) -> Result<()> {
    let mut state = Number::Start;
    loop {
        let next = text.peek()?.first().copied();
        let Some(step) = next.and_then(|byte| state.after(byte)) else {
            return match (state.is_complete(), next) {
                (true, _) => Ok(()),
                (false, None) => Err(JsonError::Truncated),
                (false, Some(_)) => Err(JsonError::Malformed("a digit is expected here")),
            };
        };
        state = step;
        if let (Some(into), Some(byte)) = (&mut into, next) {
            into.push(char::from(byte));
        }
        text.consume(1);
    }
}

/// What of a number has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Start,
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Number {
    /// The state after a byte; nothing if it is not part of the number.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Start, b'-') => Self::Minus,
            (Self::Start | Self::Minus, b'0') => Self::Zero,
            (Self::Start | Self::Minus | Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => {
                Self::ExponentDigits
            }
            _ => return None,
        })
    }

    fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Whole | Self::Fraction | Self::ExponentDigits
        )
    }
}

/// Reads `word`, or fails where the text differs from it.
pub(super) fn word(text: &mut impl TextSource, word: &str) -> Result<()> {
    for expected in word.bytes() {
        if byte(text)? != expected {
            return Err(JsonError::Malformed("an unknown word"));
        }
        text.consume(1);
    }
    Ok(())
}

/// The next byte.
fn byte(text: &mut impl TextSource) -> Result<u8> {
    let next = text.peek()?.first().copied();
    next.ok_or(JsonError::Truncated)
}
