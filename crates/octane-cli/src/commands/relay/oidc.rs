//! Tokens of CI systems at the door of a relay.

use std::sync::Arc;

use octane_relay::{FileKeys, KeysError, Oidc, ProjectRule, UrlKeys, system_clock};

use crate::args::{ConnectionArgs, RelayAccessArgs};
use crate::connect::network_settings;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// The issuer of the options, if there is one. Keys in a file must be there; keys that cannot be fetched now are fetched later.
pub(super) async fn of(
    args: &RelayAccessArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Option<Arc<Oidc>>> {
    let (Some(issuer), Some(audience), Some(keys)) =
        (&args.oidc_issuer, &args.oidc_audience, &args.oidc_jwks)
    else {
        return Ok(None);
    };
    let rules: Result<Vec<_>> = args.oidc_project.iter().map(|text| rule(text)).collect();
    let (rules, clock) = (rules?, system_clock());
    let is_url = keys.starts_with("https://") || keys.starts_with("http://");
    let oidc = if is_url {
        let keys = UrlKeys::new(keys, &network_settings(connection)).map_err(failure)?;
        Oidc::new(issuer, audience, rules, keys, clock)
    } else {
        Oidc::new(issuer, audience, rules, FileKeys::new(keys), clock)
    };
    match oidc.fetch_keys().await {
        Ok(()) => {}
        Err(error) if is_url => {
            let failure = failure(error);
            output.say(&format!(
                "warning: {:#}; OIDC tokens are not accepted until the keys can be fetched",
                failure.error
            ));
        }
        Err(error) => return Err(failure(error)),
    }
    Ok(Some(Arc::new(oidc)))
}

fn rule(text: &str) -> Result<ProjectRule> {
    text.parse().map_err(|error| {
        Failure::new(Exit::Usage, error).context(format!("`--oidc-project {text}`"))
    })
}

fn failure(error: KeysError) -> Failure {
    Failure::new(Exit::Configuration, error)
        .context("`--oidc-jwks`")
        .hint("name the issuer's JWK set: the `jwks_uri` of its `/.well-known/openid-configuration`, or a file with it")
}
