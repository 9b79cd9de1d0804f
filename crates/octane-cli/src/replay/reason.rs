//! Why an exchange of a recording is not compared.

use super::answer::Answer;

/// Why an exchange was not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A person has to sign in.
    Interactive,
    /// It uses entities that were there before the recording.
    UnknownEntities,
    /// It asks whether something has changed that was read before the recording.
    UnknownVersion,
    /// A task had not ended when it was recorded.
    TaskInProgress,
}

impl Reason {
    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::UnknownEntities => "unknown_entities",
            Self::UnknownVersion => "unknown_version",
            Self::TaskInProgress => "task_in_progress",
        }
    }

    /// A sentence for people, as the end of "not compared:".
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Interactive => "a person has to sign in",
            Self::UnknownEntities => {
                "they use entities that were not created in the recording, and that only one of the two servers has"
            }
            Self::UnknownVersion => {
                "they ask whether something has changed that was read before the recording"
            }
            Self::TaskInProgress => "a task was still in progress when it was recorded",
        }
    }
}

/// Whether two answers about an ID of which nothing is known differ because only one of both servers has the entity.
pub(super) fn is_about_another_entity(recorded: &Answer, replayed: &Answer) -> bool {
    if recorded.is_error() {
        recorded.status == 404 && !replayed.is_error()
    } else {
        replayed.is_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_of_both_servers_has_the_entity_if_only_one_finds_it() {
        for (recorded, replayed, expected) in [
            (200, 200, false),
            (200, 404, true),
            (304, 404, true),
            (404, 404, false),
            (404, 200, true),
            (404, 304, true),
            (400, 200, false),
        ] {
            let answer = |status| Answer::new(status, None, b"");
            let found = is_about_another_entity(&answer(recorded), &answer(replayed));
            assert_eq!(found, expected, "{recorded} {replayed}");
        }
    }
}
