//! Start times that nobody can mean.

use jiff::{SignedDuration, Timestamp};

use crate::invalid::shortened;
use crate::timestamp::is_implausible;
use crate::warning::WarningKind;

/// The start time, unless it is a placeholder from before 1990 or after 2090.
pub(crate) fn plausible(
    started: Timestamp,
    text: &str,
    warn: &mut dyn FnMut(WarningKind),
) -> Option<Timestamp> {
    if is_implausible(started) {
        warn(WarningKind::ImplausibleStart {
            value: shortened(text),
            is_early: started < Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 30),
        });
        return None;
    }
    Some(started)
}
