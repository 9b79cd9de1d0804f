//! What was measured, and its table.

use std::fmt;
use std::time::{Duration, Instant};

use super::disruptions::Disruptions;
use super::plan::Plan;
use super::world::World;

/// What was measured in a run.
#[derive(Debug, Clone)]
pub struct Figures {
    rows: Vec<(String, String)>,
}

const SECOND: Duration = Duration::from_secs(1);

impl Figures {
    pub(super) fn of(
        plan: &Plan,
        world: &World,
        disruptions: &Disruptions,
        mut hand_overs: Vec<Duration>,
        drained: Duration,
    ) -> Self {
        let moments = {
            let log = world.server.log();
            let mut moments: Vec<Instant> = log.iter().map(|received| received.at).collect();
            moments.sort_unstable();
            moments
        };
        hand_overs.sort_unstable();
        let requests = moments.len();
        let busy = match (moments.first(), moments.last()) {
            (Some(first), Some(last)) => last.duration_since(*first),
            _ => Duration::ZERO,
        };
        let per_rate = SECOND * u32::try_from(requests).unwrap_or(u32::MAX) / plan.rate;
        let (most, over) = windows(&moments, plan.rate as usize);
        let gaps = early(&moments, plan.rate);
        let memory_max = world.relays.iter().map(|relay| relay.memory_max).max();
        let mut rows = vec![
            (
                "uploads × results".to_owned(),
                format!("{} × {}", plan.uploads, plan.rows),
            ),
            (
                "agents, relays, rate".to_owned(),
                format!("{}, {}, {}/s", plan.agents, plan.relays, plan.rate),
            ),
            (
                "hand-over, median / p99 / longest".to_owned(),
                format!(
                    "{} / {} / {}",
                    shown(percentile(&hand_overs, 50)),
                    shown(percentile(&hand_overs, 99)),
                    shown(percentile(&hand_overs, 100)),
                ),
            ),
            (
                "requests, and what they need at the rate".to_owned(),
                format!("{requests}, {}", shown(per_rate)),
            ),
            (
                "first to last request, of what they need".to_owned(),
                format!(
                    "{}, {:.2} ×",
                    shown(busy),
                    busy.as_secs_f64() / per_rate.as_secs_f64().max(0.001),
                ),
            ),
            ("all delivered after".to_owned(), shown(drained)),
            (
                "requests that arrive in 1 s, most".to_owned(),
                format!("{most}; more than {} in {over} windows", plan.rate),
            ),
            (
                "arrivals that follow the rate-th before in less than 1 s".to_owned(),
                gaps,
            ),
            (
                "memory of a relay, most (VmHWM)".to_owned(),
                format!("{} MB", memory_max.unwrap_or(0) / 1_000_000),
            ),
        ];
        for taken in &disruptions.taken_over {
            rows.push((
                format!("{}: {} suite runs taken over", taken.what, taken.lanes),
                format!(
                    "the first after {}, all after {}",
                    shown(taken.first),
                    shown(taken.all)
                ),
            ));
        }
        if let Some(time) = disruptions.failed_over {
            rows.push((
                "primary killed, standby promoted: next payload".to_owned(),
                format!("after {}", shown(time)),
            ));
        }
        Self { rows }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | |\n| --- | --- |")?;
        for (what, value) in &self.rows {
            writeln!(f, "| {what} | {value} |")?;
        }
        Ok(())
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

fn shown(time: Duration) -> String {
    if time < SECOND {
        format!("{:.0} ms", time.as_secs_f64() * 1000.0)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// Of all windows of one second that begin with a request: the most requests in one, and how many have more than `rate`.
fn windows(sorted: &[Instant], rate: usize) -> (usize, usize) {
    let (mut most, mut over, mut end) = (0, 0, 0);
    for (start, first) in sorted.iter().enumerate() {
        while end < sorted.len() && sorted[end].duration_since(*first) < SECOND {
            end += 1;
        }
        most = most.max(end - start);
        over += usize::from(end - start > rate);
    }
    (most, over)
}

/// By how much requests came too early after the one that is as many before as the rate allows in a second.
fn early(sorted: &[Instant], rate: u32) -> String {
    let rate = rate as usize;
    let early = sorted
        .iter()
        .zip(sorted.iter().skip(rate))
        .map(|(before, after)| SECOND.saturating_sub(after.duration_since(*before)));
    let mut early: Vec<Duration> = early.filter(|early| !early.is_zero()).collect();
    early.sort_unstable();
    match early.last() {
        None => "none".to_owned(),
        Some(most) => format!("{}, by {} at most", early.len(), shown(*most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_second_from_any_request() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let moments = [at(0), at(500), at(999), at(1000), at(1400)];
        assert_eq!(windows(&moments, 3), (4, 1));
        assert_eq!(windows(&moments, 4), (4, 0));
        assert_eq!(early(&moments, 3), "1, by 100 ms at most");
        assert_eq!(early(&moments, 4), "none");
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 99).as_millis(), 198);
        assert_eq!(percentile(&times, 100).as_millis(), 200);
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
