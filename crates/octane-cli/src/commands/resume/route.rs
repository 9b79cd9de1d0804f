//! To which server an upload is resumed: a rule, and this table.
//!
//! | the upload goes to | typed | with an ID | with `--all` |
//! | --- | --- | --- | --- |
//! | a server | nothing, `--url` | the server of the options and variables | the same |
//! | a server | `--sandbox` | the sandbox, which is another server | left |
//! | the sandbox in F | nothing, `--sandbox` | the sandbox in F | the same |
//! | the sandbox in F | `--sandbox-data D` | the sandbox in D | the sandbox in F if D is F, else left |
//! | the sandbox in F | `--url` | the server of the options and variables | left |

use std::path::{Path, PathBuf};

use crate::args::ConnectionArgs;

/// Where an upload is resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// The server, or the sandbox, of the options and variables.
    AsTyped,
    /// The sandbox in this directory.
    Sandbox(PathBuf),
    /// It belongs to another server.
    Elsewhere,
}

/// What was typed about the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Asked {
    pub(super) is_url: bool,
    pub(super) is_sandbox: bool,
    /// As a real path.
    pub(super) sandbox_data: Option<PathBuf>,
}

impl Asked {
    pub(super) fn of(args: &ConnectionArgs) -> Self {
        let directory = args.sandbox_data.directory.as_deref();
        Self {
            is_url: args.typed.is_url,
            is_sandbox: args.sandbox,
            sandbox_data: directory
                .filter(|_| args.typed.is_sandbox_data)
                .map(crate::sandbox::real_path),
        }
    }
}

/// Where the upload with this sandbox, or none, is resumed; see the [table](self).
pub(super) fn route(sandbox: Option<&Path>, asked: &Asked, is_all: bool) -> Route {
    let Some(folder) = sandbox else {
        return if asked.is_sandbox && is_all {
            Route::Elsewhere
        } else {
            Route::AsTyped
        };
    };
    match &asked.sandbox_data {
        _ if asked.is_url && is_all => Route::Elsewhere,
        _ if asked.is_url => Route::AsTyped,
        Some(typed) if typed != folder && is_all => Route::Elsewhere,
        Some(typed) => Route::Sandbox(typed.clone()),
        None => Route::Sandbox(folder.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Asked {
        Asked {
            is_url: true,
            ..Asked::default()
        }
    }

    fn sandbox(data: Option<&str>) -> Asked {
        Asked {
            is_sandbox: true,
            sandbox_data: data.map(PathBuf::from),
            ..Asked::default()
        }
    }

    #[test]
    fn an_upload_to_a_server_goes_to_the_server_that_is_configured() {
        for is_all in [false, true] {
            assert_eq!(route(None, &Asked::default(), is_all), Route::AsTyped);
            assert_eq!(route(None, &url(), is_all), Route::AsTyped);
        }
        assert_eq!(route(None, &sandbox(None), false), Route::AsTyped);
        assert_eq!(route(None, &sandbox(None), true), Route::Elsewhere);
    }

    #[test]
    fn an_upload_to_a_sandbox_goes_to_its_sandbox_unless_another_place_is_typed() {
        let folder = Path::new("/f");
        let at = |folder: &str| Route::Sandbox(folder.into());
        for is_all in [false, true] {
            for asked in [Asked::default(), sandbox(None), sandbox(Some("/f"))] {
                assert_eq!(route(Some(folder), &asked, is_all), at("/f"), "{asked:?}");
            }
        }
        assert_eq!(route(Some(folder), &sandbox(Some("/d")), false), at("/d"));
        assert_eq!(route(Some(folder), &url(), false), Route::AsTyped);
        for asked in [sandbox(Some("/d")), url()] {
            assert_eq!(route(Some(folder), &asked, true), Route::Elsewhere);
        }
    }
}
