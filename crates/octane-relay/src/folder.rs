//! The door for files: uploads that arrive in a folder, as `octane uploads export` writes them.
//!
//! A folder of a project, or a folder with one folder for each project, is looked through again and again. What is found is decided by this
//! table, and by what is checked of every upload, whichever way it arrives:
//!
//! | file | |
//! | --- | --- |
//! | in a folder that is deeper, or that is next to the files of the only project | ignored, with a warning |
//! | hidden, or called as programs call what they are still writing (`.part`, `.tmp` …) | ignored |
//! | a symbolic link, or anything else that is not a regular file | refused |
//! | larger than uploads may be | refused |
//! | has changed since the last time | left alone, it is still being written |
//! | not complete, by its length and its SHA-256 | left alone; looked into again after 10 minutes, and refused if it is still not complete |
//! | complete | stored and then moved to `done`; refused if the relay cannot deliver it |
//! | complete, and there is no room for it in the store or in the quota | left alone for 10 seconds, with all later files of its project |
//!
//! It is moved after the commit, so a relay that dies in between finds the file again, recognises the upload, and only moves it. What is
//! refused is in `refused` with a text file that says why.

mod file;
mod moved;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use octane_client::CancellationToken;
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use self::file::{Candidate, Stamp};
use self::moved::Place;
use crate::admission::{Admitted, NotAdmitted};
use crate::audit::{Actor, AuditEntry, Event};
use crate::blocking::blocking;
use crate::chain::Chain;
use crate::door::DoorSettings;
use crate::store::{Put, Store};

/// A folder through which uploads arrive.
pub struct Folder {
    store: Arc<dyn Store>,
    settings: DoorSettings,
    folder: PathBuf,
    project: Option<String>,
    on_stored: Arc<dyn Fn() + Send + Sync>,
    /// The files that were found the last time.
    seen: HashMap<PathBuf, Seen>,
    /// The files and folders that could not be read the last time.
    unreadable: HashSet<PathBuf>,
    /// The folders that were ignored the last time.
    ignored: HashSet<PathBuf>,
}

/// A file that was not taken yet.
#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    /// When it is looked into, or again.
    next: Instant,
    /// Whether later files of its project wait for it.
    line: Line,
    /// Whether something was wrong with it when it was looked into.
    is_doubtful: bool,
}

/// What a file means for the later ones of its project, which are stored after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Moves,
    /// There is no room for it now.
    Waits,
}

/// Why a file is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    code: &'static str,
    message: String,
}

/// What becomes of a file.
enum Verdict {
    Done(Event),
    Refused(Problem),
    /// It may be incomplete.
    Doubtful(Problem),
    Later,
}

/// How often the folder is looked through.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a file that is not complete, or cannot be moved, is left alone.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a file is left alone for which there is no room now.
const PAUSE: Duration = Duration::from_secs(10);

