//! An upload that was handed over: what the agent knows of it, and what that means for the exit code.

use octane_client::{Counts, ReportedProblem, Spool, UploadId, UploadSummary};
use octane_model::plural::{plural, thousands};
use serde_json::{Value, json};

use super::super::delivery::{Codes, Delivery};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Text, problem_lines, result_lines};
use crate::relay::Handed;
use crate::spool::journal_failure;
use crate::suggest::Suggest;
use crate::test_failures::Tests;

/// What an upload contains, read before it is handed over.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) summary: UploadSummary,
    /// What is wrong with the input or unusual about it, as far as it is known without Octane.
    problems: Vec<ReportedProblem>,
}

/// An upload that a relay has stored.
#[derive(Debug)]
pub(super) struct HandedOver {
    pub(super) id: UploadId,
    /// How far the relay is with it.
    pub(super) handed: Handed,
    pub(super) contents: Contents,
}

impl Contents {
    pub(super) fn of(spool: &Spool, id: &UploadId, suggest: &Suggest) -> Result<Self> {
        let failed = |error| journal_failure(error, suggest);
        let summary = spool.summary(id).map_err(failed)?;
        let mut problems = spool.problems(id).map_err(failed)?;
        problems.retain(|problem| is_of_input(&problem.code));
        Ok(Self { summary, problems })
    }

    /// How many results the relay gets: those that are valid.
    fn results(&self) -> usize {
        let Counts { read, invalid, .. } = self.summary.counts;
        read.saturating_sub(invalid)
    }
}

/// Whether a problem is known once the input was read. Others are those of an earlier attempt, and the relay may mend them.
fn is_of_input(code: &str) -> bool {
    matches!(
        code,
        "unreadable" | "invalid_row" | "flaky" | "unsupported" | "ambiguous_name" | "repaired"
    )
}

/// How far the relay is, which may have had the upload before.
fn how_far(state: &str) -> &'static str {
    match state {
        "delivered" => "the relay has delivered them to Octane",
        "awaiting_shards" => "they are in Octane, and are linked once all shards are",
        "incomplete" => "the relay could not deliver them",
        _ => "the relay has stored them, and they are not in Octane yet",
    }
}

impl HandedOver {
    /// What it means that it was handed over: not success if some of the input was not, or if it was handed over before and waits for a
    /// person.
    pub(super) fn codes(&self, delivery: &Delivery<'_>) -> Codes {
        let counts = &self.contents.summary.counts;
        let meant = match counts.invalid {
            _ if self.handed.is_incomplete() => Exit::Refused,
            0 => Exit::Success,
            _ => Exit::Partial,
        };
        delivery.codes(meant, Tests::of(counts.failed, None))
    }

    /// Why the code is not 0, or would not be without the policies.
    pub(super) fn failure(&self, codes: Codes) -> Option<Failure> {
        let counts = &self.contents.summary.counts;
        let message = match codes.shown {
            Exit::Success => return None,
            Exit::Refused => {
                let failure = Failure::message(codes.shown, self.handed.undelivered());
                return Some(failure.hint("`octane relay status` on its machine says what helps"));
            }
            Exit::Partial => {
                let (invalid, verb) = match counts.invalid {
                    1 => ("1 row or file is invalid and".to_owned(), "was"),
                    many => (
                        format!("{} rows or files are invalid and", thousands(many)),
                        "were",
                    ),
                };
                format!("partial: {invalid} {verb} not handed over")
            }
            exit => format!(
                "{}: {} failed",
                exit.meaning(),
                plural(counts.failed, "result")
            ),
        };
        let problems = match codes.meant {
            Exit::Partial => self.contents.problems.iter(),
            _ => [].iter(),
        };
        let problems = problems.filter(|one| matches!(&*one.code, "unreadable" | "invalid_row"));
        // It is not one that could be resumed here, so it has no place but the message.
        let message = format!("{message} (upload {})", self.id);
        let failure = Failure::message(codes.shown, message);
        Some(failure.problems(problems.cloned().collect()))
    }

    /// For people.
    pub(super) fn text(&self, relay: &str, failure: Option<&Failure>) -> Text {
        let results = plural(self.contents.results(), "result");
        let mut text = Text::line(format!(
            "Handed over {results} to {relay} as upload {}; {}",
            self.id,
            how_far(&self.handed.state)
        ));
        text.append(result_lines(&self.contents.summary.counts));
        text.append(problem_lines(&self.contents.problems));
        if let Some(Failure { exit, error, .. }) = failure {
            text.push(&format!("exit {}: {error}", exit.code()));
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let Counts {
            failed,
            invalid,
            flaky,
            ..
        } = self.contents.summary.counts;
        json!({
            "upload_id": self.id, "state": self.handed.state, "results": self.contents.results(), "failed": failed, "invalid": invalid,
            "flaky": flaky, "problems": self.contents.problems,
        })
    }
}
