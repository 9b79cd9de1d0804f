//! What follows the name of a test point: directives and times.

use crate::read::report::Took;

/// What is said after the name.
#[derive(Debug, Default)]
pub(super) enum Directive {
    #[default]
    None,
    /// With the reason.
    Skip(String),
    /// With the reason.
    Todo(String),
}

impl Directive {
    /// Its reason, if there is one. Mocha writes a dash.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Skip(reason) | Self::Todo(reason) => {
                Some(&**reason).filter(|reason| !matches!(*reason, "" | "-"))
            }
        }
    }
}

/// The places of each `#` that begins something.
fn hashes(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    text.match_indices('#').map(|(at, _)| at).filter(|at| {
        let before = &text[..*at];
        before.is_empty() || before.ends_with([' ', '\t'])
    })
}

/// Cuts off the time that some tools write at the end: `# time=1.5ms`, `# in 12 ms`.
pub(super) fn without_time(text: &str) -> (&str, Took) {
    let found = hashes(text).next_back().and_then(|at| {
        let said = text[at + 1..].trim();
        let time = (said.strip_prefix("time=")).or_else(|| said.strip_prefix("in "))?;
        let digits = time
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let number = time[..digits].to_owned();
        let took = match time[digits..].trim() {
            _ if digits == 0 => return None,
            "ms" => Took::Milliseconds(number),
            "s" | "sec" => Took::Seconds(number),
            _ => return None,
        };
        Some((text[..at].trim_end(), took))
    });
    found
        .or_else(|| without_seconds(text))
        .unwrap_or((text, Took::Unknown))
}

/// Cuts off the time that Criterion writes after two spaces: `  (0.11s)`.
fn without_seconds(text: &str) -> Option<(&str, Took)> {
    let (name, time) = text.strip_suffix("s)")?.rsplit_once("  (")?;
    let (seconds, hundredths) = time.split_once('.')?;
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = is_number(seconds) && is_number(hundredths) && hundredths.len() == 2;
    is_time.then(|| (name.trim_end(), Took::Seconds(time.to_owned())))
}

/// The name without the time that Bats writes after it up to version 1.8, as in `pays in 12ms`, and the time.
pub(super) fn without_time_of_bats(name: &str) -> Option<(&str, Took)> {
    let (name, time) = name.rsplit_once(" in ")?;
    let digits = time.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = time.split_at(digits);
    let took = match unit {
        _ if digits == 0 => return None,
        "ms" => Took::Milliseconds(number.to_owned()),
        "sec" => Took::Seconds(number.to_owned()),
        _ => return None,
    };
    Some((name, took))
}

/// The name without the time that testem writes after the browser, as in `Chrome - [5 ms] - pays`, and the time.
pub(super) fn without_time_inside(name: &str) -> Option<(String, Took)> {
    let (browser, rest) = name.split_once(" - [")?;
    let (time, test) = rest.split_once(" ms] - ")?;
    let is_number = || {
        let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        !time.is_empty() && time.bytes().all(digits)
    };
    let took = match time {
        "undefined" => Took::Unknown,
        _ if is_number() => Took::Milliseconds(time.to_owned()),
        _ => return None,
    };
    Some((format!("{browser} - {test}"), took))
}

/// Cuts off `# SKIP reason` and `# TODO reason`, and what the tests of Linux write there.
pub(super) fn without_directive(text: &str) -> (&str, Directive) {
    for at in hashes(text) {
        let said = text[at + 1..].trim();
        let word = |word| {
            let rest = without_prefix(said, word)?;
            let is_whole = !rest.starts_with(|char: char| char.is_alphanumeric() || char == '_');
            is_whole.then(|| rest.trim_start_matches([':', ' ', '\t']))
        };
        if let Some(reason) =
            (word("skip").or_else(|| word("skipped"))).or_else(|| word("skipping"))
        {
            return (&text[..at], Directive::Skip(unescaped(reason)));
        }
        if let Some(reason) = word("todo").or_else(|| word("xfail")) {
            return (&text[..at], Directive::Todo(unescaped(reason)));
        }
        // Avocado writes the last one.
        if word("timeout").is_some()
            || said.starts_with("exit=")
            || said == "Warnings were printed into warn log"
        {
            return (&text[..at], Directive::None);
        }
    }
    (text, Directive::None)
}

/// Whether a line ends in the beginning of `# SKIP` or `# TODO`.
pub(super) fn is_directive_cut_off(line: &str) -> bool {
    let line = line.trim_end();
    hashes(line).next_back().is_some_and(|at| {
        let said = line[at + 1..].trim_start();
        let begins = |word: &str| without_prefix(word, said).is_some_and(|rest| !rest.is_empty());
        begins("skip") || begins("todo")
    })
}

/// What follows after `prefix`, in any case.
pub(super) fn without_prefix<'l>(line: &'l str, prefix: &str) -> Option<&'l str> {
    let (start, rest) = line.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A text without the backslashes before `#` and `\`.
pub(super) fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let escaped = chars.next_if(|next| char == '\\' && matches!(next, '#' | '\\'));
        unescaped.push(escaped.unwrap_or(char));
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use crate::read::report::listing::listing;

    fn shown(stream: &str) -> String {
        listing("in.tap", stream)
    }

    #[test]
    fn the_time_of_bats_is_not_part_of_the_name() {
        let stream =
            "1..3\nok 1 passes in 11ms\nok 2 skips in 14ms # skip why\nok 3 waits in 2sec\n";
        insta::assert_snapshot!(shown(stream), @"
        2: passes = Passed 11ms
        3: skips = Skipped 14ms (why)
        4: waits = Passed 2s
        ");
        // Names of tests.
        for stream in [
            "1..2\nok 1 adds\nok 2 answers in 11ms\n",
            "1..1\nok 1 - answers in 11ms\n",
            "TAP version 13\n1..1\nok 1 answers in 11ms\n",
            "ok 1 answers in 11ms\n1..1\n",
        ] {
            let found = shown(stream);
            assert!(found.contains("answers in 11ms = Passed"), "{found}");
        }
    }

    #[test]
    fn a_test_without_a_name_is_called_by_its_directive_or_subtest() {
        insta::assert_snapshot!(shown("1..5\nok 1 # skip why\nok 2 # SKIP why not\nnot ok 3 # TODO (3) later\nok 4 # SKIP -\nok 5\n"), @"
        2: why = Skipped (why)
        3: why not = Skipped (why not)
        4: (3) later = Skipped ((3) later)
        5: test 4 = Skipped
        6: test 5 = Passed
        ");
        let subtest = "# Subtest: e\n    1..0 # SKIP no network\nok 1 # skip no network\n# Subtest: f\nok 2\n1..2\n";
        insta::assert_snapshot!(shown(subtest), @"
        3: e = Skipped (no network)
        5: f = Passed
        ");
    }

    #[test]
    fn a_comment_of_avocado_is_not_part_of_the_name() {
        let warned = "1..1\nok 1 av.py:A.test_e  # Warnings were printed into warn log\n";
        assert!(
            shown(warned).ends_with("2: av.py:A.test_e = Passed"),
            "{}",
            shown(warned)
        );
    }
}
