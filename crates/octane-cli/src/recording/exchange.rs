//! A request and its response, as a file holds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The shape of a file; `octane schema exchange` describes it.
pub(crate) const SCHEMA: &str = "octane.exchange/1";

/// What stands for a secret.
pub(crate) const MASK: &str = "***";

/// A request and its response. Secrets are masked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) schema: String,
    /// Counted from 1, in the order in which requests arrived.
    pub(crate) number: u32,
    /// When the request had arrived.
    pub(crate) time: Timestamp,
    pub(crate) duration_ms: u64,
    pub(crate) request: RecordedRequest,
    pub(crate) response: RecordedResponse,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedRequest {
    pub(crate) method: String,
    /// With its query, percent-encoded.
    pub(crate) path: String,
    pub(crate) headers: Headers,
    #[serde(default)]
    pub(crate) body: Option<RecordedBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    #[serde(default)]
    pub(crate) body: Option<RecordedBody>,
}

/// `name: value` for each header, names in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Headers(pub(crate) Vec<String>);

/// A body, decompressed. Absent if it is empty.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordedBody {
    /// JSON, on several lines.
    Json(Box<RawValue>),
    /// Other text.
    Text(String),
    /// Other bytes.
    Base64(String),
}

/// Why the body of a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{member}.body.base64` is not valid base64")]
pub(crate) struct InvalidBase64 {
    member: &'static str,
}

impl RecordedBody {
    /// The bytes of a body, of the given member of the file.
    pub(crate) fn bytes(&self, member: &'static str) -> Result<Vec<u8>, InvalidBase64> {
        match self {
            Self::Json(json) => Ok(json.get().into()),
            Self::Text(text) => Ok(text.clone().into()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|_| InvalidBase64 { member }),
        }
    }
}

impl Headers {
    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name.trim(), value.trim()))
    }

    /// The first value of a header.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}
