//! How long shards await each other at a relay: what an agent stores with an upload, and the relay reads.

#[cfg(feature = "relay")]
use std::collections::BTreeMap;
use std::time::Duration;

/// The name under which it is stored.
const NAME: &str = "shard-timeout";

/// What is stored, in whole seconds.
pub(crate) fn stored(timeout: Option<Duration>) -> Option<(String, String)> {
    timeout.map(|timeout| {
        (
            NAME.to_owned(),
            timeout.as_millis().div_ceil(1000).to_string(),
        )
    })
}

/// What an agent has stored; anything that this version does not know counts as nothing.
#[cfg(feature = "relay")]
pub(crate) fn of_stored(stored: &BTreeMap<String, String>) -> Option<Duration> {
    stored.get(NAME)?.parse().ok().map(Duration::from_secs)
}

#[cfg(all(test, feature = "relay"))]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_stores_is_what_a_relay_reads() {
        for timeout in [None, Some(Duration::ZERO), Some(Duration::from_secs(1800))] {
            let options: BTreeMap<String, String> = stored(timeout).into_iter().collect();
            assert_eq!(of_stored(&options), timeout);
        }
        // Less than a second is not no time.
        let short: BTreeMap<_, _> = stored(Some(Duration::from_millis(1))).into_iter().collect();
        assert_eq!(of_stored(&short), Some(Duration::from_secs(1)));
        let unknown = BTreeMap::from([(NAME.to_owned(), "30m".to_owned())]);
        assert_eq!(of_stored(&unknown), None);
    }
}
