//! Secrets that are not printed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that must not appear in logs: it is displayed and serialized as asterisks.
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

/// What a signed-in user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// Read only.
    Viewer,
    /// Read and write the content of the workspace, and send test results: the lowest role that may,
    /// according to the readme of the ALM test result collection tool.
    TeamMember,
    /// Everything, including the shared space and the site.
    #[default]
    Admin,
}

/// An API key: the client ID and secret with which a program signs in.
///
/// `Debug` does not show the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a key has no effect until it is part of the settings"]
pub struct SandboxApiKey {
    id: String,
    secret: Secret,
    #[serde(default)]
    role: Role,
}

impl SandboxApiKey {
    /// A key with all permissions; its parts are the `client_id` and the `client_secret` of a sign-in.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Secret::new(secret),
            role: Role::default(),
        }
    }

    /// Sets the permissions of the key.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    pub(crate) fn may(&self) -> Role {
        self.role
    }

    /// The client ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client secret, in plain text.
    pub fn secret(&self) -> &str {
        self.secret.reveal()
    }
}

/// A user who signs in with name and password.
///
/// `Debug` does not show the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a user has no effect until it is part of the settings"]
pub struct User {
    name: String,
    password: Secret,
    #[serde(default)]
    role: Role,
}

impl User {
    /// A user with all permissions; the name and the password are the `user` and the `password` of a sign-in.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: Secret::new(password),
            role: Role::default(),
        }
    }

    /// Sets the permissions of the user.
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

    /// The password, in plain text.
    pub fn password(&self) -> &str {
        self.password.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_its_secret() {
        let key = SandboxApiKey::new("ci", "hush");
        assert_eq!(
            format!("{key:?}"),
            r#"SandboxApiKey { id: "ci", secret: ***, role: Admin }"#
        );
    }
}
