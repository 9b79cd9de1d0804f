//! Labels that distinguish lanes of several workspaces, for people.

use crate::lane::Lane;

/// Names the workspace of a lane where lanes are shown together that go to several.
///
/// | the lanes go to | label |
/// | --- | --- |
/// | one workspace, or there are none | none |
/// | several workspaces of one server | `1001/1002` |
/// | several servers | `https://octane.example.com/ 1001/1002` |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceLabels {
    has_workspaces: bool,
    has_servers: bool,
}

impl WorkspaceLabels {
    /// For lanes that are shown together.
    pub fn of<'a>(lanes: impl IntoIterator<Item = &'a Lane>) -> Self {
        let mut lanes = lanes.into_iter();
        let mut labels = Self {
            has_workspaces: false,
            has_servers: false,
        };
        let Some(first) = lanes.next() else {
            return labels;
        };
        for lane in lanes {
            labels.has_servers |= lane.server != first.server;
            labels.has_workspaces |= lane.workspace_in_space() != first.workspace_in_space();
        }
        labels
    }

    /// Whether the lanes go to several servers.
    pub fn name_servers(self) -> bool {
        self.has_servers
    }

    /// Whether lanes have labels.
    pub fn are_needed(self) -> bool {
        self.has_workspaces || self.has_servers
    }

    /// The label of one of the lanes, if they have any.
    pub fn label(self, lane: &Lane) -> Option<String> {
        let Lane {
            server,
            space,
            workspace,
            ..
        } = lane;
        self.are_needed().then(|| {
            if self.has_servers {
                format!("{server} {space}/{workspace}")
            } else {
                format!("{space}/{workspace}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(places: &[(&str, i64, i64)]) -> Vec<Option<String>> {
        let lanes = places
            .iter()
            .map(|(server, space, workspace)| Lane::new(*server, *space, *workspace, "S", "1"));
        let lanes: Vec<Lane> = lanes.collect();
        let labels = WorkspaceLabels::of(&lanes);
        lanes.iter().map(|lane| labels.label(lane)).collect()
    }

    #[test]
    fn a_label_says_no_more_than_it_takes_to_tell_lanes_apart() {
        let label = |text: &str| Some(text.to_owned());
        let (a, b) = ("https://a.example/", "https://b.example/");
        assert_eq!(labels(&[]), []);
        assert_eq!(labels(&[(a, 1, 2), (a, 1, 2)]), [None, None]);
        assert_eq!(
            labels(&[(a, 1, 2), (a, 1, 3), (a, 1, 2)]),
            [label("1/2"), label("1/3"), label("1/2")]
        );
        assert_eq!(
            labels(&[(a, 1, 2), (b, 1, 2)]),
            [
                label("https://a.example/ 1/2"),
                label("https://b.example/ 1/2")
            ]
        );
    }
}
