//! An open report: how its drafts become records.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::draft::{Draft, Moment, Outcome, Took};
use crate::duration::{DurationError, milliseconds_with, seconds_with};
use crate::invalid::{InvalidCell, InvalidRow, shortened};
use crate::metadata::Metadata;
use crate::position::Position;
use crate::read::class_name::split_class;
use crate::read::commas::Commas;
use crate::read::encoding::UnknownTextEncoding;
use crate::read::error::{ReadError, ReadErrorKind};
use crate::read::file_names::with_slashes;
use crate::read::file_state::FileState;
use crate::read::jira_keys::{KeyList, jira_keys};
use crate::read::jira_sources::{JiraSources, PropertyMeaning};
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::record::{Record, RecordReader};
use crate::read::start_times::plausible;
use crate::read::text::{DecodedText, InvalidBytes};
use crate::run::TestRun;
use crate::status::Status;
use crate::text::REPLACEMENT;
use crate::warning::{Warning, WarningKind};

/// A report while it is read: its name, how it is read, and the records that have not been returned yet.
pub(crate) struct ReportFile {
    name: Arc<str>,
    pub(crate) options: ReadOptions,
    state: FileState,
    ready: VecDeque<Record>,
    /// How many results have been pushed, invalid ones included.
    pub(crate) results: u64,
    /// Whether something that was invalid may have been replaced by U+FFFD in what was read so far.
    pub(crate) may_have_replacements: bool,
    /// Whether it is read as a table because it is in no other format.
    pub(crate) is_table: bool,
    /// Whether it is plainly no report, by its first bytes, unless it has results.
    pub(crate) is_other_kind: bool,
    /// Whether it seems to have results of tests, though perhaps not as a table with the required columns.
    pub(crate) has_json_results: bool,
    /// Whether it is of a kind that has no results.
    pub(crate) is_without_results: bool,
    unnamed: u64,
    /// What results have inherited last, and the keys in it.
    inherited: Option<(Arc<Metadata>, FoundKeys)>,
}

