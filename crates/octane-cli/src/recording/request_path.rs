//! The parts of a request's path.

/// A path with its query, percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestPath<'a> {
    /// The ID of the shared space, if the path has one.
    pub(crate) space: Option<&'a str>,
    /// The ID of the workspace, if the path has one.
    pub(crate) workspace: Option<&'a str>,
    /// What comes before the resource: `/api/shared_spaces/1001/workspaces/1002/`.
    pub(crate) prefix: &'a str,
    /// The rest without the query: `defects/1003`.
    pub(crate) resource: &'a str,
    /// What follows the `?`.
    pub(crate) query: Option<&'a str>,
}

impl<'a> RequestPath<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        let (whole, query) = match path.split_once('?') {
            Some((whole, query)) => (whole, Some(query)),
            None => (path, None),
        };
        let (space, in_space) = after_id(whole, "/shared_spaces/");
        let (workspace, in_workspace) = match space {
            Some(_) => after_id(&whole[in_space..], "/workspaces/"),
            None => (None, 0),
        };
        let start = match (space, workspace) {
            (Some(_), Some(_)) => in_space + in_workspace,
            (Some(_), None) => in_space,
            _ => 0,
        };
        // The slash between both belongs to the prefix.
        let start = start + usize::from(whole[start..].starts_with('/'));
        Self {
            space,
            workspace,
            prefix: &whole[..start],
            resource: &whole[start..],
            query,
        }
    }

    /// The segments of the resource.
    pub(crate) fn segments(self) -> impl Iterator<Item = &'a str> {
        self.resource
            .split('/')
            .filter(|segment| !segment.is_empty())
    }

    /// The last segment of the resource that is not an ID, usually a collection.
    pub(crate) fn collection(self) -> &'a str {
        let names = self.segments().filter(|segment| !is_id(segment));
        names.last().unwrap_or_default()
    }

    /// The ID at the end of the resource.
    pub(crate) fn id(self) -> Option<&'a str> {
        self.segments().last().filter(|segment| is_id(segment))
    }

    /// What requests to the same resource have in common: IDs are `{id}`, and of the query only the names are left.
    pub(crate) fn template(self) -> String {
        let segments = self
            .segments()
            .map(|segment| if is_id(segment) { "{id}" } else { segment });
        let segments: Vec<&str> = segments.collect();
        let start = match (self.space, self.workspace) {
            (None, _) => "/",
            (Some(_), Some(_)) => "…/",
            // A resource of the space itself.
            (Some(_), None) => "…/{space}/",
        };
        let mut names: Vec<&str> = self
            .query
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        let query = match names.as_slice() {
            [] => String::new(),
            names => format!("?{}", names.join("&")),
        };
        format!("{start}{}{query}", segments.join("/"))
    }
}

/// Whether a segment is an ID that a server has assigned.
pub(crate) fn is_id(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ID after `before`, and where it ends.
fn after_id<'a>(path: &'a str, before: &str) -> (Option<&'a str>, usize) {
    let Some(at) = path.find(before) else {
        return (None, 0);
    };
    let start = at + before.len();
    let length = path[start..].find('/').unwrap_or(path.len() - start);
    let id = &path[start..start + length];
    ((!id.is_empty()).then_some(id), start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_its_workspace() {
        let path = "/api/shared_spaces/1001/workspaces/1002/defects/1003?fields=id&query=%22x%22";
        let parts = RequestPath::of(path);
        assert_eq!((parts.space, parts.workspace), (Some("1001"), Some("1002")));
        assert_eq!(parts.prefix, "/api/shared_spaces/1001/workspaces/1002/");
        assert_eq!(parts.resource, "defects/1003");
        assert_eq!((parts.collection(), parts.id()), ("defects", Some("1003")));
        assert_eq!(parts.template(), "…/defects/{id}?fields&query");
        for (path, template) in [
            ("/authentication/sign_in", "/authentication/sign_in"),
            (
                "/internal-api/shared_spaces/7/analytics/ci/test-results/5",
                "…/{space}/analytics/ci/test-results/{id}",
            ),
            (
                "/ctx/api/shared_spaces/1/workspaces/2/stories/",
                "…/stories",
            ),
            ("/api/shared_spaces/1/workspaces/2", "…/"),
            ("/api/shared_spaces", "/api/shared_spaces"),
            ("/ui/?p=1001/1002", "/ui?p"),
        ] {
            assert_eq!(RequestPath::of(path).template(), template, "{path}");
        }
    }
}
