//! Handing uploads over to a relay: what `upload` and `resume` with `--via` have in common.
//!
//! A journal that a relay has stored is deleted here. Until then it stays, and can be handed over again.

mod handed_over;

use std::time::Duration;

use bytes::Bytes;
use octane_client::{Journal, Outcome, Spool, UploadId};
use serde_json::{Value, json};
use tokio::time::timeout;

use self::handed_over::{Contents, HandedOver};
use super::delivery::{Delivered, Delivery, worst};
use super::pauses::Pauses;
use crate::args::{Compare, DeliveryArgs, OnUploadError, ViaArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::output::{Output, StepOutputs, Text, failure_json, print_for_people};
use crate::policies::Policies;
use crate::relay::{Door, HandedReport, Refused, Unreached};
use crate::suggest::Suggest;

/// A relay, and how uploads are handed over to it.
pub(super) struct HandOver<'a> {
    pub(super) door: Door,
    /// Where the journals are.
    pub(super) spool: Spool,
    pub(super) via: &'a ViaArgs,
    pub(super) args: &'a DeliveryArgs,
    pub(super) output: Output,
}

/// How long a relay is left alone that is still delivering: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// How long it may take to answer, also if the time is nearly over.
const ANSWER_MIN: Duration = Duration::from_secs(5);

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

    /// Hands over a single upload, and reports.
    pub(super) async fn alone(
        &self,
        journal: Journal,
        delivery: &Delivery<'_>,
        input: Option<&Input>,
    ) -> Result<Exit> {
        let handed = self.put(journal, delivery).await?;
        if let Some(wait) = self.args.relay_wait() {
            let delivered = self.delivered(&handed.id, wait, delivery).await?;
            return delivery.print_report(&delivered, input);
        }
        let codes = handed.codes(delivery);
        let exit = delivery.exit_after_command(codes.of_upload);
        let failure = handed.failure(codes);
        let errors = failure.as_ref().map(|failure| failure_json(failure, exit));
        let text = handed.text(&self.door.url(), failure.as_ref());
        self.answer(text, &[handed.json()], errors.as_slice(), exit)?;
        delivery.say_overridden(codes.meant, codes.of_upload);
        if let Some(failure) = &failure {
            delivery.annotate_failure(failure);
            delivery.pass_on(&StepOutputs::of_failure(failure));
        }
        delivery.say_reason(codes.of_upload);
        Ok(exit)
    }

    /// Hands over several uploads. One that fails does not stop the others.
    pub(super) async fn several(
        &self,
        journals: impl IntoIterator<Item = Result<Journal>>,
        delivery: &Delivery<'_>,
    ) -> Result<Exit> {
        let (mut text, mut uploads, mut errors) = (Text::default(), Vec::new(), Vec::new());
        let (mut exit, mut meant) = (Exit::Success, Exit::Success);
        for journal in journals {
            let handed = match journal {
                Ok(journal) => self.put(journal, delivery).await,
                Err(failure) => Err(failure),
            };
            let code = match handed {
                Ok(handed) => {
                    let options = &handed.contents.summary.options;
                    let policies = Policies::resumed(self.args, options);
                    let delivery = delivery
                        .of_upload(policies, delivery.suggest.clone())
                        .knowing_failed(handed.contents.summary.counts.failed);
                    let codes = handed.codes(&delivery);
                    let failure = handed.failure(codes);
                    text.append(handed.text(&self.door.url(), failure.as_ref()));
                    uploads.push(handed.json());
                    meant = worst(meant, codes.meant);
                    if let Some(failure) = failure {
                        errors.push(failure_json(&failure, codes.of_upload));
                        delivery.say_overridden(codes.meant, codes.of_upload);
                        delivery.annotate_failure(&failure);
                    }
                    codes.of_upload
                }
                Err(failure) => {
                    let code = match self.args.on_upload_error {
                        Some(OnUploadError::Warn) if failure.exit.is_upload_error() => {
                            Exit::Success
                        }
                        _ => failure.exit,
                    };
                    meant = worst(meant, failure.exit);
                    errors.push(failure_json(&failure, code));
                    print_for_people(&failure);
                    code
                }
            };
            exit = worst(exit, code);
            if let Some(stopped) = delivery.stopped() {
                (exit, meant) = (worst(exit, stopped), worst(meant, stopped));
                break;
            }
        }
        if meant != Exit::Success {
            delivery.pass_on(&StepOutputs::of_several(meant, None));
        }
        self.answer(text, &uploads, &errors, exit)?;
        Ok(exit)
    }

    /// Hands one over, and deletes its journal here.
    async fn put(&self, journal: Journal, delivery: &Delivery<'_>) -> Result<HandedOver> {
        let id = journal.id().clone();
        let put = async {
            let contents =
                tokio::task::block_in_place(|| Contents::of(&self.spool, &id, &delivery.suggest))?;
            let bundle = bundle(&journal).await?;
            let is_compared = self.args.relay_wait().is_some() && self.args.compare != Compare::Off;
            let putting = self.door.put(&id, bundle, is_compared);
            let handed = delivery.cancellation.within_grace(putting).await;
            let handed = handed.unwrap_or_else(|| {
                Err(delivery.interrupted_while("handing the results over to the relay"))
            })?;
            Ok((contents, handed))
        };
        match put.await {
            Ok((contents, handed)) => {
                journal.discard();
                Ok(HandedOver {
                    id,
                    handed,
                    contents,
                })
            }
            Err(failure) => {
                let failure: Failure = failure;
                let message =
                    format!("nothing was handed over; the results are saved as upload {id}");
                let again = self.again(&failure, &id, &delivery.suggest);
                let refused = failure.error.downcast_ref::<Refused>();
                let hint = match &failure.hint {
                    Some(hint) => format!("{hint}, then {again}"),
                    None if refused.is_some_and(|refused| refused.is_final) => format!(
                        "the relay would refuse them again; `{}` deletes them here",
                        delivery.suggest.delete(&id)
                    ),
                    None => format!("to hand them over later, {again}"),
                };
                Err(failure.context(message).hint(hint).upload(&id))
            }
        }
    }

    /// How to hand an upload over that was not. If it is known how the URL of the relay has to begin, it does.
    fn again(&self, failure: &Failure, id: &UploadId, suggest: &Suggest) -> String {
        let unreached = failure.error.downcast_ref::<Unreached>();
        let url = unreached.and_then(Unreached::corrected_url);
        let url = url.unwrap_or_else(|| self.door.url());
        let command = suggest.hand_over(id, &url, self.via.relay_token_file.as_deref());
        suggest.run_hand_over(&command)
    }

    /// Waits until the relay has delivered an upload, and returns its report.
    async fn delivered(
        &self,
        id: &UploadId,
        wait: Duration,
        delivery: &Delivery<'_>,
    ) -> Result<Delivered> {
        let mut pauses = Pauses::new(wait, PAUSES);
        let waiting = || delivery.interrupted_while("waiting for the relay to deliver the results");
        let handed = loop {
            let asking = timeout(pauses.left().max(ANSWER_MIN), self.door.status(id));
            let asked = match delivery.cancellation.within_grace(asking).await {
                Some(asked) => {
                    asked.unwrap_or_else(|_| Err(self.door.unreachable("no response in time")))
                }
                None => Err(waiting()),
            };
            let (state, reason) = match asked {
                Ok(handed) if !handed.is_open() => break handed,
                Ok(handed) => (handed.state, handed.reason),
                Err(failure) if failure.exit != Exit::Unreachable => {
                    return Err(self.stored(failure, id));
                }
                Err(failure) => ("unknown".to_owned(), Some(format!("{:#}", failure.error))),
            };
            if delivery.stopped().is_some() {
                return Err(self.stored(waiting(), id));
            }
            let is_time_left = tokio::select! {
                is_time_left = pauses.pause() => is_time_left,
                // What has become of it is asked once more.
                () = delivery.cancellation.cancelled() => true,
            };
            if !is_time_left {
                let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
                let message = format!("the upload is not delivered yet ({state}{reason})");
                return Err(self.stored(Failure::message(Exit::Unreachable, message), id));
            }
        };
        // A success that is incomplete is that of an earlier attempt.
        let report = handed
            .report
            .as_ref()
            .filter(|found| !handed.is_incomplete() || found.report.outcome != Outcome::Success);
        let Some(HandedReport {
            mut report,
            comparison,
        }) = report.cloned()
        else {
            let message = handed.undelivered();
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
        let refused = failure.error.downcast_ref::<Refused>();
        if refused.is_some_and(|refused| refused.is_unknown) {
            return failure
                .hint("it was deleted there; upload the results again if they are still wanted");
        }
        failure.hint(format!(
            "the relay `{}` has upload {id}; do not upload the results again (`octane relay status` on its machine shows it)",
            self.door.url()
        ))
    }

    fn answer(&self, text: Text, uploads: &[Value], errors: &[Value], exit: Exit) -> Result<()> {
        let json = json!({
            "schema": "octane.hand_over/1", "relay": self.door.url(), "exit_code": exit.code(), "uploads": uploads, "errors": errors,
        });
        self.output.answer(|| text, &json)?;
        Ok(())
    }
}

/// The failure of an option that only works without a relay.
pub(super) fn unusable(option: &str, reason: &str) -> Failure {
    let message = format!("`{option}` cannot be used with `--via`: {reason}");
    Failure::message(Exit::Configuration, message).hint(format!(
        "leave out `{option}`, or upload from here, without `--via`"
    ))
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
