//! Runs in which nothing can be too long, as nearly all are.

use super::policy::RepairPolicy;
use crate::identity::Identity;
use crate::run::{Failure, TestRun};
use crate::step::{Parameter, Step, Steps};

/// The maximum length of names, labels and ids.
pub(super) const SHORT: usize = 255;
/// The maximum length of the names of steps and scenarios.
pub(super) const STEP_NAME: usize = 3800;

/// Whether no text of `run` has more bytes than its limit has characters, so that none is cut. May be `false` although none is.
pub(super) fn is_short(run: &TestRun, policy: &RepairPolicy) -> bool {
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
        // Is removed, never cut.
        report_url: _,
        external_test_id,
        external_run_id,
        run_type,
        external_assets: _,
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
    let is_text_short = |text: &String| text.len() <= SHORT;
    let texts = [module, package, class, name];
    let optional = [run_name, external_test_id, external_run_id, run_type];
    let is_error_short = |text: &String| policy.error_chars_max.is_none_or(|max| text.len() <= max);
    let is_failure_short = |failure: &Failure| {
        let Failure {
            error_type,
            message,
            details,
        } = failure;
        let mut texts = error_type.iter().chain(message).chain([details]);
        texts.all(is_error_short)
    };
    texts.into_iter().all(is_text_short)
        && optional.into_iter().flatten().all(is_text_short)
        && failure.as_ref().is_none_or(is_failure_short)
        && description.as_ref().is_none_or(is_error_short)
        && (steps.iter()).all(|steps| are_steps_short(steps, is_error_short))
        && context.is_empty()
        && feature.is_none()
}

fn are_steps_short(steps: &Steps, is_error_short: impl Fn(&String) -> bool) -> bool {
    let Steps { iteration, steps } = steps;
    let is_text_short = |text: &String| text.len() <= SHORT;
    let is_parameter_short = |parameter: &Parameter| {
        let Parameter {
            name,
            value,
            parameter_type,
        } = parameter;
        [name]
            .into_iter()
            .chain(value)
            .chain(parameter_type)
            .all(is_text_short)
    };
    let is_step_short = |step: &Step| {
        let Step {
            name,
            duration: _,
            status,
            external_step_id,
            error_message,
            input_parameters,
            output_parameters,
        } = step;
        name.len() <= STEP_NAME
            && [status]
                .into_iter()
                .chain(external_step_id)
                .all(is_text_short)
            && error_message.as_ref().is_none_or(&is_error_short)
            && (input_parameters.iter().chain(output_parameters)).all(is_parameter_short)
    };
    iteration.iter().all(is_text_short) && steps.iter().all(is_step_short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    #[test]
    fn a_text_that_may_be_cut_is_found_wherever_it_is() {
        let policy = RepairPolicy::default().error_chars_max(Some(300));
        let long = "x".repeat(256);
        let with = |change: &dyn Fn(&mut TestRun, String)| {
            let mut run = TestRun::new("pays", Status::Failed);
            let mut step = Step::new("types", "passed");
            step.input_parameters.push(Parameter::new("card"));
            run.steps = vec![Steps {
                iteration: None,
                steps: vec![step],
            }];
            change(&mut run, long.clone());
            is_short(&run, &policy)
        };
        assert!(with(&|_, _| {}));
        assert!(with(&|run, text| run.report_url = Some(text)));
        assert!(with(&|run, text| run.description = Some(text)));
        assert!(with(&|run, text| run.steps[0].steps[0].name = text));
        assert!(!with(&|run, text| run.identity.package = text));
        assert!(!with(&|run, text| run.run_name = Some(text)));
        assert!(!with(&|run, text| run.run_type = Some(text)));
        assert!(!with(&|run, text| run.description = Some(text.repeat(2))));
        assert!(!with(&|run, text| {
            run.failure = Some(Failure::default().details(text.repeat(2)));
        }));
        assert!(!with(&|run, text| run.steps[0].iteration = Some(text)));
        assert!(!with(&|run, text| run.steps[0].steps[0].status = text));
        assert!(!with(&|run, text| {
            run.steps[0].steps[0].input_parameters[0].value = Some(text);
        }));
    }
}
