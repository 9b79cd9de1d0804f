//! Commands whose options are defined when they are called.

use std::ops::{Deref, DerefMut};

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// What a command is called with, on the heap. Its options are defined only when the command is called or
/// its help is asked for: the options of all commands are several hundred, and defining them takes most of the time of a short
/// command.
///
/// What clap defines for an update has them at once; the program never updates what it has parsed.
#[derive(Debug, Clone)]
pub(crate) struct Deferred<T>(Box<T>);

impl<T> Deferred<T> {
    pub(crate) fn into_inner(self) -> T {
        *self.0
    }
}

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Deferred<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Adds the options to a command, as if that had been done before the program's own options were handed down to it: these come last.
/// The description of the command stays that of its variant; that of the type of its options is for developers.
fn defined(command: Command, define: fn(Command) -> Command) -> Command {
    let about: Resettable<_> = command.get_about().cloned().into();
    let long_about: Resettable<_> = command.get_long_about().cloned().into();
    let handed_down = command
        .get_arguments()
        .map(|argument| argument.get_id().clone());
    let handed_down: Vec<Id> = handed_down.collect();
    let command = define(command).about(about).long_about(long_about);
    // What is changed moves to the end.
    handed_down.into_iter().fold(command, |command, id| {
        command.mut_arg(id, |argument| argument)
    })
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|args| Self(Box::new(args)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(|args| Self(Box::new(args)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| defined(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args(command)
    }
}
