//! Access to the door of a relay.

use std::path::PathBuf;

use clap::Args;

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
    /// Issuer (`iss`) whose OIDC tokens are accepted in the place of a token of the relay, for example
    /// `https://token.actions.githubusercontent.com`.
    #[arg(long, requires_all = ["oidc_audience", "oidc_jwks", "oidc_project"], value_name = "URL")]
    pub(crate) oidc_issuer: Option<String>,
    /// Audience (`aud`) that these tokens must have.
    #[arg(long, requires = "oidc_issuer", value_name = "NAME")]
    pub(crate) oidc_audience: Option<String>,
    /// Public keys of the issuer (JWK set): a URL or a file. They are fetched again every hour, and for a token whose key is not known.
    #[arg(long, requires = "oidc_issuer", value_name = "FILE|URL")]
    pub(crate) oidc_jwks: Option<String>,
    /// Project of the tokens that say CLAIM=VALUE, for example `repository=acme/shop:shop`. More conditions are separated by commas;
    /// `{CLAIM}` as PROJECT takes the value of a claim. Can be repeated; the first rule that matches decides.
    #[arg(long, requires = "oidc_issuer", value_name = "CLAIM=VALUE:PROJECT")]
    pub(crate) oidc_project: Vec<String>,
}
