//! Asks the CI system to hide the secrets of this process in what later steps print.
//!
//! What this program prints has no secrets anyway. The command itself has to contain the secret, so it is only written where
//! the system reads it: on standard error, unless that is a file, which would keep the secret.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::annotate::{System, system};
use super::{secrets, stderr};
use crate::env;

/// What was masked already.
static MASKED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Masks the secrets that are known by now and were not masked before.
pub(crate) fn secrets_in_use() {
    let Some(system) = system(env::text) else {
        return;
    };
    if is_file() {
        return;
    }
    let mut masked = MASKED.lock().unwrap_or_else(PoisonError::into_inner);
    for secret in secrets::redactor().secrets() {
        if masked.insert(secret.expose().to_owned())
            && let Some(command) = command(system, secret.expose())
        {
            stderr::print_command(&command);
        }
    }
}

/// The command that masks a secret: each of its lines, because logs are searched line by line.
///
/// | system | command |
/// | --- | --- |
/// | GitHub Actions ("Workflow commands for GitHub Actions") | `::add-mask::` |
/// | Azure Pipelines ("Logging commands") | `##vso[task.setsecret]` |
/// | TeamCity | none: its parameters of the type password are masked |
fn command(system: System, secret: &str) -> Option<String> {
    let start = match system {
        System::Github => "::add-mask::",
        System::Azure => "##vso[task.setsecret]",
        System::TeamCity => return None,
    };
    let lines = secret.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    let commands: Vec<String> = lines
        .map(|line| format!("{start}{}", system.escaped(line)))
        .collect();
    (!commands.is_empty()).then(|| commands.join("\n"))
}

/// Whether standard error is a file rather than the log of a step. Where that cannot be found out, it counts as one.
fn is_file() -> bool {
    is_file_behind_stderr().unwrap_or(true)
}

#[cfg(unix)]
fn is_file_behind_stderr() -> io::Result<bool> {
    use std::os::fd::AsFd;
    let owned = io::stderr().as_fd().try_clone_to_owned()?;
    Ok(File::from(owned).metadata()?.is_file())
}

#[cfg(windows)]
fn is_file_behind_stderr() -> io::Result<bool> {
    use std::os::windows::io::AsHandle;
    let owned = io::stderr().as_handle().try_clone_to_owned()?;
    // Only a file has a length; a pipe or a console is an error here.
    Ok(File::from(owned)
        .metadata()
        .is_ok_and(|metadata| metadata.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_its_own_command_for_each_line() {
        let secret = "50 %\n ::warning::x \n\n";
        let in_github = command(System::Github, secret).unwrap();
        assert_eq!(in_github, "::add-mask::50 %25\n::add-mask::::warning::x");
        let in_azure = command(System::Azure, secret).unwrap();
        assert_eq!(
            in_azure,
            "##vso[task.setsecret]50 %AZP25\n##vso[task.setsecret]::warning::x"
        );
        assert_eq!(command(System::TeamCity, secret), None);
        assert_eq!(command(System::Github, " \n"), None);
    }
}
