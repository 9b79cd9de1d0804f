//! Secrets that do not print themselves.

use std::fmt;

/// A text that nobody shall read in a log: its `Debug` shows stars.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// An API key: the pair with which a program signs in.
///
/// `Debug` does not show the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: String,
    secret: Secret,
}

impl ApiKey {
    /// A key; its two halves are the `client_id` and the `client_secret` of a sign-in.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Secret::new(secret),
        }
    }

    /// The client id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client secret, in clear.
    pub fn secret(&self) -> &str {
        self.secret.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_its_secret() {
        let key = ApiKey::new("ci", "hush");
        assert_eq!(format!("{key:?}"), r#"ApiKey { id: "ci", secret: *** }"#);
    }
}
