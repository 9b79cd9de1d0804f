//! A file with settings.

use std::path::{Path, PathBuf};

use octane_results::Position;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::definition::{Definitions, Kind, Section, Setting, quoted_list};
use super::exclude::{Exclusion, exclusion, has_password};
use super::find::Owner;
use super::{Problem, SettingsError};
use crate::env;

/// The table of profiles: `[profile.NAME.octane]`.
const PROFILE: &str = "profile";

/// What to do with a secret of this name.
fn instead(name: &str) -> String {
    if name.contains("pass") {
        format!("set {} in the environment instead", env::PASSWORD)
    } else if name.contains("token") {
        format!("set {} in the environment instead", env::ACCESS_TOKEN)
    } else {
        let variable = env::CLIENT_SECRET;
        format!("set {variable} in the environment, or use `secret-command` or `secret-file`")
    }
}

/// A file with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsFile {
    pub(crate) owner: Owner,
    pub(crate) path: PathBuf,
    pub(crate) entries: Vec<Entry>,
    /// The names of all profiles.
    pub(crate) profiles: Vec<String>,
}

/// A setting in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The ID of the setting.
    pub(crate) id: String,
    /// The profile that it belongs to.
    pub(crate) profile: Option<String>,
    /// Its values as they would be typed; `true` or `false` for a flag.
    pub(crate) values: Vec<String>,
    pub(crate) at: Position,
}

impl SettingsFile {
    /// Reads a file. All that is wrong with it is found at once.
    pub(crate) fn read(
        owner: Owner,
        path: &Path,
        definitions: &Definitions,
    ) -> Result<Self, SettingsError> {
        let unreadable = |reason: String| SettingsError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        Self::parse(owner, path, &text, definitions)
    }

    /// Parses the text of a file.
    pub(crate) fn parse(
        owner: Owner,
        path: &Path,
        text: &str,
        definitions: &Definitions,
    ) -> Result<Self, SettingsError> {
        let mut reader = Reader {
            text,
            file: path.display().to_string(),
            definitions,
            entries: Vec::new(),
            profiles: Vec::new(),
            problems: Vec::new(),
        };
        match DeTable::parse(text) {
            Ok(document) => reader.document(document.get_ref()),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                reader.problem(start, error.message().to_owned());
            }
        }
        let Reader {
            mut entries,
            profiles,
            mut problems,
            ..
        } = reader;
        if !problems.is_empty() {
            problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
            return Err(SettingsError::Invalid(problems));
        }
        entries.sort_by_key(|entry| (entry.at.line, entry.at.column));
        Ok(Self {
            owner,
            path: path.to_owned(),
            entries,
            profiles,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    file: String,
    definitions: &'a Definitions,
    entries: Vec<Entry>,
    profiles: Vec<String>,
    problems: Vec<Problem>,
}

type Key<'k, 'i> = &'k Spanned<std::borrow::Cow<'i, str>>;

impl Reader<'_> {
    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .chars()
            .rev()
            .take_while(|char| *char != '\n')
            .count()
            + 1;
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Position::new(self.file.as_str(), number(line)).column(Some(number(column)))
    }

    fn problem(&mut self, offset: usize, message: String) {
        let at = self.position(offset);
        self.problems.push(Problem { at, message });
    }

