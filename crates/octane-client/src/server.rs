//! Where an upload goes.

use octane_model::Address;
use serde::{Deserialize, Serialize};

/// The workspace that an upload goes to: on a server, or in a sandbox that runs in the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    /// Of a sandbox: where it listened. Its port changes whenever it is started.
    pub(crate) url: String,
    pub(crate) space: i64,
    pub(crate) workspace: i64,
    /// The data folder of the sandbox, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sandbox: Option<String>,
}

impl Server {
    /// Whether both are the same workspace, however their URLs are written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_place = match (&self.sandbox, &other.sandbox) {
            (Some(folder), Some(other)) => folder == other,
            (None, None) => is_same_url(&self.url, &other.url),
            _ => false,
        };
        is_same_place && (self.space, self.workspace) == (other.space, other.workspace)
    }

    /// The URL with space and workspace, as in the browser; `None` for a sandbox.
    pub(crate) fn url_of_workspace(&self) -> Option<String> {
        let Self {
            url,
            space,
            workspace,
            sandbox,
        } = self;
        sandbox
            .is_none()
            .then(|| format!("{url}/ui/?p={space}/{workspace}"))
    }
}

fn is_same_url(one: &str, other: &str) -> bool {
    let parsed = |url: &str| url.parse::<Address>().ok();
    match (parsed(one), parsed(other)) {
        (Some(one), Some(other)) => one.is_same_server(&other),
        _ => one == other,
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            url,
            space,
            workspace,
            sandbox,
        } = self;
        match sandbox {
            Some(folder) => write!(f, "the sandbox in {folder} {space}/{workspace}"),
            None => write!(f, "{url} {space}/{workspace}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, workspace: i64, sandbox: Option<&str>) -> Server {
        Server {
            url: url.to_owned(),
            space: 1001,
            workspace,
            sandbox: sandbox.map(str::to_owned),
        }
    }

    #[test]
    fn a_server_is_the_same_however_its_url_is_written() {
        let one = server("https://octane.example", 1002, None);
        let written = server("https://OCTANE.example:443/", 1002, None);
        assert!(one.is_same(&written) && written.is_same(&one));
        assert!(!one.is_same(&server("https://octane.example", 1003, None)));
        assert!(!one.is_same(&server("https://octane2.example", 1002, None)));
    }

    #[test]
    fn a_sandbox_is_the_same_whatever_its_port_and_never_a_server() {
        let one = server("http://127.0.0.1:1", 1002, Some("/data/sandbox"));
        assert!(one.is_same(&server("http://127.0.0.1:2", 1002, Some("/data/sandbox"))));
        assert!(!one.is_same(&server("http://127.0.0.1:1", 1002, Some("/data/other"))));
        assert!(!one.is_same(&server("http://127.0.0.1:1", 1002, None)));
        assert_eq!(one.to_string(), "the sandbox in /data/sandbox 1001/1002");
        assert_eq!(one.url_of_workspace(), None);
    }

    #[test]
    fn what_was_stored_before_sandboxes_were_known_is_a_server() {
        let stored = r#"{"url":"https://octane.example","space":1001,"workspace":1002}"#;
        let read: Server = serde_json::from_str(stored).unwrap();
        assert_eq!(read, server("https://octane.example", 1002, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        let url = read.url_of_workspace();
        assert_eq!(
            url.as_deref(),
            Some("https://octane.example/ui/?p=1001/1002")
        );
    }
}
