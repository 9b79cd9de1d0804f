//! The workspaces that a relay delivers to.

use std::fmt::{self, Display, Formatter};

use octane_model::{Address, Workspace};

use crate::lane::Lane;

/// The workspaces of one server to which a relay delivers: one or more, in the order in which they were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspaces {
    server: Address,
    first: Workspace,
    others: Vec<Workspace>,
}

/// So many are named in a message.
const NAMED_MAX: usize = 5;

impl Workspaces {
    /// One workspace of a server.
    pub fn new(server: Address, first: Workspace) -> Self {
        Self {
            server,
            first,
            others: Vec::new(),
        }
    }

    /// Adds a workspace of the same server, unless it is one of them already.
    #[must_use]
    pub fn and(mut self, workspace: Workspace) -> Self {
        if !self.contains(workspace) {
            self.others.push(workspace);
        }
        self
    }

    /// The server.
    pub fn server(&self) -> &Address {
        &self.server
    }

    /// The one that was named first.
    pub fn first(&self) -> Workspace {
        self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Workspace> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Whether a workspace of the server is one of them.
    pub fn contains(&self, workspace: Workspace) -> bool {
        self.iter().any(|known| known == workspace)
    }

    /// Whether a lane is one of those that a [store](crate::Store) leases to a relay with these workspaces.
    pub fn has(&self, lane: &Lane) -> bool {
        lane.server == self.lane_server() && self.contains(lane.workspace_in_space())
    }

    /// Whether uploads in a lane go to one of them, however the server's URL is written there.
    pub(crate) fn accept(&self, lane: &Lane) -> bool {
        let server = lane.server.parse::<Address>();
        server.is_ok_and(|server| server.is_same_server(&self.server))
            && self.contains(lane.workspace_in_space())
    }

    /// The server as lanes name it.
    pub(crate) fn lane_server(&self) -> String {
        self.server.base().to_string()
    }

    /// All of them in one text, in which [`sql`](crate::store) looks for those of lanes: `,1001/1002,1001/1003,`.
    pub(crate) fn list(&self) -> String {
        let mut list = String::from(",");
        for workspace in self.iter() {
            list.push_str(&name(workspace));
            list.push(',');
        }
        list
    }

    /// Their names, the first few of them: `1001/1002, 1001/1003 and 7 more`.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.iter().take(NAMED_MAX).map(name).collect();
        let names = names.join(", ");
        match (self.others.len() + 1).saturating_sub(NAMED_MAX) {
            0 => names,
            rest => format!("{names} and {rest} more"),
        }
    }
}

/// The server and the first few workspaces: `https://octane.example.com 1001/1002, 1001/1003`.
impl Display for Workspaces {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.server, self.names())
    }
}

/// `1001/1002`
fn name(workspace: Workspace) -> String {
    format!("{}/{}", workspace.space, workspace.workspace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(space: i64, workspace: i64) -> Workspace {
        Workspace {
            space: space.into(),
            workspace: workspace.into(),
        }
    }

    fn workspaces() -> Workspaces {
        let server = "https://octane.example.com".parse().unwrap();
        Workspaces::new(server, workspace(1001, 1002))
    }

    fn lane(server: &str, space: i64, workspace: i64) -> Lane {
        Lane::new(server, space, workspace, "Nightly", "4711")
    }

    #[test]
    fn each_workspace_is_there_once_and_the_first_one_stays_first() {
        let several = workspaces()
            .and(workspace(1001, 1003))
            .and(workspace(1001, 1002))
            .and(workspace(1001, 1003));
        assert_eq!(several.first(), workspace(1001, 1002));
        assert_eq!(several.list(), ",1001/1002,1001/1003,");
        assert_eq!(
            several.to_string(),
            "https://octane.example.com 1001/1002, 1001/1003"
        );
    }

    #[test]
    fn a_message_names_a_few() {
        let many = (0..100).fold(workspaces(), |all, number| all.and(workspace(7, number)));
        assert_eq!(many.names(), "1001/1002, 7/0, 7/1, 7/2, 7/3 and 96 more");
    }

    #[test]
    fn a_lane_needs_the_server_and_one_of_the_workspaces() {
        let several = workspaces().and(workspace(1001, 1003));
        for (server, space, workspace, is_accepted, is_leased) in [
            ("https://octane.example.com/", 1001, 1002, true, true),
            ("https://octane.example.com/", 1001, 1003, true, true),
            ("https://octane.example.com./", 1001, 1003, true, false),
            ("https://octane.example.com/", 1001, 1004, false, false),
            ("https://octane.example.com/", 1002, 1003, false, false),
            ("https://other.example.com/", 1001, 1002, false, false),
            ("not a URL", 1001, 1002, false, false),
        ] {
            let lane = lane(server, space, workspace);
            assert_eq!(several.accept(&lane), is_accepted, "{lane:?}");
            assert_eq!(several.has(&lane), is_leased, "{lane:?}");
        }
    }
}
