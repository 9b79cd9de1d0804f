//! Relays, as agents use them.

mod door;
mod network;
mod refusal;
mod token;

pub(crate) use door::{Door, Handed, HandedReport, Refused, Unreached};
pub(crate) use network::{RelayNetwork, Unanswered, unsendable};
pub(crate) use refusal::Refusal;
pub(crate) use token::{of as relay_token, rejected_hint};

/// The error of a program without the relay.
#[cfg(not(feature = "relay"))]
pub(crate) fn absent() -> crate::failure::Failure {
    let message = "this build of `octane` does not contain the relay";
    crate::failure::Failure::message(crate::exit::Exit::Usage, message)
        .hint("use a build with the feature `relay`; `--via` works in this one, too")
}
