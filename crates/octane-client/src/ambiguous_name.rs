//! Names that several entities share.

use std::fmt;

use octane_model::EntityId;

use crate::report::ReportedProblem;

/// What to do if several modules or suites have the name that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnAmbiguous {
    /// Use the oldest one, which has the lowest ID, and report the name.
    #[default]
    First,
    /// Fail with an error that lists them.
    Fail,
}

/// A name that several entities share, of which the oldest one was used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AmbiguousName {
    /// What was looked for, for example "test suite".
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// The IDs of all of them, the used one first.
    pub ids: Vec<EntityId>,
}

impl AmbiguousName {
    pub(crate) fn problem(&self) -> ReportedProblem {
        ReportedProblem::new("ambiguous_name", self.resolved())
    }

    /// What was done about it, in one sentence.
    pub fn resolved(&self) -> String {
        let oldest = self.ids.first().map_or("", EntityId::as_str);
        format!("{self}; used the oldest one, {oldest} (to use another one, give its ID)")
    }
}

impl fmt::Display for AmbiguousName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, ids } = self;
        let listed: Vec<&str> = ids.iter().map(EntityId::as_str).collect();
        let (count, listed) = (ids.len(), listed.join(", "));
        write!(f, "found {count} {kind}s named `{name}` (IDs {listed})")
    }
}
