//! What can go wrong when working with suites, modules, runs and links.

use octane_model::{EntityId, SuiteId};

/// What can go wrong when working with suites, modules, runs and links.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server could not be reached, or said no.
    #[error(transparent)]
    Rest(#[from] octane_rest::Error),

    /// Nothing has this id.
    #[error("there is no {kind} with the id {id} in this workspace")]
    UnknownId {
        /// What was looked for, for example "test suite".
        kind: &'static str,
        /// The id.
        id: EntityId,
    },

    /// Nothing has this name, and nothing may be created.
    #[error("there is no {kind} named `{name}` in this workspace")]
    UnknownName {
        /// What was looked for, for example "test suite".
        kind: &'static str,
        /// The name.
        name: String,
    },

    /// Some of what results need to go into does not exist, and nothing may be created.
    #[error("there is {} in this workspace", listed(.0))]
    Missing(Vec<Missing>),

    /// Several have this name.
    #[error("{} {kind}s are named `{name}`: ids {}", .ids.len(), joined(.ids))]
    Ambiguous {
        /// What was looked for.
        kind: &'static str,
        /// The name.
        name: String,
        /// The ids of all that have it.
        ids: Vec<EntityId>,
    },

    /// The path of a module has no segments.
    #[error("`{path}` is no path of an application module; write for example `Shop/Checkout`")]
    EmptyPath {
        /// The path as it was given.
        path: String,
    },

    /// The workspace has no module at the top.
    #[error("the workspace has no root application module, or its API key may not see it")]
    NoRootModule,

    /// No field holds Jira keys.
    #[error("no user-defined text field of stories has `jira` in its name")]
    NoJiraField,

    /// Several fields could hold Jira keys.
    #[error("several fields could hold Jira keys: {}", .0.join(", "))]
    SeveralJiraFields(Vec<String>),

    /// The pinned field for Jira keys does not exist.
    #[error("stories have no field `{0}` for Jira keys")]
    UnknownJiraField(String),

    /// Neither runs nor tests have an editable field for backlog items.
    #[error("neither automated runs nor automated tests have an editable field `{0}`")]
    NoLinkField(String),

    /// A name is longer than Octane takes.
    #[error("the {kind}'s name has {length} characters, the server takes {length_max}")]
    NameTooLong {
        /// What was to be named.
        kind: &'static str,
        /// How many characters it has.
        length: usize,
        /// How many are taken.
        length_max: usize,
    },

    /// The suite run was not there after its results had been taken in.
    #[error("suite {suite} has no suite run named `{name}`")]
    NoSuiteRun {
        /// The suite.
        suite: SuiteId,
        /// The suite run's name.
        name: String,
    },
}

impl ClientError {
    /// Turns the server's "not found" into an error that names what was looked for.
    pub(crate) fn looking_for(
        kind: &'static str,
        id: impl Into<EntityId>,
    ) -> impl FnOnce(octane_rest::Error) -> Self {
        let id = id.into();
        move |error| {
            if error.is_not_found() && !error.is_passing() {
                Self::UnknownId { kind, id }
            } else {
                error.into()
            }
        }
    }

    /// Whether the server could not be reached, so that a later try may succeed.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Rest(error) if error.is_unreachable())
    }

    /// Whether signing in failed.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Rest(error) if error.is_unauthorized())
    }

    /// Whether what was asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Rest(error) => error.is_not_found(),
            Self::UnknownId { .. }
            | Self::UnknownName { .. }
            | Self::Missing(_)
            | Self::NoSuiteRun { .. } => true,
            _ => false,
        }
    }
}

/// Something that results need to go into and that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// What it is, for example "test suite".
    pub kind: &'static str,
    /// Its name or path.
    pub name: String,
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some libraries repeat their cause in their own words.
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn listed(missing: &[Missing]) -> String {
    let each = missing
        .iter()
        .map(|Missing { kind, name }| format!("no {kind} named `{name}`"));
    each.collect::<Vec<_>>().join(" and ")
}

fn joined(ids: &[EntityId]) -> String {
    ids.iter()
        .map(EntityId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
