//! From a command line of the vendor's test result collection tool to one of this program.
//!
//! | flag | becomes | remark |
//! |---|---|---|
//! | `-s`, `--server` | `--url` | also `server` in `config.properties` |
//! | `-d`, `--shared-space` | `--space` | `sharedspace` |
//! | `-w`, `--workspace` | `--workspace` | `workspace` |
//! | `-u`, `--user` | user or client ID | `user`; signs in with it and the password, as the tool does |
//! | `-p`, `--password` | password or client secret | `password`; with a warning |
//! | `--password-file` | the same, from a file | a line break at its end does not count |
//! | `-t`, `--tag` | `--tag` | |
//! | `-f`, `--field` | `--field` | |
//! | `-r`, `--release` | `--release` | |
//! | `--release-default` | `--release default` | |
//! | `-m`, `--milestone` | `--milestone` | |
//! | `--program` | `--program` | |
//! | `-a`, `--product-area` | `--module` | one; several are refused |
//! | `-b`, `--backlog-item` | `--backlog-item` | |
//! | `--suite` | `--suite` | needed, unless settings name a suite |
//! | `--suite-external-run-id` | `--suite-run` | |
//! | `-i`, `--internal` | `--input-format octane` | |
//! | `-o`, `--output-file` | `convert` with `--output` | nothing is uploaded |
//! | `-c`, `--config-file` | is read | `config.properties` of the current directory without it |
//! | `-e`, `--skip-errors` | `--skip-errors` | |
//! | `--check-result` | nothing | the outcome is always awaited, and decides the exit code |
//! | `--check-result-timeout` | `--wait` | 15 minutes without it, instead of 10 seconds |
//! | `--build-context-server-id`, `-job-id`, `-build-id` | `--build-context` | all three |
//! | `--proxy-host`, `--proxy-port` | `--proxy` | for all servers; also `proxyhost`, `proxyport` |
//! | `--proxy-user` | user of the proxy | `proxyuser` |
//! | `--proxy-password` | password of the proxy | with a warning |
//! | `--proxy-password-file` | the same, from a file | a line break at its end does not count |
//! | `--access-token` | refused | also `access-token`; set `OCTANE_ACCESS_TOKEN` |
//! | `--bearer-token` | refused | also `bearer-token`; use an API key |
//! | `--started` | refused | reports say when tests have started |
//! | `--coverage-reports`, `--coverage-report-type` | refused | only test results are uploaded |
//! | `-h`, `--help` | the same | |
//! | `-v`, `--version` | `octane version` | `-v` logs more, as everywhere in this program |

mod password_file;
mod proxy;
mod unsupported;
mod words;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use clap::error::ErrorKind;
use octane_rest::{Credential, FoundCredential, Origin, Secret};

use self::password_file::{read_password, read_private};
use self::proxy::ToolProxy;
use self::words::words;
use crate::args::{Args, Command, CompatArgs, Format, LineError};
use crate::collection_tool::{Config, encoded_user};
use crate::credentials::known::Known;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;
use crate::suggest::{UserToSet, quoted};

/// The file that is read without `-c`.
const CONFIG_FILE: &str = "config.properties";

/// A command of this program, and who signs in.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The words of the command line after `octane`; no secret is one of them.
    pub(crate) words: Vec<String>,
    user: Option<Known>,
    /// Who signs in, where the command is shown and not run.
    user_to_set: Option<String>,
    /// The proxy with its user and password.
    proxy: Option<Secret>,
    /// Who may use the proxy, and its URL, where the command is shown and not run.
    proxy_to_set: Option<String>,
}

impl Translated {
    /// Reads the files that the command line names, and translates it.
    pub(crate) fn new(args: &CompatArgs) -> Result<Self> {
        let config = match &args.config_file {
            Some(path) => Config::read(path)?,
            None if Path::new(CONFIG_FILE).is_file() => Config::read(Path::new(CONFIG_FILE))?,
            None => Config::default(),
        };
        unsupported::check(args, &config)?;
        let tool_proxy = ToolProxy::of(args, &config)?;
        let words = words(args, &config, tool_proxy.as_ref())?;
        let user = args.user.as_deref().or_else(|| config.get("user"));
        // If the payload is written to a file, nothing is sent.
        let user = user.filter(|_| args.output_file.is_none());
        let user_to_set = user.filter(|_| args.show_command).map(str::to_owned);
        let user = match user.filter(|_| !args.show_command) {
            Some(user) => Some(Known(found_user(user, args, &config)?)),
            None => None,
        };
        let proxy = match &tool_proxy {
            Some(proxy) if !args.show_command => proxy.with_password(args, &config)?,
            _ => None,
        };
        let proxy_to_set = tool_proxy.filter(|_| args.show_command).and_then(|proxy| {
            let host = proxy.url.trim_start_matches("http://");
            let user = encoded_user(&proxy.user?);
            Some(format!("http://{user}:PASSWORD@{host}"))
        });
        Ok(Self {
            words,
            user,
            user_to_set,
            proxy,
            proxy_to_set,
        })
    }

