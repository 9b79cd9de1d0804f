//! Lanes: what has to be delivered in the order in which it arrived.

use octane_client::UploadSummary;
use octane_model::{Address, AddressError, Workspace};
use serde::Serialize;

/// The suite run that an upload goes to, as it was named. Uploads in one lane are delivered one after the other, lanes in parallel.
///
/// A suite that is named once by its name and once by its ID has two lanes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Lane {
    /// The server's URL, in one form whatever was typed.
    pub server: String,
    /// The shared space.
    pub space: i64,
    /// The workspace.
    pub workspace: i64,
    /// The suite's name, or its ID where only that is known; empty for a payload that names none.
    pub suite: String,
    /// The suite run's name; of a payload that names no suite, its project; empty if it names a suite alone.
    pub suite_run: String,
}

/// Why an upload has no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoLane {
    /// It goes to a sandbox in a folder of the machine that it comes from.
    #[error("the upload belongs to {0}, which only the machine that it comes from can reach")]
    Sandbox(String),
    /// Its URL cannot be read.
    #[error("the upload belongs to {server}, whose URL is not valid")]
    #[non_exhaustive]
    Address {
        /// Where it goes.
        server: String,
        /// What is wrong with its URL.
        source: AddressError,
    },
    /// Its URL names no workspace.
    #[error("the upload belongs to {0}, which names no workspace")]
    NoWorkspace(String),
}

impl Lane {
    /// The lane of a suite run of a suite in a workspace.
    pub fn new(
        server: impl Into<String>,
        space: i64,
        workspace: i64,
        suite: impl Into<String>,
        suite_run: impl Into<String>,
    ) -> Self {
        Self {
            server: server.into(),
            space,
            workspace,
            suite: suite.into(),
            suite_run: suite_run.into(),
        }
    }

    /// The lane of an upload.
    pub fn of(upload: &UploadSummary) -> Result<Self, NoLane> {
        let server = || upload.server.clone();
        let url = upload.url.as_deref();
        let url = url.ok_or_else(|| NoLane::Sandbox(server()))?;
        let address: Address = url.parse().map_err(|source| NoLane::Address {
            server: server(),
            source,
        })?;
        let (Some(space), Some(workspace)) = (address.space(), address.workspace()) else {
            return Err(NoLane::NoWorkspace(server()));
        };
        Ok(Self {
            server: address.base().to_string(),
            space: space.get(),
            workspace: workspace.get(),
            suite: upload.suite.clone(),
            suite_run: upload.suite_run.clone(),
        })
    }

    /// The workspace with its shared space.
    pub fn workspace_in_space(&self) -> Workspace {
        Workspace {
            space: self.space.into(),
            workspace: self.workspace.into(),
        }
    }

    /// The suite's name, or its ID where only that is known; `None` if the payload names none.
    pub fn named_suite(&self) -> Option<&str> {
        Some(&*self.suite).filter(|suite| !suite.is_empty())
    }

    /// The suite run's name; `None` if the payload names none.
    pub fn named_suite_run(&self) -> Option<&str> {
        self.named_suite()?;
        Some(&*self.suite_run).filter(|suite_run| !suite_run.is_empty())
    }

    /// One text for each lane.
    pub(crate) fn key(&self) -> String {
        let Self {
            server,
            space,
            workspace,
            suite,
            suite_run,
        } = self;
        serde_json::json!([server, space, workspace, suite, suite_run]).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(suite: &str, suite_run: &str) -> Lane {
        Lane::new("https://octane.example/", 1001, 1002, suite, suite_run)
    }

    #[test]
    fn what_a_payload_does_not_name_has_no_name() {
        let named = |suite, suite_run| {
            let lane = lane(suite, suite_run);
            let names = (lane.named_suite(), lane.named_suite_run());
            (names.0.map(str::to_owned), names.1.map(str::to_owned))
        };
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(named("Nightly", "4711"), (name("Nightly"), name("4711")));
        assert_eq!(named("4001", ""), (name("4001"), None));
        // The second one is the project.
        assert_eq!(named("", "shop"), (None, None));
    }

    #[test]
    fn no_two_lanes_have_the_same_key_whatever_their_names_contain() {
        let key = lane("Nightly", "4711").key();
        assert_eq!(
            key,
            r#"["https://octane.example/",1001,1002,"Nightly","4711"]"#
        );
        assert_ne!(lane("a\",\"b", "c").key(), lane("a", "b\",\"c").key());
    }
}
