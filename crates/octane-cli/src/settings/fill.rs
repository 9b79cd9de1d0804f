//! Hands the settings of files to the command line, as defaults: a typed value or a variable wins, and what the program sees has
//! been checked and converted by the option.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, Command};
use octane_results::Position;

use super::SettingsError;
use super::definition::{Definitions, Setting};
use super::file::{Entry, SettingsFile};
use super::find::Owner;
use super::precedence::{Level, is_for_url, strongest};

/// Which value of a setting counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) level: Level,
    /// The value, if it is in a file.
    pub(crate) found: Option<Found>,
    /// The value, if it is typed, in the environment, or known from the CI system.
    pub(crate) stated: Option<String>,
}

/// A setting with its value.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    pub(crate) setting: Setting,
    pub(crate) choice: Choice,
    /// Its values as they would be typed; none if it is not set and has no default.
    pub(crate) values: Vec<String>,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) values: Vec<String>,
    pub(crate) at: Position,
    pub(crate) profile: Option<String>,
}

/// What is known without files: the level and value of an option that was typed, set by a variable, or found out.
pub(crate) type Stated = (Level, Option<String>);

/// Chooses the value of each setting. `stated` says what the command line, the environment and the CI system have.
pub(crate) fn choose(
    definitions: &Definitions,
    files: &[SettingsFile],
    profile: Option<&str>,
    directory: Option<&Path>,
    stated: impl Fn(&Setting) -> Option<Stated>,
) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    let in_files = |setting: &Setting| {
        let all = files
            .iter()
            .flat_map(|file| file.entries.iter().map(move |entry| (file, entry)));
        let all = all.filter(|(_, entry)| entry.id == setting.id);
        let levels =
            all.filter_map(|(file, entry)| Some((level(file.owner, entry, profile)?, file, entry)));
        levels.min_by_key(|(level, ..)| *level)
    };
    let url = definitions.by_id("url").and_then(|url| {
        let stated = stated(url).and_then(|(level, value)| Some((level, value?)));
        let in_files = in_files(url);
        stated.or_else(|| {
            in_files.and_then(|(level, _, entry)| Some((level, entry.values.first()?.clone())))
        })
    });
    let url = url.as_ref().map(|(level, url)| (*level, url.as_str()));
    for setting in definitions.iter() {
        let counts =
            |level| !matches!(setting.id.as_str(), "space" | "workspace") || is_for_url(url, level);
        let found = in_files(setting).filter(|(level, ..)| counts(*level));
        let stated = stated(setting).filter(|(level, _)| counts(*level));
        let of_stated = stated.as_ref().map(|(level, _)| *level);
        let level = strongest(of_stated.into_iter().chain(found.map(|(level, ..)| level)));
        let found = found.filter(|(of_file, ..)| *of_file == level);
        choices.push(Choice {
            id: setting.id.clone(),
            level,
            found: found.map(|(_, file, entry)| Found {
                values: entry
                    .values
                    .iter()
                    .map(|value| resolved(setting, value, &file.path, directory))
                    .collect(),
                at: entry.at.clone(),
                profile: entry.profile.clone(),
            }),
            stated: stated
                .filter(|(of_stated, _)| *of_stated == level)
                .and_then(|(_, value)| value),
        });
    }
    choices
}

/// The level of an entry, unless it belongs to another profile.
fn level(owner: Owner, entry: &Entry, profile: Option<&str>) -> Option<Level> {
    match (owner, &entry.profile) {
        (Owner::Project, None) => Some(Level::Project),
        (Owner::User, None) => Some(Level::User),
        (_, Some(name)) if Some(name.as_str()) != profile => None,
        (Owner::Project, Some(_)) => Some(Level::ProjectProfile),
        (Owner::User, Some(_)) => Some(Level::UserProfile),
    }
}

/// A path in a file is relative to the file, whichever directory below it the program is called in. So is a glob of files to exclude
/// in the file of a project, unless it holds for files of a name (`*.old.xml`) or in any directory (`**/old/*`).
fn resolved(setting: &Setting, value: &str, file: &Path, directory: Option<&Path>) -> String {
    let is_word = value == "-" || setting.value_name().split('|').any(|word| word == value);
    let (Some(folder), Some(directory)) = (file.parent(), directory) else {
        return value.to_owned();
    };
    if is_word || Path::new(value).is_absolute() || folder == directory {
        return value.to_owned();
    }
    let below = directory.strip_prefix(folder).ok();
    let above = below.map(|below| below.components().map(|_| "..").collect::<PathBuf>());
    let base = match above {
        Some(above) if setting.is_path || is_glob_of_a_place(setting, value) => above,
        None if setting.is_path => folder.to_owned(),
        _ => return value.to_owned(),
    };
    // Without `.` in the middle, as globs are compared with the text of paths.
    let path: PathBuf = base.join(value).components().collect();
    path.to_string_lossy().into_owned()
}

