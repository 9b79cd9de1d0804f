//! Runs a command in place of this program: with its input and output, its environment, and the signals that it gets.

use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitStatus, Stdio};

use crate::args::Format;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its exit code; as in a shell, 128 and the number of the signal that ended it.
    pub(super) code: u8,
    /// Whether someone asked it to end.
    pub(super) is_interrupted: bool,
}

/// Runs a command until it ends. In JSON, standard output is one document, so the command writes to standard error.
pub(super) async fn run(line: &[OsString], format: Format) -> Result<Ended> {
    let (program, arguments) = line
        .split_first()
        .ok_or_else(|| Failure::message(Exit::Usage, "a command is missing after `--`"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    secrets().for_each(|name| {
        command.env_remove(name);
    });
    if format.is_json() {
        command.stdout(Stdio::from(io::stderr()));
    }
    supervise(command)
        .await
        .map_err(|error| not_started(program, &error))
}

/// The variables that a command does not get: it needs no credentials of the upload, and could print them.
fn secrets() -> impl Iterator<Item = &'static str> {
    let secrets = env::ALL.iter();
    let secrets = secrets.filter(|variable| variable.is_secret && !variable.is_url);
    secrets.map(|variable| variable.name)
}

/// Waits for the command, and passes on signals.
#[cfg(unix)]
async fn supervise(mut command: Command) -> io::Result<Ended> {
    use std::os::unix::process::CommandExt;

    use tokio::signal::unix::{SignalKind, signal};

    // They are caught before there is a command, so that it never outlives this program.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut quit = signal(SignalKind::quit())?;
    let group = Group::of(is_terminal());
    if group == Group::Own {
        command.process_group(0);
    }
    let mut child = tokio::process::Command::from(command).spawn()?;
    let mut is_interrupted = false;
    loop {
        let signal = tokio::select! {
            status = child.wait() => {
                tokio::spawn(end_at(quit));
                return Ok(Ended { code: code(status?), is_interrupted });
            }
            _ = interrupt.recv() => rustix::process::Signal::INT,
            _ = terminate.recv() => rustix::process::Signal::TERM,
            _ = quit.recv() => rustix::process::Signal::QUIT,
        };
        is_interrupted = true;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(rustix::process::Pid::from_raw);
        // It may have ended by now.
        let _ = match (id, group.receiver(signal)) {
            (Some(id), Receiver::Group) => rustix::process::kill_process_group(id, signal),
            (Some(id), Receiver::Command) => rustix::process::kill_process(id, signal),
            (None, _) | (_, Receiver::None) => Ok(()),
        };
    }
}

/// Ends the process at a signal that does so by itself, until it is caught for the first time.
#[cfg(unix)]
#[expect(
    clippy::exit,
    reason = "it asks for the end at once, which the journal is made for"
)]
async fn end_at(mut quit: tokio::signal::unix::Signal) {
    if quit.recv().await.is_some() {
        std::process::exit(Exit::Terminated.code().into());
    }
}

/// Whether someone at a terminal may press keys that are signals for all processes of its group.
#[cfg(unix)]
fn is_terminal() -> bool {
    use std::io::IsTerminal;

    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// The process group of the command.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// That of this program: the terminal sends Ctrl-C to both, and the command can read from the terminal.
    Shared,
    /// Its own group: a signal to this program or its group reaches the command exactly once, passed on by this program.
    Own,
}

/// Who gets a signal that this program got.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver {
    None,
    Command,
    Group,
}

#[cfg(unix)]
impl Group {
    fn of(is_terminal: bool) -> Self {
        if is_terminal { Self::Shared } else { Self::Own }
    }

    /// Passes each signal on once.
    ///
    /// | signal | at a terminal | without one |
    /// | --- | --- | --- |
    /// | SIGINT (Ctrl-C), SIGQUIT (Ctrl-\) | no one: the terminal has sent it to the command, too | its group |
    /// | SIGTERM | the command | its group |
    fn receiver(self, signal: rustix::process::Signal) -> Receiver {
        match self {
            Self::Own => Receiver::Group,
            Self::Shared if signal == rustix::process::Signal::TERM => Receiver::Command,
            Self::Shared => Receiver::None,
        }
    }
}

/// Waits for the command. Ctrl-C reaches all programs of a console by itself.
#[cfg(not(unix))]
async fn supervise(command: Command) -> io::Result<Ended> {
    let mut child = tokio::process::Command::from(command).spawn()?;
    let mut is_interrupted = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Ended { code: code(status?), is_interrupted }),
            _ = tokio::signal::ctrl_c() => is_interrupted = true,
        }
    }
}

/// The code of a shell for how a process ended. Codes that do not fit are failures, whatever their last byte is.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

/// The error of a command that did not start, with the codes of a shell.
fn not_started(program: &OsString, error: &io::Error) -> Failure {
    let name = program.to_string_lossy();
    let is_path = std::path::Path::new(program).components().count() > 1;
    match error.kind() {
        io::ErrorKind::NotFound if is_path && std::path::Path::new(program).exists() => {
            let message =
                format!("cannot run `{name}`: the interpreter in its first line does not exist");
            Failure::message(Exit::Command(127), message)
        }
        io::ErrorKind::NotFound => {
            let failure =
                Failure::message(Exit::Command(127), format!("command not found: `{name}`"));
            if name.contains(' ') {
                failure.hint("to run a line of a shell, write `-- sh -c 'LINE'`")
            } else {
                failure.hint("check the spelling and the variable PATH")
            }
        }
        _ => Failure::message(Exit::Command(126), format!("cannot run `{name}`: {error}"))
            .hint("is it a program, and may it be executed?"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::Signal;

    use super::*;

    #[test]
    fn each_signal_is_passed_on_as_the_table_says() {
        let shared = Group::of(true);
        assert_eq!(shared.receiver(Signal::INT), Receiver::None);
        assert_eq!(shared.receiver(Signal::QUIT), Receiver::None);
        assert_eq!(shared.receiver(Signal::TERM), Receiver::Command);
        let own = Group::of(false);
        for signal in [Signal::INT, Signal::QUIT, Signal::TERM] {
            assert_eq!(own.receiver(signal), Receiver::Group);
        }
    }

    #[test]
    fn the_variables_that_a_command_does_not_get_are_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ci.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (_, said) = text.split_once("**What the command gets.**").unwrap();
        let (said, _) = said.split_once("which it could print").unwrap();
        for variable in secrets() {
            assert!(said.contains(variable), "{variable}");
        }
    }

    #[test]
    fn a_process_that_a_signal_ended_has_the_code_of_a_shell() {
        assert_eq!(code(ExitStatus::from_raw(9)), 137);
        assert_eq!(code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(code(ExitStatus::from_raw(0)), 0);
    }
}
