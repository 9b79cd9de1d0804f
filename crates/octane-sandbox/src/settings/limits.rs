//! Size and rate limits for requests.

use serde::{Deserialize, Serialize};

/// Size and rate limits for requests; the table `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Limits {
    /// The maximum body of a request in bytes; 100 MB by default, like the product's `MAX_REQUEST_LENGTH`.
    pub body_bytes_max: usize,
    /// The maximum body after decompression in bytes; 256 MB by default.
    pub inflated_bytes_max: usize,
    /// The maximum number of elements of a payload; a million by default. The product's limit is not known;
    /// here, a million runs take about 1.3 GB of memory while they are ingested.
    pub payload_elements_max: usize,
    /// The maximum number of entities in the body of a request; 10,000 by default. The product's limit is not known. All
    /// values in a body together may be as many as `payload_elements_max`.
    pub entities_max: usize,
    /// The maximum length of `query`, `fields`, `order_by` and `text_search` in bytes; 64 KiB by default.
    pub query_bytes_max: usize,
    /// The maximum nesting of a `query`; 64 by default, at most [`Limits::QUERY_DEPTH_BOUND`].
    pub query_depth_max: usize,
    /// The maximum number of requests per second of all clients together; further ones get `throttle_status`.
    /// No limit by default. The help advises clients to stay below 20.
    pub requests_per_second_max: Option<u32>,
    /// The status of a request that exceeds the rate limit: 429 by default, or 503.
    pub throttle_status: ThrottleStatus,
    /// Whether `Retry-After` is sent with rate limiting and full queues; false by default, because no such
    /// header is documented.
    pub retry_after: bool,
}

impl Limits {
    /// The maximum `query_depth_max`, which certainly fits on the stack of a thread.
    pub const QUERY_DEPTH_BOUND: usize = 256;

    /// The first problem of the limits.
    pub(super) fn problem(&self) -> Option<String> {
        let (depth, bound) = (self.query_depth_max, Self::QUERY_DEPTH_BOUND);
        if depth > bound {
            return Some(format!(
                "`query-depth-max` must be at most {bound}, got {depth}"
            ));
        }
        (self.requests_per_second_max == Some(0))
            .then(|| "`requests-per-second-max` must be at least 1, got 0".to_owned())
    }
}

/// The status of a request that exceeds the rate limit.
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
                "the throttle status must be 429 or 503, got {other}"
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
            payload_elements_max: 1_000_000,
            entities_max: 10_000,
            query_bytes_max: 65_536,
            query_depth_max: 64,
            requests_per_second_max: None,
            throttle_status: ThrottleStatus::default(),
            retry_after: false,
        }
    }
}
