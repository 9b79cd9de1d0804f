//! What the suite run shows of the results of one upload.

use std::collections::{HashMap, HashSet};

use octane_model::EntityId;

use crate::compare::{Shown, State};
use crate::run_key::RunKey;

/// A test, with the name of its run where that is another one.
pub(crate) fn described(test: &str, name: &str, run_name: &str) -> String {
    if name == run_name {
        test.to_owned()
    } else {
        format!("{test} ({run_name})")
    }
}

/// The meaning of a status's word; `None` if the server names statuses in a way that says nothing.
pub(crate) fn state(status: Option<&str>) -> Option<State> {
    match status {
        Some("passed") => Some(State::Passed),
        Some("failed") => Some(State::Failed),
        Some("?") => None,
        Some(_) | None => Some(State::NotRun),
    }
}

/// A result of an upload with the run that shows it, or a later one.
#[derive(Debug)]
pub(crate) struct OwnResult {
    pub(crate) key: RunKey,
    pub(crate) test: String,
    pub(crate) name: String,
    pub(crate) run_name: Option<String>,
    pub(crate) run: EntityId,
    /// What the run shows.
    pub(crate) shown: Option<String>,
    /// What this result says.
    pub(crate) status: String,
}

/// What an upload has brought: one for each run, which is flaky if it hides that one of its results failed.
pub(crate) fn own_results(results: Vec<OwnResult>) -> Vec<Shown> {
    let mut places: HashMap<EntityId, usize> = HashMap::new();
    let mut all: Vec<Shown> = Vec::new();
    for result in results {
        // Where the server does not say, the result itself does.
        let of_result = result.status.to_lowercase();
        let shown = result.shown.as_deref().filter(|shown| *shown != "?");
        let shown = state(Some(shown.unwrap_or(&of_result))).unwrap_or(State::NotRun);
        let is_hidden = of_result == "failed" && shown != State::Failed;
        let state = if is_hidden { State::Flaky } else { shown };
        let place = *places.entry(result.run.clone()).or_insert_with(|| {
            let run_name = result.run_name.as_deref().unwrap_or(&result.name);
            all.push(Shown {
                key: result.key,
                test: described(&result.test, &result.name, run_name),
                state,
                run: Some(result.run),
            });
            all.len() - 1
        });
        all[place].state = all[place].state.max(state);
    }
    all
}

/// What several uploads have brought: one for each run. A run in which several have results has the worst state that any of them
/// makes of it: what another one's failure is hidden by is flaky.
pub(crate) fn shown_by_all(uploads: Vec<Vec<Shown>>) -> Vec<Shown> {
    let mut places: HashMap<EntityId, usize> = HashMap::new();
    let mut all: Vec<Shown> = Vec::new();
    for shown in uploads.into_iter().flatten() {
        let place = match &shown.run {
            Some(run) => *places.entry(run.clone()).or_insert(all.len()),
            None => all.len(),
        };
        match all.get_mut(place) {
            Some(same) => same.state = same.state.max(shown.state),
            None => all.push(shown),
        }
    }
    all
}

/// What is shown as passed did not pass each time if a failure of it is not in Octane, and what Octane would show is not known.
pub(crate) fn doubt_passed(all: &mut [Shown], without_failure: &HashSet<EntityId>) {
    for shown in all {
        let lacks_failure = |run| without_failure.contains(run);
        if shown.state == State::Passed && shown.run.as_ref().is_some_and(lacks_failure) {
            shown.state = State::NotRun;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(run: &str, shown: &str, status: &str) -> OwnResult {
        OwnResult {
            key: [7; 16],
            test: "C.pays".to_owned(),
            name: "pays".to_owned(),
            run_name: None,
            run: EntityId::from(run),
            shown: Some(shown.to_owned()),
            status: status.to_owned(),
        }
    }

    #[test]
    fn a_run_that_hides_a_failure_is_flaky() {
        let own = own_results(vec![
            result("1", "passed", "Failed"),
            result("1", "passed", "Passed"),
            result("2", "failed", "Passed"),
            result("2", "failed", "Failed"),
            result("3", "passed", "Passed"),
            result("4", "skipped", "Failed"),
        ]);
        let states: Vec<State> = own.iter().map(|shown| shown.state).collect();
        assert_eq!(
            states,
            [State::Flaky, State::Failed, State::Passed, State::Flaky]
        );
    }

    #[test]
    fn a_run_with_results_of_several_uploads_has_the_worst_state_of_all() {
        let first = own_results(vec![
            result("1", "passed", "Failed"),
            result("2", "passed", "Passed"),
            result("3", "failed", "Failed"),
        ]);
        let second = own_results(vec![
            result("1", "passed", "Passed"),
            result("3", "failed", "Passed"),
            result("4", "passed", "Passed"),
        ]);
        let all = shown_by_all(vec![first, second]);
        let states: Vec<(&str, State)> = all
            .iter()
            .map(|shown| (shown.run.as_ref().unwrap().as_str(), shown.state))
            .collect();
        assert_eq!(
            states,
            [
                ("1", State::Flaky),
                ("2", State::Passed),
                ("3", State::Failed),
                ("4", State::Passed)
            ]
        );
    }

    #[test]
    fn a_run_without_one_of_its_failures_has_not_passed_for_certain() {
        let mut own = own_results(vec![
            result("1", "passed", "Passed"),
            result("2", "passed", "Passed"),
            result("3", "failed", "Failed"),
        ]);
        let without_failure = ["2", "3", "4"].map(EntityId::from).into();
        doubt_passed(&mut own, &without_failure);
        let states: Vec<State> = own.iter().map(|shown| shown.state).collect();
        assert_eq!(states, [State::Passed, State::NotRun, State::Failed]);
    }

    #[test]
    fn where_the_server_does_not_say_a_status_the_result_does() {
        let own = own_results(vec![result("1", "?", "Failed")]);
        assert_eq!(own[0].state, State::Failed);
        assert!(
            state(Some("?")).is_none(),
            "there is no result of an earlier upload"
        );
    }

    #[test]
    fn a_run_with_a_name_of_its_own_is_told_apart() {
        assert_eq!(described("C.pays", "pays", "pays"), "C.pays");
        assert_eq!(
            described("C.pays", "pays", "pays [firefox]"),
            "C.pays (pays [firefox])"
        );
    }
}
