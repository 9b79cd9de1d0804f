//! Foreign text, made fit to be shown.
//!
//! Names, messages and files come from people, tests and servers. Shown as they are, they could steer a terminal, forge
//! lines of a log, or give commands to the CI system that reads the log. [`clean`] prevents that for one line, whatever
//! the text is and wherever it is shown: a log is often read by a CI system of which the process knows nothing.
//!
//! | in the text | becomes | because of |
//! |---|---|---|
//! | line ends, tabs and all other control characters (C0, DEL, C1) | `\n`, `\t`, `\u{1b}` | terminals, log lines |
//! | characters that change the direction of text, have no width, or separate lines | `\u{202e}` | text that looks like another |
//! | `##vso[`, `##[`, `##teamcity[`, `##` and any other word before `[` | `#\#vso[` | Azure Pipelines, GitHub Actions, `TeamCity` |
//! | `::` at the start of a line; before the name of a command anywhere | `:\:` | GitHub Actions |
//! | `---`, `+++`, `~~~`, `^^^` at the start of a line | `\---` | Buildkite |
//! | `section_start:`, `section_end:` before a digit; `travis_fold:`, `travis_time:` | `section_start\:` | GitLab, Travis CI |

use std::borrow::Cow;

/// The commands of GitHub Actions. Elsewhere in a line `::` is common in names of tests, and harmless.
const GITHUB_COMMANDS: [&str; 16] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "internal-set-repo-path",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// Starts of lines that fold a log of Buildkite.
const BUILDKITE_GROUPS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// Whether a character steers a terminal, breaks a line, changes the direction of text, or cannot be seen.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// One line of text that can be shown anywhere, by the table in the module's documentation. Safe text stays as it is.
///
/// ```
/// use octane_model::clean;
///
/// assert_eq!(clean("shop::cart pays €5"), "shop::cart pays €5");
/// assert_eq!(clean("x\n::set-output name=a::b"), r"x\n:\:set-output name=a::b");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_with(text, |cleaned, character| {
        if is_unsafe(character) {
            cleaned.extend(character.escape_default());
        } else {
            cleaned.push('\\');
            cleaned.push(character);
        }
    })
}

/// The same, with `escape` for every character that must not be shown as it is: each unsafe one, and one of each command
/// of a CI system.
pub fn clean_with(text: &str, mut escape: impl FnMut(&mut String, char)) -> Cow<'_, str> {
    let mut cleaned: Option<String> = None;
    let mut copied = 0;
    let mut line_start = text.len() - text.trim_start().len();
    for (at, character) in text.char_indices() {
        if at == line_start && is_unsafe(character) {
            // What follows an invisible character could still be taken for the start of a line.
            line_start = at + character.len_utf8();
        }
        if is_unsafe(character) || breaks_command(text, at, line_start) {
            let cleaned = cleaned.get_or_insert_with(|| String::with_capacity(text.len() + 16));
            cleaned.push_str(&text[copied..at]);
            escape(cleaned, character);
            copied = at + character.len_utf8();
        }
    }
    match cleaned {
        None => Cow::Borrowed(text),
        Some(mut cleaned) => {
            cleaned.push_str(&text[copied..]);
            Cow::Owned(cleaned)
        }
    }
}

