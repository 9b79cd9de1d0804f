//! The list of all settings, derived from the definition of the command line.

use std::any::TypeId;
use std::error::Error;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::exclude::exclusion;

/// The table of a file that a setting belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// How the server is reached.
    Octane,
    /// What is uploaded, where to, and how.
    Upload,
    /// Jira keys and links to stories.
    Jira,
}

impl Section {
    pub(crate) const ALL: [Self; 3] = [Self::Octane, Self::Upload, Self::Jira];

    /// The name of the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Octane => "octane",
            Self::Upload => "upload",
            Self::Jira => "jira",
        }
    }

    /// What it is about, in one sentence.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Octane => "How the server is reached.",
            Self::Upload => "What is uploaded, where to, and how.",
            Self::Jira => "Jira keys of tests, and links to stories.",
        }
    }

    /// Options below the headings `Connection` and `Network` belong to `[octane]`, those below `Jira` or with names that start with `jira-`
    /// to `[jira]`, and all others to `[upload]`.
    fn of(option: &Arg) -> Self {
        let is_jira = option.get_id().as_str().starts_with("jira_");
        match option.get_help_heading() {
            Some("Jira") => Self::Jira,
            _ if is_jira => Self::Jira,
            Some("Connection" | "Network") => Self::Octane,
            _ => Self::Upload,
        }
    }
}

/// What the value of a setting looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer,
    /// One of these words.
    Choice(Vec<String>),
    /// A text.
    Text,
    /// A text that may also be written as a number, such as an ID, a count or a number of seconds.
    TextOrInteger,
}

/// A setting.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The option's ID in the definition of the command line.
    pub(crate) id: String,
    pub(crate) section: Section,
    /// The name in its table.
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// Whether it has several values.
    pub(crate) is_list: bool,
    /// Whether it is a path, which is relative to the file that it is in.
    pub(crate) is_path: bool,
    /// The option as it is typed, for example `--suite`, or what takes the place of one.
    pub(crate) option: String,
    /// The variable that sets it, too.
    pub(crate) variable: Option<String>,
    /// What it means, as in the help.
    pub(crate) help: String,
    /// The value that counts if it is not set, in words.
    pub(crate) default: Option<String>,
    argument: Arg,
}

impl Setting {
    /// The full name, for example `upload.suite`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.section.as_str(), self.key)
    }

    /// What it means, and its default, as sentences.
    pub(crate) fn description(&self) -> String {
        let end = if self.help.ends_with('.') { "" } else { "." };
        let default = self.default.as_ref();
        let default = default.map(|default| format!(" Default: {default}."));
        format!("{}{end}{}", self.help, default.unwrap_or_default())
    }

    /// What the help calls its value.
    pub(crate) fn value_name(&self) -> String {
        let names = self.argument.get_value_names().unwrap_or_default();
        names.first().map_or_else(String::new, ToString::to_string)
    }

    /// Whether an option of any command is this one: that of the same definition, and not another one of the same name.
    pub(crate) fn is_defined_by(&self, argument: &Arg) -> bool {
        argument.get_id() == self.argument.get_id()
            && argument.get_help() == self.argument.get_help()
    }

    /// Checks values as if they were typed; the error says what is wrong with which one.
    pub(crate) fn check(&self, values: &[String]) -> Result<(), String> {
        if self.kind == Kind::Flag {
            return Ok(());
        }
        // A list of no hosts is one.
        let is_empty = |value: &String| value.trim().is_empty() && self.key != "no-proxy";
        if values.iter().any(is_empty) {
            return Err("the value is empty; give one, or remove the line".to_owned());
        }
        let is_number = |value: &String| value.trim().parse::<i64>().is_ok();
        if matches!(self.key.as_str(), "space" | "workspace")
            && let Some(value) = values.iter().find(|value| !is_number(value))
        {
            return Err(format!("`{value}` is not a number"));
        }
        // The option alone: none of what it requires or excludes counts here.
        let mut alone = Arg::new("value")
            .long("value")
            .action(ArgAction::Append)
            .value_parser(self.argument.get_value_parser().clone());
        if let Some(delimiter) = self.argument.get_value_delimiter() {
            alone = alone.value_delimiter(delimiter);
        }
        let command = Command::new("check").no_binary_name(true).arg(alone);
        let line = values.iter().map(|value| format!("--value={value}"));
        match command.try_get_matches_from(line) {
            Ok(_) => Ok(()),
            Err(error) => Err(what_is_wrong(&error)),
        }
    }
}

