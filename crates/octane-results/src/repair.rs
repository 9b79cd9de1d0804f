//! Changes runs to fit the schema where that is safe, and counts the changes.

pub(crate) mod policy;
pub(crate) mod repairs;
mod short;

use policy::{LongNames, RepairPolicy};
use repairs::Repairs;
use short::{SHORT, STEP_NAME, is_short};

use crate::colors::without_colors;
use crate::context::{Build, Context, Release, SuiteRef, Tag, TestField};
use crate::identity::Identity;
use crate::payload::gherkin::{BackgroundStep, Feature, Scenario};
use crate::payload::value::is_safe_link;
use crate::run::{Failure, TestRun};
use crate::step::{Parameter, Step, Steps};
use crate::text::{length, shorten};

/// The placeholder for a text that must not be empty.
const UNNAMED: &str = "(unnamed)";

/// A text of a run, or of a context, that exceeds the limit of the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` of {owner} is {chars} characters long; the limit is {chars_max}")]
#[non_exhaustive]
pub struct LimitExceeded {
    /// What the text belongs to, for example ``run `login::expired` ``.
    pub owner: String,
    /// The field, for example `name` or `steps/step/name`.
    pub field: &'static str,
    /// The length of the text. Characters beyond U+FFFF count as two, as in Java.
    pub chars: usize,
    /// The limit.
    pub chars_max: usize,
}

/// Changes `run` to fit the official schema, or returns the text that is too long if it must not be
/// shortened.
///
/// A payload with a repaired run always passes [`check`](crate::check). After an error, the run is only
/// partly repaired and must not be used.
///
/// ```
/// use octane_results::{LongNames, RepairPolicy, Status, TestRun, repair};
///
/// let mut run = TestRun::new("x".repeat(271), Status::Passed);
/// let strict = RepairPolicy::default().long_names(LongNames::Refuse);
/// assert!(repair(&mut run, &strict).is_err());
///
/// let repairs = repair(&mut run, &RepairPolicy::default())?;
/// assert_eq!(repairs.to_string(), "1 text shortened");
/// assert_eq!(run.identity.name.len(), 255);
/// # Ok::<(), octane_results::LimitExceeded>(())
/// ```
pub fn repair(run: &mut TestRun, policy: &RepairPolicy) -> Result<Repairs, LimitExceeded> {
    let mut repairer = Repairer::new(policy);
    match repairer.run(run) {
        Ok(()) => Ok(repairer.repairs),
        Err(error) => Err(error.of(format!("run `{}`", shorten(&run.identity.to_string(), 80)))),
    }
}

/// The texts of `run` that [`repair`] would cut.
///
/// ```
/// use octane_results::{RepairPolicy, Status, TestRun, cut_texts};
///
/// let run = TestRun::new("x".repeat(271), Status::Passed).class("CartTest");
/// let cut = cut_texts(&run, &RepairPolicy::default());
/// assert_eq!((cut[0].field, cut[0].chars, cut[0].chars_max), ("name", 271, 255));
/// ```
pub fn cut_texts(run: &TestRun, policy: &RepairPolicy) -> Vec<LimitExceeded> {
    if is_short(run, policy) {
        return Vec::new();
    }
    let policy = policy.clone().long_names(LongNames::Shorten);
    let mut repairer = Repairer::new(&policy);
    let mut copy = run.clone();
    // Nothing is refused by this policy.
    _ = repairer.run(&mut copy);
    let cut = repairer.cut.into_iter();
    let owner = || format!("run `{}`", shorten(&run.identity.to_string(), 80));
    cut.map(|too_long| too_long.of(owner())).collect()
}

/// Changes the context of a payload to fit the official schema, like [`repair`].
pub fn repair_context(
    context: &mut Context,
    policy: &RepairPolicy,
) -> Result<Repairs, LimitExceeded> {
    let mut repairer = Repairer::new(policy);
    match repairer.context(context) {
        Ok(()) => Ok(repairer.repairs),
        Err(error) => Err(error.of("the context of the payload".to_owned())),
    }
}

