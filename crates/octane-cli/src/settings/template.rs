//! A file with all settings, to be edited.

use super::definition::{Definitions, Kind, Section, Setting};

/// How long lines are.
const WIDTH: usize = 110;

const HEAD: &str = "\
# Settings of the program `octane`, for this directory and those below it.
# Secrets do not belong in here, so that the file can be committed.
#
# What is typed wins, then variables of the environment, then this file.
# `octane config show --origin` shows which value counts, and where it comes from.
";

const PROFILES: &str = "\
# Settings that count with `--profile staging` or OCTANE_PROFILE=staging.
#[profile.staging.octane]
#url = \"https://octane-staging.example.com/ui/?p=1001/2002\"
";

/// The text of the file, with these values set and everything else commented out.
pub(crate) fn text(definitions: &Definitions, values: &[(&str, String)]) -> String {
    let mut text = HEAD.to_owned();
    for section in Section::ALL {
        text.push_str(&format!(
            "\n# {}\n[{}]\n",
            section.meaning(),
            section.as_str()
        ));
        for setting in definitions.in_section(section) {
            text.push('\n');
            for line in wrapped(&setting.description()) {
                text.push_str(&format!("# {line}\n"));
            }
            match values.iter().find(|(id, _)| *id == setting.id) {
                Some((_, value)) => {
                    text.push_str(&format!("{} = {}\n", setting.key, quoted(value)));
                }
                None => text.push_str(&format!("#{} = {}\n", setting.key, example(setting))),
            }
        }
    }
    text.push('\n');
    text.push_str(PROFILES);
    text
}

/// A value of the right type: a typical one, the default where it is a value, or what the help calls the value.
fn example(setting: &Setting) -> String {
    let default = setting.default.clone();
    let default = default.filter(|default| setting.check(std::slice::from_ref(default)).is_ok());
    let typical = typical(&setting.key).map(str::to_owned);
    let one = match &setting.kind {
        Kind::Flag => "false".to_owned(),
        Kind::Integer => typical.or(default).unwrap_or_else(|| "1001".to_owned()),
        Kind::Choice(words) => quoted(
            default
                .as_deref()
                .or(words.first().map(String::as_str))
                .unwrap_or_default(),
        ),
        // A default in words is not a value.
        Kind::Text | Kind::TextOrInteger => {
            let value = typical.or_else(|| default.filter(|default| !default.contains(' ')));
            let name = setting.value_name();
            let name = name.split('|').next().unwrap_or_default();
            quoted(value.as_deref().unwrap_or(name))
        }
    };
    if setting.is_list {
        format!("[{one}]")
    } else {
        one
    }
}

/// A value that a project may have, where neither the default nor the name of the value shows one.
fn typical(key: &str) -> Option<&'static str> {
    Some(match key {
        "url" => "https://octane.example.com/ui/?p=1001/1002",
        "space" => "1001",
        "workspace" => "1002",
        "client-id" => "ci-uploader",
        "link-field" => "covered_content",
        "proxy" => "http://proxy.example:8080",
        "no-proxy" => ".example.com,10.0.0.0/8",
        "min-tests" => "100",
        "suite" => "Nightly",
        "module" => "Shop/Checkout",
        "release" => "default",
        "run-url" => "https://ci.example.com/builds/17",
        "via" => "https://relay.example.com",
        _ => return None,
    })
}

/// A text as TOML, which has the quotes and escapes of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Lines of at most [`WIDTH`] characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines
            .last_mut()
            .filter(|line| line.chars().count() + word.chars().count() < WIDTH - 2);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::args::UploadArgs;
    use crate::settings::SettingsError;
    use crate::settings::file::SettingsFile;
    use crate::settings::find::Owner;

    fn parse(text: &str) -> Result<SettingsFile, SettingsError> {
        let definitions = Definitions::of(&UploadArgs::command());
        SettingsFile::parse(Owner::Project, Path::new("octane.toml"), text, &definitions)
    }

    #[test]
    fn the_file_sets_nothing_but_what_is_given() {
        let definitions = Definitions::of(&UploadArgs::command());
        assert_eq!(parse(&text(&definitions, &[])).unwrap().entries, []);
        let url = "https://octane.example/a\"b";
        let file = parse(&text(&definitions, &[("url", url.to_owned())])).unwrap();
        let values: Vec<_> = file
            .entries
            .iter()
            .map(|entry| (&*entry.id, &*entry.values))
            .collect();
        assert_eq!(values, [("url", &[url.to_owned()][..])]);
    }

    #[test]
    fn every_setting_is_in_the_file_with_a_value_of_its_type() {
        let definitions = Definitions::of(&UploadArgs::command());
        let text = text(&definitions, &[]);
        for setting in definitions.iter() {
            let start = format!("#{} = ", setting.key);
            assert!(
                text.lines().any(|line| line.starts_with(&start)),
                "{}",
                setting.name()
            );
        }
        // Without the `#` of settings; comments have a space after it.
        let all: Vec<&str> = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') => setting,
                _ => line,
            })
            .collect();
        if let Err(error) = parse(&all.join("\n")) {
            let SettingsError::Invalid(problems) = error else {
                panic!("{error:?}");
            };
            for problem in problems {
                // Placeholders need not be valid values, but are of the right type.
                let message = &problem.message;
                let is_type = message.contains("` is ") && message.contains("; expected")
                    || message.starts_with("unknown");
                assert!(!is_type, "{problem}");
            }
        }
    }

    #[test]
    fn typical_values_are_those_of_settings_and_valid() {
        let definitions = Definitions::of(&UploadArgs::command());
        let mut typical_values = 0;
        for setting in definitions.iter() {
            if let Some(value) = typical(&setting.key) {
                typical_values += 1;
                assert_eq!(
                    setting.check(&[value.to_owned()]),
                    Ok(()),
                    "{}",
                    setting.name()
                );
            }
            assert!(!example(setting).contains('`'), "{}", setting.name());
        }
        assert_eq!(typical_values, 13);
    }

    #[test]
    fn long_descriptions_are_wrapped() {
        let lines = wrapped(&"word ".repeat(60));
        assert!(
            lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH - 2),
            "{lines:?}"
        );
    }
}
