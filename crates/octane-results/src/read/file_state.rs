//! What is known of a file while its values are read one after the other.

use crate::read::commas::Commas;
use crate::read::start_times::StartTimes;

/// What earlier values of a file mean for later ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileState {
    /// What commas mean in durations.
    pub(crate) commas: Commas,
    /// Whether the first start time without a time zone has been met.
    pub(crate) start_times: StartTimes,
}

impl FileState {
    /// That of a file in whose durations commas have this meaning.
    pub(crate) fn new(commas: Commas) -> Self {
        Self {
            commas,
            start_times: StartTimes::default(),
        }
    }
}
