//! Settings: where the values of options come from, if they are not typed.
//!
//! The options of `octane upload` are the list of all settings ([`definition`]): their names, types, defaults, variables
//! and descriptions come from the definition of the command line, and nowhere else is a second list. [`find`] says which files
//! are looked for, [`mod@file`] reads one, [`precedence`] decides which value counts, and [`fill`] hands those of files to the
//! command line, so that they are checked and converted like typed ones.

pub(crate) mod definition;
mod exclude;
pub(crate) mod file;
pub(crate) mod fill;
pub(crate) mod find;
pub(crate) mod precedence;
pub(crate) mod schema;
pub(crate) mod template;

use std::fmt;
use std::path::PathBuf;

use octane_client::ReportedProblem;
use octane_results::Position;

use crate::exit::Exit;
use crate::failure::Failure;

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SettingsError {
    /// A file cannot be read.
    Unreadable { path: PathBuf, reason: String },
    /// Files have settings that are not valid.
    Invalid(Vec<Problem>),
    /// No file has the profile that was asked for.
    UnknownProfile {
        name: String,
        known: Vec<String>,
        files: Vec<PathBuf>,
    },
}

/// A setting in a file that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) at: Position,
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let configuration = |message: String| Self::message(Exit::Configuration, message);
        match error {
            SettingsError::Unreadable { path, reason } => {
                configuration(format!("cannot read `{}`: {reason}", path.display()))
                    .hint("`octane config path` lists the files that are looked for")
            }
            SettingsError::Invalid(problems) => {
                let failure = match problems.as_slice() {
                    [problem] => configuration(problem.to_string()),
                    problems => {
                        let listed = problems.iter().map(|problem| {
                            ReportedProblem::new("invalid_setting", problem.to_string())
                                .at(Some(problem.at.clone()))
                        });
                        configuration(format!("{} settings are not valid", problems.len()))
                            .problems(listed.collect())
                    }
                };
                failure.hint("`octane config schema` describes all settings")
            }
            SettingsError::UnknownProfile { name, .. } if name.trim().is_empty() => {
                configuration("the name of the profile is empty".to_owned())
                    .hint("give the name of a profile, or remove `--profile`")
            }
            SettingsError::UnknownProfile { name, known, files } => {
                let message = if known.is_empty() {
                    format!("there is no profile `{name}`: no settings file defines any")
                } else {
                    let known = definition::quoted_list(known.iter().map(String::as_str));
                    format!("there is no profile `{name}`; known: {known}")
                };
                configuration(message).hint(match files.first() {
                    Some(file) => format!(
                        "add a table such as `[profile.{}.octane]` to `{}`",
                        table_key(&name),
                        file.display()
                    ),
                    None => "`octane config init` writes a file with settings".to_owned(),
                })
            }
        }
    }
}

/// A name as TOML has it in the name of a table.
fn table_key(name: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    if name.chars().all(is_bare) {
        name.to_owned()
    } else {
        // A string of JSON is one of TOML.
        serde_json::Value::from(name).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_can_be_that_of_a_table() {
        for name in [
            "staging",
            "a.b",
            "two words",
            "it's \"so\"",
            "Prüfung",
            "a\nb",
        ] {
            let text = format!("[profile.{}.octane]\nspace = 1\n", table_key(name));
            let table: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(
                table["profile"][name]["octane"]["space"].as_integer(),
                Some(1)
            );
        }
    }
}
