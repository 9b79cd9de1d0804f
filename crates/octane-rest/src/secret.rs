//! Secret text that is never printed.

use std::fmt;
use std::io::{self, Read};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A secret: `Debug` and `Display` show `***`, it cannot be serialized, and its memory is wiped when it is
/// dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

/// More than any secret has; a longer text is something else.
const BYTES_MAX: u64 = 64 << 10;

impl Secret {
    /// The secret that a file or a pipe holds: one line, without white space at its ends. Anything else is an error of the
    /// kind [`InvalidData`](io::ErrorKind::InvalidData).
    ///
    /// ```
    /// use octane_rest::Secret;
    ///
    /// assert_eq!(Secret::read_from(&b"s3cret\r\n"[..])?.expose(), "s3cret");
    /// assert!(Secret::read_from(&b"user\nsecret\n"[..]).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn read_from(reader: impl Read) -> io::Result<Self> {
        let invalid = |reason| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        let mut bytes = Vec::new();
        reader.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > BYTES_MAX {
            return invalid("it is larger than 64 KiB");
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return invalid("it is not UTF-8");
        };
        // Windows editors begin a file with a byte order mark.
        let secret = text.trim_start_matches('\u{feff}').trim();
        if secret.is_empty() {
            invalid("it is empty")
        } else if secret.contains(['\n', '\r']) {
            invalid("it has more than one line; it should hold the secret and nothing else")
        } else {
            Ok(secret.into())
        }
    }

    /// The secret itself. The caller is responsible for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_only_on_request() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "*** *** ***");
        assert_eq!(secret.expose(), "hunter2");
    }
}