fn is_glob_of_a_place(setting: &Setting, value: &str) -> bool {
    let glob = value.trim_start_matches("./");
    setting.id == "exclude" && glob.contains(std::path::is_separator) && !glob.starts_with("**")
}

/// Reads the files, and checks that one of them has the profile.
pub(crate) fn read(
    definitions: &Definitions,
    files: impl IntoIterator<Item = (Owner, PathBuf)>,
    profile: Option<&str>,
) -> Result<Vec<SettingsFile>, SettingsError> {
    let mut read = Vec::new();
    let mut problems = Vec::new();
    for (owner, path) in files {
        match SettingsFile::read(owner, &path, definitions) {
            Ok(file) => read.push(file),
            Err(SettingsError::Invalid(of_file)) => problems.extend(of_file),
            Err(error) => return Err(error),
        }
    }
    if !problems.is_empty() {
        return Err(SettingsError::Invalid(problems));
    }
    let known = || {
        read.iter()
            .flat_map(|file: &SettingsFile| file.profiles.iter())
    };
    match profile {
        Some(name) if !known().any(|known| known == name) => {
            let mut known: Vec<String> = known().cloned().collect();
            known.sort();
            known.dedup();
            Err(SettingsError::UnknownProfile {
                name: name.to_owned(),
                known,
                files: read.into_iter().map(|file| file.path).collect(),
            })
        }
        _ => Ok(read),
    }
}

/// Settings that are not handed to their options: a file is asked for credentials after the environment.
pub(crate) const CREDENTIALS: [&str; 3] = ["client_id", "secret_file", "secret_command"];

/// The command with the values of files as the defaults of its options, and of those of the command that was called below it.
pub(crate) fn fill(
    command: Command,
    called: &[String],
    definitions: &Definitions,
    choices: &[Choice],
) -> Command {
    let command = command.mut_args(|argument| {
        let setting = definitions.iter().find(|setting| {
            setting.is_defined_by(&argument) && !CREDENTIALS.contains(&setting.id.as_str())
        });
        let choice =
            setting.and_then(|setting| choices.iter().find(|choice| choice.id == setting.id));
        match choice.and_then(|choice| choice.found.as_ref()) {
            Some(found) => argument
                .default_values(found.values.clone())
                .required(false),
            None => argument,
        }
    });
    match called.split_first() {
        Some((name, rest)) => {
            command.mut_subcommand(name, |below| fill(below, rest, definitions, choices))
        }
        None => command,
    }
}

