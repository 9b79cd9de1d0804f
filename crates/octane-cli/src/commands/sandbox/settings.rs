//! The sandbox's settings: defaults, then a file, then single settings, then what has a flag of its own.

use octane_sandbox::{Settings, Storage};
use serde::Deserialize;
use toml::{Table, Value};

use crate::args::{ConnectionArgs, SandboxArgs};
use crate::connect::sandbox_file;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

pub(super) fn settings(args: &SandboxArgs, connection: &ConnectionArgs) -> Outcome<Settings> {
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
        put(&mut table, set)?;
    }
    let keeps = table.contains_key("storage");
    let mut settings = Settings::deserialize(table).map_err(|error| {
        Failure::message(Exit::Configuration, error.message())
            .context("cannot use the settings given with `--set`")
    })?;
    if args.memory {
        settings.storage = Storage::Memory;
    } else if !keeps || connection.sandbox_data.is_some() {
        settings.storage = Storage::File(sandbox_file(connection)?);
    }
    Ok(settings)
}

/// A file's table. Whether it holds settings is asked here, while lines and columns are known.
fn read(text: &str) -> Outcome<Table> {
    let wrong = |error: toml::de::Error| {
        Failure::message(Exit::Configuration, error.to_string().trim_end())
    };
    toml::from_str::<Settings>(text).map_err(wrong)?;
    toml::from_str(text).map_err(wrong)
}

/// Puts `results.queue-max=4` where it belongs. What is no TOML value is text: `10m` needs no quotes.
fn put(table: &mut Table, set: &str) -> Outcome<()> {
    let wrong = |why: &str| {
        Failure::message(Exit::Usage, format!("`--set {set}` {why}"))
            .hint("write it as in `--set results.queue-max=4`")
    };
    let (name, value) = set.split_once('=').ok_or_else(|| wrong("has no `=`"))?;
    let value = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut place = table;
    let mut pieces = name.split('.').map(str::trim).peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            place.insert(piece.to_owned(), value);
            return Ok(());
        }
        let below = place
            .entry(piece)
            .or_insert_with(|| Value::Table(Table::new()));
        place = below
            .as_table_mut()
            .ok_or_else(|| wrong(&format!("looks into `{piece}`, which is no table")))?;
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
            put(&mut table, set).unwrap();
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
    fn a_mistake_in_a_file_is_shown_with_its_line() {
        let failure = read("seed-data = false\n[results]\nqueue-maximum = 4\n").unwrap_err();
        let shown = failure.error.to_string();
        assert!(
            shown.contains("line 3") && shown.contains("`queue-maximum`"),
            "{shown}"
        );
    }
}
