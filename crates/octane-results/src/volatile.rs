//! What differs from run to run: addresses, temporary paths, hashes, times.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::position;

/// A kind of text that differs from run to run, and so makes each run of a test a new test.
///
/// | word | what is replaced | by |
/// |---|---|---|
/// | `paths` | paths of temporary files: below `/tmp`, `/var/tmp`, `/var/folders`, `/dev/shm`, or a Windows folder called `Temp` | `<path>` |
/// | `addresses` | `0x` and at least six hexadecimal digits | `<address>` |
/// | `hashes` | UUIDs, and hexadecimal words of at least eight digits, three of them decimal and one a letter | `<hash>` |
/// | `times` | dates and times such as `2026-11-28`, `2026-11-28T05:00:00Z`, `20261128_050000`, `05:00:00`, and seconds or milliseconds of this century since 1970 | `<time>` |
///
/// A word that is part of a longer one, as in `test0x123456`, is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volatile {
    /// Paths of temporary files.
    Paths,
    /// Memory addresses.
    Addresses,
    /// Digests and UUIDs.
    Hashes,
    /// Dates and times.
    Times,
}

/// A word that is not one of [`Volatile::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of `addresses`, `paths`, `times` and `hashes`")]
pub struct UnknownVolatile {
    /// The word.
    pub word: String,
}

impl Volatile {
    /// All kinds, in the order in which they are replaced.
    pub const ALL: [Self; 4] = [Self::Paths, Self::Addresses, Self::Hashes, Self::Times];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paths => "paths",
            Self::Addresses => "addresses",
            Self::Hashes => "hashes",
            Self::Times => "times",
        }
    }

    /// What is in the place of what was removed.
    fn placeholder(self) -> &'static str {
        match self {
            Self::Paths => "<path>",
            Self::Addresses => "<address>",
            Self::Hashes => "<hash>",
            Self::Times => "<time>",
        }
    }

    fn pattern(self) -> Option<&'static Regex> {
        // The patterns are constant; a test compiles them all.
        static PATTERNS: LazyLock<[Option<Regex>; 4]> =
            LazyLock::new(|| [PATH, ADDRESS, HASH, TIME].map(|pattern| Regex::new(pattern).ok()));
        PATTERNS[self as usize].as_ref()
    }

    /// `text` with what differs from run to run replaced.
    #[must_use]
    pub fn replace(self, text: &str) -> Cow<'_, str> {
        if !Hints::of(text).may_have(self) {
            return Cow::Borrowed(text);
        }
        let Some(pattern) = self.pattern() else {
            return Cow::Borrowed(text);
        };
        let mut replaced = String::new();
        let mut end = 0;
        for found in pattern.find_iter(text) {
            let before = text[..found.start()].chars().next_back();
            let after = text[found.end()..].chars().next();
            let is_whole = [before, after]
                .into_iter()
                .all(|char| char.is_none_or(|char| self.is_border(char)));
            if is_whole && (self != Self::Hashes || is_hash(found.as_str())) {
                replaced.push_str(&text[end..found.start()]);
                replaced.push_str(self.placeholder());
                end = found.end();
            }
        }
        if end == 0 {
            return Cow::Borrowed(text);
        }
        replaced.push_str(&text[end..]);
        Cow::Owned(replaced)
    }

    /// Whether `char` is not part of the same word.
    fn is_border(self, char: char) -> bool {
        match self {
            Self::Times => !char.is_alphanumeric() && char != ':',
            _ => !char.is_alphanumeric(),
        }
    }
}

/// What a text may have, by a look at its bytes that is much faster than the patterns.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    kinds: [bool; Volatile::ALL.len()],
    /// The longest sequence of digits.
    pub(crate) digits: usize,
}

impl Hints {
    pub(crate) fn of(text: &str) -> Self {
        // Each kind has digits, separators of paths or hyphens, which most names lack.
        let has_some = |byte: u8| {
            (byte.wrapping_sub(b'0') < 10) | (byte == b'/') | (byte == b'\\') | (byte == b'-')
        };
        if position(text.as_bytes(), has_some).is_none() {
            return Self::default();
        }
        let [mut paths, mut addresses, mut hashes, mut times] = [false; 4];
        let [mut digits, mut hexadecimal, mut digits_max] = [0_usize; 3];
        let mut before = [b' '; 2];
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => (digits, hexadecimal) = (digits + 1, hexadecimal + 1),
                b'a'..=b'f' | b'A'..=b'F' => (digits, hexadecimal) = (0, hexadecimal + 1),
                other => {
                    match other {
                        b'/' | b'\\' => paths |= may_end_folder(before),
                        b'x' | b'X' => addresses |= before[1] == b'0',
                        b'-' => times |= digits >= 4,
                        b':' => times |= digits >= 2,
                        _ => {}
                    }
                    (digits, hexadecimal) = (0, 0);
                }
            }
            digits_max = digits_max.max(digits);
            hashes |= hexadecimal >= 8;
            before = [before[1], byte];
        }
        times |= digits_max >= 8;
        Self {
            kinds: [paths, addresses, hashes, times],
            digits: digits_max,
        }
    }

    pub(crate) fn may_have(self, kind: Volatile) -> bool {
        self.kinds[kind as usize]
    }
}