    fn document(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            if name.get_ref() != PROFILE {
                self.section(name, value, None);
                continue;
            }
            let Some(profiles) = value.get_ref().as_table() else {
                self.wrong_type(
                    value,
                    "`profile`",
                    "a table of profiles such as `[profile.staging.octane]`",
                );
                continue;
            };
            for (name, sections) in profiles {
                let profile = name.get_ref().as_ref();
                let Some(sections) = sections.get_ref().as_table() else {
                    let what = format!("`profile.{profile}`");
                    self.wrong_type(
                        sections,
                        &what,
                        &format!("a table such as `[profile.{profile}.octane]`"),
                    );
                    continue;
                };
                self.profiles.push(profile.to_owned());
                for (name, value) in sections {
                    self.section(name, value, Some(profile));
                }
            }
        }
    }

    fn section(&mut self, name: Key<'_, '_>, value: &Spanned<DeValue<'_>>, profile: Option<&str>) {
        let word = name.get_ref().as_ref();
        let Some(section) = Section::ALL
            .into_iter()
            .find(|section| section.as_str() == word)
        else {
            let message = self.unknown_section(word);
            self.problem(name.span().start, message);
            return;
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, &format!("`{word}`"), &format!("a table: `[{word}]`"));
            return;
        };
        for (key, value) in table {
            match self.definitions.get(section, key.get_ref()) {
                Some(setting) => self.setting(setting, key, value, profile),
                None => {
                    let message = self.unknown_key(section, key.get_ref());
                    self.problem(key.span().start, message);
                }
            }
        }
    }

    fn setting(
        &mut self,
        setting: &Setting,
        key: Key<'_, '_>,
        value: &Spanned<DeValue<'_>>,
        profile: Option<&str>,
    ) {
        let values = match values(setting, value) {
            Ok(values) => values,
            Err(wrong) => {
                let what = format!("`{}`", setting.name());
                self.wrong_type(wrong, &what, &expected(setting));
                return;
            }
        };
        if values.iter().any(|value| has_password(value)) {
            // Without the value.
            let message = format!(
                "`{}` contains a password, and secrets do not belong in this file; {}",
                setting.name(),
                instead(&setting.key)
            );
            self.problem(value.span().start, message);
            return;
        }
        if let Err(reason) = setting.check(&values) {
            self.problem(
                value.span().start,
                format!("`{}`: {reason}", setting.name()),
            );
            return;
        }
        self.entries.push(Entry {
            id: setting.id.clone(),
            profile: profile.map(str::to_owned),
            values,
            at: self.position(key.span().start),
        });
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, what: &str, expected: &str) {
        let message = format!(
            "{what} is {}; expected {expected}",
            described(value.get_ref())
        );
        self.problem(value.span().start, message);
    }

    fn unknown_section(&self, word: &str) -> String {
        // A setting that was written before the first table.
        if let Some(setting) = self.meant(word) {
            return format!(
                "`{word}` is not in a table; write it below `[{}]`",
                setting.section.as_str()
            );
        }
        if let Some(reason) = refusal(word) {
            return reason;
        }
        let names = Section::ALL.map(Section::as_str);
        match nearest(word, names.into_iter().chain([PROFILE])) {
            Some(name) => format!("unknown table `{word}`; did you mean `{name}`?"),
            None => format!(
                "unknown table `{word}`; known: {}",
                quoted_list(names.into_iter().chain([PROFILE]))
            ),
        }
    }

    fn unknown_key(&self, section: Section, key: &str) -> String {
        if let Some(reason) = refusal(key) {
            return reason;
        }
        let table = section.as_str();
        if let Some(setting) = self.meant(key) {
            return if setting.section == section {
                format!(
                    "unknown key `{key}` in `[{table}]`; did you mean `{}`?",
                    setting.key
                )
            } else {
                format!(
                    "`{key}` does not belong in `[{table}]`; it is `{}` in `[{}]`",
                    setting.key,
                    setting.section.as_str()
                )
            };
        }
        let keys = self
            .definitions
            .in_section(section)
            .map(|setting| setting.key.as_str());
        match nearest(key, keys) {
            Some(name) => format!("unknown key `{key}` in `[{table}]`; did you mean `{name}`?"),
            None => format!("unknown key `{key}` in `[{table}]`"),
        }
    }

    /// The setting that is called so elsewhere, in another spelling, or as an option.
    fn meant(&self, key: &str) -> Option<&Setting> {
        let key = key.to_lowercase().replace('_', "-");
        let option = format!("--{key}");
        let mut settings = self.definitions.iter();
        let is_meant = |setting: &&Setting| {
            setting.key == key || setting.option == option || setting.id.replace('_', "-") == key
        };
        settings.find(is_meant)
    }
}

/// Why this may not be set in a file.
fn refusal(key: &str) -> Option<String> {
    let name = key.to_lowercase().replace('_', "-");
    match exclusion(&name)? {
        Exclusion::Secret => Some(format!(
            "`{key}` is a secret, and secrets do not belong in this file; {}",
            instead(&name)
        )),
        Exclusion::EachTime(reason) => {
            Some(format!("`{key}` cannot be set in a file, because {reason}"))
        }
    }
}

/// The name that was probably meant.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = names.map(|name| (strsim::osa_distance(word, name), name));
    let near = distances.filter(|(distance, name)| *distance <= 1 + name.len() / 4);
    near.min().map(|(_, name)| name)
}

/// The values as they would be typed; otherwise what has the wrong type.
fn values<'v, 'i>(
    setting: &Setting,
    value: &'v Spanned<DeValue<'i>>,
) -> Result<Vec<String>, &'v Spanned<DeValue<'i>>> {
    match value.get_ref().as_array() {
        Some(items) if setting.is_list => {
            let items = items.iter();
            items.map(|item| scalar(setting, item)).collect()
        }
        _ => Ok(vec![scalar(setting, value)?]),
    }
}

