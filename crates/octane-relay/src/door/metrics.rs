//! Numbers for those who watch a relay, in the text format of Prometheus. They name no project and no suite.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::state::State;
use crate::store::Overview;

pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics. `is_up`: uploads can be stored. Without an overview nothing else is known.
pub(super) fn text(is_up: bool, overview: Option<&Overview>) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, help: &str, samples: &[(String, f64)]| {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "# HELP octane_relay_{name} {help}");
        let _ = writeln!(text, "# TYPE octane_relay_{name} gauge");
        for (labels, value) in samples {
            let _ = writeln!(text, "octane_relay_{name}{labels} {value}");
        }
    };
    let up = f64::from(u8::from(is_up && overview.is_some()));
    metric(
        "store_up",
        "Whether uploads can be stored.",
        &[(String::new(), up)],
    );
    let Some(overview) = overview else {
        return text;
    };
    let mut uploads: BTreeMap<State, u64> = State::ALL.map(|state| (state, 0)).into();
    for count in &overview.lanes {
        *uploads.entry(count.state).or_default() += count.uploads;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are fewer than 2^52 uploads"
    )]
    let by_state: Vec<(String, f64)> = uploads
        .into_iter()
        .map(|(state, count)| (format!("{{state=\"{state}\"}}"), count as f64))
        .collect();
    metric(
        "uploads",
        "Uploads in the store, by how far they are.",
        &by_state,
    );
    let open = || overview.lanes.iter().filter(|count| count.state.is_open());
    let oldest = open().map(|count| overview.now.since(count.oldest)).max();
    let oldest = oldest.unwrap_or_default().as_secs_f64();
    metric(
        "oldest_undelivered_seconds",
        "How long ago the oldest upload was stored that is not delivered.",
        &[(String::new(), oldest)],
    );
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lane::Lane;
    use crate::store::LaneCount;
    use crate::time::Time;

    #[test]
    fn uploads_are_counted_by_state_and_only_open_ones_are_old() {
        let now = Time::from_micros(1_795_000_000_000_000);
        let count = |state, uploads, age| LaneCount {
            lane: Lane::new("https://octane.example/", 1001, 1002, "Nightly", "1"),
            project: "shop".to_owned(),
            state,
            uploads,
            oldest: now.before(Duration::from_secs(age)),
        };
        let overview = Overview {
            now,
            lanes: vec![
                count(State::Stored, 2, 90),
                count(State::Stored, 3, 30),
                count(State::Delivered, 7, 1000),
            ],
        };
        let text = text(true, Some(&overview));
        for line in [
            "octane_relay_store_up 1",
            "octane_relay_uploads{state=\"stored\"} 5",
            "octane_relay_uploads{state=\"delivered\"} 7",
            "octane_relay_uploads{state=\"incomplete\"} 0",
            "octane_relay_oldest_undelivered_seconds 90",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("shop") && !text.contains("Nightly"));
    }

    #[test]
    fn without_a_store_only_that_is_said() {
        let text = text(false, None);
        assert!(text.ends_with("octane_relay_store_up 0\n"), "{text}");
    }

    #[test]
    fn a_store_that_can_only_be_read_is_not_up_and_its_uploads_are_counted() {
        let overview = Overview {
            now: Time::EPOCH,
            lanes: Vec::new(),
        };
        let text = text(false, Some(&overview));
        for line in [
            "octane_relay_store_up 0",
            "octane_relay_uploads{state=\"stored\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
