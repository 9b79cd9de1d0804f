//! `octane exec`.

use std::ffi::OsString;

use clap::Args;

use super::number::between;
use super::results::UploadArgs;

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane exec --suite Nightly -y -- mvn verify
  octane exec 'reports/*.xml' --suite Nightly -y -- pytest --junitxml reports/unit.xml

The command has the input, output and environment of this program, without OCTANE_CLIENT_SECRET, OCTANE_PASSWORD, OCTANE_ACCESS_TOKEN, OCTANE_RELAY_TOKEN and OCTANE_RELAY_DATABASE. \
Reports that it writes are uploaded, also if tests fail; reports that were there before are not. Without FILES (or `paths` in \
octane.toml) the usual places are searched; docs/ci.md lists them.

The exit code is that of the command, or that of the upload if the command succeeded, or if it failed only because of tests whose failures \
`--tolerate` allows; docs/ci.md says when that is known.")]
#[command(mut_args(|argument| if argument.get_id() == "paths" { argument.required(false) } else { argument }))]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) upload: UploadArgs,
    /// The exit code of the command that means that tests failed and nothing else; `--tolerate` applies to no other.
    #[arg(long, value_name = "CODE", default_value_t = 1, value_parser = |code: &str| between(code, &(1..=u8::MAX)))]
    pub(crate) test_failure_code: u8,
    /// The command, with its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
