//! The name of the CI run that the program runs in.

/// The name of the CI run: the same for all jobs and all attempts of it, so that their results meet in one
/// suite run.
pub(crate) fn run_name(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    let numbered = |name: &str, number: &str| Some(format!("{} #{}", get(name)?, get(number)?));
    numbered("GITHUB_WORKFLOW", "GITHUB_RUN_NUMBER")
        .or_else(|| numbered("CI_PROJECT_PATH", "CI_PIPELINE_ID"))
        .or_else(|| numbered("JOB_NAME", "BUILD_NUMBER"))
        .or_else(|| numbered("BUILD_DEFINITIONNAME", "BUILD_BUILDNUMBER"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_of_each_known_system_has_a_name() {
        let name = |variables: &[(&str, &str)]| {
            run_name(|name| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(
            name(&[("GITHUB_WORKFLOW", "nightly"), ("GITHUB_RUN_NUMBER", "7")]).as_deref(),
            Some("nightly #7")
        );
        assert_eq!(
            name(&[("JOB_NAME", "shop/nightly"), ("BUILD_NUMBER", "12")]).as_deref(),
            Some("shop/nightly #12")
        );
        assert_eq!(name(&[("CI", "true"), ("GITHUB_WORKFLOW", "x")]), None);
    }
}
