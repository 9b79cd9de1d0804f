//! What a store does, and what goes into it and comes out.

use std::time::Duration;

use futures_util::future::BoxFuture;
use octane_client::{Shard, UploadId};

use crate::lane::Lane;
use crate::pace::{Pace, Rate, Slots};
use crate::state::State;
use crate::time::Time;
use crate::token::{Token, TokenEntry, TokenId};
use crate::workspaces::Workspaces;

/// An upload that is handed over.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its ID.
    pub id: UploadId,
    /// The SHA-256 of `journal` in hexadecimal.
    pub digest: String,
    /// Whose it is.
    pub project: String,
    /// Where it goes.
    pub lane: Lane,
    /// Which part of a test run it is, unless it is all of it.
    pub shard: Option<Shard>,
    /// How many results it has.
    pub results: u64,
    /// Whether its report should say what has changed since the suite run before.
    pub is_compared: bool,
    /// Its journal, as [`Journal::export`](octane_client::Journal::export) writes it, or that compressed with gzip.
    pub journal: Vec<u8>,
}

/// What became of an upload that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// It was stored before, with the same bytes.
    Known,
    /// An upload with its ID is stored, with other bytes or of another project.
    Conflict,
    /// The project has as many uploads that are not delivered as it may have.
    QuotaExceeded,
}

impl Put {
    /// Why an upload is a conflict. It does not say whether another project has one with its ID.
    pub(crate) fn conflict_message(id: &UploadId) -> String {
        format!(
            "another upload with the ID {id} is stored: its bytes or its project are not the same"
        )
    }
}

/// The right to work on a lane, until it expires or another relay has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The lane.
    pub lane: Lane,
    pub(crate) lane_id: i64,
    /// Grows with each lease of the lane.
    pub(crate) fence: i64,
}

/// The first upload in a lane that is not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its ID.
    pub id: UploadId,
    /// Its journal, as far as the store knows it.
    pub journal: Vec<u8>,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// Whether an earlier attempt did not say how it ended, so that what the journal does not show as sent may have been.
    pub may_have_sent: bool,
    /// Whether it is a shard whose suite run is to be completed now, whatever other shards are missing.
    pub is_closing: bool,
    /// Whether its report should say what has changed since the suite run before.
    pub is_compared: bool,
}

/// A shard in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedShard {
    /// Its upload.
    pub id: UploadId,
    /// Which shard it is, counted from 1.
    pub index: u32,
    /// Of how many.
    pub total: u32,
    /// How far it is.
    pub state: State,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct End {
    /// The journal as it is now; `None` if it has not changed.
    pub journal: Option<Vec<u8>>,
    /// How far the upload is.
    pub state: State,
    /// When the next attempt may begin.
    pub pause: Duration,
    /// How long a shard awaits others before its suite run is completed without them; `None`: for as long as it takes.
    pub shards_awaited: Option<Duration>,
    /// The report in JSON, if there is one.
    pub report: Option<String>,
    /// Why there is none, or what is missing.
    pub reason: Option<String>,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its ID.
    pub id: UploadId,
    /// Whose it is.
    pub project: String,
    /// Where it goes.
    pub lane: Lane,
    /// How far it is.
    pub state: State,
    /// How many attempts have begun.
    pub attempts: u32,
    /// How many results it has.
    pub results: u64,
    /// When it was stored.
    pub created: Time,
    /// When something was last written about it.
    pub changed: Time,
    /// When the next attempt may begin, if it waits for that.
    pub next_attempt: Option<Time>,
    /// The last report in JSON.
    pub report: Option<String>,
    /// Why the last attempt did not deliver it.
    pub reason: Option<String>,
}

/// How many uploads of a project are in a lane in some state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneCount {
    /// The lane.
    pub lane: Lane,
    /// Whose they are.
    pub project: String,
    /// How far they are.
    pub state: State,
    /// How many.
    pub uploads: u64,
    /// When the oldest of them was stored.
    pub oldest: Time,
}

/// Everything that is stored, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The moment, by the clock of the store.
    pub now: Time,
    /// By lane, project and state.
    pub lanes: Vec<LaneCount>,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another relay has the lane.
    #[error("another relay has taken over the lane")]
    LeaseLost,
    /// The database cannot be used, or not now.
    #[error("the store cannot be used")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The URL of the database cannot be used.
    #[error("the URL of the database is not valid: {problem}")]
    #[non_exhaustive]
    InvalidUrl {
        /// What is wrong with it; not the URL, which has a password.
        problem: String,
    },
    /// The database cannot be used when the store is opened.
    #[error("the database {place} cannot be used")]
    #[non_exhaustive]
    Unreachable {
        /// Its name and where it is.
        place: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file has something else than a store.
    #[error("the file is a database of another program")]
    Foreign,
    /// The database was used by a newer version.
    #[error("the store was made by a newer version (format {found}; this version knows {known})")]
    #[non_exhaustive]
    Newer {
        /// Its format.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// The database may lose what it has committed.
    #[error("PostgreSQL may lose what it has committed: `{setting}` is `{value}`; set it to `on`")]
    #[non_exhaustive]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: String,
    },
    /// Something is stored that cannot be.
    #[error("the store contains something unexpected: {0}")]
    Corrupted(String),
}