/// A text that is too long, without its owner.
struct TooLong {
    field: &'static str,
    chars: usize,
    chars_max: usize,
}

impl TooLong {
    fn of(self, owner: String) -> LimitExceeded {
        let Self {
            field,
            chars,
            chars_max,
        } = self;
        LimitExceeded {
            owner,
            field,
            chars,
            chars_max,
        }
    }
}

type RepairResult = Result<(), TooLong>;

struct Repairer<'p> {
    policy: &'p RepairPolicy,
    repairs: Repairs,
    /// What was cut.
    cut: Vec<TooLong>,
}

impl<'p> Repairer<'p> {
    fn new(policy: &'p RepairPolicy) -> Self {
        Self {
            policy,
            repairs: Repairs::default(),
            cut: Vec::new(),
        }
    }

    fn run(&mut self, run: &mut TestRun) -> RepairResult {
        let TestRun {
            identity:
                Identity {
                    module,
                    package,
                    class,
                    name,
                },
            run_name,
            status: _,
            duration: _,
            started: _,
            failure,
            description,
            steps,
            report_url,
            external_test_id,
            external_run_id,
            run_type,
            external_assets,
            manual: _,
            context,
            feature,
            results: _,
            jira: _,
            origin: _,
            earlier_failures: _,
            may_be_retry: _,
            replaces_earlier: _,
            metadata: _,
            position: _,
        } = run;
        self.text("module", module, SHORT)?;
        self.text("package", package, SHORT)?;
        self.text("class", class, SHORT)?;
        self.name("name", name, SHORT)?;
        self.maybe_name("run_name", run_name)?;
        self.link(report_url);
        if let Some(assets) = external_assets {
            self.sanitize(assets);
        }
        self.maybe_text("external_test_id", external_test_id)?;
        self.maybe_text("external_run_id", external_run_id)?;
        self.maybe_text("run_type", run_type)?;
        if context.build.take().is_some() {
            self.repairs.builds_removed += 1;
        }
        self.context(context)?;
        if let Some(failure) = failure {
            let Failure {
                error_type,
                message,
                details,
            } = failure;
            let given = error_type.iter_mut().map(|text| ("error/type", text));
            let given = given.chain(message.iter_mut().map(|text| ("error/message", text)));
            for (field, text) in given.chain([("error", details)]) {
                self.error(field, text);
            }
        }
        if let Some(description) = description {
            self.error("description", description);
        }
        for iteration in steps {
            self.steps(iteration)?;
        }
        match feature {
            Some(feature) => self.feature(feature),
            None => Ok(()),
        }
    }

    fn feature(&mut self, feature: &mut Feature) -> RepairResult {
        let Feature {
            name,
            path,
            identifier,
            tag,
            started: _,
            file,
            background,
            scenarios,
        } = feature;
        self.text("feature/name", name, SHORT)?;
        self.name("feature/path", path, SHORT)?;
        self.maybe_text("feature/identifier", identifier)?;
        self.text("feature/tag", tag, SHORT)?;
        self.error("feature/file", file);
        for BackgroundStep {
            name,
            duration: _,
            status,
            error_message,
        } in background
        {
            self.name("background/steps/step/name", name, STEP_NAME)?;
            self.maybe_name("background/steps/step/status", status)?;
            if let Some(message) = error_message {
                self.error("background/steps/step/error_message", message);
            }
        }
        for Scenario {
            name,
            outline_index: _,
            status: _,
            steps,
        } in scenarios
        {
            self.text("scenario/name", name, STEP_NAME)?;
            self.steps(steps)?;
        }
        Ok(())
    }

