//! Tokens of CI systems at the door of a relay.

use std::sync::Arc;

use octane_relay::{FileKeys, KeysError, Oidc, OidcIssuer, ProjectRule, UrlKeys, system_clock};

use crate::args::{ConnectionArgs, OidcOption, RelayAccessArgs};
use crate::connect::network_settings;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// The issuers of the options, if there are any. Keys in a file must be there; keys that cannot be fetched now are fetched later.
pub(super) async fn of(
    args: &RelayAccessArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Option<Arc<Oidc>>> {
    let clock = system_clock();
    let mut issuers = Vec::new();
    for given in issuers_of(&args.oidc.given)? {
        let Given {
            issuer,
            audience,
            jwks,
            projects,
        } = given;
        let rules: Result<Vec<_>> = projects.into_iter().map(rule).collect();
        let rules = rules?;
        let is_url = jwks.starts_with("https://") || jwks.starts_with("http://");
        let issuer = if is_url {
            let keys = UrlKeys::new(jwks, &network_settings(connection)).map_err(failure)?;
            OidcIssuer::new(issuer, audience, rules, keys)
        } else {
            OidcIssuer::new(issuer, audience, rules, FileKeys::new(jwks))
        };
        match issuer.fetch_keys(clock()).await {
            Ok(()) => {}
            Err(error) if is_url => {
                let failure = failure(error);
                output.say(&format!(
                    "warning: {:#}; OIDC tokens of `{}` are not accepted until the keys can be fetched",
                    failure.error, given.issuer
                ));
            }
            Err(error) => {
                return Err(failure(error).context(format!("cannot use the keys in `{jwks}`")));
            }
        }
        issuers.push(issuer);
    }
    if issuers.is_empty() {
        return Ok(None);
    }
    let oidc = Oidc::new(issuers, clock);
    let oidc = oidc.map_err(|error| Failure::new(Exit::Usage, error).context("`--oidc-issuer`"))?;
    Ok(Some(Arc::new(oidc)))
}

/// An issuer of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given<'a> {
    issuer: &'a str,
    audience: &'a str,
    jwks: &'a str,
    projects: Vec<&'a str>,
}

/// Which options belong to which issuer.
///
/// | the command line has | the others belong to |
/// |---|---|
/// | one issuer | it, wherever they are |
/// | several | the last one before them; nothing may come before the first |
///
/// Each issuer needs one audience, one set of keys, and rules.
fn issuers_of(given: &[OidcOption]) -> Result<Vec<Given<'_>>> {
    let is_issuer = |option: &&OidcOption| matches!(option, OidcOption::Issuer(_));
    let is_single = given.iter().filter(is_issuer).count() == 1;
    let (mut issuers, mut rest) = (Vec::new(), Vec::new());
    for option in given {
        match (option, issuers.last_mut()) {
            (OidcOption::Issuer(issuer), _) => issuers.push((issuer.as_str(), Vec::new())),
            (option, Some((_, own))) => own.push(option),
            (option, None) => rest.push(option),
        }
    }
    match (issuers.first_mut(), rest.first()) {
        (Some((_, own)), Some(_)) if is_single => own.splice(0..0, rest).for_each(drop),
        (_, Some(first)) => {
            let message = format!("`{}` comes before the first `--oidc-issuer`", name(first));
            return Err(Failure::message(Exit::Usage, message).hint(
                "put the options of each issuer after it: `--oidc-issuer`, `--oidc-audience`, `--oidc-jwks`, `--oidc-project`",
            ));
        }
        (_, None) => {}
    }
    let issuers = issuers
        .into_iter()
        .map(|(issuer, own)| Given::of(issuer, &own));
    issuers.collect()
}

impl<'a> Given<'a> {
    fn of(issuer: &'a str, own: &[&'a OidcOption]) -> Result<Self> {
        let one = |option: &str, values: Vec<&'a str>| match values[..] {
            [value] => Ok(value),
            [] => Err(missing(issuer, option)),
            _ => {
                let message = format!("issuer `{issuer}` has several `{option}`");
                Err(Failure::message(Exit::Usage, message).hint("leave out all but one"))
            }
        };
        let (mut audiences, mut jwks, mut projects) = (Vec::new(), Vec::new(), Vec::new());
        for option in own {
            match option {
                OidcOption::Issuer(_) => {}
                OidcOption::Audience(value) => audiences.push(value.as_str()),
                OidcOption::Jwks(value) => jwks.push(value.as_str()),
                OidcOption::Project(value) => projects.push(value.as_str()),
            }
        }
        if projects.is_empty() {
            return Err(missing(issuer, "--oidc-project"));
        }
        for option in [&OidcOption::Issuer(issuer.to_owned())]
            .into_iter()
            .chain(own.iter().copied())
        {
            if value(option).trim().is_empty() {
                let message = format!("`{}` is empty", name(option));
                return Err(Failure::message(Exit::Usage, message)
                    .hint("is the variable set that should provide it?"));
            }
        }
        Ok(Self {
            issuer,
            audience: one("--oidc-audience", audiences)?,
            jwks: one("--oidc-jwks", jwks)?,
            projects,
        })
    }
}

