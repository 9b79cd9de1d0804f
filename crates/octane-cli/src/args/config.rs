//! Commands about settings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::results::UploadArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings that an upload would use, and where they come from.
    Show(Box<ConfigShowArgs>),
    /// List the files in which settings are looked for.
    #[command(before_long_help = "\
Example:
  octane config path --format json")]
    Path,
    /// Write a file `octane.toml` with all settings, commented out.
    #[command(before_long_help = "\
Examples:
  octane config init
  octane config init --from config.properties      from the settings of the vendor's collection tool")]
    Init(ConfigInitArgs),
    /// Print the JSON Schema of `octane.toml`, for editors.
    #[command(before_long_help = "\
Example:
  octane config schema")]
    Schema,
}

#[derive(Debug, Args)]
#[command(mut_arg("paths", |paths| paths.required(false)))]
#[command(before_long_help = "\
Examples:
  octane config show
  octane config show --origin
  octane config show --format json")]
pub(crate) struct ConfigShowArgs {
    /// Show where each value comes from.
    #[arg(long)]
    pub(crate) origin: bool,
    #[command(flatten)]
    pub(crate) upload: UploadArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigInitArgs {
    /// Read the settings of this file of the vendor's collection tool. Its password is not copied.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// File to write.
    #[arg(short, long, value_name = "FILE", default_value = "octane.toml")]
    pub(crate) output: PathBuf,
}
