//! A program without the sandbox.

use std::path::{Path, PathBuf};

use octane_rest::Builder;

use crate::args::SandboxDataArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A sandbox that cannot be started.
pub(crate) enum LocalServer {}

impl LocalServer {
    #[expect(clippy::unused_async, reason = "has the signature of the real one")]
    pub(crate) async fn start(_: &SandboxDataArgs) -> Result<Self> {
        Err(absent())
    }

    pub(crate) fn endpoint(&self) -> Builder {
        match *self {}
    }

    pub(crate) fn directory(&self) -> &Path {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "has the signature of the real one")]
    pub(crate) async fn shutdown(self) {
        match self {}
    }
}

/// Whether a directory holds the data of a sandbox: an upload into one fails because it cannot be started.
pub(crate) fn is_sandbox(_: &Path) -> bool {
    true
}

pub(crate) fn real_path(directory: &Path) -> PathBuf {
    directory.to_owned()
}

/// The error of everything that needs the sandbox.
pub(crate) fn absent() -> Failure {
    Failure::message(
        Exit::Usage,
        "this build of `octane` does not contain the sandbox",
    )
    .hint("use a build with the feature `sandbox`, or a server (`--url`)")
}