fn missing(issuer: &str, option: &str) -> Failure {
    let message = format!("issuer `{issuer}` has no `{option}`");
    Failure::message(Exit::Usage, message)
        .hint(format!("add `{option}` after `--oidc-issuer {issuer}`"))
}

fn value(option: &OidcOption) -> &str {
    match option {
        OidcOption::Issuer(value)
        | OidcOption::Audience(value)
        | OidcOption::Jwks(value)
        | OidcOption::Project(value) => value,
    }
}

fn name(option: &OidcOption) -> &'static str {
    match option {
        OidcOption::Issuer(_) => "--oidc-issuer",
        OidcOption::Audience(_) => "--oidc-audience",
        OidcOption::Jwks(_) => "--oidc-jwks",
        OidcOption::Project(_) => "--oidc-project",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Options as they are typed: `i` an issuer, `a` an audience, `j` keys, `p` a rule.
    fn options(line: &str) -> Vec<OidcOption> {
        let options = line.split_whitespace().map(|word| {
            let text = word.to_owned();
            match &word[..1] {
                "i" => OidcOption::Issuer(text),
                "a" => OidcOption::Audience(text),
                "j" => OidcOption::Jwks(text),
                _ => OidcOption::Project(text),
            }
        });
        options.collect()
    }

    /// The issuers of a line, or the error.
    fn found(line: &str) -> Result<Vec<String>, String> {
        let options = options(line);
        let issuers = issuers_of(&options).map_err(|failure| failure.error.to_string())?;
        let shown = issuers.into_iter().map(|given| {
            let projects = given.projects.join(" ");
            format!(
                "{} {} {} {projects}",
                given.issuer, given.audience, given.jwks
            )
        });
        Ok(shown.collect())
    }

    #[test]
    fn options_belong_to_the_issuer_before_them() {
        let first = "i1 a1 j1 p1 p2".to_owned();
        for line in ["i1 a1 j1 p1 p2", "p1 j1 a1 i1 p2", "a1 j1 p1 p2 i1"] {
            assert_eq!(found(line), Ok(vec![first.clone()]), "{line}");
        }
        let both = vec![first, "i2 a2 j2 p3".to_owned()];
        assert_eq!(found("i1 a1 j1 p1 p2 i2 p3 j2 a2"), Ok(both));
        assert_eq!(found(""), Ok(Vec::new()));
    }

    #[test]
    fn what_comes_from_a_variable_that_is_not_set_is_refused() {
        let typed = |issuer: &str, audience: &str| {
            let given = [
                OidcOption::Issuer(issuer.to_owned()),
                OidcOption::Audience(audience.to_owned()),
                OidcOption::Jwks("keys.json".to_owned()),
                OidcOption::Project("a=b:shop".to_owned()),
            ];
            let issuers = issuers_of(&given).map(|issuers| issuers.len());
            issuers.map_err(|failure| failure.error.to_string())
        };
        assert_eq!(typed("https://ci.example", "octane-relay"), Ok(1));
        let empty = |option: &str| Err(format!("`{option}` is empty"));
        assert_eq!(typed("", "octane-relay"), empty("--oidc-issuer"));
        assert_eq!(typed("https://ci.example", " "), empty("--oidc-audience"));
    }

    #[test]
    fn an_issuer_that_lacks_something_is_named() {
        for (line, error) in [
            ("i1 j1 p1", "issuer `i1` has no `--oidc-audience`"),
            ("i1 a1 p1", "issuer `i1` has no `--oidc-jwks`"),
            (
                "i1 a1 j1 p1 i2 a2 j2",
                "issuer `i2` has no `--oidc-project`",
            ),
            ("i1 i2 a1 j1 p1", "issuer `i1` has no `--oidc-project`"),
            (
                "i1 a1 a2 j1 p1",
                "issuer `i1` has several `--oidc-audience`",
            ),
            (
                "a1 i1 j1 p1 i2 a2 j2 p2",
                "`--oidc-audience` comes before the first `--oidc-issuer`",
            ),
        ] {
            assert_eq!(found(line), Err(error.to_owned()), "{line}");
        }
    }
}
