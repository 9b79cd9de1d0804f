//! The command line of the vendor's test result collection tool.

use std::path::PathBuf;

use clap::Args;
use octane_rest::Secret;

use super::number::number;

/// The flags of the collection tool; what each becomes is documented at [`crate::compat`].
#[derive(Debug, Clone, Args)]
#[command(before_long_help = "\
Examples:
  octane compat -s https://octane.example.com -d 1001 -w 1002 -u ci --suite 7045 results.xml
  octane compat -c config.properties -t OS:Linux --suite 7045 --check-result results.xml
  octane compat --show-command --suite 7045 results.xml      print the command that does the same

The file `config.properties` of the current directory is read unless `-c` names another one. docs/collection-tool.md compares each flag.")]
pub(crate) struct CompatArgs {
    /// Print the command of this program that does the same, without running it.
    #[arg(long)]
    pub(crate) show_command: bool,
    /// Test results.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Server URL.
    #[arg(short = 's', long, value_name = "URL:PORT")]
    pub(crate) server: Option<String>,
    /// Shared space ID.
    #[arg(short = 'd', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) shared_space: Option<i64>,
    /// Workspace ID.
    #[arg(short = 'w', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) workspace: Option<i64>,
    /// User name, or the client ID of an API key.
    #[arg(short = 'u', long, value_name = "USERNAME")]
    pub(crate) user: Option<String>,
    /// Password, or the client secret of an API key. Visible to other users of this machine; prefer `--password-file`.
    #[arg(short = 'p', long, value_name = "PASSWORD")]
    pub(crate) password: Option<Secret>,
    /// File with the password.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Environment of the runs, for example `OS:Linux`.
    #[arg(short = 't', long, value_name = "TYPE:VALUE")]
    pub(crate) tag: Vec<String>,
    /// Field of the tests: `Test_Level`, `Test_Type`, `Testing_Tool_Type` or `Framework`.
    #[arg(short = 'f', long, value_name = "TYPE:VALUE")]
    pub(crate) field: Vec<String>,
    /// Release of the runs.
    #[arg(short = 'r', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) release: Option<i64>,
    /// The default release.
    #[arg(long, conflicts_with = "release")]
    pub(crate) release_default: bool,
    /// Milestone of the runs.
    #[arg(short = 'm', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) milestone: Option<i64>,
    /// Program of the runs.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) program: Option<i64>,
    /// Product area (application module) of the tests.
    #[arg(short = 'a', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) product_area: Vec<i64>,
    /// Backlog item that the tests cover.
    #[arg(short = 'b', long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) backlog_item: Vec<i64>,
    /// Test suite of the results.
    #[arg(long, value_name = "ID", value_parser = number::<i64>)]
    pub(crate) suite: Option<i64>,
    /// Name of the suite run.
    #[arg(long, value_name = "NAME")]
    pub(crate) suite_external_run_id: Option<String>,
    /// The files are payloads for Octane.
    #[arg(short = 'i', long)]
    pub(crate) internal: bool,
    /// Write the payload to this file instead of uploading it.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
    /// File with settings.
    #[arg(short = 'c', long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Ask Octane to ignore unknown references.
    #[arg(short = 'e', long)]
    pub(crate) skip_errors: bool,
    /// Check everything, and upload nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Wait for the outcome; this program always does.
    #[arg(long)]
    pub(crate) check_result: bool,
    /// How long to wait for the outcome.
    #[arg(long, value_name = "SEC", value_parser = number::<u32>)]
    pub(crate) check_result_timeout: Option<u32>,
    /// CI server of the build that the results belong to.
    #[arg(long, value_name = "ID")]
    pub(crate) build_context_server_id: Option<String>,
    /// CI job of the build.
    #[arg(long, value_name = "ID")]
    pub(crate) build_context_job_id: Option<String>,
    /// Number of the build.
    #[arg(long, value_name = "ID")]
    pub(crate) build_context_build_id: Option<String>,
    /// Not supported: reports say when tests have started.
    #[arg(long, value_name = "TIMESTAMP")]
    pub(crate) started: Option<String>,
    /// Host of the proxy.
    #[arg(long, value_name = "HOSTNAME")]
    pub(crate) proxy_host: Option<String>,
    /// Port of the proxy.
    #[arg(long, value_name = "PORT", value_parser = number::<u16>)]
    pub(crate) proxy_port: Option<u16>,
    /// User of the proxy.
    #[arg(long, value_name = "USERNAME")]
    pub(crate) proxy_user: Option<String>,
    /// Password of the proxy. Visible to other users of this machine; prefer `--proxy-password-file`.
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) proxy_password: Option<Secret>,
    /// File with the password of the proxy.
    #[arg(long, value_name = "FILE", conflicts_with = "proxy_password")]
    pub(crate) proxy_password_file: Option<PathBuf>,
    /// Not supported: the environment has the token.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) access_token: Option<Secret>,
    /// Not supported.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) bearer_token: Option<Secret>,
    /// Not supported: this program uploads test results only.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) coverage_reports: Vec<String>,
    /// Not supported: this program uploads test results only.
    #[arg(long, value_name = "TYPE")]
    pub(crate) coverage_report_type: Option<String>,
}
