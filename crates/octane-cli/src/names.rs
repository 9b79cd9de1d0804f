//! Names on the command line: trimmed, and never empty.

use octane_client::trim_name;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The name that `option` has, if it is given.
pub(crate) fn optional<'a>(option: &str, name: Option<&'a str>) -> Result<Option<&'a str>> {
    name.map(|name| required(option, name)).transpose()
}

/// The name that `option` has. An empty one is a mistake, mostly of a variable that is not set.
pub(crate) fn required<'a>(option: &str, name: &'a str) -> Result<&'a str> {
    let trimmed = trim_name(name);
    if trimmed.is_empty() {
        return Err(empty(format!("`{option}` is empty")));
    }
    Ok(trimmed)
}

/// The path that `option` has, if it is given: at least one name.
pub(crate) fn optional_path<'a>(option: &str, path: Option<&'a str>) -> Result<Option<&'a str>> {
    path.map(|path| required_path(option, path)).transpose()
}

/// The path that `option` has: at least one name.
pub(crate) fn required_path<'a>(option: &str, path: &'a str) -> Result<&'a str> {
    let trimmed = required(option, path)?;
    if trimmed.split('/').all(|name| trim_name(name).is_empty()) {
        let message = format!("`{option}` has no name between its slashes: `{trimmed}`");
        return Err(empty(message));
    }
    Ok(trimmed)
}

fn empty(message: String) -> Failure {
    Failure::message(Exit::Configuration, message)
        .hint("is the variable set that should provide it?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed() {
        let name = optional("--suite", Some(" Nightly\u{A0}")).unwrap();
        assert_eq!(name, Some("Nightly"));
        assert_eq!(optional("--suite", None).unwrap(), None);
        let path = optional_path("--module", Some(" Shop // Cart/ ")).unwrap();
        assert_eq!(path, Some("Shop // Cart/"));
    }

    #[test]
    fn an_empty_name_is_a_configuration_error_that_names_its_option() {
        for text in ["", " ", "\u{A0}\t", "\u{200B}"] {
            let failure = required("--suite-run", text).unwrap_err();
            assert_eq!(failure.exit, Exit::Configuration, "{text:?}");
            assert_eq!(failure.error.to_string(), "`--suite-run` is empty");
        }
        for text in ["/", " / ", "//\u{A0}/"] {
            let failure = required_path("--module", text).unwrap_err();
            assert_eq!(failure.exit, Exit::Configuration, "{text:?}");
            let message = failure.error.to_string();
            assert!(message.starts_with("`--module` has no name"), "{message}");
        }
    }
}
