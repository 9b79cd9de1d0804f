//! A program without the sandbox.

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

    #[expect(clippy::unused_async, reason = "has the signature of the real one")]
    pub(crate) async fn shutdown(self) {
        match self {}
    }
}

/// The error of everything that needs the sandbox.
pub(crate) fn absent() -> Failure {
    Failure::message(
        Exit::Usage,
        "this build of `octane` does not contain the sandbox",
    )
    .hint("use a build with the feature `sandbox`, or a server (`--url`)")
}
