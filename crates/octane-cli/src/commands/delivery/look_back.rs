//! Looks at what was before an upload: the suite runs before, and the history of the tests that failed.

use octane_client::{Client, ReportedProblem};

use super::{Delivered, Delivery};
use crate::args::Compare;
use crate::command_run::CommandRun;
use crate::test_failures::Tests;

impl Delivery<'_> {
    /// Looks at what was before: the suite run before, and the history of the tests that failed.
    pub(crate) async fn look_back(&self, client: &Client, delivered: &mut Delivered) {
        self.compare(client, delivered).await;
        let judging = self.judging(delivered);
        judging.look_up_failures(client, delivered).await;
        self.look_further_back(client, delivered).await;
    }

    /// Compares an upload, or all shards of one, with the suite run before. That it is not possible is a problem without an effect on
    /// the exit code.
    async fn compare(&self, client: &Client, delivered: &mut Delivered) {
        let report = &mut delivered.report;
        // One shard is not the suite run.
        let is_part = (report.shards.as_ref()).is_some_and(|shards| !shards.is_merged);
        if is_part || self.args.compare == Compare::Off || self.cancellation.is_cancelled() {
            return;
        }
        let compared = client.compare(&delivered.journals, report, &self.cancellation);
        match compared.await {
            Ok(comparison) => delivered.comparison = comparison,
            Err(error) => {
                let error = anyhow::Error::from(error);
                let message = format!("not compared with the suite run before: {error:#}");
                let problem = ReportedProblem::new("uncompared", message);
                report.problems.push(problem);
            }
        }
    }

    /// Looks up the history of the tests that failed, if some are tolerated. That it is not known is a problem, and nothing is
    /// tolerated then.
    async fn look_up_failures(&self, client: &Client, delivered: &mut Delivered) {
        let tolerated = self.policies.tolerated();
        let report = &mut delivered.report;
        if tolerated.is_empty() || report.counts.failed == 0 {
            return;
        }
        let (journals, cancellation) = (&delivered.journals, &self.cancellation);
        let found = client.failed_tests(journals, report, &tolerated, cancellation);
        match found.await {
            Ok(tests) => delivered.failed_tests = Some(tests),
            Err(error) => {
                let error = anyhow::Error::from(error);
                let message = format!(
                    "no failed test is tolerated, as their history is not known: {error:#}"
                );
                let problem = ReportedProblem::new("unknown_history", message);
                report.problems.push(problem);
            }
        }
    }

    /// Looks whether earlier suite runs had more tests than this one and the one before, if the failure of a command depends on that.
    async fn look_further_back(&self, client: &Client, delivered: &mut Delivered) {
        let comparison = delivered.comparison.as_ref();
        let vanished = comparison.and_then(|comparison| comparison.vanished.as_ref());
        let may_be_tolerated = (self.command.as_ref()).is_some_and(CommandRun::says_tests_failed)
            && delivered.tests() == Tests::Tolerated
            && vanished.is_some_and(Vec::is_empty);
        if !may_be_tolerated {
            return;
        }
        let larger = client.larger_before(&delivered.report, &self.cancellation);
        delivered.incomplete = match larger.await {
            Ok(larger) => larger
                .map(|larger| format!("suite run `{}` had more tests than this one", larger.name)),
            Err(error) => {
                let error = anyhow::Error::from(error);
                let message = "it is not known how many tests earlier suite runs had";
                Some(format!("{message}: {error:#}"))
            }
        };
    }
}
