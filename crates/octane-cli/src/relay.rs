//! Relays: the door of one, as agents use it.

mod door;

pub(crate) use door::{Door, Handed};

/// The error of a program without the relay.
#[cfg(not(feature = "relay"))]
pub(crate) fn absent() -> crate::failure::Failure {
    let message = "this build of `octane` does not contain the relay";
    crate::failure::Failure::message(crate::exit::Exit::Usage, message)
        .hint("use a build with the feature `relay`; `--via` works in this one, too")
}
