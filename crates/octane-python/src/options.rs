//! The options of an upload.

use std::time::Duration;

use octane_client::{ModuleChoice, SuiteChoice, TargetSpec, UploadSettings};
use octane_model::{MilestoneId, ModuleId, ProgramId, ReleaseId, SuiteId, WorkItemId};
use octane_results::{
    Columns, Dialect, GherkinUnit, JiraSources, LongNames, ReadOptions, Release, ResultField,
    Status, StatusAliases, SuitePath, Tag, TestField, TestFieldKind,
};
use serde::Deserialize;

use crate::error::Failure;
use crate::input::{Acceptance, Reading};

/// An entity by ID or by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Choice {
    Id(i64),
    Name(String),
}

/// The options of an upload, as the Python part passes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    suite: Choice,
    suite_run: String,
    module: Option<Choice>,
    create_missing: bool,
    create_similar: bool,

    dialect: String,
    testing_tool_type: Option<String>,
    release: Option<Choice>,
    milestone: Option<i64>,
    program: Option<i64>,
    backlog_items: Vec<i64>,
    tags: Vec<(String, String)>,
    fields: Vec<(String, String)>,
    suite_path: Option<String>,
    long_names: String,
    reruns: String,
    gherkin: String,
    batch_results: Option<usize>,
    batch_bytes: Option<usize>,
    batches_in_flight: Option<usize>,
    skip_errors: bool,
    pub(crate) force_new: bool,

    link: bool,
    require_all_jira_keys: bool,
    unlink_stale: bool,
    wait: f64,

    format: Option<String>,
    encoding: Option<String>,
    columns: Vec<(String, Option<String>)>,
    status_map: Vec<(String, String)>,
    time_zone: Option<String>,
    /// The start of results that have none, in milliseconds since 1970.
    started: Option<i64>,
    are_attempts: bool,
    duration_unit: Option<String>,
    jira_from: Vec<String>,
    extra: String,
    skip_invalid: bool,
    allow_empty: bool,
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new("InputError", message)
}

/// Whether two words are one, as where statuses are looked up: without regard to case, `_`, `-` and spaces.
fn is_same_word(one: &str, other: &str) -> bool {
    let aliases = StatusAliases::default().with(one, Status::Passed);
    aliases.own(other).is_some()
}

impl Options {
    pub(crate) fn acceptance(&self) -> Acceptance {
        Acceptance {
            skip_invalid: self.skip_invalid,
            allow_empty: self.allow_empty,
            forbid_unused: self.extra == "forbid",
            warn_unused: self.extra == "warn",
        }
    }

    pub(crate) fn has_time_zone(&self) -> bool {
        self.time_zone.is_some()
    }

    pub(crate) fn has_duration_unit(&self) -> bool {
        self.duration_unit.is_some()
    }

    pub(crate) fn target_spec(&self) -> Result<TargetSpec, Failure> {
        let suite = match &self.suite {
            Choice::Id(id) => SuiteChoice::Id(SuiteId::new(*id)),
            Choice::Name(name) => SuiteChoice::from_text(name),
        };
        let mut spec = TargetSpec::new(suite, &*self.suite_run)
            .create_missing(self.create_missing)
            .create_similar(self.create_similar);
        spec = match &self.module {
            None => spec,
            Some(Choice::Id(id)) => spec.module(ModuleChoice::Id(ModuleId::new(*id))),
            Some(Choice::Name(path)) => spec.module(ModuleChoice::from_text(path)),
        };
        spec.check()?;
        Ok(spec)
    }

    pub(crate) fn settings(&self) -> Result<UploadSettings, Failure> {
        let mut settings = UploadSettings::default();
        settings.dialect = match &*self.dialect {
            "standard" => Dialect::Standard,
            "evidence" => Dialect::Evidence,
            other => return Err(invalid(format!("`{other}` is not a valid `dialect`"))),
        };
        settings
            .testing_tool_type
            .clone_from(&self.testing_tool_type);
        settings.suite_path = self.suite_path.as_deref().map(SuitePath::new);
        settings.reruns = self.reruns.parse().map_err(|error| {
            let error: octane_results::UnknownReruns = error;
            invalid(error.to_string())
        })?;
        if self.gherkin == "features" {
            settings.gherkin = GherkinUnit::Features;
            if settings.dialect == Dialect::Evidence {
                return Err(invalid(
                    "`gherkin=\"features\"` needs the dialect `standard`",
                ));
            }
            if self.skip_invalid {
                return Err(invalid(
                    "`gherkin=\"features\"` needs all scenarios of a feature, and `skip_invalid` may leave some out",
                ));
            }
        }
        if let Some(results) = self.batch_results {
            settings.batch_limits.runs_max = results;
        }
        if let Some(bytes) = self.batch_bytes {
            settings.batch_limits.bytes_max = bytes;
        }
        if let Some(batches) = self.batches_in_flight {
            settings.batches_in_flight_max = batches;
        }
        if self.long_names == "refuse" {
            settings.repair.long_names = LongNames::Refuse;
        }
        settings.skip_errors = self.skip_errors;
        settings.link = self.link;
        settings.require_all_jira_keys = self.require_all_jira_keys;
        settings.unlink_stale = self.unlink_stale;
        if self.unlink_stale && !self.link {
            return Err(invalid(
                "`unlink_stale` needs the links of `jira=\"auto\"`, and `jira=\"off\"` makes none",
            ));
        }
        settings.ingestion_wait_max = Duration::try_from_secs_f64(self.wait)
            .map_err(|_| invalid(format!("`wait` is not a valid time: {}", self.wait)))?;
        let context = &mut settings.context;
        context.release = self.release.as_ref().map(|release| match release {
            Choice::Id(id) => Release::Id(ReleaseId::new(*id)),
            Choice::Name(name) if name == "default" => Release::Name(Release::DEFAULT.to_owned()),
            Choice::Name(name) => Release::Name(name.clone()),
        });
        context.milestone = self.milestone.map(MilestoneId::new);
        context.program = self.program.map(ProgramId::new);
        context.backlog_items = self
            .backlog_items
            .iter()
            .copied()
            .map(WorkItemId::new)
            .collect();
        for (tag_type, value) in &self.tags {
            let (tag_type, value) = (tag_type.clone(), value.clone());
            context.environment.push(Tag { tag_type, value });
        }
        for (kind, value) in &self.fields {
            let kind = TestFieldKind::from_payload(kind).ok_or_else(|| {
                let known = TestFieldKind::ALL.map(TestFieldKind::as_str).join("`, `");
                invalid(format!("`fields`: unknown test field `{kind}`"))
                    .hint(format!("known are `{known}`"))
            })?;
            let value = value.clone();
            context.test_fields.push(TestField { kind, value });
        }
        Ok(settings)
    }

