//! The public list of exit codes: the one place where an outcome becomes a number.

use octane_client::Outcome;

/// How the program ends. The numbers are stable; scripts may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Internal,
    Usage,
    Configuration,
    Input,
    Partial,
    Refused,
    Unauthorized,
    Unreachable,
    LinksIncomplete,
    Interrupted,
}

impl Exit {
    /// All codes that the program uses today, in the order of their numbers.
    pub(crate) const ALL: [Self; 11] = [
        Self::Success,
        Self::Internal,
        Self::Usage,
        Self::Configuration,
        Self::Input,
        Self::Partial,
        Self::Refused,
        Self::Unauthorized,
        Self::Unreachable,
        Self::LinksIncomplete,
        Self::Interrupted,
    ];

    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Input => 4,
            Self::Partial => 5,
            Self::Refused => 6,
            Self::Unauthorized => 7,
            Self::Unreachable => 8,
            Self::LinksIncomplete => 10,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in one sentence.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "everything read was ingested and linked as asked",
            Self::Internal => "internal error: please report it",
            Self::Usage => "wrong usage of the command line",
            Self::Configuration => "configuration missing or contradictory",
            Self::Input => "no usable input: nothing matched, empty, or unreadable",
            Self::Partial => {
                "partly ingested: some results were rejected, skipped or not confirmed"
            }
            Self::Refused => "refused: the server understood and said no",
            Self::Unauthorized => "not signed in: wrong or missing credentials",
            Self::Unreachable => {
                "unreachable or timed out: run the same command again, nothing is doubled"
            }
            Self::LinksIncomplete => "ingested, but not everything was linked",
            Self::Interrupted => "interrupted: run the same command again, nothing is doubled",
        }
    }

    /// The list as help shows it.
    pub(crate) fn table() -> String {
        let rows = Self::ALL
            .iter()
            .map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
        format!("Exit codes:\n{}", rows.collect::<Vec<_>>().join("\n"))
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Partial => Self::Partial,
            Outcome::Refused => Self::Refused,
            Outcome::Unauthorized => Self::Unauthorized,
            Outcome::Unreachable => Self::Unreachable,
            Outcome::LinksIncomplete => Self::LinksIncomplete,
        }
    }
}
