//! Makes runs fit the schema where that is safe, and says so.

mod policy;
mod repairs;

pub use policy::{LongNames, RepairPolicy};
pub use repairs::Repairs;

use crate::payload::is_safe_link;
use crate::text::{length, sanitize, shorten};
use crate::{
    Build, Context, Failure, Identity, Parameter, Release, Step, Steps, SuiteRef, Tag, TestField,
    TestRun,
};

/// The longest short text of the schema: names, labels, ids.
const SHORT: usize = 255;
/// The longest name of a step.
const STEP_NAME: usize = 3800;
/// What stands in for a text that must not be empty and is.
const UNNAMED: &str = "(unnamed)";

/// A run, or a context, with a text that is longer than the server takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{owner} has a `{field}` of {chars} characters, the server takes {chars_max}")]
#[non_exhaustive]
pub struct Unfit {
    /// Whose text it is, for example ``run `login::expired` ``.
    pub owner: String,
    /// The field, for example `name` or `steps/step/name`.
    pub field: &'static str,
    /// How long the text is. Characters beyond U+FFFF count as two, as in Java.
    pub chars: usize,
    /// How long it may be.
    pub chars_max: usize,
}

/// Makes `run` fit the official schema, or says which text is too long if it may not be shortened.
///
/// Whatever a run holds, a payload with the repaired run passes [`check`](crate::check). Where it fails,
/// the run is half repaired and of no use.
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
/// # Ok::<(), octane_results::Unfit>(())
/// ```
pub fn repair(run: &mut TestRun, policy: &RepairPolicy) -> Result<Repairs, Unfit> {
    let mut repairer = Repairer::new(policy);
    match repairer.run(run) {
        Ok(()) => Ok(repairer.repairs),
        Err(unfit) => Err(unfit.of(format!("run `{}`", shorten(&run.identity.to_string(), 80)))),
    }
}

/// Makes the context of a whole payload fit the official schema, like [`repair`].
pub fn repair_context(context: &mut Context, policy: &RepairPolicy) -> Result<Repairs, Unfit> {
    let mut repairer = Repairer::new(policy);
    match repairer.context(context) {
        Ok(()) => Ok(repairer.repairs),
        Err(unfit) => Err(unfit.of("the context of the payload".to_owned())),
    }
}

/// A text that is too long, before it is known whose.
struct TooLong {
    field: &'static str,
    chars: usize,
    chars_max: usize,
}

impl TooLong {
    fn of(self, owner: String) -> Unfit {
        let Self {
            field,
            chars,
            chars_max,
        } = self;
        Unfit {
            owner,
            field,
            chars,
            chars_max,
        }
    }
}

type Repaired = Result<(), TooLong>;

struct Repairer<'p> {
    policy: &'p RepairPolicy,
    repairs: Repairs,
}

impl<'p> Repairer<'p> {
    fn new(policy: &'p RepairPolicy) -> Self {
        Self {
            policy,
            repairs: Repairs::default(),
        }
    }

    fn run(&mut self, run: &mut TestRun) -> Repaired {
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
            jira: _,
            position: _,
        } = run;
        self.text("module", module, SHORT)?;
        self.text("package", package, SHORT)?;
        self.text("class", class, SHORT)?;
        self.name("name", name, SHORT)?;
        self.maybe_name("run_name", run_name)?;
        self.link(report_url);
        if let Some(assets) = external_assets {
            self.clean(assets);
        }
        self.maybe_text("external_test_id", external_test_id)?;
        self.maybe_text("external_run_id", external_run_id)?;
        self.maybe_text("run_type", run_type)?;
        if context.build.take().is_some() {
            self.repairs.builds_dropped += 1;
        }
        self.context(context)?;
        if let Some(failure) = failure {
            let Failure {
                kind,
                message,
                details,
            } = failure;
            for text in kind.iter_mut().chain(message).chain([details]) {
                self.error(text);
            }
        }
        if let Some(description) = description {
            self.error(description);
        }
        for Steps { iteration, steps } in steps {
            self.maybe_name("steps/iteration", iteration)?;
            for step in steps {
                self.step(step)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &mut Step) -> Repaired {
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
            self.error(message);
        }
        for Parameter { name, value, kind } in input_parameters.iter_mut().chain(output_parameters)
        {
            self.name("steps/step/parameter/name", name, SHORT)?;
            self.maybe_text("steps/step/parameter/value", value)?;
            self.maybe_text("steps/step/parameter/type", kind)?;
        }
        Ok(())
    }