impl ReportFile {
    pub(crate) fn new(name: Arc<str>, options: ReadOptions, commas: Commas) -> Self {
        Self {
            name,
            options,
            state: FileState::new(commas),
            ready: VecDeque::new(),
            results: 0,
            may_have_replacements: false,
            is_table: false,
            is_other_kind: false,
            has_json_results: false,
            is_without_results: false,
            unnamed: 0,
            inherited: None,
        }
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Adds a result, after the warnings about it.
    pub(crate) fn push(&mut self, draft: Draft) {
        self.results += 1;
        let place = draft.place;
        let record = match self.run(draft) {
            Ok(run) => Record::Run(Box::new(run)),
            Err(cells) => Record::Invalid(InvalidRow {
                position: self.position(place),
                cells,
            }),
        };
        self.ready.push_back(record);
    }

    /// Adds an invalid result for what is cut off at `place`.
    pub(crate) fn push_cut_off(&mut self, place: LineColumn) {
        let cell = InvalidCell::new(None, "", "the report is cut off here");
        self.push_row(place, |_, _, _| Err(vec![cell]));
    }

    /// Adds a row of a table, after the warnings about it.
    pub(crate) fn push_row(
        &mut self,
        place: LineColumn,
        parse: impl FnOnce(
            &ReadOptions,
            &mut FileState,
            &mut dyn FnMut(WarningKind),
        ) -> Result<TestRun, Vec<InvalidCell>>,
    ) {
        self.results += 1;
        let position = self.position(place);
        let ready = &mut self.ready;
        let mut warn = |kind| {
            // Said once of the whole file.
            if matches!(kind, WarningKind::InvalidBytes { .. }) {
                return;
            }
            let position = position.clone();
            ready.push_back(Record::Warning(Warning { position, kind }));
        };
        let record = match parse(&self.options, &mut self.state, &mut warn) {
            Ok(mut run) => {
                run.position = Some(position);
                Record::Run(Box::new(run))
            }
            Err(cells) => Record::Invalid(InvalidRow { position, cells }),
        };
        self.ready.push_back(record);
    }

    /// Adds a result of a payload, which is complete as it is: nothing of it is interpreted but its name, which may have
    /// Jira keys, or be missing.
    pub(crate) fn push_run(&mut self, place: LineColumn, mut run: TestRun) {
        self.results += 1;
        self.ensure_name(place, &mut run);
        self.options.suite_path.complete(&mut run.identity);
        run.jira = self.jira(place, &run.identity.name, &Metadata::default());
        run.position = Some(self.position(place));
        self.ready.push_back(Record::Run(Box::new(run)));
    }

    /// Gives the test a name if it has none.
    fn ensure_name(&mut self, place: LineColumn, run: &mut TestRun) {
        if run.identity.name.is_empty() {
            self.unnamed += 1;
            run.identity.name = format!("unnamed test {}", self.unnamed);
            let given = run.identity.name.clone();
            self.warn(place, WarningKind::Unnamed { given });
        }
    }

    /// The outcome of a test that `word` means: what the user says of it, or else one of the words of the format. Other
    /// words are looked up later.
    pub(crate) fn outcome(&self, word: &str, words: &[(&str, Status)]) -> Outcome {
        match self.options.status_aliases.own(word.trim()) {
            Some(status) => Outcome::Known(status),
            None => Draft::outcome_by(word, words),
        }
    }

    /// Like [`Self::outcome`], for a test of which the report says elsewhere whether it `has_failed`: then a word that means
    /// passed, for the report or for the user, means failed.
    ///
    /// | the word means | the user says | without failure | with a failure |
    /// | --- | --- | --- | --- |
    /// | passed | nothing | passed | failed |
    /// | passed | a status | that status | failed |
    /// | something else | passed | passed | failed |
    /// | something else | another status | that status | that status |
    pub(crate) fn outcome_with(
        &self,
        word: &str,
        words: &[(&str, Status)],
        has_failed: bool,
    ) -> Outcome {
        let outcome = self.outcome(word, words);
        if has_failed && (outcome.is_passed() || Draft::outcome_by(word, words).is_passed()) {
            return Outcome::Known(Status::Failed);
        }
        outcome
    }

    /// Like [`Self::outcome`], for a test with a failure of its own, in a format whose writers only have one where a test failed:
    /// then only a word that means failed may mean something else for the user.
    pub(crate) fn outcome_beside_failure(&self, word: &str, words: &[(&str, Status)]) -> Outcome {
        match Draft::outcome_by(word, words) {
            Outcome::Known(Status::Passed | Status::Skipped) => Outcome::Known(Status::Failed),
            _ => self.outcome_with(word, words, true),
        }
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, place: LineColumn, kind: WarningKind) {
        let position = self.position(place);
        self.ready
            .push_back(Record::Warning(Warning { position, kind }));
    }

    fn warn_of_bytes(&mut self, invalid: &InvalidBytes) {
        let InvalidBytes {
            bytes,
            first,
            encoding,
        } = *invalid;
        self.warn(first, WarningKind::InvalidBytes { bytes, encoding });
    }

    pub(crate) fn error(&self, place: LineColumn, kind: ReadErrorKind) -> ReadError {
        ReadError::new(self.shared_name(), kind).at(place)
    }

    /// The text of the report, whose first bytes are `head`.
    pub(crate) fn decoded(
        &self,
        input: Input,
        head: &[u8],
    ) -> Result<DecodedText<Input>, ReadError> {
        DecodedText::new(input, head, self.options.encoding).map_err(
            |UnknownTextEncoding { label }| {
                self.error(LineColumn::START, ReadErrorKind::UnknownEncoding { label })
            },
        )
    }

    fn position(&self, place: LineColumn) -> Position {
        place.in_file(&self.shared_name())
    }

    fn run(&mut self, mut draft: Draft) -> Result<TestRun, Vec<InvalidCell>> {
        let status = match &draft.outcome {
            Outcome::Known(status) => Ok(*status),
            Outcome::Missing => Err(String::new()),
            Outcome::Word(word) => {
                let status = self.options.status_aliases.status(word);
                status.ok_or_else(|| word.clone())
            }
        };
        let status = status.map_err(|word| {
            let mut cell = self.options.status_aliases.unknown(None, &word);
            if !draft.path.is_empty() {
                cell.reason = format!("{} (in {})", cell.reason, shortened(&draft.path));
            }
            cell
        });
        let status = match status {
            Ok(status) if draft.invalid.is_empty() => status,
            status => {
                draft.invalid.extend(status.err());
                return Err(draft.invalid);
            }
        };
        let place = draft.place;
        let mut run = TestRun::new(draft.name.trim(), status);
        self.ensure_name(place, &mut run);
        draft.module.trim().clone_into(&mut run.identity.module);
        self.identify(&mut run, &draft);
        if draft.has_invalid_bytes || self.may_have_replacements {
            let identity = &run.identity;
            let texts = [&identity.name, &identity.class, &identity.package];
            if let Some(text) = texts.into_iter().find(|text| text.contains(REPLACEMENT)) {
                return Err(vec![InvalidCell::invalid_bytes(None, text)]);
            }
        }
        run.run_name = draft.run_name.filter(|name| *name != run.identity.name);
        run.duration = self.duration(place, draft.duration);
        run.started = self.started(place, draft.started);
        run.description = draft.description.filter(|text| !text.trim().is_empty());
        match status {
            Status::Failed => run.failure = draft.failure,
            Status::Skipped if run.description.is_none() => {
                let reason = draft.failure.and_then(|failure| failure.message);
                run.description = reason.filter(|text| !text.trim().is_empty());
            }
            _ => {}
        }
        if status == Status::Passed {
            run.earlier_failures = draft.earlier_failures;
        }
        run.may_be_retry = draft.may_be_retry;
        run.steps = draft.steps;
        run.external_test_id = draft.external_test_id;
        run.report_url = draft.report_url;
        run.origin = draft.origin;
        let inherited = draft.inherited.filter(|_| draft.metadata.is_empty());
        match inherited {
            Some(metadata) => {
                run.jira = self.inherited_jira(place, &run.identity.name, &metadata);
                run.metadata = Some(metadata).filter(|metadata| !metadata.is_empty());
            }
            None => {
                run.jira = self.jira(place, &run.identity.name, &draft.metadata);
                let metadata = Some(draft.metadata).filter(|metadata| !metadata.is_empty());
                run.metadata = metadata.map(Arc::new);
            }
        }
        run.position = Some(self.position(place));
        Ok(run)
    }

    fn identify(&self, run: &mut TestRun, draft: &Draft) {
        let identity = &mut run.identity;
        draft.package.trim().clone_into(&mut identity.package);
        let class = &*with_slashes(draft.class.trim());
        if draft.is_class_whole {
            class.clone_into(&mut identity.class);
        } else {
            let package = if identity.package.is_empty() {
                self.options.suite_path.package()
            } else {
                &identity.package
            };
            let (prefix, class) = split_class(class, package);
            class.clone_into(&mut identity.class);
            if identity.package.is_empty() {
                prefix.clone_into(&mut identity.package);
            }
        }
        self.options.suite_path.complete(identity);
    }

    /// The duration that `took` means, with a warning if it means none.
    pub(crate) fn duration(&mut self, place: LineColumn, took: Took) -> Duration {
        let (text, parsed) = match took {
            Took::Unknown => return Duration::ZERO,
            Took::Exactly(duration) => return duration,
            Took::Seconds(text) => {
                let parsed = self
                    .state
                    .commas
                    .resolve(|comma| seconds_with(&text, comma));
                (text, parsed)
            }
            Took::Milliseconds(text) => {
                let parsed = self
                    .state
                    .commas
                    .resolve(|comma| milliseconds_with(&text, comma));
                (text, parsed)
            }
        };
        match parsed {
            Ok(duration) => duration,
            Err(DurationError::Empty) => Duration::ZERO,
            Err(reason) => {
                let value = shortened(&text);
                self.warn(place, WarningKind::Duration { value, reason });
                Duration::ZERO
            }
        }
    }

    /// The time that `moment` means, with a warning if it means none.
    pub(crate) fn started(&mut self, place: LineColumn, moment: Moment) -> Option<Timestamp> {
        let text = match moment {
            Moment::Unknown => return None,
            Moment::At(time) => {
                return plausible(time, time, &mut |kind| self.warn(place, kind));
            }
            Moment::Text(text) => text,
        };
        let mut warnings = Vec::new();
        let zone = self.options.time_zone.as_ref();
        let warn = &mut |kind| warnings.push(kind);
        let started = self.state.start_times.parse_or_warn(&text, zone, warn);
        for kind in warnings {
            self.warn(place, kind);
        }
        started
    }

    /// The keys in properties, tags, links and the name.
    fn jira(&mut self, place: LineColumn, name: &str, metadata: &Metadata) -> Vec<String> {
        let found = keys_in(metadata, &self.options.jira_sources);
        self.complete_keys(place, name, found)
    }

    /// Like [`Self::jira`]; what results have in common is looked at once for all of them that follow each other.
    fn inherited_jira(
        &mut self,
        place: LineColumn,
        name: &str,
        metadata: &Arc<Metadata>,
    ) -> Vec<String> {
        let found = match &self.inherited {
            Some((known, found)) if Arc::ptr_eq(known, metadata) => found.clone(),
            _ => {
                let found = keys_in(metadata, &self.options.jira_sources);
                self.inherited = Some((Arc::clone(metadata), found.clone()));
                found
            }
        };
        self.complete_keys(place, name, found)
    }

    /// Adds the keys in the name, and warns of what is no key.
    fn complete_keys(
        &mut self,
        place: LineColumn,
        name: &str,
        FoundKeys { mut keys, others }: FoundKeys,
    ) -> Vec<String> {
        self.options.jira_sources.add_from_name(name, &mut keys);
        for value in others {
            self.warn(place, WarningKind::JiraKey { value });
        }
        keys.into_keys()
    }
}

/// The Jira keys in what a report says of a test, and what is in their place and is none.
#[derive(Debug, Clone, Default)]
struct FoundKeys {
    keys: KeyList,
    others: Vec<String>,
}

/// The keys in properties, tags and links.
fn keys_in(metadata: &Metadata, sources: &JiraSources) -> FoundKeys {
    let mut keys = KeyList::default();
    let mut others = Vec::new();
    for property in &metadata.properties {
        let meaning = sources.meaning(&property.name);
        if meaning == PropertyMeaning::Keys {
            let found = jira_keys(&property.value);
            others.extend(found.others.into_iter().map(shortened));
        }
        sources.add_from_property(meaning, &property.value, &mut keys);
    }
    for link in &metadata.links {
        sources.add_from_link(&link.url, &mut keys);
    }
    for tag in &metadata.tags {
        // As Jira's own test tools write it: `@jira:SHOP-12`, `@requirement=SHOP-12`.
        let marked = tag.trim_start_matches('@').split_once([':', '=']);
        match marked.filter(|(name, _)| sources.is_property(name)) {
            Some((_, value)) => {
                for key in jira_keys(value).keys {
                    keys.insert(key);
                }
            }
            None if sources.is_tag("tag") => sources.add_from_text(tag, &mut keys),
            None => {}
        }
    }
    FoundKeys { keys, others }
}

/// Reads a report piece by piece.
pub(crate) trait ReportReader: Send {
    /// Reads on, and pushes the results that it finds; `false` at the end of the report.
    fn advance(&mut self, file: &mut ReportFile) -> Result<bool, ReadError>;

