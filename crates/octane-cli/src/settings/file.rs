//! A file with settings.

mod message;

use std::path::{Path, PathBuf};

use octane_results::Position;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::message::{PROFILE, described, expected, instead, unknown_key, unknown_section};
use super::definition::{Definitions, Kind, Section, Setting};
use super::exclude::has_password;
use super::find::Owner;
use super::{Problem, SettingsError};

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
            let message = unknown_section(self.definitions, word);
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
                    let message = unknown_key(self.definitions, section, key.get_ref());
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
        // The scheme of a proxy may be omitted.
        let is_proxy = setting.key == "proxy";
        let is_secret = |value: &String| {
            has_password(value) || is_proxy && has_password(&format!("http://{value}"))
        };
        if values.iter().any(is_secret) {
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

#[cfg(test)]
mod tests;
