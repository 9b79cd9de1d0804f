//! `octane auth`

use clap::{Args, Subcommand};

use super::dry_run::DryRunArgs;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LoginArgs {
    /// Save the secret in the keyring of the operating system instead.
    #[arg(long, hide = cfg!(not(feature = "keyring")))]
    pub(crate) keyring: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum AuthCommand {
    /// Save an API key in a file that only you can read, after signing in with it.
    #[command(before_long_help = "\
Examples:
  octane auth login --url 'https://octane.example.com/ui/?p=1001/1002'    ask for client ID and secret
  octane auth login --client-id ci-uploader --secret-file key.txt         ask for nothing
  pass show octane | octane auth login --client-id ci-uploader --secret-stdin

The key is used for this server and shared space if neither an option nor the environment has credentials.")]
    Login(LoginArgs),
    /// Show which credentials are used, where they come from, and whether signing in works.
    #[command(before_long_help = "\
Examples:
  octane auth status
  octane auth status --format json    exit code 7 if signing in does not work

Credentials come from the first of these that has them:
  1  --secret-file, --secret-stdin, --secret-command or --client-secret, with --client-id
  2  OCTANE_CLIENT_ID and OCTANE_CLIENT_SECRET
     OCTANE_ACCESS_TOKEN; together with an API key, a token that Octane exchanges
     OCTANE_USERNAME and OCTANE_PASSWORD
     (OCTANE_CLIENT_SECRET_FILE and the like name files with the values)
  3  `client-id` with `secret-file` or `secret-command` in a settings file (`octane config path` lists them)
  4  the key of `octane auth login`")]
    Status,
    /// Delete the saved API key, and end the session that processes share.
    #[command(before_long_help = "\
Example:
  octane auth logout --url 'https://octane.example.com/ui/?p=1001/1002'")]
    Logout(DryRunArgs),
}
