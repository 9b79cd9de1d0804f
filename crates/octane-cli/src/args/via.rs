//! Handing results over to a relay.

use std::path::PathBuf;

use clap::Args;

use crate::env;

/// The relay that results are handed over to, if any.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Relay")]
pub(crate) struct ViaArgs {
    /// Hand the results over to the relay at this URL instead of uploading them from here. Exit code 0 then means that the relay has
    /// stored them. With `--wait`, wait for it to deliver them, and report as an upload from here does. Needs a token of the relay in
    /// `OCTANE_RELAY_TOKEN`, and no API key.
    #[arg(long, env = env::VIA, value_name = "URL")]
    pub(crate) via: Option<String>,
    /// File that holds the token of the relay and nothing else; refused if others can read it.
    #[arg(long, env = env::RELAY_TOKEN_FILE, value_name = "FILE")]
    pub(crate) relay_token_file: Option<PathBuf>,
}

impl ViaArgs {
    /// The URL of the relay; an empty variable counts as unset.
    pub(crate) fn url(&self) -> Option<&str> {
        let url = self.via.as_deref().map(str::trim);
        url.filter(|url| !url.is_empty())
    }
}