    fn steps(&mut self, steps: &mut Steps) -> RepairResult {
        let Steps { iteration, steps } = steps;
        self.maybe_name("steps/iteration", iteration)?;
        steps.iter_mut().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &mut Step) -> RepairResult {
        let Step {
            name,
            duration: _,
            status,
            external_step_id,
            error_message,
            input_parameters,
            output_parameters,
        } = step;
        self.name("steps/step/name", name, STEP_NAME)?;
        self.name("steps/step/status", status, SHORT)?;
        self.maybe_name("steps/step/external_step_id", external_step_id)?;
        if let Some(message) = error_message {
            self.error("steps/step/error_message", message);
        }
        for Parameter {
            name,
            value,
            parameter_type,
        } in input_parameters.iter_mut().chain(output_parameters)
        {
            self.name("steps/step/parameter/name", name, SHORT)?;
            self.maybe_text("steps/step/parameter/value", value)?;
            self.maybe_text("steps/step/parameter/type", parameter_type)?;
        }
        Ok(())
    }

    fn context(&mut self, context: &mut Context) -> RepairResult {
        let Context {
            build,
            suite,
            program: _,
            release,
            milestone: _,
            backlog_items: _,
            product_areas: _,
            test_fields,
            environment,
        } = context;
        if let Some(build) = build {
            self.build(build)?;
        }
        if let Some(suite) = suite {
            let SuiteRef {
                id: _,
                external_run_id,
                component,
            } = suite;
            self.maybe_text("suite_ref/external_run_id", external_run_id)?;
            self.maybe_text("suite_ref/component", component)?;
        }
        match release {
            Some(Release::Name(name)) if name.is_empty() => {
                *release = None;
                self.repairs.empty_texts_removed += 1;
            }
            Some(Release::Name(name)) => self.text("release/name", name, SHORT)?,
            Some(Release::Id(_)) | None => {}
        }
        self.remove_empty(test_fields, |TestField { kind: _, value }| value.is_empty());
        for TestField { kind: _, value } in test_fields {
            self.text("test_field/value", value, SHORT)?;
        }
        self.remove_empty(environment, |Tag { tag_type, value }| {
            tag_type.is_empty() || value.is_empty()
        });
        for Tag { tag_type, value } in environment {
            self.text("taxonomy/type", tag_type, SHORT)?;
            self.text("taxonomy/value", value, SHORT)?;
        }
        Ok(())
    }

    fn build(&mut self, build: &mut Build) -> RepairResult {
        let Build {
            server_id,
            job_id,
            job_name,
            build_id,
            build_name,
            sub_type,
            artifact_id,
        } = build;
        self.name("build/server_id", server_id, SHORT)?;
        self.name("build/job_id", job_id, SHORT)?;
        self.maybe_name("build/job_name", job_name)?;
        self.name("build/build_id", build_id, SHORT)?;
        self.maybe_name("build/build_name", build_name)?;
        self.maybe_text("build/sub_type", sub_type)?;
        self.maybe_text("build/artifact_id", artifact_id)
    }

    /// A limited text that must not be empty.
    fn name(&mut self, field: &'static str, text: &mut String, chars_max: usize) -> RepairResult {
        if text.is_empty() {
            UNNAMED.clone_into(text);
            self.repairs.empty_names_replaced += 1;
        }
        self.text(field, text, chars_max)
    }

    /// A limited text that must not be empty but may be absent.
    fn maybe_name(&mut self, field: &'static str, text: &mut Option<String>) -> RepairResult {
        if text.as_ref().is_some_and(String::is_empty) {
            *text = None;
            self.repairs.empty_texts_removed += 1;
        }
        self.maybe_text(field, text)
    }

    /// A limited text that may be empty or absent.
    fn maybe_text(&mut self, field: &'static str, text: &mut Option<String>) -> RepairResult {
        text.as_mut()
            .map_or(Ok(()), |text| self.text(field, text, SHORT))
    }

