//! What may be stored: the journal of an upload that this relay can deliver, whichever way it arrived.

use bytes::Bytes;
use octane_client::{Counts, UploadId, UploadSummary};
use sha2::{Digest, Sha256};

use crate::audit::AuditEntry;
use crate::blocking::blocking;
use crate::door::DoorSettings;
use crate::lane::{Lane, NoLane};
use crate::opened::{Opened, Unusable};
use crate::packed::pack;
use crate::store::NewUpload;

/// A journal that may be stored.
pub(crate) struct Admitted {
    /// As stores have it.
    packed: Vec<u8>,
    summary: UploadSummary,
    lane: Lane,
    digest: String,
}

/// Why a journal may not be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAdmitted {
    /// The relay cannot check it now.
    #[error("the relay cannot check the journal now")]
    Unavailable(#[source] Unusable),
    /// It is not a journal that this version can deliver.
    #[error("it is not the journal of an upload: {0}")]
    NotAnUpload(String),
    /// A newer version than this one has written it.
    #[error("the relay is too old for this upload: {0}")]
    NewerFormat(String),
    /// It did not arrive as it was sent.
    #[error("the journal does not match its `Content-Digest`")]
    OtherDigest,
    /// It has another ID than was said.
    #[error("the journal is that of upload {0}")]
    OtherUpload(UploadId),
    /// Only the machine that it comes from could deliver it.
    #[error(transparent)]
    NoServer(#[from] NoLane),
    /// It goes elsewhere.
    #[error("the upload belongs to {found}, and this relay delivers to {expected}")]
    OtherWorkspace { found: String, expected: String },
}

impl NotAdmitted {
    /// What is wrong, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::NotAnUpload(_) => "not_an_upload",
            Self::NewerFormat(_) => "newer_format",
            Self::OtherDigest => "digest_mismatch",
            Self::OtherUpload(_) => "other_upload",
            Self::NoServer(_) => "no_server",
            Self::OtherWorkspace { .. } => "other_workspace",
        }
    }
}

impl Admitted {
    /// Checks a journal, which should be that of an upload and have a SHA-256 if these are given.
    pub(crate) async fn check(
        settings: &DoorSettings,
        journal: Bytes,
        expected: Option<(&UploadId, Vec<u8>)>,
    ) -> Result<Self, NotAdmitted> {
        let folder = settings.folder.clone();
        let (id, expected) = expected.unzip();
        let checked = blocking(move || {
            let digest = Sha256::digest(&journal);
            if expected.is_some_and(|expected| digest[..] != expected[..]) {
                return Ok(None);
            }
            let opened = Opened::new(&folder, false)?;
            let summary = opened.add(&journal)?;
            let packed = pack(&journal).map_err(Unusable::Packed)?;
            let digest = digest.iter().map(|byte| format!("{byte:02x}"));
            Ok(Some((digest.collect::<String>(), packed, summary)))
        });
        let checked = checked.await.map_err(|error: Unusable| {
            if error.is_retryable() {
                NotAdmitted::Unavailable(error)
            } else {
                let problem = error.of_content();
                let problem = problem.unwrap_or_else(|| "it cannot be opened".to_owned());
                if error.is_newer() {
                    NotAdmitted::NewerFormat(problem)
                } else {
                    NotAdmitted::NotAnUpload(problem)
                }
            }
        })?;
        let (digest, packed, summary) = checked.ok_or(NotAdmitted::OtherDigest)?;
        if id.is_some_and(|id| summary.id != *id) {
            return Err(NotAdmitted::OtherUpload(summary.id));
        }
        let lane = lane(settings, &summary)?;
        Ok(Self {
            packed,
            summary,
            lane,
            digest,
        })
    }

    /// Where it goes.
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// What the audit log says of it.
    pub(crate) fn describe(&self, entry: &mut AuditEntry) {
        entry.upload = Some(self.summary.id.clone());
        entry.lane = Some(self.lane.clone());
        entry.results = Some(results(&self.summary));
        entry.digest = Some(self.digest.clone());
    }

    /// The upload of a project. `is_compared`: its report should say what has changed since the suite run before.
    pub(crate) fn upload(self, project: String, is_compared: bool) -> NewUpload {
        let results = results(&self.summary);
        NewUpload {
            id: self.summary.id,
            digest: self.digest,
            project,
            lane: self.lane,
            shard: self.summary.shard,
            results,
            is_compared,
            journal: self.packed,
        }
    }
}

/// How many results an upload has that can be delivered.
fn results(summary: &UploadSummary) -> u64 {
    let Counts { read, invalid, .. } = summary.counts;
    read.saturating_sub(invalid) as u64
}

/// The lane of an upload that this relay can deliver.
fn lane(settings: &DoorSettings, summary: &UploadSummary) -> Result<Lane, NotAdmitted> {
    let mut lane = Lane::of(summary)?;
    let workspaces = &settings.workspaces;
    if !workspaces.accept(&lane) {
        return Err(NotAdmitted::OtherWorkspace {
            found: summary.server.clone(),
            expected: workspaces.to_string(),
        });
    }
    // However an agent writes it, so that one suite run has one lane, and this relay finds it.
    lane.server = workspaces.lane_server();
    Ok(lane)
}
