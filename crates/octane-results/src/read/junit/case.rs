//! Test cases.

use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{Attempt, AttemptKind, failure};
use super::suite::{Suite, set_origin};
use super::verdict::Verdict;
use crate::duration::{DurationError, seconds_with};
use crate::identity::Identity;
use crate::invalid::{InvalidCell, shortened};
use crate::metadata::{Metadata, Property};
use crate::origin::Origin;
use crate::read::class_name::split_class;
use crate::read::commas::Commas;
use crate::read::file_names::with_slashes;
use crate::read::jira_keys::KeyList;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::run::TestRun;
use crate::status::Status;
use crate::text::REPLACEMENT;
use crate::warning::WarningKind;

/// An open `testcase`.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) place: LineColumn,
    pub(super) started: Option<Timestamp>,
    pub(super) jira: KeyList,
    pub(super) attempts: Vec<Attempt>,
    pub(super) verdict: Verdict,
    /// What its properties say.
    metadata: Metadata,
    /// What makes the case unusable.
    pub(super) invalid: Vec<InvalidCell>,
    /// Whether bytes of its attributes were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    name: String,
    class: String,
    /// The name for people, which counts if there is no other one.
    display_name: String,
    /// What the case says of its origin.
    origin: Origin,
    time: Option<String>,
}

impl Case {
    pub(super) fn new(place: LineColumn) -> Self {
        Self {
            place,
            started: None,
            jira: KeyList::default(),
            attempts: Vec::new(),
            verdict: Verdict::default(),
            metadata: Metadata::default(),
            invalid: Vec::new(),
            has_invalid_bytes: false,
            name: String::new(),
            class: String::new(),
            display_name: String::new(),
            origin: Origin::default(),
            time: None,
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "name" => value.clone_into(&mut self.name),
            "classname" if !value.is_empty() => self.class = with_slashes(value).into_owned(),
            "class" if self.class.is_empty() => self.class = with_slashes(value).into_owned(),
            "display-name" | "display_name" | "displayName" | "title"
                if self.display_name.is_empty() =>
            {
                value.clone_into(&mut self.display_name);
            }
            "hostname" | "file" | "project" => set_origin(&mut self.origin, name, value),
            "time" => self.time = Some(value.to_owned()),
            _ => self.verdict.attribute(name, value),
        }
    }

    /// Adds a property.
    pub(super) fn add_property(&mut self, name: String, value: &str) {
        let metadata = &mut self.metadata;
        if value.is_empty() {
            return;
        }
        let is_one_of = |words: [&str; 2]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
        if is_one_of(["owner", "author"]) {
            metadata.owner.get_or_insert_with(|| value.to_owned());
        } else if is_one_of(["tag", "tags"]) {
            let tags = value
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty());
            metadata.tags.extend(tags.map(str::to_owned));
        } else {
            metadata.properties.push(Property::new(name, value));
        }
    }

    /// Converts the case to a run, unless something makes it unusable, such as a status that is not known.
    pub(super) fn into_run(
        mut self,
        suite: &mut Suite,
        options: &ReadOptions,
        commas: &mut Commas,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Result<TestRun, Vec<InvalidCell>> {
        let said = self
            .attempts
            .iter()
            .filter_map(|attempt| attempt.kind.status());
        let status = self.verdict.status(said, &options.status_aliases);
        let status = match status {
            Ok(status) if self.invalid.is_empty() => status,
            status => {
                self.invalid.extend(status.err());
                return Err(self.invalid);
            }
        };
        if self.name.is_empty() {
            self.name = std::mem::take(&mut self.display_name);
        }
        if self.name.is_empty() {
            suite.unnamed += 1;
            self.name = format!("unnamed test {}", suite.unnamed);
            let given = self.name.clone();
            warn(WarningKind::Unnamed { given });
        }
        let mut run = TestRun::new(std::mem::take(&mut self.name), status);
        self.identify(&mut run, suite, options);
        self.check_bytes(&run.identity, suite)
            .map_err(|cell| vec![cell])?;
        run.duration = self.duration(commas, warn);
        if !self.metadata.is_empty() {
            run.metadata = Some(Box::new(std::mem::take(&mut self.metadata)));
        }
        run.started = self.started.or(suite.started);
        run.failure = failure(&mut self.attempts);
        if status == Status::Passed {
            run.earlier_failures = (self.attempts.iter_mut())
                .filter(|attempt| attempt.kind == AttemptKind::Flaky)
                .map(Attempt::take_failure)
                .collect();
        }
        let Origin {
            project,
            hostname,
            suite: outer,
            file,
        } = suite.origin.clone();
        run.origin = Origin {
            project: self.origin.project.or(project),
            hostname: self.origin.hostname.or(hostname),
            suite: outer,
            file: self.origin.file.or(file),
        };
        if status == Status::Skipped {
            run.description = (self.attempts.into_iter())
                .find(|attempt| attempt.kind == AttemptKind::Skipped)
                .and_then(|skipped| skipped.message.or(Some(skipped.text)))
                .filter(|reason| !reason.is_empty());
        }
        let sources = &options.jira_sources;
        sources.add_from_name(&run.identity.name, &mut self.jira);
        for key in suite.jira.iter() {
            self.jira.insert(key.clone());
        }
        run.jira = self.jira.into_keys();
        Ok(run)
    }

    /// Whether earlier attempts failed, whatever the last one did.
    pub(super) fn is_flaky(&self) -> bool {
        self.attempts
            .iter()
            .any(|attempt| attempt.kind == AttemptKind::Flaky)
    }

    /// Fails if what tells the test from others has bytes that were replaced.
    fn check_bytes(&self, identity: &Identity, suite: &Suite) -> Result<(), InvalidCell> {
        if !(self.has_invalid_bytes || suite.has_invalid_bytes) {
            return Ok(());
        }
        let texts = [&identity.name, &identity.class, &identity.package];
        match texts.into_iter().find(|text| text.contains(REPLACEMENT)) {
            Some(name) => Err(InvalidCell::invalid_bytes(None, name)),
            None => Ok(()),
        }
    }

    fn identify(&self, run: &mut TestRun, suite: &Suite, options: &ReadOptions) {
        let identity = &mut run.identity;
        suite.package.clone_into(&mut identity.package);
        if self.class.is_empty() {
            suite.class.clone_into(&mut identity.class);
        } else {
            let package = if suite.package.is_empty() {
                options.suite_path.package()
            } else {
                &suite.package
            };
            let (prefix, class) = split_class(&self.class, package);
            class.clone_into(&mut identity.class);
            if identity.package.is_empty() {
                prefix.clone_into(&mut identity.package);
            }
        }
        options.suite_path.complete(identity);
    }

    fn duration(&self, commas: &mut Commas, warn: &mut dyn FnMut(WarningKind)) -> Duration {
        let Some(time) = &self.time else {
            return Duration::ZERO;
        };
        match commas.resolve(|comma| seconds_with(time, comma)) {
            Ok(duration) => duration,
            Err(DurationError::Empty) => Duration::ZERO,
            Err(reason) => {
                let value = shortened(time);
                warn(WarningKind::Duration { value, reason });
                Duration::ZERO
            }
        }
    }
}
