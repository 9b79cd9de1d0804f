//! Which shards of a suite run are there: one function, and this table.
//!
//! | the uploads | what follows |
//! | --- | --- |
//! | one of them is not a shard | [`ShardMismatch::NotAShard`] |
//! | they go to different workspaces, suites or suite runs | [`ShardMismatch::Different`] |
//! | they name different totals | [`ShardMismatch::Different`] |
//! | none has some index | that shard is missing |
//! | several have the same index | the shard was uploaded more than once, for example because its job was retried; all of them count |
//! | some were merged before, and others not | the others are late, unless the same shard was merged |

use std::collections::BTreeMap;

use crate::journal::UploadSummary;
use crate::shard::Shard;
use crate::upload_id::UploadId;

/// Which shards of a suite run are there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollCall {
    /// How many shards there should be.
    pub total: u32,
    /// The shards of which there is no upload.
    pub missing: Vec<u32>,
    /// The shards of which there are several uploads.
    pub repeated: BTreeMap<u32, Vec<UploadId>>,
    /// The shards that have arrived after the others were merged.
    pub late: Vec<u32>,
}

/// Why uploads are not the shards of one suite run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardMismatch {
    /// There are none.
    #[error("there are no shards")]
    Nothing,
    /// It was uploaded without saying which shard it is.
    #[error("upload {0} is not a shard: it was uploaded without `--shard`")]
    NotAShard(UploadId),
    /// Two of them do not belong together.
    #[error(
        "uploads {one} and {other} are not shards of the same suite run: {what} `{this}` and `{that}`"
    )]
    #[non_exhaustive]
    Different {
        /// What differs: `workspaces`, `suites`, `suite runs` or `numbers of shards`.
        what: &'static str,
        /// An upload.
        one: UploadId,
        /// What it has.
        this: String,
        /// Another upload.
        other: UploadId,
        /// What that has.
        that: String,
    },
}

impl RollCall {
    /// Checks that uploads belong together, and finds out which shards are missing.
    pub fn of(uploads: &[UploadSummary]) -> Result<Self, ShardMismatch> {
        let first = uploads.first().ok_or(ShardMismatch::Nothing)?;
        let mut found: BTreeMap<u32, Vec<UploadId>> = BTreeMap::new();
        let mut total = 0;
        for upload in uploads {
            let shard = upload
                .shard
                .ok_or_else(|| ShardMismatch::NotAShard(upload.id.clone()))?;
            if let Some((what, this, that)) = difference(first, upload) {
                return Err(ShardMismatch::Different {
                    what,
                    one: first.id.clone(),
                    this,
                    other: upload.id.clone(),
                    that,
                });
            }
            total = shard.total();
            found
                .entry(shard.index())
                .or_default()
                .push(upload.id.clone());
        }
        let is_merged = uploads.iter().any(|upload| upload.merged.is_some());
        let was_merged = |index: u32| {
            let mut merged = uploads.iter().filter(|upload| upload.merged.is_some());
            merged.any(|upload| upload.shard.is_some_and(|shard| shard.index() == index))
        };
        let late = uploads.iter().filter(|upload| {
            let index = upload.shard.map(Shard::index);
            is_merged && upload.merged.is_none() && !index.is_some_and(was_merged)
        });
        let mut late: Vec<u32> = late.filter_map(|late| Some(late.shard?.index())).collect();
        late.sort_unstable();
        late.dedup();
        Ok(Self {
            total,
            missing: (1..=total)
                .filter(|index| !found.contains_key(index))
                .collect(),
            repeated: found.into_iter().filter(|(_, ids)| ids.len() > 1).collect(),
            late,
        })
    }

