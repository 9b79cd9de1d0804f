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
    Terminated,
}

impl Exit {
    /// All codes that the program uses today, in the order of their numbers.
    pub(crate) const ALL: [Self; 12] = [
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
        Self::Terminated,
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
            Self::Terminated => 143,
        }
    }

    /// Whether results did not get where they should, which `--on-upload-error` decides about.
    pub(crate) fn is_upload_error(self) -> bool {
        matches!(self.code(), 5..=8 | 10)
    }

    /// Whether a later try may succeed.
    pub(crate) fn is_passing(self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::Unreachable | Self::Interrupted | Self::Terminated
        )
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
                "unreachable or timed out: results are kept, `octane resume` goes on"
            }
            Self::LinksIncomplete => "ingested, but not everything was linked",
            Self::Interrupted => "interrupted: results are kept, `octane resume` goes on",
            Self::Terminated => "terminated: results are kept, `octane resume` goes on",
        }
    }

    /// The same of an upload, of which nothing is kept with `--spool off`.
    pub(crate) fn meaning_of(self, is_kept: bool) -> String {
        match self.meaning().split_once(": results are kept") {
            Some((what, _)) if !is_kept => {
                format!("{what}: nothing is kept, as `--spool off` says")
            }
            _ => self.meaning().to_owned(),
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
            Outcome::Interrupted => Self::Interrupted,
        }
    }
}
