//! The sandbox's settings: defaults, overridden by a file, by single settings, and by flags.

use octane_sandbox::{Settings, Storage};
use serde::Deserialize;
use toml::{Table, Value};

use crate::args::{SandboxArgs, SandboxDataArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::sandbox::data_file;

pub(super) fn settings(args: &SandboxArgs) -> Result<Settings> {
    let table = table(args)?;
    let has_storage = table.contains_key("storage");
    let mut settings = checked(table, args)?;
    if args.memory {
        settings.storage = Storage::Memory;
    } else if !has_storage || args.directory.is_some() {
        let directory = args.directory.clone();
        settings.storage = Storage::File(data_file(&SandboxDataArgs { directory })?);
    }
    Ok(settings)
}

/// Those of a fresh sandbox, whose space and workspace have these IDs unless the settings say otherwise.
pub(super) fn fresh(args: &SandboxArgs, spaces: Option<(i64, i64)>) -> Result<Settings> {
    let mut table = table(args)?;
    if let Some((space, workspace)) = spaces {
        for (name, id) in [("space", space), ("workspace", workspace)] {
            table.entry(name).or_insert(Value::Integer(id));
        }
    }
    let settings = checked(table, args)?;
    Ok(settings.storage(Storage::Memory))
}

fn table(args: &SandboxArgs) -> Result<Table> {
    let mut table = match &args.settings {
        Some(path) => {
            let named = |failure: Failure| {
                failure.context(format!("cannot use the settings in `{}`", path.display()))
            };
            let text = std::fs::read_to_string(path)
                .map_err(|error| named(Failure::new(Exit::Configuration, error)))?;
            read(&text).map_err(named)?
        }
        None => Table::new(),
    };
    for set in &args.set {
        set_value(&mut table, set)?;
    }
    Ok(table)
}

fn checked(table: Table, args: &SandboxArgs) -> Result<Settings> {
    Settings::deserialize(table).map_err(|error| {
        let what = match args.set.as_slice() {
            [set] => format!("cannot use `--set {set}`"),
            _ => "cannot use the settings given with `--set`".to_owned(),
        };
        Failure::message(Exit::Configuration, error.message())
            .context(what)
            .hint("docs/sandbox.md lists all settings and their values")
    })
}

/// Parses a file. Its settings are checked here, while lines and columns are known.
fn read(text: &str) -> Result<Table> {
    let invalid = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let position = before.map_or_else(String::new, |before| {
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!(
                "line {}, column {column}: ",
                before.matches('\n').count() + 1
            )
        });
        Failure::message(
            Exit::Configuration,
            format!("{position}{}", error.message()),
        )
    };
    let _: Settings = toml::from_str(text).map_err(invalid)?;
    toml::from_str(text).map_err(invalid)
}

/// Applies `results.queue-max=4`. What is not a TOML value is text: `10m` needs no quotes.
fn set_value(table: &mut Table, set: &str) -> Result<()> {
    let invalid = |why: &str| {
        Failure::message(Exit::Usage, format!("`--set {set}`: {why}"))
            .hint("for example: `--set results.queue-max=4`")
    };
    let (name, value) = set
        .split_once('=')
        .ok_or_else(|| invalid("expected NAME=VALUE"))?;
    let value = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut current = table;
    let mut pieces = name.split('.').map(str::trim).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            current.insert(piece.to_owned(), value);
            return Ok(());
        }
        let next = current
            .entry(piece)
            .or_insert_with(|| Value::Table(Table::new()));
        current = next
            .as_table_mut()
            .ok_or_else(|| invalid(&format!("`{piece}` is not a table")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn with(sets: &[&str]) -> Settings {
        let mut table = Table::new();
        for set in sets {
            set_value(&mut table, set).unwrap();
        }
        Settings::deserialize(table).unwrap()
    }

    #[test]
    fn single_settings_are_values_or_text() {
        let settings = with(&[
            "results.queue-max=4",
            "access.session-idle=10m",
            "entities.jira-field=\"key_udf\"",
            "access.api-keys=[{id='ci',secret='hush'}]",
            "seed-data=false",
        ]);
        assert_eq!(settings.results.queue_max, Some(4));
        assert_eq!(settings.access.session_idle, Duration::from_secs(600));
        assert_eq!(settings.entities.jira_field, "key_udf");
        assert_eq!(settings.access.api_keys[0].id(), "ci");
        assert!(!settings.seed_data);
    }

    #[test]
    fn an_error_in_a_file_is_reported_with_its_line() {
        let failure = read("seed-data = false\n[results]\nqueue-maximum = 4\n").unwrap_err();
        let shown = failure.error.to_string();
        assert!(
            shown.contains("line 3") && shown.contains("`queue-maximum`"),
            "{shown}"
        );
    }
}
