//! What is said about mistakes in a file with settings.

use toml::de::DeValue;

use super::super::definition::{Definitions, Kind, Section, Setting, quoted_list};
use super::super::exclude::{Exclusion, exclusion, has_password};
use crate::env;

/// The table of profiles: `[profile.NAME.octane]`.
pub(super) const PROFILE: &str = "profile";

/// What to do with a secret of this name.
pub(super) fn instead(name: &str) -> String {
    let variable = if name.contains("proxy") {
        Some(env::PROXY)
    } else if name.contains("relay") {
        Some(env::RELAY_TOKEN)
    } else if name.contains("pass") {
        Some(env::PASSWORD)
    } else if name.contains("token") {
        Some(env::ACCESS_TOKEN)
    } else {
        None
    };
    if let Some(variable) = variable {
        format!("set {variable} in the environment instead")
    } else {
        let variable = env::CLIENT_SECRET;
        format!("set {variable} in the environment, or use `secret-command` or `secret-file`")
    }
}

/// A table that does not exist.
pub(super) fn unknown_section(definitions: &Definitions, word: &str) -> String {
    // A setting that was written before the first table.
    if let Some(setting) = meant(definitions, word) {
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

/// A key that its table does not have.
pub(super) fn unknown_key(definitions: &Definitions, section: Section, key: &str) -> String {
    if let Some(reason) = refusal(key) {
        return reason;
    }
    let table = section.as_str();
    if let Some(setting) = meant(definitions, key) {
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
    let keys = definitions
        .in_section(section)
        .map(|setting| setting.key.as_str());
    match nearest(key, keys) {
        Some(name) => format!("unknown key `{key}` in `[{table}]`; did you mean `{name}`?"),
        None => format!("unknown key `{key}` in `[{table}]`"),
    }
}

/// The setting that is called so elsewhere, in another spelling, or as an option.
fn meant<'a>(definitions: &'a Definitions, key: &str) -> Option<&'a Setting> {
    let key = key.to_lowercase().replace('_', "-");
    let option = format!("--{key}");
    let mut settings = definitions.iter();
    let is_meant = |setting: &&Setting| {
        setting.key == key || setting.option == option || setting.id.replace('_', "-") == key
    };
    settings.find(is_meant)
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

/// What a value is, with the value where it is short.
pub(super) fn described(value: &DeValue<'_>) -> String {
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

/// What a setting accepts.
pub(super) fn expected(setting: &Setting) -> String {
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