/// Stores uploads, and says who works on them and when requests may start.
pub trait Store: Send + Sync + 'static {
    /// Stores an upload. Doing it again changes nothing. A project may have `uploads_max` that are not delivered.
    fn put(&self, upload: NewUpload, uploads_max: u64) -> BoxFuture<'_, Result<Put, StoreError>>;

    /// Leases the lane of these workspaces whose first upload has waited longest, for this long; none if there is nothing to do now. What
    /// another holder has begun and left comes first.
    fn lease<'a>(
        &'a self,
        workspaces: &'a Workspaces,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>>;

    /// Leases a lane whose holder did not renew its lease in time, likewise; none if there is none.
    fn take_over<'a>(
        &'a self,
        workspaces: &'a Workspaces,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, StoreError>>;

    /// Keeps a lease for this long from now.
    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Begins an attempt at the first upload in the lane that is not delivered; none if nothing is due.
    fn begin<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<Option<Job>, StoreError>>;

    /// Stores how far the journal is of the upload at which an attempt was begun, or of a shard that is merged with it.
    fn checkpoint<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
        journal: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends attempts at uploads in the lane, all at once. Returns those that have ended: a shard is left alone that a person has deleted,
    /// or wants to be tried again, since the shards were read.
    fn end<'a>(
        &'a self,
        lease: &'a Lease,
        ends: Vec<(UploadId, End)>,
    ) -> BoxFuture<'a, Result<Vec<UploadId>, StoreError>>;

    /// Which shards of the lane have arrived that are of the project of an upload, and how far each is, without their journals.
    fn arrived<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Vec<ArrivedShard>, StoreError>>;

    /// A shard in the lane at which no attempt is due; none if there is one.
    fn shard<'a>(
        &'a self,
        lease: &'a Lease,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Option<Job>, StoreError>>;

    /// Lets a suite run be completed without the shards that are missing. Returns how many shards were awaiting others.
    fn close<'a>(&'a self, lane: &'a Lane) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Gives the lane back. One that is lost is not ours to give. An attempt that has not ended does not count, and another one follows
    /// after `pause`.
    fn release<'a>(
        &'a self,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// How far an upload is; none if it is not stored.
    fn status<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<Status>, StoreError>>;

    /// Fails if nothing can be stored now. Writes a little to find out.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Everything that is stored, in numbers.
    fn overview(&self) -> BoxFuture<'_, Result<Overview, StoreError>>;

    /// The uploads that wait for another attempt or for a person, the oldest first.
    fn problems(&self) -> BoxFuture<'_, Result<Vec<Status>, StoreError>>;

    /// The oldest of them, without their reports.
    fn oldest_problems(&self, count: u32) -> BoxFuture<'_, Result<Vec<Status>, StoreError>>;

    /// Asks for another attempt at an upload that waits for one, or for a person, or was left by its relay. Returns whether it does.
    fn retry<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Deletes an upload, unless a relay works on it. Returns whether it was there.
    fn delete<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Deletes uploads that were delivered this long ago. Returns how many.
    fn prune(&self, age: Duration) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Takes slots for requests to a server.
    fn slots<'a>(
        &'a self,
        server: &'a str,
        rate: Rate,
        count: u32,
    ) -> BoxFuture<'a, Result<Slots, StoreError>>;

    /// A server has rejected a request as one too many; see [`Pace::overloaded`].
    fn overloaded<'a>(
        &'a self,
        server: &'a str,
        since: Duration,
        pause: Duration,
    ) -> BoxFuture<'a, Result<Pace, StoreError>>;

    /// Takes a lock for this long, or keeps it, unless another relay has it. Returns whether `holder` has it.
    fn lock<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Gives a lock back.
    fn unlock<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Stores a new token.
    fn add_token<'a>(&'a self, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Revokes a token. Returns whether it was valid.
    fn revoke_token<'a>(&'a self, id: &'a TokenId) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The valid token with this public part.
    fn token<'a>(
        &'a self,
        id: &'a TokenId,
    ) -> BoxFuture<'a, Result<Option<TokenEntry>, StoreError>>;

    /// All valid tokens, the oldest first.
    fn tokens(&self) -> BoxFuture<'_, Result<Vec<TokenEntry>, StoreError>>;
}
