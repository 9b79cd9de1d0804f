//! Secrets that do not print themselves.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that nobody shall read in a log: where it is shown or written it is stars.
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

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source).map(Self)
    }
}

/// What somebody who has signed in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// Read.
    Viewer,
    /// Read and write what lies in the workspace, and push test results: the lowest role that may, as the
    /// readme of the ALM test result collection tool says.
    TeamMember,
    /// Everything, also in the shared space and the site.
    #[default]
    Admin,
}

/// An API key: the pair with which a program signs in.
///
/// `Debug` does not show the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    id: String,
    secret: Secret,
    #[serde(default)]
    role: Role,
}

impl ApiKey {
    /// A key that may do everything; its two halves are the `client_id` and the `client_secret` of a
    /// sign-in.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Secret::new(secret),
            role: Role::default(),
        }
    }

    /// Sets what the key may do.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    pub(crate) fn may(&self) -> Role {
        self.role
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

/// Somebody who signs in with name and password.
///
/// `Debug` does not show the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    name: String,
    password: Secret,
    #[serde(default)]
    role: Role,
}

impl User {
    /// A user who may do everything; the name and the password are the `user` and the `password` of a
    /// sign-in.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: Secret::new(password),
            role: Role::default(),
        }
    }

    /// Sets what the user may do.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    pub(crate) fn may(&self) -> Role {
        self.role
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The password, in clear.
    pub fn password(&self) -> &str {
        self.password.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_its_secret() {
        let key = ApiKey::new("ci", "hush");
        assert_eq!(
            format!("{key:?}"),
            r#"ApiKey { id: "ci", secret: ***, role: Admin }"#
        );
    }
}