    /// The bytes that are invalid in the encoding of the report.
    fn invalid_bytes(&self) -> Option<InvalidBytes>;
}

/// The records of a report, each returned as soon as it has been read.
pub(crate) struct ReportRecords<R> {
    reader: R,
    file: ReportFile,
    /// Why reading ended early, to be returned after what was read before.
    failed: Option<ReadError>,
    has_ended: bool,
}

impl<R: ReportReader> ReportRecords<R> {
    /// Whether the input, which has no results, is of another kind: JSON that is well-formed and has no rows of results is, unless it
    /// seems to have results in another shape.
    fn is_other_kind(&self, error: &ReadError) -> bool {
        let has_no_rows = matches!(
            error.kind(),
            ReadErrorKind::Format { .. } | ReadErrorKind::MissingColumns { .. }
        );
        let is_table_of_something = self.file.is_table && !self.file.has_json_results;
        // What is missing may be results.
        let is_whole = !matches!(
            error.kind(),
            ReadErrorKind::Io(_) | ReadErrorKind::TruncatedJson
        );
        is_whole && (self.file.is_other_kind || is_table_of_something && has_no_rows)
    }

    pub(crate) fn new(reader: R, file: ReportFile) -> Self {
        Self {
            reader,
            file,
            failed: None,
            has_ended: false,
        }
    }
}

impl<R: ReportReader> RecordReader for ReportRecords<R> {}

impl<R: ReportReader> Iterator for ReportRecords<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.file.ready.pop_front() {
                return Some(Ok(record));
            }
            if self.has_ended {
                return self.failed.take().map(Err);
            }
            match self.reader.advance(&mut self.file) {
                Ok(true) => continue,
                Ok(false) if self.file.results == 0 && !self.file.is_without_results => {
                    self.file.warn(LineColumn::START, WarningKind::NoResults);
                }
                Ok(false) => {}
                Err(error) if self.file.results == 0 && self.is_other_kind(&error) => {
                    self.failed = Some(error.of_other_kind());
                }
                Err(error) => self.failed = Some(error),
            }
            self.has_ended = true;
            if let Some(invalid) = self.reader.invalid_bytes() {
                self.file.warn_of_bytes(&invalid);
            }
        }
    }
}

