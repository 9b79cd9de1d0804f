//! `octane doctor`

use clap::Args;

use super::uploads::SpoolArgs;
use super::via::ViaArgs;

#[derive(Debug, Args)]
#[command(before_long_help = "\
Examples:
  octane doctor
  octane doctor --url 'https://octane.example.com/ui/?p=1001/1002'
  octane doctor --format json    a status, a message and a hint for each check

Nothing is written on the server. Each check is one line:
  ok       it works
  warning  uploads work, but something should be fixed
  failed   uploads do not work; the exit code is that of the first such check
  -        not checked, because an earlier check failed or the server does not say

If results are handed over to a relay (`--via`, OCTANE_VIA or octane.toml), the relay is checked,
and not Octane, to which only the relay connects; `octane doctor --via ''` checks Octane.")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) via: ViaArgs,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
}
