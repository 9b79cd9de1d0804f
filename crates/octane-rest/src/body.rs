//! The body of a raw call.

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

/// The body of [`Endpoint::call`](crate::Endpoint::call).
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Body {
    /// No body.
    #[default]
    None,
    /// JSON.
    Json(Value),
    /// XML, as `test-results` accepts it.
    Xml(Bytes),
    /// Anything else.
    Raw {
        /// The header `Content-Type`.
        content_type: String,
        /// The body.
        bytes: Bytes,
    },
}

impl Body {
    pub(crate) fn into_parts(self) -> Result<(Option<HeaderValue>, Bytes), String> {
        Ok(match self {
            Self::None => (None, Bytes::new()),
            Self::Json(value) => (
                Some(HeaderValue::from_static("application/json")),
                value.to_string().into(),
            ),
            Self::Xml(bytes) => (Some(HeaderValue::from_static("application/xml")), bytes),
            Self::Raw {
                content_type,
                bytes,
            } => {
                let content_type = HeaderValue::try_from(&content_type);
                let content_type =
                    content_type.map_err(|_| "the content type is not a valid header value")?;
                (Some(content_type), bytes)
            }
        })
    }
}