    /// A limited text that may be empty.
    fn text(&mut self, field: &'static str, text: &mut String, chars_max: usize) -> RepairResult {
        self.sanitize(text);
        if text.len() <= chars_max {
            return Ok(());
        }
        let chars = length(text);
        if chars <= chars_max {
            return Ok(());
        }
        let too_long = TooLong {
            field,
            chars,
            chars_max,
        };
        if self.policy.long_names == LongNames::Refuse {
            return Err(too_long);
        }
        self.cut.push(too_long);
        *text = shorten(text, chars_max).into_owned();
        self.repairs.texts_shortened += 1;
        Ok(())
    }

    /// A text without a limit in the schema.
    fn error(&mut self, field: &'static str, text: &mut String) {
        if let std::borrow::Cow::Owned(plain) = without_colors(text) {
            *text = plain;
        }
        self.sanitize(text);
        let Some(chars_max) = self.policy.error_chars_max else {
            return;
        };
        if text.len() <= chars_max {
            return;
        }
        let chars = length(text);
        if chars > chars_max {
            self.cut.push(TooLong {
                field,
                chars,
                chars_max,
            });
            *text = shorten(text, chars_max).into_owned();
            self.repairs.errors_truncated += 1;
        }
    }

    fn sanitize(&mut self, text: &mut String) {
        if let std::borrow::Cow::Owned(clean) = crate::text::sanitize(text) {
            *text = clean;
            self.repairs.texts_sanitized += 1;
        }
    }

    /// A link is kept or removed; a truncated link would be useless.
    fn link(&mut self, link: &mut Option<String>) {
        if link.as_ref().is_some_and(|link| !is_safe_link(link)) {
            *link = None;
            self.repairs.links_removed += 1;
        }
    }

    fn remove_empty<T>(&mut self, items: &mut Vec<T>, is_empty: impl Fn(&T) -> bool) {
        let before = items.len();
        items.retain(|item| !is_empty(item));
        self.repairs.empty_texts_removed += (before - items.len()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    #[test]
    fn a_run_that_fits_is_not_changed() {
        let mut run = TestRun::new("ü".repeat(255), Status::Passed).class("");
        let before = run.clone();
        let repairs = repair(&mut run, &RepairPolicy::default()).unwrap();
        assert!(repairs.is_empty());
        assert_eq!(
            (run, repairs.to_string().as_str()),
            (before, "nothing repaired")
        );
    }

    #[test]
    fn an_error_names_run_field_and_length() {
        let mut run = TestRun::new("expired", Status::Failed).class("login");
        run.run_name = Some("x".repeat(271));
        let policy = RepairPolicy::default().long_names(LongNames::Refuse);
        assert_eq!(
            repair(&mut run, &policy).unwrap_err().to_string(),
            "`run_name` of run `login.expired` is 271 characters long; the limit is 255"
        );
    }

    #[test]
    fn each_repair_is_counted() {
        let mut run = TestRun::new("", Status::Failed).class("a\u{0}".repeat(200));
        run.run_name = Some(String::new());
        run.report_url = Some("build/index.html".to_owned());
        run.context.build = Some(Build::default());
        run.description = Some("d".repeat(50));
        let policy = RepairPolicy::default().error_chars_max(Some(20));
        assert_eq!(
            repair(&mut run, &policy).unwrap().to_string(),
            "1 text shortened, 1 error text truncated, \
             1 text with characters not allowed in XML replaced, 1 empty name replaced by a placeholder, \
             1 empty text removed, 1 link removed, 1 single-run build removed"
        );
        assert_eq!(run.identity.name, "(unnamed)");
    }

    #[test]
    fn a_name_beyond_the_basic_plane_fits_a_server_that_counts_code_units() {
        let mut run = TestRun::new("😀".repeat(200), Status::Passed);
        repair(&mut run, &RepairPolicy::default()).unwrap();
        assert!(run.identity.name.encode_utf16().count() <= 255);
    }
}
