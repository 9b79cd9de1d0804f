//! Commands for everything else.

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
pub(crate) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8484)]
    pub(crate) port: u16,
    /// Keep nothing: the data lives in memory.
    #[arg(long, conflicts_with = "sandbox_data")]
    pub(crate) memory: bool,
    /// Automated runs have no field for stories, so that their tests are linked.
    #[arg(long)]
    pub(crate) without_run_links: bool,
    /// Accept payloads in the evidence dialect.
    #[arg(long)]
    pub(crate) accept_evidence: bool,
}
