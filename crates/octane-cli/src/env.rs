//! Every environment variable that the program reads.

/// Address of the server, in any form.
pub(crate) const URL: &str = "OCTANE_URL";
/// Number of the shared space.
pub(crate) const SHARED_SPACE: &str = "OCTANE_SHARED_SPACE";
/// Number of the workspace.
pub(crate) const WORKSPACE: &str = "OCTANE_WORKSPACE";
/// Id of the API key.
pub(crate) const CLIENT_ID: &str = "OCTANE_CLIENT_ID";
/// Secret of the API key; `octane-rest` reads it.
pub(crate) const CLIENT_SECRET: &str = "OCTANE_CLIENT_SECRET";
/// Folder in which uploads are kept until they are done, or `off`.
pub(crate) const SPOOL: &str = "OCTANE_SPOOL";
/// Folder of the sandbox's data.
pub(crate) const SANDBOX_DATA: &str = "OCTANE_SANDBOX_DATA";
