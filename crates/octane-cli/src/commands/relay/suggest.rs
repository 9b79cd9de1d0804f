//! Commands about a relay that messages suggest, with what they need to act on the same store.

use std::path::{Path, PathBuf};

use octane_relay::{Lane, WorkspaceLabels};

use crate::args::RelayStoreArgs;
use crate::env;
use crate::suggest::quoted;

/// What the suggested commands have to repeat of this one.
#[derive(Debug, Clone, Default)]
pub(super) struct RelaySuggest {
    options: String,
}

impl RelaySuggest {
    pub(super) fn of(store: &RelayStoreArgs) -> Self {
        Self::with(store, env::text)
    }

    /// What the environment says holds for the suggested commands as well.
    fn with(store: &RelayStoreArgs, variable: impl Fn(&str) -> Option<String>) -> Self {
        let RelayStoreArgs {
            relay_data,
            database_file,
            audit_log,
        } = store;
        let mut options = String::new();
        let mut add = |option: &str, value: &str| {
            options.push_str(&format!(" {option} {}", quoted(value)));
        };
        let typed = |value: &Option<PathBuf>, name| {
            let value = value.clone().filter(|value| !value.as_os_str().is_empty());
            value.filter(|value| variable(name).as_deref() != value.to_str())
        };
        if let Some(folder) = typed(relay_data, env::RELAY_DATA) {
            add("--relay-data", &absolute(&folder));
        }
        if let Some(file) = database_file {
            add("--database-file", &absolute(file));
        }
        if let Some(log) = typed(audit_log, env::RELAY_AUDIT_LOG) {
            let is_word = matches!(log.to_str(), Some("-" | "off"));
            let log = if is_word {
                log.display().to_string()
            } else {
                absolute(&log)
            };
            add("--audit-log", &log);
        }
        Self { options }
    }

    /// The command that completes the suite run of a lane, of all that `labels` distinguish.
    pub(super) fn close(&self, lane: &Lane, labels: WorkspaceLabels) -> String {
        let mut command = format!("octane relay close --suite={}", quoted(&lane.suite));
        if labels.name_servers() {
            command.push_str(&format!(" --url {}", quoted(&lane.server)));
        }
        if labels.are_needed() {
            let (space, workspace) = (lane.space, lane.workspace);
            command.push_str(&format!(" --space {space} --workspace {workspace}"));
        }
        // After the options, as a name that begins with a hyphen would be one.
        let name = quoted(&lane.suite_run);
        let separator = if name.starts_with('-') { "-- " } else { "" };
        format!("{} {separator}{name}", self.command(&command))
    }

    /// A command on the same store.
    pub(super) fn command(&self, command: &str) -> String {
        format!("{command}{}", self.options)
    }
}

/// A relative path would be another one elsewhere.
fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_completes_a_suite_run_names_it_whatever_it_is_called() {
        let lane = |name| Lane::new("https://octane.example/", 1001, 1003, "S 1", name);
        let with = |other: Lane| WorkspaceLabels::of([&lane("nightly"), &other]);
        let none = WorkspaceLabels::of([]);
        let workspaces = with(Lane::new(
            "https://octane.example/",
            1001,
            1002,
            "S 1",
            "-n",
        ));
        let servers = with(Lane::new("https://other.example/", 1001, 1003, "S 1", "-n"));
        let suggest = RelaySuggest {
            options: " --relay-data rd".to_owned(),
        };
        assert_eq!(
            suggest.close(&lane("nightly"), none),
            "octane relay close --suite='S 1' --relay-data rd nightly"
        );
        assert_eq!(
            suggest.close(&lane("-n"), workspaces),
            "octane relay close --suite='S 1' --space 1001 --workspace 1003 --relay-data rd -- -n"
        );
        assert_eq!(
            suggest.close(&lane("nightly"), servers),
            "octane relay close --suite='S 1' --url https://octane.example/ --space 1001 --workspace 1003 --relay-data rd nightly"
        );
    }

    #[test]
    fn a_command_names_the_store_unless_it_is_the_default_or_in_the_environment() {
        let store = |folder: Option<&str>, file: Option<&str>, log: Option<&str>| RelayStoreArgs {
            relay_data: folder.map(PathBuf::from),
            database_file: file.map(PathBuf::from),
            audit_log: log.map(PathBuf::from),
        };
        let command = |store: &RelayStoreArgs, variable: Option<&str>| {
            let suggest = RelaySuggest::with(store, |name| {
                let is_data = name == env::RELAY_DATA;
                variable.filter(|_| is_data).map(str::to_owned)
            });
            suggest.command("octane relay status")
        };
        let status = "octane relay status";
        assert_eq!(command(&store(None, None, None), None), status);
        assert_eq!(command(&store(Some(""), None, None), None), status);
        assert_eq!(command(&store(Some("rd"), None, None), Some("rd")), status);
        assert_eq!(
            command(&store(Some("/r d"), Some("/db"), Some("off")), Some("rd")),
            format!("{status} --relay-data '/r d' --database-file /db --audit-log off")
        );
        let here = std::env::current_dir().unwrap().join("rd");
        assert_eq!(
            command(&store(Some("rd"), None, None), None),
            format!(
                "{status} --relay-data {}",
                quoted(&here.display().to_string())
            )
        );
    }
}
