//! The audit log: a line for each decision about an upload or a token, in the order in which they are written.
//!
//! A line is written once the decision is committed. All lines have the same members (`octane.relay_audit/1`), so that they can be searched
//! and collected without knowing which one is which. They contain no secrets: tokens are named by their IDs, and results are not in them.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use octane_client::UploadId;
use octane_model::clean;
use serde_json::{Value, json};
use tracing::error;

use crate::blocking::blocking;
use crate::lane::Lane;
use crate::state::State;
use crate::store::Status;
use crate::token::TokenId;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An upload was stored.
    Stored,
    /// An upload was handed over again that is stored.
    AlreadyStored,
    /// An upload was not stored.
    Refused,
    /// A relay has the lease of a lane.
    Leased,
    /// A relay may no longer work on a lane.
    LeaseLost,
    /// An attempt to deliver an upload has ended; the state says how.
    AttemptEnded,
    /// A person asked for another attempt.
    Retried,
    /// A person let a suite run be completed without the shards that are missing.
    Closed,
    /// A person deleted an upload.
    Deleted,
    /// Delivered uploads were deleted because of their age.
    Pruned,
    /// A token was created.
    TokenCreated,
    /// A token was revoked.
    TokenRevoked,
    /// An operator signed in to the pages.
    SignedIn,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Stored,
        Self::AlreadyStored,
        Self::Refused,
        Self::Leased,
        Self::LeaseLost,
        Self::AttemptEnded,
        Self::Retried,
        Self::Closed,
        Self::Deleted,
        Self::Pruned,
        Self::TokenCreated,
        Self::TokenRevoked,
        Self::SignedIn,
    ];

    /// Its word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::AlreadyStored => "already_stored",
            Self::Refused => "refused",
            Self::Leased => "leased",
            Self::LeaseLost => "lease_lost",
            Self::AttemptEnded => "attempt_ended",
            Self::Retried => "retried",
            Self::Closed => "closed",
            Self::Deleted => "deleted",
            Self::Pruned => "pruned",
            Self::TokenCreated => "token_created",
            Self::TokenRevoked => "token_revoked",
            Self::SignedIn => "signed_in",
        }
    }
}

/// Who decided, or asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The holder of a token.
    Token(TokenId),
    /// A job of a CI system, by the subject (`sub`) of its token.
    CiJob(String),
    /// A relay, by the name of the [holder](crate::WorkerSettings::holder) of its leases.
    Relay(String),
    /// A file in a folder through which uploads arrive, by its path below that.
    File(String),
    /// A user of the machine on which a command was run.
    User(String),
}

impl Actor {
    fn json(&self) -> Value {
        let (kind, id) = match self {
            Self::Token(id) => ("token", id.as_str()),
            Self::CiJob(subject) => ("ci_job", &**subject),
            Self::Relay(name) => ("relay", &**name),
            Self::File(path) => ("file", &**path),
            Self::User(name) => ("user", &**name),
        };
        json!({ "type": kind, "id": text(id) })
    }
}

/// A decision, with what is known about it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Who decided, or asked for it; unknown if a request had no valid token.
    pub actor: Option<Actor>,
    /// The upload.
    pub upload: Option<UploadId>,
    /// Its project, or that of the token.
    pub project: Option<String>,
    /// The suite run.
    pub lane: Option<Lane>,
    /// How far the upload is now.
    pub state: Option<State>,
    /// How many results it has.
    pub results: Option<u64>,
    /// The SHA-256 of what was handed over, in hexadecimal.
    pub digest: Option<String>,
    /// The token that was created or revoked.
    pub token: Option<TokenId>,
    /// What is wrong, for programs.
    pub code: Option<&'static str>,
    /// Why, for people.
    pub reason: Option<String>,
}

impl AuditEntry {
    /// An entry for an action of this actor.
    pub fn by(actor: Actor) -> Self {
        Self {
            actor: Some(actor),
            ..Self::default()
        }
    }

    /// Describes an upload as it is before it is changed.
    pub fn upload_before(&mut self, upload: Status) {
        self.upload = Some(upload.id);
        self.project = Some(upload.project);
        self.lane = Some(upload.lane);
        self.state = Some(upload.state);
        self.results = Some(upload.results);
    }

    fn json(&self, event: Event, time: Timestamp) -> Value {
        let Self {
            actor,
            upload,
            project,
            lane,
            state,
            results,
            digest,
            token,
            code,
            reason,
        } = self;
        let lane = lane.as_ref().map(|lane| {
            json!({
                "server": text(&lane.server), "space": lane.space.to_string(), "workspace": lane.workspace.to_string(),
                "suite": lane.named_suite().map(text), "suite_run": lane.named_suite_run().map(text),
            })
        });
        json!({
            "schema": "octane.relay_audit/1",
            "time": time.to_string(),
            "event": event.as_str(),
            "actor": actor.as_ref().map(Actor::json),
            "upload_id": upload,
            "project": project.as_deref().map(text),
            "lane": lane,
            "state": state,
            "results": results,
            "sha256": digest,
            "token_id": token,
            "code": code,
            "reason": reason.as_deref().map(text),
        })
    }
}

/// No text in a line is longer, in characters.
const TEXT_MAX: usize = 1000;

/// Foreign text for the log.
fn text(text: &str) -> String {
    let cleaned = clean(text);
    match cleaned.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}…", &cleaned[..end]),
        None => cleaned.into_owned(),
    }
}

/// Where the lines go. Cheap to clone; the default writes nothing.
#[derive(Clone, Default)]
pub struct Audit {
    write: Option<Arc<Write>>,
}

/// Appends a line, which has no line end.
type Write = dyn Fn(&str) -> io::Result<()> + Send + Sync;

impl Audit {
    /// An audit log whose lines `write` appends; it may block.
    pub fn new(write: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self {
            write: Some(Arc::new(write)),
        }
    }

    /// Appends a line. A line that cannot be written is logged; what was decided already is done.
    pub async fn record(&self, event: Event, entry: &AuditEntry) {
        let Some(write) = &self.write else { return };
        let line = entry.json(event, Timestamp::now()).to_string();
        let write = Arc::clone(write);
        if let Err(error) = blocking(move || write(&line)).await {
            error!(%error, event = event.as_str(), "a line of the audit log could not be written");
        }
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn foreign_text_can_neither_steer_a_terminal_nor_fill_the_log() {
        let mut entry = AuditEntry::by(Actor::User("eve\n::error::".to_owned()));
        entry.reason = Some(format!("\u{1b}[31m{}", "x".repeat(5000)));
        entry.lane = Some(Lane::new(
            "https://octane.example/",
            1,
            2,
            "a\u{202e}b",
            "1",
        ));
        let line = entry
            .json(Event::Refused, Timestamp::UNIX_EPOCH)
            .to_string();
        assert!(
            line.is_ascii() || !line.chars().any(octane_model::is_unsafe),
            "{line}"
        );
        assert!(line.len() < 2000, "{line}");
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["time"], "1970-01-01T00:00:00Z");
        assert_eq!(json["actor"]["id"], r"eve\n:\:error::");
        assert_eq!(json["lane"]["suite"], r"a\u{202e}b");
    }

    #[test]
    fn each_event_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Event::ALL.map(Event::as_str).into();
        assert_eq!(words.len(), Event::ALL.len());
    }
}
