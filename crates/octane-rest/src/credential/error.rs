//! Why there are no credentials.

use std::path::PathBuf;

/// Why a provider failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A part of the credentials is missing.
    #[error("incomplete credentials in {location}: `{present}` is set but `{missing}` is not")]
    Incomplete {
        /// Where they are, for example `the environment`.
        location: String,
        /// The part that is set.
        present: String,
        /// The part that is missing.
        missing: String,
    },
    /// The credentials are not valid.
    #[error("invalid credentials in {location}: {reason}")]
    Invalid {
        /// Where they are, for example `the environment`.
        location: String,
        /// Why they are not valid.
        reason: String,
    },
    /// The credentials could not be read.
    #[error("cannot read credentials from {location}")]
    Unreadable {
        /// Where they should be.
        location: String,
        /// Why they could not be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Other users of this machine can read or change the file of a secret.
    #[error("`{}` holds a secret and other users can access it (mode {mode:04o})", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A command that prints a secret did not print one.
    #[error("the secret command `{program}` {reason}")]
    Command {
        /// The program that was run, without its arguments.
        program: String,
        /// What went wrong, for example `failed with exit code 2`.
        reason: String,
    },
}
