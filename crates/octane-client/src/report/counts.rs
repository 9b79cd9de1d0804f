//! How many results there are, and what became of them.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How many results there are, and what became of them: `read = ingested + rejected + invalid + pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Read from the input, usable or not.
    pub read: usize,
    /// Accepted by the server for ingestion.
    pub sent: usize,
    /// Confirmed to be in Octane.
    pub ingested: usize,
    /// Of those ingested: in batches whose bytes Octane had received from an earlier upload, so that it did nothing.
    pub duplicate: usize,
    /// Refused by the server, or not taken by it.
    pub rejected: usize,
    /// Not usable, and not sent.
    pub invalid: usize,
    /// Not sent yet, or not confirmed.
    pub pending: usize,
    /// Distinct automated runs that the ingested results belong to; fewer than results where a test has
    /// several.
    pub runs: usize,
    /// Results with the status `Passed`.
    pub passed: usize,
    /// Results with the status `Failed`.
    pub failed: usize,
    /// Results with the status `Skipped`: tests that did not run.
    pub test_skipped: usize,
    /// Results with the status `Planned`.
    pub planned: usize,
    /// Results that share a run with another result of this upload, such as further attempts of a test: `ingested` results
    /// are that many more than runs. The scenarios of a feature share its run, too, and are not counted here.
    #[serde(default)]
    pub repeats: usize,
    /// Runs whose results have different statuses; the run shows one of them.
    #[serde(default)]
    pub flaky: usize,
    /// Results whose run has a name other than that of its test, mostly because other results of the test come from another
    /// suite, machine, project or file.
    #[serde(default)]
    pub named: usize,
    /// Runs of features, each of which stands for the results of all scenarios of a file.
    #[serde(default)]
    pub features: usize,
    /// The scenarios that these runs show. Each is a result; so is each repeat of one, which its feature does not show.
    #[serde(default)]
    pub scenarios: usize,
    /// Texts that were changed to fit Octane: too long, or with characters that are not allowed in XML.
    pub repaired: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self {
            read,
            sent,
            ingested,
            duplicate,
            rejected,
            invalid,
            pending,
            runs,
            passed,
            failed,
            test_skipped,
            planned,
            repeats,
            flaky,
            named,
            features,
            scenarios,
            repaired,
        } = other;
        self.read += read;
        self.sent += sent;
        self.ingested += ingested;
        self.duplicate += duplicate;
        self.rejected += rejected;
        self.invalid += invalid;
        self.pending += pending;
        self.runs += runs;
        self.passed += passed;
        self.failed += failed;
        self.test_skipped += test_skipped;
        self.planned += planned;
        self.repeats += repeats;
        self.flaky += flaky;
        self.named += named;
        self.features += features;
        self.scenarios += scenarios;
        self.repaired += repaired;
    }
}

impl Counts {
    /// Whether every result that was read is in Octane.
    pub fn are_all_in(&self) -> bool {
        self.rejected + self.invalid + self.pending == 0
    }

    /// Whether every result that was read is accounted for.
    pub fn add_up(&self) -> bool {
        self.read == self.ingested + self.rejected + self.invalid + self.pending
    }
}