/// An input of any kind.
pub(crate) type Input = Box<dyn Read + Send>;

#[cfg(test)]
mod tests {
    use crate::read::options::ReadOptions;
    use crate::read::read;
    use crate::read::record::Record;
    use crate::read::status_aliases::StatusAliases;
    use crate::source::Source;
    use crate::status::Status;

    #[test]
    fn what_the_user_says_of_a_word_wins_over_the_format_but_not_over_a_failure() {
        let aliases = StatusAliases::default()
            .with("Inconclusive", Status::Failed)
            .with("broken", Status::Skipped)
            .with("Pass", Status::Planned)
            .with("Passed", Status::Skipped)
            .with("Fail", Status::Skipped)
            .with("Skip", Status::Passed);
        let options = ReadOptions::default().status_aliases(aliases);
        for (report, expected) in [
            (
                "<test-run><test-case name='a' result='Inconclusive'/></test-run>",
                Status::Failed,
            ),
            (
                "<assembly><collection><test name='a' result='Pass'/></collection></assembly>",
                Status::Planned,
            ),
            (
                "<assembly><collection><test name='a'><failure/></test></collection></assembly>",
                Status::Failed,
            ),
            (
                "<assembly><collection><test name='a' result='Pass'><failure/></test></collection></assembly>",
                Status::Failed,
            ),
            (
                "<assembly><collection><test name='a' result='Skip'><failure/></test></collection></assembly>",
                Status::Failed,
            ),
            (
                "<assembly><collection><test name='a' result='Fail'><failure/></test></collection></assembly>",
                Status::Skipped,
            ),
            (
                "<test-run><test-case name='a' result='Passed'><failure/></test-case></test-run>",
                Status::Failed,
            ),
            (
                "<test-results><test-case name='a' result='Passed' success='False'/></test-results>",
                Status::Failed,
            ),
            (
                r#"{"uuid":"1","name":"a","status":"passed","stage":"interrupted","start":1,"stop":2}"#,
                Status::Failed,
            ),
            (
                r#"{"uuid":"1","name":"a","status":"broken","stage":"finished","start":1,"stop":2}"#,
                Status::Skipped,
            ),
            (
                r#"{"uuid":"1","name":"a","status":"failed","stage":"finished","start":1,"stop":2}"#,
                Status::Failed,
            ),
        ] {
            let source = Source::bytes("in", report.as_bytes());
            let statuses: Vec<Status> = read(&source, &options)
                .unwrap()
                .filter_map(|record| match record.unwrap() {
                    Record::Run(run) => Some(run.status),
                    _ => None,
                })
                .collect();
            assert_eq!(statuses, [expected], "{report}");
        }
    }

