//! How much a request may ask for, and how often.

use serde::{Deserialize, Serialize};

/// How much a request may ask for, and how often; the table `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Limits {
    /// The largest body of a request in bytes; 100 MB by default, as the product's `MAX_REQUEST_LENGTH`.
    pub body_bytes_max: usize,
    /// The largest body after unpacking in bytes; 256 MB by default.
    pub inflated_bytes_max: usize,
    /// The longest `query`, `fields`, `order_by` or `text_search` in bytes; 64 KiB by default.
    pub query_bytes_max: usize,
    /// How deep a `query` may nest; 64 by default, at most [`Limits::QUERY_DEPTH_BOUND`].
    pub query_depth_max: usize,
    /// How many requests a second all clients together may send before the next gets `throttle_status`; no
    /// bound by default. The help advises clients to stay below 20.
    pub requests_per_second_max: Option<u32>,
    /// The status of a request that comes too soon: 429 by default, or 503.
    pub throttle_status: ThrottleStatus,
    /// Whether a request that comes too soon, or meets a full queue, is told by `Retry-After` when to come
    /// back; false by default: no such header is documented.
    pub retry_after: bool,
}

impl Limits {
    /// The greatest `query_depth_max`: what the stack of a thread surely holds.
    pub const QUERY_DEPTH_BOUND: usize = 256;

    /// What is wrong with the limits.
    pub(super) fn mistake(&self) -> Option<String> {
        let (depth, bound) = (self.query_depth_max, Self::QUERY_DEPTH_BOUND);
        if depth > bound {
            return Some(format!(
                "`query-depth-max` is {depth}, the sandbox can do {bound}"
            ));
        }
        (self.requests_per_second_max == Some(0)).then(|| {
            "`requests-per-second-max` is 0, so no request would pass; take at least 1".to_owned()
        })
    }
}

/// The status of a request that comes too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum ThrottleStatus {
    /// 429.
    #[default]
    TooManyRequests,
    /// 503.
    Unavailable,
}

impl TryFrom<u16> for ThrottleStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            429 => Ok(Self::TooManyRequests),
            503 => Ok(Self::Unavailable),
            other => Err(format!(
                "a request that comes too soon gets 429 or 503, not {other}"
            )),
        }
    }
}

impl From<ThrottleStatus> for u16 {
    fn from(status: ThrottleStatus) -> Self {
        match status {
            ThrottleStatus::TooManyRequests => 429,
            ThrottleStatus::Unavailable => 503,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 100_000_000,
            inflated_bytes_max: 256_000_000,
            query_bytes_max: 65_536,
            query_depth_max: 64,
            requests_per_second_max: None,
            throttle_status: ThrottleStatus::default(),
            retry_after: false,
        }
    }
}
