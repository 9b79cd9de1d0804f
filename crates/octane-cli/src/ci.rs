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

/// Something that can be known of a run.
pub(crate) struct Fact<'a> {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    pub(crate) found: Option<&'a Found>,
    /// The texts that say it, where the system is known.
    templates: &'static [&'static str],
}

impl Fact<'_> {
    /// The variables that would say it, and are not set; none if it was found.
    pub(crate) fn unset(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<&'static str> {
        let mut unset = Vec::new();
        for name in self
            .templates
            .iter()
            .flat_map(|template| template::variables(template))
        {
            let is_set = value(name, &variable).is_some_and(|value| !value.trim().is_empty());
            if self.found.is_none() && !is_set && !unset.contains(&name) {
                unset.push(name);
            }
        }
        unset
    }
}

/// What can be known of a run, in the order in which it is shown.
pub(crate) fn facts(run: Option<&CiRun>) -> [Fact<'_>; 9] {
    type Of = fn(&CiRun) -> (Option<&Found>, &'static [&'static str]);
    let fact = |key, label, of: Of| {
        let (found, templates) = run.map_or((None, &[][..]), of);
        Fact {
            key,
            label,
            found,
            templates,
        }
    };
    [
        fact("suite_run", "suite run", |run| {
            (Some(&run.suite_run), run.system.suite_run)
        }),
        fact("run_url", "run URL", |run| {
            (run.run_url.as_ref(), run.system.run_url)
        }),
        fact("repository", "repository", |run| {
            (run.repository.as_ref(), run.system.repository)
        }),
        fact("branch", "branch", |run| {
            (run.branch.as_ref(), run.system.branch)
        }),
        fact("commit", "commit", |run| {
            (run.commit.as_ref(), run.system.commit)
        }),
        fact("server_url", "server URL", |run| {
            (run.server_url.as_ref(), run.system.server_url)
        }),
        fact("job", "job", |run| (run.job.as_ref(), run.system.job)),
        fact("build", "build", |run| {
            (run.build.as_ref(), run.system.build)
        }),
        fact("shard", "shard", |run| {
            (run.shard.as_ref(), run.system.shard)
        }),
    ]
}

/// The CI run, by the table [`SYSTEMS`]: that of the first system whose marker is set, if it has one, and whose variables
/// name a run.
pub(crate) fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<CiRun> {
    let variable = |name: &str| value(name, &variable);
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

/// The value of a variable.
fn value(name: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    variable(name).filter(|value| !is_macro(value))
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
