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

/// The name that some tools, such as lab and busted, write after the directive: `# SKIP pays`.
pub(super) fn name_behind(text: &str) -> Option<&str> {
    let name = text
        .trim()
        .strip_prefix('#')?
        .trim_start()
        .strip_prefix("SKIP")?;
    name.starts_with(' ').then(|| name.trim())
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
        if word("timeout").is_some() || said.starts_with("exit=") {
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