    /// Whether all shards are there.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// What two uploads do not have in common, and what each has instead.
fn difference(
    one: &UploadSummary,
    other: &UploadSummary,
) -> Option<(&'static str, String, String)> {
    let total = |upload: &UploadSummary| upload.shard.map_or(0, Shard::total).to_string();
    if !one.is_same_server(other) {
        Some(("workspaces", one.server.clone(), other.server.clone()))
    } else if one.suite_run != other.suite_run {
        Some(("suite runs", one.suite_run.clone(), other.suite_run.clone()))
    } else if !one.is_same_suite(other) {
        Some(("suites", one.suite.clone(), other.suite.clone()))
    } else if total(one) != total(other) {
        Some(("numbers of shards", total(one), total(other)))
    } else {
        None
    }
}

/// `shard 4 has`, `shards 4 and 7 have`, `shards 1, 2, 3 and 12 more have`.
pub(super) fn named(shards: &[u32]) -> String {
    const NAMED_MAX: usize = 20;
    let mut names: Vec<String> = shards.iter().take(NAMED_MAX).map(u32::to_string).collect();
    let more = shards.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        None => "no shard has".to_owned(),
        Some((only, [])) => format!("shard {only} has"),
        Some((last, others)) => format!("shards {} and {last} have", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: i64, shard: &str) -> UploadSummary {
        UploadSummary::example(UploadId::from_parts(id, 0), shard.parse().ok())
    }

    fn different(one: UploadSummary, other: UploadSummary) -> (&'static str, String, String) {
        match RollCall::of(&[one, other]) {
            Err(ShardMismatch::Different {
                what, this, that, ..
            }) => (what, this, that),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_and_what_is_double_is_named() {
        let uploads = [upload(1, "2/4"), upload(2, "1/4"), upload(3, "2/4")];
        let roll_call = RollCall::of(&uploads).unwrap();
        assert_eq!((roll_call.total, &*roll_call.missing), (4, &[3, 4][..]));
        let repeated: Vec<_> = roll_call.repeated.iter().collect();
        assert_eq!(repeated.len(), 1);
        assert_eq!(repeated[0].0, &2);
        assert_eq!(repeated[0].1.len(), 2);
        assert!(!roll_call.is_complete());
        assert!(roll_call.late.is_empty());
        let all = [upload(1, "2/2"), upload(2, "1/2")];
        assert!(RollCall::of(&all).unwrap().is_complete());
    }

    #[test]
    fn a_shard_is_late_if_others_were_merged_without_it() {
        let mut merged = upload(1, "1/2");
        merged.merged = Some(jiff::Timestamp::UNIX_EPOCH);
        let late = RollCall::of(&[merged.clone(), upload(2, "2/2")]).unwrap();
        assert_eq!(late.late, [2]);
        assert!(RollCall::of(&[merged.clone()]).unwrap().late.is_empty());
        // The suite run was completed with an earlier upload of the shard.
        let repeated = RollCall::of(&[merged, upload(2, "1/2")]).unwrap();
        assert!(repeated.late.is_empty());
        assert_eq!(repeated.repeated.len(), 1);
    }

    #[test]
    fn uploads_that_do_not_belong_together_are_an_error_that_names_what_differs() {
        assert_eq!(RollCall::of(&[]), Err(ShardMismatch::Nothing));
        let other = upload(1, "");
        let id = other.id.clone();
        assert_eq!(RollCall::of(&[other]), Err(ShardMismatch::NotAShard(id)));
        let one = || upload(1, "1/2");
        let text = |text: &str| text.to_owned();
        assert_eq!(
            different(one(), upload(2, "1/3")),
            ("numbers of shards", text("2"), text("3"))
        );
        let mut other = one();
        other.suite_run = text("nightly 2");
        let expected = ("suite runs", text("nightly 1"), text("nightly 2"));
        assert_eq!(different(one(), other), expected);
        let mut other = one();
        other.suite = text("Weekly");
        assert_eq!(different(one(), other).0, "suites");
        let mut other = one();
        other.server = text("https://elsewhere 1001/1002");
        other.place.workspace = 1003;
        assert_eq!(different(one(), other).0, "workspaces");
    }

    #[test]
    fn a_suite_is_the_same_by_its_id_where_both_know_it_and_by_its_name_otherwise() {
        let mut by_id = upload(1, "1/2");
        by_id.suite = "4001".to_owned();
        by_id.suite_id = Some(octane_model::SuiteId::new(4001));
        let mut by_name = upload(2, "2/2");
        by_name.suite_id = by_id.suite_id;
        assert!(RollCall::of(&[by_id.clone(), by_name.clone()]).is_ok());
        by_name.suite_id = None;
        assert!(RollCall::of(&[by_id, by_name]).is_err());
    }

    #[test]
    fn shards_are_named_as_people_do() {
        assert_eq!(named(&[4]), "shard 4 has");
        assert_eq!(named(&[4, 7]), "shards 4 and 7 have");
        assert_eq!(named(&[1, 2, 5]), "shards 1, 2 and 5 have");
        let many: Vec<u32> = (1..=25).collect();
        assert!(
            named(&many).ends_with(", 20 and 5 more have"),
            "{}",
            named(&many)
        );
    }
}
