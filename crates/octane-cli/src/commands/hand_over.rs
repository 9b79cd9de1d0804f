//! Handing uploads over to a relay: what `upload` and `resume` with `--via` have in common.
//!
//! A journal that a relay has stored is deleted here. Until then it stays, and can be handed over again.

use std::time::Duration;

use bytes::Bytes;
use octane_client::{Journal, UploadId};
use octane_model::plural::plural;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::delivery::{Delivered, Delivery};
use crate::args::{Compare, DeliveryArgs, OnUploadError, ViaArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::output::{Output, Text, failure_json, print_for_people};
use crate::relay::{Door, Handed, HandedReport};
use crate::suggest::Suggest;
use crate::test_failures::Tests;

/// A relay, and how uploads are handed over to it.
pub(super) struct HandOver<'a> {
    pub(super) door: Door,
    pub(super) via: &'a ViaArgs,
    pub(super) args: &'a DeliveryArgs,
    pub(super) output: Output,
}

/// How long a relay is left alone that is still delivering.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(10);

impl HandOver<'_> {
    /// Fails if what is asked for needs more than a relay.
    pub(super) fn check(args: &DeliveryArgs) -> Result<()> {
        if !args.tolerate.is_empty() {
            return Err(unusable(
                "--tolerate",
                "it reads the history of tests from Octane",
            ));
        }
        if !args.report.is_empty() && args.relay_wait().is_none() {
            let message =
                "`--report` needs what became of the results, which a relay delivers later";
            return Err(Failure::message(Exit::Configuration, message)
                .hint("add `--wait 15m`, or leave out `--report`"));
        }
        Ok(())
    }

    /// Hands over an upload that was planned just now, and reports.
    pub(super) async fn alone(
        &self,
        journal: Journal,
        failed_results: usize,
        delivery: &Delivery<'_>,
        input: Option<&Input>,
    ) -> Result<Exit> {
        let id = journal.id().clone();
        let handed = self.put(journal, delivery).await?;
        if let Some(wait) = self.args.relay_wait() {
            let delivered = self.delivered(&id, wait, delivery).await?;
            return delivery.print_report(&delivered, input);
        }
        let upload = handed_json(&handed, &id);
        let tests = Tests::of(failed_results, None);
        let of_upload = delivery.apply_exit_policy(Exit::Success, tests);
        let exit = delivery.exit_after_command(of_upload);
        self.answer(&[(id, handed.results)], &[upload], &[], exit)?;
        delivery.say_reason(of_upload);
        Ok(exit)
    }

    /// Hands over several uploads. One that fails does not stop the others.
    pub(super) async fn several(
        &self,
        journals: impl IntoIterator<Item = Result<Journal>>,
        delivery: &Delivery<'_>,
    ) -> Result<Exit> {
        let (mut done, mut uploads, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut exit = Exit::Success;
        for journal in journals {
            let handed = match journal {
                Ok(journal) => {
                    let id = journal.id().clone();
                    self.put(journal, delivery).await.map(|handed| (id, handed))
                }
                Err(failure) => Err(failure),
            };
            match handed {
                Ok((id, handed)) => {
                    uploads.push(handed_json(&handed, &id));
                    done.push((id, handed.results));
                }
                Err(failure) => {
                    let code = match self.args.on_upload_error {
                        Some(OnUploadError::Warn) if failure.exit.is_upload_error() => {
                            Exit::Success
                        }
                        _ => failure.exit,
                    };
                    exit = std::cmp::max_by_key(exit, code, |exit| exit.code());
                    errors.push(failure_json(&failure, code));
                    print_for_people(&failure);
                }
            }
            if let Some(stopped) = delivery.stopped() {
                exit = std::cmp::max_by_key(exit, stopped, |exit| exit.code());
                break;
            }
        }
        self.answer(&done, &uploads, &errors, exit)?;
        Ok(exit)
    }

    /// Hands one over, and deletes its journal here.
    async fn put(&self, journal: Journal, delivery: &Delivery<'_>) -> Result<Handed> {
        let id = journal.id().clone();
        let put = async {
            let bundle = bundle(&journal).await?;
            let is_compared = self.args.relay_wait().is_some() && self.args.compare != Compare::Off;
            let putting = self.door.put(&id, bundle, is_compared);
            let handed = delivery.cancellation.within_grace(putting).await;
            handed.unwrap_or_else(|| Err(delivery.interrupted()))
        };
        match put.await {
            Ok(handed) => {
                journal.discard();
                Ok(handed)
            }
            Err(failure) => {
                let message =
                    format!("nothing was handed over; the results are saved as upload {id}");
                let command = self.command(&id, &delivery.suggest);
                let hint = match &failure.hint {
                    Some(hint) => format!("{hint}, then run `{command}`"),
                    None => format!("to hand them over later, run `{command}`"),
                };
                Err(failure.context(message).hint(hint).upload(&id))
            }
        }
    }

    /// The command that hands an upload over again.
    fn command(&self, id: &UploadId, suggest: &Suggest) -> String {
        suggest.hand_over(id, &self.door.url(), self.via.relay_token_file.as_deref())
    }

    /// Waits until the relay has delivered an upload, and returns its report.
    async fn delivered(
        &self,
        id: &UploadId,
        wait: Duration,
        delivery: &Delivery<'_>,
    ) -> Result<Delivered> {
        let end = Instant::now() + wait;
        let mut pause = PAUSE_MIN;
        let handed = loop {
            let asking = delivery.cancellation.within_grace(self.door.status(id));
            let asked = asking.await.unwrap_or_else(|| Err(delivery.interrupted()));
            let (state, reason) = match asked {
                Ok(handed) if !handed.is_open() => break handed,
                Ok(handed) => (handed.state, handed.reason),
                Err(failure) if failure.exit != Exit::Unreachable => {
                    return Err(self.stored(failure, id));
                }
                Err(failure) => ("unknown".to_owned(), Some(format!("{:#}", failure.error))),
            };
            if Instant::now() + pause > end {
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                let message = format!("the upload is not delivered yet ({state}{reason})");
                return Err(self.stored(Failure::message(Exit::Unreachable, message), id));
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = delivery.cancellation.cancelled() => {}
            }
            pause = (pause * 2).min(PAUSE_MAX);
        };
        let Some(HandedReport {
            mut report,
            comparison,
        }) = handed.report
        else {
            let reason = handed
                .reason
                .unwrap_or_else(|| "it does not say why".to_owned());
            let message = format!("the relay could not deliver upload {id}: {reason}");
            return Err(self.stored(Failure::message(Exit::Refused, message), id));
        };
        // There is nothing left to resume here.
        report.is_resumable = false;
        let mut delivered = Delivered::new(report, Vec::new());
        delivered.comparison = comparison;
        Ok(delivered)
    }

    /// An error about an upload that the relay has.
    fn stored(&self, failure: Failure, id: &UploadId) -> Failure {
        failure.hint(format!(
            "the relay `{}` has upload {id}; do not upload the results again (`octane relay status` on its machine shows it)",
            self.door.url()
        ))
    }

    fn answer(
        &self,
        done: &[(UploadId, u64)],
        uploads: &[Value],
        errors: &[Value],
        exit: Exit,
    ) -> Result<()> {
        let relay = self.door.url();
        let json = json!({
            "schema": "octane.hand_over/1", "relay": relay, "exit_code": exit.code(), "uploads": uploads, "errors": errors,
        });
        let human = || {
            Text::lines(done.iter().map(|(id, results)| {
                let results = plural(usize::try_from(*results).unwrap_or(usize::MAX), "result");
                format!("Handed over {results} to {relay} as upload {id}; the relay has stored them, and they are not in Octane yet")
            }))
        };
        self.output.answer(human, &json)?;
        Ok(())
    }
}

/// What the relay has stored.
fn handed_json(handed: &Handed, id: &UploadId) -> Value {
    json!({ "upload_id": id, "state": handed.state, "results": handed.results })
}

/// The failure of an option that only works without a relay.
pub(super) fn unusable(option: &str, reason: &str) -> Failure {
    let message = format!("`{option}` cannot be used with `--via`: {reason}");
    Failure::message(Exit::Configuration, message).hint(format!(
        "leave out `{option}`, or upload from here, without `--via`"
    ))
}

/// The journal as it is handed over.
async fn bundle(journal: &Journal) -> Result<Bytes> {
    let journal = journal.clone();
    let exporting = tokio::task::spawn_blocking(move || -> Result<Bytes> {
        let failed = |error| Failure::new(Exit::Configuration, error);
        let folder = private_folder().map_err(failed)?;
        let file = folder.path().join("upload");
        journal
            .export(&file)
            .map_err(|error| Failure::new(Exit::Configuration, error))?;
        Ok(std::fs::read(&file).map_err(failed)?.into())
    });
    exporting
        .await
        .map_err(|error| Failure::new(Exit::Internal, error))?
}
/// A temporary folder that only its owner can read.
fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