/// Whether the character at a position belongs to a command of a CI system, which does not work once it is escaped.
fn breaks_command(text: &str, at: usize, line_start: usize) -> bool {
    let (before, rest) = text.split_at(at);
    match rest.as_bytes()[0] {
        b'#' if before.ends_with('#') => {
            let word = rest[1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            word.starts_with('[')
        }
        b':' if before.ends_with(':') => {
            let is_start = at == line_start + 1;
            is_start
                || GITHUB_COMMANDS
                    .iter()
                    .any(|name| is_command(&rest[1..], name))
        }
        b':' => {
            let is_digit = || rest[1..].starts_with(|c: char| c.is_ascii_digit());
            let ends = |names: &[&str]| names.iter().any(|name| before.ends_with(name));
            ends(&["travis_fold", "travis_time"])
                || ends(&["section_start", "section_end"]) && is_digit()
        }
        b'-' | b'+' | b'~' | b'^' => {
            at == line_start && BUILDKITE_GROUPS.iter().any(|group| rest.starts_with(group))
        }
        _ => false,
    }
}

fn is_command(text: &str, name: &str) -> bool {
    let is_name = text
        .get(..name.len())
        .is_some_and(|word| word.eq_ignore_ascii_case(name));
    is_name && text[name.len()..].starts_with([' ', ':'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn safe_text_stays_as_it_is() {
        for text in [
            "",
            "Zahlung mit Karte – 5 € 😀",
            "shop::cart::pays",
            "C:\\reports\\a.xml",
            "# one ## two [3] a--b ---",
            "1+++ section_start: now",
        ] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn characters_that_steer_a_terminal_are_shown_as_escapes() {
        assert_eq!(
            clean("a\u{1b}[2J\nb\r\t\u{202e}c é\u{7f}\u{9b}2J"),
            r"a\u{1b}[2J\nb\r\t\u{202e}c é\u{7f}\u{9b}2J"
        );
        assert_eq!(clean("a\u{200b}b\u{2028}c"), r"a\u{200b}b\u{2028}c");
    }

    #[test]
    fn commands_of_every_ci_system_lose_their_effect() {
        for (text, cleaned) in [
            (
                "x ##vso[task.setvariable variable=a]b",
                r"x #\#vso[task.setvariable variable=a]b",
            ),
            ("###[error]x", r"##\#[error]x"),
            (
                "##teamcity[testFailed name='x']",
                r"#\#teamcity[testFailed name='x']",
            ),
            ("  ::stop-commands::x", r"  :\:stop-commands::x"),
            ("::anything::x", r":\:anything::x"),
            (":::set-env name=a::b", r":\:\:set-env name=a::b"),
            (
                "evil\n::Set-Output name=a::b",
                r"evil\n:\:Set-Output name=a::b",
            ),
            ("--- Tests", r"\--- Tests"),
            (" +++ Tests", r" \+++ Tests"),
            ("~~~ Tests", r"\~~~ Tests"),
            ("section_start:1:x", r"section_start\:1:x"),
            ("travis_fold:start:x", r"travis_fold\:start:x"),
            ("\u{200b}::error::x", r"\u{200b}:\:error::x"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn another_escape_can_be_chosen() {
        let text = clean_with("##[x]\n", |text, character| {
            text.push_str(&format!("<{:x}>", u32::from(character)));
        });
        assert_eq!(text, "#<23>[x]<a>");
    }

    /// Texts made of what commands consist of.
    fn hostile() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            prop::sample::select(vec![
                "#",
                "##",
                "vso",
                "teamcity",
                "[",
                "::",
                ":",
                "error",
                "group",
                " ",
                "\n",
                "\r",
                "\t",
                "\u{1b}[0K",
                "---",
                "+++",
                "~~~",
                "section_start",
                "travis_fold",
                "1",
                "x",
                "\u{200b}",
                "\u{85}",
                "\\",
            ])
            .prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_control_character_and_no_command_is_left_whatever_the_text(text in hostile()) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.chars().any(is_unsafe), "{cleaned:?}");
            let lower = cleaned.to_lowercase();
            for command in ["##[", "##vso[", "##teamcity[", "::error::", "::group ", "travis_fold:", "section_start:1"] {
                prop_assert!(!lower.contains(command), "{cleaned:?}");
            }
            for start in ["::", "---", "+++", "~~~", "^^^"] {
                prop_assert!(!cleaned.trim_start().starts_with(start), "{cleaned:?}");
            }
            prop_assert_eq!(clean(&cleaned), &*cleaned, "cleaning twice changes nothing");
        }
    }
}
