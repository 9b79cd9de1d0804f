//! An answer, as far as it is compared.

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without parameters, in lower case.
    pub(crate) content_type: Option<String>,
    pub(crate) body: AnswerBody,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AnswerBody {
    Empty,
    Json(Value),
    /// Text or bytes.
    Other,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        let content_type = content_type.map(|value| {
            let name = value.split(';').next().unwrap_or_default();
            name.trim().to_ascii_lowercase()
        });
        let body = if body.trim_ascii().is_empty() {
            AnswerBody::Empty
        } else {
            serde_json::from_slice(body).map_or(AnswerBody::Other, AnswerBody::Json)
        };
        Self {
            status,
            content_type,
            body,
        }
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        match &self.body {
            AnswerBody::Json(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status >= 400
    }

    /// The code of an error.
    pub(crate) fn error_code(&self) -> Option<&str> {
        let body = self.json().filter(|_| self.is_error())?;
        let code = body.get("error_code").or_else(|| body.get("errorCode"));
        code?.as_str()
    }
}