fn scalar<'v, 'i>(
    setting: &Setting,
    value: &'v Spanned<DeValue<'i>>,
) -> Result<String, &'v Spanned<DeValue<'i>>> {
    let text = match (&setting.kind, value.get_ref()) {
        (Kind::Flag, DeValue::Boolean(flag)) => Some(flag.to_string()),
        (Kind::Integer | Kind::TextOrInteger, DeValue::Integer(number)) => {
            let number = i128::from_str_radix(number.as_str(), number.radix()).ok();
            number.map(|number| number.to_string())
        }
        (Kind::Text | Kind::TextOrInteger | Kind::Choice(_), DeValue::String(text)) => {
            Some(text.to_string())
        }
        _ => None,
    };
    text.ok_or(value)
}

/// What a value is, with the value where it is short.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if has_password(text) => "a text".to_owned(),
        DeValue::String(text) => format!("the text `{text}`"),
        DeValue::Integer(number) => format!("the number `{number}`"),
        DeValue::Float(number) => format!("the number `{number}`"),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(time) => format!("the date `{time}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn expected(setting: &Setting) -> String {
    let one = match &setting.kind {
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Integer => "a whole number".to_owned(),
        Kind::Choice(words) => format!("one of {}", quoted_list(words.iter().map(String::as_str))),
        Kind::Text => "a text in quotes".to_owned(),
        Kind::TextOrInteger => "a text in quotes or a whole number".to_owned(),
    };
    if setting.is_list {
        format!("{one}, or a list of them")
    } else {
        one
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    fn parse(text: &str) -> Result<SettingsFile, SettingsError> {
        let definitions = Definitions::of(&Args::command());
        SettingsFile::parse(Owner::Project, Path::new("octane.toml"), text, &definitions)
    }

    /// All problems of a file.
    fn problems(text: &str) -> Vec<String> {
        match parse(text) {
            Err(SettingsError::Invalid(problems)) => {
                problems.iter().map(ToString::to_string).collect()
            }
            other => panic!("no problems: {other:?}"),
        }
    }

    #[test]
    fn the_file_of_the_documentation_is_read_with_its_lines() {
        let file = parse(
            r#"# safe to commit
[octane]
url = "https://octane.example.com/ui/?p=1001/1002"
space = 1001
deadline = 600

[upload]
paths = ["**/TEST-*.xml", "more/"]
create = "missing"
tags = "OS:Linux"
skip-errors = true
batch-size = 1_000

[jira]
from = ["property:jira", "name"]

[profile.staging.octane]
url = "https://stage.example.com"
"#,
        );
        let file = file.unwrap();
        let entries = file.entries.iter().map(|entry| {
            let profile = entry.profile.as_deref().unwrap_or("-");
            format!(
                "{} {profile} {} {}",
                entry.at.line,
                entry.id,
                entry.values.join("|")
            )
        });
        let entries: Vec<String> = entries.collect();
        insta::assert_snapshot!(entries.join("\n"), @r#"
        3 - url https://octane.example.com/ui/?p=1001/1002
        4 - space 1001
        5 - deadline 600
        8 - paths **/TEST-*.xml|more/
        9 - create missing
        10 - tags OS:Linux
        11 - skip_errors true
        12 - batch_size 1000
        15 - jira_from property:jira|name
        18 staging url https://stage.example.com
        "#);
        assert_eq!(file.profiles, ["staging"]);
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_known_one() {
        insta::assert_snapshot!(problems("[octane]\nulr = 'x'\nclient_id = 'x'\nsuite = 'x'\nzzz = 1\n\n[upload]\n  jira-field = 'x'\ntag = []\n[uplaod]\n").join("\n"), @r#"
        octane.toml:2:1: unknown key `ulr` in `[octane]`; did you mean `url`?
        octane.toml:3:1: unknown key `client_id` in `[octane]`; did you mean `client-id`?
        octane.toml:4:1: `suite` does not belong in `[octane]`; it is `suite` in `[upload]`
        octane.toml:5:1: unknown key `zzz` in `[octane]`
        octane.toml:8:3: `jira-field` does not belong in `[upload]`; it is `field` in `[jira]`
        octane.toml:9:1: unknown key `tag` in `[upload]`; did you mean `tags`?
        octane.toml:10:2: unknown table `uplaod`; did you mean `upload`?
        "#);
    }

    #[test]
    fn a_setting_outside_of_a_table_is_told_where_it_belongs() {
        insta::assert_snapshot!(problems("url = 'x'\nsecret = 'hush'\n").join("\n"), @r#"
        octane.toml:1:1: `url` is not in a table; write it below `[octane]`
        octane.toml:2:1: `secret` is a secret, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
        "#);
    }

    #[test]
    fn a_value_of_another_type_is_shown_with_what_is_expected() {
        insta::assert_snapshot!(problems("[octane]\nurl = 5\nconcurrency = '4'\n[upload]\nskip-errors = 'yes'\ncreate = true\npaths = [1]\nsuite = ['a', 'b']\nbatch-size = 1.5\n[jira]\nfield = 2026-01-01\n[profile]\nx = 1\n").join("\n"), @r#"
        octane.toml:2:7: `octane.url` is the number `5`; expected a text in quotes
        octane.toml:3:15: `octane.concurrency` is the text `4`; expected a whole number
        octane.toml:5:15: `upload.skip-errors` is the text `yes`; expected `true` or `false`
        octane.toml:6:10: `upload.create` is `true`; expected one of `ask`, `never`, `missing`
        octane.toml:7:10: `upload.paths` is the number `1`; expected a text in quotes, or a list of them
        octane.toml:8:9: `upload.suite` is a list; expected a text in quotes or a whole number
        octane.toml:9:14: `upload.batch-size` is the number `1.5`; expected a whole number
        octane.toml:11:9: `jira.field` is the date `2026-01-01`; expected a text in quotes
        octane.toml:13:5: `profile.x` is the number `1`; expected a table such as `[profile.x.octane]`
        "#);
    }

    #[test]
    fn a_value_that_its_option_does_not_accept_is_an_error() {
        insta::assert_snapshot!(problems("[octane]\ndeadline = 'soon'\nconcurrency = 0\nrate = 'fast'\n[upload]\ncreate = 'maybe'\n[jira]\npattern = '('\n").join("\n"), @r#"
        octane.toml:2:12: `octane.deadline`: `soon`: not a duration; for example: `30s`, `5m` or `1h 30m`; a number alone is in seconds
        octane.toml:3:15: `octane.concurrency`: `0`: 0 is not in 1..=65535
        octane.toml:4:8: `octane.rate`: `fast`: expected a number from 1 to 1000, or `off`
        octane.toml:6:10: `upload.create`: `maybe` is not one of `ask`, `never`, `missing`
        octane.toml:8:11: `jira.pattern`: `(`: regex parse error: ( ^ error: unclosed group
        "#);
    }

    #[test]
    fn a_secret_is_refused_without_being_shown() {
        let found = problems("[octane]\nclient-secret = 'hush-1'\npassword = 'hush-2'\nurl = 'https://ci:hush-3@octane.example'\n[profile.x.octane]\naccess_token = 'hush-4'\n").join("\n");
        assert!(!found.contains("hush"), "{found}");
        insta::assert_snapshot!(found, @r#"
        octane.toml:2:1: `client-secret` is a secret, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
        octane.toml:3:1: `password` is a secret, and secrets do not belong in this file; set OCTANE_PASSWORD in the environment instead
        octane.toml:4:7: `octane.url` contains a password, and secrets do not belong in this file; set OCTANE_CLIENT_SECRET in the environment, or use `secret-command` or `secret-file`
        octane.toml:6:1: `access_token` is a secret, and secrets do not belong in this file; set OCTANE_ACCESS_TOKEN in the environment instead
        "#);
    }

    #[test]
    fn what_has_to_be_asked_for_each_time_is_refused_with_the_reason() {
        insta::assert_snapshot!(
            problems("[octane]\ninsecure = true\nsandbox = true\n[upload]\nyes = true\n")
                .join("\n"), @r#"
        octane.toml:2:1: `insecure` cannot be set in a file, because a server whose certificate is not checked can be anyone
        octane.toml:3:1: `sandbox` cannot be set in a file, because results would go to the sandbox, and no one would notice
        octane.toml:5:1: `yes` cannot be set in a file, because `create = "missing"` says the same
        "#);
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let found = problems("[octane]\nurl = \n");
        assert!(found[0].starts_with("octane.toml:2:"), "{found:?}");
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let found = problems("[upload]\n\"ä\" = 1\nsuite = 'ä'\nmodule = true\n");
        assert!(found[0].starts_with("octane.toml:2:1: "), "{found:?}");
        assert!(found[1].starts_with("octane.toml:4:10: "), "{found:?}");
    }
}