/// What a value is that is not valid, and why, in the words of its option.
pub(crate) fn what_is_wrong(error: &clap::Error) -> String {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.as_str(),
        _ => "",
    };
    if let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue)
        && !valid.is_empty()
    {
        return format!(
            "`{value}` is not one of {}",
            quoted_list(valid.iter().map(String::as_str))
        );
    }
    match error.source() {
        Some(reason) => {
            // One line: a regular expression is drawn on several.
            let reason = reason.to_string();
            let reason: Vec<&str> = reason.split_whitespace().collect();
            format!("`{value}`: {}", reason.join(" "))
        }
        None if value.is_empty() => "the value is empty".to_owned(),
        None => format!("`{value}` is not valid"),
    }
}

/// `` `a`, `b`, `c` ``
pub(super) fn quoted_list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// All settings, in the order of the help.
#[derive(Debug, Clone)]
pub(crate) struct Definitions(Vec<Setting>);

impl Definitions {
    /// The options of `octane upload`, which is defined like this.
    pub(crate) fn of(upload: &Command) -> Self {
        let options = upload.get_arguments();
        let mut settings: Vec<Setting> = options.filter_map(setting).collect();
        settings.sort_by_key(|setting| setting.section);
        Self(settings)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// Those of which this is true.
    pub(crate) fn filtered(&self, is_kept: impl Fn(&Setting) -> bool) -> Self {
        Self(
            self.iter()
                .filter(|setting| is_kept(setting))
                .cloned()
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Setting> {
        self.iter().find(|setting| setting.id == id)
    }

    pub(crate) fn get(&self, section: Section, key: &str) -> Option<&Setting> {
        self.in_section(section).find(|setting| setting.key == key)
    }

    pub(crate) fn in_section(&self, section: Section) -> impl Iterator<Item = &Setting> {
        self.iter()
            .filter(move |setting| setting.section == section)
    }
}

fn setting(option: &Arg) -> Option<Setting> {
    let id = option.get_id().as_str();
    let section = Section::of(option);
    let name = id.replace('_', "-");
    let key = match section {
        Section::Jira => name.strip_prefix("jira-").unwrap_or(&name).to_owned(),
        _ => name.clone(),
    };
    let is_setting = match option.get_action() {
        ArgAction::Set | ArgAction::Append | ArgAction::SetTrue => exclusion(&name).is_none(),
        _ => false,
    };
    if !is_setting {
        return None;
    }
    let values: Vec<String> = option
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let (help, mut default) = split_help(option);
    if !values.is_empty() && !matches!(option.get_action(), ArgAction::SetTrue) {
        default = Some(values.join(", "));
    }
    Some(Setting {
        id: id.to_owned(),
        section,
        key,
        kind: kind(option),
        is_list: matches!(option.get_action(), ArgAction::Append) || option.is_positional(),
        is_path: option.get_value_parser().type_id() == TypeId::of::<PathBuf>()
            || option.is_positional()
            || (option.get_value_names()).is_some_and(|names| names == ["FILE"]),
        option: match option.get_long() {
            Some(long) => format!("--{long}"),
            None => "FILES".to_owned(),
        },
        variable: option
            .get_env()
            .and_then(|name| name.to_str())
            .map(str::to_owned),
        help,
        default,
        argument: option.clone().env(Resettable::Reset),
    })
}

fn kind(option: &Arg) -> Kind {
    let parser = option.get_value_parser();
    let numbers = [
        TypeId::of::<i64>(),
        TypeId::of::<u64>(),
        TypeId::of::<u32>(),
        TypeId::of::<u16>(),
        TypeId::of::<usize>(),
    ];
    let is_number = numbers.iter().any(|number| parser.type_id() == *number);
    let choices: Vec<String> = option
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    // Texts that are numbers as often as not.
    let names = option.get_value_names().unwrap_or_default();
    let is_number_allowed = names.iter().any(|name| {
        let mut words = name.split('|');
        words.any(|word| matches!(word, "ID" | "COUNT" | "BYTES" | "DURATION"))
    });
    // Words of a type of another crate: `last|worst|all`.
    let is_word = |word: &str| word.chars().all(|char| char.is_ascii_lowercase());
    let words = names.iter().flat_map(|name| name.split('|'));
    let words: Vec<String> = words.map(str::to_owned).collect();
    let are_words = words.len() > 1 && words.iter().all(|word| is_word(word));
    match option.get_action() {
        ArgAction::SetTrue => Kind::Flag,
        _ if is_number => Kind::Integer,
        _ if !choices.is_empty() => Kind::Choice(choices),
        _ if are_words => Kind::Choice(words),
        _ if is_number_allowed => Kind::TextOrInteger,
        _ => Kind::Text,
    }
}

/// The help of an option on one line, and the default that it names at its end: `… [default: 4].`
fn split_help(option: &Arg) -> (String, Option<String>) {
    let help = option
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((meaning, default)) = help.rsplit_once(" [default: ") else {
        return (help, None);
    };
    match default.trim_end_matches('.').strip_suffix(']') {
        Some(default) => (meaning.to_owned(), Some(default.to_owned())),
        None => (help, None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::args::UploadArgs;

    fn definitions() -> Definitions {
        Definitions::of(&UploadArgs::command())
    }

    #[test]
    fn the_settings_that_people_need_first_have_the_names_of_the_documentation() {
        let definitions = definitions();
        for (section, keys) in [
            (
                Section::Octane,
                &["url", "space", "workspace", "client-id", "deadline"][..],
            ),
            (
                Section::Upload,
                &["paths", "suite", "module", "create", "tags", "spool"],
            ),
            (
                Section::Jira,
                &["field", "from", "pattern", "map", "links", "on-unresolved"],
            ),
        ] {
            for key in keys {
                assert!(definitions.get(section, key).is_some(), "{section:?} {key}");
            }
        }
    }

    #[test]
    fn every_option_of_an_upload_is_a_setting_or_excluded_with_a_reason() {
        let definitions = definitions();
        let upload = UploadArgs::command();
        for option in upload.get_arguments() {
            let id = option.get_id().as_str();
            let is_excluded = exclusion(&id.replace('_', "-")).is_some();
            assert_ne!(definitions.by_id(id).is_some(), is_excluded, "{id}");
        }
    }

    #[test]
    fn names_are_unique_and_all_have_a_description() {
        let mut names = BTreeSet::new();
        for setting in definitions().iter() {
            assert!(names.insert(setting.name()), "{}", setting.name());
            assert!(!setting.help.is_empty(), "{}", setting.name());
        }
    }

    #[test]
    fn kinds_and_defaults_follow_from_the_options() {
        let definitions = definitions();
        let kind = |id| definitions.by_id(id).unwrap().kind.clone();
        assert_eq!(kind("skip_errors"), Kind::Flag);
        assert_eq!(kind("batch_size"), Kind::Integer);
        assert_eq!(kind("space"), Kind::TextOrInteger);
        assert_eq!(kind("wait"), Kind::TextOrInteger);
        assert_eq!(kind("url"), Kind::Text);
        assert_eq!(kind("shard"), Kind::Text);
        let reruns = ["last", "worst", "all"].map(String::from).to_vec();
        assert_eq!(kind("reruns"), Kind::Choice(reruns));
        assert_eq!(
            kind("create"),
            Kind::Choice(["ask", "never", "missing"].map(String::from).to_vec())
        );
        let default = |id| {
            definitions
                .by_id(id)
                .unwrap()
                .default
                .clone()
                .unwrap_or_default()
        };
        assert_eq!(default("wait"), "15m");
        assert_eq!(default("retries"), "4");
        assert_eq!(default("space"), "taken from the URL");
        assert!(definitions.by_id("tags").unwrap().is_list);
        assert!(definitions.by_id("spool").unwrap().is_path);
    }

    #[test]
    fn a_value_is_checked_like_a_typed_one() {
        let definitions = definitions();
        let check = |id, value: &str| definitions.by_id(id).unwrap().check(&[value.to_owned()]);
        assert_eq!(check("wait", "5m"), Ok(()));
        assert!(
            check("wait", "soon")
                .unwrap_err()
                .starts_with("`soon`: not a duration")
        );
        assert_eq!(
            check("create", "maybe").unwrap_err(),
            "`maybe` is not one of `ask`, `never`, `missing`"
        );
        assert!(check("batch_size", "0").unwrap_err().starts_with("`0`: "));
    }
}
