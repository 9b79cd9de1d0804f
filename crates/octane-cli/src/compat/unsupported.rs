//! Flags that cannot be honoured.

use crate::args::CompatArgs;
use crate::collection_tool::Config;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Fails if a flag cannot be honoured.
pub(super) fn check(args: &CompatArgs, config: &Config) -> Result<()> {
    let refuse = |flag: &str, reason: &str, hint: String| {
        let message = format!("`{flag}` is not supported: {reason}");
        Err(Failure::message(Exit::Usage, message).hint(hint))
    };
    if args.access_token.is_some() {
        let hint = "set OCTANE_ACCESS_TOKEN instead".to_owned();
        return refuse(
            "--access-token",
            "a token on the command line is visible to others",
            hint,
        );
    }
    if config.get("access-token").is_some() {
        let hint = "remove it from the file, and set OCTANE_ACCESS_TOKEN instead".to_owned();
        return refuse(
            "access-token",
            "tokens are not read from `config.properties`",
            hint,
        );
    }
    if args.bearer_token.is_some() || config.get("bearer-token").is_some() {
        let hint = "use an API key: `-u CLIENT_ID --password-file FILE`".to_owned();
        return refuse(
            "--bearer-token",
            "this program signs in for a session",
            hint,
        );
    }
    if args.started.is_some() {
        let hint = "remove it".to_owned();
        return refuse("--started", "reports say when tests have started", hint);
    }
    if !args.coverage_reports.is_empty() || args.coverage_report_type.is_some() {
        let hint = "upload coverage with the collection tool".to_owned();
        return refuse(
            "--coverage-reports",
            "this program uploads test results only",
            hint,
        );
    }
    if args.product_area.len() > 1 {
        let hint = "use the one that has the others below it".to_owned();
        return refuse(
            "--product-area",
            "results belong to one module, and several are given",
            hint,
        );
    }
    Ok(())
}
