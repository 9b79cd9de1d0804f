//! A secret that a command prints, such as the client of a vault.

use std::fmt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::CredentialError;
use super::origin::Origin;
use crate::secret::Secret;

/// How long a command may take unless another limit is set.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How long a stream may stay open after the command has ended, because a process that it left behind has it too.
const GRACE: Duration = Duration::from_secs(1);
/// How much of either stream is read.
const BYTES_MAX: usize = 64 << 10;

/// A command whose first line of output is a secret.
///
/// It is run at each sign-in, without a shell, with the environment of this process and without standard input. It fails if
/// its exit code is not 0, if it prints nothing, or if it takes longer than 30 seconds. Its output is never logged; what it
/// says on standard error is given to [`on_message`](Self::on_message).
#[derive(Clone)]
pub struct SecretCommand {
    program: String,
    arguments: Vec<String>,
    named_by: Option<String>,
    time_max: Duration,
    on_message: Arc<dyn Fn(&Message<'_>) + Send + Sync>,
}

/// What a secret command said on standard error, once it has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The program, without its arguments.
    pub program: &'a str,
    /// What it said. It is foreign text.
    pub text: &'a str,
    /// What it printed, which may be the secret, so that it can be removed from the text.
    pub output: &'a Secret,
    /// Whether it ended with exit code 0.
    pub is_success: bool,
}

impl SecretCommand {
    /// A program and its arguments.
    pub fn new(
        program: impl Into<String>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            named_by: None,
            time_max: TIME_MAX,
            on_message: Arc::new(|_| {}),
        }
    }

    /// A command line, whose words are separated and quoted as in a POSIX shell, on all systems. Nothing else of a shell has
    /// a meaning: no variables, pipes or redirections. `None` if it is empty or a quote is not closed.
    ///
    /// ```
    /// use octane_rest::SecretCommand;
    ///
    /// let command = SecretCommand::parse("vault read -field=secret 'kv/my octane'").unwrap();
    /// assert_eq!(command.program(), "vault");
    /// assert!(SecretCommand::parse("vault 'kv").is_none());
    /// ```
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = shlex::split(line)?.into_iter();
        let program = words.next().filter(|program| !program.is_empty())?;
        Some(Self::new(program, words))
    }

    /// What names the command, for example an option or a variable; messages show it.
    pub fn named_by(mut self, name: impl Into<String>) -> Self {
        self.named_by = Some(name.into());
        self
    }

    /// Another time limit than 30 seconds.
    pub fn time_max(mut self, time_max: Duration) -> Self {
        self.time_max = time_max;
        self
    }

    /// What to do with what it says on standard error; by default nothing. Called once, after it has ended.
    pub fn on_message(mut self, on_message: impl Fn(&Message<'_>) + Send + Sync + 'static) -> Self {
        self.on_message = Arc::new(on_message);
        self
    }

    /// The program, without its arguments: these may hold secrets too.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Where the secret comes from.
    pub fn origin(&self) -> Origin {
        Origin::Command {
            program: self.program.clone(),
            named_by: self.named_by.clone(),
        }
    }

    /// Runs the command and returns the secret.
    pub async fn run(&self) -> Result<Secret, CredentialError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| self.failed(format!("cannot be started: {error}")))?;
        let output = child.stdout.take().map(read);
        let messages = child.stderr.take().map(read);
        let ended = timeout(self.time_max, child.wait()).await;
        // What it said until now may be why it does not end.
        let _ = child.start_kill();
        let (output, messages) = (finish(output).await, finish(messages).await);
        let status = ended.ok().transpose();
        let status = status.map_err(|error| self.failed(format!("cannot be read: {error}")))?;
        // Windows programs begin a text with a byte order mark.
        let output = output.trim_start_matches('\u{feff}');
        let line = output.trim_start().lines().next().unwrap_or_default();
        let secret = Secret::from(line.trim());
        if !messages.trim().is_empty() {
            (self.on_message)(&Message {
                program: &self.program,
                text: messages.trim(),
                output: &secret,
                is_success: status.is_some_and(|status| status.success()),
            });
        }
        let Some(status) = status else {
            let seconds = self.time_max.as_secs_f64();
            return Err(self.failed(format!("did not end within {seconds} s")));
        };
        if !status.success() {
            return Err(self.failed(format!("failed with {}", reason(status))));
        }
        if secret.is_empty() {
            return Err(self.failed("printed nothing".to_owned()));
        }
        Ok(secret)
    }

    fn failed(&self, reason: String) -> CredentialError {
        CredentialError::Command {
            program: self.program.clone(),
            reason,
        }
    }
}

