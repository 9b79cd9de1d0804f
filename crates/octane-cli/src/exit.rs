//! The public list of exit codes; those of outcomes are the numbers of `octane-client`.

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
    TestsFailed,
    LinksIncomplete,
    Different,
    Interrupted,
    Terminated,
    /// That of the command that `octane exec` ran.
    Command(u8),
}

impl Exit {
    /// All codes that the program uses today, in the order of their numbers; `octane exec` may end with any.
    pub(crate) const ALL: [Self; 14] = [
        Self::Success,
        Self::Internal,
        Self::Usage,
        Self::Configuration,
        Self::Input,
        Self::Partial,
        Self::Refused,
        Self::Unauthorized,
        Self::Unreachable,
        Self::TestsFailed,
        Self::LinksIncomplete,
        Self::Different,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => Outcome::Success.exit_code(),
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Input => 4,
            Self::Partial => Outcome::Partial.exit_code(),
            Self::Refused => Outcome::Refused.exit_code(),
            Self::Unauthorized => Outcome::Unauthorized.exit_code(),
            Self::Unreachable => Outcome::Unreachable.exit_code(),
            Self::TestsFailed => 9,
            Self::LinksIncomplete => Outcome::LinksIncomplete.exit_code(),
            Self::Different => 11,
            Self::Interrupted => Outcome::Interrupted.exit_code(),
            Self::Terminated => 143,
            Self::Command(code) => code,
        }
    }

    /// The word for it, in JSON and for later steps of a workflow. Those of uploads are the outcomes of a report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Internal => "internal_error",
            Self::Usage | Self::Configuration => "configuration",
            Self::Input => "no_input",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
            Self::TestsFailed => "tests_failed",
            Self::LinksIncomplete => "links_incomplete",
            Self::Different => "different",
            Self::Interrupted | Self::Terminated => "interrupted",
            Self::Command(_) => "command_failed",
        }
    }

    /// Whether results did not arrive as they should; `--on-upload-error` applies to these.
    pub(crate) fn is_upload_error(self) -> bool {
        !matches!(self, Self::Command(_)) && matches!(self.code(), 5..=8 | 10)
    }

    /// Whether a later attempt may succeed.
    pub(crate) fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::Unreachable | Self::Interrupted | Self::Terminated
        )
    }

    /// What it means, in one sentence.
    pub(crate) fn meaning(self) -> String {
        let reason = self.reason();
        if self.leaves_results() {
            format!("{reason}; uploads are saved, run `octane resume ID`")
        } else {
            reason.to_owned()
        }
    }

    /// The same for a certain upload, of which nothing is saved with `--spool off`; the command follows elsewhere.
    pub(crate) fn meaning_of(self, is_saved: bool) -> String {
        let reason = self.reason();
        match (self.leaves_results(), is_saved) {
            (true, true) => format!("{reason}; results are saved"),
            (true, false) => format!("{reason}; nothing was saved (`--spool off`)"),
            (false, _) => reason.to_owned(),
        }
    }

    /// Whether results wait for `octane resume`, if they are saved.
    const fn leaves_results(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Interrupted | Self::Terminated
        )
    }

    /// The same, without what becomes of the results.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Success => "everything was ingested and linked as requested",
            Self::Internal => "internal error; please report it",
            Self::Usage => "invalid command line",
            Self::Configuration => "missing or conflicting configuration",
            Self::Input => "no usable input: no match, empty, or unreadable",
            Self::Partial => "partial: some results were rejected, invalid or not confirmed",
            Self::Refused => "rejected by the server",
            Self::Unauthorized => "authentication failed: wrong or missing credentials",
            Self::Unreachable => "server unreachable or timed out",
            Self::TestsFailed => "tests failed (`--on-test-failure fail`)",
            Self::LinksIncomplete => "ingested, but not everything was linked",
            Self::Different => "answers differ from recorded ones (`octane sandbox replay`)",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
            Self::Command(_) => "the command ended with this code",
        }
    }

    /// The list, as help shows it.
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
            // An outcome that this version of the program does not know.
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
        let text = std::fs::read_to_string(path).unwrap();
        for exit in Exit::ALL {
            let row = format!("| {} | {} |", exit.code(), exit.meaning());
            assert!(text.contains(&row), "README.md lacks {row}");
        }
    }

    #[test]
    fn an_upload_that_was_not_saved_is_not_offered_for_resuming() {
        let saved = Exit::Unreachable.meaning_of(true);
        assert!(saved.ends_with("results are saved"), "{saved}");
        let not_saved = Exit::Unreachable.meaning_of(false);
        assert!(!not_saved.contains("octane resume"), "{not_saved}");
        assert_eq!(Exit::Usage.meaning_of(false), Exit::Usage.meaning());
    }
}
