//! Access to the door of a relay.

use std::path::PathBuf;

use clap::Args;

use super::oidc::OidcArgs;

/// How the door of a relay is protected.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct RelayAccessArgs {
    /// Certificate (PEM) of the relay, followed by its chain: agents then reach it with `https://`. The file also holds its private key,
    /// unless `--tls-key` is given. When the files change, the new certificate is used within 10 seconds, or at once after SIGHUP.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM, not encrypted) of the relay's certificate; refused if others can read it.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// CA certificates (PEM) of agents: only those with a certificate of one of them can connect.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) oidc: OidcArgs,
}
