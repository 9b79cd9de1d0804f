//! The shards that a report covers.

use serde::{Deserialize, Serialize, Serializer};

use super::counts::Counts;
use crate::outcome::Outcome;
use crate::shard::{InvalidShard, Shard};
use crate::upload_id::UploadId;

/// The parts of the test run that a report covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ShardsAsRead")]
#[non_exhaustive]
pub struct ShardsReport {
    /// How many shards there should be.
    pub total: u32,
    /// Whether the report covers all shards that have arrived, and links were made; otherwise it covers a single one.
    pub is_merged: bool,
    /// The shards that have not arrived; `None` in the report of a single one, which does not look for the others.
    pub missing: Option<Vec<u32>>,
    /// The uploads that the report covers.
    pub uploads: Vec<ShardReport>,
}

/// The upload of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShardReport {
    /// Which shard it is; in JSON its number, counted from 1.
    #[serde(serialize_with = "index")]
    pub shard: Shard,
    /// The upload's ID.
    pub upload_id: UploadId,
    /// How the upload ended.
    pub outcome: Outcome,
    /// Whether another attempt may get further.
    pub is_resumable: bool,
    /// How many results it has, and what became of them.
    pub counts: Counts,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn index<S: Serializer>(shard: &Shard, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(shard.index())
}

impl ShardsReport {
    /// Of a single shard.
    pub(crate) fn of_one(
        shard: Shard,
        upload_id: UploadId,
        outcome: Outcome,
        is_resumable: bool,
        counts: Counts,
    ) -> Self {
        Self {
            total: shard.total(),
            is_merged: false,
            missing: None,
            uploads: vec![ShardReport {
                shard,
                upload_id,
                outcome,
                is_resumable,
                counts,
            }],
        }
    }
}

/// Shards as they are read back: each is written as its number alone.
#[derive(Deserialize)]
struct ShardsAsRead {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_that_cannot_be_is_not_read_back() {
        let json = serde_json::json!({ "total": 2, "is_merged": false, "missing": null, "uploads": [{
            "shard": 3, "upload_id": "u-01jd8x2m5k3q7r", "outcome": "success", "is_resumable": false,
            "counts": Counts::default(),
        }] });
        assert!(serde_json::from_value::<ShardsReport>(json).is_err());
    }
}
