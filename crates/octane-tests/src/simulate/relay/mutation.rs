//! Relays that break a promise on purpose, so that it can be shown that the checks notice.

/// What is wrong with the relays of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayMutation {
    /// The store takes whatever a relay writes for that of the one that has the lane.
    NoFencing,
    /// Each process has a pace of its own.
    PacePerProcess,
    /// Each upload has a lane of its own.
    LanePerUpload,
    /// The store says that an upload is stored, and it is not.
    StoresNothing,
    /// Each shard is linked and reported on without the others.
    ClosesEarly,
    /// A suite run is completed once more after it was.
    CompletesAgain,
}
