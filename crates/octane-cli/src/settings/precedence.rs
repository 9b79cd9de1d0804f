//! Which of several values of a setting counts.

use octane_model::Address;

/// Where a value may come from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// It was typed.
    Flag,
    /// A variable of the environment.
    Variable,
    /// The chosen profile in the project's file.
    ProjectProfile,
    /// The chosen profile in the user's file.
    UserProfile,
    /// The project's file.
    Project,
    /// The user's file.
    User,
    /// The CI system.
    Ci,
    /// The option's default.
    Default,
}

/// The level whose value counts: the strongest one that has a value.
///
/// | from | wins over | because |
/// |---|---|---|
/// | flag | all others | it was typed for this call |
/// | variable | files | it was set for this job; an empty one does not count, as CI systems set those |
/// | profile in the project's file | the user's profile | it is nearer |
/// | profile in the user's file | the project's file without profile | the profile was asked for, and may lead to another server |
/// | project's file | the user's file | it is nearer |
/// | user's file | CI | it was written on purpose |
/// | CI | default | it knows the run |
pub(crate) fn strongest(levels: impl IntoIterator<Item = Level>) -> Level {
    levels.into_iter().min().unwrap_or(Level::Default)
}

/// Whether the space or workspace of a file or a variable counts, next to a URL that is set elsewhere.
///
/// | URL | space or workspace | counts |
/// |---|---|---|
/// | with space and workspace, from a stronger level | from a weaker one | no: it belongs to the other URL |
/// | with space and workspace | from the same or a stronger level | yes |
/// | without | any | yes |
pub(crate) fn is_for_url(url: Option<(Level, &str)>, level: Level) -> bool {
    match url {
        Some((of_url, url)) if of_url < level => {
            let address = url.parse::<Address>();
            !address.is_ok_and(|address| address.space().is_some() && address.workspace().is_some())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Level; 8] = [
        Level::Flag,
        Level::Variable,
        Level::ProjectProfile,
        Level::UserProfile,
        Level::Project,
        Level::User,
        Level::Ci,
        Level::Default,
    ];

    #[test]
    fn each_level_wins_over_all_that_follow() {
        for (index, winner) in ALL.iter().enumerate() {
            assert_eq!(strongest(ALL[index..].iter().copied()), *winner);
            for weaker in &ALL[index..] {
                assert_eq!(strongest([*weaker, *winner]), *winner);
            }
        }
        assert_eq!(strongest([]), Level::Default);
    }

    #[test]
    fn a_url_that_names_its_workspace_is_not_mixed_with_a_weaker_one() {
        let full = "https://octane.example/ui/?p=1001/1002";
        for (url, level, counts) in [
            (Some((Level::Flag, full)), Level::Flag, true),
            (Some((Level::Flag, full)), Level::Variable, false),
            (Some((Level::Flag, full)), Level::Project, false),
            (Some((Level::Variable, full)), Level::Variable, true),
            (Some((Level::ProjectProfile, full)), Level::Project, false),
            (Some((Level::Project, full)), Level::User, false),
            (Some((Level::Project, full)), Level::Project, true),
            (Some((Level::User, full)), Level::Project, true),
            (
                Some((Level::Flag, "https://octane.example")),
                Level::Project,
                true,
            ),
            (Some((Level::Flag, "not a URL")), Level::Project, true),
            (None, Level::Project, true),
        ] {
            assert_eq!(is_for_url(url, level), counts, "{url:?} {level:?}");
        }
    }
}
