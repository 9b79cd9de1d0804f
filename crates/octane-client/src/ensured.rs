//! What is there now, and what had to be made for it.

/// An entity that is there now, and what had to be created for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ensured<T> {
    /// The entity.
    pub entity: T,
    /// What was created, outermost first; empty if all was there.
    pub created: Vec<T>,
}
