//! Issuers of OIDC tokens, in the order of the command line: what follows an issuer belongs to it.

use clap::error::Error;
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// What is said of issuers, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OidcArgs {
    pub(crate) given: Vec<OidcOption>,
}

/// An option about an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OidcOption {
    Issuer(String),
    Audience(String),
    Jwks(String),
    Project(String),
}

/// The options as they are typed.
#[derive(Debug, Clone, Args)]
struct Typed {
    /// Issuer (`iss`) whose OIDC tokens are accepted in the place of a token of the relay, for example
    /// `https://token.actions.githubusercontent.com`. Can be repeated: the options about OIDC that follow an issuer belong to it.
    #[arg(long, requires_all = ["oidc_audience", "oidc_jwks", "oidc_project"], value_name = "URL")]
    oidc_issuer: Vec<String>,
    /// Audience (`aud`) that these tokens must have.
    #[arg(long, requires = "oidc_issuer", value_name = "NAME")]
    oidc_audience: Vec<String>,
    /// Public keys of the issuer (JWK set): a URL or a file. They are fetched again every hour, and for a token whose key is not known.
    #[arg(long, requires = "oidc_issuer", value_name = "FILE|URL")]
    oidc_jwks: Vec<String>,
    /// Project of the tokens that say CLAIM=VALUE, for example `repository=acme/shop:shop`. More conditions are separated by commas;
    /// `{CLAIM}` as PROJECT takes the value of a claim. Can be repeated; the first rule of the issuer that matches decides.
    #[arg(long, requires = "oidc_issuer", value_name = "CLAIM=VALUE:PROJECT")]
    oidc_project: Vec<String>,
}

impl Args for OidcArgs {
    fn augment_args(command: Command) -> Command {
        Typed::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Typed::augment_args_for_update(command)
    }
}

impl FromArgMatches for OidcArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given: Vec<(usize, OidcOption)> = Vec::new();
        let mut add = |id: &str, option: fn(String) -> OidcOption| {
            let values = matches.get_many::<String>(id).into_iter().flatten();
            let places = matches.indices_of(id).into_iter().flatten();
            given.extend(places.zip(values.cloned().map(option)));
        };
        add("oidc_issuer", OidcOption::Issuer);
        add("oidc_audience", OidcOption::Audience);
        add("oidc_jwks", OidcOption::Jwks);
        add("oidc_project", OidcOption::Project);
        given.sort_by_key(|(place, _)| *place);
        let given = given.into_iter().map(|(_, option)| option).collect();
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