    /// What has to be set before the command that is shown.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        let user = self.user_to_set.as_ref().map(|user| {
            let user = UserToSet::of(user, env::read);
            let unset = user.unset().map(|unset| format!(", and {unset}"));
            format!(
                "set {}{} before",
                user.variables(),
                unset.unwrap_or_default()
            )
        });
        let proxy = self.proxy_to_set.as_ref();
        let proxy = proxy.map(|url| format!("set {} to `{url}` before", env::PROXY));
        user.into_iter().chain(proxy)
    }

    /// The command as it would be typed.
    pub(crate) fn command(&self) -> String {
        let words = self.words.iter().map(|word| quoted(word));
        format!("octane {}", words.collect::<Vec<_>>().join(" "))
    }

    /// The line to parse, with the options of this program that were typed, too.
    pub(crate) fn line(&self, args: &Args) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["octane".into()];
        line.extend(self.words.iter().map(OsString::from));
        // Before the files, which may follow `--`.
        let mut options: Vec<OsString> = Vec::new();
        match args.format {
            Format::Human => {}
            Format::Json => options.push("--format=json".into()),
            Format::Ndjson => options.push("--format=ndjson".into()),
        }
        if args.quiet {
            options.push("--quiet".into());
        }
        let color = args.color.to_possible_value();
        options.extend(color.map(|color| format!("--color={}", color.get_name()).into()));
        options.extend((0..args.verbose).map(|_| OsString::from("-v")));
        if let Some(profile) = &args.profile {
            options.push(format!("--profile={profile}").into());
        }
        line.splice(1..1, options);
        line
    }

    /// Signs in with the user of the tool, and to the proxy with the user of that.
    pub(crate) fn sign_in(self, command: &mut Command) {
        if let Command::Upload(args) = command {
            args.connection.user = self.user;
            if self.proxy.is_some() {
                args.connection.network.proxy = self.proxy;
                args.connection.network.is_proxy_of_compat = true;
            }
        }
    }
}

/// The user with the password: typed, in a file, in the tool's settings, or in the environment.
fn found_user(user: &str, args: &CompatArgs, config: &Config) -> Result<FoundCredential> {
    let (password, origin) = password(args, config)?;
    secrets::redactor().learn(password.expose());
    let name = user.to_owned();
    Ok(FoundCredential {
        credential: Credential::User { name, password },
        origin,
    })
}

fn password(args: &CompatArgs, config: &Config) -> Result<(Secret, Origin)> {
    if let Some(password) = &args.password {
        return Ok((password.clone(), Origin::Option("--password".to_owned())));
    }
    let file = |path: &Path| Origin::File {
        path: path.to_owned(),
        named_by: None,
    };
    if let Some(path) = &args.password_file {
        let origin = file(path).named_by("`--password-file`");
        return Ok((read_password(path)?, origin));
    }
    if let Some(password) = config.get("password") {
        let path = args.config_file.as_deref();
        let origin = file(path.unwrap_or(Path::new(CONFIG_FILE))).named_by("`password`");
        return Ok((password.into(), origin));
    }
    let variables = [
        (env::PASSWORD, env::PASSWORD_FILE),
        (env::CLIENT_SECRET, env::CLIENT_SECRET_FILE),
    ];
    for (name, name_of_file) in variables {
        // As everywhere: secrets of vaults often end with a newline.
        let value = env::text(name).unwrap_or_default();
        if !value.trim().is_empty() {
            return Ok((value.trim().into(), Origin::Variable(name.to_owned())));
        }
        let path = env::read(name_of_file).filter(|path| !path.is_empty());
        if let Some(path) = path.map(PathBuf::from) {
            let origin = file(&path).named_by(name_of_file);
            return Ok((read_private(&path)?, origin));
        }
    }
    let failure = Failure::message(Exit::Configuration, "no password given");
    Err(failure.hint(format!(
        "use `--password-file FILE`, or set {} or {} (or {} or {})",
        env::PASSWORD,
        env::PASSWORD_FILE,
        env::CLIENT_SECRET,
        env::CLIENT_SECRET_FILE
    )))
}

/// What is wrong with a command line of the tool, where this program would name its own options.
pub(crate) fn mistake(error: LineError) -> LineError {
    match error {
        LineError::Usage(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            let failure = Failure::message(Exit::Usage, "no files with test results are given");
            let hint = "name them at the end of the line; `octane compat --help` has examples";
            failure.hint(hint).into()
        }
        error => error,
    }
}

/// Fails if there is no suite, which this program would ask for with options of its own.
pub(crate) fn check_suite(command: &Command) -> Result<()> {
    match command {
        Command::Upload(args) if args.suite.is_none() => {
            Err(Failure::message(Exit::Configuration, "no test suite given")
                .hint("use `--suite ID`, or set `suite` in octane.toml"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
