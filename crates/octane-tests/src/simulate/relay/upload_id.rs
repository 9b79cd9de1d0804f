//! The IDs of uploads to relays.

use octane_client::UploadId;

/// The ID of the upload with this number.
pub(super) fn upload_id(number: usize) -> UploadId {
    const MILLISECONDS: i64 = 1_790_000_000_000;
    UploadId::from_parts(MILLISECONDS, number as u64)
}
