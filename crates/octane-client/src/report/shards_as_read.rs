//! The shards of a report that is read back: a shard is written as its number alone.

use serde::Deserialize;

use super::{Counts, ShardReport, ShardsReport};
use crate::outcome::Outcome;
use crate::shard::{InvalidShard, Shard};
use crate::upload_id::UploadId;

#[derive(Deserialize)]
pub(super) struct ShardsAsRead {
    total: u32,
    is_merged: bool,
    missing: Option<Vec<u32>>,
    uploads: Vec<ShardAsRead>,
}

#[derive(Deserialize)]
struct ShardAsRead {
    shard: u32,
    upload_id: UploadId,
    outcome: Outcome,
    is_resumable: bool,
    counts: Counts,
}

impl TryFrom<ShardsAsRead> for ShardsReport {
    type Error = InvalidShard;

    fn try_from(read: ShardsAsRead) -> Result<Self, InvalidShard> {
        let ShardsAsRead {
            total,
            is_merged,
            missing,
            uploads,
        } = read;
        let uploads = uploads.into_iter().map(|upload| {
            Ok(ShardReport {
                shard: Shard::new(upload.shard, total)?,
                upload_id: upload.upload_id,
                outcome: upload.outcome,
                is_resumable: upload.is_resumable,
                counts: upload.counts,
            })
        });
        Ok(Self {
            total,
            is_merged,
            missing,
            uploads: uploads.collect::<Result<_, _>>()?,
        })
    }
}
