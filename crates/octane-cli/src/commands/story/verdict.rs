//! Verdicts on stories, and what results say of them.

use clap::ValueEnum as _;
use octane_client::CoverageState;

use crate::args::Verdict;

/// What results say of a story that has this verdict.
pub(super) fn state_of(verdict: Verdict) -> CoverageState {
    match verdict {
        Verdict::Failed => CoverageState::Failed,
        Verdict::NotInOctane => CoverageState::NotInOctane,
        Verdict::Flaky => CoverageState::Flaky,
        Verdict::NotRun => CoverageState::NotRun,
        Verdict::PartlyRun => CoverageState::PartlyRun,
        Verdict::Passed => CoverageState::Passed,
    }
}

/// The verdict on a story of which results say this.
pub(super) fn verdict_of(state: CoverageState) -> Option<Verdict> {
    let mut all = Verdict::value_variants().iter().copied();
    all.find(|verdict| state_of(*verdict) == state)
}

/// The word in JSON.
pub(super) fn name_of(verdict: Verdict) -> String {
    let word = verdict.to_possible_value();
    word.map_or_else(String::new, |word| word.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::verdict_word;

    #[test]
    fn every_verdict_has_a_state_and_a_word_of_its_own() {
        for verdict in Verdict::value_variants() {
            assert_eq!(verdict_of(state_of(*verdict)), Some(*verdict));
            let word = verdict_word(state_of(*verdict)).to_lowercase();
            assert_eq!(name_of(*verdict), word.replace(' ', "_"));
        }
    }
}