/// Whether the name of a folder of temporary files may end like this: `temp`, `tmp`, `shm` or `folders` in any case, and in any
/// letters that are equal to those without their case.
fn may_end_folder(end: [u8; 2]) -> bool {
    matches!(
        &end.map(|byte| byte.to_ascii_lowercase()),
        b"mp" | b"hm" | b"rs"
    ) || !end[1].is_ascii()
}

const PATH: &str = r#"(?i)(?:(?:/private)?/(?:tmp|var/tmp|var/folders|dev/shm)|(?:[a-z]:)?[/\\](?:[^/\\\s\[\](){}<>"',;|:*?]+[/\\])*?temp)[/\\][^\s\[\](){}<>"',;|]+"#;
const ADDRESS: &str = "0[xX][0-9a-fA-F]{6,16}";
const HASH: &str = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{8,128}";
const TIME: &str = r"(?x)
    (?:19|20)(?-u:\d\d-[01]\d-[0-3]\d
        (?:[T\ _][012]\d[:.-]?[0-5]\d(?:[:.-]?[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?:19|20)(?-u:\d\d[01]\d[0-3]\d (?:[T_-]?[012]\d[0-5]\d(?:[0-5]\d(?:[.,]?\d{1,9})?)?Z?)?)
    | (?-u:[012]\d:[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?)
    | 1[0-9]{9}(?:[0-9]{3})?(?-u:\.\d{1,9})?";

/// Whether a hexadecimal word is more likely a digest than a word or a number.
fn is_hash(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.contains('-') || digits >= 3 && digits < word.len()
}

impl fmt::Display for Volatile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Volatile {
    type Err = UnknownVolatile;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        let known = all.find(|known| known.as_str().eq_ignore_ascii_case(word.trim()));
        known.ok_or_else(|| UnknownVolatile {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced_by_a_word() {
        use Volatile::{Addresses, Hashes, Paths, Times};
        for (kind, text, expected) in [
            (Addresses, "t[<o at 0x7f3a5c00d2e0>]", "t[<o at <address>>]"),
            (Addresses, "t[0xff]", "t[0xff]"),
            (Addresses, "test0x123456", "test0x123456"),
            (Addresses, "a-0x123456-0x654321", "a-<address>-<address>"),
            (Paths, "t[/tmp/pytest-of-ci/pytest-12/a.csv-1]", "t[<path>]"),
            (Paths, "t[/tmp/a, /tmp/b]", "t[<path>, <path>]"),
            (
                Paths,
                "opens '/private/var/folders/x9/T/a b'",
                "opens '<path> b'",
            ),
            (
                Paths,
                r"t[C:\Users\ci\AppData\Local\Temp\tmp8a\x.db]",
                "t[<path>]",
            ),
            (Paths, "t[C:/Users/ci/AppData/Local/Temp/x]", "t[<path>]"),
            (
                Paths,
                "t[/home/ci/temperature/x]",
                "t[/home/ci/temperature/x]",
            ),
            (Paths, "t[/tmp]", "t[/tmp]"),
            (Paths, "t[src/tmp/a.rs]", "t[src/tmp/a.rs]"),
            (Hashes, "t[5d41402abc4b2a76b9719d911017c592]", "t[<hash>]"),
            (
                Hashes,
                "t[f81d4fae-7dec-11d0-a765-00a0c91e6bf6]",
                "t[<hash>]",
            ),
            (Hashes, "rev a3f09b1c", "rev <hash>"),
            (
                Hashes,
                "deadbeef defaced1 12345678",
                "deadbeef defaced1 12345678",
            ),
            (Times, "t[2026-11-28]", "t[<time>]"),
            (Times, "t[2026-11-28T05:00:00.123Z]", "t[<time>]"),
            (Times, "t[2026-11-28 05:00:00+01:00]", "t[<time>]"),
            (Times, "run_20261128_050000", "run_<time>"),
            (Times, "at 05:00:00", "at <time>"),
            (Times, "t[1795842000123]", "t[<time>]"),
            (Times, "t[1234567] v1.2.3 2026", "t[1234567] v1.2.3 2026"),
            (Times, "x2026-11-28", "x2026-11-28"),
        ] {
            assert_eq!(kind.replace(text), expected, "{kind}");
        }
    }

    proptest! {
        #[test]
        fn a_quick_look_misses_nothing(
            text in "(/tmp/|/var/|Temp|temp\\\\|0x|[a-f]{2,8}|[0-9]{1,9}|abcdefab-abcd-abcd-abcd-abcdefabcdef|[-:/ _.x\u{17f}])*"
        ) {
            for kind in Volatile::ALL {
                let is_wanted = |word: &str| kind != Volatile::Hashes || is_hash(word);
                let mut found = kind.pattern().unwrap().find_iter(&text);
                if found.any(|found| is_wanted(found.as_str())) {
                    prop_assert!(Hints::of(&text).may_have(kind), "{}", kind);
                }
            }
        }
    }

    #[test]
    fn words_are_read_back() {
        for kind in Volatile::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert!(kind.pattern().is_some(), "{kind}");
        }
        let error = "dates".parse::<Volatile>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`dates` is not one of `addresses`, `paths`, `times` and `hashes`"
        );
    }
}
