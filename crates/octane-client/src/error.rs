//! What can go wrong when working with suites, modules, runs and links.

use std::fmt;

use octane_model::{EntityId, SuiteId};

use crate::ambiguous_name::AmbiguousName;
use crate::likeness::Similar;
use crate::report::CreatedEntity;

/// What can go wrong when working with suites, modules, runs and links.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server could not be reached, or it rejected the request.
    #[error(transparent)]
    Rest(#[from] octane_rest::Error),

    /// No entity has this id.
    #[error("no {kind} with ID {id} in this workspace")]
    UnknownId {
        /// What was requested, for example "test suite".
        kind: &'static str,
        /// The id.
        id: EntityId,
    },

    /// No entity has this name, and creating one was not allowed.
    #[error("no {kind} named `{name}` in this workspace{}", did_you_mean(.similar))]
    UnknownName {
        /// What was requested, for example "test suite".
        kind: &'static str,
        /// The name.
        name: String,
        /// Entities whose names look like it.
        similar: Vec<Similar>,
    },

    /// No entity has this number as its ID or its name.
    #[error("no {kind} with the ID or the name `{id}` in this workspace")]
    UnknownIdOrName {
        /// What was requested, for example "test suite".
        kind: &'static str,
        /// The number.
        id: String,
    },

    /// The module or the suite of an upload does not exist, and creating it was not allowed.
    #[error("{} in this workspace{}", listed(.0), did_you_mean(.0.iter().flat_map(|missing| &missing.similar)))]
    Missing(Vec<Missing>),

    /// The module or the suite of an upload does not exist, and was not created because the name of an existing one looks
    /// like it.
    #[error("{} in this workspace; not created, because there {}", listed(.0), existing(.0))]
    Similar(Vec<Missing>),

    /// Several entities have this name.
    #[error("{0}")]
    Ambiguous(AmbiguousName),

    /// Something was created, and then this failed.
    #[error("{}", Self::created(.created))]
    AfterCreating {
        /// What was created, and still exists.
        created: Vec<CreatedEntity>,
        /// Why the rest failed.
        #[source]
        error: Box<ClientError>,
    },

    /// The path of a module has no segments.
    #[error("invalid application module path `{path}`; use e.g. `Shop/Checkout`")]
    EmptyPath {
        /// The path as it was given.
        path: String,
    },

    /// The workspace has no root module.
    #[error(
        "the workspace has no root application module, or the API key has no permission to read it"
    )]
    NoRootModule,

    /// The workspace has no default release.
    #[error("the workspace has no default release")]
    NoDefaultRelease,

    /// No field holds Jira keys.
    #[error("stories have no user-defined text field whose name contains `jira`")]
    NoJiraField,

    /// Several fields could hold Jira keys.
    #[error("ambiguous Jira key field: {}", .0.join(", "))]
    AmbiguousJiraField(Vec<String>),

    /// The configured field for Jira keys does not exist.
    #[error("stories have no field `{0}` for Jira keys")]
    UnknownJiraField(String),

    /// Neither runs nor tests have an editable field for backlog items.
    #[error("neither automated runs nor automated tests have an editable field `{0}`")]
    NoLinkField(String),

    /// A name is empty.
    #[error("the {kind} name is empty")]
    EmptyName {
        /// What the name is for, for example "test suite".
        kind: &'static str,
    },

    /// A name is longer than Octane accepts.
    #[error("the {kind} name is {length} characters long; the limit is {length_max}")]
    NameTooLong {
        /// What the name is for, for example "test suite".
        kind: &'static str,
        /// The number of characters.
        length: usize,
        /// The largest number of characters.
        length_max: usize,
    },

    /// The suite has no suite run of this name.
    #[error("suite {suite} has no suite run named `{name}`{}", did_you_mean(.similar))]
    NoSuiteRun {
        /// The suite.
        suite: SuiteId,
        /// The suite run's name.
        name: String,
        /// Suite runs of the suite whose names look like it.
        similar: Vec<Similar>,
    },
}

impl From<AmbiguousName> for ClientError {
    fn from(ambiguous: AmbiguousName) -> Self {
        Self::Ambiguous(ambiguous)
    }
}

