//! What a relay says when it refuses something.

use serde::Deserialize;

/// Why a relay has not done what it was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    schema: String,
    pub(crate) message: String,
}

impl Refusal {
    /// The refusal in a response; none if something else than a relay has answered.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let refusal: Self = serde_json::from_slice(body).ok()?;
        (refusal.schema.strip_suffix("/1") == Some("octane.relay_error")).then_some(refusal)
    }
}