/// The command without the variables that are empty: CI systems set those.
pub(crate) fn without_empty_variables(command: Command, is_empty: fn(&OsStr) -> bool) -> Command {
    let clear = |argument: Arg| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(Resettable::Reset),
        _ => argument,
    };
    command
        .mut_args(clear)
        .mut_subcommands(|below| without_empty_variables(below, is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, UploadArgs};

    const PROJECT: &str = "\
[octane]
url = 'https://project.example'
space = 1
workspace = 2
[upload]
suite = 'project'
paths = ['results/*.xml']
[profile.staging.octane]
url = 'https://stage.example/ui/?p=8/9'
";
    const USER: &str = "\
[octane]
client-id = 'me'
[upload]
suite = 'user'
spool = 'spool'
[profile.staging.upload]
suite = 'user-staging'
";

    fn definitions() -> Definitions {
        Definitions::of(&UploadArgs::command())
    }

    fn files() -> Vec<SettingsFile> {
        let parse = |owner, path: &str, text| {
            SettingsFile::parse(owner, Path::new(path), text, &definitions())
        };
        vec![
            parse(Owner::Project, "/work/octane.toml", PROJECT).unwrap(),
            parse(Owner::User, "/home/me/octane.toml", USER).unwrap(),
        ]
    }

    /// The value and the level of a setting.
    fn chosen(id: &str, profile: Option<&str>, stated: &[(&str, Level, &str)]) -> (Level, String) {
        let stated = |setting: &Setting| {
            let found = stated.iter().find(|(id, ..)| *id == setting.id);
            found.map(|(_, level, value)| (*level, Some((*value).to_owned())))
        };
        let directory = Path::new("/work/shop/tests");
        let choices = choose(&definitions(), &files(), profile, Some(directory), stated);
        let choice = choices.into_iter().find(|choice| choice.id == id).unwrap();
        let values = choice.found.map(|found| found.values.join("|"));
        (choice.level, values.unwrap_or_default())
    }

    #[test]
    fn the_strongest_level_that_has_a_value_counts() {
        assert_eq!(
            chosen("suite", None, &[]),
            (Level::Project, "project".to_owned())
        );
        assert_eq!(
            chosen("client_id", None, &[]),
            (Level::User, "me".to_owned())
        );
        assert_eq!(
            chosen("suite", Some("staging"), &[]),
            (Level::UserProfile, "user-staging".to_owned())
        );
        assert_eq!(chosen("module", None, &[]), (Level::Default, String::new()));
        for level in [Level::Flag, Level::Variable] {
            assert_eq!(
                chosen("suite", Some("staging"), &[("suite", level, "x")]),
                (level, String::new())
            );
        }
    }

    #[test]
    fn a_url_of_a_profile_is_not_mixed_with_the_workspace_of_another_one() {
        assert_eq!(
            chosen("workspace", None, &[]),
            (Level::Project, "2".to_owned())
        );
        assert_eq!(chosen("workspace", Some("staging"), &[]).0, Level::Default);
        let typed = [("url", Level::Flag, "https://other.example/ui/?p=5/6")];
        assert_eq!(chosen("space", None, &typed).0, Level::Default);
        let typed = [("url", Level::Flag, "https://other.example")];
        assert_eq!(chosen("space", None, &typed).0, Level::Project);
        for (level, counts) in [
            (Level::Flag, Level::Default),
            (Level::Variable, Level::Variable),
        ] {
            let url = ("url", level, "https://other.example/ui/?p=5/6");
            let stated = [url, ("space", Level::Variable, "7")];
            assert_eq!(chosen("space", None, &stated).0, counts);
        }
    }

    #[test]
    fn paths_are_relative_to_their_file() {
        assert_eq!(chosen("paths", None, &[]).1, "../../results/*.xml");
        assert_eq!(chosen("spool", None, &[]).1, "/home/me/spool");
        let definitions = definitions();
        let spool = definitions.by_id("spool").unwrap();
        let file = Path::new("/work/octane.toml");
        for (value, directory, expected) in [
            ("off", "/work/a", "off"),
            ("/var/spool", "/work/a", "/var/spool"),
            ("x", "/work", "x"),
            ("x", "/work/a", "../x"),
            ("./x", "/work/a/b", "../../x"),
            (".", "/work/a", ".."),
        ] {
            assert_eq!(
                resolved(spool, value, file, Some(Path::new(directory))),
                expected
            );
        }
    }

    #[test]
    fn globs_of_places_to_exclude_are_relative_to_the_file_of_a_project() {
        let definitions = definitions();
        let exclude = definitions.by_id("exclude").unwrap();
        let resolved = |glob, directory| {
            let file = Path::new("/work/octane.toml");
            resolved(exclude, glob, file, Some(Path::new(directory)))
        };
        for (glob, expected) in [
            ("reports/old/**", "../reports/old/**"),
            ("./reports/*.xml", "../reports/*.xml"),
            ("*/old/*", "../*/old/*"),
            ("**/old/*", "**/old/*"),
            ("*.old.xml", "*.old.xml"),
            ("./a.xml", "./a.xml"),
            ("/tmp/x/*", "/tmp/x/*"),
        ] {
            assert_eq!(resolved(glob, "/work/a"), expected);
            assert_eq!(resolved(glob, "/work"), glob);
            assert_eq!(resolved(glob, "/elsewhere"), glob, "that of a user");
        }
    }

    #[test]
    fn an_option_of_the_same_name_that_means_something_else_is_not_filled() {
        let definitions = definitions();
        let suite = definitions.by_id("suite").unwrap();
        let program = Args::with_all_commands();
        let has_suite = |command: &str| {
            let command = program.find_subcommand(command).unwrap();
            command
                .get_arguments()
                .any(|argument| suite.is_defined_by(argument))
        };
        assert!(has_suite("upload"));
        assert!(!has_suite("convert") && !has_suite("link"));
    }

    #[test]
    fn a_profile_that_no_file_has_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("octane.toml");
        std::fs::write(&path, PROJECT).unwrap();
        let read = |name| read(&definitions(), [(Owner::Project, path.clone())], Some(name));
        assert!(read("staging").is_ok());
        let SettingsError::UnknownProfile { known, .. } = read("production").unwrap_err() else {
            panic!("another error");
        };
        assert_eq!(known, ["staging"]);
    }
}
