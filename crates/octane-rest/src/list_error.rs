//! Lists that a server cannot mean.

/// Why a list was not read to its end: the server contradicts itself, or does not end it. Reading on could take forever and
/// any amount of memory, and ending there could hide entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// A page holds more entities than were requested.
    #[error("{requested} entities were requested, and the page holds {received}")]
    PageTooLong {
        /// The limit of the request.
        requested: u64,
        /// The number of entities in the page.
        received: u64,
    },
    /// A page has the same entities as an earlier one.
    #[error("the page at offset {offset} repeats an earlier one")]
    RepeatedPage {
        /// The offset of the request.
        offset: u64,
    },
    /// The server counts more entities than it returns.
    #[error("the server counts {counted} entities, and returns none after the first {received}")]
    Missing {
        /// The total that the server states.
        counted: u64,
        /// The offset at which the page was empty.
        received: u64,
    },
    /// The list has more entities than the setting `list_entities_max` allows.
    #[error("the list has more than {entities_max} entities")]
    Endless {
        /// The setting.
        entities_max: u64,
    },
}
