//! Resolves URLs, and confines them to one server.

use http::Uri;
use octane_model::{Address, Workspace, split_scheme};
use url::Url;

use crate::redact;

/// The server.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    base: Url,
}

impl BaseUrl {
    pub(crate) fn new(address: &Address) -> Self {
        Self {
            base: address.base().clone(),
        }
    }

    /// The absolute URI of a request: of a path on the server, or of a URL on it.
    pub(crate) fn uri(&self, uri: &Uri) -> Result<Uri, String> {
        // Escaped or not, they would lead out of the base URL: URLs have no escape for them.
        if uri.path().split(['/', '\\']).any(is_dot_segment) {
            return Err("a path must not contain the segments `.` or `..`".to_owned());
        }
        let path = if uri.authority().is_some() {
            self.path_of_url(&uri.to_string())?
        } else {
            uri.to_string()
        };
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}")
            .parse()
            .map_err(|error| format!("invalid URI: {error}"))
    }

    /// The path below the server's base URL: `releases?limit=1` is in the workspace,
    /// `/admin/server/version` on the server, and a full URL has to be on this server.
    pub(crate) fn path(&self, workspace: Workspace, text: &str) -> Result<String, String> {
        // In a text such as `tests?query="url EQ ^https://…^"` the scheme comes after the path.
        if split_scheme(text).0.is_some() {
            return self.path_of_url(text);
        }
        let path = escaped(text);
        Ok(if path.starts_with('/') {
            path
        } else {
            format!("{}/{path}", workspace.path())
        })
    }

    fn path_of_url(&self, text: &str) -> Result<String, String> {
        let base = &self.base;
        let url = Url::parse(text).map_err(|error| format!("`{}`: {error}", redact::url(text)))?;
        let rest = url.path().strip_prefix(base.path());
        let (true, Some(rest)) = (url.origin() == base.origin(), rest) else {
            let url = redact::url(text);
            return Err(format!(
                "`{url}` is not on `{base}`; the session is never sent to other servers"
            ));
        };
        let query = url.query().map(|query| format!("?{query}"));
        Ok(escaped(&format!("/{rest}{}", query.unwrap_or_default())))
    }
}

/// Whether a segment of a path means the path itself or the one above.
fn is_dot_segment(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(segment.as_str(), "." | "..")
}

fn begins_with_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', one, two, ..] if one.is_ascii_hexdigit() && two.is_ascii_hexdigit())
}

/// The text with everything escaped that is not allowed in a path with a query. Existing escapes are
/// kept.
fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let is_allowed = match byte {
            b'%' => begins_with_escape(&text.as_bytes()[at..]),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(&byte),
        };
        if is_allowed {
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

    const WORKSPACE: Workspace = Workspace {
        space: SharedSpaceId::new(1),
        workspace: WorkspaceId::new(2),
    };

    fn base_url(address: &str) -> BaseUrl {
        BaseUrl::new(&address.parse().unwrap())
    }

    fn resolved(text: &str) -> String {
        let base_url = base_url("https://host.example/octane");
        let path = base_url.path(WORKSPACE, text).unwrap();
        base_url.uri(&path.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_path_is_in_the_workspace_or_on_the_server() {
        let workspace = "https://host.example/octane/api/shared_spaces/1/workspaces/2";
        assert_eq!(
            resolved("releases?limit=1"),
            format!("{workspace}/releases?limit=1")
        );
        assert_eq!(
            resolved("/admin/server/version"),
            "https://host.example/octane/admin/server/version"
        );
        assert_eq!(
            resolved("https://host.example/octane/admin/x?a=b c#d"),
            "https://host.example/octane/admin/x?a=b%20c"
        );
    }

    #[test]
    fn a_query_need_not_be_escaped() {
        assert_eq!(
            resolved("tests?query=\"name EQ ^http://a^\"&x=%20"),
            "https://host.example/octane/api/shared_spaces/1/workspaces/2/\
             tests?query=%22name%20EQ%20%5Ehttp://a%5E%22&x=%20"
        );
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_is_escaped() {
        for (query, expected) in [
            ("100%^", "100%25%5E"),
            ("%é%:é", "%25%C3%A9%25:%C3%A9"),
            ("%C3%a9%4", "%C3%a9%254"),
        ] {
            let (_, resolved) = resolved(&format!("tests?q={query}"))
                .split_once("?q=")
                .map(|(path, query)| (path.to_owned(), query.to_owned()))
                .unwrap();
            assert_eq!(resolved, expected, "{query}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_base_url() {
        let base_url = base_url("https://host.example/octane");
        for text in [
            "/../other/app",
            "/admin/%2e%2E/../other",
            "releases/..",
            "releases/.",
            "https://host.example/octane/../other",
        ] {
            let path = base_url.path(WORKSPACE, text);
            let uri = path.and_then(|path| base_url.uri(&path.parse().unwrap()));
            assert!(uri.is_err(), "{text}: {uri:?}");
        }
        assert!(base_url.uri(&Uri::from_static("/..\\other")).is_err());
        assert_eq!(
            resolved("/a/..b/c...?d=/../e"),
            "https://host.example/octane/a/..b/c...?d=/../e"
        );
    }

    #[test]
    fn another_server_is_rejected() {
        let base_url = base_url("https://host.example/octane");
        for url in [
            "https://evil.example/octane/x",
            "http://host.example/octane/x",
            "https://host.example:8443/octane/x",
            "https://host.example/other?token=s3cret",
        ] {
            let error = base_url.path(WORKSPACE, url).unwrap_err();
            assert!(
                error.contains("is not on `https://host.example/octane/`"),
                "{error}"
            );
            assert!(!error.contains("s3cret"));
        }
        let absolute = Uri::from_static("https://evil.example/x");
        assert!(base_url.uri(&absolute).is_err());
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_server(text in "[/@:.a-z?#\\\\ %{}é]{0,30}") {
            let base_url = base_url("https://host.example");
            if let Ok(path) = base_url.path(WORKSPACE, &text) && let Ok(uri) = path.parse() && let Ok(uri) = base_url.uri(&uri) {
                let url = Url::parse(&uri.to_string()).unwrap();
                prop_assert_eq!(url.host_str(), Some("host.example"));
            }
        }
    }
}
