//! A suite run whose uploads are shards.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use octane_client::{Shard, UploadId};

use super::super::random::Random;
use super::upload_id::upload_id;

/// What a seed decides about a suite run whose uploads are shards.
#[derive(Debug, Clone)]
pub(super) struct ShardedRun {
    /// How many shards there should be.
    pub(super) total: u32,
    /// Which shard each upload is, by the number of the upload. Some are nowhere, and some are uploaded twice.
    pub(super) shards: BTreeMap<usize, u32>,
    /// How long a shard awaits the others.
    pub(super) timeout: Option<Duration>,
    /// When a person completes the suite run without the shards that are missing.
    pub(super) closed_after: Option<Duration>,
}

impl ShardedRun {
    /// The number of the upload with this ID, if it is one of these.
    pub(super) fn number(&self, id: &UploadId) -> Option<usize> {
        let mut numbers = self.shards.keys().copied();
        numbers.find(|number| upload_id(*number) == *id)
    }

    /// The shards of which there is none of these uploads.
    pub(super) fn missing<'a>(&self, uploads: impl IntoIterator<Item = &'a usize>) -> Vec<u32> {
        let uploads = uploads.into_iter();
        let found: BTreeSet<u32> = uploads
            .filter_map(|number| self.shards.get(number).copied())
            .collect();
        let missing = (1..=self.total).filter(|index| !found.contains(index));
        missing.collect()
    }
}

/// The shards of a suite run that are uploaded: all or some, in any order, and some of them twice, as by a job that was tried again.
pub(super) fn shards(random: &mut Random) -> Vec<Shard> {
    let total = *random.pick(&[2, 2, 3, 4]);
    let some_percent = *random.pick(&[100, 100, 70]);
    let mut shards = Vec::new();
    for index in 1..=total {
        let is_first = shards.is_empty() && index == total;
        let times = if is_first || random.chance(some_percent) {
            1 + u64::from(random.chance(8))
        } else {
            0
        };
        let shard = Shard::new(index, total).ok();
        shards.extend((0..times).filter_map(|_| shard));
    }
    // Which one has the lower number says which one was planned first.
    let middle = random.count(0..=shards.len() as u64 - 1);
    shards.rotate_left(middle);
    shards
}

/// When an upload is handed over; some shards come late.
pub(super) fn start(random: &mut Random, is_shard: bool) -> Duration {
    let start_max = if is_shard && random.chance(20) {
        600_000
    } else {
        30_000
    };
    random.milliseconds(0..=start_max)
}

/// The suite runs of the uploads that are shards, each of a lane of its own.
pub(super) fn all(random: &mut Random, places: &[(usize, Option<Shard>)]) -> Vec<ShardedRun> {
    let mut runs: BTreeMap<usize, ShardedRun> = BTreeMap::new();
    for (number, (lane, shard)) in places.iter().enumerate() {
        let Some(shard) = shard else { continue };
        let run = runs.entry(*lane).or_insert_with(|| {
            let timeout = random.pick(&[None, None, Some(5), Some(60), Some(300)]);
            ShardedRun {
                total: shard.total(),
                shards: BTreeMap::new(),
                timeout: timeout.map(Duration::from_secs),
                closed_after: random.chance(40).then(|| random.milliseconds(0..=120_000)),
            }
        });
        run.shards.insert(number, shard.index());
    }
    runs.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_have_shards_that_never_arrive_and_such_as_arrive_twice() {
        let mut random = Random::new(1);
        let all: Vec<Vec<Shard>> = (0..200).map(|_| shards(&mut random)).collect();
        let indexes = |shards: &Vec<Shard>| -> BTreeSet<u32> {
            shards.iter().map(|shard| shard.index()).collect()
        };
        let total = |shards: &Vec<Shard>| shards[0].total() as usize;
        assert!(
            all.iter()
                .any(|shards| indexes(shards).len() < total(shards))
        );
        assert!(
            all.iter()
                .any(|shards| indexes(shards).len() == total(shards))
        );
        assert!(
            all.iter()
                .any(|shards| indexes(shards).len() < shards.len())
        );
    }

    #[test]
    fn what_is_missing_is_what_no_upload_has() {
        let run = ShardedRun {
            total: 4,
            shards: BTreeMap::from([(0, 2), (1, 4), (5, 2)]),
            timeout: None,
            closed_after: None,
        };
        assert_eq!(run.missing(&[0, 1, 5]), [1, 3]);
        assert_eq!(run.missing(&[5]), [1, 3, 4]);
        assert_eq!(run.number(&upload_id(5)), Some(5));
        assert_eq!(run.number(&upload_id(2)), None);
    }
}
