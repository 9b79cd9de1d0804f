//! The workspaces that a token is for.

use octane_model::Workspace;

/// Which workspaces of a relay a token is for. Default: all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenWorkspaces(Vec<Workspace>);

impl TokenWorkspaces {
    /// These workspaces; all, if there are none.
    pub fn of(workspaces: impl IntoIterator<Item = Workspace>) -> Self {
        let mut own = Vec::new();
        for workspace in workspaces {
            if !own.contains(&workspace) {
                own.push(workspace);
            }
        }
        Self(own)
    }

    /// Whether the token is for this workspace.
    pub fn allow(&self, workspace: Workspace) -> bool {
        self.0.is_empty() || self.0.contains(&workspace)
    }

    /// Their names, such as `1001/1002`; `None` if it is for all.
    pub fn names(&self) -> Option<Vec<String>> {
        let names = self.0.iter();
        let names = names.map(|workspace| format!("{}/{}", workspace.space, workspace.workspace));
        (!self.0.is_empty()).then(|| names.collect())
    }

    /// As stores have it.
    pub(crate) fn to_text(&self) -> String {
        self.names().unwrap_or_default().join(",")
    }

    /// What a store has; `None` if it cannot be read, which does not mean all.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let words = text.split(',').filter(|_| !text.is_empty());
        let read = words.map(|word| {
            let (space, workspace) = word.split_once('/')?;
            Some(Workspace {
                space: space.parse::<i64>().ok()?.into(),
                workspace: workspace.parse::<i64>().ok()?.into(),
            })
        });
        let read: Option<Vec<Workspace>> = read.collect();
        read.map(Self)
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
    fn a_token_is_for_all_workspaces_or_for_those_that_it_names() {
        let all = TokenWorkspaces::default();
        assert!(all.allow(workspace(1001, 1002)));
        assert_eq!(all.names(), None);
        let two = [(1001, 1003), (1002, 1003), (1001, 1003)];
        let two = TokenWorkspaces::of(two.map(|(space, id)| workspace(space, id)));
        assert_eq!(two.names().unwrap(), ["1001/1003", "1002/1003"]);
        assert!(two.allow(workspace(1002, 1003)));
        assert!(!two.allow(workspace(1001, 1002)));
        assert!(!two.allow(workspace(1003, 1001)));
    }

    #[test]
    fn what_is_stored_is_read_as_it_was_and_nothing_unreadable_means_all() {
        for workspaces in [
            TokenWorkspaces::default(),
            TokenWorkspaces::of([workspace(1001, 1002), workspace(1, -7)]),
        ] {
            let read = TokenWorkspaces::from_text(&workspaces.to_text()).unwrap();
            assert_eq!(read, workspaces);
        }
        for wrong in [",", "1001", "1001/", "1001/1002,", "x/1"] {
            assert!(TokenWorkspaces::from_text(wrong).is_none(), "{wrong}");
        }
    }
}
