//! How far the other shards of a suite run are, for one that was delivered just now: one function, and this table. The first row that
//! applies decides.
//!
//! | the others that have arrived | |
//! |---|---|
//! | one that has ended is a shard of another number of shards | [`Contradiction`] |
//! | some are still to be delivered | [`Others::Open`] |
//! | some have ended otherwise than by awaiting others, or none is missing | [`Others::Ready`] |
//! | some have not arrived | [`Others::Missing`] |

use std::collections::BTreeSet;

use octane_client::{Shard, UploadId};

use crate::state::State;
use crate::store::ArrivedShard;

/// How far the other shards of a suite run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Some are still to be delivered.
    Open,
    /// Some have not arrived.
    Missing,
    /// They are worth a look at their journals: all have arrived, or some may have been merged before.
    Ready,
}

/// Two shards of one suite run that are not of the same number of shards. One of them does not belong to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not merged with the other shards: upload {id} is shard {index}/{total} of the suite run, and upload {} is shard {}/{}; one of \
     them does not belong to it: delete that, and then try the other one again",
    other.id, other.index, other.total
)]
pub(crate) struct Contradiction {
    id: UploadId,
    index: u32,
    total: u32,
    other: ArrivedShard,
}

/// Decides; see the [table](self). `arrived` includes the shard itself.
pub(crate) fn others(
    id: &UploadId,
    shard: Shard,
    arrived: &[ArrivedShard],
) -> Result<Others, Contradiction> {
    let others = || arrived.iter().filter(|other| other.id != *id);
    let mut ended = others().filter(|other| !other.state.is_open());
    if let Some(other) = ended.find(|other| other.total != shard.total()) {
        return Err(Contradiction {
            id: id.clone(),
            index: shard.index(),
            total: shard.total(),
            other: other.clone(),
        });
    }
    if others().any(|other| other.state.is_open()) {
        return Ok(Others::Open);
    }
    let are_awaiting = others().all(|other| other.state == State::AwaitingShards);
    let mut indexes: BTreeSet<u32> = others().map(|other| other.index).collect();
    indexes.insert(shard.index());
    let is_ready = !are_awaiting || indexes.len() >= shard.total() as usize;
    Ok(if is_ready {
        Others::Ready
    } else {
        Others::Missing
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> UploadId {
        format!("u-0000000000000{number}").parse().unwrap()
    }

    fn shard(number: u32, text: &str, state: State) -> ArrivedShard {
        let shard: Shard = text.parse().unwrap();
        ArrivedShard {
            id: id(number),
            index: shard.index(),
            total: shard.total(),
            state,
        }
    }

    fn seen(own: &str, others: &[(&str, State)]) -> Result<Others, Contradiction> {
        let mut arrived = vec![shard(0, own, State::Delivering)];
        let others = (1..).zip(others);
        arrived.extend(others.map(|(number, (text, state))| shard(number, text, *state)));
        super::others(&id(0), own.parse().unwrap(), &arrived)
    }

    #[test]
    fn every_row_of_the_table_holds() {
        use State::{AwaitingShards, Delivered, Incomplete, Stored};
        assert_eq!(seen("1/1", &[]), Ok(Others::Ready));
        assert_eq!(seen("1/2", &[]), Ok(Others::Missing));
        assert_eq!(seen("1/2", &[("2/2", Stored)]), Ok(Others::Open));
        assert_eq!(seen("1/2", &[("2/2", AwaitingShards)]), Ok(Others::Ready));
        assert_eq!(seen("1/3", &[("2/3", AwaitingShards)]), Ok(Others::Missing));
        // The same shard once more is not another one.
        assert_eq!(seen("1/2", &[("1/2", AwaitingShards)]), Ok(Others::Missing));
        for ended in [Delivered, Incomplete] {
            assert_eq!(seen("1/3", &[("2/3", ended)]), Ok(Others::Ready));
        }
    }

    #[test]
    fn other_numbers_of_shards_are_a_contradiction_that_names_both() {
        for other in ["1/3", "2/4", "2/2"] {
            let own = if other == "2/4" { "1/3" } else { "2/5" };
            let found = seen(
                own,
                &[("2/9", State::Stored), (other, State::AwaitingShards)],
            );
            let text = found.unwrap_err().to_string();
            for part in [own, other, &*id(0).to_string(), &*id(2).to_string()] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        // One that comes later will be the one that is found.
        assert_eq!(seen("1/3", &[("2/4", State::Stored)]), Ok(Others::Open));
    }
}
