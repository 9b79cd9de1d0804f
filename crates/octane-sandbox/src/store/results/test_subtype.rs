//! The subtypes of tests that payloads contain.

/// The two subtypes of tests that payloads contain; they determine the types of runs and suite links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestSubtype {
    Automated,
    Gherkin,
}

impl TestSubtype {
    pub(super) fn run(self) -> &'static str {
        match self {
            Self::Automated => "run_automated",
            Self::Gherkin => "gherkin_automated_run",
        }
    }

    pub(super) fn link(self) -> &'static str {
        match self {
            Self::Automated => "test_suite_link_to_automated",
            Self::Gherkin => "test_suite_link_to_gherkin",
        }
    }
}
