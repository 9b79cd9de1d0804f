//! Workspaces as they are named on the command line.

use std::str::FromStr;

use octane_model::{SharedSpaceId, Workspace, WorkspaceId};

/// A workspace, in a shared space that may go without saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkspaceName {
    space: Option<SharedSpaceId>,
    workspace: WorkspaceId,
}

impl WorkspaceName {
    /// The workspace, in this shared space unless it names another one; `None` if nothing names one.
    #[cfg_attr(
        not(feature = "relay"),
        expect(dead_code, reason = "only a relay uses it")
    )]
    pub(crate) fn within(self, space: Option<SharedSpaceId>) -> Option<Workspace> {
        Some(Workspace {
            space: self.space.or(space)?,
            workspace: self.workspace,
        })
    }
}

impl FromStr for WorkspaceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let read = match text.split_once('/') {
            Some((space, workspace)) => number(space)
                .zip(number(workspace))
                .map(|(space, workspace)| (Some(space), workspace)),
            None => number(text).map(|workspace| (None, workspace)),
        };
        let (space, workspace) = read.ok_or_else(|| {
            "expected the ID of a workspace, or those of its shared space and of the workspace: `1003` or `1001/1003`"
                .to_owned()
        })?;
        Ok(Self {
            space: space.map(SharedSpaceId::new),
            workspace: workspace.into(),
        })
    }
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

    #[test]
    fn a_workspace_is_in_the_same_shared_space_unless_it_says_otherwise() {
        for (text, expected) in [
            ("1003", (1001, 1003)),
            ("2001/1003", (2001, 1003)),
            (" 2001 / 1003 ", (2001, 1003)),
        ] {
            let read: WorkspaceName = text.parse().unwrap();
            let (space, id) = expected;
            assert_eq!(read.within(Some(1001.into())), Some(workspace(space, id)));
        }
        let alone: WorkspaceName = "1003".parse().unwrap();
        assert_eq!(alone.within(None), None);
        for wrong in ["", "x", "/", "1001/", "/1003", "1/2/3", "1003,1004"] {
            assert!(wrong.parse::<WorkspaceName>().is_err(), "{wrong}");
        }
    }
}
