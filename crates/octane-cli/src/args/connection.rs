//! How the server is reached.

use std::path::PathBuf;

use clap::Args;

use crate::env;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Address of the server in any form, also one copied from the browser with `?p=1001/1002`.
    #[arg(long, global = true, env = env::URL, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Number of the shared space, unless the address names it.
    #[arg(long, global = true, env = env::SHARED_SPACE, value_name = "NUMBER")]
    pub(crate) space: Option<String>,
    /// Number of the workspace, unless the address names it.
    #[arg(long, global = true, env = env::WORKSPACE, value_name = "NUMBER")]
    pub(crate) workspace: Option<String>,
    /// Id of the API key.
    #[arg(long, global = true, env = env::CLIENT_ID, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Secret of the API key. Other users of this machine can see it here: better set the variable.
    #[arg(long, global = true, value_name = "SECRET", hide = true)]
    pub(crate) client_secret: Option<String>,
    /// Use the sandbox: a small Octane inside this program, kept between runs.
    #[arg(long, global = true, conflicts_with = "url")]
    pub(crate) sandbox: bool,
    /// Folder of the sandbox's data [default: `octane-client/sandbox` in the user's data folder].
    #[arg(long, global = true, env = env::SANDBOX_DATA, value_name = "DIR")]
    pub(crate) sandbox_data: Option<PathBuf>,
    /// Field of stories that holds Jira keys [default: found in the workspace's metadata].
    #[arg(long, global = true, value_name = "FIELD")]
    pub(crate) jira_field: Option<String>,
    /// Field of runs or tests that holds their stories [default: `covered_content`].
    #[arg(long, global = true, value_name = "FIELD")]
    pub(crate) link_field: Option<String>,
    /// Requests at once.
    #[arg(long, global = true, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: Option<u16>,
    /// How often a request is repeated at most, where repeating is safe.
    #[arg(long, global = true, value_name = "COUNT")]
    pub(crate) retries: Option<u32>,
    /// How many seconds a request may take in all, its repetitions included [default: 300].
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) deadline: Option<u64>,
    /// How many seconds one attempt may take, from connecting to the last byte [default: 120].
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: Option<u64>,
    /// Requests a second, for all workers together; Octane advises to stay below 20.
    #[arg(long, global = true, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rate: Option<u32>,
}
