//! Where requests go: to one server and nowhere else.

use http::Uri;
use octane_model::{Address, Workspace};
use url::Url;

use crate::redact;

/// The server and the workspace in it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    base: Url,
    workspace_path: String,
}

impl Place {
    pub(crate) fn new(address: &Address, workspace: &Workspace) -> Self {
        Self {
            base: address.base().clone(),
            workspace_path: workspace.path(),
        }
    }

    /// The absolute URI of what a request names: a path on the server, or a URL on it.
    pub(crate) fn uri(&self, uri: &Uri) -> Result<Uri, String> {
        let path = if uri.authority().is_some() {
            self.path(&uri.to_string())?
        } else {
            uri.to_string()
        };
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}")
            .parse()
            .map_err(|error| format!("its address is no URI: {error}"))
    }

    /// The path below the server's base that a text means: `releases?limit=1` is in the workspace,
    /// `/admin/server/version` on the server, and a whole URL has to be on this server.
    pub(crate) fn path(&self, text: &str) -> Result<String, String> {
        if text.contains("://") && !text.starts_with('/') {
            return self.path_of_url(text);
        }
        let path = escaped(text);
        Ok(if path.starts_with('/') {
            path
        } else {
            format!("{}/{path}", self.workspace_path)
        })
    }

    fn path_of_url(&self, text: &str) -> Result<String, String> {
        let base = &self.base;
        // A text such as `tests?query="url EQ ^https://…^"` has the mark behind its path.
        let before = text.split("://").next().unwrap_or_default();
        if before.contains(['?', '/', ' ']) {
            return Ok(format!("{}/{}", self.workspace_path, escaped(text)));
        }
        let url = Url::parse(text).map_err(|error| format!("`{}`: {error}", redact::url(text)))?;
        let rest = url.path().strip_prefix(base.path());
        let (true, Some(rest)) = (url.origin() == base.origin(), rest) else {
            let url = redact::url(text);
            return Err(format!(
                "`{url}` is not on `{base}`, and a session does not travel to other servers"
            ));
        };
        let query = url.query().map(|query| format!("?{query}"));
        Ok(escaped(&format!("/{rest}{}", query.unwrap_or_default())))
    }
}

/// The text with everything escaped that may not stand in a path with a query. Escapes that are there
/// stay.
fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(digit.into(), 16).unwrap_or_default();
                path.push(digit.to_ascii_uppercase());
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use octane_model::{SharedSpaceId, WorkspaceId};
    use proptest::prelude::*;

    use super::*;

    fn place(address: &str) -> Place {
        let workspace = Workspace {
            space: SharedSpaceId::new(1),
            workspace: WorkspaceId::new(2),
        };
        Place::new(&address.parse().unwrap(), &workspace)
    }

    fn whole(text: &str) -> String {
        let place = place("https://host.example/octane");
        let path = place.path(text).unwrap();
        place.uri(&path.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_path_is_in_the_workspace_or_on_the_server() {
        let workspace = "https://host.example/octane/api/shared_spaces/1/workspaces/2";
        assert_eq!(
            whole("releases?limit=1"),
            format!("{workspace}/releases?limit=1")
        );
        assert_eq!(
            whole("/admin/server/version"),
            "https://host.example/octane/admin/server/version"
        );
        assert_eq!(
            whole("https://host.example/octane/admin/x?a=b c#d"),
            "https://host.example/octane/admin/x?a=b%20c"
        );
    }

    #[test]
    fn a_query_may_be_written_as_people_read_it() {
        assert_eq!(
            whole("tests?query=\"name EQ ^http://a^\"&x=%20"),
            "https://host.example/octane/api/shared_spaces/1/workspaces/2/\
             tests?query=%22name%20EQ%20%5Ehttp://a%5E%22&x=%20"
        );
    }

    #[test]
    fn another_server_is_refused() {
        let place = place("https://host.example/octane");
        for url in [
            "https://evil.example/octane/x",
            "http://host.example/octane/x",
            "https://host.example:8443/octane/x",
            "https://host.example/other?token=s3cret",
        ] {
            let error = place.path(url).unwrap_err();
            assert!(
                error.contains("is not on `https://host.example/octane/`"),
                "{error}"
            );
            assert!(!error.contains("s3cret"));
        }
        let absolute = Uri::from_static("https://evil.example/x");
        assert!(place.uri(&absolute).is_err());
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_server(text in "[/@:.a-z?#\\\\ %{}é]{0,30}") {
            let place = place("https://host.example");
            if let Ok(path) = place.path(&text) && let Ok(uri) = path.parse() && let Ok(uri) = place.uri(&uri) {
                let url = Url::parse(&uri.to_string()).unwrap();
                prop_assert_eq!(url.host_str(), Some("host.example"));
            }
        }
    }
}
