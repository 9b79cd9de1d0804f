//! `octane resume`: continues uploads that were interrupted.

mod all;
mod dry_run;
mod hand_over;
mod one;
mod route;

pub(super) use self::one::Resumed;
use super::delivery::{Delivery, check_report};
use crate::args::ResumeArgs;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::relay::Door;
use crate::spool::{journal_failure, spool, spool_to_resume};
use crate::suggest::Suggest;

pub(super) async fn run(args: &ResumeArgs, output: Output) -> Result<Exit> {
    check_report(&args.delivery, &[], args.dry_run)?;
    let suggest = Suggest::online(&args.delivery.spool, &args.connection);
    let delivery = Delivery::new(&args.delivery, suggest, output)?;
    if args.all
        && let Err(failure) = spool_to_resume(&args.delivery.spool)
    {
        return delivery.report_failure(failure);
    }
    if args.dry_run {
        let shown = dry_run::run(args, output, &delivery);
        return shown.or_else(|failure| delivery.report_failure(failure));
    }
    let door = Door::of(&args.via, &args.connection, output);
    match delivery.unconnected(door).await {
        Ok(None) => {}
        Ok(Some(door)) => {
            let done = Box::pin(hand_over::run(args, door, output, &delivery)).await;
            return done.or_else(|failure| delivery.report_failure(failure));
        }
        Err(failure) => return delivery.report_failure(failure),
    }
    let done = match &args.id {
        Some(id) => match spool(&args.delivery.spool)?.summary(id) {
            Ok(summary) => {
                let resumed = Resumed::new(args, &summary, &delivery);
                let done = resumed.alone(args, output).await;
                return done.or_else(|failure| {
                    let failure = failure.upload(&summary.id);
                    resumed.delivery.report_failure(failure)
                });
            }
            Err(error) => Err(journal_failure(error, &delivery.suggest)),
        },
        None => all::run(args, output, &delivery).await,
    };
    done.or_else(|failure| delivery.report_failure(failure))
}