    #[test]
    fn no_word_of_the_user_hides_a_failure_that_a_report_only_counts() {
        let failed_in = |report: &str, word: &str, status| {
            let aliases = StatusAliases::default().with(word, status);
            let options = ReadOptions::default().status_aliases(aliases);
            let source = Source::bytes("in", report.as_bytes());
            read(&source, &options)
                .unwrap()
                .filter(|record| {
                    matches!(record, Ok(Record::Run(run)) if run.status == Status::Failed && run.failure.is_some())
                })
                .count()
        };
        for (report, passes, fails) in [
            (
                "<assembly name='Shop.dll' failed='1'><collection><test name='a' result='Pass'/></collection></assembly>",
                "Pass",
                "Fail",
            ),
            (
                "<test-results name='Shop.dll' failures='1'><test-case name='a' result='Success'/></test-results>",
                "Success",
                "Failure",
            ),
            (
                "<test-run failed='1' result='Failed'><test-case name='a' result='Passed'/></test-run>",
                "Passed",
                "Failed",
            ),
            (
                concat!(
                    r#"{"protocolVersion":"0.1.1","runnerVersion":"1.25.0","type":"start","time":0}"#,
                    "\n",
                    r#"{"test":{"id":3,"name":"a","suiteID":0},"type":"testStart","time":10}"#,
                    "\n",
                    r#"{"testID":3,"result":"success","skipped":false,"hidden":false,"type":"testDone","time":30}"#,
                    "\n",
                    r#"{"success":false,"type":"done","time":40}"#,
                ),
                "success",
                "failure",
            ),
        ] {
            for (word, status) in [
                (passes, Status::Skipped),
                (passes, Status::Planned),
                (fails, Status::Skipped),
                (fails, Status::Passed),
            ] {
                assert_eq!(failed_in(report, word, status), 1, "{word}: {report}");
            }
        }
    }
}
