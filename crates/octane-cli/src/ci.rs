//! The CI run that the program runs in.

mod systems;
mod template;

pub(crate) use systems::{SYSTEMS, System};
pub(crate) use template::Found;

/// What the variables of a CI system say of the run. Each fact names the variables that it comes from.
#[derive(Debug)]
pub(crate) struct CiRun {
    pub(crate) system: &'static System,
    /// The name of the suite run: the same for all jobs and all attempts of the run, so that their results meet in one
    /// suite run, and that of no other run.
    pub(crate) suite_run: Found,
    /// The page of the run.
    pub(crate) run_url: Option<Found>,
    pub(crate) repository: Option<Found>,
    pub(crate) branch: Option<Found>,
    pub(crate) commit: Option<Found>,
    /// The CI server, and its job and build, for a build context.
    pub(crate) server_url: Option<Found>,
    pub(crate) job: Option<Found>,
    pub(crate) build: Option<Found>,
    /// Which of several parallel jobs it is, as `INDEX/TOTAL`, counted from 1.
    pub(crate) shard: Option<Found>,
}

/// What can be known of a run, in the order in which it is shown: the name in JSON, the label, and what was found.
pub(crate) fn facts(run: Option<&CiRun>) -> [(&'static str, &'static str, Option<&Found>); 9] {
    let fact = |of: fn(&CiRun) -> Option<&Found>| run.and_then(of);
    [
        ("suite_run", "suite run", run.map(|run| &run.suite_run)),
        ("run_url", "run URL", fact(|run| run.run_url.as_ref())),
        (
            "repository",
            "repository",
            fact(|run| run.repository.as_ref()),
        ),
        ("branch", "branch", fact(|run| run.branch.as_ref())),
        ("commit", "commit", fact(|run| run.commit.as_ref())),
        (
            "server_url",
            "server URL",
            fact(|run| run.server_url.as_ref()),
        ),
        ("job", "job", fact(|run| run.job.as_ref())),
        ("build", "build", fact(|run| run.build.as_ref())),
        ("shard", "shard", fact(|run| run.shard.as_ref())),
    ]
}

/// The CI run, by the table [`SYSTEMS`]: that of the first system whose marker is set, if it has one, and whose variables
/// name a run.
pub(crate) fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<CiRun> {
    let variable = |name: &str| variable(name).filter(|value| !is_macro(value));
    SYSTEMS.iter().find_map(|system| {
        if let Some((name, value)) = system.marker {
            let set = variable(name).filter(|set| !set.trim().is_empty())?;
            if value.is_some_and(|value| value != set) {
                return None;
            }
        }
        let found = |templates| template::first(templates, &variable);
        Some(CiRun {
            system,
            suite_run: found(system.suite_run)?,
            run_url: found(system.run_url),
            repository: found(system.repository),
            branch: found(system.branch),
            commit: found(system.commit),
            server_url: found(system.server_url),
            job: found(system.job),
            build: found(system.build),
            shard: found(system.shard),
        })
    })
}

/// Whether a value is the name of another variable, as in `$(Build.BuildId)`: Azure Pipelines passes that on where a variable has no value.
fn is_macro(value: &str) -> bool {
    let name = value.trim().strip_prefix("$(");
    let name = name.and_then(|name| name.strip_suffix(')'));
    name.is_some_and(|name| !name.contains(['(', ')', ' ']))
}

/// Whether a system of the table has this variable.
pub(crate) fn is_variable(name: &str) -> bool {
    SYSTEMS.iter().any(|system| {
        let mut variables = system.templates().flat_map(template::variables);
        system.marker.is_some_and(|(marker, _)| marker == name)
            || variables.any(|variable| variable == name)
    })
}

#[cfg(test)]
mod tests;
