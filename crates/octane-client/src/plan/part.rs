//! Results planned on the threads that read them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use octane_results::{GherkinUnit, PayloadWriter, Process, Status, TestRun};

use super::payload_settings::payload_settings;
use super::repairing::RunRepairs;
use super::totals::PlanError;
use crate::facts::{KnownRun, jira_keys};
use crate::settings::UploadSettings;
use crate::target::{MODULE_PLACEHOLDER, SUITE_PLACEHOLDER, Target};

/// Plans results where they are read, on several threads: most of the work of a [`Plan`](crate::Plan) does not depend on the other
/// results. The [parts](PlanPart) become an upload with [`Draft::of_parts`](crate::Draft::of_parts).
#[derive(Debug)]
pub struct PartPlanner {
    writer: Arc<PayloadWriter>,
    repairs: RunRepairs,
}

impl PartPlanner {
    /// Plans results by these settings. Fails if scenarios are to become features: those of one may be in several parts.
    pub fn new(settings: &UploadSettings) -> Result<Self, PlanError> {
        if settings.gherkin == GherkinUnit::Features {
            return Err(PlanError::FeaturesInParts);
        }
        // What is rendered of a run does not depend on the target.
        let target = Target::new(SUITE_PLACEHOLDER, "placeholder").module(MODULE_PLACEHOLDER);
        let writer = PayloadWriter::new(payload_settings(Some(&target), settings))?;
        let writer = Arc::new(writer);
        let repairs = RunRepairs::new(Arc::new(settings.clone()), Arc::clone(&writer));
        Ok(Self { writer, repairs })
    }

    /// The runs of a part as a payload of their own, for a target that is not known yet.
    pub fn payload(&self, part: &PlanPart) -> Vec<u8> {
        [self.writer.prefix(), &part.body, self.writer.suffix()].concat()
    }
}

impl Process for PartPlanner {
    type Output = PlanPart;

    fn begin(&self) -> PlanPart {
        PlanPart {
            repairs: self.repairs.part(),
            is_begun: false,
            first_started: None,
            body: Vec::new(),
            texts: String::new(),
            jira: Vec::new(),
            jira_keys: HashSet::new(),
            files: Vec::new(),
            runs: Vec::new(),
            failed: None,
        }
    }

    fn run(&self, run: &mut TestRun, part: &mut PlanPart) {
        if part.failed.is_some() {
            return;
        }
        if !part.is_begun {
            part.is_begun = true;
            part.first_started = run.started;
        }
        if !part.repairs.repair(run) {
            return;
        }
        let begin = part.body.len();
        match self.writer.write_run(run, &mut part.body) {
            Ok(()) => part.add(run, begin),
            Err(error) => part.failed = Some(error.into()),
        }
    }
}

/// Consecutive results that are planned, but for their batches.
#[derive(Debug)]
pub struct PlanPart {
    pub(super) repairs: RunRepairs,
    /// Whether there is any result yet.
    is_begun: bool,
    /// When the first of them started.
    first_started: Option<Timestamp>,
    /// The runs, rendered.
    pub(super) body: Vec<u8>,
    /// Of each run the module, package, class, name and own name.
    texts: String,
    /// Of each run the Jira keys, as they are stored.
    jira: Vec<u8>,
    pub(super) jira_keys: HashSet<String>,
    pub(super) files: Vec<Arc<str>>,
    pub(super) runs: Vec<PartRun>,
    /// Why the others cannot be written.
    pub(super) failed: Option<PlanError>,
}

/// What is known of one of the runs.
#[derive(Debug)]
pub(super) struct PartRun {
    /// How many bytes of the texts are those of the identity.
    identity: [usize; 4],
    run_name: Option<usize>,
    status: Status,
    started: Option<i64>,
    duration: u64,
    place: Option<(i64, Option<u64>)>,
    /// Which of the files it is from.
    pub(super) file: Option<usize>,
    /// How many bytes its Jira keys have.
    jira: usize,
    /// How many bytes it has in the body.
    pub(super) bytes: usize,
}

impl PlanPart {
    /// When the first result started.
    pub fn first_started(&self) -> Option<Timestamp> {
        self.first_started
    }

    /// Adds a run whose bytes begin at `begin` in the body.
    fn add(&mut self, run: &TestRun, begin: usize) {
        let KnownRun {
            identity,
            run_name,
            status,
            started,
            duration,
            place,
            jira: _,
        } = KnownRun::without_jira(run);
        for text in identity.into_iter().chain(run_name) {
            self.texts.push_str(text);
        }
        let jira = self.jira.len();
        jira_keys(&run.jira, &mut self.jira);
        for key in &run.jira {
            if !self.jira_keys.contains(key) {
                self.jira_keys.insert(key.clone());
            }
        }
        let file = run.position.as_ref().map(|position| &position.file);
        let file = file.map(|file| match self.files.last() {
            Some(last) if Arc::ptr_eq(last, file) || last == file => self.files.len() - 1,
            _ => {
                self.files.push(Arc::clone(file));
                self.files.len() - 1
            }
        });
        self.runs.push(PartRun {
            identity: identity.map(str::len),
            run_name: run_name.map(str::len),
            status,
            started,
            duration,
            place,
            file,
            jira: self.jira.len() - jira,
            bytes: self.body.len() - begin,
        });
    }

    /// The runs from the first one, one after the other.
    pub(super) fn known(&self, at: &mut Cursor) -> Option<KnownRun<'_>> {
        let run = self.runs.get(at.run)?;
        at.run += 1;
        let mut text = |length: usize| {
            let begin = at.text;
            at.text += length;
            self.texts.get(begin..at.text).unwrap_or_default()
        };
        let identity = run.identity.map(&mut text);
        let run_name = run.run_name.map(text);
        let jira = at.jira;
        at.jira += run.jira;
        let jira = self.jira.get(jira..at.jira).unwrap_or_default();
        Some(KnownRun {
            identity,
            run_name,
            status: run.status,
            started: run.started,
            duration: run.duration,
            place: run.place,
            jira: Cow::Borrowed(jira),
        })
    }
}

/// How much of a part was taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor {
    pub(super) run: usize,
    text: usize,
    jira: usize,
}
