//! `octane config init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use octane_model::plural::plural;
use serde_json::json;

use crate::args::ConfigInitArgs;
use crate::collection_tool::{Config, Meaning};
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text};
use crate::properties::Property;
use crate::settings::definition::{Definitions, Setting};
use crate::settings::file::SettingsFile;
use crate::settings::find::Owner;
use crate::settings::template;

pub(super) fn run(
    args: &ConfigInitArgs,
    definitions: &Definitions,
    output: Output,
) -> Result<Exit> {
    let moved = match &args.from {
        Some(path) => moved(&Config::read(path)?, definitions),
        None => Moved::default(),
    };
    let text = template::text(definitions, &moved.settings);
    // A value that cannot be used is found now, and not when the file is read for the first time.
    SettingsFile::parse(Owner::Project, &args.output, &text, definitions)?;
    write(&args.output, &text)?;
    let path = args.output.display().to_string();
    let names = moved
        .settings
        .iter()
        .filter_map(|(id, _)| definitions.by_id(id));
    let names: Vec<String> = names.map(Setting::name).collect();
    let not_copied: Vec<_> = moved
        .notes
        .iter()
        .map(|note| json!({ "key": note.key, "line": note.line, "message": note.message }))
        .collect();
    let source = args.from.as_ref().map(|path| path.display().to_string());
    output.answer(
        || {
            let mut text = Text::line(format!("wrote {path}"));
            if !names.is_empty() {
                text.push(&format!("set: {}", names.join(", ")));
            }
            for note in &moved.notes {
                let file = source.as_deref().unwrap_or_default();
                text.push(&format!("{file}:{}: {}", note.line, note.message));
            }
            text
        },
        &json!({
            "schema": "octane.config_init/1",
            "file": path,
            "source": source,
            "settings": names,
            "not_copied": not_copied,
        }),
    )?;
    Ok(Exit::Success)
}

/// Creates the file; one that is there stays as it is.
fn write(path: &Path, text: &str) -> Result<()> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let is_there = error.kind() == ErrorKind::AlreadyExists;
        let shown = path.display();
        if is_there {
            Failure::message(
                Exit::Configuration,
                format!("`{shown}` exists already; nothing was written"),
            )
            .hint("edit it, or write another file with `--output FILE`")
        } else {
            Failure::new(Exit::Configuration, error).context(format!("cannot write `{shown}`"))
        }
    })
}

/// What a file of the collection tool says.
#[derive(Debug, Default)]
struct Moved {
    /// Settings by their IDs.
    settings: Vec<(&'static str, String)>,
    notes: Vec<Note>,
}

/// A property that was not copied, and what to do about it.
#[derive(Debug)]
struct Note {
    key: String,
    line: usize,
    message: String,
}

/// Moves settings; a secret is never one of them.
fn moved(config: &Config, definitions: &Definitions) -> Moved {
    let mut moved = Moved::default();
    let user = config.get("user");
    // An API key's client ID has no `@`, and the names of users mostly are mail addresses.
    let is_person = user.is_some_and(|user| user.contains('@'));
    let proxy = config.proxy();
    for property in config.iter() {
        let Property { key, value, line } = property;
        let mut note = |message: String| {
            moved.notes.push(Note {
                key: key.clone(),
                line: *line,
                message,
            });
        };
        match Meaning::of(key) {
            Meaning::Setting(id) => moved.settings.push((id, value.clone())),
            Meaning::User if is_person => note(format!(
                "`user` is a user name, and not copied; set {} to it, or better, use an API key",
                env::USERNAME
            )),
            Meaning::User => moved.settings.push(("client_id", value.clone())),
            Meaning::Password => {
                let variable = if is_person {
                    env::PASSWORD
                } else {
                    env::CLIENT_SECRET
                };
                let length = plural(value.chars().count(), "char");
                note(format!(
                    "`password` ({length}) is a secret, and not copied; set {variable} to it, and delete it from this file"
                ));
            }
            Meaning::OtherSecret => note(format!(
                "`{key}` is a secret, and not copied; delete it from this file"
            )),
            Meaning::Proxy => match &proxy {
                None => note(format!("`{key}` means nothing without `proxyhost`")),
                // One note, or one setting, for all parts.
                Some(_) if key != "proxyhost" => {}
                Some(proxy) if definitions.by_id("proxy").is_some() => {
                    moved.settings.push(("proxy", proxy.clone()));
                }
                Some(proxy) => note(format!(
                    "a proxy is not a setting of a file; set HTTPS_PROXY={proxy}"
                )),
            },
            Meaning::Build => note(format!(
                "`{key}` differs from build to build, and was not copied"
            )),
            Meaning::Unknown => note(format!("`{key}` is not known, and was not copied")),
        }
    }
    moved
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::args::UploadArgs;

    fn moved_from(text: &str) -> Moved {
        moved(
            &Config::of(text.as_bytes()),
            &Definitions::of(&UploadArgs::command()),
        )
    }

    fn settings(moved: &Moved) -> Vec<String> {
        moved
            .settings
            .iter()
            .map(|(id, value)| format!("{id}={value}"))
            .collect()
    }

    #[test]
    fn the_settings_of_the_collection_tool_are_moved_and_its_password_is_not() {
        let moved = moved_from(
            "server=http://octane.example:8080\nsharedspace=1001\nworkspace=1002\nuser=ci_uploader\npassword=hush\nserver-url=x\n",
        );
        assert_eq!(
            settings(&moved),
            [
                "url=http://octane.example:8080",
                "space=1001",
                "workspace=1002",
                "client_id=ci_uploader"
            ]
        );
        let notes: Vec<_> = moved
            .notes
            .iter()
            .map(|note| format!("{} {}", note.line, note.message))
            .collect();
        assert!(
            notes[0].starts_with("5 `password` (4 chars)") && notes[0].contains(env::CLIENT_SECRET),
            "{notes:?}"
        );
        assert!(
            notes[1].starts_with("6 `server-url` is not known"),
            "{notes:?}"
        );
        assert!(!notes.concat().contains("hush"), "{notes:?}");
    }

    #[test]
    fn a_user_name_is_not_taken_for_a_client_id() {
        let moved = moved_from("user=ann@example.com\npassword=hush\n");
        assert_eq!(settings(&moved), [""; 0]);
        assert!(moved.notes[0].message.contains(env::USERNAME));
        assert!(moved.notes[1].message.contains(env::PASSWORD));
    }

    #[test]
    fn a_proxy_is_moved_or_named_once() {
        let moved = moved_from("proxyhost=proxy.example\nproxyport=3128\nproxyuser=me\n");
        let all = format!("{moved:?}");
        assert_eq!(
            all.matches("http://me@proxy.example:3128").count(),
            1,
            "{all}"
        );
    }
}
