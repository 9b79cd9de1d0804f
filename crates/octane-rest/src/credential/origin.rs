//! Where credentials come from.

use std::fmt;
use std::path::PathBuf;

/// Where the secret of credentials comes from. `Display` completes the sentence "the secret comes from …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program that uses this library.
    Caller,
    /// An option on the command line, for example `--client-secret`.
    Option(String),
    /// An environment variable.
    Variable(String),
    /// A file.
    File {
        /// The file.
        path: PathBuf,
        /// The option, variable or settings file that names it.
        named_by: Option<String>,
    },
    /// Standard input.
    StandardInput,
    /// A command that printed it.
    Command {
        /// The program, without its arguments: these may hold secrets too.
        program: String,
        /// The option, variable or settings file that names it.
        named_by: Option<String>,
    },
    /// A file in which this program has saved it when the user logged in.
    Login(PathBuf),
    /// The keyring of the operating system.
    Keyring,
}

impl Origin {
    /// The same place, named by this option, variable or settings file. Has no effect on places that need no name.
    pub fn named_by(mut self, name: impl Into<String>) -> Self {
        if let Self::File { named_by, .. } | Self::Command { named_by, .. } = &mut self {
            *named_by = Some(name.into());
        }
        self
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named_by = match self {
            Self::Caller => return f.write_str("the program"),
            Self::Option(name) => return write!(f, "`{name}`"),
            Self::Variable(name) => return f.write_str(name),
            Self::StandardInput => return f.write_str("standard input"),
            Self::Keyring => return f.write_str("the keyring (`octane auth login --keyring`)"),
            Self::Login(path) => return write!(f, "`octane auth login` (`{}`)", path.display()),
            Self::File { path, named_by } => {
                write!(f, "the file `{}`", path.display())?;
                named_by
            }
            Self::Command { program, named_by } => {
                write!(f, "the command `{program}`")?;
                named_by
            }
        };
        match named_by {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_completes_a_sentence() {
        let file = Origin::File {
            path: "/run/secrets/octane".into(),
            named_by: None,
        };
        let command = Origin::Command {
            program: "vault".to_owned(),
            named_by: None,
        };
        for (origin, expected) in [
            (Origin::Caller, "the program"),
            (
                Origin::Option("--client-secret".into()),
                "`--client-secret`",
            ),
            (
                Origin::Variable("OCTANE_CLIENT_SECRET".into()),
                "OCTANE_CLIENT_SECRET",
            ),
            (file.clone(), "the file `/run/secrets/octane`"),
            (
                file.named_by("`--secret-file`"),
                "the file `/run/secrets/octane` (`--secret-file`)",
            ),
            (
                command.named_by("octane.toml"),
                "the command `vault` (octane.toml)",
            ),
            (Origin::StandardInput, "standard input"),
            (Origin::Login("/c".into()), "`octane auth login` (`/c`)"),
            (
                Origin::Keyring,
                "the keyring (`octane auth login --keyring`)",
            ),
        ] {
            assert_eq!(origin.to_string(), expected);
        }
    }
}