impl Folder {
    /// The door at a folder. With a project, the files in it belong to that; otherwise each folder in it is called like the project of
    /// its files. `on_stored` is called whenever an upload was stored.
    pub fn new(
        store: Arc<dyn Store>,
        settings: DoorSettings,
        folder: impl Into<PathBuf>,
        project: Option<String>,
        on_stored: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            settings,
            folder: folder.into(),
            project,
            on_stored: Arc::new(on_stored),
            seen: HashMap::new(),
            unreadable: HashSet::new(),
            ignored: HashSet::new(),
        }
    }

    /// Looks through the folder until `stop` is cancelled.
    pub async fn run(mut self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            self.look(stop).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(INTERVAL) => {}
            }
        }
    }

    /// Looks through the folder once, and takes what is complete and has not changed since the last time, the oldest first.
    pub async fn look(&mut self, stop: &CancellationToken) {
        let (folder, project) = (self.folder.clone(), self.project.clone());
        let looked = blocking(move || file::look(&folder, project.as_deref())).await;
        for (folder, error) in &looked.unreadable {
            if !self.unreadable.contains(folder) {
                let folder = folder.display();
                error!(path = %folder, %error, "a file or folder cannot be read; it is tried again");
            }
        }
        let unreadable = looked.unreadable.into_iter();
        self.unreadable = unreadable.map(|(folder, _)| folder).collect();
        for folder in looked
            .ignored
            .iter()
            .filter(|folder| !self.ignored.contains(*folder))
        {
            let name = self.name(folder);
            warn!(folder = name, "{}", self.why_ignored());
        }
        self.ignored = looked.ignored.into_iter().collect();
        let paths: HashSet<&PathBuf> = looked.candidates.iter().map(|found| &found.path).collect();
        self.seen.retain(|path, _| paths.contains(path));
        // The projects whose next file has to wait.
        let mut waiting = HashSet::new();
        for candidate in looked.candidates {
            if stop.is_cancelled() {
                break;
            }
            if waiting.contains(&candidate.project) {
                continue;
            }
            if self.judge(&candidate).await == Line::Waits {
                waiting.insert(candidate.project);
            }
        }
    }

    /// Why files in a folder are not taken.
    fn why_ignored(&self) -> &'static str {
        if self.project.is_some() {
            "a folder is ignored: with a project for the files in the directory itself, there are none for the folders in it"
        } else {
            "a folder is ignored: the files of a project are in the folder that is called like it, not deeper"
        }
    }

    async fn judge(&mut self, candidate: &Candidate) -> Line {
        let now = Instant::now();
        let mut entry = AuditEntry::by(Actor::File(self.name(&candidate.path)));
        entry.project.clone_from(&candidate.project);
        let mut seen = self.seen(candidate, now);
        if now < seen.next {
            return seen.line;
        }
        let (place, event, reason) = match self.take(candidate, &mut entry).await {
            Verdict::Later => {
                seen.next = now + PAUSE;
                seen.is_doubtful = false;
                seen.line = Line::Waits;
                self.seen.insert(candidate.path.clone(), seen);
                return Line::Waits;
            }
            // It may be complete later without another length or time.
            Verdict::Doubtful(_) if !seen.is_doubtful => {
                seen.next = now + PATIENCE;
                seen.is_doubtful = true;
                seen.line = Line::Moves;
                self.seen.insert(candidate.path.clone(), seen);
                return Line::Moves;
            }
            Verdict::Done(event) => (Place::Done, event, None),
            Verdict::Refused(problem) | Verdict::Doubtful(problem) => {
                let reason = format!("{} ({})", problem.message, problem.code);
                entry.code = Some(problem.code);
                entry.reason = Some(problem.message);
                (Place::Refused, Event::Refused, Some(reason))
            }
        };
        let name = self.name(&candidate.path);
        info!(
            file = name,
            event = event.as_str(),
            reason,
            "a file was looked into"
        );
        self.settings.audit.record(event, &entry).await;
        if event == Event::Stored {
            (self.on_stored)();
        }
        let path = candidate.path.clone();
        let moving = blocking(move || moved::to(place, &path, reason.as_deref()));
        match moving.await {
            Ok(()) => {
                self.seen.remove(&candidate.path);
            }
            // It is recognised then, and only moved.
            Err(error) => {
                error!(file = name, %error, "a file cannot be moved; it is tried again in 10 minutes");
                seen.next = now + PATIENCE;
                seen.line = Line::Moves;
                self.seen.insert(candidate.path.clone(), seen);
            }
        }
        Line::Moves
    }

    /// What is known about a file as it is. One that is new or has changed is looked into the next time.
    fn seen(&mut self, candidate: &Candidate, now: Instant) -> Seen {
        let stamp = candidate.stamp;
        match self.seen.get(&candidate.path) {
            Some(seen) if seen.stamp == stamp => seen.clone(),
            _ => {
                let seen = Seen {
                    stamp,
                    next: now,
                    line: Line::Moves,
                    is_doubtful: false,
                };
                self.seen.insert(candidate.path.clone(), seen.clone());
                Seen {
                    next: now + INTERVAL,
                    ..seen
                }
            }
        }
    }

    /// Stores the upload in a file that has not changed for a while.
    async fn take(&self, candidate: &Candidate, entry: &mut AuditEntry) -> Verdict {
        let refused = |code, message: &str| {
            let message = message.to_owned();
            Verdict::Refused(Problem { code, message })
        };
        if let Some(fault) = candidate.fault {
            return refused("not_an_upload", fault);
        }
        let Some(project) = &candidate.project else {
            let message =
                "it belongs to no project: put it into a folder that is called like its project";
            return refused("no_project", message);
        };
        let bytes_max = self.settings.journal_bytes_max as u64;
        if candidate.stamp.length > bytes_max {
            return refused("too_large", &format!("it is larger than {bytes_max} bytes"));
        }
        let (path, stamp) = (candidate.path.clone(), candidate.stamp);
        let reading = blocking(move || file::read(&path, stamp));
        let journal = match reading.await {
            Ok(Some(journal)) => journal,
            Ok(None) => return Verdict::Later,
            Err(error) => {
                let message = format!("it cannot be read: {error}");
                let code = "unreadable";
                return Verdict::Doubtful(Problem { code, message });
            }
        };
        let admitted = match Admitted::check(&self.settings, journal.into(), None).await {
            Ok(admitted) => admitted,
            Err(error) => {
                let (code, message) = (error.code(), error.to_string());
                return match error {
                    NotAdmitted::Unavailable(error) => {
                        let file = self.name(&candidate.path);
                        warn!(file, error = %Chain(&error), "a file could not be checked");
                        Verdict::Later
                    }
                    NotAdmitted::NotAnUpload(_) | NotAdmitted::NewerFormat(_) => {
                        Verdict::Doubtful(Problem { code, message })
                    }
                    _ => Verdict::Refused(Problem { code, message }),
                };
            }
        };
        admitted.describe(entry);
        let upload = admitted.upload(project.clone(), false);
        let id = upload.id.clone();
        match self.store.put(upload, self.settings.uploads_max).await {
            Ok(Put::Stored) => Verdict::Done(Event::Stored),
            Ok(Put::Known) => Verdict::Done(Event::AlreadyStored),
            Ok(Put::Conflict) => {
                let message = Put::conflict_message(&id);
                refused("conflict", &message)
            }
            Ok(Put::QuotaExceeded) => Verdict::Later,
            Err(error) => {
                warn!(error = %Chain(&error), "the store cannot be used");
                Verdict::Later
            }
        }
    }

    /// A file as people are shown it: its path below the folder.
    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        below.display().to_string()
    }
}
