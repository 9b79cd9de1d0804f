//! What faults know about a request.

/// The properties of a request that faults look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) has_session: bool,
}