    fn context(&mut self, context: &mut Context) -> Repaired {
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
                self.repairs.blanks_dropped += 1;
            }
            Some(Release::Name(name)) => self.text("release/name", name, SHORT)?,
            Some(Release::Id(_)) | None => {}
        }
        self.drop_blank(test_fields, |TestField { kind: _, value }| value.is_empty());
        for TestField { kind: _, value } in test_fields {
            self.text("test_field/value", value, SHORT)?;
        }
        self.drop_blank(environment, |Tag { kind, value }| {
            kind.is_empty() || value.is_empty()
        });
        for Tag { kind, value } in environment {
            self.text("taxonomy/type", kind, SHORT)?;
            self.text("taxonomy/value", value, SHORT)?;
        }
        Ok(())
    }

    fn build(&mut self, build: &mut Build) -> Repaired {
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

    /// A bounded text that must not be empty.
    fn name(&mut self, field: &'static str, text: &mut String, chars_max: usize) -> Repaired {
        if text.is_empty() {
            UNNAMED.clone_into(text);
            self.repairs.names_filled += 1;
        }
        self.text(field, text, chars_max)
    }

    /// A bounded text that must not be empty but may be absent.
    fn maybe_name(&mut self, field: &'static str, text: &mut Option<String>) -> Repaired {
        if text.as_ref().is_some_and(String::is_empty) {
            *text = None;
            self.repairs.blanks_dropped += 1;
        }
        self.maybe_text(field, text)
    }

    /// A bounded text that may be empty or absent.
    fn maybe_text(&mut self, field: &'static str, text: &mut Option<String>) -> Repaired {
        text.as_mut()
            .map_or(Ok(()), |text| self.text(field, text, SHORT))
    }

    /// A bounded text that may be empty.
    fn text(&mut self, field: &'static str, text: &mut String, chars_max: usize) -> Repaired {
        self.clean(text);
        if text.len() <= chars_max {
            return Ok(());
        }
        let chars = length(text);
        if chars <= chars_max {
            return Ok(());
        }
        if self.policy.long_names == LongNames::Refuse {
            return Err(TooLong {
                field,
                chars,
                chars_max,
            });
        }
        *text = shorten(text, chars_max).into_owned();
        self.repairs.texts_shortened += 1;
        Ok(())
    }

    /// A text without a bound in the schema.
    fn error(&mut self, text: &mut String) {
        self.clean(text);
        let Some(chars_max) = self.policy.error_chars_max else {
            return;
        };
        if text.len() > chars_max && length(text) > chars_max {
            *text = shorten(text, chars_max).into_owned();
            self.repairs.errors_cut += 1;
        }
    }

    fn clean(&mut self, text: &mut String) {
        if let std::borrow::Cow::Owned(clean) = sanitize(text) {
            *text = clean;
            self.repairs.texts_cleaned += 1;
        }
    }

    /// A link is kept or left out; half a link leads nowhere.
    fn link(&mut self, link: &mut Option<String>) {
        if link.as_ref().is_some_and(|link| !is_safe_link(link)) {
            *link = None;
            self.repairs.links_dropped += 1;
        }
    }

    fn drop_blank<T>(&mut self, items: &mut Vec<T>, is_blank: impl Fn(&T) -> bool) {
        let before = items.len();
        items.retain(|item| !is_blank(item));
        self.repairs.blanks_dropped += (before - items.len()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[test]
    fn a_run_that_fits_is_left_alone() {
        let mut run = TestRun::new("ü".repeat(255), Status::Passed).class("");
        let before = run.clone();
        let repairs = repair(&mut run, &RepairPolicy::default()).unwrap();
        assert!(repairs.is_empty());
        assert_eq!((run, repairs.to_string().as_str()), (before, "nothing"));
    }

    #[test]
    fn a_refusal_names_run_field_and_length() {
        let mut run = TestRun::new("expired", Status::Failed).class("login");
        run.run_name = Some("x".repeat(271));
        let policy = RepairPolicy::default().long_names(LongNames::Refuse);
        assert_eq!(
            repair(&mut run, &policy).unwrap_err().to_string(),
            "run `login.expired` has a `run_name` of 271 characters, the server takes 255"
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
            "1 text shortened, 1 error or description cut, \
             1 text cleaned of characters that XML forbids, 1 empty name filled in, \
             1 empty text left out, 1 link left out, 1 build of a single run left out"
        );
        assert_eq!(run.identity.name, "(unnamed)");
    }

    #[test]
    fn a_name_beyond_the_basic_plane_fits_a_server_that_counts_units() {
        let mut run = TestRun::new("😀".repeat(200), Status::Passed);
        repair(&mut run, &RepairPolicy::default()).unwrap();
        assert!(run.identity.name.encode_utf16().count() <= 255);
    }
}
