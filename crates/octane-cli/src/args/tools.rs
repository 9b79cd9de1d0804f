//! Commands for everything else.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane api GET 'releases?limit=5'
  octane api GET /admin/server/version
  octane api POST releases --data '{\"data\":[{\"name\":\"R1\",…}]}'
  octane api POST test-results --xml --data @payload.xml")]
pub(crate) struct ApiArgs {
    /// GET, POST, PUT or DELETE.
    pub(crate) method: String,
    /// A path in the workspace (`releases?limit=5`), or one of the server (`/admin/server/version`).
    pub(crate) path: String,
    /// The body; `@FILE` reads a file, `@-` standard input.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) data: Option<String>,
    /// The body is XML, not JSON.
    #[arg(long, requires = "data")]
    pub(crate) xml: bool,
}

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane sandbox                                   serve on http://127.0.0.1:8484, keep the data
  octane sandbox --memory --port 0                 a fresh one on a free port
  octane sandbox --settings octane-sandbox.toml    every open question about Octane is a setting
  octane sandbox --set access.session-idle=10m --set results.queue-max=4")]
pub(crate) struct SandboxArgs {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8484)]
    pub(crate) port: u16,
    /// The address to listen on. Whoever reaches it can read and change everything in the sandbox.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    pub(crate) listen: IpAddr,
    /// Keep nothing: the data lives in memory.
    #[arg(long, conflicts_with = "sandbox_data")]
    pub(crate) memory: bool,
    /// A TOML file of settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// A single setting, which wins over the file: `results.queue-max=4`. Can be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
}
