//! Pass rates in words: of how many runs, and how many did not run.

use crate::store::pages::Counts;
use octane_web::{count, number, percent};

/// `50.0 % of 4 runs passed`, or `100 % of the 1 run that ran passed, 99 did not run`.
pub(super) fn sentence(counts: &Counts) -> String {
    let (total, ran) = (counts.total(), counts.executed());
    let of = match counts.passed_per_mille().map(percent) {
        None if total == 0 => return "No runs".to_owned(),
        None => return format!("{}, and none of them ran", count(total, "run")),
        Some(rate) if ran == total => return format!("{rate} of {} passed", count(total, "run")),
        Some(rate) => format!("{rate} {} passed", of_those_that_ran(ran, "run")),
    };
    format!("{of}, {} did not run", number(total - ran))
}

/// What a rate is of, if that is not all runs; empty otherwise.
pub(super) fn remark(counts: &Counts) -> String {
    let (total, ran) = (counts.total(), counts.executed());
    if ran == total {
        return String::new();
    }
    of_those_that_ran(ran, "run")
}

/// `of the 3 runs that ran`.
pub(super) fn of_those_that_ran(ran: i64, noun: &str) -> String {
    format!("of the {} that ran", count(ran, noun))
}