impl fmt::Debug for SecretCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretCommand")
            .field("program", &self.program)
            .field("named_by", &self.named_by)
            .finish_non_exhaustive()
    }
}

/// Reads a stream to its end, and keeps its beginning.
fn read(mut stream: impl AsyncRead + Unpin + Send + 'static) -> Reading {
    let kept = Arc::<std::sync::Mutex<Vec<u8>>>::default();
    let task = tokio::spawn({
        let kept = Arc::clone(&kept);
        async move {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let mut kept = kept
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let room = BYTES_MAX.saturating_sub(kept.len()).min(count);
                kept.extend_from_slice(&buffer[..room]);
            }
        }
    });
    Reading { kept, task }
}

struct Reading {
    kept: Arc<std::sync::Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

async fn finish(reading: Option<Reading>) -> String {
    let Some(Reading { kept, mut task }) = reading else {
        return String::new();
    };
    if timeout(GRACE, &mut task).await.is_err() {
        task.abort();
    }
    let kept = kept
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    String::from_utf8_lossy(&kept).into_owned()
}

fn reason(status: ExitStatus) -> String {
    if let Some(code) = status.code() {
        return format!("exit code {code}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("signal {signal}");
        }
    }
    status.to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A script that a shell runs, and what it said.
    fn script(text: &str) -> (SecretCommand, Arc<Mutex<Vec<String>>>) {
        let said = Arc::<Mutex<Vec<String>>>::default();
        let command = SecretCommand::new("/bin/sh", ["-c", text]).on_message({
            let said = Arc::clone(&said);
            move |message| {
                let line = format!("{}|{}", message.text, message.output.expose());
                said.lock().unwrap().push(line);
            }
        });
        (command, said)
    }

    #[tokio::test]
    async fn the_first_line_of_the_output_is_the_secret() {
        for text in [
            "echo s3cret",
            "printf ' s3cret\\r\\nmore\\n'",
            "printf '\\ns3cret'",
            r"printf '\357\273\277s3cret\n'",
        ] {
            let (command, said) = script(text);
            assert_eq!(command.run().await.unwrap().expose(), "s3cret", "{text}");
            assert!(said.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_failure_names_the_exit_code_and_repeats_no_output() {
        for (text, expected) in [
            ("echo s3cret; exit 3", "failed with exit code 3"),
            ("echo s3cret; kill -9 $$", "failed with signal 9"),
            ("true", "printed nothing"),
            ("echo; echo", "printed nothing"),
        ] {
            let error = script(text).0.run().await.unwrap_err().to_string();
            assert_eq!(error, format!("the secret command `/bin/sh` {expected}"));
        }
        let missing = SecretCommand::new("/no/such/program", ["s3cret"]);
        let error = missing.run().await.unwrap_err().to_string();
        assert!(
            error.contains("cannot be started") && !error.contains("s3cret"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_it_says_comes_with_what_it_printed_also_when_it_fails() {
        let (command, said) = script("echo 'see: s3cret' >&2; echo s3cret; exit 1");
        assert!(command.run().await.is_err());
        assert_eq!(*said.lock().unwrap(), ["see: s3cret|s3cret"]);
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_ended() {
        let (command, _) = script("echo $$; exec sleep 600");
        let error = command.time_max(Duration::ZERO).run().await;
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("did not end within 0 s"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_has_said_why() {
        let (command, said) = script("echo 'waiting for a token' >&2; exec sleep 600");
        let error = command.time_max(Duration::from_millis(500)).run().await;
        assert!(error.is_err());
        assert_eq!(*said.lock().unwrap(), ["waiting for a token|"]);
    }

    #[tokio::test]
    async fn a_process_that_it_leaves_behind_does_not_hold_the_secret_back() {
        let (command, _) = script("sleep 20 & echo s3cret");
        assert_eq!(command.run().await.unwrap().expose(), "s3cret");
    }

    #[tokio::test]
    async fn output_without_end_is_read_and_dropped() {
        let (command, _) = script("echo s3cret; head -c 1000000 /dev/zero");
        assert_eq!(command.run().await.unwrap().expose(), "s3cret");
    }

    #[test]
    fn nothing_of_a_shell_has_a_meaning_but_quotes() {
        let command = SecretCommand::parse(r#"get "a b" 'c $HOME' d\ e | x"#).unwrap();
        assert_eq!(command.program(), "get");
        assert_eq!(command.arguments, ["a b", "c $HOME", "d e", "|", "x"]);
        for line in ["", "  ", "get 'x", "'' x"] {
            assert!(SecretCommand::parse(line).is_none(), "{line}");
        }
        assert!(!format!("{command:?}").contains("HOME"));
    }
}