    /// How the results are read; `header` is that of a table.
    pub(crate) fn reading(&self, header: &[String]) -> Result<Reading, Failure> {
        let started = self.started.map(jiff::Timestamp::from_millisecond);
        let started = started.transpose();
        Ok(Reading {
            options: self.read_options(header)?,
            started: started.map_err(|error| invalid(error.to_string()))?,
            are_attempts: self.are_attempts,
        })
    }

    fn read_options(&self, header: &[String]) -> Result<ReadOptions, Failure> {
        let mut options = ReadOptions::default();
        if let Some(format) = &self.format {
            let format = format.parse();
            options.format = Some(
                format
                    .map_err(|error: octane_results::UnknownFormat| invalid(error.to_string()))?,
            );
        }
        if let Some(encoding) = &self.encoding {
            let encoding = encoding.parse();
            options.encoding = Some(encoding.map_err(
                |error: octane_results::UnknownTextEncoding| invalid(error.to_string()),
            )?);
        }
        options.columns = self.columns(header)?;
        let mut statuses: Vec<(&str, Status)> = Vec::new();
        for (word, status) in &self.status_map {
            let status = [
                Status::Passed,
                Status::Failed,
                Status::Skipped,
                Status::Planned,
            ]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(status.trim()));
            let status = status.ok_or_else(|| {
                invalid(format!(
                    "`status_map`: the status of `{word}` must be passed, failed, skipped or planned"
                ))
            })?;
            let other = (statuses.iter())
                .find(|(other, meaning)| *meaning != status && is_same_word(other, word));
            if let Some((other, meaning)) = other {
                let failure = invalid(format!(
                    "`status_map`: `{other}` and `{word}` are the same word, mapped to {} and {}",
                    meaning.as_str().to_ascii_lowercase(),
                    status.as_str().to_ascii_lowercase()
                ));
                return Err(failure.hint("keep one of them"));
            }
            statuses.push((word, status));
            options.status_aliases = options.status_aliases.with(word, status);
        }
        if let Some(zone) = &self.time_zone {
            let zone = octane_results::time_zone(zone)
                .map_err(|error| invalid(format!("`{zone}` is {error}")))?;
            options.time_zone = Some(zone);
        }
        if let Some(path) = &self.suite_path {
            options.suite_path = SuitePath::new(path);
        }
        options.jira_sources = self.jira_sources()?;
        Ok(options)
    }

    fn columns(&self, header: &[String]) -> Result<Columns, Failure> {
        let duration = match self.duration_unit.as_deref() {
            None | Some("ms") => ResultField::Duration,
            Some("s") => ResultField::DurationSeconds,
            Some(other) => {
                return Err(invalid(format!(
                    "`{other}` is not a valid `duration_unit`; use `ms` or `s`"
                )));
            }
        };
        let mut columns = Columns::default();
        let mut has_duration = false;
        for (column, field) in &self.columns {
            columns = match field {
                None => columns.without(column),
                Some(field) => {
                    let field = field
                        .parse::<ResultField>()
                        .map_err(|error| invalid(format!("`columns`: {error}")))?;
                    let is_plain = field == ResultField::Duration;
                    has_duration |= is_plain || field == ResultField::DurationSeconds;
                    columns.with(column, if is_plain { duration } else { field })
                }
            };
        }
        if self.duration_unit.is_some() && !has_duration {
            let is_duration = |name: &&String| is_same_word(ResultField::Duration.as_str(), name);
            if let Some(name) = header.iter().find(is_duration) {
                columns = columns.with(name, duration);
            }
        }
        Ok(columns)
    }

    fn jira_sources(&self) -> Result<JiraSources, Failure> {
        if self.jira_from.is_empty() {
            return Ok(JiraSources::default());
        }
        let mut sources = JiraSources::none();
        for source in &self.jira_from {
            sources = match (&**source, source.split_once(':')) {
                ("property", _) => sources.default_properties(),
                ("tag", _) => sources.tags(),
                ("name", _) => sources.names(),
                (_, Some(("property", name))) if !name.is_empty() => sources.property(name),
                _ => {
                    return Err(invalid(format!("`jira_from`: unknown source `{source}`"))
                        .hint("use `property`, `property:NAME`, `tag` or `name`"));
                }
            };
        }
        Ok(sources)
    }
}
