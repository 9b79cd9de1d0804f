//! `octane config show`

use serde_json::{Value, json};

use crate::args::ConfigShowArgs;
use crate::env;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, table};
use crate::settings::definition::{Definitions, Kind};
use crate::settings::fill::Effective;
use crate::settings::precedence::Level;

pub(super) fn run(
    args: &ConfigShowArgs,
    effective: &[Effective],
    definitions: &Definitions,
    output: Output,
) -> Result<Exit> {
    let variables = variables(definitions, env::text);
    let rows = effective.iter().map(|setting| {
        [
            setting.setting.name(),
            shown_value(setting),
            origin(setting),
        ]
    });
    let of_variables = variables.iter().map(|variable| {
        [
            variable.name.to_owned(),
            variable.shown(),
            format!("env {}", variable.name),
        ]
    });
    let rows: Vec<[String; 3]> = rows.chain(of_variables).collect();
    let settings: Vec<Value> = effective.iter().map(json).collect();
    let variables: Vec<Value> = variables.iter().map(SetVariable::json).collect();
    output.answer(
        || {
            if args.origin {
                table(&["SETTING", "VALUE", "ORIGIN"], rows)
            } else {
                table(
                    &["SETTING", "VALUE"],
                    rows.into_iter().map(|[name, value, _]| [name, value]),
                )
            }
        },
        &json!({ "schema": "octane.config/1", "settings": settings, "variables": variables }),
    )?;
    Ok(Exit::Success)
}

/// The value for people. What is not set has the default of the help, in words.
fn shown_value(effective: &Effective) -> String {
    let default = || effective.setting.default.clone();
    if effective.values.is_empty() {
        default().map_or_else(|| "-".to_owned(), |default| format!("({default})"))
    } else {
        effective.values.join(", ")
    }
}

fn origin(effective: &Effective) -> String {
    let setting = &effective.setting;
    match (effective.choice.level, &effective.choice.found) {
        (Level::Flag, _) => format!("flag {}", setting.option),
        (Level::Variable, _) => format!("env {}", setting.variable.as_deref().unwrap_or_default()),
        (Level::Ci, _) => "CI".to_owned(),
        (_, Some(found)) => {
            let place = format!("{}:{}", found.at.file, found.at.line);
            match &found.profile {
                Some(profile) => format!("{place} (profile {profile})"),
                None => place,
            }
        }
        _ => "default".to_owned(),
    }
}

fn json(effective: &Effective) -> Value {
    let Effective {
        setting,
        choice,
        values,
    } = effective;
    let found = choice.found.as_ref();
    let one = |value: &String| match setting.kind {
        Kind::Flag => Value::from(value == "true"),
        Kind::Integer => value
            .parse::<i64>()
            .map_or_else(|_| Value::from(value.as_str()), Value::from),
        _ => Value::from(value.as_str()),
    };
    let value = match values.as_slice() {
        values if setting.is_list => values.iter().map(one).collect(),
        [value, ..] => one(value),
        [] => Value::Null,
    };
    json!({
        "name": setting.name(),
        "value": value,
        "default": setting.default,
        "option": setting.option,
        "origin": match choice.level {
            Level::Flag => "flag",
            Level::Variable => "env",
            Level::Ci => "ci",
            Level::Default => "default",
            Level::ProjectProfile | Level::Project => "project_file",
            Level::UserProfile | Level::User => "user_file",
        },
        "variable": setting.variable,
        "file": found.map(|found| &*found.at.file),
        "line": found.map(|found| found.at.line),
        "profile": found.and_then(|found| found.profile.as_ref()),
    })
}

/// A variable that is set and has no option.
struct SetVariable {
    name: &'static str,
    value: String,
    is_secret: bool,
}

/// The variables that people set and that have no option: secrets, proxies, certificates, colours.
fn variables(definitions: &Definitions, text: impl Fn(&str) -> Option<String>) -> Vec<SetVariable> {
    let has_option = |name: &str| {
        definitions
            .iter()
            .any(|setting| setting.variable.as_deref() == Some(name))
    };
    let all = env::ALL
        .iter()
        .filter(|variable| variable.source == env::Source::User && !has_option(variable.name));
    let set = all.filter_map(|variable| {
        let value = text(variable.name).filter(|value| !value.is_empty())?;
        Some(SetVariable {
            name: variable.name,
            value,
            // Of a URL, only the password is secret, which is replaced wherever it is shown.
            is_secret: variable.is_secret && !variable.is_url,
        })
    });
    set.collect()
}

impl SetVariable {
    fn shown(&self) -> String {
        if self.is_secret {
            format!(
                "set (env {}, {})",
                self.name,
                octane_model::plural::plural(self.value.chars().count(), "char")
            )
        } else {
            self.value.clone()
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "value": (!self.is_secret).then_some(&self.value),
            "chars": self.value.chars().count(),
            "is_secret": self.is_secret,
        })
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::args::UploadArgs;

    #[test]
    fn a_secret_is_counted_and_not_shown() {
        let found = variables(&Definitions::of(&UploadArgs::command()), |name| {
            (name == env::CLIENT_SECRET).then(|| "x".repeat(40))
        });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].shown(), "set (env OCTANE_CLIENT_SECRET, 40 chars)");
        assert_eq!(found[0].json()["value"], Value::Null);
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert!(
            variables(&Definitions::of(&UploadArgs::command()), |_| Some(
                String::new()
            ))
            .is_empty()
        );
    }
}