impl ClientError {
    /// What the message says of entities that were created before an error.
    pub fn created(created: &[CreatedEntity]) -> String {
        let named = |entity: &CreatedEntity| {
            let entity_type = entity.entity_type.replace('_', " ");
            format!("{entity_type} `{}` ({})", entity.name, entity.id)
        };
        let named: Vec<String> = created.iter().map(named).collect();
        format!("created {}, then failed", named.join(" and "))
    }

    /// What went wrong, whatever was created before.
    fn cause(&self) -> &Self {
        match self {
            Self::AfterCreating { error, .. } => error.cause(),
            error => error,
        }
    }

    /// Whether the server could not be reached, so that a later attempt may succeed.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.cause(), Self::Rest(error) if error.is_unreachable())
    }

    /// Whether a later attempt may succeed, because the server is away or does not accept the credentials now.
    pub fn is_retryable(&self) -> bool {
        matches!(self.cause(), Self::Rest(error) if error.is_retryable())
    }

    /// Whether authentication failed.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.cause(), Self::Rest(error) if error.is_unauthorized())
    }

    /// Whether what was requested does not exist.
    pub fn is_not_found(&self) -> bool {
        match self.cause() {
            Self::Rest(error) => error.is_not_found(),
            Self::UnknownId { .. }
            | Self::UnknownName { .. }
            | Self::UnknownIdOrName { .. }
            | Self::Missing(_)
            | Self::Similar(_)
            | Self::NoSuiteRun { .. } => true,
            _ => false,
        }
    }
}

/// A module or suite that an upload needs and that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// Its type, for example "test suite".
    pub kind: &'static str,
    /// Its name or path.
    pub name: String,
    /// Existing ones whose names look like it.
    pub similar: Vec<Similar>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, .. } = self;
        write!(f, "{kind} `{name}`")
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors already include the text of their cause.
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn listed(missing: &[Missing]) -> String {
    let names: Vec<String> = missing.iter().map(Missing::to_string).collect();
    let names = names.join(" and ");
    let verb = if missing.len() == 1 { "does" } else { "do" };
    format!("{names} {verb} not exist")
}

/// `` ; did you mean `Nightly` (4001)? ``, or nothing.
fn did_you_mean<'a>(similar: impl IntoIterator<Item = &'a Similar>) -> String {
    let similar: Vec<String> = similar.into_iter().map(Similar::to_string).collect();
    if similar.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", similar.join(" or "))
    }
}

/// `` is `Nightly` (4001) ``
fn existing(missing: &[Missing]) -> String {
    let similar = missing.iter().flat_map(|missing| &missing.similar);
    let similar: Vec<String> = similar.map(Similar::to_string).collect();
    let verb = if similar.len() == 1 { "is" } else { "are" };
    format!("{verb} {}", similar.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(kind: &'static str, name: &str) -> Missing {
        Missing {
            kind,
            name: name.to_owned(),
            similar: Vec::new(),
        }
    }

    #[test]
    fn similar_names_are_suggested_or_said_to_be_the_reason() {
        let mut suite = missing("test suite", "nightly");
        suite.similar = vec![Similar {
            id: 4001.into(),
            name: "Nightly".to_owned(),
        }];
        assert_eq!(
            ClientError::Missing(vec![suite.clone()]).to_string(),
            "test suite `nightly` does not exist in this workspace; did you mean `Nightly` (4001)?"
        );
        assert_eq!(
            ClientError::Similar(vec![suite]).to_string(),
            "test suite `nightly` does not exist in this workspace; not created, because there is `Nightly` (4001)"
        );
    }

    #[test]
    fn what_is_missing_is_listed_in_one_sentence() {
        let suite = missing("test suite", "Nightly");
        let module = missing("application module", "Shop/Checkout");
        assert_eq!(
            ClientError::Missing(vec![suite.clone()]).to_string(),
            "test suite `Nightly` does not exist in this workspace"
        );
        assert_eq!(
            ClientError::Missing(vec![module, suite]).to_string(),
            "application module `Shop/Checkout` and test suite `Nightly` do not exist in this workspace"
        );
    }

    #[test]
    fn an_ambiguous_name_is_listed_with_its_ids() {
        let error = ClientError::Ambiguous(AmbiguousName {
            kind: "test suite",
            name: "Nightly".to_owned(),
            ids: vec![1.into(), 2.into()],
        });
        assert_eq!(
            error.to_string(),
            "found 2 test suites named `Nightly` (IDs 1, 2)"
        );
    }
}
